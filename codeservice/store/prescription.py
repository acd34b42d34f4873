"""Prescriptions: written by hospitals, redeemed at tills exactly once, also in parts."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, insert, select, update

from codeservice.errors import ConflictError, NotFoundError
from codeservice.store import medicine
from codeservice.store.models import Place, Prescription, PrescriptionItem, RedeemedItem, Redemption
from codeservice.store.sealed import PRESCRIBED_MEDICINE
from keys.vault import Vault


@dataclass(frozen=True)
class NewItem:
    """A medicine by its code and name, and packages."""

    code: str
    name: str
    quantity: int


@dataclass(frozen=True)
class Item:
    """A prescribed medicine with what was dispensed of it."""

    id: str
    number: int
    code: str
    name: str
    quantity: int
    dispensed: int

    @property
    def remaining(self) -> int:
        """Packages that may still be dispensed."""
        return self.quantity - self.dispensed


@dataclass(frozen=True)
class StoredPrescription:
    """A prescription with its items. Times are epoch seconds."""

    id: str
    person: str
    partner: str
    prescriber: str
    issued: int
    expires: int
    cancelled: int | None
    items: tuple[Item, ...]

    def state(self, now: int) -> str:
        """Return `cancelled`, `dispensed`, `expired` or `open`."""
        if self.cancelled is not None:
            return "cancelled"
        if all(item.remaining == 0 for item in self.items):
            return "dispensed"
        return "expired" if now >= self.expires else "open"


@dataclass(frozen=True)
class StoredRedemption:
    """One act of dispensing: packages by item."""

    id: str
    client: str
    person: str
    place: str
    place_name: str
    at: int
    reversed: int | None
    items: Mapping[str, int]


def add(  # noqa: PLR0913 -- one row
    connection: Connection,
    vault: Vault,
    *,
    person: str,
    partner: str,
    client: str,
    act: str,
    asked: bytes,
    prescriber: str,
    items: Sequence[NewItem],
    expires: int,
    now: int,
) -> str:
    """Keep a prescription and return its identifier; the same act is the same prescription.

    Raises ConflictError when the act was used for another one; `asked` is a hash of the request.
    """
    earlier = connection.execute(
        select(Prescription.id, Prescription.asked_hash).where(Prescription.client == client, Prescription.act == act)
    ).first()
    if earlier is not None:
        if bytes(earlier.asked_hash) != asked:
            raise ConflictError("idempotency_key_reused")
        return str(earlier.id)
    id_ = secrets.token_hex(16)
    connection.execute(
        insert(Prescription).values(
            id=id_,
            person=person,
            partner=partner,
            client=client,
            act=act,
            asked_hash=asked,
            prescriber=prescriber,
            issued=now,
            expires=expires,
        )
    )
    for number, item in enumerate(items, 1):
        row = secrets.token_hex(16)
        sealed = PRESCRIBED_MEDICINE.seal(vault, json.dumps({"code": item.code, "name": item.name}), row)
        connection.execute(
            insert(PrescriptionItem).values(
                id=row, prescription=id_, number=number, medicine_sealed=sealed, quantity=item.quantity, dispensed=0
            )
        )
    return id_


def find(connection: Connection, vault: Vault, prescription: str, *, partner: str) -> StoredPrescription:
    """Return a prescription of a hospital; raises NotFoundError, also for another one's."""
    query = select(Prescription.__table__).where(Prescription.id == prescription, Prescription.partner == partner)
    row = connection.execute(query).first()
    if row is None:
        raise NotFoundError("prescription_not_found")
    return _open(connection, vault, row)


def of_person(connection: Connection, vault: Vault, person: str, *, limit: int) -> list[StoredPrescription]:
    """Return a person's newest prescriptions."""
    query = select(Prescription.__table__).where(Prescription.person == person)
    rows = connection.execute(query.order_by(Prescription.issued.desc(), Prescription.id).limit(limit)).all()
    return [_open(connection, vault, row) for row in rows]


def open_of(connection: Connection, vault: Vault, person: str, *, now: int) -> list[StoredPrescription]:
    """Return those of a person's prescriptions of which something may be dispensed now."""
    query = select(Prescription.__table__).where(
        Prescription.person == person, Prescription.expires > now, Prescription.cancelled.is_(None)
    )
    rows = connection.execute(query.order_by(Prescription.issued, Prescription.id)).all()
    found = [_open(connection, vault, row) for row in rows]
    return [entry for entry in found if entry.state(now) == "open"]


def cancel(connection: Connection, prescription: str, *, partner: str, now: int) -> bool:
    """Cancel what is left of a prescription; False when that was done before."""
    changed = connection.execute(
        update(Prescription)
        .where(Prescription.id == prescription, Prescription.partner == partner, Prescription.cancelled.is_(None))
        .values(cancelled=now)
    )
    return changed.rowcount == 1


def redeem(  # noqa: PLR0913 -- one row
    connection: Connection,
    *,
    client: str,
    act: str,
    asked: bytes,
    scan: str,
    person: str,
    partner: str,
    place: str,
    items: Mapping[str, int],
    now: int,
) -> str:
    """Dispense packages of a person's prescribed items, all or none, and return the identifier of the act.

    The same act is the same dispensing. Raises NotFoundError for an item that is not this person's, ConflictError when
    its prescription is over or less is left.
    """
    earlier = connection.execute(
        select(Redemption.id, Redemption.asked_hash).where(Redemption.client == client, Redemption.act == act)
    ).first()
    if earlier is not None:
        if bytes(earlier.asked_hash) != asked:
            raise ConflictError("idempotency_key_reused")
        return str(earlier.id)
    _hold_open(connection, person, list(items), now)
    id_ = secrets.token_hex(16)
    row = {"id": id_, "client": client, "act": act, "asked_hash": asked, "scan": scan, "person": person}
    connection.execute(insert(Redemption).values(**row, partner=partner, place=place, at=now))
    # In one order, so that two tills never wait for each other.
    for item, quantity in sorted(items.items()):
        taken = connection.execute(
            update(PrescriptionItem)
            .where(PrescriptionItem.id == item, PrescriptionItem.dispensed + quantity <= PrescriptionItem.quantity)
            .values(dispensed=PrescriptionItem.dispensed + quantity)
        )
        if taken.rowcount != 1:
            raise ConflictError("prescription_used_up")
        connection.execute(insert(RedeemedItem).values(redemption=id_, item=item, quantity=quantity))
    medicine.count(connection, place, medicine.PRESCRIBED, now, sum(items.values()))
    return id_


def find_redemption(connection: Connection, redemption: str, *, hold: bool = False) -> StoredRedemption | None:
    """Find one act of dispensing; with `hold` it is locked until the transaction ends."""
    query = _REDEMPTIONS.where(Redemption.id == redemption)
    if hold:
        query = query.with_for_update(of=Redemption)
    found = _redemptions(connection, connection.execute(query).all())
    return found[0] if found else None


def history(connection: Connection, prescription: str) -> list[StoredRedemption]:
    """Return every act that dispensed something of a prescription, the oldest first."""
    acts = (
        select(RedeemedItem.redemption)
        .join(PrescriptionItem, PrescriptionItem.id == RedeemedItem.item)
        .where(PrescriptionItem.prescription == prescription)
    )
    rows = connection.execute(_REDEMPTIONS.where(Redemption.id.in_(acts)).order_by(Redemption.at, Redemption.id)).all()
    return _redemptions(connection, rows)


def reverse(connection: Connection, redemption: StoredRedemption, *, now: int) -> bool:
    """Take an act back and give its packages back to the prescriptions; False when that was done before."""
    changed = connection.execute(
        update(Redemption).where(Redemption.id == redemption.id, Redemption.reversed.is_(None)).values(reversed=now)
    )
    if changed.rowcount != 1:
        return False
    for item, quantity in sorted(redemption.items.items()):
        connection.execute(
            update(PrescriptionItem)
            .where(PrescriptionItem.id == item)
            .values(dispensed=PrescriptionItem.dispensed - quantity)
        )
    packages = sum(redemption.items.values())
    medicine.uncount(connection, redemption.place, medicine.PRESCRIBED, redemption.at, packages)
    return True


_REDEMPTIONS = select(
    Redemption.id,
    Redemption.client,
    Redemption.person,
    Redemption.place,
    Place.name.label("place_name"),
    Redemption.at,
    Redemption.reversed,
).join(Place, Place.id == Redemption.place)


def _redemptions(connection: Connection, rows: Sequence[Row[*tuple[object, ...]]]) -> list[StoredRedemption]:
    found = []
    for row in rows:
        query = select(RedeemedItem.item, RedeemedItem.quantity).where(RedeemedItem.redemption == row.id)
        items = {line.item: int(line.quantity) for line in connection.execute(query)}
        found.append(StoredRedemption(**row._mapping, items=items))  # noqa: SLF001 -- SQLAlchemy's public name has the underscore
    return found


def _hold_open(connection: Connection, person: str, items: list[str], now: int) -> None:
    """Lock the prescriptions of these items, so that none is cancelled while it is redeemed."""
    of_items = select(PrescriptionItem.prescription).where(PrescriptionItem.id.in_(items))
    held = connection.execute(
        select(Prescription.expires, Prescription.cancelled)
        .where(Prescription.id.in_(of_items), Prescription.person == person)
        .order_by(Prescription.id)
        .with_for_update()
    ).all()
    mine = select(PrescriptionItem.id).join(Prescription, Prescription.id == PrescriptionItem.prescription)
    known = connection.scalars(mine.where(PrescriptionItem.id.in_(items), Prescription.person == person)).all()
    if len(known) != len(items):
        raise NotFoundError("prescription_not_found")
    if any(row.cancelled is not None or now >= row.expires for row in held):
        raise ConflictError("prescription_not_open")


def _open(connection: Connection, vault: Vault, row: Row[*tuple[object, ...]]) -> StoredPrescription:
    items = connection.execute(
        select(PrescriptionItem.__table__)
        .where(PrescriptionItem.prescription == row.id)
        .order_by(PrescriptionItem.number)
    )
    return StoredPrescription(
        id=row.id,
        person=row.person,
        partner=row.partner,
        prescriber=row.prescriber,
        issued=row.issued,
        expires=row.expires,
        cancelled=row.cancelled,
        items=tuple(
            Item(
                id=item.id,
                number=item.number,
                **json.loads(PRESCRIBED_MEDICINE.open(vault, item.medicine_sealed, item.id)),
                quantity=item.quantity,
                dispensed=item.dispensed,
            )
            for item in items
        ),
    )
