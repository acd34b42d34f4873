"""What each command for scenes does."""

import argparse
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import msgspec

from adapters import ADAPTERS
from adapters.policies import opened, read_draft, standard
from adapters.trial import RecordedScan, Trial, try_policy
from codeservice.commands import ACTOR, CommandError, Result, services_of
from codeservice.errors import ConflictError
from codeservice.location import STEPS, Location
from codeservice.policy import PolicyError, PolicyVersion, schema_of
from codeservice.services import Services
from codeservice.store import audit, client, policy, scan
from codeservice.store.database import Connection

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)


def policies_list(options: argparse.Namespace) -> Result:
    """List all versions."""
    services = services_of(options)
    now = services.clock()
    with services.database.read() as connection:
        versions = policy.every(connection)
        in_force = {name: policy.in_force(connection, name, now=now) for name in {entry.name for entry in versions}}
    data = [
        {
            "name": entry.name,
            "version": entry.version,
            "scene": entry.scene,
            "title": vars(entry.title),
            "in_force": in_force[entry.name] == entry,
        }
        for entry in versions
    ]
    lines = [
        f"{'*' if row['in_force'] else ' '} {row['name']} {row['version']}  {row['scene']}  {entry.title.zh}"
        for row, entry in zip(data, versions, strict=True)
    ]
    return Result(data, lines or ["No policies were added: every scene goes by its standard."])


def policies_schema(options: argparse.Namespace) -> Result:
    """Print the JSON Schema of a scene."""
    schema = schema_of(ADAPTERS[options.scene].policy)
    return Result(schema, [msgspec.json.format(msgspec.json.encode(schema)).decode()])


def policies_standard(options: argparse.Namespace) -> Result:
    """Print the standard of a scene as a file."""
    return _file(standard(options.scene).version)


def policies_check(options: argparse.Namespace) -> Result:
    """Check a file."""
    draft = _draft(options.file)
    return Result({"name": draft.name, "scene": draft.scene}, [f"{draft.name} is a good policy of {draft.scene}."])


def policies_add(options: argparse.Namespace) -> Result:
    """Keep a file as a version."""
    services, draft = services_of(options), _draft(options.file)
    now = services.clock()

    def work(connection: Connection) -> int:
        version = policy.add(connection, draft, actor=ACTOR, now=now)
        _audit(connection, now, "policy_added", draft.name, {"version": version, "digest": draft.digest.hex()})
        return version

    version = services.database.transact(work)
    data = {"name": draft.name, "version": version}
    return Result(data, [f"{draft.name} version {version} is kept. Try it, then publish it."])


def policies_show(options: argparse.Namespace) -> Result:
    """Print a version as a file."""
    services = services_of(options)
    with services.database.read() as connection:
        return _file(policy.find(connection, options.name, options.version))


def policies_try(options: argparse.Namespace) -> Result:
    """Try a version on recorded scans and note that it was tried."""
    services = services_of(options)
    now = services.clock()
    with services.database.read() as connection:
        version = policy.find(connection, options.name, options.version)
        places = {entry.id: entry.capacity for entry in client.every_place(connection) if entry.policy == options.name}
        scans = scan.for_trial(connection, list(places), since=options.since, limit=options.limit)
    try:
        trial = try_policy([RecordedScan(**vars(entry)) for entry in scans], opened(version), places)
    except PolicyError as error:
        raise CommandError(f"this program cannot read the version: {error}") from error

    def work(connection: Connection) -> None:
        policy.note_trial(
            connection,
            version.name,
            version.version,
            scans=trial.scans,
            differing=trial.differing,
            actor=ACTOR,
            now=now,
        )

    services.database.transact(work)
    return Result(_trial(trial), _trial_lines(trial))


def policies_publish(options: argparse.Namespace) -> Result:
    """Put a version in force."""
    services = services_of(options)
    begins = options.begins or services.clock()
    if begins < services.clock():
        raise CommandError("a policy is put in force from now on or from a later day")
    return _switch(services, options.name, lambda _connection: options.version, begins, options.reason)


def policies_roll_back(options: argparse.Namespace) -> Result:
    """Put the version in force that was before the one in force now."""
    services = services_of(options)
    now = services.clock()

    def before(connection: Connection) -> int:
        began = [entry for entry in policy.switches(connection, options.name) if entry.begins <= now]
        earlier = [entry.version for entry in began[1:] if entry.version != began[0].version]
        if not earlier:
            raise ConflictError("policy_not_found")
        return earlier[0]

    return _switch(services, options.name, before, now, options.reason)


def policies_history(options: argparse.Namespace) -> Result:
    """List the switches."""
    services = services_of(options)
    with services.database.read() as connection:
        found = policy.switches(connection, options.name)
    lines = [f"{entry.begins}  version {entry.version}  {entry.actor}  {entry.reason}" for entry in found]
    return Result([vars(entry) for entry in found], lines or ["It was never in force."])


def places_list(options: argparse.Namespace) -> Result:
    """List places."""
    services = services_of(options)
    with services.database.read() as connection:
        found = client.every_place(connection)
    lines = [
        "  ".join(
            [entry.id, entry.scene, entry.policy, entry.name, *([_where(entry.location)] if entry.location else [])]
        )
        for entry in found
    ]
    return Result([asdict(entry) for entry in found], lines)


def places_add(options: argparse.Namespace) -> Result:
    """Add a place, and its partner if it is new."""
    services = services_of(options)
    now = services.clock()
    if not _ID.fullmatch(options.place) or not _ID.fullmatch(options.partner):
        raise CommandError("identifiers are at most 32 small letters, digits and dashes")
    location = None if options.location is None and options.radius is None else _location(options)

    def work(connection: Connection) -> None:
        places = client.every_place(connection)
        if any(entry.id == options.place for entry in places):
            raise CommandError("there is a place with this identifier")
        if options.partner not in client.partners(connection):
            if options.partner_name is None:
                raise CommandError("there is no such partner; name a new one with --partner-name")
            client.add_partner(connection, id_=options.partner, name=options.partner_name)
        client.add_place(
            connection,
            id_=options.place,
            partner=options.partner,
            scene=options.scene,
            name=options.name,
            capacity=options.capacity,
            policy=options.policy,
            location=location,
        )
        _audit(connection, now, "place_added", options.place, {"scene": options.scene, "policy": options.policy})

    services.database.transact(work)
    return Result({"place": options.place}, [f"{options.place} is a place of {options.partner}."])


def places_locate(options: argparse.Namespace) -> Result:
    """Say where a place is, for the first time or anew."""
    services = services_of(options)
    now = services.clock()
    location = _location(options)

    def work(connection: Connection) -> None:
        client.locate_place(connection, options.place, location)
        _audit(connection, now, "place_located", options.place, asdict(location))

    services.database.transact(work)
    return Result(
        {"place": options.place, "location": asdict(location)},
        [f"{options.place} is {_where(location)}. A printed poster keeps its location: make it again."],
    )


def _switch(services: Services, name: str, choose: Callable[[Connection], int], begins: int, reason: str) -> Result:
    now = services.clock()

    def work(connection: Connection) -> int:
        version = choose(connection)
        policy.switch(connection, name, version, begins=begins, actor=ACTOR, reason=reason, now=now)
        _audit(connection, now, "policy_published", name, {"version": version, "begins": begins, "reason": reason})
        return version

    version = services.database.transact(work)
    return Result({"name": name, "version": version, "begins": begins}, [f"{name} version {version} is in force."])


def _location(options: argparse.Namespace) -> Location:
    if options.location is None or options.radius is None:
        raise CommandError("a location needs both --location and --radius")
    latitude, longitude = options.location
    return Location(latitude, longitude, options.radius)


def _where(location: Location) -> str:
    return f"at {location.latitude / STEPS:.5f},{location.longitude / STEPS:.5f} within {location.radius} m"


def _draft(file: Path) -> PolicyVersion:
    try:
        return read_draft(file.read_bytes())
    except OSError as error:
        raise CommandError(f"cannot read {file}: {error.strerror}") from error
    except PolicyError as error:
        raise CommandError(f"{file}: {error}") from error


def _file(version: PolicyVersion) -> Result:
    data = {
        "name": version.name,
        "scene": version.scene,
        "title": vars(version.title),
        "policy": msgspec.json.decode(version.document),
    }
    return Result(data, [msgspec.json.format(msgspec.json.encode(data)).decode()])


def _trial(trial: Trial) -> dict[str, object]:
    return {
        "scans": trial.scans,
        "untried": trial.untried,
        "differing": trial.differing,
        "changes": [{"before": old, "after": new, "scans": count} for (old, new), count in trial.changes.items()],
        "cents": {"before": trial.cents[0], "after": trial.cents[1]},
        "shown": [
            {"scan": entry.scan, "at": entry.at, "before": list(entry.before), "after": list(entry.after)}
            for entry in trial.shown
        ],
    }


def _trial_lines(trial: Trial) -> list[str]:
    lines = [f"{trial.scans} scans decided once more, {trial.differing} otherwise; {trial.untried} could not be tried."]
    lines += [f"  {count} x {old} -> {new}" for (old, new), count in trial.changes.most_common()]
    if trial.cents != (0, 0):
        lines.append(f"  fen charged: {trial.cents[0]} -> {trial.cents[1]}")
    lines += [
        f"  {entry.scan} at {entry.at}: {dict(entry.before[1])} -> {dict(entry.after[1])}" for entry in trial.shown[:5]
    ]
    return lines


def _audit(connection: Connection, now: int, action: str, subject: str, details: dict[str, object]) -> None:
    audit.add(connection, at=now, actor=ACTOR, action=action, subject=subject, details=details)
