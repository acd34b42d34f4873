"""Authorities: what they own, what they changed, what they were asked, copies of licences, and imports."""

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Table


class Remit(Table):
    """Which partner owns a type of credentials, or a category of benefits: only the owner writes it."""

    __tablename__ = "remit"
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    partner: Mapped[str] = mapped_column(ForeignKey("partner.id"))


class CredentialChange(Table):
    """What a credential was before an act of its authority, with the reason: the sealed history."""

    __tablename__ = "credential_change"
    __table_args__ = (Index(None, "credential", "at"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    credential: Mapped[str] = mapped_column(ForeignKey("credential.id"))
    act: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[int]
    before_sealed: Mapped[bytes]


class CorrectionRequest(Table):
    """A report that a record is wrong, in its owner's queue until it is answered; `due` is the reply deadline."""

    __tablename__ = "correction_request"
    __table_args__ = (Index(None, "partner", "state", "due"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    credential: Mapped[str] = mapped_column(ForeignKey("credential.id"), index=True)
    partner: Mapped[str] = mapped_column(ForeignKey("partner.id"))
    reporter: Mapped[str] = mapped_column(String(80))
    text_sealed: Mapped[bytes]
    at: Mapped[int]
    due: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    reply_sealed: Mapped[bytes | None]
    replied: Mapped[int | None]


class LicenceCopy(Table):
    """A purpose-bound copy of a licence that a holder has given away."""

    __tablename__ = "licence_copy"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    credential: Mapped[str] = mapped_column(ForeignKey("credential.id"))
    person: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    requester_sealed: Mapped[bytes]
    purpose_sealed: Mapped[bytes]
    issued: Mapped[int]
    expires: Mapped[int]


class ImportRun(Table):
    """An import of one file of one authority: how far it is, in the transaction of the rows that got it there.

    `bytes_done` and `lines_done` say what has been committed; `finished` is empty while rows are left.
    """

    __tablename__ = "import_run"
    __table_args__ = (UniqueConstraint("partner", "file_hash"),)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    partner: Mapped[str] = mapped_column(ForeignKey("partner.id"))
    file_hash: Mapped[bytes]
    bytes_done: Mapped[int]
    lines_done: Mapped[int]
    created: Mapped[int]
    updated: Mapped[int]
    unchanged: Mapped[int]
    refused: Mapped[int]
    started: Mapped[int]
    finished: Mapped[int | None]


class ImportFault(Table):
    """A row that was refused. `kind` is the reason, `other` the line that said the same before; no more is kept."""

    __tablename__ = "import_fault"
    run: Mapped[str] = mapped_column(ForeignKey("import_run.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(40))
    other: Mapped[int | None]
