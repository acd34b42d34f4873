"""The rules of trust lists and rotation have no branch that their tables of cases leave out."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RULES = ("keys/trustlist.py", "keys/rotation.py")
TABLES = ("tests/keys/test_trustlist.py", "tests/keys/test_rotation.py")


def test_the_tables_reach_every_branch_of_the_rules(tmp_path: Path) -> None:
    data = f"--data-file={tmp_path / 'rules'}"
    coverage = [sys.executable, "-m", "coverage"]
    run = [*coverage, "run", "--rcfile=/dev/null", "--branch", f"--include={','.join(RULES)}", data]
    subprocess.run([*run, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TABLES], cwd=ROOT, check=True)
    subprocess.run(
        [*coverage, "report", "--rcfile=/dev/null", "--show-missing", "--fail-under=100", data], cwd=ROOT, check=True
    )
