"""The officers' commands about ties."""

import json
from pathlib import Path

import pytest

from codeservice.cli import main
from codeservice.store import household
from tests.conftest import City
from tests.families import adults, ask, families

COMMANDS = ("list", "show", "review", "remove", "died")


def run(city: City, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Run one command on a city; returns its exit code and what it said."""
    settings = city.services.settings
    environment = {
        "CITY_DATABASE": settings.database,
        "REDIS_URL": settings.redis,
        "CITY_KEYS": str(settings.keys),
        "CITY_ORIGIN": settings.origin,
        "CITY_PASSPHRASE_FILE": str(settings.passphrase_file),
        "CITY_VAULT_FILE": str(settings.vault_file),
        "CITY_MASTER_KEY": settings.master_key,
    }
    code = main(["--data", str(Path(settings.keys).parent), "household", *arguments], environment, city.clock)
    said = capsys.readouterr()
    return code, said.out + said.err


def test_an_officer_lists_looks_decides_and_removes(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    family, other = families(city)[0], families(city)[-1].child
    phone = city.phone(family.parent)
    tie = ask(phone, "parent", other).get_json()["id"]
    code, listed = run(city, capsys, "list")
    assert (code, tie in listed, other.holder.name in listed) == (0, True, False)
    code, shown = run(city, capsys, "show", tie, "--reason", "documents", "--json")
    assert (code, json.loads(shown)["typed_name"]) == (0, other.holder.name)
    assert run(city, capsys, "review", tie, "accept", "--reason", "birth certificate on paper")[0] == 0
    code, said = run(city, capsys, "review", tie, "refuse", "--reason", "again")
    assert (code, "tie_not_waiting" in said) == (1, True)
    assert run(city, capsys, "remove", tie, "--reason", "court")[0] == 0
    with city.services.database.read() as connection:
        assert household.find(connection, tie).reason == "court_removal"
    assert "none" in run(city, capsys, "list")[1]
    assert tie in run(city, capsys, "list", "--state", "ended")[1]


def test_a_death_ends_ties(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    helper, elder = adults(city)[:2]
    ask(city.phone(helper), "helper", elder)
    assert run(city, capsys, "died", elder.holder.id) == (0, "1 ties have ended.\n")
    assert run(city, capsys, "died", "nobody")[0] == 1
