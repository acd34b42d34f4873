"""What an input hands on: one reading of a scanner, or of a machine that says more than the code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from keys.errors import KeysError
from keys.jws import parse_json

_CODE, _ACT_NAME, _STATE = "code", "act", "state"


@dataclass(frozen=True)
class Reading:
    """The text as scanned; `body` and `act` are those of `Scanning.scan`. Codes are shown to nobody, so not printed."""

    text: str = field(repr=False)
    body: Mapping[str, object] | None = None
    act: str | None = None


@dataclass(frozen=True)
class StateRequest:
    """A machine asks how the terminal is: the line `{"state": true}`."""


def read_line(line: bytes, *, prefix: str = "") -> Reading | StateRequest:
    """Read one line of a scanner or of a machine. Total: what is neither object nor text is a text that is no code."""
    if line.startswith(b"{"):
        asked = read_object(line)
        if asked is not None:
            return asked
    return Reading(line.decode(errors="replace").removeprefix(prefix))


def read_object(line: bytes) -> Reading | StateRequest | None:
    """Read a JSON object of a machine; None when it is none, or names no code."""
    try:
        body: dict[str, Any] = parse_json(line)
    except (KeysError, RecursionError):
        return None
    if len(body) == 1 and body.get(_STATE) is True:
        return StateRequest()
    code, act = body.pop(_CODE, None), body.pop(_ACT_NAME, None)
    if not isinstance(code, str) or not isinstance(act, str | None):
        return None
    return Reading(code, body or None, act)
