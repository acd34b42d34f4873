"""Emergency accesses are reviewed by a second person, once, and the holder is told."""

from typing import Any

import pytest

from tests.clinic import back_end
from tests.conftest import City


@pytest.fixture
def emergency(city: City) -> str:
    citizen = city.citizen()
    body = {
        "reason": "unconscious",
        "statement": "车祸，无意识",
        "operator": "dr-3",
        "typed": {"document": "id_number", "number": citizen.holder.id_number.text},
    }
    return str(back_end(city).call("POST", "/api/v1/emergency-accesses", body).get_json()["id"])


def review(operate: Any, emergency: str, reviewer: str) -> tuple[int, Any]:
    words = ("--reviewer", reviewer, "--verdict", "unjustified", "--note", "无急救记录")
    found: tuple[int, Any] = operate("emergencies", "review", emergency, *words)
    return found


def test_the_queue_is_late_after_a_day(city: City, operate: Any, emergency: str) -> None:
    code, data = operate("emergencies", "list")
    assert (code, [entry["id"] for entry in data["waiting"]], data["late"]) == (0, [emergency], 0)
    city.clock.now += 24 * 3600
    assert operate("emergencies", "list")[0] == 1


def test_the_reviewer_reads_the_clinicians_words(operate: Any, emergency: str) -> None:
    assert operate("emergencies", "show", emergency, "--reviewer", "officer-2")[1]["statement"] == "车祸，无意识"
    assert operate("emergencies", "show", "0" * 32, "--reviewer", "officer-2")[0] == 1


def test_a_second_person_reviews_once_and_the_holder_is_told(city: City, operate: Any, emergency: str) -> None:
    assert review(operate, emergency, "dr-3")[0] == 1, "nobody reviews themselves"
    assert review(operate, emergency, "officer-2")[0] == 0
    assert review(operate, emergency, "officer-4")[0] == 1
    assert operate("emergencies", "list")[1]["waiting"] == []
    kinds = [entry["kind"] for entry in city.phone().call("GET", "/notices").get_json()["notices"]]
    assert kinds[:2] == ["emergency_reviewed", "emergency_access"]
