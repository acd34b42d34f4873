"""Fixtures of the operators' commands."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from codeservice import cli
from tests.conftest import City
from tests.environment import environment_of

Operate = Callable[..., tuple[int, Any]]


@pytest.fixture
def operate(city: City, capsys: pytest.CaptureFixture[str]) -> Operate:
    """Run a command with --json on the test's city; returns exit code and data."""
    environment = environment_of(city.services.settings)

    def run(*arguments: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = cli.main([*arguments, "--json"], environment, city.clock)
        written = capsys.readouterr()
        return code, json.loads(written.out) if written.out else written.err

    return run
