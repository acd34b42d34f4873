"""Authorities' interfaces: only the owner writes; closed claims, cascades, corrections, counts, uniform answers."""

import re

import pytest

from codeservice import keeper, registering
from codeservice.authority import REPLY_WITHIN
from codeservice.credential import CredentialState, CredentialType
from codeservice.demo_authorities import AUTHORITIES
from codeservice.lifecycle import TEMPORARY_LOSS
from codeservice.store import client, credential, notice
from tests.authorities import BackEnd, card_of, statement, stored
from tests.conftest import City
from tests.phone import at_once

SS = CredentialType.SOCIAL_SECURITY_CARD


def code(answer: object) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]  # type: ignore[attr-defined]


@pytest.fixture
def resources(any_city: City) -> BackEnd:
    return BackEnd(any_city, "human-resources")


def test_every_authority_acts_on_its_own_types_and_on_no_others(city: City) -> None:
    """AD12, the authorisation matrix: each authority, each type, each operation."""
    for entry in AUTHORITIES:
        caller = BackEnd(city, entry.id)
        for type_ in CredentialType:
            card = card_of(city, type_)
            is_own = (type_ in entry.types) or f"{type_}.{card.claims.get('category')}" in entry.remits
            where = f"/authority/v1/credentials/{card.id}"
            wrong = {"name": "no_such", "reason": "x"}
            answers = {
                "write": caller.put(statement(city, card)).status_code,
                "read": caller.call("GET", where).status_code,
                "find": caller.call(
                    "POST", "/authority/v1/credentials/find", {"type": type_, "number": card.number}
                ).status_code,
                "move": caller.call("POST", f"{where}/transitions", wrong).status_code,
                "correct": caller.call("POST", f"{where}/corrections", {"reason": "x", "claims": {}}).status_code,
                "replace": caller.call("POST", f"{where}/replacements", {"number": "S1", "reason": "x"}).status_code,
            }
            expected = (200, 200, 200, 409, 422, 409) if is_own else (403, 404, 404, 404, 404, 404)
            assert tuple(answers.values()) == expected, (entry.id, type_, answers)


def test_no_other_partner_is_an_authority(city: City) -> None:
    bus = city.terminal("bus-1")
    headers = {"Authorization": f"Bearer {bus.token}"}
    for path in ("/authority/v1/credentials/x", "/authority/v1/correction-requests"):
        answer = city.app.test_client().get(path, headers=headers)
        assert code(answer) == (403, "scope_required")


def test_a_token_without_the_scope_to_write_only_reads(city: City) -> None:
    reader = BackEnd(city, "human-resources", frozenset({"credentials:read"}))
    card = card_of(city, SS)
    assert reader.call("GET", f"/authority/v1/credentials/{card.id}").status_code == 200
    assert code(reader.put(statement(city, card))) == (403, "scope_required")
    assert code(reader.move(card, "report_lost")) == (403, "scope_required")


def test_another_authoritys_record_and_none_look_the_same(city: City) -> None:
    """PA01: not the code, not the body, not the length tells them apart."""
    police = BackEnd(city, "police")
    other = card_of(city, SS)
    answers = []
    for id_ in (other.id, "f" * 32, "x"):
        body = police.call("GET", f"/authority/v1/credentials/{id_}").get_json()
        answers.append({name: value for name, value in body.items() if name != "trace"})
    assert answers[0] == answers[1] == answers[2]


def test_identifiers_are_128_random_bits(city: City, resources: BackEnd) -> None:
    """PA02."""
    base = statement(resources.city, card_of(resources.city, SS))
    ids = [resources.put(base | {"number": f"S-new-{n}"}).get_json()["id"] for n in range(20)]
    assert all(re.fullmatch(r"[0-9a-f]{32}", id_) for id_ in ids)
    assert len({id_[:12] for id_ in ids}) == len({id_[-12:] for id_ in ids}) == 20


def test_writing_again_changes_nothing(resources: BackEnd) -> None:
    body = statement(resources.city, card_of(resources.city, SS), number="S-once")
    first, second = resources.put(body).get_json(), resources.put(body).get_json()
    assert (first["outcome"], second["outcome"], first["id"]) == ("created", "unchanged", second["id"])
    assert (first["state"], first["state_code"]) == ("on_hand", "0")


def test_sixteen_who_write_one_number_at_once_make_one_record(resources: BackEnd) -> None:
    body = statement(resources.city, card_of(resources.city, SS), number="S-race")
    outcomes = [answer.get_json() for answer in at_once(16, lambda _number: resources.put(body))]
    assert [answer["outcome"] for answer in outcomes].count("created") == 1
    assert len({answer["id"] for answer in outcomes}) == 1


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": "别人"}, "subject_mismatch"),
        ({"id_number": "11010519491231002X"}, "subject_mismatch"),
        ({"id_number": "110105194912310021"}, "id_number_not_readable"),
        ({"claims": {"generation": 3, "admin": True}}, "claims_not_readable"),
        ({"claims": {"generation": 4}}, "claims_not_readable"),
        ({"claims": {}}, "claims_not_readable"),
        ({"type": "library_card"}, "credential_type_unknown"),
        ({"number": ""}, "credential_number_not_readable"),
        ({"number": "=1+1"}, "formula_refused"),
        ({"state": "suspended"}, "state_not_readable"),
        ({"valid_from": "31.1.2026"}, "validity_not_readable"),
        ({"valid_until": "1999-01-01"}, "validity_not_readable"),
    ],
)
def test_a_wrong_statement_is_refused_with_its_reason(city: City, changes: dict[str, object], problem: str) -> None:
    answer = BackEnd(city, "human-resources").put(statement(city, card_of(city, SS), **changes))
    assert code(answer) == (422, problem)


def test_another_persons_card_number_is_refused(city: City) -> None:
    """PA24: the record's subject must match."""
    card = card_of(city, SS)
    other = next(entry.holder for entry in city.people if entry.holder.id != card.person)
    said = statement(city, card, id_number=other.id_number.text, name=other.name)
    assert code(BackEnd(city, "human-resources").put(said)) == (422, "subject_mismatch")
    assert stored(city, card.id).person == card.person


def test_a_licence_needs_its_check_character(city: City) -> None:
    card = card_of(city, CredentialType.ID_CARD)
    number = card.number[:-1] + ("A" if card.number[-1] != "A" else "B")
    assert code(BackEnd(city, "police").put(statement(city, card, number=number))) == (422, "licence_identifier_wrong")


def test_a_benefit_of_another_authoritys_category_is_not_written(city: City) -> None:
    """AD12 by field: the category decides who may write."""
    card = card_of(city, CredentialType.BENEFIT)
    said = statement(city, card, number="B-new", claims={"category": "veteran"})
    assert code(BackEnd(city, "health-commission").put(said)) == (403, "type_of_another_authority")
    blood = BackEnd(city, "health-commission").put(said | {"claims": {"category": "blood_donor"}}).get_json()
    where = f"/authority/v1/credentials/{blood['id']}/corrections"
    changed = BackEnd(city, "health-commission").call("POST", where, {"reason": "x", "claims": {"category": "veteran"}})
    assert code(changed) == (403, "type_of_another_authority")


def test_a_lost_card_takes_e_card_and_grants_with_it_and_the_holder_is_told(any_city: City) -> None:
    phone, bus = any_city.phone(), any_city.terminal("bus-1")
    card = card_of(any_city, SS)
    e_card = card_of(any_city, CredentialType.E_SOCIAL_SECURITY_CARD)
    assert BackEnd(any_city, "human-resources").move(card, "report_lost").get_json()["state_code"] == "2"
    assert stored(any_city, e_card.id).state is CredentialState.LOST
    assert bus.scan(phone.show(any_city.clock.now)).get_json()["reason"] == "revoked"
    with any_city.services.database.read() as connection:
        told = notice.of_person(connection, card.person, limit=9)
    assert {entry.subject for entry in told} == {f"card:{card.id}", f"card:{e_card.id}"}


def test_an_e_card_has_no_transition_of_its_own_and_a_card_has_one(city: City) -> None:
    caller, e_card = BackEnd(city, "human-resources"), card_of(city, CredentialType.E_SOCIAL_SECURITY_CARD)
    assert code(caller.move(e_card, "cancel")) == (409, "card_state_not_allowed")
    said = statement(city, e_card, number="E-second")
    assert code(caller.put(said)) == (422, "card_of_e_card_missing")


def test_a_temporary_loss_ends_by_itself_after_seven_days(any_city: City) -> None:
    card = card_of(any_city, SS)
    assert BackEnd(any_city, "human-resources").move(card, "report_lost_temporarily").status_code == 200
    any_city.clock.now += TEMPORARY_LOSS - 1
    assert registering.release_temporary_losses(any_city.services) == 0
    any_city.clock.now += 1
    release = next(run for chore, run in keeper.WORK if chore.name == "released")
    assert (release(any_city.services), release(any_city.services)) == (1, 0)
    assert stored(any_city, card.id).state is CredentialState.NORMAL


def test_a_loss_is_final_once_a_replacement_is_filed(resources: BackEnd) -> None:
    city, card = resources.city, card_of(resources.city, SS)
    e_card = card_of(city, CredentialType.E_SOCIAL_SECURITY_CARD)
    where = f"/authority/v1/credentials/{card.id}/replacements"
    assert code(resources.call("POST", where, {"number": "S-2", "reason": "x"})) == (409, "card_state_not_allowed")
    resources.move(card, "report_lost")
    made = resources.call("POST", where, {"number": "S-2", "reason": "lost"})
    assert (made.status_code, made.get_json()["state"]) == (201, "on_hand")
    assert code(resources.move(card, "withdraw_loss")) == (409, "card_state_not_allowed")
    assert code(resources.call("POST", where, {"number": "S-3", "reason": "x"})) == (409, "card_state_not_allowed")
    new = made.get_json()["id"]
    assert [resources.move(new, name).status_code for name in ("make", "activate")] == [200, 200]
    assert stored(city, card.id).state is stored(city, e_card.id).state is CredentialState.CANCELLED_AFTER_LOSS
    assert stored(city, new).state is CredentialState.NORMAL


def test_one_of_many_who_move_a_card_at_once_does_it(resources: BackEnd) -> None:
    card = card_of(resources.city, SS)
    names = ["report_lost", "cancel"] * 8
    answers = at_once(16, lambda number: resources.move(card, names[number]).status_code)
    # A lost card can still be cancelled, so one or two of them are done, and never the same twice.
    assert 1 <= answers.count(200) <= 2
    with resources.city.services.database.read() as connection:
        acts = [entry.act for entry in credential.changes_of(connection, resources.city.services.vault, card.id)]
    assert len(acts) == len(set(acts)) == answers.count(200)


def test_a_correction_keeps_the_old_value_sealed_and_revokes(any_city: City) -> None:
    phone, bus = any_city.phone(), any_city.terminal("bus-1")
    card = card_of(any_city, SS)
    wanted = {"generation": 5 - card.claims["generation"]}
    body = {"reason": "clerk's mistake", "claims": wanted, "valid_until": "2040-12-31"}
    caller = BackEnd(any_city, "human-resources")
    answer = caller.call("POST", f"/authority/v1/credentials/{card.id}/corrections", body).get_json()
    assert (answer["claims"], answer["valid_until"]) == (wanted, "2040-12-31")
    with any_city.services.database.read() as connection:
        (entry,) = credential.changes_of(connection, any_city.services.vault, card.id)
    assert (entry.before["claims"], entry.before["reason"]) == (card.claims, "clerk's mistake")
    assert bus.scan(phone.show(any_city.clock.now)).get_json()["reason"] == "revoked"


def test_a_new_licence_leaves_codes_alone_and_a_new_benefit_does_not(city: City) -> None:
    phone, bus = city.phone(), city.terminal("bus-1")
    card = card_of(city, SS)
    BackEnd(city, "human-resources").put(statement(city, card, number="S-other"))
    assert bus.scan(phone.show(city.clock.now)).get_json()["decision"] == "accepted"
    said = statement(city, card, type="benefit", number="B-1", claims={"category": "disabled"})
    BackEnd(city, "civil-affairs").put(said)
    assert bus.scan(phone.show(city.clock.now, 1)).get_json()["reason"] == "revoked"


def test_counts_that_differ_are_named(any_city: City) -> None:
    caller = BackEnd(any_city, "civil-affairs")
    empty = caller.call("POST", "/authority/v1/reconciliations", {"counts": []}).get_json()["differences"]
    assert [entry["type"] for entry in empty] == ["benefit"]
    right = [{"type": "benefit", "state": "normal", "count": empty[0]["ours"]}]
    assert caller.call("POST", "/authority/v1/reconciliations", {"counts": right}).get_json()["differences"] == []
    foreign = [{"type": "id_card", "state": "normal", "count": 1}]
    answer = caller.call("POST", "/authority/v1/reconciliations", {"counts": foreign})
    assert code(answer) == (403, "type_of_another_authority")


def test_a_request_for_a_correction_goes_to_the_owner_and_its_answer_to_the_holder(any_city: City) -> None:
    phone, card = any_city.phone(), card_of(any_city, SS)
    asked = phone.call("POST", f"/cards/{card.id}/corrections", {"text": "第三代卡，不是第二代"})
    assert asked.status_code == 202
    owner, other = BackEnd(any_city, "human-resources"), BackEnd(any_city, "police")
    assert other.call("GET", "/authority/v1/correction-requests").get_json() == {"requests": []}
    (queued,) = owner.call("GET", "/authority/v1/correction-requests").get_json()["requests"]
    assert (queued["reporter"], queued["overdue"], queued["due"] - queued["at"]) == ("holder", False, REPLY_WITHIN)
    where = f"/authority/v1/correction-requests/{queued['id']}/answer"
    body = {"result": "accepted", "text": "已更正"}
    assert code(other.call("POST", where, body)) == (404, "correction_not_found")
    assert owner.call("POST", where, body).status_code == 204
    assert code(owner.call("POST", where, body)) == (404, "correction_not_found")
    (seen,) = phone.call("GET", "/corrections").get_json()["corrections"]
    assert (seen["state"], seen["reply"]) == ("accepted", "已更正")
    assert "已受理更正" in phone.call("GET", "/notices").get_json()["notices"][0]["message"]["zh"]


def test_nobody_asks_for_a_correction_of_somebody_elses_card(city: City) -> None:
    phone = city.phone()
    other = next(entry for entry in city.people if entry.holder.id != city.citizen().holder.id)
    answer = phone.call("POST", f"/cards/{other.cards[0].id}/corrections", {"text": "x"})
    assert code(answer) == (404, "card_not_found")


def test_a_partner_learns_nothing_by_reporting_an_error(city: City) -> None:
    with city.services.database.write() as connection:
        client.add_client(
            connection,
            id_="reporter",
            kind=client.BACK_END,
            place="human-resources",
            name="x",
            scopes=frozenset({"corrections:report"}),
        )
    caller, card = BackEnd(city, "human-resources", client_id="reporter"), card_of(city, CredentialType.ID_CARD)
    answers = []
    for number in (card.number, "none"):
        answer = caller.call("POST", "/api/v1/corrections", {"type": "id_card", "number": number, "text": "wrong"})
        answers.append((answer.status_code, sorted(answer.get_json()), len(answer.get_json()["id"])))
    assert answers[0] == answers[1] == (202, ["due", "id"], 32)
    queued = BackEnd(city, "police").call("GET", "/authority/v1/correction-requests").get_json()["requests"]
    assert [entry["reporter"] for entry in queued] == ["human-resources"]


@pytest.mark.parametrize(
    ("options", "status"),
    [
        pytest.param({"data": b"{}", "headers": {"Content-Type": "text/plain"}}, 415, id="PA07 plain text"),
        pytest.param({"data": b"{}"}, 415, id="PA07 no type"),
        pytest.param({"data": {"a": "b"}, "content_type": "multipart/form-data"}, 415, id="PA07 multipart"),
        pytest.param({"data": b"[" * 60000, "content_type": "application/json"}, 400, id="PA05 depth"),
        pytest.param({"data": b" " * 10_000_000, "content_type": "application/json"}, 413, id="PA05 size"),
    ],
)
def test_hostile_bodies_are_refused_quickly(city: City, options: dict[str, object], status: int) -> None:
    answer = BackEnd(city, "police").call("PUT", "/authority/v1/credentials", **options)
    assert answer.status_code == status
    assert set(answer.get_json()) == {"type", "title", "status", "detail", "code", "trace"}


def test_what_goes_wrong_inside_tells_nothing(city: City) -> None:
    """PA19: the database is gone; the answer names a code and a trace, no SQL and no person."""
    caller, card = BackEnd(city, "police"), card_of(city, CredentialType.ID_CARD)
    said = statement(city, card)
    with city.services.database.write() as connection:
        connection.exec_driver_sql("DROP TABLE credential_change")
    answer = caller.put(said | {"claims": {"issuer": "别处"}})
    assert answer.status_code >= 500
    text = str(answer.get_json())
    assert not any(word in text for word in ("credential_change", "SELECT", "Traceback", str(said["id_number"])))
