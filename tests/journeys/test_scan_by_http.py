"""From sign-in to a scan at every door, by HTTP, on SQLite and on PostgreSQL."""

import pytest

from tests.conftest import City

TERMINALS = {"bus": "bus-1", "hospital": "clinic-1", "pharmacy": "till-east", "government": "queue-1"}


@pytest.mark.parametrize("scene", TERMINALS)
def test_a_code_is_accepted_at_every_scene(any_city: City, scene: str) -> None:
    """A citizen's fresh code is accepted at a terminal of each scene."""
    phone, terminal = any_city.phone(), any_city.terminal(TERMINALS[scene])
    answer = terminal.scan(phone.show(any_city.clock.now)).get_json()
    assert answer["decision"] == "accepted", answer
