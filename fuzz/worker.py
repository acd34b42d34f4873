"""One target under atheris. `python -m fuzz` starts it; libFuzzer's own options follow the target's name.

Usage: python -m fuzz.worker TARGET SLOWEST_FILE LIBFUZZER_OPTION ...
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

# Jump counters go into every reader, and into the one library of the readers that is written in Python.
with atheris.instrument_imports(include=["adapters", "codeservice", "jwt", "keys"]):
    from fuzz.bounds import MAX_BYTES, MAX_SECONDS, TooMuchMemoryError, TooSlowError, allocated, seconds
    from fuzz.targets import TARGETS, Target

_GROWTH = 1024
"""Units of ru_maxrss (kilobytes on Linux) of growth that make an input suspect."""


class Watch:
    """Runs a target on one input after the other and keeps the slowest reading in a file."""

    def __init__(self, target: Target, slowest: Path) -> None:
        """Start with nothing seen."""
        self._target = target
        self._file = slowest
        self._slowest = 0.0
        self._peak = 0

    def look(self, data: bytes) -> None:
        """Read one input; raises on a finding, which libFuzzer keeps."""
        taken = seconds(self._target, data)
        if taken > self._slowest:
            # Again: a busy machine makes a reading slower, never faster.
            taken = min(taken, seconds(self._target, data), seconds(self._target, data))
        if taken > MAX_SECONDS:
            taken = self._judge(data)
        if taken > self._slowest:
            self._slowest = taken
            self._file.write_text(str(taken))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if peak > self._peak + _GROWTH:
            self._peak = peak
            self._confirm_large(data)

    def _judge(self, data: bytes) -> float:
        # Without counters, which cost more than the reading itself, and without this process's past.
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            command = [sys.executable, "-m", "fuzz.bounds", self._target.name, file.name]
            judged = subprocess.run(command, capture_output=True, text=True, check=False)
        if judged.returncode:
            raise TooSlowError(judged.stderr.strip().rpartition("\n")[2])
        return float(judged.stdout.split()[0]) / 1000

    def _confirm_large(self, data: bytes) -> None:
        peak = allocated(self._target, data)
        if peak > MAX_BYTES:
            raise TooMuchMemoryError(f"{peak / 2**20:.1f} MB; at most {MAX_BYTES / 2**20:.0f} MB")


def main() -> None:
    """Fuzz; never returns."""
    _, name, slowest, *options = sys.argv
    atheris.Setup([sys.argv[0], *options], Watch(TARGETS[name], Path(slowest)).look)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
