"""A gate of a scenic spot without network: slots, families and passes from its profile; the totals agree at home."""

import json
from collections.abc import Callable
from typing import Any

from adapters.scenic_spot import ScenicSpotDetails
from adapters.terminal.answer import Answer
from codeservice.city import city_day
from codeservice.policy import PolicyVersion, write_document
from codeservice.reason import Words
from codeservice.store import policy, scan, ticket, visit_pass
from codeservice.store.visit_pass import HeldPass
from codeservice.visit import STANDARD, Sold
from codeservice.visiting import account_of
from tests.adapters.terminal.conftest import Outpost
from tests.conftest import City

SPOT = "lake-park"
SLOTS = [{"begins": "16:00", "ends": "18:00", "capacity": 50}, {"begins": "20:00", "ends": "22:00", "capacity": 50}]


def said(answer: Answer) -> tuple[str, str | None]:
    return answer.decision.value, answer.reason


def publish(city: City, **changes: Any) -> None:
    """Put a policy of the city's scenic spots in force."""
    document = json.dumps(json.loads(write_document(STANDARD)) | changes).encode()
    version = PolicyVersion("scenic_spot", 0, "scenic_spot", Words("景区", "Spots"), document)
    now = city.clock.now

    def work(connection: Any) -> None:
        number = policy.add(connection, version, now=now, actor="test")
        policy.note_trial(connection, "scenic_spot", number, scans=0, differing=0, actor="test", now=now)
        policy.switch(connection, "scenic_spot", number, begins=now, actor="test", reason="test", now=now)

    city.services.database.transact(work)
    city.clock.now += 120


def book(city: City, slot: str, people: int) -> None:
    """Book tickets of today for the citizen of the tests."""
    now, holder = city.clock.now, city.citizen().holder.id
    bought = [Sold("standard", people, people * 6000)]
    with city.services.database.write() as connection:
        assert ticket.book(connection, SPOT, city_day(now), holder, now=now, bought=bought, slot=slot)


def test_a_family_enters_in_its_slot_in_two_parts_and_the_account_is_that_of_a_day_with_network(
    outposts: Callable[..., Outpost],
) -> None:
    gate = outposts("gate-1")
    city = gate.city
    publish(city, slots=SLOTS, passages=["enter", "leave"], inside_limit=10)
    phone = city.phone(count=4)
    book(city, "16:00", 4)
    gate.leave()
    answers = []
    bodies: list[dict[str, object]] = [{"people": 3}, {"people": 2}, {}, {"passage": "leave", "people": 4}]
    for index, body in enumerate(bodies):
        gate.wait(5)
        answers.append(gate.terminal.scan(phone.show(city.clock.now, index), body=body))
    assert [said(answer) for answer in answers] == [
        ("accepted", None),
        ("refused", "limit_reached"),
        ("accepted", None),
        ("accepted", None),
    ]
    first, rest = answers[0].details, answers[2].details
    assert isinstance(first, ScenicSpotDetails)
    assert isinstance(rest, ScenicSpotDetails)
    assert (first.slot, rest.people) == ("16:00", 1)
    assert rest.explained is not None or rest.ticket_title.en == "Standard ticket"
    gate.wire.cut = False
    gate.sync()
    with city.services.database.read() as connection:
        account = account_of(scan.passages_at(connection, SPOT, (0, city.clock.now + 1)))
    assert (sum(people for people, _ in account.entered.values()), account.again, account.left) == (4, 0, 4)
    flow = city.app.test_client().get(f"/api/v1/places/{SPOT}/flow").get_json()
    assert (flow["admitted"], flow["inside"]) == (4, 0)


def test_a_later_slot_admits_nobody_now(outposts: Callable[..., Outpost]) -> None:
    gate = outposts("gate-1")
    publish(gate.city, slots=SLOTS)
    phone = gate.city.phone()
    book(gate.city, "20:00", 1)
    gate.leave()
    assert said(gate.terminal.scan(phone.show(gate.city.clock.now))) == ("refused", "wrong_slot")


def test_a_pass_admits_once_a_day_and_not_on_days_excluded(outposts: Callable[..., Outpost]) -> None:
    gate = outposts("gate-1")
    city = gate.city
    phone, holder, now = city.phone(count=4), city.citizen().holder.id, city.clock.now
    tomorrow = city_day(now + 24 * 3600)
    held = HeldPass(SPOT, city_day(now), "2099-01-01", "year", 20_000, (tomorrow,))
    city.services.database.transact(lambda connection: visit_pass.add(connection, holder, held, now=now))
    gate.leave()
    answers = []
    for index in range(2):
        gate.wait(5)
        answers.append(said(gate.terminal.scan(phone.show(city.clock.now, index))))
    assert answers == [("accepted", None), ("refused", "limit_reached")]
    gate.wait(9 * 3600)
    assert said(gate.terminal.scan(phone.show(city.clock.now, 2))) == ("refused", "no_ticket")


def test_a_profile_names_slots_only_where_somebody_has_booked_one(outposts: Callable[..., Outpost]) -> None:
    """So that terminals of an earlier release go on reading all other profiles."""
    gate = outposts("gate-1")
    gate.city.phone()
    book(gate.city, "", 2)
    gate.sync()
    profile = gate.terminal._bundle.profile
    assert profile is not None
    assert not any(profile.slots.values())
    assert {count for _, count in profile.tickets[city_day(gate.city.clock.now)].values()} == {2}
