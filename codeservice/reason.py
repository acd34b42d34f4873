"""The closed list of reasons why a code is not accepted, with words for both sides of the counter.

Reasons are wire values: they are added, never renamed or reused.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Words:
    """One sentence in the two languages of the product."""

    zh: str
    en: str


class Reason(StrEnum):
    """Why a code was refused, or why nobody can tell."""

    MALFORMED = "malformed"
    UNSUPPORTED_VERSION = "unsupported_version"
    UNSUPPORTED_ALGORITHM = "unsupported_algorithm"
    UNKNOWN_KEY = "unknown_key"
    WRONG_KEY_USAGE = "wrong_key_usage"
    BAD_SIGNATURE = "bad_signature"
    BAD_HOLDER_PROOF = "bad_holder_proof"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    LIFETIME_TOO_LONG = "lifetime_too_long"
    CLOCK_SKEW = "clock_skew"
    TIME_UNTRUSTED = "time_untrusted"
    WRONG_SCENE = "wrong_scene"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    STATUS_STALE = "status_stale"
    REPLAYED = "replayed"
    NOT_ENTITLED = "not_entitled"
    SECOND_FACTOR_REQUIRED = "second_factor_required"
    LIMIT_REACHED = "limit_reached"
    NO_TICKET = "no_ticket"
    CAPACITY_REACHED = "capacity_reached"
    CLOSED = "closed"
    WRONG_SLOT = "wrong_slot"
    TERMINAL_NOT_ALLOWED = "terminal_not_allowed"
    TEMPORARILY_UNAVAILABLE = "temporarily_unavailable"


UNDETERMINED = frozenset({Reason.TIME_UNTRUSTED, Reason.STATUS_STALE, Reason.TEMPORARILY_UNAVAILABLE})
"""Reasons that say nothing about the code: the verifier itself cannot tell. Neither accepted nor refused."""

_REDRAW = Words("请持码人刷新二维码后再扫", "Ask the holder to refresh the code, then scan again")
_COUNTER = Words("请改用身份证等其他方式，并到服务窗口核实", "Use another document, and check at the service counter")
_OPEN_WALLET = Words("请持码人打开城市码首页更新后再试", "Ask the holder to open the wallet online, then try again")
_FALLBACK = Words("请改用身份证等其他方式", "Use another document instead")
_OPERATOR = Words("请联系终端管理员", "Call the operator of this terminal")

MESSAGES: dict[Reason, tuple[Words, Words]] = {
    Reason.MALFORMED: (Words("这不是城市码", "This is not a city code"), _REDRAW),
    Reason.UNSUPPORTED_VERSION: (Words("二维码版本不支持", "This version of the code is not supported"), _OPERATOR),
    Reason.UNSUPPORTED_ALGORITHM: (Words("二维码算法不支持", "The code's algorithm is not supported"), _COUNTER),
    Reason.UNKNOWN_KEY: (Words("签发机构密钥不可信", "The issuer's key is not trusted"), _COUNTER),
    Reason.WRONG_KEY_USAGE: (Words("签发密钥用途不符", "The issuer's key is for another purpose"), _COUNTER),
    Reason.BAD_SIGNATURE: (
        Words("签发签名无效，疑似伪造", "The issuer's signature is wrong, possibly forged"),
        _COUNTER,
    ),
    Reason.BAD_HOLDER_PROOF: (
        Words("手机签名无效，疑似复制", "The phone's signature is wrong, possibly copied"),
        _COUNTER,
    ),
    Reason.NOT_YET_VALID: (Words("二维码尚未生效", "The code is not valid yet"), _OPEN_WALLET),
    Reason.EXPIRED: (
        Words("二维码已过期", "The code has expired"),
        Words(
            "请刷新二维码；仍过期请校准手机时间，截图无效",
            "Refresh the code; if it stays expired set the phone's clock. Screenshots do not work",
        ),
    ),
    Reason.LIFETIME_TOO_LONG: (Words("二维码有效期超限", "The code's lifetime is too long"), _COUNTER),
    Reason.CLOCK_SKEW: (
        Words("手机时间不准", "The phone's clock is wrong"),
        Words(
            "请在手机设置中打开“自动设置时间”后再试", "Switch on automatic time in the phone's settings, then try again"
        ),
    ),
    Reason.TIME_UNTRUSTED: (Words("终端时间不可信", "This terminal's clock cannot be trusted"), _OPERATOR),
    Reason.WRONG_SCENE: (
        Words("此码不能在这里使用", "This code is not for this kind of place"),
        Words("请持码人切换到本场景的码", "Ask the holder to switch to the code of this scene"),
    ),
    Reason.REVOKED: (Words("此码已作废", "This code was revoked"), _OPEN_WALLET),
    Reason.SUSPENDED: (Words("此码已暂停使用", "This code is suspended"), _COUNTER),
    Reason.STATUS_STALE: (Words("核验名单过旧，无法判断", "The lists are too old to decide"), _FALLBACK),
    Reason.REPLAYED: (Words("此码已被使用", "This code was already used"), _REDRAW),
    Reason.NOT_ENTITLED: (Words("不符合本场景条件", "Not entitled here"), _COUNTER),
    Reason.SECOND_FACTOR_REQUIRED: (
        Words("需要再核对一项身份", "A second proof of identity is needed"),
        Words("请核对本人证件", "Check the holder's document as well"),
    ),
    Reason.LIMIT_REACHED: (
        Words("已达到限额", "The limit is reached"),
        Words("请说明限额并改日再来", "Explain the limit; come back later"),
    ),
    Reason.NO_TICKET: (
        Words("没有今日门票", "No ticket for today"),
        Words("请在城市码的景区页预约", "Book one in the wallet, tab Scenic spots"),
    ),
    Reason.CAPACITY_REACHED: (
        Words("今日人数已满", "Today's capacity is reached"),
        Words("请引导改日入园", "Please come another day"),
    ),
    Reason.CLOSED: (
        Words("现在不开放", "Closed now"),
        Words("请告知开放时间", "Tell them the opening hours"),
    ),
    Reason.WRONG_SLOT: (
        Words("不在预约时段内", "Not the booked time"),
        Words("请按预约时段入园", "Come at the booked time, or book another"),
    ),
    Reason.TERMINAL_NOT_ALLOWED: (Words("本终端无权核验", "This terminal may not verify"), _OPERATOR),
    Reason.TEMPORARILY_UNAVAILABLE: (Words("暂时无法判断", "Cannot decide right now"), _FALLBACK),
}
"""What the counter says, and what to do next, for every reason."""

ACCEPTED = Words("通过", "Accepted")
