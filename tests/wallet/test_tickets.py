"""Tickets and passes in the wallet: prices with their rules, slots, families, giving back, passes, and races."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from codeservice import demo
from codeservice.city import city_date, city_day, midnight
from codeservice.policy import PolicyVersion, write_document
from codeservice.reason import Words
from codeservice.store import policy, ticket, visit_pass
from codeservice.store.models import AuditEntry, TicketSale
from codeservice.store.visit_pass import HeldPass
from codeservice.visit import STANDARD, ScenicSpotPolicy, Sold
from tests.conftest import City
from tests.phone import Phone, at_once, decision

SPOT = "lake-park"
HOUR, DAY = 3600, 24 * 3600


def spot_policy(**changes: Any) -> ScenicSpotPolicy:
    """Return the standard with changes, by its own schema."""
    document = json.loads(write_document(STANDARD)) | changes
    return msgspec.json.decode(json.dumps(document).encode(), type=ScenicSpotPolicy)


SLOTS = [
    {"begins": "08:00", "ends": "12:00", "capacity": 3},
    {"begins": "16:00", "ends": "18:00", "capacity": 3},
    {"begins": "18:00", "ends": "20:00", "capacity": 100},
]


@pytest.fixture
def publish(any_city: City) -> Callable[..., None]:
    """Put a policy in force at the city's scenic spots."""

    def put(**changes: Any) -> None:
        document = write_document(spot_policy(**changes))
        version = PolicyVersion("scenic_spot", 0, "scenic_spot", Words("景区", "Spots"), document)
        now = any_city.clock.now

        def work(connection: Any) -> None:
            number = policy.add(connection, version, now=now, actor="test")
            policy.note_trial(connection, "scenic_spot", number, scans=0, differing=0, actor="test", now=now)
            policy.switch(connection, "scenic_spot", number, begins=now, actor="test", reason="test", now=now)

        any_city.services.database.transact(work)
        any_city.clock.now += 120

    return put


def walkers(city: City, count: int) -> list[Phone]:
    """Return phones of some people."""
    return [city.phone(citizen) for citizen in [c for c in city.people if c.phone][:count]]


def book(phone: Phone, city: City, **body: Any) -> Any:
    """Book for today."""
    return phone.call("POST", "/tickets", {"place": SPOT, "day": city_day(city.clock.now)} | body)


def offer(phone: Phone) -> dict[str, Any]:
    """Return the first offer of the spot."""
    found: dict[str, Any] = phone.call("GET", "/ticket-offers").get_json()["offers"][0]
    return found


def sales(city: City) -> list[tuple[str, str, int, int]]:
    """Return the accounts of today."""
    with city.services.database.read() as connection:
        found = ticket.sales(connection, SPOT, city_day(city.clock.now))
    return [(entry.kind, entry.code, entry.people, entry.cents) for entry in found]


def test_an_offer_names_the_holders_price_and_why(any_city: City) -> None:
    phone = any_city.phone()
    found = offer(phone)
    assert (found["price"]["code"], found["price"]["cents"]) in {
        ("resident", 4000),
        ("neighbour", 4000),
        ("standard", 6000),
    }
    row = next(row for row in STANDARD.prices if row.code == found["price"]["code"])
    assert found["price"]["explained"] == (
        None if row.explained is None else {"zh": row.explained.zh, "en": row.explained.en}
    )
    assert (found["left"], found["mine"], found["slots"], found["people_limit"]) == (500, False, [], 9)


def test_a_family_books_once_and_enters_on_one_scan(any_city: City) -> None:
    phone = any_city.phone()
    assert book(phone, any_city, people=3).status_code == 201
    assert book(phone, any_city, people=3).status_code == 201
    (held,) = phone.call("GET", "/tickets").get_json()["tickets"]
    assert (held["people"], sum(row["people"] for row in held["sold"])) == (3, 3)
    assert {row["code"] for row in held["sold"]} >= {"standard"}
    assert offer(phone)["left"] == 497
    gate = any_city.terminal("gate-1")
    first = gate.scan(phone.show(any_city.clock.now), people=2).get_json()
    assert (first["decision"], first["details"]["people"]) == ("accepted", 2)
    assert decision(gate.scan(phone.show(any_city.clock.now + 1), people=2)) == ("refused", "limit_reached")
    assert decision(gate.scan(phone.show(any_city.clock.now + 2))) == ("accepted", None)
    assert sum(people for _, _, people, _ in sales(any_city)) == 3


def test_another_booking_for_the_same_day_is_refused_and_too_many_people_too(any_city: City) -> None:
    phone = any_city.phone()
    assert book(phone, any_city, people=10).get_json()["code"] == "too_many_people"
    assert book(phone, any_city, people=2).status_code == 201
    assert book(phone, any_city, people=3).get_json()["code"] == "ticket_exists"
    assert book(phone, any_city, day="2020-01-01").get_json()["code"] == "day_not_offered"
    assert book(phone, any_city, slot="09:00").get_json()["code"] == "slot_not_offered"
    assert book(phone, any_city, place="nowhere").get_json()["code"] == "place_not_found"


def test_somebody_elses_tie_opens_nothing(any_city: City) -> None:
    assert book(any_city.phone(), any_city, people=2, dependants=["0" * 32]).get_json()["code"] == "tie_not_found"


def test_slots_have_their_own_room_and_time(any_city: City, publish: Callable[..., None]) -> None:
    publish(slots=SLOTS, booking_days=3)
    phones = walkers(any_city, 3)
    found = offer(phones[0])
    assert [(slot["slot"], slot["left"], slot["ended"]) for slot in found["slots"]] == [
        ("08:00", 3, True),
        ("16:00", 3, False),
        ("18:00", 100, False),
    ]
    assert book(phones[0], any_city).get_json()["code"] == "slot_not_offered"
    assert book(phones[0], any_city, slot="08:00").get_json()["code"] == "slot_not_offered"
    assert book(phones[0], any_city, slot="16:00", people=2).status_code == 201
    assert book(phones[1], any_city, slot="16:00", people=2).get_json()["code"] == "sold_out"
    assert book(phones[1], any_city, slot="18:00").status_code == 201
    gate = any_city.terminal("gate-1")
    assert decision(gate.scan(phones[0].show(any_city.clock.now))) == ("accepted", None)
    assert decision(gate.scan(phones[1].show(any_city.clock.now))) == ("refused", "wrong_slot")
    tomorrow = city_day(any_city.clock.now + DAY)
    assert book(phones[2], any_city, day=tomorrow, slot="08:00").status_code == 201
    assert decision(gate.scan(phones[2].show(any_city.clock.now))) == ("refused", "no_ticket")


def test_tickets_come_back_by_the_rule_and_the_accounts_balance(any_city: City, publish: Callable[..., None]) -> None:
    publish(
        slots=SLOTS, booking_days=3, refunds=[{"hours_before": 24, "percent": 100}, {"hours_before": 1, "percent": 50}]
    )
    phone = any_city.phone()
    tomorrow = city_day(any_city.clock.now + DAY)
    assert book(phone, any_city, day=tomorrow, slot="16:00", people=3).status_code == 201
    (held,) = phone.call("GET", "/tickets").get_json()["tickets"]
    back = phone.call("DELETE", f"/tickets/{SPOT}/{tomorrow}")
    assert back.get_json() == {"refund_cents": held["refund_cents"]}
    assert held["refund_cents"] == held["cents"] // 2
    assert phone.call("GET", "/tickets").get_json() == {"tickets": []}
    assert phone.call("DELETE", f"/tickets/{SPOT}/{tomorrow}").get_json()["code"] == "ticket_not_found"
    refunds = sum(cents for kind, _, _, cents in sales(any_city) if kind == "refund")
    assert refunds == held["refund_cents"]
    with any_city.services.database.read() as connection:
        assert ticket.people_sold(connection, SPOT, tomorrow) == ticket.sold(connection, SPOT, tomorrow) == 0
    today = midnight_slot(any_city)
    assert book(phone, any_city, slot="16:00").status_code == 201
    any_city.clock.now = today + 16 * HOUR
    assert phone.call("DELETE", f"/tickets/{SPOT}/{city_day(today)}").get_json()["code"] == "refund_over"


def midnight_slot(city: City) -> int:
    """Return the midnight of today."""
    return midnight(city_date(city.clock.now))


def test_used_tickets_do_not_come_back_and_nobody_gives_back_anothers(any_city: City) -> None:
    phone, other = walkers(any_city, 2)
    day = city_day(any_city.clock.now)
    any_city.services.database.transact(
        lambda connection: ticket.book(
            connection, SPOT, day, holder_of(any_city, 0), now=any_city.clock.now, bought=[Sold("standard", 1, 6000)]
        )
    )
    assert other.call("DELETE", f"/tickets/{SPOT}/{day}").get_json()["code"] == "ticket_not_found"
    assert decision(any_city.terminal("gate-1").scan(phone.show(any_city.clock.now))) == ("accepted", None)
    answer = phone.call("DELETE", f"/tickets/{SPOT}/{day}").get_json()["code"]
    assert answer in {"ticket_used", "refund_over"}


def holder_of(city: City, number: int) -> str:
    """Return the identifier of a person with a phone."""
    citizen: demo.Citizen = [c for c in city.people if c.phone][number]
    return citizen.holder.id


PASS = {
    "code": "year",
    "title": {"zh": "年票", "en": "Annual pass"},
    "when": {"anyone": True},
    "cents": 20_000,
    "days": 365,
}


def test_a_pass_is_its_holders_own_and_admits_once_a_day(any_city: City, publish: Callable[..., None]) -> None:
    publish(passes=[PASS])
    phone, other = walkers(any_city, 2)
    (offered,) = phone.call("GET", "/passes").get_json()["offers"]
    assert (offered["code"], offered["cents"]) == ("year", 20_000)
    assert phone.call("POST", "/passes", {"place": SPOT, "code": "none"}).get_json()["code"] == "pass_not_offered"
    assert phone.call("POST", "/passes", {"place": SPOT, "code": "year"}).status_code == 201
    assert phone.call("POST", "/passes", {"place": SPOT, "code": "year"}).get_json()["code"] == "pass_exists"
    gate = any_city.terminal("gate-1")
    assert decision(gate.scan(phone.show(any_city.clock.now))) == ("accepted", None)
    assert decision(gate.scan(phone.show(any_city.clock.now + 1))) == ("refused", "limit_reached")
    assert decision(gate.scan(other.show(any_city.clock.now))) == ("refused", "no_ticket")
    assert other.call("GET", "/passes").get_json()["passes"] == []
    assert sales(any_city) == [("pass", "year", 1, 20_000)]


def test_a_pass_does_not_count_on_days_excluded(any_city: City) -> None:
    day, now = city_day(any_city.clock.now), any_city.clock.now
    holder = holder_of(any_city, 0)
    held = HeldPass(SPOT, day, "2099-01-01", "year", 1, (day,))
    any_city.services.database.transact(lambda connection: visit_pass.add(connection, holder, held, now=now))
    with any_city.services.database.read() as connection:
        assert visit_pass.holders(connection, SPOT, day) == set()
        assert visit_pass.holders(connection, SPOT, city_day(now + DAY)) == {holder}


def test_the_flow_is_for_everybody_and_says_nothing_of_anybody(any_city: City, publish: Callable[..., None]) -> None:
    publish(passages=["enter", "leave"], inside_limit=4)
    phone = any_city.phone()
    book(phone, any_city, people=4)
    gate = any_city.terminal("gate-1")
    client = any_city.app.test_client()
    empty = client.get(f"/api/v1/places/{SPOT}/flow").get_json()
    assert (empty["inside"], empty["level"]) == (0, "comfortable")
    assert decision(gate.scan(phone.show(any_city.clock.now))) == ("accepted", None)
    full = client.get(f"/api/v1/places/{SPOT}/flow").get_json()
    assert (full["inside"], full["inside_limit"], full["admitted"], full["level"]) == (4, 4, 4, "full")
    assert full["advice"]["zh"]
    assert decision(gate.scan(phone.show(any_city.clock.now + 1), passage="leave", people=3)) == ("accepted", None)
    assert client.get(f"/api/v1/places/{SPOT}/flow").get_json()["inside"] == 1
    assert client.get("/api/v1/places/nowhere/flow").get_json()["code"] == "place_not_found"


def test_bookings_leave_a_trace_without_anybodys_name(city: City) -> None:
    phone = city.phone()
    book(phone, city)
    with city.services.database.read() as connection:
        query = select(AuditEntry.subject, AuditEntry.details).where(AuditEntry.action == "ticket_booked")
        ((subject, details),) = connection.execute(query)
        assert connection.scalar(select(TicketSale.place)) == SPOT
    assert subject == f"place:{SPOT}"
    assert city.citizen().holder.id not in json.dumps(details)


# Races: 64 threads on each database


def test_a_slot_is_never_overbooked(any_city: City) -> None:
    people = [citizen.holder.id for citizen in any_city.people[:32]]
    day, now = city_day(any_city.clock.now), any_city.clock.now

    def one(number: int) -> bool:
        def work(connection: Any) -> bool:
            bought = [Sold("standard", 1 + number % 3, 0)]
            return ticket.book(
                connection, SPOT, day, people[number % 32], now=now, bought=bought, slot="16:00", slot_capacity=20
            )

        try:
            return any_city.services.database.transact(work)
        except Exception:  # noqa: BLE001 -- another booking of the same holder
            return False

    at_once(64, one)
    with any_city.services.database.read() as connection:
        assert 18 <= ticket.sold(connection, SPOT, day, "16:00") <= 20
        assert ticket.people_sold(connection, SPOT, day) == ticket.sold(connection, SPOT, day)


def test_people_of_a_booking_enter_once_however_many_gates_scan_at_once(any_city: City) -> None:
    phone = any_city.phone(count=16)
    book(phone, any_city, people=5)
    gate, now = any_city.terminal("gate-1"), any_city.clock.now
    codes = [phone.show(now - number % 4, number % 16) for number in range(64)]

    def one(number: int) -> tuple[str, str | None]:
        return decision(gate.on(any_city.app.test_client()).scan(codes[number], people=1))

    answers = at_once(64, one)
    assert sum(answer[0] == "accepted" for answer in answers) == 5
    assert {reason for _, reason in answers} <= {None, "limit_reached", "replayed"}


def test_capacity_now_and_a_pass_a_day_hold(any_city: City, publish: Callable[..., None]) -> None:
    publish(passes=[PASS], passages=["enter", "leave"], inside_limit=3)
    phones = walkers(any_city, 8)
    for phone in phones:
        assert phone.call("POST", "/passes", {"place": SPOT, "code": "year"}).status_code == 201
    gate, now = any_city.terminal("gate-1"), any_city.clock.now
    codes = [phones[number % 8].show(now - number // 16, number // 8 % 2) for number in range(64)]

    def one(number: int) -> tuple[str, str | None]:
        return decision(gate.on(any_city.app.test_client()).scan(codes[number]))

    answers = at_once(64, one)
    assert sum(answer[0] == "accepted" for answer in answers) == 3
    assert {reason for _, reason in answers} <= {None, "limit_reached", "capacity_reached", "replayed"}


def test_a_pass_is_sold_once_and_a_ticket_given_back_once(any_city: City, publish: Callable[..., None]) -> None:
    publish(passes=[PASS], booking_days=3)
    phone = any_city.phone()
    tomorrow = city_day(any_city.clock.now + DAY)
    book(phone, any_city, day=tomorrow)
    held = HeldPass(SPOT, city_day(any_city.clock.now), tomorrow, "year", 1, ())
    holder, now = any_city.citizen().holder.id, any_city.clock.now
    with any_city.services.database.read() as connection:
        booking = ticket.find(connection, SPOT, tomorrow, holder)
    assert booking is not None

    def one(number: int) -> bool:
        def work(connection: Any) -> None:
            if number % 2:
                visit_pass.add(connection, holder, held, now=now)
            else:
                ticket.cancel(connection, booking, booking.cents, today=city_day(now), now=now)

        try:
            any_city.services.database.transact(work)
        except Exception:  # noqa: BLE001 -- a conflict, for all but one
            return False
        return True

    done = at_once(64, one)
    assert (sum(done[::2]), sum(done[1::2])) == (1, 1)
    assert sum(cents for kind, _, _, cents in sales(any_city) if kind == "refund") == booking.cents
