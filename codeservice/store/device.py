"""Devices: phones and browsers that hold keys for a person."""

import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from codeservice.errors import ConflictError
from codeservice.store.models import Device

MOST_DEVICES = 10
"""Devices of one person at one time."""


@dataclass(frozen=True)
class StoredDevice:
    """One device; `removed` is when its owner removed it."""

    id: str
    account: str
    person: str
    public: bytes
    name: str
    enrolled: int
    removed: int | None


def enrol(connection: Connection, *, account: str, person: str, public: bytes, name: str, now: int) -> str:  # noqa: PLR0913
    """Add a device and return its identifier. Raises ConflictError when another device has this key."""
    if connection.scalar(select(Device.id).where(Device.public == public)) is not None:
        raise ConflictError("key_used_before")
    present = select(func.count()).select_from(Device).where(Device.person == person, Device.removed.is_(None))
    if (connection.scalar(present) or 0) >= MOST_DEVICES:
        raise ConflictError("too_many_devices")
    id_ = secrets.token_hex(16)
    connection.execute(
        insert(Device).values(id=id_, account=account, person=person, public=public, name=name, enrolled=now)
    )
    return id_


def find(connection: Connection, device: str, *, account: str) -> StoredDevice | None:
    """Find a device of this account."""
    query = select(Device.__table__).where(Device.id == device, Device.account == account)
    row = connection.execute(query).mappings().first()
    return None if row is None else StoredDevice(**row)


def is_present(connection: Connection, device: str) -> bool:
    """Whether a device was not removed."""
    query = select(Device.id).where(Device.id == device, Device.removed.is_(None))
    return connection.scalar(query) is not None


def account_of(connection: Connection, device: str) -> str:
    """Return the account that a device belongs to; raises ConflictError when there is no such device."""
    found = connection.scalar(select(Device.account).where(Device.id == device))
    if found is None:
        raise ConflictError("device_removed")
    return str(found)


def known_since(connection: Connection, device: str) -> int | None:
    """Return when a device was registered; 0 for the first that its person ever had, None when it is not there."""
    row = connection.execute(
        select(Device.person, Device.enrolled).where(Device.id == device, Device.removed.is_(None))
    ).first()
    if row is None:
        return None
    others = select(Device.id).where(Device.person == row.person, Device.id != device, Device.enrolled <= row.enrolled)
    return 0 if connection.scalar(others.limit(1)) is None else int(row.enrolled)


def require_present(connection: Connection, device: str) -> None:
    """Lock a device against its removal in this transaction; raises ConflictError when it was removed."""
    query = select(Device.id).where(Device.id == device, Device.removed.is_(None)).with_for_update()
    if connection.scalar(query) is None:
        raise ConflictError("device_removed")


def of_account(connection: Connection, account: str) -> list[StoredDevice]:
    """List the devices of an account that were not removed."""
    query = (
        select(Device.__table__).where(Device.account == account, Device.removed.is_(None)).order_by(Device.enrolled)
    )
    return [StoredDevice(**row) for row in connection.execute(query).mappings()]


def of_person(connection: Connection, person: str) -> list[StoredDevice]:
    """List every device of a person, removed ones too."""
    query = select(Device.__table__).where(Device.person == person).order_by(Device.enrolled)
    return [StoredDevice(**row) for row in connection.execute(query).mappings()]


def remove_all(connection: Connection, person: str, *, now: int) -> None:
    """Mark every device of a person as removed."""
    connection.execute(update(Device).where(Device.person == person, Device.removed.is_(None)).values(removed=now))


def remove(connection: Connection, device: str, *, now: int) -> bool:
    """Mark a device as removed, so that it gets no more grants; False when there is no such device any more."""
    changed = connection.execute(
        update(Device).where(Device.id == device, Device.removed.is_(None)).values(removed=now)
    )
    return changed.rowcount == 1
