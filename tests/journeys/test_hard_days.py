"""What goes wrong on a hard day: floods, restarts, clocks that jump, keys that everybody knows."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from adapters.gateway import door as gateway
from codeservice.app import create_app, open_services, require_no_published_keys
from codeservice.rate import TERMINAL_RATE
from codeservice.settings import SettingsError
from tests.conftest import City
from tests.makers import make_list
from tests.phone import Terminal
from wallet.views import door as wallet


def test_a_terminal_that_floods_is_told_to_wait_and_others_are_served(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bad signatures cost little, and one terminal cannot spend everybody's time."""
    phone, wild, calm = city.phone(), city.terminal("bus-1"), city.terminal("bus-2")
    # In one breath, however long a machine takes to draw it.
    monkeypatch.setattr("codeservice.web.bearer.time", SimpleNamespace(monotonic=lambda: 1000.0))
    answers = [wild.scan("91" + "0" * 17) for _ in range(TERMINAL_RATE.burst + 1)]
    refused = answers.pop()
    assert {answer.status_code for answer in answers} == {200}
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1  # type: ignore[attr-defined]
    assert calm.scan(phone.show(city.clock.now)).get_json()["decision"] == "accepted"


def test_a_used_code_stays_used_after_a_restart(any_city: City) -> None:
    phone, bus = any_city.phone(), any_city.terminal("bus-1")
    code = phone.show(any_city.clock.now)
    assert bus.scan(code).get_json()["decision"] == "accepted"
    services = open_services(any_city.services.settings, any_city.clock)
    again = Terminal(create_app(services, (gateway, wallet)).test_client(), "bus-1")
    again.token, again.scene = bus.token, bus.scene
    assert again.scan(code).get_json()["reason"] == "replayed"
    services.database.close()


def test_a_used_code_stays_used_when_the_verifiers_clock_jumps_back(city: City) -> None:
    phone, bus = city.phone(), city.terminal("bus-1")
    city.clock.now += 600
    code = phone.show(city.clock.now)
    bus.authenticate(city.clock.now)
    assert bus.scan(code).get_json()["decision"] == "accepted"
    city.clock.now -= 20
    assert bus.scan(code).get_json()["reason"] == "replayed"


def test_clinic_and_pharmacy_ask_for_the_face_after_acceptance_and_a_bus_does_not(city: City) -> None:
    """A screen cannot stop a live relay; a person can."""
    phone = city.phone()
    wanted = {"clinic-1": True, "till-east": True, "bus-1": False}
    for number, (terminal, check) in enumerate(wanted.items()):
        answer = city.terminal(terminal).scan(phone.show(city.clock.now + number)).get_json()
        assert answer["holder_check_required"] is check


def test_a_refused_code_asks_for_no_face(city: City) -> None:
    assert city.terminal("clinic-1").scan("nonsense").get_json()["holder_check_required"] is False


def test_a_published_test_key_in_the_trust_list_stops_the_start(city: City) -> None:
    require_no_published_keys(city.services)
    with pytest.raises(SettingsError, match="published test key"):
        require_no_published_keys(replace(city.services, trust_list=make_list))


@pytest.mark.parametrize(
    "text", ["' OR 1=1--", "../../etc/passwd", "{{7*7}}", "%s%n", "javascript:alert(1)", "https://evil.example/91", "1"]
)
def test_hostile_text_is_malformed_and_leaves_no_trace_of_itself(city: City, text: str) -> None:
    answer = city.terminal("bus-1").scan(text)
    assert (answer.status_code, answer.get_json()["reason"]) == (200, "malformed")
    assert text not in str(answer.get_json()) or text == "1"
