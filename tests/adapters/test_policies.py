"""Policies as data: what a file may say, which version decides, and how it gets there."""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import ADAPTERS, cli
from adapters.policies import choose, opened, read_draft, standard
from codeservice.errors import UnavailableError
from codeservice.policy import MAX_DOCUMENT, PolicyError, PolicyVersion, read_document
from codeservice.reason import Words
from codeservice.scan import Outcome
from tests.conftest import City
from tests.environment import environment_of
from tests.phone import Phone, Terminal, decision

Scenes = Callable[..., tuple[int, Any]]


def a_file(scene: str = "bus", name: str = "night-bus", **policy: object) -> dict[str, Any]:
    return {
        "name": name,
        "scene": scene,
        "title": {"zh": "夜班车", "en": "Night bus"},
        "policy": {"kinds": ["device"]} | policy,
    }


def written(**changes: object) -> bytes:
    return json.dumps(a_file() | changes).encode()


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


def put_in_force(scenes: Scenes, folder: Path, **policy: object) -> int:
    """Add, try and publish a policy of the bus; returns its version."""
    standard_file = scenes("policies", "standard", "bus")[1]
    standard_file["policy"] |= policy
    path = folder / "policy.json"
    path.write_text(json.dumps(standard_file))
    code, added = scenes("policies", "add", str(path))
    assert code == 0
    name, version = added["name"], str(added["version"])
    assert scenes("policies", "try", name, version, "--since", "2026-01-01")[0] == 0
    assert scenes("policies", "publish", name, version, "--reason", "test")[0] == 0
    return int(version)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        pytest.param(b"", "Expecting value", id="nothing"),
        pytest.param(b"[]", "object", id="a list"),
        pytest.param(b'{"name": "x", "name": "y"}', "twice", id="a name twice"),
        pytest.param(written(scene="moon"), "scene", id="no such scene"),
        pytest.param(written(name="Night Bus"), "name", id="a name with capitals"),
        pytest.param(written(title={"zh": "夜班车"}), "en", id="one language"),
        pytest.param(written(policy={"kinds": ["device"], "fare": 1}), "fare", id="a field that no schema has"),
        pytest.param(written(policy={"kinds": ["any"]}), "any", id="no such kind"),
        pytest.param(written(policy={"kinds": ["paper"]}), "document", id="paper without a document"),
        pytest.param(written(policy={"kinds": ["typed"]}), "document", id="a typed number without a document"),
        pytest.param(written(policy={"late": 121}), "120", id="a window that no policy may have"),
        pytest.param(written(policy={"discloses": {"name": "full"}}), "nothing", id="a name on a bus"),
        pytest.param(b" " * (MAX_DOCUMENT + 1), str(MAX_DOCUMENT), id="too large"),
    ],
)
def test_a_bad_file_is_refused_and_says_where(data: bytes, named: str) -> None:
    with pytest.raises(PolicyError, match=named):
        read_draft(data)


@given(st.binary(max_size=200) | st.dictionaries(st.text(), st.text()).map(lambda value: json.dumps(value).encode()))
def test_whatever_a_file_holds_it_is_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(PolicyError):
        read_draft(data)


@pytest.mark.parametrize("scene", ADAPTERS)
def test_the_standard_of_every_scene_is_a_good_file(scene: str) -> None:
    version = standard(scene).version
    file = {"name": version.name, "scene": scene, "title": vars(version.title), "policy": json.loads(version.document)}
    assert read_draft(json.dumps(file).encode()).document == version.document
    assert read_document(version.document, ADAPTERS[scene].policy) == ADAPTERS[scene].default
    assert standard(scene).checks.scene is ADAPTERS[scene].scene


@pytest.mark.parametrize("scene", ADAPTERS)
def test_a_policy_that_says_nothing_accepts_nothing(scene: str) -> None:
    document = read_document(b"{}", ADAPTERS[scene].policy)
    checks = document.checks(ADAPTERS[scene].scene)
    assert (checks.kinds, checks.with_document, checks.discloses, checks.offline) == (
        frozenset(),
        frozenset(),
        {},
        None,
    )


@pytest.mark.parametrize(
    "version",
    [
        None,
        PolicyVersion("night-bus", 1, "hospital", Words("x", "x"), b"{}"),
        PolicyVersion("night-bus", 1, "bus", Words("x", "x"), b'{"later": 1}'),
    ],
    ids=["none in force", "of another scene", "of a later program"],
)
def test_a_place_whose_policy_nobody_can_read_decides_nothing(version: PolicyVersion | None) -> None:
    with pytest.raises(UnavailableError):
        choose("bus", "night-bus", version)


def test_the_same_version_is_opened_once() -> None:
    version = standard("bus").version
    assert opened(version) is opened(version)


def test_a_published_version_decides_from_the_next_scan_on_and_is_named_in_the_record(
    city: City, scenes: Scenes, tmp_path: Path
) -> None:
    bus, phone = city.terminal("bus-1"), city.phone()
    assert show(city, bus, phone) == (Outcome.ACCEPTED, None)
    version = put_in_force(scenes, tmp_path, kinds=[])
    city.services.policies.forget()
    assert show(city, bus, phone) == (Outcome.REFUSED, "second_factor_required")
    assert scenes("policies", "history", "bus")[1][0]["version"] == version


def test_rolling_back_is_one_more_switch_to_what_was_before(city: City, scenes: Scenes, tmp_path: Path) -> None:
    bus, phone = city.terminal("bus-1"), city.phone()
    first = put_in_force(scenes, tmp_path, late=50)
    city.clock.now += 1
    second = put_in_force(scenes, tmp_path, kinds=[])
    city.clock.now += 1
    code, said = scenes("policies", "roll-back", "bus", "--reason", "nobody could ride")
    assert (code, said["version"]) == (0, first)
    city.services.policies.forget()
    assert show(city, bus, phone) == (Outcome.ACCEPTED, None)
    assert [entry["version"] for entry in scenes("policies", "history", "bus")[1]] == [first, second, first]


def test_there_is_nothing_before_the_first(city: City, scenes: Scenes, tmp_path: Path) -> None:
    assert scenes("policies", "roll-back", "bus", "--reason", "x")[0] == 1
    put_in_force(scenes, tmp_path)
    assert scenes("policies", "roll-back", "bus", "--reason", "x")[0] == 1


def test_what_was_never_tried_is_not_put_in_force(scenes: Scenes, tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(a_file()))
    version = str(scenes("policies", "add", str(path))[1]["version"])
    code, said = scenes("policies", "publish", "night-bus", version, "--reason", "x")
    assert code == 1
    assert "policy_not_tried" in said


def test_a_version_that_begins_tomorrow_decides_tomorrow(city: City, scenes: Scenes, tmp_path: Path) -> None:
    version = put_in_force(scenes, tmp_path)
    assert scenes("policies", "publish", "bus", str(version), "--begins", "2027-01-20", "--reason", "later")[0] == 0
    assert scenes("policies", "publish", "bus", str(version), "--begins", "2026-01-20", "--reason", "late")[0] == 1


def test_adding_the_same_file_again_makes_no_version(scenes: Scenes, tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(a_file()))
    assert [scenes("policies", "add", str(path))[1]["version"] for _ in range(2)] == [1, 1]
    path.write_text(json.dumps(a_file(late=40)))
    assert scenes("policies", "add", str(path))[1]["version"] == 2
    path.write_text(json.dumps(a_file(scene="hospital")))
    assert scenes("policies", "add", str(path))[0] == 1


def test_a_trial_on_recorded_scans_says_how_many_would_have_gone_otherwise_and_changes_nothing(
    city: City, scenes: Scenes, tmp_path: Path
) -> None:
    bus, phone = city.terminal("bus-1"), city.phone()
    for _ in range(3):
        city.clock.now += 60
        assert show(city, bus, phone) == (Outcome.ACCEPTED, None)
    same = put_in_force(scenes, tmp_path, late=55)
    assert trial(scenes, same)["differing"] == 0
    assert trial(scenes, same)["scans"] == 3
    path = tmp_path / "closed.json"
    path.write_text(json.dumps(a_file(name="bus", kinds=["served"])))
    closed = scenes("policies", "add", str(path))[1]["version"]
    found = trial(scenes, closed)
    assert found["changes"] == [{"before": "accepted", "after": "second_factor_required", "scans": 3}]
    city.clock.now += 60
    assert show(city, bus, phone) == (Outcome.ACCEPTED, None)


def test_a_new_place_goes_by_its_own_policy(city: City, scenes: Scenes, tmp_path: Path) -> None:
    add = ("places", "add", "night-line", "--partner", "city-bus", "--scene", "bus", "--name", "夜班线")
    assert scenes(*add, "--policy", "night-bus")[0] == 0
    assert {"id": "night-line", "policy": "night-bus"}.items() <= scenes("places", "list")[1][1].items()
    assert scenes(*add)[0] == 1
    unknown = ("places", "add", "x", "--partner", "nobody", "--scene", "bus", "--name", "x")
    assert scenes(*unknown)[0] == 1
    assert scenes(*unknown, "--partner-name", "Somebody")[0] == 0


def trial(scenes: Scenes, version: int) -> Any:
    code, found = scenes("policies", "try", "bus", str(version), "--since", "2026-01-01")
    assert code == 0
    return found


def show(city: City, terminal: Terminal, phone: Phone) -> tuple[str, str | None]:
    city.clock.now += 1
    assert terminal.authenticate(city.clock.now).status_code == 200
    return decision(terminal.scan(phone.show(city.clock.now)))
