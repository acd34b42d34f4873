"""The service as a terminal calls it, over real sockets, with somebody else at the other end."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from adapters.terminal.service import Service, UnreachableError
from tests.adapters.terminal.conftest import Outpost

LONG = 5.0


@pytest.fixture
def told() -> dict[str, Any]:
    """What the other end answers: status, headers and body; and what it was asked with."""
    return {"status": 200, "headers": {}, "body": b"{}", "asked": []}


@pytest.fixture
def origin(told: dict[str, Any]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told["asked"].append(dict(self.headers))
            self.send_response_only(told["status"])
            for name, value in told["headers"].items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told["body"])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class calls it so
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_every_call_says_which_protocol_it_speaks(origin: str, told: dict[str, Any]) -> None:
    with Service(origin) as service:
        service.trust_list()
        assert list(service.news(seconds=LONG)) == []
    assert [asked["City-Terminal"] for asked in told["asked"]] == ["1", "1"]


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        pytest.param(503, {"Retry-After": "9" * 6000}, id="a pause of six thousand digits"),
        pytest.param(503, {"Retry-After": "soon"}, id="a pause in words"),
        pytest.param(200, {"Content-Length": "x"}, id="a length in words"),
        pytest.param(200, {"Transfer-Encoding": "chunked"}, id="no chunks"),
        pytest.param(200, {"Content-Length": "99999"}, id="cut short"),
    ],
)
def test_an_answer_out_of_shape_is_no_answer(
    origin: str, told: dict[str, Any], status: int, headers: dict[str, str]
) -> None:
    told.update(status=status, headers=headers, body=b"zz\r\n")
    with Service(origin) as service, pytest.raises(UnreachableError):
        service.next_news(0, 0, seconds=LONG)


@pytest.mark.parametrize("date", ["", "never", "Mon, 99 Foo 99999 99:99:99 +9999", "Fri, 31 Dec 9999 23:59:59 -2359"])
def test_a_date_that_is_none_is_no_time(origin: str, told: dict[str, Any], date: str) -> None:
    told["headers"] = {"Date": date}
    with Service(origin) as service:
        service.trust_list()
        assert service.said_at is None or service.said_at > 0


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:99999", "http://" + "a" * 70 + ".example", "http://127.0.0.1:9/\u57ce"]
)
def test_an_address_that_none_can_be_is_unreachable(address: str) -> None:
    with Service(address) as service, pytest.raises(UnreachableError):
        next(service.news(seconds=LONG))


def test_news_without_an_end_of_line_are_none(origin: str, told: dict[str, Any]) -> None:
    told["body"] = b"data: " + b"1" * 3_000_000
    with Service(origin) as service, pytest.raises(UnreachableError):
        next(service.news(seconds=LONG))


@pytest.mark.parametrize("events", ["http://127.0.0.1:99999", "nowhere", ""])
def test_wrong_news_are_asked_for_now_and_then_and_stop_nothing(bus: Outpost, events: str) -> None:
    """Whoever answers every question for news at once is not asked in a circle."""
    from dataclasses import replace  # noqa: PLC0415

    bus.sync()
    bundle = bus.terminal._bundle
    assert bundle.profile is not None
    if events:
        bundle.profile = replace(bundle.profile, events=events)
    bus.wire.forged["/events"] = (200, b"{}")
    bus.wire.asked.clear()
    listening = threading.Thread(target=bus.terminal.sync._listen, daemon=True)
    listening.start()
    # A circle would be through a hundred times by then; a slow machine only asks less.
    listening.join(1.0)
    assert listening.is_alive()
    assert sum(path.startswith("/events") for path in bus.wire.asked) <= 1
    bus.terminal.sync._stopped.set()
    listening.join()
