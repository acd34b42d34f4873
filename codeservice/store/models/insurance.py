"""Tokens by which a hospital asks once whether a patient is insured."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Table


class InsuranceToken(Table):
    """A token, of which only the hash is kept. `client` and `act` are of its one redemption, at `redeemed`."""

    __tablename__ = "insurance_token"
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    scan: Mapped[str] = mapped_column(String(32))
    person: Mapped[str] = mapped_column(ForeignKey("person.id"))
    partner: Mapped[str] = mapped_column(ForeignKey("partner.id"))
    operator: Mapped[str] = mapped_column(String(16))
    business: Mapped[str] = mapped_column(String(8))
    issued: Mapped[int]
    expires: Mapped[int] = mapped_column(index=True)
    redeemed: Mapped[int | None]
    client: Mapped[str | None] = mapped_column(ForeignKey("client.id"))
    act: Mapped[str | None] = mapped_column(String(64))
