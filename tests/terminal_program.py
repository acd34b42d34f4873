"""The terminal program in processes of its own, beside a running city."""

import contextlib
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from tests.running import ROOT, RunningCity


class Program:
    """The terminal program as a machine runs it, with its standard input and output."""

    def __init__(self, folder: Path) -> None:
        options = ["run", "--data", str(folder), "--input", "lines", "--output", "json"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "adapters.terminal", *options],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.answers: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def scan(self, code: str) -> None:
        """Hand over a code, as a reader does; a program that was killed takes none."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(code.encode() + b"\n")
            self.process.stdin.flush()

    def kill(self) -> list[dict[str, Any]]:
        """Kill it; returns what it has answered until then, whole lines only."""
        self.process.kill()
        return self._end()

    def finish(self) -> list[dict[str, Any]]:
        """Let it come to its end."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(300)
        return self._end()

    def _end(self) -> list[dict[str, Any]]:
        self.process.wait(300)
        self._reader.join(30)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        return self.answers

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith(b"\n"):
                answer = json.loads(line)
                if "decision" in answer:
                    self.answers.append(answer)


def enrol(city: RunningCity, folder: Path, terminal: str) -> None:
    """Enrol a terminal by the operator's link, and make a first contact."""
    link = city.operate("terminals", "enrol", terminal)["link"]
    command = [sys.executable, "-m", "adapters.terminal", "enrol", link, "--data", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    sync(folder)


def sync(folder: Path) -> None:
    """Make one contact."""
    command = [sys.executable, "-m", "adapters.terminal", "sync", "--data", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout


def state(folder: Path) -> dict[str, Any]:
    """Ask a terminal that does not run how it stands."""
    command = [sys.executable, "-m", "adapters.terminal", "state", "--json", "--data", str(folder)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return dict(json.loads(said))
