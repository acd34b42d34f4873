"""What the commands about the keeper do."""

import argparse

from codeservice import one_machine
from codeservice.app import open_services
from codeservice.commands import Result
from codeservice.settings import settings_from
from codeservice.watching import Watch, watch


def check(options: argparse.Namespace) -> Result:
    """Say whether the keeper keeps up, from the record; good only when nothing is late."""
    environment = one_machine.environment_of(options.data.resolve(), options.environment)
    services = open_services(settings_from(environment), options.clock)
    options.opened.append(services.database)
    watched = watch(services)
    data = {
        "late": list(watched.late),
        "since_done": dict(watched.since_done),
        "snapshot_age": watched.snapshot_age,
        "lists_age": watched.lists_age,
    }
    return Result(data, _lines(watched), good=not watched.late)


def _lines(watched: Watch) -> list[str]:
    ages = {"snapshot_age": watched.snapshot_age, "lists_age": watched.lists_age}
    times = {**watched.since_done, **ages}
    lines = [
        f"{name:<14} {'never' if seconds is None else f'{seconds} s ago'}{'  LATE' if name in watched.late else ''}"
        for name, seconds in times.items()
    ]
    if not watched.late:
        return [*lines, "The keeper keeps up."]
    return [*lines, "Start the keeper (python -m codeservice keep), or look in its log for chore_failed."]
