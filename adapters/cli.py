"""`python -m adapters`: the operators' commands for scenes. Each has --help and --json."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from adapters import ADAPTERS, commands, poster_commands, statement_commands, visit_commands
from codeservice.app import wall_clock
from codeservice.argument import coordinates, whole
from codeservice.command_line import Commands, day, new_parser, run
from codeservice.dispute import DisputeState
from codeservice.location import MAX_RADIUS, MIN_RADIUS
from codeservice.scene import SCENES


def main(
    arguments: Sequence[str] | None = None,
    environment: Mapping[str, str] | None = None,
    clock: Callable[[], int] = wall_clock,
) -> int:
    """Run one command and return its exit code; `clock` gives epoch seconds."""
    return run(_parser(), arguments, environment, clock)


def _parser() -> argparse.ArgumentParser:
    parser = new_parser("python -m adapters", "Scenes of the city: their policies and places.")
    top = Commands(parser)
    _add_policies(top)
    _add_places(top)
    _add_posters(top)
    _add_statements(top)
    return parser


def _add_policies(top: Commands) -> None:
    policies = top.group("policies", "what kinds of places accept, charge and show, as data with versions")
    policies.leaf("list", commands.policies_list, "list all versions and which is in force")
    entry = policies.leaf("schema", commands.policies_schema, "print the JSON Schema of a scene's policies")
    entry.add_argument("scene", choices=sorted(ADAPTERS))
    entry = policies.leaf(
        "standard", commands.policies_standard, "print the policy file of a city that has put none in force"
    )
    entry.add_argument("scene", choices=sorted(ADAPTERS))
    entry = policies.leaf("check", commands.policies_check, "check a policy file and say what is wrong with it")
    entry.add_argument("file", type=Path)
    entry = policies.leaf("add", commands.policies_add, "keep a policy file as a new version; it is not in force yet")
    entry.add_argument("file", type=Path)
    for name, act, text in (
        ("show", commands.policies_show, "print a version as a file"),
        ("try", commands.policies_try, "decide recorded scans once more under a version and show what differs"),
        ("publish", commands.policies_publish, "put a version that was tried in force"),
    ):
        entry = policies.leaf(name, act, text)
        entry.add_argument("name", help="name of the policy")
        entry.add_argument("version", type=whole(1, 1_000_000), help="its version")
        if act is commands.policies_try:
            entry.add_argument("--since", type=day, required=True, metavar="DAY", help="scans from this day on")
            entry.add_argument("--limit", type=whole(1, 10_000_000), default=100_000, help="scans at most")
        if act is commands.policies_publish:
            entry.add_argument("--begins", type=day, metavar="DAY", help="from this day on; without it at once")
            entry.add_argument("--reason", required=True, help="why; goes into the record")
    entry = policies.leaf("roll-back", commands.policies_roll_back, "put the version in force that was before")
    entry.add_argument("name", help="name of the policy")
    entry.add_argument("--reason", required=True, help="why; goes into the record")
    entry = policies.leaf("history", commands.policies_history, "list what was put in force, by whom and why")
    entry.add_argument("name", help="name of the policy")


def _add_places(top: Commands) -> None:
    places = top.group("places", "places of partners")
    places.leaf("list", commands.places_list, "list them with their policies")
    entry = places.leaf("add", commands.places_add, "add a place")
    entry.add_argument("place", help="new identifier: letters, digits and dashes")
    entry.add_argument("--partner", required=True, help="identifier of its partner; a new one needs --partner-name")
    entry.add_argument("--partner-name", help="name of a new partner")
    entry.add_argument("--scene", required=True, choices=sorted(SCENES))
    entry.add_argument("--name", required=True, help="name for people")
    entry.add_argument("--policy", help="name of its policy (default: the one that has the name of the scene)")
    entry.add_argument("--capacity", type=whole(1, 10_000_000), help="people a day, where the scene counts them")
    _add_location(entry, required=False)
    entry = places.leaf(
        "locate", commands.places_locate, "say where a place is, for phones that compare their location"
    )
    entry.add_argument("place", help="identifier of the place")
    _add_location(entry, required=True)


def _add_location(entry: argparse.ArgumentParser, *, required: bool) -> None:
    degrees = "latitude and longitude in degrees, WGS 84 as satellites give them, not GCJ-02 as maps of China do"
    entry.add_argument("--location", type=coordinates, required=required, metavar="LAT,LON", help=degrees)
    metres = f"metres around it that belong to it, {MIN_RADIUS} to {MAX_RADIUS}"
    entry.add_argument("--radius", type=whole(MIN_RADIUS, MAX_RADIUS), required=required, metavar="M", help=metres)


def _add_posters(top: Commands) -> None:
    posters = top.group("posters", "posters that citizens scan at places without a scanner")
    entry = posters.leaf("make", poster_commands.make, "draw a place's poster; prints before it are dead")
    entry.add_argument("place", help="identifier of the place")
    entry.add_argument("--until", type=day, required=True, metavar="DAY", help="last day on which it is good")
    entry.add_argument("--out", type=Path, required=True, metavar="FILE", help="file ending in .svg, .png or .txt")
    visits = top.group("visits", "what scenic spots and venues sold and let in")
    entry = visits.leaf("statement", visit_commands.statement, "say what a place sold and let in on a day")
    entry.add_argument("place", help="identifier of the place")
    entry.add_argument("--day", type=day, required=True, metavar="DAY", help="day of the city")
    entry.add_argument("--out", type=Path, metavar="FILE", help="write it to a CSV file as well")


def _add_statements(top: Commands) -> None:
    top = top.group("statements", "what lines of public transport carried, day by day, and disputes about it")
    for name, act, text in (
        ("make", statement_commands.make, "make the statements of a day that are due, and supplements"),
        ("rows", statement_commands.rows, "say what a day is worth as far as is known now"),
        ("list", statement_commands.list_, "list the statements that were made"),
    ):
        entry = top.leaf(name, act, text)
        entry.add_argument("--day", type=day, required=name != "list", metavar="DAY", help="day of the city")
        entry.add_argument("--operator", help="identifier of the partner (default: all)")
    entry = top.leaf("show", statement_commands.show, "write a statement to a file")
    entry.add_argument("statement", help="its identifier")
    _add_output(entry)
    entry = top.leaf("check", statement_commands.check, "check a statement, and compare it row by row; 1 if it differs")
    entry.add_argument("file", type=Path)
    entry.add_argument("--against", metavar="FILE|record", help="another file, or 'record' for what was handed out")
    entry.add_argument("--out", type=Path, metavar="FILE", help="write the differences to a CSV file")
    entry = top.leaf("import-disputes", statement_commands.import_disputes, "take an operator's dispute file")
    entry.add_argument("file", type=Path)
    entry.add_argument("--operator", required=True, help="identifier of the partner")
    entry = top.leaf("disputes", statement_commands.list_disputes, "list disputes")
    entry.add_argument("--operator", help="identifier of the partner (default: all)")
    entry.add_argument("--state", choices=[state.value for state in DisputeState])
    entry = top.leaf("decide", statement_commands.decide_dispute, "decide a dispute, once")
    entry.add_argument("dispute", help="the operator's number")
    entry.add_argument("state", choices=[state.value for state in DisputeState if state is not DisputeState.RECEIVED])
    entry.add_argument("--operator", required=True, help="identifier of the partner")
    entry.add_argument("--reason", required=True, help="why; the operator reads it")
    entry = top.leaf("decisions", statement_commands.decisions, "write an operator's decision file")
    entry.add_argument("--operator", required=True, help="identifier of the partner")
    _add_output(entry)


def _add_output(entry: argparse.ArgumentParser) -> None:
    entry.add_argument("--format", choices=("csv", "json"), default="csv", help="CSV (default) or JSON lines")
    entry.add_argument("--bom", action="store_true", help="a byte order mark in front, for spreadsheets")
    entry.add_argument("--out", type=Path, required=True, metavar="FILE", help="file to write")
