"""News for connected terminals: what is told is what the record says, whatever becomes of Redis."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import redis
from flask import Flask

from codeservice import keeper
from codeservice.app import create_events_app
from codeservice.errors import UnavailableError
from codeservice.events import FULL, Events
from codeservice.private_redis import PrivateRedis
from codeservice.publishing import publish_snapshot
from codeservice.services import Services
from codeservice.status import Status
from codeservice.store import fact
from codeservice.store.database import Database
from codeservice.store.events import BEGINNING, LONGEST, STREAM, EventStream, Kind, News, newest
from tests.conftest import City
from tests.phone import at_once

WAIT = 30.0
"""Seconds after which a test that waits for news gives up."""

NOBODY = "unix:///nonexistent/redis.sock"


@pytest.fixture
def listening(redis_address: str) -> Iterator[Callable[[Services], Events]]:
    """Make events whose reader ends with the test."""
    made: list[Events] = []

    def listen(services: Services) -> Events:
        made.append(Events(services))
        return made[-1]

    yield listen
    end(made, redis_address)


@pytest.fixture
def events_app(city: City, redis_address: str) -> Iterator[Flask]:
    """The application for held connections, beside a city."""
    app = create_events_app(city.services)
    yield app
    end([app.extensions["events"]], redis_address)


def end(made: list[Events], redis_address: str) -> None:
    for events in made:
        events.stop()
    # An entry wakes every reader, so that nobody waits for the end of its turn.
    EventStream(redis_address).add(Kind.SNAPSHOT, 1)
    for events in made:
        if events._reader is not None:
            events._reader.join(WAIT)


def publish_next(city: City) -> int:
    """Revoke something and publish it; returns its version."""
    phone = city.phone()
    city.give(phone, Status.REVOKED)
    city.clock.now += 5
    assert publish_snapshot(city.services) > 0
    return city.clock.now


def told(lines: Iterator[bytes]) -> dict[str, int]:
    """Read the stream up to the next event."""
    text = next(part for part in lines if b"event: news" in part).decode()
    fields = dict(line.split(": ", 1) for line in text.strip().splitlines())
    body: dict[str, int] = json.loads(fields["data"])
    assert int(fields["id"]) == body["snapshot"]
    return body


def test_a_connection_begins_with_what_is_in_force(any_city: City, listening: Callable[[Services], Events]) -> None:
    events = listening(any_city.services)
    assert told(events.lines()) == {"snapshot": 0, "trust_list": 0}
    version = publish_next(any_city)
    keeper.note(any_city.services)
    events = listening(any_city.services)
    assert told(events.lines()) == {"snapshot": version, "trust_list": 1}


def test_each_news_is_told_once_and_in_order(any_city: City, listening: Callable[[Services], Events]) -> None:
    lines = listening(any_city.services).lines(heartbeat=0.2)
    seen = [told(lines)["snapshot"]]
    published = []
    for _ in range(3):
        published.append(publish_next(any_city))
        seen.append(told(lines)["snapshot"])
    assert seen == [0, *published]
    assert b"event" not in next(lines)


def test_a_new_trust_list_is_told(city: City, listening: Callable[[Services], Events]) -> None:
    lines = listening(city.services).lines()
    assert told(lines)["trust_list"] == 0
    assert keeper.note(city.services) == 1
    assert told(lines)["trust_list"] == 1


def test_everybody_who_waits_is_woken(city: City, listening: Callable[[Services], Events]) -> None:
    events = listening(city.services)
    before = events.now()

    def wait(number: int) -> News:
        if number == 0:
            publish_next(city)
        return events.after(before, WAIT)

    found = at_once(33, wait)
    assert {news.snapshot for news in found} == {city.clock.now}


def test_who_knows_less_is_answered_at_once_and_who_knows_all_waits(
    city: City, listening: Callable[[Services], Events]
) -> None:
    version = publish_next(city)
    keeper.note(city.services)
    events = listening(city.services)
    assert events.after(News(version - 1, 1), WAIT).snapshot == version
    assert events.after(News(version, 0), WAIT).trust_list == 1
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(events.after, News(version, 1), WAIT)
        time.sleep(0.5)
        assert not waiting.done()
        later = publish_next(city)
        assert waiting.result().snapshot == later


def test_who_waits_in_vain_is_told_what_is(city: City, listening: Callable[[Services], Events]) -> None:
    version = publish_next(city)
    assert listening(city.services).after(News(version, 9), 0.1) == News(version, 0)


@pytest.mark.parametrize("address", [pytest.param(NOBODY, id="gone"), pytest.param("hangs", id="hangs")])
def test_without_redis_news_come_from_the_record(
    city: City, listening: Callable[[Services], Events], address: str
) -> None:
    server = PrivateRedis() if address == "hangs" else None
    services = replace(city.services, events=EventStream(server.address if server else address))
    events = listening(services)
    lines = events.lines()
    told(lines)
    if server:
        server.process.send_signal(19)
    version = publish_next(city)
    assert told(lines)["snapshot"] == version
    events.stop()
    if server:
        server.process.send_signal(18)
        server.stop()


def test_a_stream_that_was_flushed_starts_again(
    city: City, listening: Callable[[Services], Events], redis_address: str
) -> None:
    lines = listening(city.services).lines()
    told(lines)
    for _ in range(3):
        redis.Redis.from_url(redis_address).flushall()
        version = publish_next(city)
        assert told(lines)["snapshot"] == version


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda client: client.xadd(STREAM, {"kind": "snapshot", "version": 2**62}), id="a version"),
        pytest.param(lambda client: client.xadd(STREAM, {"x": b"\xff" * 1000}), id="other fields"),
        pytest.param(lambda client: client.xadd(STREAM, {"x": 1}, id=f"{2**63}-1"), id="the last position"),
        pytest.param(lambda client: client.set(STREAM, "not a stream"), id="another type"),
    ],
)
def test_what_is_forged_in_redis_is_told_to_nobody_and_delays_nobody_for_long(
    city: City, listening: Callable[[Services], Events], redis_address: str, forge: Callable[[Any], object]
) -> None:
    client = redis.Redis.from_url(redis_address)
    lines = listening(city.services).lines(heartbeat=0.5)
    first = told(lines)
    client.delete(STREAM)
    forge(client)
    assert [part for part in itertools.islice(lines, 6) if b"event" in part] == []
    version = publish_next(city)
    assert told(lines) == first | {"snapshot": version}
    client.delete(STREAM)


def test_a_database_that_is_gone_takes_nothing_back(city: City, listening: Callable[[Services], Events]) -> None:
    version = publish_next(city)
    events = listening(city.services)
    assert events.now().snapshot == version
    events._services = replace(city.services, database=Database("postgresql+psycopg://nobody@127.0.0.1:1/none"))
    city.services.events.add(Kind.SNAPSHOT, 1)
    assert events.after(News(version, 0), 1.0).snapshot == version


def test_the_stream_stays_short_and_holds_numbers_only(city: City, redis_address: str) -> None:
    for number in range(2 * LONGEST):
        assert city.services.events.add(Kind.SNAPSHOT, number)
    client = redis.Redis.from_url(redis_address)
    assert client.xlen(STREAM) < 2 * LONGEST
    kept: Any = client.xrange(STREAM)
    assert {(tuple(fields), fields[b"kind"]) for _position, fields in kept} == {((b"kind", b"version"), b"snapshot")}
    assert all(fields[b"version"].isdigit() for _position, fields in kept)


def test_a_redis_that_is_gone_takes_no_news_and_stops_no_publishing(city: City) -> None:
    stream = EventStream(NOBODY)
    assert stream.add(Kind.SNAPSHOT, 1) is False
    assert stream.wait(BEGINNING) is None
    city.phone()
    without = replace(city.services, events=stream)
    assert publish_snapshot(without) == 1
    with city.services.database.read() as connection:
        assert newest(connection).snapshot == city.clock.now


def test_an_event_is_told_only_when_the_record_has_it(city: City, listening: Callable[[Services], Events]) -> None:
    """The entry comes after the commit, and who wakes asks the record: nobody fetches what is not there."""
    lines = listening(city.services).lines(heartbeat=0.2)
    told(lines)
    city.services.events.add(Kind.TRUST_LIST, 99)
    assert all(b"event" not in part for part in itertools.islice(lines, 5))
    with city.services.database.write() as connection:
        fact.put(connection, fact.TRUST_LIST_USED, "99")
    assert told(lines)["trust_list"] == 99


def test_a_silent_connection_gets_comments_and_ends_by_itself(
    city: City, listening: Callable[[Services], Events]
) -> None:
    parts = list(listening(city.services).lines(heartbeat=0.1, life=2))
    assert parts[0].startswith(b"retry: ")
    assert set(parts[1:]) == {b":\n\n"}
    assert len(parts) >= 4


def test_who_is_stopped_sends_everybody_away(city: City, redis_address: str) -> None:
    events = Events(city.services)
    lines = events.lines()
    told(lines)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(list, lines)
        events.stop()
        city.services.events.add(Kind.SNAPSHOT, 1)
        assert waiting.result(WAIT) in ([], [b":\n\n"])
    assert events._reader is not None
    events._reader.join(WAIT)


def test_a_reader_that_died_is_replaced(city: City, listening: Callable[[Services], Events]) -> None:
    events = listening(city.services)
    events.now()
    first = events._reader
    assert first is not None
    events.stop()
    city.services.events.add(Kind.SNAPSHOT, 1)
    first.join(WAIT)
    events._stopped = False
    version = publish_next(city)
    assert events.now().snapshot == version
    assert events._reader is not first


def test_over_http_the_stream_is_fresh_unbuffered_and_begins_with_the_state(city: City, events_app: Flask) -> None:
    version = publish_next(city)
    answer = events_app.test_client().get("/events", buffered=False)
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    assert (answer.headers["Cache-Control"], answer.headers["X-Accel-Buffering"]) == ("no-store", "no")
    assert "Set-Cookie" not in answer.headers
    assert told(answer.iter_encoded())["snapshot"] == version
    answer.close()


def test_a_long_poll_answers_who_knows_less(city: City, events_app: Flask) -> None:
    version = publish_next(city)
    browser = events_app.test_client()
    expected = {"snapshot": version, "trust_list": 0}
    for query in ("", "?snapshot=0", f"?snapshot={version - 1}&trust_list=0", "?trust_list=0"):
        answer = browser.get(f"/events/next{query}")
        assert (answer.status_code, answer.get_json()) == (200, expected)
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("value", ["", "-1", "x", "01", "1.0", "٣", "99999999999", "1e3", " 1"])
@pytest.mark.parametrize("name", ["snapshot", "trust_list"])
def test_a_version_that_is_none_is_a_bad_request(events_app: Flask, name: str, value: str) -> None:
    answer = events_app.test_client().get("/events/next", query_string={name: value})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_request")


def test_more_connections_than_may_be_held_are_asked_to_come_again(city: City, events_app: Flask) -> None:
    publish_next(city)
    browser = events_app.test_client()
    events_app.extensions["events"].most = 2
    held = [browser.get("/events", buffered=False) for _ in range(2)]
    for path in ("/events", "/events/next"):
        refused = browser.get(path)
        assert (refused.status_code, refused.get_json()["code"]) == (503, FULL)
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert browser.get("/livez").status_code == 200
    held[0].close()
    again = browser.get("/events", buffered=False)
    assert again.status_code == 200
    for answer in (again, held[1]):
        answer.close()


def test_a_connection_that_was_never_read_is_held_no_longer(city: City, events_app: Flask) -> None:
    events_app.extensions["events"].most = 1
    browser = events_app.test_client()
    for _ in range(3):
        assert browser.head("/events").status_code == 200
        answer = browser.get("/events", buffered=False)
        assert answer.status_code == 200
        answer.close()


def test_what_is_held_is_counted_also_when_it_ends_by_an_error(
    city: City, listening: Callable[[Services], Events]
) -> None:
    events = listening(city.services)
    events.most = 1
    with pytest.raises(KeyError), events.held():
        raise KeyError
    with events.held(), pytest.raises(UnavailableError), events.held():
        pass
    with events.held():
        pass


def test_the_events_server_serves_nothing_else(events_app: Flask) -> None:
    rules = {rule.rule for rule in events_app.url_map.iter_rules()}
    assert rules == {"/livez", "/events", "/events/next"}


def test_the_scenes_workers_hold_nobody(city: City) -> None:
    assert city.app.test_client().get("/events").status_code == 404
