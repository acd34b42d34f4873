"""A scene that asks for the health status: online and without network alike, and only while an emergency lasts."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from adapters import ADAPTERS
from adapters.terminal.opening import open_terminal
from adapters.terminal.runtime import Terminal as Validator
from codeservice.policy import PolicyError, write_document
from codeservice.publishing import publish_snapshot
from tests.conftest import City
from tests.officers import Emergency, begin
from tests.phone import decision
from tests.policies import put_in_force
from tests.terminals import FakeMachine, Wire, enrol_terminal

ASKING = json.loads(write_document(ADAPTERS["bus"].default)) | {"health": ["none", "green"]}


@pytest.fixture
def emergency(city: City) -> Emergency:
    """A city whose buses ask, and a rule that allows it."""
    put_in_force(city, "bus", ASKING)
    found = begin(city, rule=False)
    found.decide("health_rule", found.rule(scenes=["bus", "hospital"]))
    return found


@pytest.fixture
def validator(city: City, tmp_path: Path) -> Iterator[Callable[[], Validator]]:
    """A validator that has made contact and then loses its network."""
    with ExitStack() as running:

        def lonely() -> Validator:
            publish_snapshot(city.services)
            wire = Wire(city.app, city.clock)
            folder = enrol_terminal(city, wire, tmp_path / "bus-2", "bus-2")
            opened = running.enter_context(
                open_terminal(folder, machine=FakeMachine(city.clock), connect=wire.connect, has_battery=True)
            )
            opened.sync.step()
            wire.cut = True
            return opened

        yield lonely


def test_who_has_a_status_that_is_not_let_in_is_refused_online_and_offline(
    city: City, emergency: Emergency, validator: Callable[[], Validator]
) -> None:
    terminal, phone = city.terminal("bus-1"), city.phone(scene="bus", count=4)
    assert decision(terminal.scan(phone.show(city.clock.now))) == ("accepted", None)
    emergency.send(emergency.evidence(city.citizen()))
    phone.fetch(city.clock.now, "bus", 4)
    assert decision(terminal.scan(phone.show(city.clock.now, 1))) == ("refused", "not_entitled")
    answer = validator().scan(phone.show(city.clock.now, 2))
    assert (answer.decision.value, answer.reason) == ("refused", "not_entitled")
    city.clock.now += 60
    emergency.send(emergency.evidence(city.citizen(), "test_negative"))
    phone.fetch(city.clock.now, "bus", 4)
    assert decision(terminal.scan(phone.show(city.clock.now, 3))) == ("accepted", None)


def test_a_code_for_everywhere_hides_no_status(
    city: City, emergency: Emergency, validator: Callable[[], Validator]
) -> None:
    emergency.send(emergency.evidence(city.citizen()))
    phone = city.phone(scene="all", count=2)
    assert decision(city.terminal("bus-1").scan(phone.show(city.clock.now))) == ("refused", "wrong_scene")
    answer = validator().scan(phone.show(city.clock.now, 1))
    assert (answer.decision.value, answer.reason) == ("refused", "wrong_scene")


def test_without_a_rule_that_allows_it_nothing_is_asked(city: City, validator: Callable[[], Validator]) -> None:
    """The policy may say what it likes: buses read no status when no rule names them."""
    put_in_force(city, "bus", ASKING)
    emergency = begin(city)
    emergency.send(emergency.evidence(city.citizen()))
    phone = city.phone(scene="all", count=2)
    assert decision(city.terminal("bus-1").scan(phone.show(city.clock.now))) == ("accepted", None)
    assert validator().scan(phone.show(city.clock.now, 1)).decision.value == "accepted"


def test_the_switch_goes_off_with_the_emergency(city: City, emergency: Emergency) -> None:
    terminal = city.terminal("bus-1")
    emergency.send(emergency.evidence(city.citizen()))
    phone = city.phone(scene="bus", count=2)
    assert decision(terminal.scan(phone.show(city.clock.now))) == ("refused", "not_entitled")
    emergency.decide("health_sunset", {"purge_after_days": 30})
    phone = city.phone(scene="all", count=2)
    assert decision(terminal.scan(phone.show(city.clock.now))) == ("accepted", None)


def test_a_policy_that_lets_nobody_in_is_refused(city: City) -> None:
    with pytest.raises(PolicyError, match="health"):
        put_in_force(city, "bus", ASKING | {"health": []})
