"""The pages that listen: each gets every event in order, or is let go when it does not keep up."""

import queue
import threading

MOST_PAGES = 8
"""Pages that listen at the same time: a window or two, and what reloads have left and nobody has noticed yet."""

_BEHIND = 32
"""Events that a page may be behind."""

Letters = queue.Queue[bytes | None]


class Audience:
    """Any thread may tell; every page waits on a queue of its own, where None is the end."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._lock = threading.Lock()
        self._pages: dict[int, Letters] = {}
        self._latest: bytes | None = None
        self._closed = False

    def tell(self, event: bytes, *, keep: bool = False) -> None:
        """Give an event to all; with `keep` also, as the first, to whoever comes later."""
        with self._lock:
            if keep:
                self._latest = event
            for page in tuple(self._pages.values()):
                try:
                    page.put_nowait(event)
                except queue.Full:
                    self._let_go(page)

    def join(self) -> Letters:
        """Give a new page its queue. The oldest is let go where there are too many: it is one that was left behind."""
        letters: Letters = queue.Queue(_BEHIND)
        with self._lock:
            if self._closed:
                letters.put_nowait(None)
                return letters
            if len(self._pages) >= MOST_PAGES:
                self._let_go(next(iter(self._pages.values())))
            self._pages[id(letters)] = letters
            if self._latest is not None:
                letters.put_nowait(self._latest)
        return letters

    def leave(self, letters: Letters) -> None:
        """Tell a page no more."""
        with self._lock:
            self._pages.pop(id(letters), None)

    def close(self) -> None:
        """End all queues, and those of whoever comes later."""
        with self._lock:
            self._closed = True
            for page in tuple(self._pages.values()):
                self._let_go(page)

    def _let_go(self, page: Letters) -> None:
        del self._pages[id(page)]
        # What it has not read is old, and the end has to fit in.
        while not page.empty():
            page.get_nowait()
        page.put_nowait(None)
