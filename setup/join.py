"""Joins the modules of the web wallet and of the scanner page, each into one script and one sheet: a few requests.

Usage: python3 -m setup.join, after the front-end libraries have been fetched. Standard library only. What it makes is
not committed; a second call makes the same files again, in a fraction of a second. What few people need stays apart.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENTRIES = (
    "wallet=wallet/static/app.js",
    "wallet=wallet/static/app.css",
    "scanner=adapters/scanner/static/scanner.js",
    "scanner=adapters/scanner/static/scanner.css",
)
APART = ("wallet/lib/sm_crypto.js", "wallet/lib/zxing_reader.js")
"""Fetched when they are needed: SM2 for a city that signs by it, and the camera's reader."""

ADDRESSES = {"compilerOptions": {"paths": {"/wallet/*": ["./wallet/*"]}}}
"""Where the scanner's addresses of the wallet's modules lie."""


def join(*options: str, said: str = "") -> None:
    """Join modules with esbuild; `said` is the first where no file is. Ends the program with a word if that fails."""
    # The program itself, of the one platform that npm has chosen: its wrapper would need Node.js.
    programs = list((ROOT / "node_modules" / "@esbuild").glob("*/bin/esbuild"))
    if len(programs) != 1:
        sys.exit("esbuild is missing; run `make run` or `make test`, which fetch it")
    command = [str(programs[0]), *options, "--bundle", "--format=esm", "--charset=utf8", "--minify"]
    command.append("--log-level=warning")
    if subprocess.run(command, cwd=ROOT, input=said, text=True, check=False).returncode:
        sys.exit("the modules could not be joined, for the reason above")


def main() -> None:
    """Write wallet.js, scanner.js, their sheets and source maps into wallet/lib."""
    external = [f"--external:./{name}" for name in APART]
    addresses = f"--tsconfig-raw={json.dumps(ADDRESSES)}"
    join(*ENTRIES, *external, addresses, "--target=es2022", "--sourcemap", "--outdir=wallet/lib")


if __name__ == "__main__":
    main()
