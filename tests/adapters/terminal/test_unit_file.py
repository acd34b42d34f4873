"""The unit file that comes with the program: systemd takes it, and it starts a command that there is."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import adapters.terminal
from adapters.terminal.cli import main

UNIT = Path(adapters.terminal.__file__).with_name("city-terminal.service")


def settings() -> dict[str, str]:
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if re.match(r"[A-Z]\w+=", line))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd on this machine")
def test_systemd_takes_it_without_a_word(tmp_path: Path) -> None:
    # The program is not installed where the unit expects it: anything that can be started will do here.
    text = re.sub(
        r"^ExecStart=\S+", f"ExecStart={shutil.which('true')}", UNIT.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    copy = tmp_path / UNIT.name
    copy.write_text(text, encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_it_starts_a_command_that_there_is() -> None:
    program, *arguments = settings()["ExecStart"].split()
    assert program.endswith("/city-terminal")
    assert arguments == ["run", "$CITY_TERMINAL_OPTIONS"]
    assert main([arguments[0], "--help"], {}) == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Restart", "always"),
        ("Type", "notify"),
        ("ProtectSystem", "strict"),
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("SupplementaryGroups", "dialout"),
        ("StateDirectoryMode", "0700"),
    ],
)
def test_it_may_do_no_more_than_a_terminal_needs(name: str, value: str) -> None:
    assert settings()[name] == value


def test_the_options_that_it_names_are_options() -> None:
    example = re.search(r"CITY_TERMINAL_OPTIONS=(--input serial.*)", UNIT.read_text(encoding="utf-8"))
    assert example
    assert main(["run", *example[1].split(), "--help"], {}) == 0
