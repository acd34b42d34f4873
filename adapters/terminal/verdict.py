"""What a person sees of an answer: sign, word, reason, what to do and the scene's details, in both languages."""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from adapters.bus import BusDetails
from adapters.contract import Details
from adapters.government import GovernmentDetails
from adapters.hospital import HospitalDetails
from adapters.pharmacy import PharmacyDetails
from adapters.scenic_spot import ScenicSpotDetails
from adapters.terminal.answer import Answer
from adapters.venue import VenueDetails
from codeservice.reason import ACCEPTED, Words
from codeservice.scan import Outcome

STAY = 2.0
"""Seconds a verdict stays before the screen is ready again."""

STAY_TO_COMPARE = 6.0
"""Seconds it stays where a face has to be compared with a photo."""


class Sign(StrEnum):
    """The shape of a verdict, so that colour is never the only cue. Values are those of the kiosk page."""

    TICK = "tick"
    CROSS = "cross"
    HAND = "hand"


SIGNS = {Outcome.ACCEPTED: Sign.TICK, Outcome.REFUSED: Sign.CROSS, Outcome.UNDETERMINED: Sign.HAND}
WORDS = {
    Outcome.ACCEPTED: ACCEPTED,
    Outcome.REFUSED: Words("不通过", "Refused"),
    Outcome.UNDETERMINED: Words("无法判定", "Cannot decide"),
}
LET_PASS = Words("可放行", "Let pass")
COMPARE = Words("请核对本人与照片是否一致", "Compare the face with the photo")
REPEAT = Words("同一次扫码，结果不变", "Same scan, same answer")
OFFLINE = Words("离线判定", "Decided offline")

_FREE = Words("免费", "free")
_INSURED = {True: Words("已参保", "insured"), False: Words("未参保", "not insured")}
_NO_PRICE = {"tap_in", "tap_out", "same_tap"}
"""What a tap costs that is no ride of its own, or not yet."""

_NO_BOUND = Words("不限", "no limit")


class Line(msgspec.Struct, frozen=True):
    """One detail."""

    label: Words
    value: Words


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One answer for the eye. `word` is the largest thing on a screen; `notes` are small; `stay` is in seconds."""

    decision: Outcome
    sign: Sign
    let_pass: bool
    word: Words
    reason: Words | None
    advice: Words | None
    compare: Words | None
    details: tuple[Line, ...]
    notes: tuple[Words, ...]
    stay: float


def verdict_of(answer: Answer) -> Verdict:
    """Say an answer to people."""
    compare = answer.holder_check_required and answer.decision is not Outcome.REFUSED
    return Verdict(
        decision=answer.decision,
        sign=SIGNS[answer.decision],
        let_pass=answer.let_pass,
        word=WORDS[answer.decision],
        # A yes whose message only says yes would stand there twice.
        reason=None if answer.message in (WORDS[answer.decision], _NOTHING) else answer.message,
        advice=None if answer.advice == _NOTHING else answer.advice,
        compare=COMPARE if compare else None,
        # What the message has said already is no detail any more.
        details=tuple(line for line in details_of(answer.details) if line.value != answer.message),
        notes=tuple(_notes(answer)),
        stay=STAY_TO_COMPARE if compare else STAY,
    )


_NOTHING = Words("", "")


def _notes(answer: Answer) -> Iterator[Words]:
    if not answer.online:
        yield OFFLINE
    if answer.repeat:
        yield REPEAT


def details_of(details: Details | None) -> tuple[Line, ...]:
    """Say what staff of a scene need to see beside the verdict; what nobody knows is left out."""
    return tuple(Line(label, value) for label, value in _lines(details) if value is not None and value.zh)


def _lines(details: Details | None) -> Iterator[tuple[Words, Words | None]]:
    match details:
        case BusDetails():
            yield Words("票种", "Fare"), details.fare_title
            yield Words("票价", "Price"), None if details.note in _NO_PRICE else _price(details.fare_cents)
            yield Words("本次乘车", "This ride"), details.note_title
            yield Words("同行人数", "Companions"), _number(details.companions or None)
        case HospitalDetails():
            yield from _identity(details.name, details.id_number)
            yield Words("医保", "Insurance"), None if details.insured is None else _INSURED[details.insured]
            yield Words("科室", "Department"), details.department
            yield Words("就诊号", "Visit"), None if details.visit is None else _plain(details.visit)
        case PharmacyDetails():
            yield from _identity(details.name, details.id_number)
            yield Words("医保", "Insurance"), None if details.insured is None else _INSURED[details.insured]
            yield Words("药品", "Medicine"), details.medicine_title
            yield Words("本次盒数", "Packages now"), _number(details.packages)
            yield Words("还可购买", "Still allowed"), _number(details.remaining)
        case ScenicSpotDetails():
            yield Words("门票", "Ticket"), details.ticket_title
            yield Words("规则", "Rule"), details.explained
            yield Words("人数", "People"), _number(details.people)
            yield Words("时段", "Slot"), _plain(details.slot)
            yield Words("园内", "Inside"), _number(details.inside)
            yield Words("日期", "Day"), _plain(details.day)
            yield Words("已入园", "Admitted"), _number(details.admitted)
            yield Words("上限", "Limit"), _NO_BOUND if details.capacity is None else _number(details.capacity)
        case GovernmentDetails():
            yield Words("排队号", "Queue number"), _plain(details.queue_number)
            yield Words("业务", "Service"), details.service_title
            yield Words("姓名", "Name"), _plain(details.name)
        case VenueDetails():
            yield Words("类别", "Kind"), details.title
            yield Words("规则", "Rule"), details.explained
            yield Words("费用", "Price"), _price(details.price_cents)
            yield Words("停留分钟", "Minutes"), _number(details.minutes)
            yield Words("场内人数", "Inside"), _number(details.inside)
            yield Words("姓名", "Name"), None if details.name is None else _plain(details.name)
        case _:
            # A scene that this version does not know: the verdict alone is right as well.
            return


def _identity(name: str, id_number: str) -> Iterator[tuple[Words, Words]]:
    yield Words("姓名", "Name"), _plain(name)
    yield Words("身份证号", "ID number"), _plain(id_number)


def _price(cents: int) -> Words:
    yuan = f"{cents // 100}.{cents % 100:02}"
    return _FREE if cents == 0 else Words(f"{yuan} 元", f"¥{yuan}")


def _number(number: int | None) -> Words | None:
    return None if number is None else _plain(str(number))


def _plain(text: str) -> Words:
    return Words(text, text)
