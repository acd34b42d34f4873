"""What a citizen reads of who looked is what the audit log holds: the same scans, outcomes and disclosures."""

import json
import random

from sqlalchemy import select

from codeservice.store.models import AuditEntry, Scan
from tests.conftest import City
from tests.phone import Phone

PLACES = ("bus-1", "clinic-1", "till-east", "queue-1")


def test_the_records_of_a_sample_of_people_are_exactly_the_entries_of_the_audit_log(any_city: City) -> None:
    draw = random.Random(3)
    owners = draw.sample([citizen for citizen in any_city.people if citizen.phone], 4)
    phones = {owner.holder.id: any_city.phone(owner) for owner in owners}
    terminals = [any_city.terminal(name) for name in PLACES]
    for phone in phones.values():
        if draw.random() < 0.5:
            assert phone.call("PUT", "/consents/hospital", {"given": True}).status_code == 200
        for terminal in terminals:
            any_city.clock.now += 1
            code = phone.show(any_city.clock.now)
            # Shown twice: the refusal stands in both as well.
            assert [terminal.scan(code).status_code for _ in range(2)] == [200, 200]
    for person, phone in phones.items():
        assert records(phone) == audited(any_city, person)
        assert len(records(phone)) == 2 * len(PLACES)


def records(phone: Phone) -> set[tuple[str, str, str | None, frozenset[str]]]:
    found = phone.call("GET", "/records").get_json()["records"]
    return {(row["id"], row["decision"], row["reason"], frozenset(row["disclosed"])) for row in found}


def audited(city: City, person: str) -> set[tuple[str, str, str | None, frozenset[str]]]:
    with city.services.database.read() as connection:
        mine = set(connection.scalars(select(Scan.id).where(Scan.person == person)))
        rows = connection.execute(select(AuditEntry.subject, AuditEntry.details).where(AuditEntry.action == "scan"))
        entries = [(row.subject.removeprefix("scan:"), json.loads(row.details)) for row in rows]
    return {
        (id_, said["outcome"], said["reason"], frozenset(f"{name}_{form}" for name, form in said["disclosed"].items()))
        for id_, said in entries
        if id_ in mine
    }
