"""What may be wrong with a scan that stands all the same: it was decided without the service, and it has happened."""

from enum import StrEnum

from codeservice.reason import Words


class Mark(StrEnum):
    """Marks are wire values: added, never renamed or reused."""

    DOUBLE_USE = "double_use"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    OVER_LIMIT = "over_limit"
    DISAGREED = "disagreed"


TITLES: dict[Mark, Words] = {
    Mark.DOUBLE_USE: Words("同一个码在此前已被使用", "The same code had been used before"),
    Mark.REVOKED: Words("此码在扫码前已作废，终端当时未联网", "The code was revoked before; the terminal was offline"),
    Mark.SUSPENDED: Words(
        "此码在扫码前已暂停使用，终端当时未联网", "The code was suspended before; the terminal was offline"
    ),
    Mark.OVER_LIMIT: Words("超出当日可用次数", "More than there was a right to on that day"),
    Mark.DISAGREED: Words("终端与服务的判断不一致", "The terminal and the service decided differently"),
}
"""What holder and operator read."""
