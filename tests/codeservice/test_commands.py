"""The operators' commands: each does its work, speaks to people and to machines, and says what went wrong."""

import io
from typing import Any

import pytest
from sqlalchemy import update

from codeservice import cli, keeper
from codeservice.store.models import AuditEntry
from tests.conftest import City, Operate


def first_person(operate: Operate) -> str:
    return str(operate("people", "list", "--limit", "1")[1][0]["id"])


def test_people_are_listed_masked_and_page_by_page(city: City, operate: Operate) -> None:
    _code, first = operate("people", "list", "--limit", "40")
    _code, second = operate("people", "list", "--limit", "40", "--after", first[-1]["id"])
    assert len(first) + len(second) == len(city.people)
    assert all("*" in entry["name"] and "*" in entry["id_number"] for entry in first + second)


def test_a_person_is_shown_with_cards_devices_and_grants(city: City, operate: Operate) -> None:
    city.phone()
    _code, shown = operate("people", "show", city.citizen().holder.id)
    assert len(shown["cards"]) == len(city.citizen().cards)
    assert [entry["name"] for entry in shown["devices"]] == ["test phone"]


def test_finding_by_id_number_needs_the_whole_number_and_leaves_a_trace(
    city: City, operate: Operate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(city.citizen().holder.id_number.text + "\n"))
    code, found = operate("people", "find", "--reason", "lost card at the counter")
    assert (code, found["id"]) == (0, city.citizen().holder.id)
    monkeypatch.setattr("sys.stdin", io.StringIO("349901\n"))
    code, said = operate("people", "find", "--reason", "x")
    assert code == 1
    assert "18 characters" in said


def test_a_card_changes_state_by_its_life_cycle_only(city: City, operate: Operate) -> None:
    """A changed card takes the holder's grants with it: a grant is a snapshot."""
    phone, bus = city.phone(), city.terminal("bus-1")
    card = city.citizen().cards[0].id
    code, _changed = operate("cards", "state", card, "lost", "--reason", "owner called")
    assert code == 0
    code, said = operate("cards", "state", card, "temporarily_lost", "--reason", "x")
    assert code == 1
    assert "card_state_not_allowed" in said
    assert bus.scan(phone.show(city.clock.now)).get_json()["reason"] == "revoked"


@pytest.mark.parametrize(
    "arguments",
    [
        ["people", "show", "nobody"],
        ["cards", "list", "nobody"],
        ["cards", "state", "none", "lost", "--reason", "x"],
        ["terminals", "enrol", "none"],
        ["terminals", "suspend", "none"],
        ["terminals", "add", "a b", "--place", "bus-line-1", "--name", "x"],
        ["terminals", "add", "ok", "--place", "none", "--name", "x"],
        ["revoke", "--grant", "1", "2", "--cause", "x"],
        ["revoke", "--person", "nobody", "--cause", "x"],
        ["revoke", "--device", "none", "--cause", "x"],
        ["enrol-back-end", "bus-2", "--key", "/nonexistent/key.pem"],
        ["demo-code", "13000000000"],
        ["demo-code", "10000000001", "--scene", "moon"],
        ["assertion", "hospital-back-end", "--key", "/nonexistent.pem"],
        ["demo"],
    ],
)
def test_what_cannot_be_done_is_refused_with_words(operate: Operate, arguments: list[str]) -> None:
    code, said = operate(*arguments)
    assert code == 1
    assert len(said) > 20
    assert "Traceback" not in said


def test_wrong_usage_exits_with_two() -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["revoke"])
    assert caught.value.code == 2


def test_a_missing_secret_is_named(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--data", str(tmp_path), "people", "list"], {}) == 1
    assert "vault" in capsys.readouterr().err


def test_a_back_end_is_enrolled_once_with_a_key_file_of_its_own(operate: Operate, tmp_path: Any) -> None:
    key = tmp_path / "key.pem"
    assert operate("enrol-back-end", "hospital-back-end", "--key", str(key))[0] == 0
    assert key.stat().st_mode & 0o077 == 0
    assert operate("assertion", "hospital-back-end", "--key", str(key))[0] == 0
    assert operate("enrol-back-end", "hospital-back-end", "--key", str(key))[0] == 1


def test_keys_are_listed_with_their_states(operate: Operate) -> None:
    _code, listed = operate("keys", "list")
    assert {key["purpose"] for key in listed["keys"]} >= {"grant", "token", "checkpoint"}


def test_the_audit_log_is_sealed_and_checked(city: City, operate: Operate) -> None:
    city.terminal("bus-1").scan(city.phone().show(city.clock.now))
    assert keeper.seal(city.services) > 0
    code, report = operate("audit", "check")
    assert (code, report["fault"], report["waiting"]) == (0, None, 0)


def test_an_edited_audit_entry_is_named(city: City, operate: Operate) -> None:
    city.phone()
    keeper.seal(city.services)
    with city.services.database.write() as connection:
        connection.execute(update(AuditEntry).where(AuditEntry.position == 1).values(actor="somebody else"))
    code, report = operate("audit", "check")
    assert code == 1
    assert "changed" in report["fault"]


@pytest.mark.parametrize("which", ["--person", "--device"])
def test_a_phone_that_an_operator_revoked_gets_no_new_grants(city: City, operate: Operate, which: str) -> None:
    phone = city.phone()
    subject = phone.device if which == "--device" else city.citizen().holder.id
    code, done = operate("revoke", which, subject, "--cause", "lost")
    assert (code, len(done["revoked"])) == (0, 2)
    assert phone.fetch(city.clock.now).status_code in (401, 409)
    assert city.terminal("bus-1").scan(phone.show(city.clock.now)).get_json()["reason"] == "revoked"


def test_migrating_says_that_it_is_done(operate: Operate) -> None:
    assert operate("migrate") == (0, {"migrated": True})
