"""Pictures that a camera or a person puts into a folder, read as they come."""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

from adapters.terminal.inputs.picture import PictureError, read_picture
from adapters.terminal.inputs.reading import Reading, StateRequest
from codeservice.reason import Words

DONE = "done"
"""Folder inside the folder, where pictures go that are kept."""

_ENDINGS = frozenset((".png", ".jpg", ".jpeg"))
_PAUSE = 0.3
"""Seconds between two looks; a picture is read when it has not changed from one look to the next."""

_PATIENCE = 20
"""Looks at a picture that does not change and cannot be read, before it counts as none."""

_Version = tuple[int, int, int]
"""What changes with a file: its inode, its size, its time of change in nanoseconds."""


class Pictures:
    """Reads each picture once, oldest first, and then removes it, or moves it to `DONE`."""

    def __init__(self, folder: Path, *, keep: bool = False) -> None:
        """Watch a folder."""
        self._folder = folder
        self._keep = keep
        self._seen: dict[Path, tuple[_Version, int]] = {}
        self._stuck: dict[Path, _Version] = {}
        self.fault: Words | None = None

    def run(self, take: Callable[[Reading | StateRequest], None], stop: Event) -> None:
        """Hand on one reading a picture; an empty text for one without a code."""
        while not stop.is_set():
            self.look(take)
            stop.wait(_PAUSE)

    def look(self, take: Callable[[Reading | StateRequest], None]) -> None:
        """Look once: read what has not changed since the last look."""
        try:
            files = self._files()
        except OSError:
            self.fault = Words(f"图片文件夹 {self._folder} 无法读取", f"The folder {self._folder} cannot be read")
            return
        self.fault = None
        before, self._seen = self._seen, {}
        for path, version in files:
            old, looks = before.get(path, (None, 0))
            looks = looks + 1 if old == version else 0
            self._seen[path] = (version, looks)
            if looks and self._stuck.get(path) != version:
                self._read(path, version, take, final=looks >= _PATIENCE)
        self._stuck = {path: version for path, version in self._stuck.items() if path in self._seen}

    def _files(self) -> list[tuple[Path, _Version]]:
        return sorted(_pictures(self._folder), key=lambda found: (found[1][2], found[0].name))

    def _read(
        self, path: Path, version: _Version, take: Callable[[Reading | StateRequest], None], *, final: bool
    ) -> None:
        try:
            text, act = read_picture(path), _act(path)
        except (PictureError, OSError):
            if not final:
                # Somebody may still be writing it.
                return
            text, act = "", None
        # Whoever showed a picture waits for an answer: one without a code is answered like any text that is none.
        take(Reading(text, act=act))
        self._put_away(path, version)

    def _put_away(self, path: Path, version: _Version) -> None:
        try:
            if self._keep:
                done = self._folder / DONE
                done.mkdir(exist_ok=True)
                path.replace(done / path.name)
            else:
                path.unlink(missing_ok=True)
        except OSError:
            # It stays where it is, and is not read again.
            self._stuck[path] = version
            self.fault = Words(f"图片无法移走：{self._folder}", f"Pictures cannot be removed from {self._folder}")


def _pictures(folder: Path) -> Iterator[tuple[Path, _Version]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if Path(entry.name).suffix.lower() not in _ENDINGS or entry.name.startswith("."):
                continue
            try:
                found = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if stat.S_ISREG(found.st_mode):
                yield Path(entry.path), (found.st_ino, found.st_size, found.st_mtime_ns)


def _act(path: Path) -> str:
    # The same file after a power cut is the same scan.
    digest = hashlib.sha256(f"{path.name} {path.stat().st_mtime_ns} ".encode(errors="replace") + path.read_bytes())
    return f"picture-{digest.hexdigest()[:32]}"
