"""A terminal at work, with the service and without it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from adapters.terminal.answer import Answer
from adapters.terminal.memory import Mark
from adapters.terminal.runtime import InputError
from adapters.terminal.site import Claim
from codeservice.city import city_day
from codeservice.issuing import issue_paper
from codeservice.publishing import publish_snapshot
from codeservice.revoking import change_status
from codeservice.scan import Outcome
from codeservice.scene import SCENES
from codeservice.status import Status
from codeservice.store import client, grant, ticket
from tests.adapters.terminal.conftest import Outpost
from tests.conftest import City
from tests.phone import Phone

Outposts = Callable[..., Outpost]


def said(answer: Answer) -> tuple[str, str | None]:
    return answer.decision.value, answer.reason


def give_status(city: City, status: Status, **chosen: Any) -> None:
    def choose(connection: Any) -> list[grant.IssuedGrant]:
        return grant.live(connection, now=city.clock.now, **chosen)

    change_status(city.services, choose, status, cause="test", actor="test")


def holder(city: City) -> str:
    return city.citizen().holder.id


def test_without_network_a_code_is_accepted_once_and_everything_arrives_later(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.leave()
    code = phone.show(bus.city.clock.now)
    first = bus.terminal.scan(code)
    bus.wait(4)
    second = bus.terminal.scan(code)
    assert (said(first), said(second)) == (("accepted", None), ("refused", "replayed"))
    assert (first.seq, second.seq, bus.terminal.state().waiting) == (1, 2, 2)
    assert first.message.zh == "成人"
    bus.wire.cut = False
    bus.sync()
    assert bus.terminal.state().waiting == 0
    assert [entry["decision"] for entry in phone.call("GET", "/records").get_json()["records"]] == [
        "refused",
        "accepted",
    ]


def test_a_scan_of_a_bus_asks_nobody(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.sync()
    asked = len(bus.wire.asked)
    assert said(bus.terminal.scan(phone.show(bus.city.clock.now))) == ("accepted", None)
    assert len(bus.wire.asked) == asked


def test_what_a_reader_reads_again_within_three_seconds_is_one_scan(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.leave()
    code = phone.show(bus.city.clock.now)
    answers = [bus.terminal.scan(code) for _ in range(5)]
    assert {said(answer) for answer in answers} == {("accepted", None)}
    assert [answer.repeat for answer in answers] == [False, True, True, True, True]
    assert bus.terminal.state().last_seq == 1


def test_after_a_restart_used_codes_stay_used_and_time_goes_on(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.leave()
    code = phone.show(bus.city.clock.now)
    bus.terminal.scan(code)
    bus.stop()
    bus.wait(10)
    assert said(bus.terminal.scan(code)) == ("refused", "replayed")
    assert said(bus.terminal.scan(phone.show(bus.city.clock.now))) == ("accepted", None)


def test_after_a_power_cut_without_network_there_is_no_time_and_no_acceptance(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.leave()
    bus.stop()
    bus.machine.restart()
    answer = bus.terminal.scan(phone.show(bus.city.clock.now))
    assert said(answer) == ("undetermined", "time_untrusted")
    assert answer.let_pass
    assert answer.seq == 1
    assert "time_untrusted" in bus.terminal.state().faults


@pytest.mark.parametrize("off", [-300, 300, -40 * 365 * 86400])
def test_a_wrong_clock_of_the_machine_changes_no_decision_and_is_on_record(bus: Outpost, off: int) -> None:
    phone = bus.city.phone()
    bus.machine.off = off
    bus.leave()
    assert said(bus.terminal.scan(phone.show(bus.city.clock.now))) == ("accepted", None)
    assert said(bus.terminal.scan(phone.show(bus.city.clock.now - 90))) == ("refused", "expired")


def test_a_revoked_grant_is_refused_from_the_next_contact_on(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.leave()
    give_status(bus.city, Status.REVOKED, person=holder(bus.city))
    bus.wait(5)
    assert said(bus.terminal.scan(phone.show(bus.city.clock.now))) == ("accepted", None)
    bus.wire.cut = False
    bus.sync()
    bus.wait(5)
    assert said(bus.terminal.scan(phone.show(bus.city.clock.now))) == ("refused", "revoked")
    bus.stop()
    bus.wire.cut = True
    bus.wait(5)
    assert said(bus.terminal.scan(phone.show(bus.city.clock.now))) == ("refused", "revoked")


def test_a_suspension_comes_and_goes(bus: Outpost) -> None:
    phone = bus.city.phone()
    seen = []
    for status in (Status.SUSPENDED, Status.VALID):
        give_status(bus.city, status, person=holder(bus.city))
        bus.wait(10)
        bus.sync()
        seen.append(said(bus.terminal.scan(phone.show(bus.city.clock.now))))
    assert seen == [("refused", "suspended"), ("accepted", None)]


def test_lists_that_are_too_old_leave_it_undetermined_but_revoked_stays_revoked(outposts: Outposts) -> None:
    clinic = outposts("clinic-1")
    city = clinic.city
    phone, other = city.phone(), city.phone(next(each for each in city.people[5:] if each.holder.phone))
    give_status(city, Status.REVOKED, person=holder(city))
    clinic.wait(10)
    clinic.leave()
    clinic.wait(4 * 3600 + 60)
    assert said(clinic.terminal.scan(other.show(city.clock.now))) == ("undetermined", "status_stale")
    assert said(clinic.terminal.scan(phone.show(city.clock.now))) == ("refused", "revoked")
    assert "lists_stale" in clinic.terminal.state().faults


def test_a_profile_that_has_ended_leaves_it_undetermined(bus: Outpost) -> None:
    bus.leave()
    bus.wait(24 * 3600 + 60)
    answer = bus.terminal.scan(bus.city.phone().show(bus.city.clock.now))
    assert said(answer) == ("undetermined", "temporarily_unavailable")
    assert answer.advice.zh == "请先乘车，本次已记录"
    assert "profile_expired" in bus.terminal.state().faults


def test_every_scene_says_what_to_do_when_it_cannot_tell(outposts: Outposts) -> None:
    clinic = outposts("clinic-1")
    phone = clinic.city.phone()
    clinic.leave()
    clinic.terminal._standing.lose_contact()
    clinic.wait(4 * 3600 + 60)
    answer = clinic.terminal.scan(phone.show(clinic.city.clock.now))
    assert said(answer) == ("undetermined", "status_stale")
    assert (answer.let_pass, answer.advice.en) == (False, "Check the ID card and register by hand")


def test_a_grant_that_is_newer_than_the_lists_was_valid_when_it_was_issued(bus: Outpost) -> None:
    bus.leave()
    # The next day's list is opened after the last contact.
    bus.wait(20 * 3600)
    phone = bus.city.phone()
    held = {entry["list"] for entry, _ in phone.grants}
    assert not held & bus.terminal._bundle.snapshot.lists.keys()  # type: ignore[union-attr]
    assert said(bus.terminal.scan(phone.show(bus.city.clock.now))) == ("accepted", None)


def test_a_list_that_has_retired_tells_nothing(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.leave()
    snapshot = bus.terminal._bundle.snapshot
    assert snapshot is not None
    bus.terminal._bundle.snapshot = replace(snapshot, version=snapshot.version + 3600, lists={})
    bus.wait(3600)
    assert said(bus.terminal.scan(phone.show(bus.city.clock.now))) == ("undetermined", "temporarily_unavailable")


def test_a_suspended_terminal_refuses_from_the_next_contact_on_and_goes_on_when_it_is_let(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.sync()
    with bus.city.services.database.write() as connection:
        client.suspend(connection, "bus-1")
    bus.wait(700)
    with pytest.raises(Exception, match="refuses"):
        bus.sync()
    answer = bus.terminal.scan(phone.show(bus.city.clock.now))
    assert said(answer) == ("refused", "terminal_not_allowed")
    assert "suspended" in bus.terminal.state().faults
    bus.stop()
    bus.wire.cut = True
    bus.wait(5)
    assert said(bus.terminal.scan(phone.show(bus.city.clock.now))) == ("refused", "terminal_not_allowed")
    bus.wire.cut = False
    with bus.city.services.database.write() as connection:
        client.resume(connection, "bus-1")
    bus.wait(5)
    bus.sync()
    assert said(bus.terminal.scan(phone.show(bus.city.clock.now))) == ("accepted", None)


def three_rides(bus: Outpost, phone: Phone) -> list[tuple[str, str | None]]:
    answers = []
    for _ in range(3):
        answers.append(said(bus.terminal.scan(phone.show(bus.city.clock.now))))
        bus.wait(5)
    return answers


def test_a_terminal_accepts_only_so_much_before_it_uploads(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.leave()
    bus.limit(terminal_limit=2)
    answers = three_rides(bus, phone)
    assert answers[:2] == [("accepted", None)] * 2
    assert answers[2] == ("undetermined", "temporarily_unavailable")
    assert "queue_full" in bus.terminal.state().faults
    bus.wire.cut = False
    bus.sync()
    assert said(bus.terminal.scan(phone.show(bus.city.clock.now))) == ("accepted", None)


def test_a_holder_is_accepted_only_so_often_in_a_day(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.leave()
    bus.limit(holder_limit=2)
    answers = three_rides(bus, phone)
    assert answers == [("accepted", None), ("accepted", None), ("refused", "limit_reached")]


def test_the_same_act_has_the_same_answer_also_after_a_restart(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.leave()
    code = phone.show(bus.city.clock.now)
    first = bus.terminal.scan(code, act="sale-1")
    bus.stop()
    bus.wait(30)
    again = bus.terminal.scan(code, act="sale-1")
    assert (said(again), again.seq, again.details, again.repeat) == (said(first), 1, first.details, True)
    with pytest.raises(InputError, match="another code"):
        bus.terminal.scan(phone.show(bus.city.clock.now), act="sale-1")


@pytest.mark.parametrize(
    ("body", "act"),
    [
        pytest.param({"medicine": None}, None, id="a field that a bus does not know"),
        pytest.param({"document_checked": "yes"}, None, id="a field of another type"),
        pytest.param(None, "", id="an act without a name"),
        pytest.param(None, "x" * 65, id="an act with too long a name"),
        pytest.param(None, "sale/1", id="an act with other signs"),
        pytest.param(None, "１", id="an act in full-width digits"),
    ],
)
def test_a_request_that_cannot_be_read_scans_nothing(
    bus: Outpost, body: dict[str, object] | None, act: str | None
) -> None:
    bus.leave()
    with pytest.raises(InputError):
        bus.terminal.scan("9112345", body=body, act=act)
    assert bus.terminal.state().last_seq == 0


@pytest.mark.parametrize("text", ["", "x", "9" * 10_000, "91" + "0" * 500, "\x00", "' OR 1=1--", "１２３"])
def test_whatever_is_scanned_has_an_answer_and_a_number(bus: Outpost, text: str) -> None:
    bus.leave()
    answer = bus.terminal.scan(text)
    assert answer.decision is Outcome.REFUSED
    assert answer.seq == 1


def test_a_code_of_another_scene_is_refused_and_not_used_up(bus: Outpost, outposts: Outposts) -> None:
    phone = bus.city.phone(scene="hospital")
    bus.leave()
    code = phone.show(bus.city.clock.now)
    assert said(bus.terminal.scan(code)) == ("refused", "wrong_scene")
    clinic = outposts("clinic-1")
    clinic.leave()
    clinic.terminal._standing.lose_contact()
    assert said(clinic.terminal.scan(code)) == ("accepted", None)


def test_a_digit_code_needs_the_service(outposts: Outposts) -> None:
    clinic = outposts("clinic-1")
    clinic.leave()
    clinic.terminal._standing.lose_contact()
    assert said(clinic.terminal.scan("180000000000000000"[:18])) == ("undetermined", "temporarily_unavailable")


def test_paper_needs_a_document_without_network_too(outposts: Outposts) -> None:
    clinic = outposts("clinic-1")
    city = clinic.city
    paper = issue_paper(city.services, holder(city), scenes=tuple(SCENES.values()), actor="test", now=city.clock.now)
    clinic.leave()
    clinic.terminal._standing.lose_contact()
    assert said(clinic.terminal.scan(paper)) == ("refused", "second_factor_required")
    assert said(clinic.terminal.scan(paper, body={"document_checked": True})) == ("accepted", None)


def test_a_clinic_asks_the_service_for_the_name_and_goes_on_without_it(outposts: Outposts) -> None:
    clinic = outposts("clinic-1")
    phone = clinic.city.phone()
    clinic.sync()
    online = clinic.terminal.scan(phone.show(clinic.city.clock.now))
    assert (said(online), online.online) == (("accepted", None), True)
    assert online.details.name.endswith("*") or "*" in online.details.name  # type: ignore[union-attr]
    clinic.wire.cut = True
    clinic.wait(5)
    offline = clinic.terminal.scan(phone.show(clinic.city.clock.now))
    assert (said(offline), offline.online, offline.holder_check_required) == (("accepted", None), False, True)
    assert offline.details.name == ""  # type: ignore[union-attr]


def test_a_scan_whose_online_answer_was_lost_is_one_scan(outposts: Outposts) -> None:
    clinic = outposts("clinic-1")
    phone = clinic.city.phone()
    clinic.sync()
    clinic.wire.broken.add("/scan/")
    answer = clinic.terminal.scan(phone.show(clinic.city.clock.now))
    assert (said(answer), answer.online) == (("accepted", None), False)
    clinic.wire.broken.clear()
    clinic.sync()
    records = phone.call("GET", "/records").get_json()["records"]
    assert [entry["decision"] for entry in records] == ["accepted"]


def test_a_medicine_with_a_limit_is_not_sold_without_the_service(outposts: Outposts) -> None:
    till = outposts("till-east")
    phone = till.city.phone()
    till.leave()
    medicine = {"medicine": {"class": "ephedrine", "packages": 1}}
    code = phone.show(till.city.clock.now)
    assert said(till.terminal.scan(code, body=medicine)) == ("undetermined", "temporarily_unavailable")
    till.wait(5)
    assert said(till.terminal.scan(code)) == ("accepted", None), "what nobody could tell has used nothing up"


def book(city: City) -> None:
    """Book the holder a ticket of today for the lake park."""
    now = city.clock.now
    with city.services.database.write() as connection:
        assert ticket.book(connection, "lake-park", city_day(now), holder(city), now=now)


def test_a_gate_knows_the_tickets_of_its_profile_and_admits_once(outposts: Outposts) -> None:
    gate = outposts("gate-1")
    phone = gate.city.phone()
    gate.leave()
    assert said(gate.terminal.scan(phone.show(gate.city.clock.now))) == ("refused", "no_ticket")
    book(gate.city)
    gate.wire.cut = False
    gate.wait(120)
    gate.leave()
    answers = []
    for index in range(2):
        gate.wait(5)
        answers.append(said(gate.terminal.scan(phone.show(gate.city.clock.now, index))))
    assert answers == [("accepted", None), ("refused", "limit_reached")]


@pytest.mark.parametrize("related", [True, False], ids=["with the relay", "each alone"])
def test_two_gates_without_network_stop_a_second_admission_only_by_the_relay(
    outposts: Outposts, *, related: bool
) -> None:
    first = outposts("gate-1", **({"relay": ("127.0.0.1", 0)} if related else {}))
    phone = first.city.phone()
    book(first.city)
    first.leave()
    options = {"site": first.terminal.relay_address} if related else {}
    second = outposts("gate-2", **options)
    second.leave()
    answers = []
    for number, gate in enumerate((first, second)):
        first.wait(5)
        answers.append(said(gate.terminal.scan(phone.show(first.city.clock.now, number))))
    assert answers == [("accepted", None), ("refused", "limit_reached") if related else ("accepted", None)]


def test_one_code_at_two_gates_is_replayed_at_the_second_by_the_relay(outposts: Outposts) -> None:
    first = outposts("gate-1", relay=("127.0.0.1", 0))
    phone = first.city.phone()
    book(first.city)
    first.leave()
    second = outposts("gate-2", site=first.terminal.relay_address)
    second.leave()
    code = phone.show(first.city.clock.now)
    assert [said(gate.terminal.scan(code)) for gate in (first, second)] == [("accepted", None), ("refused", "replayed")]
    first.stop()
    first.wait(10)
    assert said(second.terminal.scan(phone.show(first.city.clock.now))) == ("accepted", None), (
        "nobody waits for a relay"
    )


def test_a_relay_that_refuses_without_end_keeps_nobody_for_ever(outposts: Outposts) -> None:
    gate = outposts("gate-1", relay=("127.0.0.1", 0))
    phone = gate.city.phone()
    book(gate.city)
    gate.leave()
    site, bundle = gate.terminal._site, gate.terminal._bundle
    assert site is not None
    ask = site.claim

    def refuse(claim: Claim) -> frozenset[Mark]:
        # Every turn has another limit, as if a new profile had just come.
        assert bundle.profile is not None
        bundle.profile = replace(bundle.profile, holder_limit=bundle.profile.holder_limit + 1)
        ask(claim)
        return frozenset(mark for mark in claim.marks if mark.name.startswith("accepted:"))

    site.claim = refuse  # type: ignore[method-assign]
    answer = gate.terminal.scan(phone.show(gate.city.clock.now))
    assert (said(answer), answer.seq) == (("undetermined", "temporarily_unavailable"), None)


def test_the_bundle_on_the_disk_and_the_queue_show_nobody(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.leave()
    code = phone.show(bus.city.clock.now)
    bus.terminal.scan(code)
    bus.stop()
    kept = b"".join(path.read_bytes() for path in bus.folder.iterdir())
    person = bus.city.citizen().holder
    for secret in (code, code[2:40], person.name, person.id_number.text, person.id, str(person.phone)):
        assert secret.encode() not in kept


def test_a_stored_scan_that_somebody_changed_goes_to_quarantine(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.leave()
    bus.terminal.scan(phone.show(bus.city.clock.now))
    with bus.terminal._bundle.store.transaction() as connection:
        connection.execute("UPDATE scan SET sealed = zeroblob(80)")
    bus.wire.cut = False
    bus.sync()
    state = bus.terminal.state()
    assert (state.waiting, state.faults) == (0, ("store_damaged",))


def test_published_lists_follow_without_a_word_of_who_asked(bus: Outpost) -> None:
    bus.sync()
    give_status(bus.city, Status.REVOKED, person=holder(bus.city))
    bus.wait(10)
    publish_snapshot(bus.city.services)
    bus.wire.asked.clear()
    bus.terminal.sync.step()
    assert any(path.startswith("/snapshot/deltas/") for path in bus.wire.asked)
    assert not any("bus-1" in path for path in bus.wire.asked)
