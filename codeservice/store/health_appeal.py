"""Appeals against a health status: one for each change, in the holder's own words, sealed."""

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select, update

from codeservice.health_status import APPEAL_DAYS, DAY, AppealState
from codeservice.store.models import HealthAppeal
from codeservice.store.sealed import APPEAL_TEXT
from codeservice.store.upsert import insert_once
from keys.vault import Vault


@dataclass(frozen=True)
class Appeal:
    """One appeal, opened. Times are epoch seconds."""

    id: str
    change: int
    person: str
    text: str
    state: AppealState
    filed: int
    due: int
    decided: int | None


def file(  # noqa: PLR0913 -- one row
    connection: Connection, vault: Vault, *, change: int, person: str, text: str, now: int
) -> str | None:
    """Insert an appeal and return its identifier; None when there is one against this change."""
    id_ = secrets.token_hex(16)
    is_new = insert_once(
        connection,
        HealthAppeal,
        id=id_,
        change=change,
        person=person,
        text_sealed=APPEAL_TEXT.seal(vault, text, id_),
        state=AppealState.FILED.value,
        filed=now,
        due=now + APPEAL_DAYS * DAY,
    )
    return id_ if is_new else None


def of_person(connection: Connection, vault: Vault, person: str) -> list[Appeal]:
    """Return the appeals of a person, the newest first."""
    query = select(HealthAppeal.__table__).where(HealthAppeal.person == person)
    return [_appeal(vault, row) for row in connection.execute(query.order_by(HealthAppeal.filed.desc()))]


def waiting(connection: Connection, vault: Vault, *, limit: int) -> list[Appeal]:
    """Return the appeals that nobody has decided, those due first."""
    query = select(HealthAppeal.__table__).where(HealthAppeal.state == AppealState.FILED.value)
    return [_appeal(vault, row) for row in connection.execute(query.order_by(HealthAppeal.due).limit(limit))]


def find(connection: Connection, vault: Vault, appeal: str) -> Appeal | None:
    """Return one appeal."""
    row = connection.execute(select(HealthAppeal.__table__).where(HealthAppeal.id == appeal)).first()
    return None if row is None else _appeal(vault, row)


def decide(connection: Connection, change: int, state: AppealState, *, proposal: str | None, now: int) -> bool:
    """Decide the appeal against a change; False when there is none that waits."""
    changed = connection.execute(
        update(HealthAppeal)
        .where(HealthAppeal.change == change, HealthAppeal.state == AppealState.FILED.value)
        .values(state=state.value, decided=now, proposal=proposal)
    )
    return changed.rowcount == 1


def _appeal(vault: Vault, row: Row[Any]) -> Appeal:
    return Appeal(
        id=row.id,
        change=row.change,
        person=row.person,
        text=APPEAL_TEXT.open(vault, row.text_sealed, row.id),
        state=AppealState(row.state),
        filed=row.filed,
        due=row.due,
        decided=row.decided,
    )
