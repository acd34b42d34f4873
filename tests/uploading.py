"""A terminal without network for tests: what it decided, numbered in a stream, and handed over by HTTP."""

import secrets
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from codeservice.code import Kind
from codeservice.reason import UNDETERMINED, Reason
from codeservice.scan import Outcome
from codeservice.store.models import Scan, ScanMark
from codeservice.upload import MEDIA, Upload, UploadedScan, write_item, write_upload
from keys.p256 import sign_p256
from tests.conftest import City
from tests.phone import Phone, Terminal

PATH = "/terminals/v1/uploads"
KID = bytes(8)
EFFECTS: dict[str, dict[str, Any]] = {
    "bus": {"fare_class": "adult", "fare_cents": 200, "counted": True},
    "hospital": {"check_in": True},
    "pharmacy": {"medicine": None, "packages": None, "remaining": None},
    "scenic_spot": {"day": "2027-01-15", "admitted": 1, "capacity": 500, "resident": 1},
}


class Queue:
    """The stored scans of one terminal; numbers begin with 1."""

    def __init__(self, city: City, terminal: Terminal) -> None:
        self.city = city
        self.terminal = terminal
        self.stream = secrets.token_bytes(8)
        self.items: dict[int, bytes] = {}

    def accept(self, phone: Phone, at: int, *, index: int = 0, iat: int | None = None, **changes: Any) -> int:
        """Accept a phone's code of the moment `iat`, and return the number of the scan."""
        held = phone.grants[index][0]
        use = (held["list"], held["idx"], at if iat is None else iat)
        effect = EFFECTS[self.terminal.scene]
        return self.add(scan_of(at, kind=Kind.DEVICE, use=use, effect=effect, **changes))

    def refuse(self, at: int, reason: Reason = Reason.EXPIRED, **changes: Any) -> int:
        """Refuse a code, or say that nobody can tell."""
        outcome = Outcome.UNDETERMINED if reason in UNDETERMINED else Outcome.REFUSED
        return self.add(scan_of(at, outcome=outcome, reason=reason, **changes))

    def add(self, scan: UploadedScan) -> int:
        """Store a scan under the next number."""
        return self.add_bytes(write_item(scan))

    def add_bytes(self, item: bytes) -> int:
        """Store any bytes under the next number."""
        seq = len(self.items) + 1
        self.items[seq] = item
        return seq

    def signed(self, seqs: Iterable[int] | None = None, **changes: Any) -> bytes:
        """Sign an upload of some numbers, or of all."""
        chosen = sorted(set(self.items if seqs is None else seqs))
        items = tuple((seq, self.items[seq]) for seq in chosen)
        values: dict[str, Any] = {
            "terminal": self.terminal.id,
            "stream": self.stream,
            "last": len(self.items),
            "items": items,
        }
        key = self.terminal.key
        return write_upload(Upload(**(values | changes)), kid=KID, sign=lambda data: sign_p256(key, data))

    def post(self, body: bytes, media: str = MEDIA) -> Any:
        """Send any bytes; returns the HTTP answer."""
        return self.city.app.test_client().post(PATH, data=body, content_type=media)

    def upload(self, *seqs: int, **changes: Any) -> dict[str, Any]:
        """Upload these numbers, or all; returns the answer."""
        answer = self.post(self.signed(seqs or None, **changes))
        assert answer.status_code == 200, answer.get_json()
        body: dict[str, Any] = answer.get_json()
        return body

    def again(self) -> "Queue":
        """Return a copy of this terminal, with its key and its numbers, that goes on by itself."""
        other = Queue(self.city, self.terminal)
        other.stream, other.items = self.stream, dict(self.items)
        return other


def scan_of(at: int, **changes: Any) -> UploadedScan:
    """Return a scan of the moment `at`."""
    values: dict[str, Any] = {"act": secrets.token_hex(8), "at": at, "device_at": at, "outcome": Outcome.ACCEPTED}
    values |= {"reason": None, "kind": None, "use": None, "snapshot": at - 60}
    return UploadedScan(**(values | changes))


def marks(city: City, queue: Queue) -> dict[int, set[str]]:
    """Return the marks of a queue's scans, by number."""
    query = select(Scan.seq, ScanMark.mark).join(ScanMark, ScanMark.scan == Scan.id)
    query = query.where(Scan.client == queue.terminal.id, Scan.stream == queue.stream.hex())
    found: dict[int, set[str]] = {}
    with city.services.database.read() as connection:
        for seq, mark in connection.execute(query):
            assert seq is not None
            found.setdefault(seq, set()).add(mark)
    return found


def rows(city: City) -> list[dict[str, Any]]:
    """Return every scan of the record, by time."""
    with city.services.database.read() as connection:
        return [dict(row) for row in connection.execute(select(Scan.__table__).order_by(Scan.at)).mappings()]
