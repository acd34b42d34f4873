"""What a person sees: shape, word and colour agree, both languages, every column where it belongs."""

import io
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import ADAPTERS
from adapters.government import GovernmentDetails
from adapters.pharmacy import PharmacyDetails
from adapters.scenic_spot import ScenicSpotDetails
from adapters.terminal.answer import FAULTS, Answer
from adapters.terminal.columns import centre, clean, fit, fold, width
from adapters.terminal.heartbeat import age_of, clock_of, heartbeat_of, moment_of
from adapters.terminal.screen import (
    BELL,
    BELLS,
    PlainScreen,
    TextScreen,
    open_screen,
    plain_lines,
    ready_lines,
    verdict_lines,
)
from adapters.terminal.verdict import STAY, STAY_TO_COMPARE, details_of, verdict_of
from adapters.venue import VenueDetails
from codeservice.reason import MESSAGES, UNDETERMINED, Reason, Words
from codeservice.scan import Outcome
from codeservice.scene import SCENES
from tests.scanning import ADULT, BUYER, PATIENT, accepted, healthy, rejected

SIZES = [(80, 24), (40, 12), (132, 43), (20, 6)]
TICKET = ScenicSpotDetails(
    day="2027-01-15",
    admitted=3,
    capacity=None,
    ticket_title=Words("市民票", "Resident's ticket"),
    explained=Words("本市居民优惠价", "Price for residents"),
    people=2,
    tickets=3,
    slot="09:00",
    inside=None,
    again=False,
)
NUMBER = GovernmentDetails("李*", "A017")
VISITOR = VenueDetails("enter", Words("读者", "Reader"), Words("市民免费", "Free for residents"), 0, None, 3, 10, None)
SEEN = {
    "bus": ADULT,
    "hospital": PATIENT,
    "pharmacy": BUYER,
    "scenic_spot": TICKET,
    "government": NUMBER,
    "venue": VISITOR,
}
ANSWERS = [
    pytest.param(accepted(), id="accepted"),
    pytest.param(accepted(PATIENT, holder_check_required=True), id="to compare"),
    pytest.param(rejected(Reason.EXPIRED), id="refused"),
    pytest.param(rejected(Reason.STATUS_STALE, let_pass=True, repeat=True), id="let pass"),
]


class Window(io.StringIO):
    """A terminal window, or what is none."""

    def __init__(self, *, terminal: bool = True) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    def new(self) -> str:
        """Return what was written since the last time."""
        text = self.getvalue()
        self.seek(0)
        self.truncate()
        return text


def window(*, colour: bool = True) -> tuple[Window, TextScreen]:
    out = Window()
    screen = TextScreen(out, lambda: (80, 24), colour=colour)
    out.new()
    return out, screen


@pytest.mark.parametrize(
    ("text", "columns"),
    [("", 0), ("abc", 3), ("城市码", 6), ("a城b", 4), ("！", 2), ("e\u0301", 1), ("✓✗", 2), ("１", 2)],
)
def test_a_chinese_character_takes_two_columns(text: str, columns: int) -> None:
    assert width(text) == columns


@given(text=st.text(max_size=60), columns=st.integers(2, 40))
def test_whatever_the_text_a_line_is_exactly_as_wide_as_asked(text: str, columns: int) -> None:
    assert width(fit(text, columns)) == columns
    assert width(centre(text, columns)) == columns
    assert all(width(line) <= columns for line in fold(text, columns))


@given(text=st.text(alphabet="ab 城市码。", max_size=60), columns=st.integers(2, 20))
def test_folding_loses_no_letter(text: str, columns: int) -> None:
    assert "".join(fold(text, columns)).replace(" ", "") == text.replace(" ", "")


def test_words_are_not_cut_where_there_is_room() -> None:
    assert list(fold("set the phone's clock", 12)) == ["set the", "phone's", "clock"]


@pytest.mark.parametrize("text", ["a\x1b[2Jb", "a\nb", "a\u202eb", "a\x00b", "a\x9bb"])
def test_a_name_cannot_command_the_screen(text: str) -> None:
    assert clean(text).count("?") == 1
    patient = type(PATIENT)(text, "3499", insured=None)
    shown = "".join(verdict_lines(verdict_of(accepted(patient)), 80, 24))
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202e]", shown)


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_a_verdict_fills_the_window_and_no_more(answer: Answer, columns: int, rows: int) -> None:
    lines = verdict_lines(verdict_of(answer), columns, rows)
    assert [width(line) for line in lines] == [columns] * rows
    assert any(verdict_of(answer).word.zh in line for line in lines)


@pytest.mark.parametrize("faults", [(), ("time_untrusted", "queue_full")])
@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_the_ready_screen_fills_the_window_and_shows_every_fault(
    faults: tuple[str, ...], columns: int, rows: int
) -> None:
    lines = ready_lines(heartbeat_of(healthy(faults=faults)), "*", columns, rows)
    assert [width(line) for line in lines] == [columns] * rows
    if rows >= 12:
        for fault in faults:
            assert FAULTS[fault].zh.replace("，", "") in "".join(line.strip() for line in lines).replace("，", "")


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_told_with_what_to_do_in_both_languages(reason: Reason) -> None:
    said = "\n".join(plain_lines(verdict_of(rejected(reason))))
    message, advice = MESSAGES[reason]
    for words in (message, advice):
        assert words.zh in said
        assert words.en in said
        assert said.index(words.zh) < said.index(words.en)
    assert ("Cannot decide" in said) is (reason in UNDETERMINED)


def test_colour_is_never_the_only_difference() -> None:
    answers = (accepted(), rejected(Reason.REPLAYED), rejected(Reason.STATUS_STALE))
    verdicts = [verdict_of(answer) for answer in answers]
    assert len({verdict.sign for verdict in verdicts}) == len({verdict.word for verdict in verdicts}) == 3
    pictures = [verdict_lines(verdict, 80, 24)[4:12] for verdict in verdicts]
    assert len({"".join(picture) for picture in pictures}) == 3
    assert len(set(BELLS.values())) == 3


@pytest.mark.parametrize("scene", ADAPTERS)
def test_every_scene_says_what_its_staff_need(scene: str) -> None:
    details = SEEN[scene]
    assert isinstance(details, ADAPTERS[scene].details)
    lines = details_of(details)
    assert len(lines) >= 2
    for line in lines:
        assert all((line.label.zh, line.label.en, line.value.zh, line.value.en))


def test_a_bus_sees_a_fare_and_nothing_about_who_it_is() -> None:
    assert [(line.label.en, line.value.en) for line in details_of(ADULT)] == [
        ("Fare", "Adult"),
        ("Price", "¥2.00"),
        ("This ride", "counted"),
    ]


@pytest.mark.parametrize(
    ("details", "told"),
    [
        pytest.param(type(PATIENT)("", "", insured=None), [], id="offline nobody's name is known"),
        pytest.param(
            PharmacyDetails("王*", "3499", None, None, None, None), ["王*", "3499"], id="nothing with a limit is sold"
        ),
        pytest.param(None, [], id="no details"),
    ],
)
def test_what_nobody_knows_is_left_out(details: Any, told: list[str]) -> None:
    assert [line.value.zh for line in details_of(details)] == told


def test_what_the_message_says_is_not_said_again() -> None:
    assert "票种" not in "\n".join(plain_lines(verdict_of(accepted(ADULT))))


def test_a_face_is_compared_after_a_yes_and_not_after_a_no() -> None:
    assert verdict_of(accepted(PATIENT, holder_check_required=True)).stay == STAY_TO_COMPARE
    refused = verdict_of(rejected(Reason.REVOKED, holder_check_required=True))
    assert (refused.compare, refused.stay) == (None, STAY)


def test_let_pass_is_told_and_is_no_yes() -> None:
    said = plain_lines(verdict_of(rejected(Reason.STATUS_STALE, let_pass=True)))[0]
    assert "无法判定" in said
    assert "Let pass" in said
    assert "通过" not in said.replace("不通过", "")


def test_online_offline_and_repeated_answers_differ() -> None:
    notes = [
        verdict_of(accepted(online=online, repeat=repeat)).notes for online in (True, False) for repeat in (True, False)
    ]
    assert len(set(notes)) == 4


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (None, "无", "none"),
        (0, "0 秒", "0 s"),
        (59, "59 秒", "59 s"),
        (60, "1 分钟", "1 min"),
        (3599, "59 分钟", "59 min"),
        (7200, "2 小时", "2 h"),
        (172800, "2 天", "2 d"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(seconds: int | None, zh: str, en: str) -> None:
    assert age_of(seconds) == Words(zh, en)


def test_the_clock_is_the_citys_and_shows_when_there_is_none() -> None:
    assert clock_of(0) == "08:00:00"
    assert moment_of(0) == "1970-01-01 08:00:00"
    assert clock_of(None) == "--:--:--"


def test_a_scene_and_a_fault_without_words_are_shown_by_their_names() -> None:
    beat = heartbeat_of(healthy(scene="library", faults=("later_fault",)), (Words("扫码器", "scanner"),))
    assert beat.title == Words("library", "library")
    assert beat.faults == (Words("later_fault", "later_fault"), Words("扫码器", "scanner"))
    assert heartbeat_of(healthy()).title == SCENES["bus"].title


@pytest.mark.parametrize("answer", ANSWERS)
def test_bells_ring_apart_from_each_other_and_as_often_as_the_verdict_says(answer: Answer) -> None:
    out, screen = window()
    screen.show(answer, 100.0)
    rung = out.new().count(BELL)
    for tenth in range(1, 20):
        screen.tick(healthy(), (), 100.0 + tenth / 10)
        new = out.new().count(BELL)
        assert new <= 1
        rung += new
    assert rung == BELLS[answer.decision]


def test_a_verdict_stays_and_then_the_screen_is_ready_and_beats() -> None:
    out, screen = window()
    screen.show(rejected(Reason.REPLAYED), 100.0)
    assert "不通过" in out.new()
    screen.tick(healthy(), (), 100.0 + STAY - 0.1)
    assert "请出示城市码" not in out.new()
    beats = set()
    for second in range(4):
        screen.tick(healthy(), (), 100.0 + STAY + second)
        painted = out.new()
        assert "请出示城市码" in painted
        beats.add("*" in painted)
    assert beats == {True, False}
    screen.tick(healthy(), (), 100.0 + STAY + 3.5)
    assert out.new() == ""


def test_the_next_verdict_does_not_wait_for_the_one_before() -> None:
    out, screen = window()
    screen.show(rejected(Reason.REPLAYED), 100.0)
    out.new()
    screen.show(accepted(), 100.1)
    assert "Accepted" in out.new()


def test_without_colour_there_is_no_colour_and_the_window_is_given_back() -> None:
    out, screen = window(colour=False)
    screen.show(accepted(), 0.0)
    screen.tick(healthy(), (), 9.0)
    screen.close()
    painted = out.new()
    assert not re.search(r"\x1b\[[0-9;]*m", painted)
    assert painted.endswith("\x1b[?25h\x1b[?1049l")
    coloured, screen = window()
    screen.show(accepted(), 0.0)
    assert re.search(r"\x1b\[[0-9;]*m", coloured.new())


@pytest.mark.parametrize(
    ("terminal", "environment", "kind", "colour"),
    [
        pytest.param(True, {"TERM": "xterm"}, TextScreen, True, id="a window"),
        pytest.param(True, {"TERM": "xterm", "NO_COLOR": "1"}, TextScreen, False, id="NO_COLOR"),
        pytest.param(True, {"TERM": "xterm", "NO_COLOR": ""}, TextScreen, True, id="NO_COLOR is empty"),
        pytest.param(True, {"TERM": "dumb"}, PlainScreen, None, id="a dumb terminal"),
        pytest.param(True, {}, PlainScreen, None, id="no TERM"),
        pytest.param(False, {"TERM": "xterm"}, PlainScreen, None, id="a pipe"),
    ],
)
def test_a_window_gets_a_screen_and_a_pipe_gets_lines(
    environment: dict[str, str], kind: type, *, terminal: bool, colour: bool | None
) -> None:
    screen = open_screen(Window(terminal=terminal), environment, lambda: (80, 24))
    assert isinstance(screen, kind)
    if isinstance(screen, TextScreen):
        assert screen._colour is colour


def test_plain_lines_hold_no_control_character_and_tell_only_what_is_new() -> None:
    out = Window(terminal=False)
    screen = PlainScreen(out)
    for second in range(3):
        screen.tick(healthy(list_age=second), (), float(second))
    first = out.new()
    assert first.count("在线") == 1
    screen.tick(healthy(connected=False, faults=("lists_stale",)), (), 9.0)
    screen.show(accepted(outcome := PATIENT, holder_check_required=True), 10.0)
    screen.tell(healthy())
    screen.refuse(Words("错", "wrong"))
    screen.close()
    text = first + out.new()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)
    for told in ("离线", FAULTS["lists_stale"].en, outcome.name, "待上传 To send", "wrong"):
        assert told in text


def test_the_words_of_a_decision_are_those_of_the_browsers_scanner() -> None:
    words = {outcome: verdict_of(accepted(None, decision=outcome)).word for outcome in Outcome}
    assert [words[outcome].zh for outcome in Outcome] == ["通过", "不通过", "无法判定"]
