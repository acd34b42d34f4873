"""Sales of medicines with limits, and the registry that an authority switches on and off."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, update

from codeservice.city import city_day
from codeservice.errors import ConflictError, NotFoundError
from codeservice.reason import Words
from codeservice.store import person as people
from codeservice.store import tally
from codeservice.store.models import MedicineRegistration, MedicineSale, MedicineSwitch, Place, Redemption, Tally
from codeservice.store.models import RedeemedItem as Redeemed
from codeservice.store.sealed import REGISTRATION_CODES
from keys.vault import Vault

PRESCRIBED = "prescription"
"""How reports name what was dispensed by prescription."""

_NO_BOUND = 1_000_000_000
_CITY = "city"
_COUNTED = "registrations"


@dataclass(frozen=True)
class Sale:
    """Packages of a class for one person, sold in the scan `scan`; `reversed` is when it was taken back."""

    scan: str
    person: str
    partner: str
    place: str
    medicine: str
    title: Words
    packages: int
    at: int
    reversed: int | None = None


@dataclass(frozen=True)
class Switch:
    """Whether buyers are registered, since when, by whom and why; and how many were, ever."""

    on: bool
    at: int
    actor: str
    reason: str
    registered: int


@dataclass(frozen=True)
class Registration:
    """One registered buyer, opened for the health authority. `number` grows with every registration."""

    number: int
    at: int
    place: str
    medicine: str
    packages: int
    reason: str
    symptoms: list[str]
    name: str
    id_number: str
    phone: str | None


@dataclass(frozen=True)
class Line:
    """One class at one place on one day: what sales say, and what the counter says that was kept beside them."""

    place: str
    medicine: str
    sales: int
    packages: int
    reversed: int
    counted: int

    @property
    def balanced(self) -> bool:
        """Whether both agree."""
        return self.packages == self.counted


def sell(connection: Connection, sale: Sale, *, limit: int, since: int) -> int | None:
    """Book a sale unless the person would have bought more than `limit` packages after `since`, in all pharmacies.

    Returns how many are left, or None.
    """
    # This row is locked until the transaction ends: sales of one class to one person follow each other, and the sum
    # below sees all that came before.
    tally.take(connection, _of_person(sale.medicine), sale.person, sale.packages, _NO_BOUND)
    bought = select(func.coalesce(func.sum(MedicineSale.packages), 0)).where(
        MedicineSale.person == sale.person,
        MedicineSale.medicine == sale.medicine,
        MedicineSale.at > since,
        MedicineSale.reversed.is_(None),
    )
    left = limit - int(connection.scalar(bought) or 0) - sale.packages
    if left < 0:
        return None
    connection.execute(insert(MedicineSale).values(**(vars(sale) | {"title": vars(sale.title)})))
    count(connection, sale.place, sale.medicine, sale.at, sale.packages)
    return left


def find(connection: Connection, scan: str, *, hold: bool = False) -> Sale | None:
    """Find the sale of a scan; with `hold` it is locked until the transaction ends."""
    query = select(MedicineSale.__table__).where(MedicineSale.scan == scan)
    row = connection.execute(query.with_for_update() if hold else query).mappings().first()
    return None if row is None else _sale(dict(row))


def reverse(connection: Connection, sale: Sale, *, now: int) -> bool:
    """Take a sale back and give its packages back to the buyer; False when that was done before."""
    changed = connection.execute(
        update(MedicineSale).where(MedicineSale.scan == sale.scan, MedicineSale.reversed.is_(None)).values(reversed=now)
    )
    if changed.rowcount != 1:
        return False
    tally.give_back(connection, _of_person(sale.medicine), sale.person, sale.packages)
    uncount(connection, sale.place, sale.medicine, sale.at, sale.packages)
    return True


def count(connection: Connection, place: str, medicine: str, at: int, packages: int) -> None:
    """Add to the day's counter of a place."""
    tally.take(connection, _of_day(medicine, city_day(at)), place, packages, _NO_BOUND)


def uncount(connection: Connection, place: str, medicine: str, at: int, packages: int) -> None:
    """Take off the day's counter of a place."""
    tally.give_back(connection, _of_day(medicine, city_day(at)), place, packages)


def of_person(connection: Connection, person: str, *, limit: int) -> list[tuple[Sale, str]]:
    """Return a person's newest purchases, each with the name of its place."""
    query = (
        select(MedicineSale.__table__, Place.name.label("place_name"))
        .join(Place, Place.id == MedicineSale.place)
        .where(MedicineSale.person == person)
        .order_by(MedicineSale.at.desc(), MedicineSale.scan)
        .limit(limit)
    )
    rows = [dict(row) for row in connection.execute(query).mappings()]
    return [(_sale(row), name) for row in rows for name in [row.pop("place_name")]]


def report(connection: Connection, partner: str, span: tuple[int, int]) -> list[Line]:
    """Return what the places of a chain dispensed in one civil day (epoch seconds), by place and class."""
    sold = _sums(connection, partner, span)
    places = select(Place.id).where(Place.partner == partner)
    prefix, suffix = "dispensed:", f":{city_day(span[0])}"
    counters = connection.execute(
        select(Tally.subject, Tally.name, Tally.used).where(
            Tally.subject.in_(places), Tally.name.startswith(prefix, autoescape=True), Tally.name.endswith(suffix)
        )
    )
    counted = {(row.subject, row.name[len(prefix) : -len(suffix)]): int(row.used) for row in counters}
    lines = []
    for place, medicine in sorted(sold.keys() | counted.keys()):
        sales, packages, back = sold.get((place, medicine), (0, 0, 0))
        lines.append(Line(place, medicine, sales, packages, back, counted.get((place, medicine), 0)))
    return lines


def _sums(connection: Connection, partner: str, span: tuple[int, int]) -> dict[tuple[str, str], tuple[int, int, int]]:
    stands = MedicineSale.reversed.is_(None)
    rows = connection.execute(
        select(
            MedicineSale.place,
            MedicineSale.medicine,
            func.count().filter(stands),
            func.coalesce(func.sum(MedicineSale.packages).filter(stands), 0),
            func.coalesce(func.sum(MedicineSale.packages).filter(~stands), 0),
        )
        .where(MedicineSale.partner == partner, MedicineSale.at >= span[0], MedicineSale.at < span[1])
        .group_by(MedicineSale.place, MedicineSale.medicine)
    )
    found = {(row[0], row[1]): (int(row[2]), int(row[3]), int(row[4])) for row in rows}
    stands = Redemption.reversed.is_(None)
    rows = connection.execute(
        select(
            Redemption.place,
            func.count(func.distinct(Redemption.id)).filter(stands),
            func.coalesce(func.sum(Redeemed.quantity).filter(stands), 0),
            func.coalesce(func.sum(Redeemed.quantity).filter(~stands), 0),
        )
        .join(Redeemed, Redeemed.redemption == Redemption.id)
        .where(and_(Redemption.partner == partner, Redemption.at >= span[0], Redemption.at < span[1]))
        .group_by(Redemption.place)
    )
    return found | {(row[0], PRESCRIBED): (int(row[1]), int(row[2]), int(row[3])) for row in rows}


def switch(connection: Connection, *, on: bool, actor: str, reason: str, now: int) -> None:
    """Switch the registry on or off for the whole city; raises ConflictError when it is so already."""
    # The row is locked, so that two switches at once follow each other.
    tally.take(connection, f"{_COUNTED}:switches", _CITY, 1, _NO_BOUND)
    if is_on(connection) == on:
        raise ConflictError("registry_switched_before")
    connection.execute(insert(MedicineSwitch).values(on=on, at=now, actor=actor, reason=reason))


def is_on(connection: Connection) -> bool:
    """Whether buyers are registered now."""
    return bool(connection.scalar(select(MedicineSwitch.on).order_by(MedicineSwitch.id.desc()).limit(1)))


def switched(connection: Connection) -> Switch:
    """Return the state of the registry; before the first switch it is off."""
    counter = select(Tally.used).where(Tally.name == _COUNTED, Tally.subject == _CITY)
    registered = int(connection.scalar(counter) or 0)
    row = (
        connection.execute(select(MedicineSwitch.__table__).order_by(MedicineSwitch.id.desc()).limit(1))
        .mappings()
        .first()
    )
    if row is None:
        return Switch(on=False, at=0, actor="", reason="", registered=registered)
    return Switch(row["on"], row["at"], row["actor"], row["reason"], registered)


def register(  # noqa: PLR0913 -- one row
    connection: Connection, vault: Vault, sale: Sale, *, reason: str, symptoms: Sequence[str], expires: int
) -> None:
    """Put the buyer of a sale into the registry until `expires`, and count them."""
    codes = json.dumps({"reason": reason, "symptoms": list(symptoms)})
    connection.execute(
        insert(MedicineRegistration).values(
            scan=sale.scan,
            person=sale.person,
            place=sale.place,
            medicine=sale.medicine,
            packages=sale.packages,
            codes_sealed=REGISTRATION_CODES.seal(vault, codes, sale.scan),
            at=sale.at,
            expires=expires,
        )
    )
    tally.take(connection, _COUNTED, _CITY, 1, _NO_BOUND)


def registrations(connection: Connection, vault: Vault, *, after: int, limit: int, now: int) -> list[Registration]:
    """Return registrations with numbers above `after` whose time is not over, in order."""
    rows = connection.execute(
        select(MedicineRegistration.__table__)
        .where(MedicineRegistration.id > after, MedicineRegistration.expires > now)
        .order_by(MedicineRegistration.id)
        .limit(limit)
    )
    found = []
    for row in rows:
        codes: dict[str, Any] = json.loads(REGISTRATION_CODES.open(vault, row.codes_sealed, row.scan))
        holder = people.find_holder(connection, vault, row.person)
        entry = Registration(
            number=row.id,
            at=row.at,
            place=row.place,
            medicine=row.medicine,
            packages=row.packages,
            reason=codes["reason"],
            symptoms=codes["symptoms"],
            name=holder.name,
            id_number=holder.id_number.text,
            phone=holder.phone,
        )
        found.append(entry)
    return found


def require(sale: Sale | None) -> Sale:
    """Return the sale; raises NotFoundError where there is none."""
    if sale is None:
        raise NotFoundError("sale_not_found")
    return sale


def _of_person(medicine: str) -> str:
    return f"medicine:{medicine}"


def _of_day(medicine: str, day: str) -> str:
    return f"dispensed:{medicine}:{day}"


def _sale(row: dict[str, Any]) -> Sale:
    return Sale(**(row | {"title": Words(**row["title"])}))
