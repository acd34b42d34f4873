"""Notices: what a holder is told of by itself, in words. No I/O."""

from collections.abc import Mapping
from enum import StrEnum

from codeservice.reason import Words


class NoticeKind(StrEnum):
    """Kinds are wire values: added, never renamed or reused."""

    CARD_STATE_CHANGED = "card_state_changed"


WORDS: dict[NoticeKind, Words] = {
    NoticeKind.CARD_STATE_CHANGED: Words(
        "您的{card_zh}状态变为：{state_zh}。如非本人办理，请到服务窗口核实。",
        "Your {card_en} is now: {state_en}. If that was not you, visit a service counter.",
    ),
}
"""The sentence of every kind; the names in braces are the values that a notice carries."""


def words_of(kind: NoticeKind, values: Mapping[str, object]) -> Words:
    """Return a notice in both languages; raises KeyError for a value that is missing."""
    words = WORDS[kind]
    return Words(words.zh.format_map(dict(values)), words.en.format_map(dict(values)))
