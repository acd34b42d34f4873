"""What every scene promises to terminals: what they send is what the service reads."""

import msgspec
import pytest

from adapters import ADAPTERS


@pytest.mark.parametrize("scene", sorted(ADAPTERS))
def test_a_body_that_leaves_out_everything_is_read_as_it_was_written(scene: str) -> None:
    """A terminal writes every field, also those with nothing in them."""
    schema = ADAPTERS[scene].body
    body = schema(code="x")
    assert msgspec.json.decode(msgspec.json.encode(body), type=schema) == body
