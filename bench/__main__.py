"""`python -m bench [NAME ...]`: run measurements; each prints ratios against a bare baseline of the same run."""

import argparse
import sys

from bench import lists, publishing, requests, signing, terminal, verification

MEASUREMENTS = {
    "verification": verification.measure,
    "signing": signing.measure,
    "lists": lists.measure,
    "publishing": publishing.measure,
    "requests": requests.measure,
    "terminal": terminal.measure,
}


def main() -> int:
    """Run the named measurements, or all; returns 0 when every bound holds, 1 when one does not."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measurements, as ratios in the same run.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(MEASUREMENTS)}; all if none")
    names = parser.parse_args().names or list(MEASUREMENTS)
    if unknown := set(names) - MEASUREMENTS.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    good = True
    for name in names:
        print(f"== {name}", flush=True)
        good = MEASUREMENTS[name]() and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
