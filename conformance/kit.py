"""The kit itself: starts a program for each vector, asks it for a decision, and compares. Prints nothing."""

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMAT = 1
"""The format of the vectors that this kit understands."""

DECISIONS = ("accepted", "refused", "undetermined")

MAX_SECONDS = 10
"""Seconds that a program has for one vector, its start included."""

_CONTEXT = ("guide", "now", "policy", "document_checked", "status", "used")
"""What of a vector a program is told, beside the text and the trust list; never the expected decision."""


class KitError(Exception):
    """The vectors or the program cannot be used at all; nothing was learned about the reader."""


@dataclass(frozen=True)
class Answer:
    """A decision as expected or as given."""

    decision: str
    reason: str | None

    def __str__(self) -> str:
        """The decision with its reason."""
        return self.decision if self.reason is None else f"{self.decision} {self.reason}"


@dataclass(frozen=True)
class Vector:
    """One vector: the text on standard input, the context in a file, and what must come out."""

    path: str
    comment: str
    text: str
    context: dict[str, Any]
    expect: Answer


@dataclass(frozen=True)
class Result:
    """What a program said to one vector; `fault` tells why there is no answer."""

    vector: Vector
    got: Answer | None
    fault: str | None = None

    @property
    def agrees(self) -> bool:
        """Whether the decision and the reason are as expected."""
        return self.got == self.vector.expect


def read_vectors(folder: Path, *, suite: str | None = None) -> list[Vector]:
    """Read every vector of a manifest, or those of cities with one suite.

    Raises KitError for none, and for any that this kit does not understand.
    """
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        trust = json.loads((folder / "trust.json").read_bytes())
        if manifest["format"] != FORMAT:
            raise KitError(f"vectors of format {manifest['format']}; this kit reads format {FORMAT}")
        vectors = [_read(path, json.loads((folder / path).read_bytes()), trust) for path in manifest["vectors"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KitError(f"no vectors in {folder}: {error!r}") from error
    found = [vector for vector in vectors if suite in (None, *_suites(vector))]
    if not found:
        raise KitError(f"no vectors in {folder}: the manifest is empty, or holds none of this suite")
    return found


def _suites(vector: Vector) -> set[str]:
    return {root["algorithm"] for root in vector.context["trust"]["roots"]}


def _read(path: str, vector: dict[str, Any], trust: dict[str, Any]) -> Vector:
    expect = Answer(vector["expect"]["decision"], vector["expect"]["reason"])
    if expect.decision not in DECISIONS:
        raise KitError(f"{path} expects an unknown decision: {expect.decision}")
    context = {name: vector[name] for name in _CONTEXT} | {"trust": trust[vector["trust"]]}
    return Vector(path, vector["comment"], vector["text"], context, expect)


def run(program: Sequence[str], vectors: Sequence[Vector], *, jobs: int) -> Iterator[Result]:
    """Ask a program for every vector, `jobs` at a time; yields in the order of the vectors.

    Raises KitError when the program cannot be started.
    """
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda vector: ask(program, vector), vectors)


def ask(program: Sequence[str], vector: Vector, *, seconds: float = MAX_SECONDS) -> Result:
    """Start the program for one vector."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place, "context.json")
        file.write_text(json.dumps(vector.context), encoding="utf-8")
        try:
            process = subprocess.Popen(
                [*program, str(file)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise KitError(f"cannot start {program[0]}: {error.strerror}") from error
        try:
            # A lone surrogate has no UTF-8; its bytes are a text that no reader may take for a code.
            out, err = process.communicate(vector.text.encode(errors="surrogatepass"), timeout=seconds)
        except subprocess.TimeoutExpired:
            _end(process)
            return Result(vector, None, f"no answer within {seconds:g} s")
    if process.returncode:
        words = err.decode(errors="replace").strip().rpartition("\n")[2]
        return Result(vector, None, f"exit code {process.returncode}: {words}".rstrip(": "))
    return _judge(vector, out)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a program that does not end, with whatever it started, and let go of its pipes."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe:
            pipe.close()


def _judge(vector: Vector, out: bytes) -> Result:
    try:
        said = json.loads(out)
    except ValueError:
        return Result(vector, None, "the output is not one JSON object")
    match said:
        case {"decision": str(decision), "reason": None | str() as reason, **more} if not more:
            return Result(vector, Answer(decision, reason))
        case _:
            return Result(vector, None, 'the output is not {"decision": ..., "reason": ...}')
