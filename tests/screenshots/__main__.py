"""`python -m tests.screenshots FOLDER`: every screen at two sizes, normal and for elders, in both languages."""

import argparse
import sys
from pathlib import Path

from tests.running import chromium
from tests.screenshots import documents, mini_program, scanner, wallet

WALKS = {
    "wallet": wallet.take,
    "mini-program": mini_program.take,
    "scanner": scanner.take,
    "documents": documents.take,
}
"""What can be walked through. The pictures of the documents are few, small, and taken when asked for."""


def main() -> int:
    """Take the pictures that the command line asks for; each set has a folder of its own."""
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go; made if it is missing")
    parser.add_argument(
        "--only",
        action="append",
        choices=WALKS,
        help="one set, may be given again; without it all screens. `documents` are those of the README: docs/pictures",
    )
    arguments = parser.parse_args()
    names = arguments.only or [name for name in WALKS if name != "documents"]
    with chromium() as browser:
        for name in names:
            folder = arguments.folder if names == ["documents"] else arguments.folder / name
            folder.mkdir(parents=True, exist_ok=True)
            WALKS[name](folder, browser)
    return 0


if __name__ == "__main__":
    sys.exit(main())
