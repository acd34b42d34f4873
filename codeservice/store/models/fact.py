"""Small facts of an installation."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from codeservice.store.models.base import Table


class Fact(Table):
    """Small facts of this installation: its identifier, the demo city's seed and size, the sealed trust list."""

    __tablename__ = "fact"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(2000))
