"""`python -m bench [NAME ...]`: run measurements; each prints ratios against a bare baseline of the same run."""

import argparse
import sys
from functools import partial

from bench import importing, lists, opening, publishing, requests, signing, terminal, verification

MEASUREMENTS = {
    "importing": importing.measure,
    "verification": verification.measure,
    "signing": signing.measure,
    "lists": lists.measure,
    "publishing": publishing.measure,
    "requests": requests.measure,
    "opening": opening.measure,
    "terminal": terminal.measure,
}


def main() -> int:
    """Run the named measurements, or all; returns 0 when every bound holds, 1 when one does not."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measurements, as ratios in the same run.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(MEASUREMENTS)}; all if none")
    parser.add_argument("--rows", type=int, default=importing.ROWS, help="rows of `importing` (default %(default)s)")
    options = parser.parse_args()
    names = options.names or list(MEASUREMENTS)
    if unknown := set(names) - MEASUREMENTS.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    good = True
    for name in names:
        print(f"== {name}", flush=True)
        measure = partial(importing.measure, options.rows) if name == "importing" else MEASUREMENTS[name]
        good = measure() and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
