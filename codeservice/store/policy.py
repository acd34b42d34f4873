"""Policies in the record: versions that never change, trials, and the history of switches."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from codeservice.errors import ConflictError, NotFoundError
from codeservice.policy import PolicyVersion
from codeservice.reason import Words
from codeservice.store.database import Database
from codeservice.store.models import Policy, PolicySwitch, PolicyTrial

LOOK_EVERY = 1.0
"""Seconds for which a process goes by the switches that it has seen."""

_OF_VERSION = select(Policy.name, Policy.version, Policy.scene, Policy.title, Policy.document)


@dataclass(frozen=True)
class Switch:
    """A version that was put in force at `begins`, by whom and why."""

    name: str
    version: int
    begins: int
    at: int
    actor: str
    reason: str


def add(connection: Connection, new: PolicyVersion, *, actor: str, now: int) -> int:
    """Add a document as the next version of its policy and return the version; the same document again is the same one.

    `new.version` does not matter. Raises ConflictError when the name belongs to another scene.
    """
    newest = connection.execute(
        select(Policy.version, Policy.scene, Policy.document, Policy.title)
        .where(Policy.name == new.name)
        .order_by(Policy.version.desc())
        .limit(1)
    ).first()
    if newest is not None and newest.scene != new.scene:
        raise ConflictError("policy_of_another_scene")
    title = vars(new.title)
    if newest is not None and (newest.document, newest.title) == (new.document, title):
        return int(newest.version)
    version = 1 if newest is None else newest.version + 1
    connection.execute(
        insert(Policy).values(
            name=new.name,
            version=version,
            scene=new.scene,
            title=title,
            document=new.document,
            at=now,
            actor=actor,
        )
    )
    return int(version)


def find(connection: Connection, name: str, version: int) -> PolicyVersion:
    """Return one version; raises NotFoundError."""
    row = connection.execute(_OF_VERSION.where(Policy.name == name, Policy.version == version)).first()
    if row is None:
        raise NotFoundError("policy_not_found")
    return _version(row)


def every(connection: Connection) -> list[PolicyVersion]:
    """List all versions of all policies."""
    return [_version(row) for row in connection.execute(_OF_VERSION.order_by(Policy.name, Policy.version))]


def note_trial(  # noqa: PLR0913 -- one row
    connection: Connection, name: str, version: int, *, scans: int, differing: int, actor: str, now: int
) -> None:
    """Note that a version was tried."""
    row = {"name": name, "version": version, "scans": scans, "differing": differing, "at": now, "actor": actor}
    connection.execute(insert(PolicyTrial).values(row))


def switch(  # noqa: PLR0913 -- one row
    connection: Connection, name: str, version: int, *, begins: int, actor: str, reason: str, now: int
) -> None:
    """Put a version in force from `begins` on.

    Raises NotFoundError for a version that is not there, ConflictError for one that was never tried.
    """
    find(connection, name, version)
    tried = select(func.count()).where(PolicyTrial.name == name, PolicyTrial.version == version)
    if not connection.scalar(tried):
        raise ConflictError("policy_not_tried")
    row = {"name": name, "version": version, "begins": begins, "at": now, "actor": actor, "reason": reason}
    connection.execute(insert(PolicySwitch).values(row))


def switches(connection: Connection, name: str) -> list[Switch]:
    """Return the history of a policy, the newest switch first."""
    columns = [PolicySwitch.__table__.c[field] for field in Switch.__dataclass_fields__]
    query = (
        select(*columns).where(PolicySwitch.name == name).order_by(PolicySwitch.begins.desc(), PolicySwitch.id.desc())
    )
    return [Switch(**row) for row in connection.execute(query).mappings()]


def in_force(connection: Connection, name: str, *, now: int) -> PolicyVersion | None:
    """Return the version of a policy that is in force at `now`; None when none was ever switched on."""
    version = connection.scalar(
        select(PolicySwitch.version)
        .where(PolicySwitch.name == name, PolicySwitch.begins <= now)
        .order_by(PolicySwitch.begins.desc(), PolicySwitch.id.desc())
        .limit(1)
    )
    return None if version is None else find(connection, name, version)


class PolicyBook:
    """The policies in force, as one process sees them: it looks at the switches once a second at most."""

    def __init__(self, database: Database, steady: Callable[[], float] = time.monotonic) -> None:
        """Keep where the record is; looks at nothing yet."""
        self._database, self._steady = database, steady
        self._seen: dict[str, tuple[float, PolicyVersion | None]] = {}

    def __call__(self, name: str, now: int, connection: Connection | None = None) -> PolicyVersion | None:
        """Return the version in force, None when there is none. Raises UnavailableError.

        Who is in a transaction looks through its `connection`, and waits for no second one.
        """
        seen = self._seen.get(name)
        if seen is not None and self._steady() - seen[0] < LOOK_EVERY:
            return seen[1]
        looked = self._steady()
        with nullcontext(connection) if connection is not None else self._database.read() as reading:
            found = in_force(reading, name, now=now)
        self._seen[name] = looked, found
        return found

    def forget(self) -> None:
        """Look anew at the next question."""
        self._seen.clear()


def _version(row: Row[Any]) -> PolicyVersion:
    return PolicyVersion(row.name, row.version, row.scene, Words(**row.title), bytes(row.document))
