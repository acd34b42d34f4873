"""The scripted day: everything a city does with the code, by HTTP, with and without network, and it balances."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_day_balances_and_a_third_of_the_terminals_without_network_change_no_total() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "day"], cwd=ROOT, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "✗" not in done.stdout
