"""Commands for posters and accounts: what they print, and what they refuse."""

import csv
import json
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from adapters import cli
from codeservice.city import city_day
from codeservice.location import Location
from codeservice.poster import read_poster
from codeservice.store import client, poster, ticket
from codeservice.visit import Sold
from tests.conftest import City
from tests.environment import environment_of
from tests.phone import decision
from tests.policies import put_in_force

Scenes = Callable[..., tuple[int, Any]]


@pytest.fixture
def scenes(city: City, capsys: pytest.CaptureFixture[str]) -> Scenes:
    """Run a command for scenes with --json on the test's city; returns exit code and data."""
    environment = environment_of(city.services.settings)

    def run(*arguments: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = cli.main([*arguments, "--json"], environment, city.clock)
        said = capsys.readouterr()
        return code, json.loads(said.out) if said.out else said.err

    return run


def test_the_account_of_a_day_balances_and_is_a_file_for_spreadsheets(
    city: City, scenes: Scenes, tmp_path: Path
) -> None:
    phone, day = city.phone(), city_day(city.clock.now)
    assert phone.call("POST", "/tickets", {"place": "lake-park", "day": day, "people": 3}).status_code == 201
    assert decision(city.terminal("gate-1").scan(phone.show(city.clock.now))) == ("accepted", None)
    file = tmp_path / "day.csv"
    code, said = scenes("visits", "statement", "lake-park", "--day", day, "--out", str(file))
    assert (code, said["balances"], said["booked"]) == (0, True, 3)
    sold = sum(row["cents"] for row in said["rows"] if row["kind"] == "ticket")
    assert said["net_cents"] == sold > 0
    assert sum(row["people"] for row in said["rows"] if row["kind"] == "entered") == 3
    rows = list(csv.reader(file.read_text().splitlines()))
    assert rows[:2] == [["place", "lake-park", "day", day], ["kind", "code", "people", "fen"]]


def test_an_account_that_does_not_balance_says_so(city: City, scenes: Scenes) -> None:
    day, now = city_day(city.clock.now), city.clock.now
    sale = [Sold("standard", 2, 12_000)]
    city.services.database.transact(
        lambda connection: ticket.record_sales(
            connection, "lake-park", sale, kind="ticket", day=day, visit=day, now=now
        )
    )
    assert scenes("visits", "statement", "lake-park", "--day", day)[1]["balances"] is False


def test_a_cell_that_a_spreadsheet_would_take_for_a_formula_is_escaped(
    city: City, scenes: Scenes, tmp_path: Path
) -> None:
    day, now, file = city_day(city.clock.now), city.clock.now, tmp_path / "day.csv"
    sale = [Sold("=1+1", 1, 0)]
    city.services.database.transact(
        lambda connection: ticket.record_sales(
            connection, "lake-park", sale, kind="ticket", day=day, visit=day, now=now
        )
    )
    scenes("visits", "statement", "lake-park", "--day", day, "--out", str(file))
    assert "'=1+1" in file.read_text()


@pytest.mark.parametrize("ending", ["svg", "png", "txt"])
def test_a_poster_is_drawn_and_every_print_is_a_new_generation(
    city: City, scenes: Scenes, tmp_path: Path, ending: str
) -> None:
    until, file = city_day(city.clock.now + 24 * 3600), tmp_path / f"poster.{ending}"
    made = [scenes("posters", "make", "lake-park", "--until", until, "--out", str(file))[1] for _ in range(2)]
    assert [entry["generation"] for entry in made] == [1, 2]
    assert file.stat().st_size > 500


def test_a_poster_of_no_place_for_ever_or_in_no_known_form_is_refused(
    city: City, scenes: Scenes, tmp_path: Path
) -> None:
    until = city_day(city.clock.now + 24 * 3600)
    out = ("--out", str(tmp_path / "poster.svg"))
    assert scenes("posters", "make", "nowhere", "--until", until, *out)[0] != 0
    assert scenes("posters", "make", "lake-park", "--until", "2099-01-01", *out)[0] != 0
    assert scenes("posters", "make", "lake-park", "--until", "2020-01-01", *out)[0] != 0
    assert scenes("posters", "make", "lake-park", "--until", until, "--out", str(tmp_path / "poster.pdf"))[0] != 0
    with city.services.database.read() as connection:
        assert client.capacity(connection, "lake-park") == 500


HERE = ("--location", "31.23042,121.4737", "--radius", "200")
LOCATION = Location(3123042, 12147370, 200)


def test_a_place_says_where_it_is_and_may_say_so_anew(city: City, scenes: Scenes) -> None:
    def located() -> Any:
        return next(entry for entry in scenes("places", "list")[1] if entry["id"] == "reading-room")["location"]

    add = ("places", "add", "reading-room", "--partner", "city-bus", "--scene", "venue", "--name", "阅览室")
    assert scenes(*add, *HERE[:2])[0] == 1
    assert scenes(*add, *HERE[2:])[0] == 1
    assert scenes(*add, *HERE)[0] == 0
    assert located() == asdict(LOCATION)
    assert scenes("places", "locate", "reading-room", "--location=-33.85678,151.215296", "--radius", "20")[0] == 0
    assert located() == {"latitude": -3385678, "longitude": 15121530, "radius": 20}
    code, said = scenes("places", "locate", "nowhere", *HERE)
    assert (code, "place_not_found" in said) == (1, True)
    with city.services.database.read() as connection:
        assert client.location(connection, "lake-park") is None


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(("--location", "31.2", "--radius", "200"), id="one number"),
        pytest.param(("--location", "31.2,121.4,5", "--radius", "200"), id="three"),
        pytest.param(("--location", "31°13'N,121°28'E", "--radius", "200"), id="minutes"),
        pytest.param(("--location", "nan,121.4", "--radius", "200"), id="no number"),
        pytest.param(("--location", "121.4,31.2", "--radius", "200"), id="the other way round"),
        pytest.param(("--location", "31.2,180.00001", "--radius", "200"), id="past the date line"),
        pytest.param(("--location", "31.2,121.4", "--radius", "19"), id="smaller than a phone can tell"),
        pytest.param(("--location", "31.2,121.4", "--radius", "2001"), id="a district"),
        pytest.param(("--location", "31.2,121.4"), id="no radius"),
    ],
)
def test_a_location_that_is_none_is_refused_with_words(
    scenes: Scenes, capsys: pytest.CaptureFixture[str], wrong: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as refused:
        scenes("places", "locate", "lake-park", *wrong)
    assert refused.value.code == 2
    assert re.search("latitude|radius", capsys.readouterr().err)


def test_a_poster_carries_the_location_that_its_policy_asks_for_and_is_not_made_without_one(
    city: City, scenes: Scenes, tmp_path: Path
) -> None:
    out, until = tmp_path / "poster.txt", city_day(city.clock.now + 24 * 3600)
    make = ("posters", "make", "gate", "--until", until, "--out", str(out))

    def carried() -> Location | None:
        assert scenes(*make)[0] == 0
        text = out.read_text().split()[-1]
        return read_poster(text, trust_list=city.services.trust_list(), now=city.clock.now).location

    gate = ("--partner", "city-bus", "--scene", "venue", "--name", "小区门", "--policy", "venue")
    assert scenes("places", "add", "gate", *gate)[0] == 0
    put_in_force(city, "venue", {"posters": "printed"})
    assert carried() is None
    put_in_force(city, "venue", {"posters": "printed", "confirm_here": True})
    code, said = scenes(*make)
    assert code == 1
    assert "places locate" in said
    with city.services.database.read() as connection:
        assert poster.generation(connection, "gate") == 1, "the prints on the walls are not dead"
    assert scenes("places", "locate", "gate", *HERE)[0] == 0
    assert carried() == LOCATION
    put_in_force(city, "venue", {"posters": "printed"})
    assert carried() is None
