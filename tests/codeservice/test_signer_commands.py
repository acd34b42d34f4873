"""The operator's commands of a signer process: it starts only when it is safe, stops cleanly, and is checked."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from codeservice import cli, signer_commands
from codeservice.issuing import issue_paper
from codeservice.scene import SCENES
from codeservice.store.intent import IntentJournal
from codeservice.store.models import Grant
from keys.errors import SignerError
from keys.key import Purpose
from keys.keyring import Keyring
from keys.quota import Quota
from tests.conftest import CONFIGURATIONS, City
from tests.environment import environment_of
from tests.places import JOURNAL, SignerProcess, short_folder


@pytest.fixture
def signer() -> Iterator[SignerProcess]:
    with short_folder() as folder:
        yield SignerProcess(folder)


@pytest.fixture
def city(open_city: Callable[..., City]) -> City:
    """A city with a signer process."""
    return open_city(configuration=next(entry for entry in CONFIGURATIONS if entry.name == "process"))


@pytest.fixture
def operate(city: City, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any]]:
    """Run a command on the journal of the city's signer; returns exit code and data."""
    settings = city.services.settings
    journal = Path(str(settings.signer).removeprefix("process:")).with_name(JOURNAL)
    environment = environment_of(settings) | {"CITY_SIGNER": str(settings.signer)}
    environment.pop("CITY_PASSPHRASE_FILE", None)

    def run(*arguments: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = cli.main(["signer", *arguments, "--journal", str(journal), "--json"], environment, city.clock)
        written = capsys.readouterr()
        return code, json.loads(written.out) if written.out else written.err

    return run


def test_what_was_signed_is_counted_and_shown(city: City, operate: Callable[..., tuple[int, Any]]) -> None:
    city.phone(count=3)
    city.terminal("bus-1")
    code, found = operate("intents", "--limit", "2")
    assert code == 0
    assert {entry["purpose"]: entry["count"] for entry in found["purposes"]} == {"grant": 3, "token": 1}
    assert [entry["subject"].split(":")[0] for entry in found["newest"]] == ["client", "place"]


def test_everything_that_was_signed_is_on_record(city: City, operate: Callable[..., tuple[int, Any]]) -> None:
    phone = city.phone(count=3)
    phone.call("POST", "/served-codes", {"scene": "bus"})
    scenes = tuple(SCENES.values())
    issue_paper(city.services, city.citizen().holder.id, scenes=scenes, actor="operator:test", now=city.clock.now)
    assert operate("check") == (0, {"compared": 5, "faults": [], "unsigned": 0})


def test_a_signature_for_what_the_record_does_not_know_is_found(
    city: City, operate: Callable[..., tuple[int, Any]]
) -> None:
    city.phone(count=2)
    with city.services.database.write() as connection:
        first, second = connection.execute(Grant.__table__.select().where(Grant.expires > city.clock.now)).all()
        connection.execute(delete(Grant).where(Grant.idx == first.idx))
        connection.execute(update(Grant).where(Grant.idx == second.idx).values(public=b"\x02" + bytes(32)))
    code, found = operate("check")
    assert code == 1
    faults = {entry["subject"]: entry["fault"] for entry in found["faults"]}
    assert "no such place" in faults[f"place:{first.list}/{first.idx}"]
    assert "another key" in faults[f"place:{second.list}/{second.idx}"]


def test_a_place_that_was_never_signed_is_counted_and_no_fault(
    city: City, operate: Callable[..., tuple[int, Any]]
) -> None:
    """The record comes first: an outage of the signer leaves places without a code."""
    city.phone(count=2)
    with city.services.database.write() as connection:
        row = connection.execute(Grant.__table__.select().where(Grant.expires > city.clock.now)).first()
        assert row is not None
        values = dict(row._mapping) | {"idx": row.idx + 1, "public": None}
        connection.execute(insert(Grant).values(**values))
    assert operate("check") == (0, {"compared": 2, "faults": [], "unsigned": 1})


def test_a_journal_that_is_not_there_is_named(operate: Callable[..., tuple[int, Any]], tmp_path: Path) -> None:
    assert cli.main(["signer", "intents", "--journal", str(tmp_path / "none")], {}) == 1


def test_a_signer_process_signs_and_stops_when_it_is_told(signer: SignerProcess) -> None:
    process = signer.start()
    keyring = Keyring(signer.keys, lambda: b"", _now, place=f"process:{signer.socket}")
    mine = keyring.signer(Purpose.GRANT)
    with pytest.raises(SignerError, match="not under the header"):
        mine.sign(b"anything", now=_now())
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert not signer.socket.exists()
    events = [json.loads(line)["event"] for line in signer.said().splitlines() if "cut off" not in line]
    assert events == [
        "signer_ready",
        "nothing was signed: not under the header and for the use of this key",
        "signer_stopped",
    ]


def test_a_signer_process_answers_only_whom_it_was_told_to(signer: SignerProcess) -> None:
    process = signer.start("--allow", str(os.geteuid() + 1))
    keyring = Keyring(signer.keys, lambda: b"", _now, place=f"process:{signer.socket}")
    with pytest.raises(SignerError, match="does not answer"):
        keyring.signer(Purpose.GRANT)
    process.terminate()
    assert process.wait(30) == 0
    assert "turned away" in signer.said()


def _open_passphrase(signer: SignerProcess) -> None:
    signer.passphrase_file.chmod(0o644)


def _sample_passphrase(signer: SignerProcess) -> None:
    signer.passphrase_file.write_bytes(b"changeme")


def _open_key(signer: SignerProcess) -> None:
    next(Path(signer.place.removeprefix("file://")).glob("*.pem")).chmod(0o640)


def _open_journal(signer: SignerProcess) -> None:
    IntentJournal(signer.journal).close()
    signer.journal.chmod(0o604)


def _no_list(signer: SignerProcess) -> None:
    (signer.keys / "trust.cose").unlink()


def _itself(signer: SignerProcess) -> None:
    signer.place = f"process:{signer.socket}"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(_open_passphrase, "chmod 600", id="passphrase open to others"),
        pytest.param(_sample_passphrase, "every handbook", id="sample passphrase"),
        pytest.param(_open_key, "chmod 600", id="key open to others"),
        pytest.param(_open_journal, "chmod 600", id="journal open to others"),
        pytest.param(_no_list, "no usable trust list", id="no trust list"),
        pytest.param(_itself, "opens keys itself", id="asks another process"),
    ],
)
def test_a_signer_process_does_not_start_unless_it_is_safe(
    signer: SignerProcess, spoil: Callable[[SignerProcess], None], words: str
) -> None:
    spoil(signer)
    process = signer.start()
    assert process.wait(30) == 1
    assert words in signer.said()
    assert not signer.socket.exists()


def test_a_second_signer_process_does_not_start_and_the_first_goes_on(signer: SignerProcess) -> None:
    first = signer.start()
    second = subprocess.run(
        signer.command(), env=signer.environment(), capture_output=True, text=True, check=False, timeout=60
    )
    assert (second.returncode, "another signer process" in second.stderr) == (1, True)
    assert signer.is_up()
    first.terminate()
    assert first.wait(30) == 0


@pytest.mark.parametrize("text", ["grant", "grant=1", "grant=a/b", "tickets=1/2", ""])
def test_a_quota_is_written_with_purpose_minute_and_hour(text: str) -> None:
    assert signer_commands.quota("paper=5/50") == (Purpose.PAPER, Quota(5, 50))
    with pytest.raises(ValueError, match=r".*"):
        signer_commands.quota(text)


def test_users_are_named_or_numbered() -> None:
    assert [signer_commands.user("root"), signer_commands.user("1234")] == [0, 1234]
    with pytest.raises(ValueError, match="nobody-of-this-name"):
        signer_commands.user("nobody-of-this-name")


def test_the_workers_folder_names_no_private_key(signer: SignerProcess) -> None:
    assert {path.name for path in signer.keys.iterdir()} >= {"trust.cose", "pinned.json"}
    assert not list(signer.keys.rglob("signing"))


def _now() -> int:
    return int(time.time())
