"""`python -m keys`: each command with its passphrases from standard input, as a rehearsed ceremony gives them."""

import io
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from keys.__main__ import main
from keys.key import Purpose
from keys.keyring import LIST, PINNED, SIGNING

BEGIN = ["first", "second", "third", "signing"]


class Console:
    """Runs commands with typed lines and keeps what they said."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.out = self.err = ""

    def run(self, *arguments: str, typed: list[str] | None = None) -> int:
        """Run one command; returns its exit status."""
        self._monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in typed or [])))
        status = main(list(arguments))
        self.out, self.err = self._capsys.readouterr()
        return status


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Console:
    """An empty console."""
    return Console(monkeypatch, capsys)


@pytest.fixture
def folder(console: Console, tmp_path: Path) -> str:
    """A folder after `begin`."""
    folder = str(tmp_path / "keys")
    assert console.run("begin", folder, typed=BEGIN) == 0
    return folder


def inspect(console: Console, folder: str) -> dict[str, object]:
    assert console.run("inspect", folder, "--json") == 0
    told: dict[str, object] = json.loads(console.out)
    return told


def kid_of(console: Console, folder: str, purpose: str) -> str:
    keys = inspect(console, folder)["keys"]
    assert isinstance(keys, list)
    return str(next(key["kid"] for key in keys if key["purpose"] == purpose))


def test_begin_tells_what_was_made_and_what_to_do_with_the_roots(console: Console, tmp_path: Path) -> None:
    assert console.run("begin", str(tmp_path / "keys"), typed=BEGIN) == 0
    assert "version 1" in console.out
    assert "Move" in console.out
    assert not any(secret in console.out for secret in BEGIN[:2])


def test_begin_takes_other_holders_and_another_threshold(console: Console, tmp_path: Path) -> None:
    folder = str(tmp_path / "keys")
    assert console.run("begin", folder, "--roots", "anna", "--threshold", "1", typed=["a", "s"]) == 0
    assert inspect(console, folder)["threshold"] == 1


@pytest.mark.parametrize(
    ("arguments", "typed"),
    [
        (["--threshold", "4"], BEGIN),
        (["--threshold", "0"], BEGIN),
        (["--roots", "one", "one"], BEGIN),
        ([], ["first", "", "third", "signing"]),
        ([], []),
    ],
    ids=["threshold too high", "threshold 0", "one holder twice", "empty passphrase", "nothing typed"],
)
def test_begin_refuses_in_words(console: Console, tmp_path: Path, arguments: list[str], typed: list[str]) -> None:
    assert console.run("begin", str(tmp_path / "keys"), *arguments, typed=typed) == 1
    assert console.err.startswith("refused: ")


def test_inspect_tells_every_key(console: Console, folder: str) -> None:
    assert console.run("inspect", folder) == 0
    assert all(purpose in console.out for purpose in Purpose)


def test_inspect_tells_a_machine_the_same(console: Console, folder: str) -> None:
    told = inspect(console, folder)
    assert told.keys() == {"version", "expires", "threshold", "keys", "proposed"}
    keys = told["keys"]
    assert isinstance(keys, list)
    assert {key["purpose"] for key in keys} == set(Purpose)
    assert {(key["state"], key["killed"]) for key in keys} == {("signing", False)}


def test_inspect_of_an_empty_folder_is_refused(console: Console, tmp_path: Path) -> None:
    assert console.run("inspect", str(tmp_path)) == 1
    assert console.err.startswith("refused: ")


def test_add_publishes_a_key_that_signs_later(console: Console, folder: str) -> None:
    typed = ["signing", "first", "third"]
    assert console.run("add", folder, "token", "--signers", "one", "three", typed=typed) == 0
    assert "In force." in console.out
    told = inspect(console, folder)
    assert told["version"] == 2
    assert [key["state"] for key in told["keys"] if key["purpose"] == "token"].count("published") == 1  # type: ignore[attr-defined]
    assert len(list((Path(folder) / SIGNING).iterdir())) == 2 * len(Purpose) + 1


def test_kill_marks_the_key_for_ever(console: Console, folder: str) -> None:
    kid = kid_of(console, folder, "grant")
    assert console.run("kill", folder, kid, "--signers", "one", "two", typed=["first", "second"]) == 0
    told = inspect(console, folder)
    assert [key["kid"] for key in told["keys"] if key["killed"]] == [kid]  # type: ignore[attr-defined]


def test_extend_raises_the_version(console: Console, folder: str) -> None:
    assert console.run("extend", folder, "--signers", "two", "three", typed=["second", "third"]) == 0
    assert inspect(console, folder)["version"] == 2


def test_two_holders_kill_a_key_by_one_command_each(console: Console, folder: str) -> None:
    kid = kid_of(console, folder, "grant")
    assert console.run("kill", folder, kid, "--signers", "one", typed=["first"]) == 0
    assert f"KILLS grant {kid}" in console.out
    assert "1 more must sign" in console.out
    assert not any(key["killed"] for key in inspect(console, folder)["keys"])  # type: ignore[attr-defined]
    assert console.run("sign", folder, "--signers", "three", typed=["third"]) == 0
    assert f"KILLS grant {kid}" in console.out
    assert [key["kid"] for key in inspect(console, folder)["keys"] if key["killed"]] == [kid]  # type: ignore[attr-defined]


def test_a_proposal_without_signers_waits_and_is_told(console: Console, folder: str) -> None:
    assert console.run("extend", folder) == 0
    assert "python -m keys sign" in console.out
    assert console.run("inspect", folder) == 0
    assert "Proposed:" in console.out
    assert inspect(console, folder)["proposed"] is True


def test_sign_without_a_proposal_says_how_one_begins(console: Console, folder: str) -> None:
    assert console.run("sign", folder, "--signers", "one", typed=["first"]) == 1
    assert "nothing is proposed" in console.err


def test_nothing_is_rotated_before_it_is_due(console: Console, folder: str) -> None:
    assert console.run("rotate", folder) == 0
    assert "nothing to do" in console.out
    assert inspect(console, folder)["version"] == 1


def test_rotate_publishes_the_next_key_of_every_purpose(
    console: Console, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = int(time.time()) + 330 * 24 * 3600
    monkeypatch.setattr("keys.__main__._now", lambda: later)
    assert console.run("verify", folder) == 1
    assert console.run("rotate", folder, "--signers", "one", "two", typed=["signing", "first", "second"]) == 0
    told = inspect(console, folder)
    assert {key["purpose"] for key in told["keys"] if key["state"] == "published"} == set(Purpose)  # type: ignore[attr-defined]
    assert console.run("verify", folder) == 0
    assert console.err == ""


def test_verify_follows_the_lists_and_warns_in_time(
    console: Console, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert console.run("extend", folder, "--signers", "two", "three", typed=["second", "third"]) == 0
    assert console.run("verify", folder) == 0
    assert "good: 2 lists" in console.out
    later = int(time.time()) + 80 * 24 * 3600
    monkeypatch.setattr("keys.__main__._now", lambda: later)
    assert console.run("verify", folder) == 0
    assert "expires in" in console.err
    (Path(folder) / PINNED).write_text('{"threshold": 1, "roots": []}')
    assert console.run("verify", folder) == 1
    assert console.err.startswith("refused: ")


def test_new_roots_rule_when_old_and_new_holders_signed(console: Console, folder: str) -> None:
    typed = ["a", "b", "first", "second"]
    assert console.run("roots", folder, "--roots", "anna", "bo", "--signers", "one", "two", typed=typed) == 0
    assert "NEW ROOTS: 2 of 2" in console.out
    assert "In force." in console.out
    assert console.run("extend", folder, "--signers", "one", "two", typed=["first", "second"]) == 1
    assert console.run("extend", folder, "--signers", "anna", "bo", typed=["a", "b"]) == 0
    assert console.run("verify", folder) == 0


def test_in_an_emergency_a_key_signs_at_once(console: Console, folder: str) -> None:
    typed = ["signing", "first", "third"]
    assert console.run("add", folder, "grant", "--emergency", "--signers", "one", "three", typed=typed) == 0
    assert "AT ONCE" in console.out
    keys = inspect(console, folder)["keys"]
    assert [key["state"] for key in keys if key["purpose"] == "grant"] == ["signing"] * 3  # type: ignore[attr-defined]


def test_a_kid_that_is_no_hexadecimal_is_wrong_usage(console: Console, folder: str) -> None:
    assert console.run("kill", folder, "grant", "--signers", "one", "two", typed=["first", "second"]) == 2
    assert "16 hexadecimal digits" in console.err


def test_a_key_that_is_not_listed_cannot_be_killed(console: Console, folder: str) -> None:
    assert console.run("kill", folder, "00" * 8, "--signers", "one", "two", typed=["first", "second"]) == 1
    assert console.err.startswith("refused: ")


@pytest.mark.parametrize(
    ("signers", "typed"),
    [
        (["one", "two"], ["first", "wrong"]),
        (["one", "two"], ["first"]),
        (["one", "four"], ["first", "fourth"]),
    ],
    ids=["wrong passphrase", "passphrase missing", "unknown holder"],
)
@pytest.mark.parametrize("command", ["extend", "add", "kill"])
def test_a_list_whose_signing_fails_is_not_in_force(
    console: Console, folder: str, command: str, signers: list[str], typed: list[str]
) -> None:
    """What was in force stays in force, byte for byte, and the next command still works."""
    subject = {"extend": [], "add": ["grant"], "kill": [kid_of(console, folder, "grant")]}[command]
    before = (Path(folder) / LIST).read_bytes()
    typed = ["signing", *typed] if command == "add" else typed
    assert console.run(command, folder, *subject, "--signers", *signers, typed=typed) == 1
    assert console.err.startswith("refused: ")
    assert (Path(folder) / LIST).read_bytes() == before


@pytest.mark.parametrize(
    "arguments",
    [[], ["unknown"], ["inspect"], ["add", "keys", "everything", "--signers", "one"], ["sign", "keys"]],
    ids=["no command", "unknown command", "no folder", "unknown purpose", "no signers"],
)
def test_wrong_usage_ends_with_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: python -m keys" in capsys.readouterr().err


def test_the_module_runs_as_a_command(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "keys", "inspect", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("refused: no") or run.stderr.startswith("refused: cannot read")
