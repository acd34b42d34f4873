"""What a terminal says: the answer to one scan, and its own state. Values for screens and machines alike."""

import msgspec

from adapters.contract import Details
from codeservice.reason import Words
from codeservice.scan import Outcome


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The decision on one scan, stored before anybody reads it.

    `seq` is its number in the terminal's stream; None for a scan that could not be stored, which is never accepted.
    `let_pass` says that the scene lets a person go on although nobody can tell; it is true of no acceptance and of no
    refusal. `online` says that the service decided. `repeat` says that this act was answered before.
    """

    act: str
    seq: int | None
    decision: Outcome
    reason: str | None
    message: Words
    advice: Words
    details: Details | None
    at: int
    scene: str
    let_pass: bool
    online: bool
    repeat: bool
    holder_check_required: bool


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What a terminal shows while it waits; no personal data.

    `now` is its kept time, None when it has none that it trusts. Ages are in seconds, None where there is nothing yet.
    `waiting` counts scans that the service has not confirmed. `faults` names what somebody must see to, in the words of
    `FAULTS`.
    """

    terminal: str
    scene: str
    place_name: str
    connected: bool
    now: int | None
    snapshot: int
    list_age: int | None
    trust_list: int
    key_age: int | None
    last_seq: int
    waiting: int
    oldest_waiting: int | None
    scans_today: int
    faults: tuple[str, ...]


FAULTS = {
    "time_untrusted": Words("时间不可信，请联网校时", "The time cannot be trusted; connect to set it"),
    "lists_stale": Words("吊销列表过旧，请联网更新", "The lists are too old; connect to renew them"),
    "too_old": Words("终端程序版本过旧，请升级", "This program is too old for the service; renew it"),
    "profile_expired": Words("终端配置已过期，请联网更新", "The terminal's profile has ended; connect to renew it"),
    "suspended": Words("终端已被停用，请联系管理员", "This terminal is suspended; call the operator"),
    "queue_full": Words("待上传记录已满，请联网上传", "The queue is full; connect to upload it"),
    "store_failed": Words("本机存储故障，请停用并报修", "The store has failed; take this terminal out of service"),
    "policy_unreadable": Words(
        "本机程序读不懂现行策略，请更新程序", "This program cannot read the policy in force; update it"
    ),
    "store_damaged": Words("本机有记录损坏，已上报", "A stored scan was damaged; it has been reported"),
    "clone_suspected": Words("疑似终端被复制，请联系管理员", "This terminal may have been copied; call the operator"),
}
"""What a terminal may find wrong with itself."""
