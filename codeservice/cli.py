"""`python -m codeservice`: the operators' commands. Each has --help and --json; 0 is done, 1 refused, 2 wrong usage."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from codeservice import commands
from codeservice.app import wall_clock
from codeservice.code import MAX_INDEX
from codeservice.errors import ServiceError
from codeservice.settings import SettingsError
from keys.errors import KeysError


def main(
    arguments: Sequence[str] | None = None,
    environment: Mapping[str, str] | None = None,
    clock: Callable[[], int] = wall_clock,
) -> int:
    """Run one command and return its exit code; `clock` gives epoch seconds."""
    options = _parser().parse_args(arguments)
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


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text)
        if not lowest <= number <= highest:
            raise argparse.ArgumentTypeError(f"must lie between {lowest} and {highest}")
        return number

    read.__name__ = "whole number"
    return read


class _Commands:
    """A level of commands; a leaf runs, a group holds another level."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def leaf(self, name: str, run: Callable[[argparse.Namespace], object], text: str) -> argparse.ArgumentParser:
        """Add a command that runs."""
        made = self._commands.add_parser(name, help=text, description=text)
        made.add_argument("--json", action="store_true", help="machine-readable output")
        made.set_defaults(run=run)
        return made

    def group(self, name: str, text: str) -> "_Commands":
        """Add a level below."""
        return _Commands(self._commands.add_parser(name, help=text, description=text))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m codeservice", description="The city code service.")
    data = "data folder of a city on one machine (default var)"
    parser.add_argument("--data", type=Path, default=Path("var"), help=data)
    top = _Commands(parser)
    _add_city(top)
    _add_people(top)
    _add_terminals(top)
    _add_keys(top)
    return parser


def _add_city(top: _Commands) -> None:
    run = top.leaf("run", commands.run, "run a whole city on this machine until Ctrl-C")
    run.add_argument("--port", type=_whole(1, 65535), default=8000, help="port on 127.0.0.1 (default 8000)")
    run.add_argument("--origin", help="address by which browsers reach the service, if not http://127.0.0.1:PORT")
    run.add_argument("--workers", type=_whole(1, 64), default=2, help="gunicorn workers (default 2)")
    top.leaf("migrate", commands.migrate, "bring the database to the newest schema")
    top.leaf("keep", commands.keep, "seal the audit log, fill Redis, delete what has had its time; until stopped")
    demo = top.leaf("demo", commands.make_demo, "make a demo city in an empty database")
    for entry in (run, demo):
        entry.add_argument(
            "--people", type=_whole(1, 100_000_000), default=1000, help="people of a new demo city (default 1000)"
        )
        entry.add_argument("--seed", type=int, default=20260101, help="the same seed makes the same city")
    show = top.leaf("demo-code", commands.demo_code, "play the phone of a demo person and print a code of this moment")
    show.add_argument("phone", help="phone number of a demo person")
    show.add_argument("--scene", default="all", help="scene of the code (default all)")


def _add_people(top: _Commands) -> None:
    people = top.group("people", "find people")
    entry = people.leaf("list", commands.people_list, "list people, masked")
    entry.add_argument("--limit", type=_whole(1, 1000), default=20, help="how many (default 20, at most 1000)")
    entry.add_argument("--after", default="", help="identifier to go on after")
    entry = people.leaf("show", commands.people_show, "show one person with cards, devices and live grants, masked")
    entry.add_argument("person", help="identifier")
    entry = people.leaf("find", commands.people_find, "find the person with the ID number on standard input")
    entry.add_argument("--reason", required=True, help="why; goes into the audit log")

    cards = top.group("cards", "cards and licences")
    entry = cards.leaf("list", commands.cards_list, "list the cards of a person")
    entry.add_argument("person", help="identifier")
    entry = cards.leaf("state", commands.cards_state, "change the state of a card and revoke the holder's grants")
    entry.add_argument("card", help="identifier")
    entry.add_argument("state", choices=commands.CARD_STATES, help="new state")
    entry.add_argument("--reason", required=True, help="why; goes into the audit log")

    revoke = top.leaf("revoke", commands.revoke, "revoke grants, for ever and at once")
    which = revoke.add_mutually_exclusive_group(required=True)
    which.add_argument("--grant", nargs=2, type=_whole(0, MAX_INDEX - 1), metavar=("LIST", "IDX"), help="one grant")
    which.add_argument("--person", help="every live grant of a person")
    which.add_argument("--device", help="every live grant of a device")
    revoke.add_argument("--cause", required=True, help="why; goes into the record")


def _add_terminals(top: _Commands) -> None:
    terminals = top.group("terminals", "terminals and back ends")
    terminals.leaf("list", commands.terminals_list, "list them")
    entry = terminals.leaf("add", commands.terminals_add, "add a terminal to a place")
    entry.add_argument("terminal", help="new identifier: letters, digits and dashes")
    entry.add_argument("--place", required=True, help="identifier of the place")
    entry.add_argument("--name", required=True, help="name for people")
    for name, run, text in (
        ("enrol", commands.terminals_enrol, "make a one-time enrolment code, good for ten minutes"),
        ("suspend", commands.terminals_suspend, "refuse everything from it, at once"),
        ("resume", commands.terminals_resume, "let it act again"),
    ):
        entry = terminals.leaf(name, run, text)
        entry.add_argument("terminal", help="identifier")
    enrol = top.leaf("enrol-back-end", commands.enrol_back_end, "make a key for a back end and enrol it")
    token = top.leaf("assertion", commands.assertion, "sign a client assertion (RFC 7523), for trying the partner API")
    for entry, text in ((enrol, "PEM file to write"), (token, "PEM file of its private key")):
        entry.add_argument("client", help="identifier of the back end")
        entry.add_argument("--key", type=Path, required=True, help=text)


def _add_keys(top: _Commands) -> None:
    keys = top.group("keys", "keys (the ceremony itself is `python -m keys`)")
    keys.leaf("list", commands.keys_list, "list the keys of the trust list in force")
    audit = top.group("audit", "the audit log")
    audit.leaf("check", commands.audit_check, "rebuild the tree and compare it with every signed checkpoint")
