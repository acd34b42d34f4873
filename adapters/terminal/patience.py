"""Asking somebody who may never answer: a socket's own time limit counts from byte to byte, and a name has none."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class Patience:
    """Asks one question at a time, and waits for an answer only so long. Not for two threads at once."""

    def __init__(self) -> None:
        """Ask nothing yet."""
        self._asking: threading.Thread | None = None

    def ask(self, question: Callable[[], T], seconds: float) -> T:
        """Return the answer, or raise what the question raises.

        Raises TimeoutError after `seconds`, and at once while an earlier question still waits: whoever keeps one
        waiting does not keep the next.
        """
        if self._asking is not None and self._asking.is_alive():
            raise TimeoutError("an earlier question still waits for its answer")
        answer: Future[T] = Future()

        def work() -> None:
            try:
                answer.set_result(question())
            except Exception as error:  # noqa: BLE001 -- it is raised where the answer is waited for
                answer.set_exception(error)

        asking = self._asking = threading.Thread(target=work, daemon=True)
        asking.start()
        try:
            return answer.result(seconds)
        finally:
            if answer.done():
                # It has only to end: the next question must not take it for one that still waits.
                asking.join()
