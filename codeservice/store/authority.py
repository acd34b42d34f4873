"""Authorities: which partner owns what."""

from sqlalchemy import Connection, select

from codeservice.store.models import Partner, Remit
from codeservice.store.upsert import insert


def give_remit(connection: Connection, name: str, partner: str) -> None:
    """Let a partner own a remit, whoever had it before."""
    statement = insert(connection, Remit).values(name=name, partner=partner)
    connection.execute(statement.on_conflict_do_update(index_elements=[Remit.name], set_={"partner": partner}))


def remits_of(connection: Connection, partner: str) -> frozenset[str]:
    """Return what a partner owns; nothing is owned by somebody who is not named."""
    return frozenset(connection.scalars(select(Remit.name).where(Remit.partner == partner)))


def owner_of(connection: Connection, remit: str) -> str | None:
    """Return who owns a remit."""
    return connection.scalar(select(Remit.partner).where(Remit.name == remit))


def every_remit(connection: Connection) -> dict[str, str]:
    """Return who owns what, by remit."""
    rows = connection.execute(select(Remit.name, Remit.partner).order_by(Remit.name))
    return {row.name: row.partner for row in rows}


def name_of(connection: Connection, partner: str) -> str | None:
    """Return the name of a partner."""
    return connection.scalar(select(Partner.name).where(Partner.id == partner))
