"""Visits of scenic spots: tickets, timed reservations, passes, refunds and the flow of people, as data. No I/O."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated, Literal

import msgspec

from codeservice.city import midnight
from codeservice.condition import Code, Condition, PriceRow, require_codes, row_for
from codeservice.hours import WEEKDAYS, Day, Hours, Span, seconds_of
from codeservice.policy import Count, OfflinePolicy, Part, ScenePolicy, Text

Passage = Literal["enter", "leave"]
MOST_PEOPLE = 99
"""People of one booking that no policy may exceed."""

_HOUR = 3600


class Slot(Span, frozen=True, kw_only=True):
    """A time of every day for which so many people may book."""

    capacity: Count

    @property
    def name(self) -> str:
        """How bookings and gates name it."""
        return self.begins


class Reentry(Part, frozen=True):
    """Who was admitted enters again on the same day, so often a ticket, within so many hours of the entry before."""

    times: Annotated[int, msgspec.Meta(ge=1, le=50)]
    hours: Annotated[int, msgspec.Meta(ge=1, le=24)]


class PassProduct(PriceRow, frozen=True, kw_only=True):
    """A pass for so many days from the day of sale: one admission a day, except on the days excluded."""

    days: Annotated[int, msgspec.Meta(ge=1, le=366)]
    excluded: frozenset[Day] = frozenset()


class RefundRow(Part, frozen=True):
    """What part of the price comes back to who cancels at least so many hours before."""

    hours_before: Annotated[int, msgspec.Meta(ge=0, le=720)]
    percent: Annotated[int, msgspec.Meta(ge=0, le=100)]


class FlowLevel(Part, frozen=True):
    """A level of the large-flow warning, from so many percent of the people whom the place holds."""

    code: Code
    percent: Annotated[int, msgspec.Meta(ge=0, le=200)]
    title: Text
    advice: Text | None = None


class ScenicSpotPolicy(ScenePolicy, frozen=True):
    """What a policy of a scenic spot says.

    `prices` is the table of tickets, of which the first row that fits holds; who fits no row is sold nothing. `slots`
    are the times that can be booked, none for tickets of a whole day. `booking_days` is how many days can be booked,
    today included. `early_minutes` and `late_minutes` are around a slot at the gate. `inside_limit` bounds people
    inside, which is known where `passages` has leave; people a day are bounded by the place's capacity. Without
    `reentry`, `passes` or `refunds` there are none.
    """

    prices: tuple[PriceRow, ...] = ()
    hours: Hours = Hours()
    slots: tuple[Slot, ...] = ()
    booking_days: Annotated[int, msgspec.Meta(ge=0, le=60)] = 0
    people_limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_PEOPLE)] = 1
    early_minutes: Annotated[int, msgspec.Meta(ge=0, le=240)] = 0
    late_minutes: Annotated[int, msgspec.Meta(ge=0, le=240)] = 0
    passages: frozenset[Passage] = frozenset()
    inside_limit: Count | None = None
    reentry: Reentry | None = None
    passes: tuple[PassProduct, ...] = ()
    refunds: tuple[RefundRow, ...] = ()
    flow: tuple[FlowLevel, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError for what contradicts itself."""
        super().__post_init__()
        require_codes(self.prices, "prices")
        require_codes(self.passes, "passes")
        begins = [slot.begins for slot in self.slots]
        if begins != sorted(set(begins)):
            raise ValueError("slots: each once, in the order of their time")
        for name, numbers in (
            ("flow", [level.percent for level in self.flow]),
            ("refunds", [-row.hours_before for row in self.refunds]),
        ):
            if numbers != sorted(set(numbers)):
                raise ValueError(f"{name}: flow goes up, refunds go down, each number once")
        if "leave" in self.passages and "enter" not in self.passages:
            raise ValueError("passages: nobody leaves who has not entered")
        if self.inside_limit is not None and "leave" not in self.passages:
            raise ValueError("inside_limit: who is inside is known only where people leave by a scan")

    def slot(self, name: str) -> Slot | None:
        """Find a slot."""
        return next((slot for slot in self.slots if slot.name == name), None)

    def days(self, today: date) -> list[str]:
        """Return the days that can be booked (ISO 8601)."""
        found = ((today + timedelta(number)).isoformat() for number in range(self.booking_days))
        return [day for day in found if self.hours.opens_on(day)]

    def is_in_slot(self, name: str, day: str, now: int) -> bool:
        """Whether who has booked a slot may enter at `now`; a slot that is gone from the policy lets nobody in."""
        slot = self.slot(name)
        if slot is None:
            return False
        since = now - midnight(date.fromisoformat(day))
        begins, ends = seconds_of(slot.begins) - 60 * self.early_minutes, seconds_of(slot.ends) + 60 * self.late_minutes
        return begins <= since < ends

    def begins(self, day: str, slot: str) -> int:
        """Return when a booked visit begins: its slot, else the opening of the day (epoch seconds)."""
        found, on = self.slot(slot), date.fromisoformat(day)
        spans = self.hours.week.get(WEEKDAYS[on.weekday()], ())
        first = found.begins if found is not None else min((span.begins for span in spans), default="00:00")
        return midnight(on) + seconds_of(first)

    def ends(self, day: str, slot: str) -> int:
        """Return when a booked visit can begin no more: at the end of its slot, else of the day (epoch seconds)."""
        found = self.slot(slot)
        return midnight(date.fromisoformat(day)) + seconds_of("24:00" if found is None else found.ends)

    def refund(self, cents: int, day: str, slot: str, now: int) -> int | None:
        """Return how many fen come back to who cancels at `now`; None when that is not possible any more."""
        left = self.begins(day, slot) - now
        row = next((row for row in self.refunds if left >= row.hours_before * _HOUR and left > 0), None)
        return None if row is None else cents * row.percent // 100

    def level(self, inside: int, capacity: int | None) -> FlowLevel | None:
        """Return the level of the flow: of people inside to their limit, else of admissions to the day's."""
        limit = self.inside_limit if self.inside_limit is not None else capacity
        if not limit:
            return None
        return next((row for row in reversed(self.flow) if inside * 100 >= row.percent * limit), None)


class Sold(msgspec.Struct, frozen=True):
    """People of a booking that paid by one row of the table."""

    code: str
    people: int
    cents: int


def price(rows: tuple[PriceRow, ...], people: Iterable[dict[int, int]]) -> tuple[Sold, ...] | None:
    """Return what people cost by their entitlements, one entry a row of the table; None when a row fails somebody."""
    sold: dict[str, Sold] = {}
    for entitlements in people:
        row = row_for(rows, entitlements)
        if row is None:
            return None
        before = sold.get(row.code, Sold(row.code, 0, 0))
        sold[row.code] = Sold(row.code, before.people + 1, before.cents + row.cents)
    return tuple(sold.values())


def _anyone_else() -> tuple[PriceRow, ...]:
    half = Text(zh="凭码半价：学生、60至64岁长者", en="Half price by the code: students, people of 60 to 64")
    free = Text(zh="凭码免费：65岁以上、残疾人、儿童", en="Free by the code: from 65 on, disabled people, children")
    return (
        PriceRow(
            code="free",
            title=Text(zh="免费票", en="Free ticket"),
            when=Condition(fare=frozenset({"senior_free", "disabled", "child"})),
            explained=free,
        ),
        PriceRow(
            code="half",
            title=Text(zh="半价票", en="Half-price ticket"),
            when=Condition(fare=frozenset({"student", "senior_half"})),
            cents=3000,
            explained=half,
        ),
        PriceRow(
            code="resident",
            title=Text(zh="市民票", en="Resident's ticket"),
            when=Condition(resident=frozenset({"resident"})),
            cents=4000,
            explained=Text(zh="本市居民优惠价", en="Price for residents of this city"),
        ),
        PriceRow(
            code="neighbour",
            title=Text(zh="同城待遇票", en="Neighbouring city, resident's price"),
            when=Condition(resident=frozenset({"neighbour"})),
            cents=4000,
            explained=Text(
                zh="同城待遇：协议城市居民与本市居民同价",
                en="Same-city treatment: residents of cities by agreement pay as ours do",
            ),
        ),
        PriceRow(
            code="standard",
            title=Text(zh="普通票", en="Standard ticket"),
            when=Condition(anyone=True),
            cents=6000,
        ),
    )


STANDARD = ScenicSpotPolicy(
    kinds=frozenset({"device", "served", "digit"}),
    with_document=frozenset({"paper"}),
    offline=OfflinePolicy(
        list_age=12 * 3600,
        let_pass=False,
        advice=Text(zh="请到服务窗口凭证件核验", en="Send them to the counter with a document"),
        holder_limit=20,
        terminal_limit=20_000,
    ),
    prices=_anyone_else(),
    hours=Hours(week={day: (Span(begins="00:00", ends="24:00"),) for day in WEEKDAYS}),
    booking_days=1,
    people_limit=9,
    passages=frozenset({"enter"}),
    refunds=(RefundRow(hours_before=0, percent=100),),
    flow=(
        FlowLevel(code="comfortable", percent=0, title=Text(zh="舒适", en="Comfortable")),
        FlowLevel(
            code="busy",
            percent=50,
            title=Text(zh="较多", en="Busy"),
            advice=Text(zh="请错峰游览", en="Consider another time"),
        ),
        FlowLevel(
            code="warning",
            percent=80,
            title=Text(zh="大客流预警", en="Large-flow warning"),
            advice=Text(zh="请改日或改时段前来", en="Please come on another day or at another time"),
        ),
        FlowLevel(
            code="full",
            percent=100,
            title=Text(zh="已达最大承载量", en="Full"),
            advice=Text(zh="暂停入园，请等候", en="Nobody enters until others have left"),
        ),
    ),
)
"""The policy of a scenic spot whose city has put none in force."""


def read_rules(document: bytes | None) -> ScenicSpotPolicy:
    """Read a policy that was checked before; None is a spot whose city has put none in force."""
    return STANDARD if document is None else msgspec.json.decode(document, type=ScenicSpotPolicy)
