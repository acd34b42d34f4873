"""Asking somebody who may never answer."""

import threading

import pytest

from adapters.terminal.patience import Patience

LONG = 60.0


def test_an_answer_in_time_is_given_and_an_error_raised() -> None:
    patience = Patience()
    assert patience.ask(lambda: "yes", LONG) == "yes"
    with pytest.raises(ZeroDivisionError):
        patience.ask(lambda: 1 // 0, LONG)


def test_who_gives_no_answer_keeps_neither_this_nor_the_next_one_waiting() -> None:
    patience, go_on = Patience(), threading.Event()
    with pytest.raises(TimeoutError):
        patience.ask(go_on.wait, 0.01)
    with pytest.raises(TimeoutError, match="earlier"):
        patience.ask(lambda: "yes", LONG)
    go_on.set()
    assert patience._asking is not None
    patience._asking.join()
    assert patience.ask(lambda: "yes", LONG) == "yes"
