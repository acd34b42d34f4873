"""Policies of scenes: what a kind of place accepts, may see and does without network, as data with versions. No I/O.

Every scene has a schema of its own, which begins with what all scenes share. A policy is a document of that schema;
its versions are never changed, and which one is in force is a history of switches.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from codeservice.assurance import Assurance
from codeservice.code import Kind
from codeservice.entitlement import Health
from codeservice.errors import UnavailableError
from codeservice.reason import Words
from codeservice.scan import MAX_WINDOW, Disclosure, Offline, Policy
from codeservice.scene import SCENES, Scene

MAX_DOCUMENT = 64 * 1024
"""Bytes of the largest policy document; a tariff of a hundred stops has about 6,000."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)

KIND_NAMES = {
    "device": Kind.DEVICE,
    "served": Kind.SERVED,
    "paper": Kind.PAPER,
    "digit": Kind.DIGIT,
    "typed": Kind.TYPED,
}
"""How documents name the kinds of presentation."""

KindName = Literal["device", "served", "paper", "digit", "typed"]
HealthName = Literal["none", "green", "yellow", "red"]
AssuranceName = Literal["record", "document", "presence"]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=24 * 3600)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
Cents = Annotated[int, msgspec.Meta(ge=0, le=100_000_000)]
"""Money in fen."""


class PolicyError(ValueError):
    """A policy document is refused; the message names the field and what is wrong with it."""


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every part of a policy document: a closed schema."""


class Text(Part, frozen=True):
    """Words for people, in both languages."""

    zh: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    en: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]

    @property
    def words(self) -> Words:
        """The same as a value of the service."""
        return Words(self.zh, self.en)


class OfflinePolicy(Part, frozen=True):
    """What a terminal does while it cannot reach the service; the fields are those of `scan.Offline`."""

    list_age: Seconds
    let_pass: bool
    advice: Text
    holder_limit: Count
    terminal_limit: Count


class Demands(Part, frozen=True):
    """What a wallet must have before it is given codes for a scene, in the policy that bears the scene's name.

    `assurance` is how surely the owner was confirmed: by the record, by a document, in presence. `device_age` is for
    how many seconds a phone must have been registered, unless it is the person's first: whoever took over a number
    has to wait, and the owner is told at once.
    """

    assurance: AssuranceName = "record"
    device_age: Annotated[int, msgspec.Meta(ge=0, le=30 * 24 * 3600)] = 0

    @property
    def level(self) -> Assurance:
        """The level of assurance."""
        return Assurance[self.assurance.upper()]


class ScenePolicy(Part, frozen=True):
    """What the policy of every scene says; a scene adds fields of its own.

    Empty means no: a policy without `kinds` accepts nothing. `with_document` are kinds accepted when staff have checked
    a document as well; a typed number and a paper code can stand nowhere else. `early` and `late` are seconds around
    the moment of a code. `discloses` names attributes and how much of them; `holder_check` asks staff to compare the
    face. Without `offline` nothing is decided without the service. `health` names the health statuses that are let in;
    it counts only while a rule of a health emergency is in force that allows this scene to read them, online and in
    terminals, so that it goes off with the emergency. `demands` is what a wallet must have before it gets codes.
    """

    kinds: frozenset[KindName] = frozenset()
    with_document: frozenset[KindName] = frozenset()
    early: Annotated[int, msgspec.Meta(ge=0, le=MAX_WINDOW)] = 30
    late: Annotated[int, msgspec.Meta(ge=0, le=MAX_WINDOW)] = 60
    discloses: dict[str, Literal["masked", "full"]] = {}
    holder_check: bool = False
    offline: OfflinePolicy | None = None
    health: frozenset[HealthName] | msgspec.UnsetType = msgspec.UNSET
    demands: Demands | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        """Raise ValueError for what no scene may do."""
        if self.health is not msgspec.UNSET and not self.health:
            raise ValueError("health names the statuses that are let in; leave it out where none is asked")
        if self.kinds & {"paper", "typed"}:
            raise ValueError("paper and typed numbers need a document: put them under with_document")

    @property
    def counts_holders(self) -> bool:
        """Whether it bounds what one holder has at all gates: a terminal asks the service while there is contact."""
        return False

    def checks(self, scene: Scene) -> Policy:
        """Return what the verifier needs of this policy."""
        offline = self.offline
        return Policy(
            scene,
            frozenset(KIND_NAMES[name] for name in self.kinds),
            with_document=frozenset(KIND_NAMES[name] for name in self.with_document),
            early=self.early,
            late=self.late,
            discloses={name: Disclosure(form) for name, form in self.discloses.items()},
            holder_check=self.holder_check,
            offline=None
            if offline is None
            else Offline(
                list_age=offline.list_age,
                let_pass=offline.let_pass,
                advice=offline.advice.words,
                holder_limit=offline.holder_limit,
                terminal_limit=offline.terminal_limit,
            ),
            health=None if self.health is msgspec.UNSET else frozenset(Health[name.upper()] for name in self.health),
        )


P = TypeVar("P", bound=ScenePolicy)


class PolicyFile(Part, frozen=True):
    """A policy as a file: its name, its scene, a title for people, and the document of the scene's schema."""

    name: str
    scene: str
    title: Text
    policy: msgspec.Raw


@dataclass(frozen=True)
class PolicyVersion:
    """One version of a policy. `document` is the JSON of the scene's schema in its one form."""

    name: str
    version: int
    scene: str
    title: Words
    document: bytes

    @property
    def label(self) -> str:
        """Name and version, as scans record them."""
        return label(self.name, self.version)

    @property
    def digest(self) -> bytes:
        """SHA-256 of the document."""
        return hashlib.sha256(self.document).digest()


def label(name: str, version: int) -> str:
    """Write name and version as scans record them."""
    return f"{name}@{version}"


def read_policy_file(data: bytes) -> PolicyFile:
    """Read a policy file, its document still as it is; raises PolicyError."""
    if len(data) > MAX_DOCUMENT:
        raise PolicyError(f"a policy has at most {MAX_DOCUMENT} bytes")
    try:
        # Twice the same key would be one meaning for a person and another for the program.
        json.loads(data, object_pairs_hook=_once)
        file = msgspec.json.decode(data, type=PolicyFile)
    except (msgspec.DecodeError, msgspec.ValidationError, ValueError, RecursionError) as error:
        raise PolicyError(str(error)) from error
    if not _NAME.fullmatch(file.name):
        raise PolicyError("name: small letters, digits, dashes and underscores, 40 at most")
    if file.scene not in SCENES:
        raise PolicyError(f"scene: one of {', '.join(SCENES)}")
    return file


def _once(pairs: list[tuple[str, object]]) -> None:
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)}: written twice")


def read_document(data: bytes | msgspec.Raw, schema: type[P]) -> P:
    """Read the document of a scene's schema; raises PolicyError, which names the field."""
    try:
        document = msgspec.json.decode(data, type=schema)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise PolicyError(str(error).replace("$.", "policy.").replace("`$`", "policy")) from error
    return document


class _Demanding(msgspec.Struct, frozen=True):
    """The one part of a policy that the issuer reads; which scene's schema the rest is of does not matter to it."""

    demands: Demands | None = None


def demands_of(version: PolicyVersion | None) -> Demands | None:
    """Return what a scene demands before codes for it are issued; None where no policy was put in force.

    Raises UnavailableError for a policy that cannot be read: empty means no.
    """
    if version is None:
        return None
    try:
        return msgspec.json.decode(version.document, type=_Demanding).demands
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise UnavailableError("policy_not_readable") from error


def require_disclosures(policy: ScenePolicy, scene: Scene) -> None:
    """Raise PolicyError when a policy names an attribute that places of its scene are never told."""
    unknown = policy.discloses.keys() - set(scene.attributes)
    if unknown:
        allowed = ", ".join(scene.attributes) or "nothing"
        raise PolicyError(f"discloses: {min(unknown)}: places of {scene.name} may be told {allowed}")


def write_document(policy: ScenePolicy) -> bytes:
    """Write a document in its one form."""
    return msgspec.json.encode(policy, order="sorted")


def schema_of(schema: type[ScenePolicy]) -> dict[str, Any]:
    """Return the JSON Schema of a scene's policy."""
    return msgspec.json.schema(schema)
