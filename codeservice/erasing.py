"""Giving up a wallet: every code dies, what the wallet holds is deleted, and what the law keeps is named."""

from dataclasses import dataclass

from codeservice.reason import Words
from codeservice.revoking import change_status
from codeservice.services import Services
from codeservice.status import Status
from codeservice.store import audit, device, erasure, grant
from codeservice.store.database import Connection
from codeservice.store.retention import SCAN_LIFE
from codeservice.tying import end_for_erasure


@dataclass(frozen=True)
class Kept:
    """Something that is not deleted, why, and the seconds after which it is; None where a law of its own says so."""

    what: Words
    why: Words
    seconds: int | None


KEPT = (
    Kept(
        Words("发证机关登记的证照和资格", "Cards and benefits as their authorities have registered them"),
        Words("由发证机关依法管理，不属于城市码", "They belong to the authorities, not to the wallet"),
        None,
    ),
    Kept(
        Words("扫码记录", "Records of scans"),
        Words("用于结算和处理争议", "Fares and sales are settled by them, and disputes decided"),
        SCAN_LIFE,
    ),
    Kept(
        Words("实名购药和处方使用记录", "Real-name records of medicines"),
        Words("药品监管要求留存", "The law on medicines wants them kept"),
        SCAN_LIFE,
    ),
    Kept(
        Words("同意与撤回同意的记录", "What you have consented to and taken back"),
        Words("用于证明处理行为合法", "They prove that what was done was allowed"),
        None,
    ),
    Kept(
        Words("审计日志（不含姓名和号码）", "The audit log, without names and numbers"),
        Words("防止有人篡改操作记录", "It shows who has done what, and that nobody has changed it"),
        None,
    ),
)
"""What stays, as the holder is told before and after."""


def erase(services: Services, holder: str, *, actor: str) -> int:
    """Give up the wallet of a holder; returns how many codes died. May be done again when it was broken off.

    The codes die in the transaction that deletes: no code of somebody without a wallet counts.
    """
    end_for_erasure(services, holder, actor=actor)
    now = services.clock()

    def choose(connection: Connection) -> list[grant.IssuedGrant]:
        device.remove_all(connection, holder, now=now)
        dying = grant.live_in_hands_of(connection, holder, now=now)
        erasure.erase(connection, services.vault, holder, now=now)
        audit.add(connection, at=now, actor=actor, action="wallet_erased", subject=actor, details={})
        return dying

    return len(change_status(services, choose, Status.REVOKED, cause="erased", actor=actor))
