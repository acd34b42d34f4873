"""The health status: nobody changes one alone by any interface, and no change is silent."""

import io
import json
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from codeservice import assessing, cli
from codeservice.code import Kind, read_grant
from codeservice.entitlement import Entitlement
from codeservice.health_status import MAX_PEOPLE_OF_ORDER, ORDERED_PER_HOUR
from codeservice.proposal import LIFE
from codeservice.store import account, person
from codeservice.store.models import AuditEntry, HealthChange, HealthEvidence, Notice, Proposal
from codeservice.telling import MESSAGE
from keys import jws
from keys.cose import read_sign1
from tests.conftest import City
from tests.officers import back_end, begin, hire
from tests.phone import Answer, Phone, at_once


def code_of(answer: Answer) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


def changes(city: City) -> list[Any]:
    with city.services.database.read() as connection:
        return list(connection.execute(select(HealthChange.__table__).order_by(HealthChange.id)))


def audited(city: City, action: str) -> list[Any]:
    with city.services.database.read() as connection:
        return list(connection.execute(select(AuditEntry.__table__).where(AuditEntry.action == action)))


def status_of(phone: Phone) -> dict[str, Any]:
    found: dict[str, Any] = phone.call("GET", "/health-status").get_json()
    return found


def require_accounted_for(city: City) -> None:
    """Every change has its notice to its person and an audit entry that names rule or order, evidence and people."""
    entries = {row.subject: row for row in audited(city, "health_status_changed")}
    with city.services.database.read() as connection:
        notices = {row.id: row for row in connection.execute(select(Notice.__table__))}
    for change in changes(city):
        assert notices[change.notice].person == change.person
        entry = entries.pop(f"health_change:{change.id}")
        details = json.loads(entry.details)
        assert details["notice"] == change.notice
        assert details["evidence"] == change.evidence
        if change.cause == "rule" and change.status:
            assert details["rule"] == f"{change.rule}/{change.rule_version}"
            assert change.evidence
            assert entry.actor.startswith("client:")
        if change.cause in {"order", "corrected", "sunset"}:
            assert len(set(details["people"])) == 2
            assert details["proposal"] == change.proposal
    assert entries == {}


# what leads to a status


def test_evidence_under_a_rule_in_force_gives_a_status_and_the_holder_knows_at_once(any_city: City) -> None:
    emergency = begin(any_city)
    citizen = any_city.citizen()
    phone = any_city.phone(citizen)
    assert status_of(phone)["status"] == 0
    assert emergency.send(emergency.evidence(citizen)).get_json() == {"results": ["recorded"]}
    seen = status_of(phone)
    assert (seen["status"], seen["shape"], seen["title"]["zh"]) == (3, "square", "红色")
    assert seen["current"]["reason"] == {"zh": "核酸检测阳性", "en": "a positive test"}
    assert [entry["kind"] for entry in seen["current"]["evidence"]] == ["test_positive"]
    assert seen["current"]["evidence_title"] == {"zh": "阳性报告", "en": "a positive report"}
    notice = phone.call("GET", "/notices").get_json()["notices"][0]
    assert notice["kind"] == "health_status_changed"
    assert "红色" in notice["message"]["zh"]
    assert "申诉" in notice["message"]["zh"]
    with any_city.services.database.read() as connection:
        text = account.newest_messages(connection, any_city.services.vault, limit=1)[0][1]
    assert text == MESSAGE
    require_accounted_for(any_city)


def test_the_same_evidence_sent_again_changes_nothing(city: City) -> None:
    emergency = begin(city)
    item = emergency.evidence(city.citizen())
    emergency.send(item)
    assert emergency.send(item).get_json() == {"results": ["known"]}
    assert len(changes(city)) == 1


def test_newer_evidence_that_lifts_ends_the_status(city: City) -> None:
    emergency = begin(city)
    phone = city.phone()
    emergency.send(emergency.evidence(city.citizen()))
    city.clock.now += 3600
    emergency.laboratory.authenticate(city.clock.now)
    emergency.send(emergency.evidence(city.citizen(), "test_negative"))
    assert status_of(phone)["status"] == 0
    assert phone.call("GET", "/notices").get_json()["notices"][0]["kind"] == "health_status_ended"
    require_accounted_for(city)


def test_withdrawn_evidence_restores_and_leaves_a_trace(city: City) -> None:
    emergency = begin(city)
    phone = city.phone()
    item = emergency.evidence(city.citizen())
    emergency.send(item)
    body = {"kind": item["kind"], "reference": item["reference"]}
    assert emergency.post("/withdrawals", body).status_code == 204
    assert code_of(emergency.post("/withdrawals", body)) == (404, "health_evidence_not_found")
    assert status_of(phone)["status"] == 0
    assert [change["status"] for change in phone.call("GET", "/health-status/changes").get_json()["changes"]] == [0, 3]
    require_accounted_for(city)


def test_a_status_whose_time_is_over_is_none_and_never_green(city: City) -> None:
    emergency = begin(city)
    phone = city.phone()
    emergency.send(emergency.evidence(city.citizen()))
    with city.services.database.write() as connection:
        connection.execute(update(HealthEvidence).values(expires=city.clock.now + 7 * 86400))
    city.clock.now += 3600 * 11
    assert status_of(phone)["status"] == 3
    city.clock.now += 7 * 86400
    phone = city.phone()
    assert status_of(phone)["status"] == 0
    assert status_of(phone)["title"]["en"] == "no health status"
    assert assessing.renew(city.services) == 1
    assert assessing.renew(city.services) == 0
    assert changes(city)[-1].cause == "expired"
    require_accounted_for(city)


def test_an_order_of_two_people_gives_a_status_and_the_milder_does_not_hide_the_graver(city: City) -> None:
    emergency = begin(city)
    phone = city.phone()
    emergency.send(emergency.evidence(city.citizen()))
    emergency.decide("health_order", emergency.order(city.citizen(), city.people[3]))
    assert status_of(phone)["status"] == 3
    assert {(row.person, row.status) for row in changes(city)} == {
        (city.citizen().holder.id, 3),
        (city.people[3].holder.id, 2),
    }
    require_accounted_for(city)


def test_a_change_revokes_the_grants_so_that_wallets_fetch_new_ones(city: City) -> None:
    emergency = begin(city)
    phone = city.phone()
    clinic = city.terminal("clinic-1")
    shown = phone.show(city.clock.now)
    emergency.send(emergency.evidence(city.citizen()))
    assert clinic.scan(shown).get_json()["reason"] == "revoked"


# one person alone


def test_the_proposer_cannot_approve(city: City) -> None:
    emergency = begin(city)
    proposal = emergency.one.propose("health_order", emergency.order(city.citizen())).get_json()
    assert code_of(emergency.one.approve(proposal)) == (403, "second_person_required")
    assert changes(city) == []


def test_a_second_account_of_the_proposer_cannot_approve(city: City) -> None:
    emergency = begin(city)
    other = hire(city, "li-again", city.people[0], authority="city-bus")
    proposal = emergency.one.propose("health_order", emergency.order(city.citizen())).get_json()
    assert code_of(other.approve(proposal)) == (403, "second_person_required")
    assert changes(city) == []
    assert [row.subject for row in audited(city, "proposal_refused")] == [f"proposal:{proposal['id']}"]


def test_the_database_itself_takes_no_row_with_one_person(any_city: City) -> None:
    emergency = begin(any_city)
    proposal = emergency.one.propose("health_order", emergency.order(any_city.citizen())).get_json()
    for values in ({"approver": "li-one", "state": "executed"}, {"state": "executed"}):

        def write(values: dict[str, str] = values) -> None:
            with any_city.services.database.write() as connection:
                connection.execute(update(Proposal).where(Proposal.id == proposal["id"]).values(values))

        with pytest.raises(IntegrityError):
            write()


def test_an_approval_of_an_older_text_is_void(city: City) -> None:
    emergency = begin(city)
    proposal = emergency.one.propose("health_order", emergency.order(city.people[2])).get_json()
    text = {"document": emergency.order(city.people[2], city.citizen()), "reason": "one more", "basis": "IDL-2025-58"}
    changed = emergency.one.call("PUT", f"/proposals/{proposal['id']}", text).get_json()
    assert changed["digest"] != proposal["digest"]
    assert code_of(emergency.two.approve(proposal)) == (409, "proposal_changed")
    assert emergency.two.call("PUT", f"/proposals/{proposal['id']}", text).status_code == 404
    assert changes(city) == []
    assert emergency.two.approve(changed).status_code == 200


def test_a_text_changed_behind_the_service_is_found(city: City) -> None:
    emergency = begin(city)
    proposal = emergency.one.propose("health_order", emergency.order(city.people[2])).get_json()
    with city.services.database.write() as connection:
        document = json.dumps(proposal["document"] | {"people": [city.citizen().holder.id]}).encode()
        connection.execute(update(Proposal).where(Proposal.id == proposal["id"]).values(document=document))
    assert code_of(emergency.two.approve(proposal)) == (409, "proposal_changed")
    assert changes(city) == []


def test_an_approval_works_once(city: City) -> None:
    emergency = begin(city)
    proposal = emergency.decide("health_order", emergency.order(city.citizen()))
    assert code_of(emergency.two.approve(proposal)) == (409, "proposal_decided")
    assert len(changes(city)) == 1


def test_fifty_approvals_at_once_execute_once(any_city: City) -> None:
    emergency = begin(any_city)
    proposal = emergency.one.propose("health_order", emergency.order(any_city.citizen())).get_json()

    def approve(_number: int) -> int:
        path = f"/officers/v1/proposals/{proposal['id']}/approval"
        headers = {"Authorization": f"Bearer {emergency.two.token}"}
        body = {"digest": proposal["digest"]}
        return any_city.app.test_client().post(path, json=body, headers=headers).status_code

    assert sorted(at_once(50, approve)) == [200] + [409] * 49
    assert len(changes(any_city)) == 1


def test_a_proposal_is_void_after_a_day(city: City) -> None:
    emergency = begin(city)
    proposal = emergency.one.propose("health_order", emergency.order(city.citizen())).get_json()
    city.clock.now += LIFE
    emergency.two.sign_in(city.clock.now)
    assert code_of(emergency.two.approve(proposal)) == (409, "proposal_expired")
    assert changes(city) == []


def test_a_rejected_proposal_cannot_be_approved(city: City) -> None:
    emergency = begin(city)
    proposal = emergency.one.propose("health_order", emergency.order(city.citizen())).get_json()
    assert emergency.two.call("POST", f"/proposals/{proposal['id']}/rejection").status_code == 204
    assert code_of(emergency.two.approve(proposal)) == (409, "proposal_decided")


def test_a_suspended_proposer_counts_for_nobody(city: City) -> None:
    emergency = begin(city)
    proposal = emergency.one.propose("health_order", emergency.order(city.citizen())).get_json()
    cli_run(city, "officers", "suspend", "li-one")
    assert code_of(emergency.two.approve(proposal)) == (403, "officer_not_active")


@pytest.mark.parametrize("kind", ["health_rule", "health_order", "health_sunset", "health_correction"])
def test_who_lacks_the_duty_can_neither_propose_nor_approve_nor_see(city: City, kind: str) -> None:
    emergency = begin(city)
    clerk = hire(city, "clerk", city.people[4], frozenset({"policy:propose", "policy:approve"}))
    documents: dict[str, dict[str, Any]] = {
        "health_rule": emergency.rule(rule="another"),
        "health_order": emergency.order(city.citizen()),
        "health_sunset": {"purge_after_days": 1},
        "health_correction": {"change": 1},
    }
    assert code_of(clerk.propose(kind, documents[kind])) == (403, "duty_required")
    assert audited(city, "proposal_refused")[-1].actor == "officer:clerk"
    if kind != "health_correction":
        proposal = emergency.one.propose(kind, documents[kind]).get_json()
        assert clerk.call("GET", f"/proposals/{proposal['id']}").status_code == 404
        assert code_of(clerk.approve(proposal)) == (403, "duty_required")
    assert clerk.call("GET", "/health-appeals").status_code == 403


def test_a_reason_outside_the_list_is_refused_and_on_record(city: City) -> None:
    emergency = begin(city)
    order = emergency.order(city.citizen(), reason="bank_depositor")
    assert code_of(emergency.one.propose("health_order", order)) == (422, "health_reason_not_allowed")
    entry = audited(city, "proposal_refused")[-1]
    assert (entry.actor, json.loads(entry.details)) == ("officer:li-one", {"code": "health_reason_not_allowed"})


def test_an_order_without_a_legal_basis_cannot_be_written(city: City) -> None:
    emergency = begin(city)
    assert emergency.one.propose("health_order", emergency.order(city.citizen()), basis="").status_code == 400


def test_1317_people_are_too_many_for_one_order(city: City) -> None:
    emergency = begin(city)
    numbers = [city.people[number % len(city.people)].holder.id_number.text for number in range(1317)]
    order = emergency.order() | {"id_numbers": numbers}
    assert code_of(emergency.one.propose("health_order", order)) == (422, "health_order_too_large")
    assert changes(city) == []


def test_1317_people_are_too_many_for_the_orders_of_an_hour(city: City) -> None:
    """Two people who write order after order come to the cap; each of those reached has a notice and can appeal."""
    emergency = begin(city)
    batch = emergency.order(*city.people[:MAX_PEOPLE_OF_ORDER])
    answers = []
    for _ in range(ORDERED_PER_HOUR // MAX_PEOPLE_OF_ORDER + 2):
        proposal = emergency.one.propose("health_order", batch).get_json()
        answers.append(emergency.two.approve(proposal))
    assert [answer.status_code for answer in answers] == [200] * 4 + [429] * 2
    assert answers[-1].get_json()["code"] == "health_cap_reached"
    require_accounted_for(city)
    assert len({row.person for row in changes(city)}) == MAX_PEOPLE_OF_ORDER


def test_the_cap_over_all_orders_holds_when_eight_are_approved_at_once(any_city: City) -> None:
    emergency = begin(any_city)
    batch = emergency.order(*any_city.people[:MAX_PEOPLE_OF_ORDER])
    proposals = [emergency.one.propose("health_order", batch).get_json() for _ in range(8)]

    def approve(number: int) -> int:
        path = f"/officers/v1/proposals/{proposals[number]['id']}/approval"
        headers = {"Authorization": f"Bearer {emergency.two.token}"}
        body = {"digest": proposals[number]["digest"]}
        return any_city.app.test_client().post(path, json=body, headers=headers).status_code

    assert sorted(at_once(8, approve)) == [200] * 4 + [429] * 4
    require_accounted_for(any_city)


def test_the_cap_of_a_rule_holds_when_64_requests_come_at_once(any_city: City) -> None:
    """Requests about the same people in different orders neither pass the cap nor stop each other."""
    emergency = begin(any_city, rule=False)
    emergency.decide("health_rule", emergency.rule(cap_per_hour=7))

    def send(number: int) -> int:
        chosen = [any_city.people[(number + step * (1 if number % 2 else -1)) % 40] for step in range(3)]
        headers = {"Authorization": f"Bearer {emergency.laboratory.token}"}
        body = {"items": [emergency.evidence(citizen) for citizen in chosen]}
        path = "/authorities/v1/health-evidence"
        return any_city.app.test_client().post(path, json=body, headers=headers).status_code

    assert set(at_once(64, send)) <= {200, 429}
    assert 0 < len({row.person for row in changes(any_city)}) <= 7
    require_accounted_for(any_city)


def test_an_order_needs_an_emergency(city: City) -> None:
    emergency = begin(city, rule=False)
    assert code_of(emergency.one.propose("health_order", emergency.order(city.citizen()))) == (
        409,
        "no_health_emergency",
    )


def test_a_rule_comes_into_force_by_two_people_only(city: City) -> None:
    emergency = begin(city, rule=False)
    proposal = emergency.one.propose("health_rule", emergency.rule()).get_json()
    assert code_of(emergency.send(emergency.evidence(city.citizen()))) == (403, "health_evidence_not_owned")
    assert code_of(emergency.one.approve(proposal)) == (403, "second_person_required")
    assert code_of(emergency.send(emergency.evidence(city.citizen()))) == (403, "health_evidence_not_owned")
    assert emergency.two.approve(proposal).status_code == 200
    assert emergency.send(emergency.evidence(city.citizen())).status_code == 200


@pytest.mark.parametrize(
    "changes_",
    [{"ends": 1_800_000_000 + 181 * 86400}, {"ends": 1_800_000_000}, {"scenes": ["moon"]}, {"status": "purple"}],
    ids=["too long", "empty window", "no such scene", "no such colour"],
)
def test_a_rule_that_cannot_be_meant_is_refused(city: City, changes_: dict[str, Any]) -> None:
    emergency = begin(city, rule=False)
    rule = emergency.rule(**({"begins": 1_800_000_000} | changes_))
    assert code_of(emergency.one.propose("health_rule", rule)) == (422, "proposal_not_readable")


def test_evidence_without_a_rule_does_nothing_however_much_of_it(city: City) -> None:
    emergency = begin(city, rule=False)
    assert emergency.send(*(emergency.evidence(citizen) for citizen in city.people)).status_code == 403
    assert changes(city) == []
    assert audited(city, "health_evidence_refused")


def test_an_authority_that_does_not_own_the_kind_is_refused(city: City) -> None:
    emergency = begin(city)
    other = back_end(city, "bank-back-end", "bank-bureau")
    assert code_of(emergency.send(emergency.evidence(city.citizen()), terminal=other)) == (
        403,
        "health_evidence_not_owned",
    )
    assert code_of(emergency.send(emergency.evidence(city.citizen(), "bank_depositor"))) == (
        403,
        "health_evidence_not_owned",
    )
    item = emergency.evidence(city.citizen())
    emergency.send(item)
    body = {"kind": item["kind"], "reference": item["reference"]}
    assert emergency.post("/withdrawals", body, other).status_code == 404
    assert len(changes(city)) == 1


def test_a_body_that_names_a_colour_is_refused(city: City) -> None:
    emergency = begin(city)
    assert emergency.send(emergency.evidence(city.citizen(), status="red")).status_code == 400


def test_more_evidence_than_the_rule_may_reach_in_an_hour_is_refused_whole(city: City) -> None:
    emergency = begin(city, rule=False)
    emergency.decide("health_rule", emergency.rule(cap_per_hour=5))
    items = [emergency.evidence(citizen) for citizen in city.people[:6]]
    assert code_of(emergency.send(*items)) == (429, "health_cap_reached")
    assert changes(city) == []
    assert emergency.send(*items[:5]).status_code == 200


def test_no_command_gives_a_status(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    for group in ("health", "officers"):
        with pytest.raises(SystemExit):
            cli.main([group, "--help"])
        said = capsys.readouterr().out
        words = {"health": {"purge", "certificates"}, "officers": {"add", "enrol", "suspend", "list"}}[group]
        assert {line.split()[0] for line in said.splitlines() if line.startswith("    ") and line[4] != " "} == words


def test_an_operator_alone_makes_no_officer_with_a_health_duty(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    emergency = begin(city)
    added = add_officer(city, monkeypatch, "friend", city.people[7].holder.id_number.text, "health:approve")
    assert added == 0
    assert cli_run(city, "officers", "enrol", "friend") == 1
    emergency.decide("officer", {"officer": "friend"})
    assert cli_run(city, "officers", "enrol", "friend") == 0
    with city.services.database.read() as connection:
        kinds = list(connection.scalars(select(Notice.kind).where(Notice.person == city.people[7].holder.id)))
    assert kinds == ["officer_added"]


def test_the_first_two_officers_get_no_other_duty(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, name in enumerate(("first", "second", "third")):
        id_number = city.people[number].holder.id_number.text
        assert add_officer(city, monkeypatch, name, id_number, "officer:approve") == 0
        assert cli_run(city, "officers", "enrol", name) == (1 if name == "third" else 0)
    assert add_officer(city, monkeypatch, "fourth", city.people[4].holder.id_number.text, "health:propose") == 0
    assert cli_run(city, "officers", "enrol", "fourth") == 1
    assert cli_run(city, "officers", "list", "--json") == 0


def cli_run(city: City, *arguments: str) -> int:
    settings = city.services.settings
    environment = {
        "CITY_DATABASE": settings.database,
        "REDIS_URL": settings.redis,
        "CITY_KEYS": str(settings.keys),
        "CITY_ORIGIN": settings.origin,
        "CITY_PASSPHRASE_FILE": str(settings.passphrase_file),
        "CITY_VAULT_FILE": str(settings.vault_file),
        "CITY_MASTER_KEY": settings.master_key,
        "CITY_DEMO": "1",
    }
    return cli.main(list(arguments), environment, city.clock)


def add_officer(city: City, monkeypatch: pytest.MonkeyPatch, name: str, id_number: str, duty: str) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{id_number}\n张三\n"))
    return cli_run(city, "officers", "add", name, "--authority", "city-hall", "--duty", duty)


# the code


def health_in(phone: Phone) -> list[int | None]:
    grants = [read_grant(Kind.DEVICE, read_sign1(jws.decode(entry["grant"]))) for entry, _key in phone.grants]
    return [grant.entitlements.get(Entitlement.HEALTH) for grant in grants]


def test_a_grant_carries_the_status_only_for_scenes_that_a_rule_in_force_allows(city: City) -> None:
    emergency = begin(city)
    phone = city.phone()
    emergency.send(emergency.evidence(city.citizen()))
    for scene, expected in (("hospital", 3), ("bus", None), ("all", None)):
        assert phone.fetch(city.clock.now, scene).status_code == 200
        assert health_in(phone) == [expected] * 2
    city.clock.now += 30 * 86400
    phone = city.phone(scene="hospital")
    assert health_in(phone) == [None, None]


def test_a_grant_with_a_status_ends_with_it(city: City) -> None:
    emergency = begin(city)
    phone = city.phone()
    emergency.decide("health_order", emergency.order(city.citizen(), duration=600))
    until = status_of(phone)["until"]
    assert phone.fetch(city.clock.now, "hospital").status_code == 200
    assert health_in(phone) == [2, 2]
    assert {entry["expires"] for entry, _key in phone.grants} == {until}


def test_a_holder_without_a_status_carries_none(city: City) -> None:
    begin(city)
    assert health_in(city.phone(scene="hospital")) == [None, None]


# who may ask


def test_nobody_in_transit_learns_or_writes_anything_of_anybodys_health(city: City) -> None:
    emergency = begin(city)
    emergency.send(emergency.evidence(city.citizen()))
    headers = {"Authorization": f"Bearer {city.terminal('bus-1').token}"}
    browser = city.app.test_client()
    rules = [rule for rule in city.app.url_map.iter_rules() if "health" in rule.rule or "proposal" in rule.rule]
    asked = 0
    for rule in rules:
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            answer = browser.open(
                rule.rule.replace("<proposal>", "x"), method=method, headers=headers, json=body_of(rule.rule)
            )
            assert answer.status_code in {401, 403, 404}, (rule.rule, answer.status_code)
            asked += 1
    assert asked >= 10


def body_of(rule: str) -> dict[str, Any]:
    item = {"id_number": "1", "kind": "k", "reference": "r", "observed": 1, "expires": 2}
    text = {"document": {}, "reason": "because", "basis": "IDL-1"}
    bodies: dict[str, dict[str, Any]] = {
        "/authorities/v1/health-evidence": {"items": [item]},
        "/authorities/v1/health-evidence/withdrawals": {"kind": "k", "reference": "r"},
        "/officers/v1/proposals": {"kind": "k"} | text,
        "/officers/v1/proposals/<proposal>": text,
        "/officers/v1/proposals/<proposal>/approval": {"digest": "0" * 64},
        "/wallet/api/v1/health-status/appeals": {"change": 1, "text": "x"},
    }
    return bodies.get(rule, {})


def test_audit_and_logs_hold_neither_status_nor_person(city: City) -> None:
    emergency = begin(city)
    emergency.send(emergency.evidence(city.citizen()))
    for row in audited(city, "health_status_changed"):
        text = f"{row.subject} {row.details}"
        assert city.citizen().holder.id not in text
        assert "red" not in text
        with city.services.database.read() as connection:
            assert person.find_holder(connection, city.services.vault, city.citizen().holder.id).name not in text
