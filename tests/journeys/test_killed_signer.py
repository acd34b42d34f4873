"""A signer process that is killed again and again: nothing that anybody received is missing from its journal."""

import hashlib
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from codeservice.code import FORMS, Grant, Kind
from codeservice.issuer import issue
from codeservice.store.intent import RecordedIntents
from keys.cose import read_sign1
from keys.errors import SignerError
from keys.key import Purpose
from keys.keyring import Keyring
from tests.makers import PHONE
from tests.places import SignerProcess, short_folder

KILLS, LONGEST = 20, 30.0
"""How often, and for how many seconds at most."""

CLIENTS = 4
_DAY = 24 * 3600


@pytest.fixture
def signer() -> Iterator[SignerProcess]:
    with short_folder() as folder:
        yield SignerProcess(folder)


class Client(threading.Thread):
    """Issues grants as a web worker does, one after the other, whatever happens to the signer."""

    def __init__(self, number: int, keys: Path, place: str, stop: threading.Event) -> None:
        super().__init__()
        self._keyring = Keyring(keys, lambda: pytest.fail("a worker has no passphrase"), _now, place=place)
        self._number, self._stop_event = number, stop
        self.received: list[bytes] = []
        self.failed = 0

    def run(self) -> None:
        """Issue until told to stop."""
        idx = self._number
        while not self._stop_event.is_set():
            now = _now()
            grant = Grant(1, idx, 1, {}, now, now + _DAY, PHONE.point)
            try:
                self.received.append(issue(grant, signer=self._keyring.signer(Purpose.GRANT), now=now))
            except SignerError:
                self.failed += 1
                continue
            idx += CLIENTS


def test_every_signature_that_a_client_received_is_on_record(signer: SignerProcess) -> None:
    """Killed at random moments and started again; the clients go on by themselves."""
    chance = random.Random(20261120)
    stop = threading.Event()
    clients = [Client(number, signer.keys, f"process:{signer.socket}", stop) for number in range(CLIENTS)]
    process = signer.start()
    begun, kills = time.monotonic(), 0
    for client in clients:
        client.start()
    try:
        while kills < KILLS and time.monotonic() - begun < LONGEST:
            time.sleep(chance.uniform(0.01, 0.5))
            process.send_signal(signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
            kills += 1
            process = signer.start()
        before = [len(client.received) for client in clients]
        for _ in range(200):
            if all(len(client.received) > count for client, count in zip(clients, before, strict=True)):
                break
            time.sleep(0.05)
    finally:
        stop.set()
        for client in clients:
            client.join()
        process.terminate()
        assert process.wait(30) == 0
    assert all(len(client.received) > count for client, count in zip(clients, before, strict=True))
    assert kills > 1
    assert any(client.failed for client in clients)
    recorded = {intent.digest for intent in RecordedIntents(signer.journal).newest(10**6)}
    received = [_digest(signed) for client in clients for signed in client.received]
    assert len(received) > kills
    assert set(received) <= recorded


def _digest(signed: bytes) -> bytes:
    return hashlib.sha256(read_sign1(signed).signed_bytes(FORMS[Kind.DEVICE].aad)).digest()


def _now() -> int:
    return int(time.time())
