"""What a screen shows of a terminal while it waits: that it lives, how old its lists are, and what is wrong."""

from datetime import UTC, datetime

import msgspec

from adapters.terminal.answer import FAULTS, State
from codeservice.city import CITY_ZONE
from codeservice.reason import Words
from codeservice.scene import SCENES

SHOW = Words("请出示城市码", "Show your city code")
ONLINE = Words("在线", "Online")
OFFLINE = Words("离线", "Offline")
_NONE = Words("无", "none")
_NO_TIME = "--:--:--"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class Figure(msgspec.Struct, frozen=True):
    """One number with its label; `note` says more in no language, such as a version."""

    label: Words
    value: Words
    note: str = ""


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """A state for the eye. `clock` is civil time of the city, or dashes; `now` is epoch seconds, None if unknown."""

    terminal: str
    scene: str
    title: Words
    place: str
    connected: bool
    link: Words
    now: int | None
    clock: str
    figures: tuple[Figure, ...]
    faults: tuple[Words, ...]


def heartbeat_of(state: State, faults: tuple[Words, ...] = ()) -> Heartbeat:
    """Say a state to people; `faults` are those of inputs and outputs, which the terminal's core knows nothing of."""
    scene = SCENES.get(state.scene)
    return Heartbeat(
        terminal=state.terminal,
        scene=state.scene,
        title=scene.title if scene else Words(state.scene, state.scene),
        place=state.place_name,
        connected=state.connected,
        link=ONLINE if state.connected else OFFLINE,
        now=state.now,
        clock=clock_of(state.now),
        figures=figures_of(state),
        # A fault without words is shown by its name rather than not at all.
        faults=tuple(FAULTS.get(name, Words(name, name)) for name in state.faults) + faults,
    )


def figures_of(state: State) -> tuple[Figure, ...]:
    """Say the numbers of a state."""
    return (
        Figure(Words("名单", "Lists"), age_of(state.list_age)),
        Figure(Words("密钥", "Keys"), age_of(state.key_age), f"v{state.trust_list}" if state.trust_list else ""),
        Figure(Words("待上传", "To send"), _number(state.waiting)),
        *([] if state.oldest_waiting is None else [Figure(Words("最久", "Oldest"), age_of(state.oldest_waiting))]),
        Figure(Words("今日", "Today"), _number(state.scans_today)),
    )


def _number(number: int) -> Words:
    return Words(str(number), str(number))


def age_of(seconds: int | None) -> Words:
    """Say an age in its largest whole unit."""
    if seconds is None:
        return _NONE
    for unit, zh, en in ((_DAY, "天", "d"), (_HOUR, "小时", "h"), (_MINUTE, "分钟", "min")):
        if seconds >= unit:
            return Words(f"{seconds // unit} {zh}", f"{seconds // unit} {en}")
    return Words(f"{seconds} 秒", f"{seconds} s")


def clock_of(now: int | None) -> str:
    """Write the civil time of day in the city, or dashes."""
    return _NO_TIME if now is None else _civil(now).strftime("%H:%M:%S")


def moment_of(at: int) -> str:
    """Write a moment in the civil time of the city."""
    return _civil(at).strftime("%Y-%m-%d %H:%M:%S")


def _civil(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC).astimezone(CITY_ZONE)
