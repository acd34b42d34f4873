"""What an adapter is: the code of one scene. It decides beyond the verifier's steps and answers in its own words.

What a scene accepts, charges and shows stands in its policy, which is data: an adapter names the schema and gets the
document in force with every scan.

An adapter loads without Flask, SQLAlchemy and Redis: the same code decides at the server and on a validator. Everything
it remembers goes through `Ledger`, which the place where it runs provides.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Protocol

import msgspec

from codeservice.policy import ScenePolicy
from codeservice.reason import Words
from codeservice.scan import Earlier, Verified
from codeservice.scene import Scene
from codeservice.verifier import Memory

_APART = "kept apart"
"""What stands for a private field; no scene's schema reads it."""


class TypedNumber(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number that staff typed from a document: `id_number`, or a type of credential with the number on the card."""

    document: Annotated[str, msgspec.Meta(max_length=40)]
    number: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class ScanBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What every scan carries: the text of the code as scanned, and whether staff checked a document as well.

    Instead of a code staff may have typed the number of a document that they checked, where the policy allows it.
    """

    private: ClassVar[frozenset[str]] = frozenset()
    """Fields of a scene that are not kept with its scans."""

    code: str = ""
    document_checked: bool = False
    typed: TypedNumber | None = None

    def __post_init__(self) -> None:
        """Raise ValueError when two people are presented at once."""
        if self.code and self.typed is not None:
            raise ValueError("a code or a typed number, not both")


def kept_of(body: ScanBody) -> dict[str, object]:
    """Return what of a body is kept with its scan: never the code, what staff have typed, or what is private.

    Of what is private is kept that it was there, so that no trial decides such a scan without it.
    """
    kept: dict[str, object] = msgspec.to_builtins(body)
    return {
        name: _APART if name in body.private else value
        for name, value in kept.items()
        if name not in ScanBody.__struct_fields__ and value is not None
    }


class Effect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one acceptance booked, as it is recorded and as a terminal uploads it: a closed schema of each scene."""


class Details(msgspec.Struct, frozen=True):
    """What the screen of one scene shows after acceptance."""


class Ledger(Memory, Protocol):
    """What a scene may remember and ask, inside the transaction of one scan."""

    @property
    def place(self) -> str:
        """The place of the scan."""
        ...

    def take(self, name: str, amount: int, limit: int) -> int | None:
        """Add to the holder's counter at this place unless that exceeds `limit`; return what is left, else None."""
        ...

    def take_everywhere(self, name: str, amount: int, limit: int) -> int | None:
        """Do the same with a counter that all places of the city share.

        Raises Rejected with temporarily_unavailable where nobody but the service could tell.
        """
        ...

    def take_shared(self, name: str, amount: int, limit: int) -> int | None:
        """Do the same with a counter of the place."""
        ...

    def first_within(self, name: str, seconds: int, now: int) -> bool:
        """Mark `name` for the holder; False when it was marked less than `seconds` ago."""
        ...

    def last_at(self, name: str) -> int | None:
        """Return when `name` was last marked for the holder (epoch seconds), as far as this place knows."""
        ...

    def add(self, name: str, change: int) -> int:
        """Change the holder's balance at this place, which has no bound and may be negative; return it then."""
        ...

    def add_shared(self, name: str, change: int, limit: int) -> int | None:
        """Change the place's balance unless it grew beyond `limit`; return it then, else None.

        What gets less is always booked. A terminal knows its own part of a balance only.
        """
        ...

    def earlier(self, since: int) -> Earlier:
        """Return what this scene has accepted of the holder at places of this partner since a moment, oldest first.

        At the service other scans of the holder that ask the same wait until this one is recorded.
        """
        ...

    def tickets(self, day: str) -> int:
        """Count the people whom the holder has tickets for at this place on a day; a pass is one of them."""
        ...

    def slot(self, day: str) -> str:
        """Return which slot the holder's tickets of a day are for; empty for the whole day."""
        ...

    def capacity(self) -> int | None:
        """Return how many people a day the place admits; None for no bound."""
        ...


class Adapter(Protocol):
    """One scene."""

    @property
    def scene(self) -> Scene:
        """The scene."""
        ...

    @property
    def policy(self) -> type[ScenePolicy]:
        """The schema of the scene's policies."""
        ...

    @property
    def default(self) -> ScenePolicy:
        """The policy of a place whose city has put none in force."""
        ...

    @property
    def body(self) -> type[ScanBody]:
        """The closed schema of a scan."""
        ...

    @property
    def effect(self) -> type[Effect]:
        """The schema of what an acceptance books."""
        ...

    @property
    def details(self) -> type[Details]:
        """The schema of what the scene's screen shows."""
        ...

    def decide(self, verified: Verified, body: Any, ledger: Any, policy: Any, now: int, /) -> Mapping[str, object]:
        """Book the scan under a policy and return its effect; raises Rejected with one of the scene's reasons."""
        ...

    def settle(self, effect: Any, ledger: Any, now: int, /) -> int | None:
        """Book at the service what a terminal booked without it, whatever the limits say: it has happened.

        Returns how many acceptances in one day at this place the holder had a right to, or None for no such bound.
        """
        ...

    def reply(self, effect: Mapping[str, Any], disclosed: Mapping[str, Any], policy: Any, /) -> tuple[Words, Details]:
        """Say what was booked, in the scene's words and for its screen.

        The effect may have been booked under another version of the policy: what this one does not name is shown as
        it is.
        """
        ...
