"""Runs every target for a while and tells what was found.

Usage: make fuzz ARGS="--seconds 600 --target NAME". A finding is kept in fuzz/findings/ with what was said about it;
`.venv/bin/python -m fuzz.bounds TARGET FILE` looks at it again without the fuzzer.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from fuzz.targets import TARGETS, Target

FINDINGS = Path(__file__).parent / "findings"

_HANGS_AFTER = 10
"""Seconds after which libFuzzer ends an input that never ends; slow ones are found long before."""

_MEMORY = 1024
"""Megabytes of the whole process after which libFuzzer ends it."""

_GRACE = 120
_COVERAGE = re.compile(r"cov: (\d+)")
_STAT = re.compile(r"stat::(\w+):\s+(\d+)")


@dataclass(frozen=True)
class Run:
    """What one target's run gave. `finding` is the file of the input that broke a promise, `fault` a broken run.

    `slowest` is the slowest reading in seconds, the cost of the fuzzer's counters included.
    """

    name: str
    runs: int
    each_second: int
    slowest: float
    coverage: tuple[int, int]
    finding: Path | None
    fault: str | None

    def __str__(self) -> str:
        """One line for people."""
        first, last = self.coverage
        result = f"FOUND {self.finding}" if self.finding else f"BROKEN {self.fault}" if self.fault else "ok"
        return (
            f"{self.name:<22} {self.runs:>9} runs {self.each_second:>7}/s   slowest {self.slowest * 1000:6.2f} ms"
            f"   coverage {last:>4} (+{last - first})   {result}"
        )


def main() -> int:
    """Run the targets asked for; returns 1 on a finding."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--target", action="append", choices=sorted(TARGETS), help="one target; may be repeated")
    options = parser.parse_args()
    FINDINGS.mkdir(exist_ok=True)
    bad = 0
    for name in options.target or TARGETS:
        found = run(TARGETS[name], options.seconds)
        bad += bool(found.finding or found.fault)
        print(found, flush=True)
    return 1 if bad else 0


def run(target: Target, seconds: int) -> Run:
    """Fuzz one target in a process of its own."""
    with tempfile.TemporaryDirectory() as place:
        corpus, slowest = Path(place, "corpus"), Path(place, "slowest")
        corpus.mkdir()
        for number, seed in enumerate(target.seeds()):
            (corpus / f"{number:04}").write_bytes(seed)
        slowest.write_text("0")
        command = [
            sys.executable,
            "-m",
            "fuzz.worker",
            target.name,
            str(slowest),
            *_options(target, seconds),
            str(corpus),
        ]
        known = _findings(target)
        try:
            done = subprocess.run(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=seconds + _GRACE,
            )
        except subprocess.TimeoutExpired:
            return Run(target.name, 0, 0, 0.0, (0, 0), None, "the fuzzer did not come to an end")
        log = done.stdout.decode(errors="replace")
        return _read(target, log, done.returncode, known, float(slowest.read_text()))


def _options(target: Target, seconds: int) -> list[str]:
    return [
        f"-max_total_time={seconds}",
        f"-max_len={target.max_len}",
        f"-timeout={_HANGS_AFTER}",
        f"-rss_limit_mb={_MEMORY}",
        f"-artifact_prefix={FINDINGS}/{target.name}-",
        "-print_final_stats=1",
    ]


def _findings(target: Target) -> set[Path]:
    # By name: another target may be running at the same time.
    return {path for path in FINDINGS.glob(f"{target.name}-*") if path.suffix != ".txt"}


def _read(target: Target, log: str, code: int, known: set[Path], slowest: float) -> Run:
    stats = {name: int(value) for name, value in _STAT.findall(log)}
    covered = [int(value) for value in _COVERAGE.findall(log)] or [0]
    finding = next(iter(_findings(target) - known), None)
    if code and finding is None:
        # The same finding as before has the same name.
        written = re.search(r"Test unit written to (\S+)", log)
        finding = Path(written[1]) if written else None
    if finding:
        finding.with_name(f"{finding.name}.txt").write_text(
            log[log.find("=== Uncaught") :] if "=== Uncaught" in log else log
        )
    fault = log.strip().rpartition("\n")[2] if code and not finding else None
    runs = stats.get("number_of_executed_units", 0)
    return Run(
        target.name, runs, stats.get("average_exec_per_sec", 0), slowest, (covered[0], covered[-1]), finding, fault
    )


if __name__ == "__main__":
    sys.exit(main())
