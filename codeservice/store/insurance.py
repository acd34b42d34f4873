"""Insurance tokens: kept as hashes, redeemed once by one conditional update."""

from dataclasses import dataclass

from sqlalchemy import Connection, Row, select, update

from codeservice.insurance import REPEAT_SECONDS, hash_of
from codeservice.store.models import InsuranceToken
from codeservice.store.upsert import insert_once


@dataclass(frozen=True)
class Binding:
    """What a token is good for: one institution (the partner), one clerk, one business."""

    partner: str
    operator: str
    business: str


@dataclass(frozen=True)
class Redemption:
    """Whose token was redeemed, with which scan it came, when, and whether it was answered before."""

    person: str
    scan: str
    at: int
    repeat: bool


def add(  # noqa: PLR0913 -- one row
    connection: Connection, token: str, binding: Binding, *, scan: str, person: str, now: int, expires: int
) -> None:
    """Keep the hash of a token; once."""
    row = {"token_hash": hash_of(token), "scan": scan, "person": person, "issued": now, "expires": expires}
    insert_once(connection, InsuranceToken, **row, **vars(binding))


def redeem(  # noqa: PLR0913 -- what a redemption says
    connection: Connection, token: str, binding: Binding, *, client: str, act: str, now: int
) -> Redemption | None:
    """Redeem a token once; None for one that is unknown, used, too old or bound to something else.

    The act that redeemed it gets the same answer again for a while.
    """
    key = hash_of(token)
    if key is None:
        return None
    bound = [getattr(InsuranceToken, name) == value for name, value in vars(binding).items()]
    rules = (InsuranceToken.token_hash == key, *bound)
    row = connection.execute(
        update(InsuranceToken)
        .where(*rules, InsuranceToken.redeemed.is_(None), InsuranceToken.expires > now)
        .values(redeemed=now, client=client, act=act)
        .returning(InsuranceToken.person, InsuranceToken.scan)
    ).first()
    if row is not None:
        return Redemption(row.person, row.scan, now, repeat=False)
    mine = InsuranceToken.client == client, InsuranceToken.act == act, InsuranceToken.redeemed > now - REPEAT_SECONDS
    earlier = connection.execute(select(InsuranceToken.__table__).where(*rules, *mine)).first()
    return None if earlier is None else _again(earlier)


def _again(row: Row[tuple[object, ...]]) -> Redemption:
    return Redemption(row.person, row.scan, row.redeemed, repeat=True)
