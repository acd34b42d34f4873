"""What the command lines of the operators share: levels of commands, and how one is run and answers.

A command gets its options and returns a Result, or None when it has said everything itself. 0 is done, 1 refused,
2 wrong usage.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

from codeservice import commands
from codeservice.app import wall_clock
from codeservice.city import midnight
from codeservice.errors import ServiceError
from codeservice.settings import SettingsError
from keys.errors import KeysError


class Commands:
    """A level of commands; a leaf runs, a group holds another level."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def leaf(self, name: str, run: Callable[[argparse.Namespace], object], text: str) -> argparse.ArgumentParser:
        """Add a command that runs."""
        made = self._commands.add_parser(name, help=text, description=text)
        made.add_argument("--json", action="store_true", help="machine-readable output")
        made.set_defaults(run=run)
        return made

    def group(self, name: str, text: str) -> "Commands":
        """Add a level below."""
        return Commands(self._commands.add_parser(name, help=text, description=text))


def new_parser(prog: str, description: str) -> argparse.ArgumentParser:
    """Begin a command line of a city on this machine."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    data = "data folder of a city on one machine (default var)"
    parser.add_argument("--data", type=Path, default=Path("var"), help=data)
    return parser


def run(
    parser: argparse.ArgumentParser,
    arguments: Sequence[str] | None,
    environment: Mapping[str, str] | None = None,
    clock: Callable[[], int] = wall_clock,
) -> int:
    """Run one command and return its exit code; `clock` gives epoch seconds."""
    options = parser.parse_args(arguments)
    options.environment = os.environ if environment is None else environment
    options.clock = clock
    options.opened = []
    try:
        result = options.run(options)
    except (ServiceError, SettingsError, KeysError, commands.CommandError) as error:
        print(
            f"{'refused' if isinstance(error, ServiceError) else 'error'}: {commands.explain(error)}", file=sys.stderr
        )
        return 1
    finally:
        for database in options.opened:
            database.close()
    if result is not None:
        if options.json:
            print(json.dumps(result.data, ensure_ascii=False))
        else:
            print("\n".join(result.lines))
        return 0 if result.good else 1
    return 0


def day(text: str) -> int:
    """Read a day of the city as the moment at which it begins; for argparse."""
    try:
        return midnight(date.fromisoformat(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError("must be a day, as 2026-01-31") from error
