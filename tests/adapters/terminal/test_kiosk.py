"""The kiosk's server: for its own page on this machine, and for nobody else."""

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest

from adapters.terminal.desk import Desk
from adapters.terminal.errors import TerminalError
from adapters.terminal.inputs.reading import Reading
from adapters.terminal.inputs.splitter import MAX_LINE
from adapters.terminal.kiosk.audience import MOST_PAGES, Audience
from adapters.terminal.kiosk.kiosk import Kiosk
from tests.scanning import GOOD, PATIENT, FakeScanning, healthy
from tests.waiting import wait_until


class Place:
    """A terminal with a kiosk."""

    def __init__(self) -> None:
        self.scanning = FakeScanning()
        self.kiosk = Kiosk(0)
        self.desk = Desk(self.scanning, (), (self.kiosk,), lambda: 0.0)
        self.kiosk.serve(self.desk.take)
        self.host = f"127.0.0.1:{self.kiosk.port}"
        self.origin = f"http://{self.host}"

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Mapping[str, str]]:
        """Ask; a header's dashes are written as underscores, and an empty one is left out."""
        connection = http.client.HTTPConnection("127.0.0.1", self.kiosk.port, timeout=30)
        connection.putrequest(method, path, skip_host=True)
        named = {"Host": self.host} | {name.replace("_", "-"): text for name, text in headers.items()}
        if body is not None:
            named.setdefault("Content-Length", str(len(body)))
        for name, text in named.items():
            if text:
                connection.putheader(name, text)
        connection.endheaders(body)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders())

    def scan(self, body: Any, **headers: str) -> int:
        """Scan as the page does, but for `headers`."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask(
            "POST", "/scan", content, **({"Origin": self.origin, "Content_Type": "application/json"} | headers)
        )[0]

    @contextmanager
    def listening(self) -> Iterator[Any]:
        """Listen to the events."""
        connection = http.client.HTTPConnection("127.0.0.1", self.kiosk.port, timeout=30)
        connection.request("GET", "/events")
        answer = connection.getresponse()
        assert answer.status == 200
        try:
            yield answer
        finally:
            answer.close()
            connection.close()


@pytest.fixture
def place() -> Iterator[Place]:
    place = Place()
    yield place
    place.desk.close()


def event(answer: Any) -> tuple[str, Any]:
    """Read the next event that is not a word about the stream."""
    name = ""
    while True:
        line = answer.readline().decode().strip()
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        if line.startswith("data: "):
            return name, json.loads(line.removeprefix("data: "))


def test_a_scan_of_the_page_is_scanned_and_answered_as_an_event(place: Place) -> None:
    with place.listening() as events:
        assert place.scan({"code": GOOD, "document_checked": True}) == 204
        name, verdict = event(events)
    assert (name, verdict["decision"], verdict["sign"]) == ("verdict", "accepted", "tick")
    assert place.scanning.scanned == [(GOOD, {"document_checked": True}, None)]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Origin": "http://evil.example"}, 403, id="another site"),
        pytest.param({"Origin": "null"}, 403, id="a page without an origin"),
        pytest.param({"Origin": ""}, 403, id="no origin"),
        pytest.param({"Origin": "https://127.0.0.1"}, 403, id="another scheme and port"),
        pytest.param({"Sec_Fetch_Site": "cross-site"}, 403, id="fetched by another site"),
        pytest.param({"Sec_Fetch_Site": "same-site"}, 403, id="fetched by another port of this machine"),
        pytest.param({"Host": "evil.example"}, 421, id="a name that points at loopback"),
        pytest.param({"Host": "127.0.0.1"}, 421, id="another port"),
        pytest.param({"Host": ""}, 421, id="no host"),
        pytest.param({"Content_Type": "text/plain"}, 415, id="a form of another site"),
        pytest.param({"Content_Type": "application/x-www-form-urlencoded"}, 415, id="a form"),
        pytest.param({"Content_Type": ""}, 415, id="no media type"),
        pytest.param({"Content_Length": "x"}, 413, id="a length that is none"),
        pytest.param({"Content_Length": "-1"}, 413, id="a length below nothing"),
        pytest.param({"Content_Length": "999999999999"}, 413, id="a length beyond everything"),
    ],
)
def test_nobody_but_the_page_can_scan(place: Place, headers: dict[str, str], status: int) -> None:
    assert place.scan({"code": GOOD}, **headers) == status
    assert place.scanning.scanned == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'"code"', b"{}", b'{"code": 1}', b'{"code": "1"', b'{"state": true}', b"\xff", b"[" * 4000]
)
def test_what_names_no_code_is_refused(place: Place, body: bytes) -> None:
    assert place.scan(body) == 400
    assert place.scanning.scanned == []


def test_a_body_that_is_too_large_is_not_read(place: Place) -> None:
    assert place.scan(b'{"code": "' + b"9" * MAX_LINE + b'"}') == 413


def test_a_scan_without_a_length_is_refused(place: Place) -> None:
    status, _ = place.ask("POST", "/scan", None, Origin=place.origin, Content_Type="application/json")
    assert status == 411


def test_a_body_that_the_scene_does_not_know_is_told_to_the_page(place: Place) -> None:
    with place.listening() as events:
        assert place.scan({"code": GOOD, "fare": 1}) == 204
        name, words = event(events)
    assert name == "problem"
    assert words["zh"]


@pytest.mark.parametrize("path", ["/", "/kiosk.js", "/wedge.js", "/events"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
    ],
    ids=["rebinding", "origin", "site"],
)
def test_nobody_but_the_page_can_read(place: Place, path: str, headers: dict[str, str], status: int) -> None:
    assert place.ask("GET", path, None, **headers)[0] == status


def test_the_page_may_be_called_by_either_name_of_this_machine(place: Place) -> None:
    local = f"localhost:{place.kiosk.port}"
    assert place.ask("GET", "/", Host=local)[0] == 200
    assert place.scan({"code": GOOD}, Host=local, Origin=f"http://{local}") == 204


def test_every_answer_carries_the_strict_headers(place: Place) -> None:
    for path, status in (("/", 200), ("/kiosk.js", 200), ("/nothing", 404)):
        found, headers = place.ask("GET", path)
        assert found == status
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Server"].strip() == "city-terminal"


@pytest.mark.parametrize("path", ["/../kiosk.py", "/static/kiosk.js", "//etc/passwd", "/%2e%2e/kiosk.py", "/scan"])
def test_no_other_file_is_served(place: Place, path: str) -> None:
    assert place.ask("GET", path)[0] == 404
    assert place.ask("POST", "/events", b"{}", Origin=place.origin)[0] == 404


def test_it_listens_on_loopback_alone(place: Place) -> None:
    assert place.kiosk._server.server_address[0] == "127.0.0.1"


def test_whoever_comes_later_sees_the_state_and_no_verdict_of_before(place: Place) -> None:
    place.scanning.details = PATIENT
    place.desk.tick()
    assert place.scan({"code": GOOD}) == 204
    with place.listening() as events:
        name, state = event(events)
        assert (name, state["place"], state["connected"]) == ("state", "1 路 3 号车", True)
        assert place.scan({"code": "?"}) == 204
        assert event(events)[1]["decision"] == "refused"


def test_where_too_many_pages_listen_the_oldest_is_let_go() -> None:
    audience = Audience()
    pages = [audience.join() for _ in range(MOST_PAGES + 1)]
    audience.tell(b"news")
    assert [page.get_nowait() for page in pages] == [None] + [b"news"] * MOST_PAGES
    audience.leave(pages[0])


def test_a_page_that_does_not_keep_up_is_let_go_and_holds_nobody_up() -> None:
    audience = Audience()
    slow, quick = audience.join(), audience.join()
    for number in range(200):
        audience.tell(str(number).encode())
        assert quick.get_nowait() == str(number).encode()
    assert [slow.get_nowait() for _ in range(slow.qsize())] == [None]


def test_closing_ends_every_page_and_nobody_joins_any_more(place: Place) -> None:
    with place.listening() as events:
        place.desk.close()
        assert b"data" not in events.read()
    assert place.kiosk.audience.join().get_nowait() is None


def test_a_page_that_sends_half_a_request_holds_nobody_up(place: Place) -> None:
    with socket.create_connection(("127.0.0.1", place.kiosk.port)) as half:
        half.sendall(b"POST /scan HTTP/1.1\r\nContent-Le")
        assert place.scan({"code": GOOD}) == 204


def test_a_kiosk_that_never_served_closes_as_well() -> None:
    kiosk = Kiosk(0)
    kiosk.tell(healthy())
    with pytest.raises(RuntimeError):
        kiosk.take(Reading(GOOD))
    kiosk.close()


def test_a_fault_of_ours_is_not_hidden(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    def breaks(reading: object) -> None:
        raise ZeroDivisionError

    place.kiosk.take = breaks
    with pytest.raises(http.client.RemoteDisconnected):
        place.scan({"code": GOOD})
    wait_until(lambda: "ZeroDivisionError" in capfd.readouterr().err)


def test_more_connections_than_a_page_needs_are_closed_and_the_page_goes_on(place: Place) -> None:
    held = [socket.create_connection(("127.0.0.1", place.kiosk.port)) for _ in range(60)]
    for one in held:
        one.close()
    wait_until(lambda: _answers(place))


def _answers(place: Place) -> bool:
    try:
        return place.scan({"code": GOOD}) == 204
    except OSError:
        return False


def test_a_taken_port_is_told_with_what_to_do(place: Place) -> None:
    with pytest.raises(TerminalError) as failed:
        Kiosk(place.kiosk.port)
    assert "--kiosk" in failed.value.words.zh
    assert "--kiosk" in failed.value.words.en


def test_scans_of_two_pages_at_once_are_both_answered(place: Place) -> None:
    threads = [Thread(target=place.scan, args=({"code": str(number)},)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(place.scanning.texts) == [str(number) for number in range(8)]
