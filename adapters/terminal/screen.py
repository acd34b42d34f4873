"""A text screen: the verdict over the whole of it, by shape, word and colour; otherwise that the terminal lives."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import TextIO

from adapters.terminal.answer import Answer, State
from adapters.terminal.columns import centre, clean, fit, fold, width
from adapters.terminal.heartbeat import SHOW, Figure, Heartbeat, heartbeat_of
from adapters.terminal.verdict import LET_PASS, Line, Sign, Verdict, verdict_of
from codeservice.reason import Words
from codeservice.scan import Outcome

BELL = "\a"
BELLS = {Outcome.ACCEPTED: 1, Outcome.REFUSED: 3, Outcome.UNDETERMINED: 2}
"""Bells of a verdict, so that staff need not look."""

_BELL_PAUSE = 0.25
"""Seconds between bells: closer ones sound as one."""

_REPAINT = 1.0
"""Seconds between two paintings of the ready screen; its heart beats once in each."""

# None of ambiguous width (Unicode Standard Annex 11): Chinese terminals give such characters two columns.
_HEART = ("*", ".")
_MARKS = {Sign.TICK: "✓", Sign.CROSS: "✗", Sign.HAND: "!"}
_PICTURES = {
    Sign.TICK: """\
              ##
            ###
          ###
##      ###
 ###  ###
   ####
    ##""",
    Sign.CROSS: """\
##        ##
 ###    ###
   ######
    ####
   ######
 ###    ###
##        ##""",
    Sign.HAND: """\
      ## ##
   ## ## ## ##
   ## ## ## ##
   ###########
## ###########
 ############
   #########
    #######""",
}


class Control(StrEnum):
    """Control sequences of ECMA-48 and of every terminal since xterm."""

    RESET = "\x1b[0m"
    HOME = "\x1b[H"
    ALTERNATE = "\x1b[?1049h\x1b[?25l"
    LEAVE = "\x1b[?25h\x1b[?1049l"
    ACCEPTED = "\x1b[1;97;48;5;22m"
    REFUSED = "\x1b[1;97;48;5;124m"
    UNDETERMINED = "\x1b[1;30;48;5;214m"


_COLOURS = {
    Outcome.ACCEPTED: Control.ACCEPTED,
    Outcome.REFUSED: Control.REFUSED,
    Outcome.UNDETERMINED: Control.UNDETERMINED,
}


class TextScreen:
    """The whole window of a terminal. `size` gives its columns and lines."""

    fault: Words | None = None

    def __init__(self, out: TextIO, size: Callable[[], tuple[int, int]], *, colour: bool) -> None:
        """Take the window over; without `colour` the shapes and words say it alone."""
        self._out = out
        self._size = size
        self._colour = colour
        self._until = 0.0
        self._painted = float("-inf")
        self._beat = 0
        self._bells: list[float] = []
        self._write(Control.ALTERNATE)

    def show(self, answer: Answer, now: float) -> None:
        """Paint a verdict and begin its bells."""
        verdict = verdict_of(answer)
        self._until = now + verdict.stay
        self._painted = float("-inf")
        self._bells = [now + number * _BELL_PAUSE for number in range(BELLS[verdict.decision])]
        self._paint(verdict_lines(verdict, *self._size()), _COLOURS[verdict.decision])
        self._ring(now)

    def refuse(self, _words: Words) -> None:
        """Do nothing: only machines ask what cannot be read, and they are told by their own output."""

    def tell(self, _state: State) -> None:
        """Do nothing: the ready screen has it."""

    def tick(self, state: State, faults: tuple[Words, ...], now: float) -> None:
        """Go back to ready when a verdict has had its time, and let the heart beat."""
        self._ring(now)
        if now < self._until or now - self._painted < _REPAINT:
            return
        self._painted = now
        self._beat += 1
        heart = _HEART[self._beat % len(_HEART)]
        self._paint(ready_lines(heartbeat_of(state, faults), heart, *self._size()), Control.RESET)

    def close(self) -> None:
        """Give the window back."""
        self._write(f"{Control.RESET}{Control.LEAVE}" if self._colour else Control.LEAVE)

    def _paint(self, lines: list[str], colour: Control) -> None:
        # Every line is as wide as the window, so that nothing of what stood there stays; no line break at the end, or
        # the window scrolls.
        text = "\r\n".join(lines)
        self._write(f"{Control.HOME}{colour}{text}{Control.RESET}" if self._colour else f"{Control.HOME}{text}")

    def _ring(self, now: float) -> None:
        due = [at for at in self._bells if at <= now]
        self._bells = [at for at in self._bells if at > now]
        if due:
            self._write(BELL)

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


class PlainScreen:
    """The same in plain lines, for a log, a pipe or a terminal that can do no more."""

    fault: Words | None = None

    def __init__(self, out: TextIO) -> None:
        """Write to `out`."""
        self._out = out
        self._said: Heartbeat | None = None

    def show(self, answer: Answer, _now: float) -> None:
        """Write one answer in a block of lines."""
        self._write(plain_lines(verdict_of(answer)))

    def refuse(self, words: Words) -> None:
        """Write why."""
        self._write([_warning(words)])

    def tell(self, state: State) -> None:
        """Write the state."""
        self._write(plain_state(heartbeat_of(state)))

    def tick(self, state: State, faults: tuple[Words, ...], _now: float) -> None:
        """Write when the connection or the faults have changed; time that goes by is no news."""
        beat = heartbeat_of(state, faults)
        if self._said is None or (beat.connected, beat.faults) != (self._said.connected, self._said.faults):
            self._said = beat
            self._write([f"{both(beat.title)} {clean(beat.place)} · {both(beat.link)}", *map(_warning, beat.faults)])

    def close(self) -> None:
        """Leave nothing behind: there is nothing."""

    def _write(self, lines: list[str]) -> None:
        self._out.write("\n".join(lines) + "\n")
        self._out.flush()


def open_screen(
    out: TextIO, environment: Mapping[str, str], size: Callable[[], tuple[int, int]]
) -> TextScreen | PlainScreen:
    """Choose the screen: the whole window of a terminal, in colour unless NO_COLOR says otherwise; else plain lines."""
    if not out.isatty() or environment.get("TERM", "dumb") == "dumb":
        return PlainScreen(out)
    return TextScreen(out, size, colour=not environment.get("NO_COLOR"))


def verdict_lines(verdict: Verdict, columns: int, rows: int) -> list[str]:
    """Lay a verdict out: exactly `rows` lines of `columns` columns. What is left out first is what matters least."""
    said = [centre(line, columns) for words in _said(verdict) for line in _folded(words, columns)]
    block = [*_picture(verdict.sign, columns), fit("", columns), centre(_title(verdict), columns), *said]
    if len(block) > rows:
        # A small window says the sign in its title alone.
        block = block[-len(said) - 1 :][:rows]
    above = (rows - len(block)) // 2
    below = rows - len(block) - above
    return [fit("", columns)] * above + block + [fit("", columns)] * below


def _picture(sign: Sign, columns: int) -> list[str]:
    lines = _PICTURES[sign].split("\n")
    margin = " " * ((columns - max(map(len, lines))) // 2)
    return [fit(margin + line, columns) for line in lines]


def _title(verdict: Verdict) -> str:
    mark = _MARKS[verdict.sign]
    onward = f"  {both(LET_PASS)}" if verdict.let_pass else ""
    return f"[{mark}]  {verdict.word.zh}  {verdict.word.en}{onward}  [{mark}]"


def _said(verdict: Verdict) -> Iterator[Words | Line]:
    if verdict.reason:
        yield verdict.reason
    if verdict.advice:
        yield verdict.advice
    yield from verdict.details
    if verdict.compare:
        yield verdict.compare
    yield from verdict.notes


def _folded(said: Words | Line, columns: int) -> Iterator[str]:
    line = _in_a_line(said)
    if width(line) <= columns:
        yield line
        return
    if isinstance(said, Line):
        said = Words(f"{said.label.zh}：{said.value.zh}", f"{said.label.en}: {said.value.en}")
    yield from fold(clean(said.zh), columns)
    yield from fold(clean(said.en), columns)


def _in_a_line(said: Words | Line) -> str:
    return both(said) if isinstance(said, Words) else f"{both(said.label)}: {both(said.value)}"


def ready_lines(beat: Heartbeat, heart: str, columns: int, rows: int) -> list[str]:
    """Lay the ready screen out: exactly `rows` lines of `columns` columns; faults stand where nobody misses them."""
    head = [f"{heart} {beat.clock}  {both(beat.title)}", clean(beat.place), f"{both(beat.link)}  {beat.terminal}"]
    faults = [line for fault in beat.faults for line in _folded(Words(f"！{fault.zh}", fault.en), columns)]
    figures = [figure_line(figure) for figure in beat.figures]
    middle = [SHOW.zh, SHOW.en]
    space = max(0, rows - len(head) - len(faults) - len(figures) - len(middle))
    above = space // 2
    lines = [fit(line, columns) for line in (*head, *faults)]
    lines += (
        [fit("", columns)] * above + [centre(line, columns) for line in middle] + [fit("", columns)] * (space - above)
    )
    return (lines + [fit(line, columns) for line in figures])[:rows]


def plain_lines(verdict: Verdict) -> list[str]:
    """Say a verdict in lines that can be read aloud."""
    return [_title(verdict), *(f"    {_in_a_line(said)}" for said in _said(verdict))]


def plain_state(beat: Heartbeat) -> list[str]:
    """Say a state in lines that can be read aloud."""
    return [
        f"{both(beat.title)} {clean(beat.place)} ({beat.terminal})",
        f"{beat.clock}  {both(beat.link)}",
        *map(figure_line, beat.figures),
        *map(_warning, beat.faults),
    ]


def figure_line(figure: Figure) -> str:
    """Say one number."""
    note = f" ({figure.note})" if figure.note else ""
    return f"{both(figure.label)}: {both(figure.value)}{note}"


def _warning(fault: Words) -> str:
    return f"！{both(fault)}"


def both(words: Words) -> str:
    """Say both languages in one line."""
    zh, en = clean(words.zh), clean(words.en)
    return zh if zh == en else f"{zh} {en}"
