"""`python -m codeservice`: the operators' commands. Each has --help and --json; 0 is done, 1 refused, 2 wrong usage."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from codeservice import commands
from codeservice.errors import ServiceError
from codeservice.settings import SettingsError
from keys.errors import KeysError


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    options.environment = os.environ if environment is None else environment
    try:
        result = options.run(options)
    except (ServiceError, SettingsError, KeysError, commands.CommandError) as error:
        print(
            f"{'refused' if isinstance(error, ServiceError) else 'error'}: {commands.explain(error)}", file=sys.stderr
        )
        return 1
    if result is not None:
        if options.json:
            print(json.dumps(result.data, ensure_ascii=False))
        else:
            print("\n".join(result.lines))
        return 0 if result.good else 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m codeservice", description="The city code service.")
    parser.add_argument(
        "--data", type=Path, default=Path("var"), help="data folder of a city on one machine (default var)"
    )
    groups = parser.add_subparsers(required=True, metavar="COMMAND")

    def leaf(parent: argparse._SubParsersAction, name: str, run: Callable, text: str) -> argparse.ArgumentParser:  # type: ignore[type-arg]
        made: argparse.ArgumentParser = parent.add_parser(name, help=text, description=text)
        made.add_argument("--json", action="store_true", help="machine-readable output")
        made.set_defaults(run=run)
        return made

    def group(name: str, text: str) -> argparse._SubParsersAction:  # type: ignore[type-arg]
        made = groups.add_parser(name, help=text, description=text)
        return made.add_subparsers(required=True, metavar="COMMAND")

    run = leaf(groups, "run", commands.run, "run a whole city on this machine until Ctrl-C")
    run.add_argument("--port", type=int, default=8000, help="port on 127.0.0.1 (default 8000)")
    run.add_argument("--origin", help="address by which browsers reach the service, if not http://127.0.0.1:PORT")
    run.add_argument("--workers", type=int, default=2, help="gunicorn workers (default 2)")
    run.add_argument("--people", type=int, default=1000, help="people of a new demo city (default 1000)")
    run.add_argument("--seed", type=int, default=20260101, help="seed of a new demo city")
    leaf(groups, "migrate", commands.migrate, "bring the database to the newest schema")
    leaf(groups, "keep", commands.keep, "seal the audit log, fill Redis, delete what has had its time; until stopped")
    demo = leaf(groups, "demo", commands.make_demo, "make a demo city in an empty database")
    demo.add_argument("--people", type=int, default=1000, help="how many people (default 1000)")
    demo.add_argument("--seed", type=int, default=20260101, help="the same seed makes the same city")
    show = leaf(
        groups, "demo-code", commands.demo_code, "act as the phone of a demo person and print a code of this moment"
    )
    show.add_argument("phone", help="phone number of a demo person")
    show.add_argument("--scene", default="all", help="scene of the code (default all)")

    people = group("people", "find people")
    entry = leaf(people, "list", commands.people_list, "list people, masked")
    entry.add_argument("--limit", type=int, default=20, help="how many (default 20)")
    entry.add_argument("--after", default="", help="identifier to go on after")
    entry = leaf(people, "show", commands.people_show, "show one person with cards, devices and live grants, masked")
    entry.add_argument("person", help="identifier")
    entry = leaf(
        people, "find", commands.people_find, "find the person with exactly this ID number (read from standard input)"
    )
    entry.add_argument("--reason", required=True, help="why; goes into the audit log")

    cards = group("cards", "cards and licences")
    entry = leaf(cards, "list", commands.cards_list, "list the cards of a person")
    entry.add_argument("person", help="identifier")
    entry = leaf(
        cards, "state", commands.cards_state, "change the state of a card; the holder's grants are revoked with it"
    )
    entry.add_argument("card", help="identifier")
    entry.add_argument("state", choices=commands.CARD_STATES, help="new state")
    entry.add_argument("--reason", required=True, help="why; goes into the audit log")

    terminals = group("terminals", "terminals and back ends")
    leaf(terminals, "list", commands.terminals_list, "list them")
    entry = leaf(terminals, "add", commands.terminals_add, "add a terminal to a place")
    entry.add_argument("terminal", help="new identifier: letters, digits and dashes")
    entry.add_argument("--place", required=True, help="identifier of the place")
    entry.add_argument("--name", required=True, help="name for people")
    for name, text in (
        ("enrol", "make a one-time enrolment code, good for ten minutes"),
        ("suspend", "refuse everything from it, at once"),
        ("resume", "let it act again"),
    ):
        entry = leaf(terminals, name, getattr(commands, f"terminals_{name}"), text)
        entry.add_argument("terminal", help="identifier")

    revoke = leaf(groups, "revoke", commands.revoke, "revoke grants, for ever and at once")
    which = revoke.add_mutually_exclusive_group(required=True)
    which.add_argument("--grant", nargs=2, type=int, metavar=("LIST", "IDX"), help="one grant")
    which.add_argument("--person", help="every live grant of a person")
    which.add_argument("--device", help="every live grant of a device")
    revoke.add_argument("--cause", required=True, help="why; goes into the record")

    key = group("keys", "keys (the ceremony itself is `python -m keys`)")
    leaf(key, "list", commands.keys_list, "list the keys of the trust list in force")
    audit = group("audit", "the audit log")
    leaf(audit, "check", commands.audit_check, "rebuild the tree and compare it with every signed checkpoint")

    token = leaf(
        groups,
        "assertion",
        commands.assertion,
        "sign a client assertion (RFC 7523) with a back end's key, for trying the API",
    )
    token.add_argument("client", help="identifier of the back end")
    token.add_argument("--key", type=Path, required=True, help="PEM file of its private key")
    enrol = leaf(groups, "enrol-back-end", commands.enrol_back_end, "make a key for a back end and enrol it")
    enrol.add_argument("client", help="identifier of the back end")
    enrol.add_argument("--key", type=Path, required=True, help="PEM file to write")
    leaf(groups, "openapi", commands.openapi, "print the OpenAPI document of the service itself")
    return parser


if __name__ == "__main__":
    sys.exit(main())
