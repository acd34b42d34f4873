"""Tickets and passes of scenic spots: what can be booked at which price and why, booking, giving back."""

from datetime import date, timedelta
from typing import Annotated

import msgspec
from flask import Blueprint

from codeservice.city import city_date, city_day
from codeservice.condition import PriceRow, row_for
from codeservice.errors import ConflictError, NotFoundError, UnprocessableError
from codeservice.issuing import entitlements_for
from codeservice.reason import Words
from codeservice.scene import SCENES
from codeservice.services import Services
from codeservice.store import audit, household, ticket, visit_pass
from codeservice.store.client import StoredPlace
from codeservice.store.database import Connection
from codeservice.store.ticket import Booking
from codeservice.store.visit_pass import HeldPass
from codeservice.visit import MOST_PEOPLE, ScenicSpotPolicy, Sold, price
from codeservice.web.operation import Answer, Body, Security, operation
from codeservice.web.visit import rules_at, spots
from wallet.session import require_person

door = Blueprint("tickets", __name__)

_SESSION = ("sign_in_required", "real_name_required")
_CHANGE = (*_SESSION, "csrf_token_required", "place_not_found", "policy_not_readable")
_SCENES = (SCENES[ticket.SCENE],)

Day = Annotated[str, msgspec.Meta(max_length=10)]
Identifier = Annotated[str, msgspec.Meta(max_length=32)]


class SlotOffer(Answer, frozen=True):
    """A time that can be booked, and for how many people; `ended` when it is too late for it."""

    slot: str
    ends: str
    left: int
    ended: bool


class Price(Answer, frozen=True):
    """What the holder pays, in fen, under which row of the table and why."""

    code: str
    title: Words
    cents: int
    explained: Words | None


class Offer(Answer, frozen=True):
    """Tickets of one place and day. Without slots they are for the whole day; `price` is null for who gets none."""

    place: str
    name: str
    day: str
    left: int | None
    mine: bool
    slots: list[SlotOffer]
    price: Price | None
    people_limit: int


class Offers(Answer, frozen=True):
    """What can be booked."""

    offers: list[Offer]


class TicketRequest(Body, frozen=True):
    """What to book. `dependants` are ties under which people of the holder come too; the others pay as anyone does."""

    place: Identifier
    day: Day
    slot: Annotated[str, msgspec.Meta(max_length=5)] = ""
    people: Annotated[int, msgspec.Meta(ge=1, le=MOST_PEOPLE)] = 1
    dependants: Annotated[list[Identifier], msgspec.Meta(max_length=20)] = msgspec.field(default_factory=list)


class SoldRow(Answer, frozen=True):
    """People of a booking under one row of the table."""

    code: str
    people: int
    cents: int


class HeldTicket(Answer, frozen=True):
    """The holder's tickets for a place and day. `refund_cents` is what comes back now, null when it is too late."""

    place: str
    name: str
    day: str
    slot: str
    people: int
    cents: int
    sold: list[SoldRow]
    refund_cents: int | None


class HeldTickets(Answer, frozen=True):
    """The holder's tickets from today on."""

    tickets: list[HeldTicket]


class Refund(Answer, frozen=True):
    """What comes back, in fen."""

    refund_cents: int


class PassOffer(Answer, frozen=True):
    """A pass that the holder can have, and what it costs them, in fen."""

    place: str
    name: str
    code: str
    title: Words
    cents: int
    explained: Words | None
    days: int
    excluded: list[str]


class MyPass(Answer, frozen=True):
    """A pass of the holder: one admission a day from `begins` until before `ends`, not on days excluded."""

    place: str
    name: str
    code: str
    begins: str
    ends: str
    excluded: list[str]


class Passes(Answer, frozen=True):
    """The holder's passes, and what is offered."""

    passes: list[MyPass]
    offers: list[PassOffer]


class PassRequest(Body, frozen=True):
    """The pass to buy."""

    place: Identifier
    code: Annotated[str, msgspec.Meta(max_length=32)]


@operation(door, "GET /wallet/api/v1/ticket-offers", returns=Offers, security=Security.SESSION, problems=_SESSION)
def ticket_offers(services: Services) -> Offers:
    """List what can be booked at every scenic spot, and the holder's price."""
    _signed_in, holder = require_person(services)
    now = services.clock()
    offers: list[Offer] = []
    with services.database.read() as connection:
        mine = entitlements_for(services, connection, holder, _SCENES, now)
        for place in spots(connection):
            rules = rules_at(services, place, now)
            offers += [_offer(connection, place, rules, day, holder, mine, now) for day in rules.days(city_date(now))]
    return Offers(offers)


@operation(
    door,
    "POST /wallet/api/v1/tickets",
    body=TicketRequest,
    returns=Offer,
    status=201,
    security=Security.SESSION,
    problems=(
        *_CHANGE,
        "day_not_offered",
        "slot_not_offered",
        "too_many_people",
        "price_not_offered",
        "tie_not_found",
        "ticket_exists",
        "sold_out",
    ),
)
def book_ticket(services: Services, body: TicketRequest) -> Offer:
    """Book tickets for the holder and who comes along; booking the same twice is one booking."""
    signed_in, holder = require_person(services)
    now = services.clock()

    def work(connection: Connection) -> Offer:
        place = _spot(connection, body.place)
        rules = rules_at(services, place, now)
        if body.day not in rules.days(city_date(now)):
            raise UnprocessableError("day_not_offered")
        slot = rules.slot(body.slot)
        if (slot is None) != (not rules.slots and not body.slot) or now >= rules.ends(body.day, body.slot):
            raise UnprocessableError("slot_not_offered")
        if body.people > rules.people_limit or len(set(body.dependants)) > body.people - 1:
            raise UnprocessableError("too_many_people")
        people = _entitlements(services, connection, holder, body, now)
        bought = price(rules.prices, people)
        if bought is None:
            raise UnprocessableError("price_not_offered")
        is_new = ticket.find(connection, place.id, body.day, holder) is None
        booked = ticket.book(
            connection,
            place.id,
            body.day,
            holder,
            now=now,
            bought=bought,
            slot=body.slot,
            slot_capacity=None if slot is None else slot.capacity,
            today=city_day(now),
        )
        if not booked:
            raise ConflictError("sold_out")
        if is_new:
            details = {"day": body.day, "slot": body.slot, "people": body.people}
            _audit(connection, signed_in.account, "ticket_booked", place.id, details, now)
        return _offer(connection, place, rules, body.day, holder, people[0], now)

    return services.database.transact(work)


@operation(door, "GET /wallet/api/v1/tickets", returns=HeldTickets, security=Security.SESSION, problems=_SESSION)
def my_tickets(services: Services) -> HeldTickets:
    """List the holder's tickets from today on."""
    _signed_in, holder = require_person(services)
    now = services.clock()
    with services.database.read() as connection:
        places = {place.id: place for place in spots(connection)}
        found = ticket.of_person(connection, holder, since=city_day(now))
        held = [_held(places[entry.place], rules_at(services, places[entry.place], now), entry, now) for entry in found]
    return HeldTickets(held)


@operation(
    door,
    "DELETE /wallet/api/v1/tickets/<place>/<day>",
    returns=Refund,
    security=Security.SESSION,
    problems=(*_CHANGE, "ticket_not_found", "ticket_used", "refund_over"),
)
def cancel_ticket(services: Services, place: str, day: str) -> Refund:
    """Give tickets back that nobody has used, for what the rule of refunds says."""
    signed_in, holder = require_person(services)
    now = services.clock()

    def work(connection: Connection) -> Refund:
        spot = _spot(connection, place)
        booking = ticket.find(connection, spot.id, day, holder)
        if booking is None:
            raise NotFoundError("ticket_not_found")
        back = rules_at(services, spot, now).refund(booking.cents, booking.day, booking.slot, now)
        if back is None:
            raise ConflictError("refund_over")
        ticket.cancel(connection, booking, back, today=city_day(now), now=now)
        details = {"day": booking.day, "slot": booking.slot, "people": booking.people}
        _audit(connection, signed_in.account, "ticket_cancelled", spot.id, details, now)
        return Refund(back)

    return services.database.transact(work)


@operation(door, "GET /wallet/api/v1/passes", returns=Passes, security=Security.SESSION, problems=_SESSION)
def my_passes(services: Services) -> Passes:
    """List the holder's passes and the ones that they can have."""
    _signed_in, holder = require_person(services)
    now = services.clock()
    with services.database.read() as connection:
        mine = entitlements_for(services, connection, holder, _SCENES, now)
        places = {place.id: place for place in spots(connection)}
        held = visit_pass.of_person(connection, holder, day=city_day(now))
        offers = [
            PassOffer(
                place.id,
                place.name,
                product.code,
                product.title.words,
                product.cents,
                None if product.explained is None else product.explained.words,
                product.days,
                sorted(product.excluded),
            )
            for place in places.values()
            for product in rules_at(services, place, now).passes
            if product.when.holds(mine)
        ]
    return Passes([_pass(places[entry.place], entry) for entry in held], offers)


@operation(
    door,
    "POST /wallet/api/v1/passes",
    body=PassRequest,
    returns=MyPass,
    status=201,
    security=Security.SESSION,
    problems=(*_CHANGE, "pass_not_offered", "pass_exists"),
)
def buy_pass(services: Services, body: PassRequest) -> MyPass:
    """Buy a pass from today on; it is the holder's own and nobody else's."""
    signed_in, holder = require_person(services)
    now = services.clock()
    today = city_date(now)

    def work(connection: Connection) -> MyPass:
        place = _spot(connection, body.place)
        mine = entitlements_for(services, connection, holder, _SCENES, now)
        offered = rules_at(services, place, now).passes
        product = next((entry for entry in offered if entry.code == body.code and entry.when.holds(mine)), None)
        if product is None:
            raise UnprocessableError("pass_not_offered")
        begins, ends = today.isoformat(), _after(today, product.days)
        held = HeldPass(place.id, begins, ends, product.code, product.cents, tuple(sorted(product.excluded)))
        visit_pass.add(connection, holder, held, now=now)
        bought = [Sold(product.code, 1, product.cents)]
        ticket.record_sales(connection, place.id, bought, kind="pass", day=begins, visit=begins, now=now)
        _audit(connection, signed_in.account, "pass_sold", place.id, {"code": product.code, "ends": ends}, now)
        return _pass(place, held)

    return services.database.transact(work)


def _after(today: date, days: int) -> str:
    return (today + timedelta(days)).isoformat()


def _spot(connection: Connection, place: str) -> StoredPlace:
    found = next((entry for entry in spots(connection) if entry.id == place), None)
    if found is None:
        raise NotFoundError("place_not_found")
    return found


def _entitlements(
    services: Services, connection: Connection, holder: str, body: TicketRequest, now: int
) -> list[dict[int, int]]:
    """Return what everybody of a booking is entitled to: the holder, named dependants, and others without anything."""
    people = [holder]
    for tie in dict.fromkeys(body.dependants):
        dependant = household.require_active(connection, tie, guardian=holder, now=now).dependant
        if dependant is not None:
            people.append(dependant)
    known = [entitlements_for(services, connection, person, _SCENES, now) for person in people]
    return known + [{}] * (body.people - len(known))


def _offer(  # noqa: PLR0913, PLR0917 -- one answer
    connection: Connection,
    place: StoredPlace,
    rules: ScenicSpotPolicy,
    day: str,
    holder: str,
    mine: dict[int, int],
    now: int,
) -> Offer:
    left = None if place.capacity is None else max(0, place.capacity - ticket.sold(connection, place.id, day))
    slots = [
        SlotOffer(
            slot.name,
            slot.ends,
            max(0, _smaller(left, slot.capacity - ticket.sold(connection, place.id, day, slot.name))),
            now >= rules.ends(day, slot.name),
        )
        for slot in rules.slots
    ]
    row = row_for(rules.prices, mine)
    is_mine = ticket.has(connection, place.id, day, holder)
    return Offer(place.id, place.name, day, left, is_mine, slots, _price(row), rules.people_limit)


def _smaller(left: int | None, other: int) -> int:
    return other if left is None else min(left, other)


def _price(row: PriceRow | None) -> Price | None:
    if row is None:
        return None
    return Price(row.code, row.title.words, row.cents, None if row.explained is None else row.explained.words)


def _held(place: StoredPlace, rules: ScenicSpotPolicy, booking: Booking, now: int) -> HeldTicket:
    return HeldTicket(
        place=place.id,
        name=place.name,
        day=booking.day,
        slot=booking.slot,
        people=booking.people,
        cents=booking.cents,
        sold=[SoldRow(entry.code, entry.people, entry.cents) for entry in booking.sold],
        refund_cents=rules.refund(booking.cents, booking.day, booking.slot, now),
    )


def _pass(place: StoredPlace, held: HeldPass) -> MyPass:
    return MyPass(place.id, place.name, held.code, held.begins, held.ends, list(held.excluded))


def _audit(  # noqa: PLR0913, PLR0917 -- one entry
    connection: Connection, account: str, action: str, place: str, details: dict[str, object], now: int
) -> None:
    audit.add(connection, at=now, actor=f"account:{account}", action=action, subject=f"place:{place}", details=details)
