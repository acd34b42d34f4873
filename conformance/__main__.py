"""Runs a reader over the vectors: python -m conformance run [--vectors DIR] [--json FILE] -- PROGRAM [ARG ...]."""

import argparse
import json
import os
import sys
from pathlib import Path

from conformance.kit import FORMAT, KitError, Result, read_vectors, run

VECTORS = Path(__file__).resolve().parent.parent / "tests" / "vectors"
AGREES, DIFFERS, UNUSABLE = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Run the kit; returns 0 only if the program agrees on every vector."""
    options = _parser().parse_args(arguments)
    try:
        vectors = read_vectors(options.vectors, suite=options.suite)
        results = []
        for result in run(options.program, vectors, jobs=options.jobs):
            results.append(result)
            if not result.agrees:
                print(_line(result), flush=True)
    except KitError as error:
        print(f"conformance: {error}", file=sys.stderr)
        return UNUSABLE
    failed = [result for result in results if not result.agrees]
    print(f"{len(results)} vectors: {len(results) - len(failed)} agree, {len(failed)} do not")
    if options.json:
        options.json.write_text(json.dumps(_report(options.program, results), indent=1) + "\n", encoding="utf-8")
    return DIFFERS if failed else AGREES


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m conformance", description="Tries a reader of city codes.")
    commands = parser.add_subparsers(required=True, metavar="run")
    command = commands.add_parser("run", help="run a program over every vector")
    command.add_argument("--vectors", type=Path, default=VECTORS, metavar="DIR", help="the folder of manifest.json")
    command.add_argument("--suite", metavar="NAME", help="only cities that sign by ES256, or only by SM2 (default all)")
    command.add_argument("--json", type=Path, metavar="FILE", help="write a report for machines")
    command.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="programs at a time")
    command.add_argument("program", nargs="+", metavar="PROGRAM [ARG ...]", help="after --; gets CONTEXT.json as last")
    return parser


def _line(result: Result) -> str:
    vector = result.vector
    return f"{vector.path}: expected {vector.expect}, got {result.got or result.fault} ({vector.comment})"


def _report(program: list[str], results: list[Result]) -> dict[str, object]:
    failed = [result for result in results if not result.agrees]
    return {
        "format": FORMAT,
        "program": program,
        "vectors": len(results),
        "agree": len(results) - len(failed),
        "failed": [
            {
                "vector": result.vector.path,
                "comment": result.vector.comment,
                "expected": vars(result.vector.expect),
                "got": vars(result.got) if result.got else None,
                "fault": result.fault,
            }
            for result in failed
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
