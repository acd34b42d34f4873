"""Appeals, corrections, the end of an emergency and the destruction of what it gathered."""

import json

import pytest
from sqlalchemy import func, select

from codeservice import emergency as acts
from codeservice.destruction import read_certificate, verify_certificate
from codeservice.errors import ConflictError
from codeservice.health_status import APPEAL_DAYS
from codeservice.store import health_purge
from codeservice.store.models import (
    AuditEntry,
    HealthAppeal,
    HealthChange,
    HealthEvidence,
    HealthOrder,
    HealthStatus,
    Notice,
    Proposal,
)
from keys import jws
from keys.errors import KeysError, NotSignedError
from tests.conftest import City
from tests.officers import Emergency, begin
from tests.phone import Phone


def appealed(city: City) -> tuple[Emergency, Phone, dict[str, object]]:
    emergency = begin(city)
    phone = city.phone()
    emergency.send(emergency.evidence(city.citizen()))
    change = phone.call("GET", "/health-status").get_json()["current"]["change"]
    answer = phone.call("POST", "/health-status/appeals", {"change": change, "text": "样本不是我的"})
    assert answer.status_code == 201
    return emergency, phone, answer.get_json()


def test_an_appeal_has_a_day_on_which_it_is_due_and_stands_in_the_queue(city: City) -> None:
    emergency, phone, appeal = appealed(city)
    assert (appeal["state"], appeal["due"]) == ("filed", city.clock.now + APPEAL_DAYS * 86400)
    queue = emergency.two.call("GET", "/health-appeals").get_json()["appeals"]
    assert [(entry["id"], entry["text"], entry["rule"]) for entry in queue] == [
        (appeal["id"], "样本不是我的", "positive-test")
    ]
    again = phone.call("POST", "/health-status/appeals", {"change": queue[0]["change"], "text": "again"})
    assert (again.status_code, again.get_json()["code"]) == (409, "health_appeal_exists")


def test_a_correction_of_two_people_restores_and_leaves_a_trace(any_city: City) -> None:
    emergency, phone, _appeal = appealed(any_city)
    change = phone.call("GET", "/health-status").get_json()["current"]["change"]
    emergency.decide("health_correction", {"change": change})
    assert phone.call("GET", "/health-status").get_json()["status"] == 0
    seen = phone.call("GET", "/health-status/changes").get_json()["changes"]
    assert [(entry["status"], entry["cause"]) for entry in seen] == [(0, "corrected"), (3, "rule")]
    assert seen[1]["appeal"]["state"] == "corrected"
    kinds = [entry["kind"] for entry in phone.call("GET", "/notices").get_json()["notices"]]
    assert kinds[:3] == ["health_status_ended", "health_appeal_decided", "health_status_changed"]


def test_a_status_that_is_upheld_stands_and_the_holder_is_told(city: City) -> None:
    emergency, phone, appeal = appealed(city)
    proposal = emergency.one.propose("health_uphold", {"appeal": appeal["id"]}).get_json()
    assert emergency.one.approve(proposal).status_code == 403
    assert emergency.two.approve(proposal).status_code == 200
    seen = phone.call("GET", "/health-status").get_json()
    assert (seen["status"], seen["current"]["appeal"]["state"]) == (3, "upheld")
    assert phone.call("GET", "/notices").get_json()["notices"][0]["kind"] == "health_appeal_decided"
    assert emergency.two.call("GET", "/health-appeals").get_json()["appeals"] == []


def test_another_persons_change_is_not_there(city: City) -> None:
    emergency, phone, _appeal = appealed(city)
    emergency.send(emergency.evidence(city.people[5]))
    with city.services.database.read() as connection:
        other = connection.scalar(select(HealthChange.id).where(HealthChange.person == city.people[5].holder.id))
    answer = phone.call("POST", "/health-status/appeals", {"change": other, "text": "x"})
    assert (answer.status_code, answer.get_json()["code"]) == (404, "health_change_not_found")
    assert len(phone.call("GET", "/health-status/changes").get_json()["changes"]) == 1


def ended(city: City, days: int) -> tuple[Emergency, Phone]:
    emergency, phone, _appeal = appealed(city)
    emergency.decide("health_order", emergency.order(city.people[3]))
    emergency.decide("health_sunset", {"purge_after_days": days})
    return emergency, phone


def test_a_sunset_ends_every_status_tells_everybody_and_takes_no_more_evidence(city: City) -> None:
    emergency, phone = ended(city, 30)
    assert phone.call("GET", "/health-status").get_json()["status"] == 0
    assert phone.call("GET", "/notices").get_json()["notices"][0]["kind"] == "health_status_ended"
    assert emergency.send(emergency.evidence(city.citizen())).status_code == 403
    answer = emergency.one.propose("health_order", emergency.order(city.citizen()))
    assert answer.get_json()["code"] == "no_health_emergency"
    with city.services.database.read() as connection:
        assert connection.scalar(select(func.count()).where(HealthStatus.status != 0)) == 0
    # A correction after the end brings nothing back.
    change = phone.call("GET", "/health-status/changes").get_json()["changes"][-1]["change"]
    emergency.decide("health_correction", {"change": change})
    assert phone.call("GET", "/health-status").get_json()["status"] == 0


def test_one_person_cannot_end_an_emergency_nor_destroy_anything_before_its_day(city: City) -> None:
    emergency = begin(city)
    with pytest.raises(ConflictError, match="no_health_sunset"):
        acts.purge(city.services, actor="operator:x")
    proposal = emergency.one.propose("health_sunset", {"purge_after_days": 2}).get_json()
    assert emergency.one.approve(proposal).status_code == 403
    assert emergency.two.approve(proposal).status_code == 200
    city.clock.now += 2 * 86400 - 1
    with pytest.raises(ConflictError, match="purge_not_due"):
        acts.purge(city.services, actor="operator:x")
    city.clock.now += 1
    acts.purge(city.services, actor="operator:x")
    with pytest.raises(ConflictError, match="purged_before"):
        acts.purge(city.services, actor="operator:x")


def test_what_was_gathered_is_gone_and_a_signed_certificate_says_so(any_city: City) -> None:
    city = any_city
    ended(city, 0)
    tables = (HealthAppeal, HealthStatus, HealthChange, HealthOrder, HealthEvidence)
    with city.services.database.read() as connection:
        before = {table.__tablename__: connection.scalar(select(func.count()).select_from(table)) for table in tables}
    id_, certificate = acts.purge(city.services, actor="operator:x")
    with city.services.database.read() as connection:
        for table in tables:
            assert connection.scalar(select(func.count()).select_from(table)) == 0
        kinds = set(connection.scalars(select(Notice.kind)))
        orders = list(connection.scalars(select(Proposal.document).where(Proposal.kind == "health_order")))
        ((stored, _proposal, _at, signed),) = health_purge.certificates(connection)
        entry = connection.execute(
            select(AuditEntry.__table__).where(AuditEntry.action == "health_data_destroyed")
        ).one()
    assert not any(kind.startswith("health") for kind in kinds)
    assert orders == [b""]
    assert stored == id_
    assert entry.subject == f"certificate:{id_}"
    assert json.loads(entry.details)["people"] == ["li-one", "wang-two"]
    counted = {entry.table: entry.count for entry in certificate.tables}
    assert {name: counted[name] for name in before} == before
    raw = jws.decode(signed, longest=1 << 16)
    assert verify_certificate(raw, city.services.trust_list(), city.clock.now) == certificate
    for holder in (city.citizen().holder, city.people[3].holder):
        assert holder.id.encode() not in raw


def test_the_certificate_is_signed_wherever_the_keys_are(configured_city: City) -> None:
    ended(configured_city, 0)
    acts.purge(configured_city.services, actor="operator:x")
    with configured_city.services.database.read() as connection:
        raw = jws.decode(health_purge.certificates(connection)[0][3], longest=1 << 16)
    read = verify_certificate(raw, configured_city.services.trust_list(), configured_city.clock.now)
    assert sum(table.count for table in read.tables) > 0


def test_a_certificate_with_another_byte_is_not_genuine(city: City) -> None:
    ended(city, 0)
    acts.purge(city.services, actor="operator:x")
    with city.services.database.read() as connection:
        raw = bytearray(jws.decode(health_purge.certificates(connection)[0][3], longest=1 << 16))
    for place in range(0, len(raw), 7):
        changed = bytearray(raw)
        changed[place] ^= 1
        with pytest.raises(KeysError):
            verify_certificate(bytes(changed), city.services.trust_list(), city.clock.now)


@pytest.mark.parametrize("payload", [b"", b"\xa0", b"\xff", b"\x83\x01\x02\x03"])
def test_what_is_no_certificate_is_refused(payload: bytes) -> None:
    with pytest.raises(NotSignedError):
        read_certificate(payload)
