"""The commands for the keys of personal data, as an operator types them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from codeservice import cli
from codeservice.one_machine import prepare_secrets
from codeservice.settings import SettingsError
from codeservice.store.models import AuditEntry, Person
from keys.envelope import ACTIVE_AFTER, REST
from tests.conftest import City
from tests.environment import environment_of

Operate = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def operate(city: City, capsys: pytest.CaptureFixture[str]) -> Operate:
    """Run a vault command with --json on the test's city; returns exit code, data and what was said beside it."""

    def run(*arguments: str, **changes: str) -> tuple[int, Any, str]:
        capsys.readouterr()
        environment = environment_of(city.services.settings) | changes
        code = cli.main(["vault", *arguments, "--json"], environment, city.clock)
        written = capsys.readouterr()
        return code, json.loads(written.out) if written.out else None, written.err

    return run


def state(operate: Operate) -> dict[str, dict[int, str]]:
    code, shown, _said = operate("show")
    assert code == 0
    return {use: {key["version"]: key["state"] for key in keys} for use, keys in shown.items()}


def test_a_data_key_lives_from_rotate_to_retire(city: City, operate: Operate) -> None:
    phone = city.phone()
    assert state(operate) == {"data": {1: "writes"}, "index": {1: "writes"}}
    code, made, _said = operate("rotate", "--suite", "SM4-GCM")
    assert (code, made["version"], made["suite"]) == (0, 2, "SM4-GCM")
    assert state(operate)["data"] == {1: "writes", 2: "waits"}
    code, _none, said = operate("reseal")
    assert code == 1
    assert f"in {ACTIVE_AFTER} s" in said
    city.clock.now += ACTIVE_AFTER
    assert state(operate)["data"] == {1: "reads", 2: "writes"}
    code, _none, said = operate("retire", "1")
    assert code == 1
    assert "values are under data key 1" in said
    code, done, said = operate("reseal")
    assert (code, done["waiting"]) == (0, 0)
    assert f"resealed: {done['rows']} of {done['rows']} rows" in said
    assert done["rows"] > len(city.people)
    code, _none, said = operate("retire", "1")
    assert code == 1
    assert "wait" in said
    city.clock.now += REST
    assert operate("retire", "1")[0] == 0
    assert state(operate)["data"] == {2: "writes"}
    assert phone.call("GET", "/me").status_code == 200


def test_an_index_key_is_renewed_by_the_same_commands(city: City, operate: Operate) -> None:
    assert operate("rotate", "--index")[1]["use"] == "index"
    city.clock.now += ACTIVE_AFTER
    assert operate("reseal")[0] == 0
    city.clock.now += REST
    assert operate("retire", "1", "--index")[0] == 0
    assert state(operate) == {"data": {1: "writes"}, "index": {2: "writes"}}
    city.services.vault._look()  # what a second does in a running worker
    city.phone()


def test_an_index_key_stays_while_a_scan_was_asked_for_under_it(city: City, operate: Operate) -> None:
    city.terminal("bus-1").scan(city.phone().show(city.clock.now))
    operate("rotate", "--index")
    city.clock.now += ACTIVE_AFTER + REST
    assert operate("reseal")[0] == 0
    code, _none, said = operate("retire", "1", "--index")
    assert code == 1
    assert "2 values are under index key 1" in said


def test_a_renewed_master_key_touches_no_row(city: City, operate: Operate) -> None:
    before = operate("show")[1]
    master = Path(city.services.settings.master_key.removeprefix("file://"))
    old = master.read_bytes()
    assert operate("rewrap")[0] == 0
    assert master.read_bytes() != old
    assert operate("show")[1] == before
    city.phone()
    master.write_bytes(old)
    code, _none, said = operate("show")
    assert code == 1
    assert "does not open this vault" in said


def test_what_is_under_a_lost_key_is_shown(city: City, operate: Operate) -> None:
    """A vault file put back from too old a backup."""
    old = city.services.settings.vault_file.read_bytes()
    operate("rotate")
    city.clock.now += ACTIVE_AFTER
    operate("reseal")
    city.services.settings.vault_file.write_bytes(old)
    assert state(operate)["data"] == {1: "writes", 2: "lost"}


def test_a_spoiled_row_is_named_and_makes_the_command_fail(city: City, operate: Operate) -> None:
    person = city.people[0].holder.id
    with city.services.database.write() as connection:
        connection.execute(update(Person).where(Person.id == person).values(name_sealed=b"\x01" + bytes(40)))
    operate("rotate")
    city.clock.now += ACTIVE_AFTER
    code, done, _said = operate("reseal")
    assert (code, done["unreadable"], done["waiting"]) == (1, [f"person:{person}"], 1)


def test_every_change_of_a_key_is_in_the_audit_log(city: City, operate: Operate) -> None:
    operate("rotate")
    city.clock.now += ACTIVE_AFTER + REST
    operate("reseal")
    operate("retire", "1")
    operate("rewrap")
    with city.services.database.read() as connection:
        entries = connection.execute(select(AuditEntry.action, AuditEntry.subject).order_by(AuditEntry.id)).all()
    assert [tuple(entry) for entry in entries] == [
        ("vault_key_made", "vault:data:2"),
        ("vault_resealed", "vault"),
        ("vault_key_retired", "vault:data:1"),
        ("vault_rewrapped", "vault"),
    ]


@pytest.mark.parametrize("suite", ["AES-256-GCM", "SM4-GCM"])
def test_a_new_vault_is_made_once(operate: Operate, tmp_path: Path, suite: str) -> None:
    place = {"CITY_VAULT_FILE": str(tmp_path / "v"), "CITY_MASTER_KEY": (tmp_path / "m").as_uri()}
    code, made, _said = operate("new", "--suite", suite, **place)
    assert (code, made["suite"]) == (0, suite)
    code, _none, said = operate("new", **place)
    assert code == 1
    assert "never overwritten" in said


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"CITY_MASTER_KEY": "pkcs11:token=city"}, "CITY_MASTER_KEY: no place", id="unknown place"),
        pytest.param({"CITY_MASTER_KEY": "file:///nonexistent/master"}, "cannot read", id="no master key"),
        pytest.param({"CITY_MASTER_KEY": ""}, "set CITY_MASTER_KEY", id="not set"),
        pytest.param({"CITY_VAULT_FILE": "/nonexistent/vault"}, "cannot read", id="no vault"),
    ],
)
def test_a_vault_that_cannot_be_opened_is_explained(operate: Operate, changes: dict[str, str], why: str) -> None:
    for command in ("show", "rotate", "reseal", "rewrap"):
        code, _none, said = operate(command, **changes)
        assert code == 1
        assert why in said
        assert "Traceback" not in said


def test_a_city_that_has_lost_its_vault_gets_no_new_one(tmp_path: Path) -> None:
    """A new vault would open nothing, and hide that the old one is gone."""
    prepare_secrets(tmp_path)
    (tmp_path / "city.db").touch()
    (tmp_path / "vault").unlink()
    with pytest.raises(SettingsError, match="put its backup back"):
        prepare_secrets(tmp_path)
    assert not (tmp_path / "vault").exists()
