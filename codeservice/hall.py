"""Government halls as data: services with queue numbers, windows, forms filled from credentials, reviews. No I/O.

These rules are part of a hall's policy; a wallet and a window read them there without knowing the rest of it.
"""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec

from codeservice.claims import SCHEMAS
from codeservice.credential import CredentialType
from codeservice.policy import Part, Text
from codeservice.reason import Words

Code = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]{0,19}$")]
Prefix = Annotated[str, msgspec.Meta(pattern="^[A-Z]{1,2}$")]
WindowCode = Annotated[str, msgspec.Meta(pattern="^[A-Z0-9]{1,4}$")]
Priority = Literal["senior", "disabled"]

HOLDER = "holder"
_OF_HOLDER = frozenset({"name", "id_number", "phone", "region"})
_OF_EVERY_TYPE = frozenset({"number", "valid_until"})


class Act(StrEnum):
    """What a window does with a visit."""

    RECALL = "recall"
    SERVE = "serve"
    FINISH = "finish"
    NO_SHOW = "no_show"
    TRANSFER = "transfer"


class State(StrEnum):
    """Where a visit stands. Wire values: added, never renamed."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    FINISHED = "finished"
    NO_SHOW = "no_show"


STATE_TITLES = {
    State.WAITING: Words("等候中", "Waiting"),
    State.CALLED: Words("请到窗口", "Please come"),
    State.SERVING: Words("办理中", "Being served"),
    State.FINISHED: Words("已办结", "Finished"),
    State.NO_SHOW: Words("过号", "Missed"),
}

TRANSITIONS: Mapping[tuple[State, Act], State] = {
    (State.CALLED, Act.RECALL): State.CALLED,
    (State.CALLED, Act.SERVE): State.SERVING,
    (State.CALLED, Act.NO_SHOW): State.NO_SHOW,
    (State.CALLED, Act.TRANSFER): State.WAITING,
    (State.SERVING, Act.FINISH): State.FINISHED,
    (State.SERVING, Act.TRANSFER): State.WAITING,
}
"""The life of a visit; anything else is not allowed."""

IN_HAND = frozenset({State.CALLED, State.SERVING})
"""States in which a window has the visit."""


class HallService(Part, frozen=True):
    """A service with a queue of its own. Numbers are `prefix` and three or four digits, anew each day.

    `priority` names who is called first: people from `senior_age` on, people with a disability benefit.
    """

    code: Code
    title: Text
    prefix: Prefix
    numbers_a_day: Annotated[int, msgspec.Meta(ge=1, le=9999)] = 999
    priority: frozenset[Priority] = frozenset()
    senior_age: Annotated[int, msgspec.Meta(ge=50, le=100)] = 65

    def number(self, count: int) -> str:
        """Write the number of the `count`th visit of a day."""
        return f"{self.prefix}{count:03d}"


class HallWindow(Part, frozen=True):
    """A window and the services that it calls for."""

    code: WindowCode
    services: frozenset[Code]


class FormField(Part, frozen=True):
    """A field of a form and where its value comes from: `holder.name`, or `<type of credential>.<claim>`."""

    name: Code
    title: Text
    source: Annotated[str, msgspec.Meta(max_length=80)]

    def __post_init__(self) -> None:
        """Raise ValueError for a source that there is not."""
        kind, _, name = self.source.partition(".")
        if kind == HOLDER and name in _OF_HOLDER:
            return
        if kind in set(CredentialType):
            fields = msgspec.structs.fields(SCHEMAS[CredentialType(kind)])
            if name in _OF_EVERY_TYPE | {field.encode_name for field in fields}:
                return
        raise ValueError(f"source: there is no {self.source}")


class Form(Part, frozen=True):
    """A form that a service asks for. A consent to it counts for `minutes`."""

    code: Code
    service: Code
    title: Text
    purpose: Text
    fields: Annotated[tuple[FormField, ...], msgspec.Meta(min_length=1, max_length=40)]
    minutes: Annotated[int, msgspec.Meta(ge=1, le=24 * 60)] = 30


class ReviewRule(Part, frozen=True):
    """How visits are reviewed: within `days`, with these tags; a grade up to `bad` is answered within `answer_days`."""

    tags: dict[Code, Text] = msgspec.field(default_factory=dict)
    days: Annotated[int, msgspec.Meta(ge=1, le=90)] = 7
    bad: Annotated[int, msgspec.Meta(ge=0, le=4)] = 2
    answer_days: Annotated[int, msgspec.Meta(ge=1, le=60)] = 5


STANDARD_SERVICES = (
    HallService(
        code="general",
        title=Text(zh="综合服务", en="General services"),
        prefix="A",
        priority=frozenset({"senior", "disabled"}),
    ),
)
STANDARD_WINDOWS = tuple(HallWindow(code=str(number), services=frozenset({"general"})) for number in (1, 2, 3))
STANDARD_REVIEWS = ReviewRule(
    tags={
        "fast": Text(zh="办得快", en="Fast"),
        "friendly": Text(zh="态度好", en="Friendly"),
        "clear": Text(zh="讲得清", en="Clear"),
        "long_wait": Text(zh="等得久", en="Long wait"),
        "sent_away": Text(zh="多次跑", en="Had to come again"),
        "unfriendly": Text(zh="态度差", en="Unfriendly"),
    }
)


class HallRules(msgspec.Struct, frozen=True):
    """What a hall's policy says of its services, windows, forms and reviews."""

    services: tuple[HallService, ...] = STANDARD_SERVICES
    windows: tuple[HallWindow, ...] = STANDARD_WINDOWS
    forms: tuple[Form, ...] = ()
    reviews: ReviewRule = STANDARD_REVIEWS

    def service(self, code: str) -> HallService | None:
        """Find a service; without a code it is the first."""
        return next((entry for entry in self.services if code in ("", entry.code)), None)

    def window(self, code: str) -> HallWindow | None:
        """Find a window."""
        return next((entry for entry in self.windows if entry.code == code), None)

    def form(self, code: str) -> Form | None:
        """Find a form."""
        return next((entry for entry in self.forms if entry.code == code), None)


def read_rules(document: bytes | None) -> HallRules:
    """Read the rules in a hall's policy that was checked before; None is a hall whose city has put none in force."""
    return HallRules() if document is None else msgspec.json.decode(document, type=HallRules)


def require_sound(rules: Any) -> None:
    """Raise ValueError when services, windows and forms of a policy contradict each other."""
    codes = [service.code for service in rules.services]
    prefixes = [service.prefix for service in rules.services]
    for what, found in (
        ("services", codes),
        ("prefixes", prefixes),
        ("windows", [window.code for window in rules.windows]),
        ("forms", [form.code for form in rules.forms]),
    ):
        if len(set(found)) != len(found):
            raise ValueError(f"{what}: each once")
    named = {code for window in rules.windows for code in window.services} | {form.service for form in rules.forms}
    if unknown := named - set(codes):
        raise ValueError(f"services: there is no {min(unknown)}")


def has_priority(service: HallService, *, age: int, categories: Collection[str]) -> bool:
    """Whether somebody is called before others."""
    return ("senior" in service.priority and age >= service.senior_age) or (
        "disabled" in service.priority and "disabled" in categories
    )


class Source(msgspec.Struct, frozen=True):
    """What a form may take from one credential in force."""

    type: str
    number: str
    valid_until: str | None
    claims: Mapping[str, Any]


def fill(form: Form, holder: Mapping[str, str | None], sources: Iterable[Source]) -> dict[str, str | None]:
    """Fill a form: exactly its fields; None where nothing in force says it. Of two of a type the first counts."""
    by_type: dict[str, Source] = {}
    for source in sources:
        by_type.setdefault(source.type, source)
    return {field.name: _value(field, holder, by_type) for field in form.fields}


def _value(field: FormField, holder: Mapping[str, str | None], sources: Mapping[str, Source]) -> str | None:
    kind, _, name = field.source.partition(".")
    if kind == HOLDER:
        return holder.get(name)
    source = sources.get(kind)
    if source is None:
        return None
    if name == "number":
        return source.number
    if name == "valid_until":
        return source.valid_until
    value = source.claims.get(name)
    return None if value is None else str(value)
