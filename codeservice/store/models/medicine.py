"""Pharmacies: sales of medicines with limits, the registry of some of them, prescriptions and what was dispensed."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Serial, Table


class MedicineSale(Table):
    """Packages of a medicine class sold in one scan; `title` is what the class was called then.

    A sale that was taken back has the moment in `reversed` and counts no more.
    """

    __tablename__ = "medicine_sale"
    __table_args__ = (Index(None, "person", "medicine", "at"), Index(None, "partner", "at"))
    scan: Mapped[str] = mapped_column(String(32), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    partner: Mapped[str] = mapped_column(String(32))
    place: Mapped[str] = mapped_column(String(32))
    medicine: Mapped[str] = mapped_column(String(20))
    title: Mapped[dict[str, Any]]
    packages: Mapped[int]
    at: Mapped[int]
    reversed: Mapped[int | None]


class MedicineSwitch(Table):
    """From `at` on buyers of some classes are registered, or not, until a later row. `actor` is the authority's."""

    __tablename__ = "medicine_switch"
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    on: Mapped[bool]
    at: Mapped[int]
    actor: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str]


class MedicineRegistration(Table):
    """A registered buyer, with the codes of reason and symptoms sealed; deleted when it `expires`."""

    __tablename__ = "medicine_registration"
    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    scan: Mapped[str] = mapped_column(String(32), unique=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    place: Mapped[str] = mapped_column(String(32))
    medicine: Mapped[str] = mapped_column(String(20))
    packages: Mapped[int]
    codes_sealed: Mapped[bytes]
    at: Mapped[int]
    expires: Mapped[int] = mapped_column(index=True)


class Prescription(Table):
    """What a hospital's back end prescribed for a holder; `asked_hash` is of the request of its `act`."""

    __tablename__ = "prescription"
    __table_args__ = (UniqueConstraint("client", "act"), Index(None, "person", "expires"))
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    partner: Mapped[str] = mapped_column(ForeignKey("partner.id"))
    client: Mapped[str] = mapped_column(String(32))
    act: Mapped[str] = mapped_column(String(64))
    asked_hash: Mapped[bytes]
    prescriber: Mapped[str] = mapped_column(String(40))
    issued: Mapped[int]
    expires: Mapped[int] = mapped_column(index=True)
    cancelled: Mapped[int | None]


class PrescriptionItem(Table):
    """One medicine of a prescription; `dispensed` packages of `quantity` were handed out."""

    __tablename__ = "prescription_item"
    __table_args__ = (
        CheckConstraint("dispensed >= 0 and dispensed <= quantity", name="dispensed"),
        UniqueConstraint("prescription", "number"),
    )
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    prescription: Mapped[str] = mapped_column(ForeignKey("prescription.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(SmallInteger)
    medicine_sealed: Mapped[bytes]
    quantity: Mapped[int]
    dispensed: Mapped[int]


class Redemption(Table):
    """One act of dispensing at a till, after the scan that presented the holder; `asked_hash` is of its request."""

    __tablename__ = "redemption"
    __table_args__ = (UniqueConstraint("client", "act"), Index(None, "person", "at"), Index(None, "partner", "at"))
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    client: Mapped[str] = mapped_column(String(32))
    act: Mapped[str] = mapped_column(String(64))
    asked_hash: Mapped[bytes]
    scan: Mapped[str] = mapped_column(String(32))
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    partner: Mapped[str] = mapped_column(String(32))
    place: Mapped[str] = mapped_column(String(32))
    at: Mapped[int]
    reversed: Mapped[int | None]


class RedeemedItem(Table):
    """Packages of one prescribed item that one act dispensed."""

    __tablename__ = "redeemed_item"
    redemption: Mapped[str] = mapped_column(ForeignKey("redemption.id", ondelete="CASCADE"), primary_key=True)
    item: Mapped[str] = mapped_column(
        ForeignKey("prescription_item.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    quantity: Mapped[int]
