"""Published status lists: made from the record, signed when something changed, read by the standard."""

import gzip
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import cbor2
import jwt
import pytest
import sqlalchemy
from jwt.algorithms import ECAlgorithm

from codeservice.publishing import LOOK_EVERY, SNAPSHOT_EVERY, publish_lists, publish_snapshot
from codeservice.revoking import change_status
from codeservice.services import Services
from codeservice.snapshot import MAX_LIFETIME, Snapshot, accept
from codeservice.status import Status
from codeservice.status_list import StatusList
from codeservice.status_token import CWT_MEDIA, JWT_MEDIA, LIFE, TTL
from codeservice.store import fact, grant, retention
from codeservice.store.database import Connection
from codeservice.store.grant import IssuedGrant
from codeservice.store.models import Grant
from keys import rotation
from keys.cose import sig_structure
from keys.key import Purpose
from tests.ceremonies import put_in_force_by_demo
from tests.conftest import City
from tests.phone import Phone, at_once

DAY = 24 * 3600
IGNORED = {"verify_aud": False, "verify_exp": False, "verify_iat": False}


def get(city: City, path: str, **headers: str) -> Any:
    return city.app.test_client().get(path, headers=headers)


def status_of(city: City, phone: Phone, what: str) -> list[int]:
    """Read what a published list says of a phone's grants, as a stranger would."""
    found = []
    for held, _key in phone.grants:
        answer = get(city, f"/status-lists/{held['list']}/{what}")
        assert (answer.status_code, answer.mimetype) == (200, JWT_MEDIA)
        keys = get(city, "/.well-known/jwks.json").get_json()["keys"]
        entry = next(key for key in keys if key["kid"] == jwt.get_unverified_header(answer.text)["kid"])
        assert entry["purpose"] == Purpose.STATUS
        claims = jwt.decode(answer.text, ECAlgorithm.from_jwk(entry), algorithms=["ES256"], options=IGNORED)  # type: ignore[arg-type]
        assert claims["sub"] == f"{city.services.settings.origin}/status-lists/{held['list']}/{what}"
        assert (claims["exp"], claims["ttl"]) == (claims["iat"] + LIFE, TTL)
        found.append(StatusList.from_json(claims["status_list"]).get(held["idx"]))
    return found


def test_what_is_revoked_and_what_is_suspended_stand_in_lists_of_their_own(any_city: City) -> None:
    good, stopped, dead = (any_city.phone(citizen) for citizen in [c for c in any_city.people if c.phone][:3])
    any_city.give(stopped, Status.SUSPENDED)
    any_city.give(dead, Status.REVOKED)
    assert publish_lists(any_city.services) > 0
    assert [status_of(any_city, phone, "revoked") for phone in (good, stopped, dead)] == [[0, 0], [0, 0], [1, 1]]
    assert [status_of(any_city, phone, "suspended") for phone in (good, stopped, dead)] == [[0, 0], [1, 1], [0, 0]]
    any_city.give(stopped, Status.VALID)
    publish_lists(any_city.services)
    assert status_of(any_city, stopped, "suspended") == [0, 0]


def test_nothing_is_signed_for_an_issue_and_once_for_a_change(any_city: City) -> None:
    phone = any_city.phone()
    publish_lists(any_city.services)
    assert phone.fetch(any_city.clock.now).status_code == 200
    assert publish_lists(any_city.services) == 0
    any_city.give(phone, Status.REVOKED)
    assert publish_lists(any_city.services) == 1
    assert publish_lists(any_city.services) == 0


def test_a_token_is_signed_anew_at_a_third_of_its_life(city: City) -> None:
    city.phone()
    count = publish_lists(city.services)
    city.clock.now += LIFE // 3 - 1
    assert publish_lists(city.services) == 0
    city.clock.now += 1
    assert publish_lists(city.services) == count > 0


def kill_status_key(city: City) -> None:
    """Kill the oldest key that signs lists."""
    current = city.services.trust_list()
    kid = current.signing(Purpose.STATUS, city.clock.now)[0].kid
    put_in_force_by_demo(city, rotation.kill(current, kid, now=city.clock.now, lifetime=DAY))


def test_what_a_killed_key_signed_is_signed_anew_at_once(any_city: City) -> None:
    """Nobody believes it any more: that is as good as not published."""
    phone = any_city.phone()
    any_city.give(phone, Status.REVOKED)
    count = publish_lists(any_city.services)
    kill_status_key(any_city)
    assert publish_lists(any_city.services) == count
    assert status_of(any_city, phone, "revoked") == [1, 1]
    assert publish_lists(any_city.services) == 0


def test_the_cwt_says_the_same_as_the_jwt(city: City) -> None:
    phone = city.phone()
    city.give(phone, Status.REVOKED)
    publish_lists(city.services)
    held = phone.grants[0][0]
    path = f"/status-lists/{held['list']}/revoked"
    answer = get(city, path, Accept=CWT_MEDIA)
    assert answer.mimetype == CWT_MEDIA
    message = cbor2.loads(answer.data)
    assert message.tag == 18
    protected, unprotected, payload, signature = message.value
    header, claims = cbor2.loads(protected), cbor2.loads(payload)
    assert (header[16], dict(unprotected)) == (CWT_MEDIA, {})
    key = city.services.trust_list().find(header[4], Purpose.STATUS, city.clock.now)
    key.verify(signature, sig_structure(protected, b"", payload))
    assert claims[2] == f"{city.services.settings.origin}{path}"
    assert StatusList.from_cbor(claims[65533]).get(held["idx"]) == 1


def test_an_unchanged_list_costs_no_bytes_and_a_mirror_may_keep_it(city: City) -> None:
    phone = city.phone()
    publish_lists(city.services)
    path = f"/status-lists/{phone.grants[0][0]['list']}/revoked"
    first = get(city, path)
    assert first.headers["Cache-Control"] == f"public, max-age={TTL}"
    assert "Set-Cookie" not in first.headers
    again = get(city, path, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    packed = get(city, path, **{"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == first.data
    assert packed.headers["ETag"] != first.headers["ETag"]


def test_all_addresses_are_told_and_all_are_there(city: City) -> None:
    city.phone()
    count = publish_lists(city.services)
    addresses = get(city, "/status-lists").get_json()["status_lists"]
    assert len(addresses) == count
    origin = city.services.settings.origin
    assert all(get(city, address.removeprefix(origin)).status_code == 200 for address in addresses)


@pytest.mark.parametrize("path", ["65535/revoked", "0/valid", "-1/revoked", "x/revoked", "٣/revoked", "999999/revoked"])
def test_a_list_that_is_not_there_is_a_problem_in_words(city: City, path: str) -> None:
    answer = get(city, f"/status-lists/{path}")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "status_list_not_found")


def test_a_list_that_has_retired_is_withdrawn(any_city: City) -> None:
    phone = any_city.phone()
    publish_lists(any_city.services)
    path = f"/status-lists/{phone.grants[0][0]['list']}/revoked"
    any_city.clock.now += 2 * DAY
    with any_city.services.database.write() as connection:
        retention.purge(connection, now=any_city.clock.now)
    assert get(any_city, path).status_code == 404
    assert publish_lists(any_city.services) == 0


def test_every_place_of_keys_signs_lists_and_snapshots(configured_city: City) -> None:
    phone = configured_city.phone()
    assert publish_lists(configured_city.services) > 0
    assert publish_snapshot(configured_city.services) == 1
    configured_city.give(phone, Status.REVOKED)
    configured_city.clock.now += 5
    assert publish_snapshot(configured_city.services) == 1


class Follower:
    """A terminal that fetches the whole once and then delta after delta."""

    def __init__(self, city: City) -> None:
        self._city = city
        self.state: Snapshot | None = None
        self.deltas = 0

    def follow(self) -> Snapshot:
        """Come up to date; raises SnapshotError."""
        if self.state is None:
            self._take(get(self._city, "/snapshot").data)
        assert self.state is not None
        while (answer := get(self._city, f"/snapshot/deltas/{self.state.version}")).status_code == 200:
            self._take(answer.data)
            self.deltas += 1
        return self.state

    def _take(self, document: bytes) -> None:
        trust_list = self._city.services.trust_list()
        self.state = accept(self.state, document, trust_list=trust_list, now=self._city.clock.now)


def told(state: Snapshot, phone: Phone) -> set[Status | None]:
    return {state.status(held["list"], held["idx"]) for held, _key in phone.grants}


def publish_later(city: City, seconds: int = 5) -> int:
    city.clock.now += seconds
    return publish_snapshot(city.services)


def test_a_terminal_follows_by_deltas_what_is_revoked_suspended_and_lifted(any_city: City) -> None:
    phones = [any_city.phone(citizen) for citizen in [c for c in any_city.people if c.phone][:3]]
    good, stopped, dead = phones
    assert publish_snapshot(any_city.services) == 1
    terminal = Follower(any_city)
    assert [told(terminal.follow(), phone) for phone in phones] == [{Status.VALID}] * 3
    any_city.give(stopped, Status.SUSPENDED)
    any_city.give(dead, Status.REVOKED)
    assert publish_later(any_city) == 1
    assert told(terminal.follow(), good) == {Status.VALID}
    assert (told(terminal.follow(), stopped), told(terminal.follow(), dead)) == ({Status.SUSPENDED}, {Status.REVOKED})
    any_city.give(stopped, Status.VALID)
    assert publish_later(any_city) == 1
    assert (told(terminal.follow(), stopped), terminal.deltas) == ({Status.VALID}, 2)


def test_nothing_is_signed_while_nothing_changes_until_a_third_of_its_life(city: City) -> None:
    city.phone()
    publish_snapshot(city.services)
    assert [publish_later(city) for _ in range(3)] == [0, 0, 0]
    assert publish_later(city, MAX_LIFETIME // 3) == 2


def statements_of(city: City, publish: Callable[[], int]) -> list[str]:
    """Publish, and return the statements that this cost."""
    said: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    sqlalchemy.event.listen(city.services.database.engine, "before_cursor_execute", listen)
    try:
        publish()
    finally:
        sqlalchemy.event.remove(city.services.database.engine, "before_cursor_execute", listen)
    return said


PUBLISHERS = [pytest.param(publish_lists, id="lists"), pytest.param(publish_snapshot, id="snapshots")]


@pytest.mark.parametrize("publish", PUBLISHERS)
def test_marks_are_read_only_when_one_has_changed(any_city: City, publish: Callable[[Services], int]) -> None:
    """Three million revoked places are not read every five seconds while nothing changes."""
    phone = any_city.phone()
    publish(any_city.services)

    def reads_marks() -> bool:
        any_city.clock.now += 5
        return any("status <> 0" in text for text in statements_of(any_city, lambda: publish(any_city.services)))

    assert [reads_marks() for _ in range(3)] == [False] * 3
    assert phone.fetch(any_city.clock.now).status_code == 200
    assert not reads_marks()
    any_city.give(phone, Status.SUSPENDED)
    assert [reads_marks() for _ in range(2)] == [True, False]
    any_city.give(phone, Status.VALID)
    assert [reads_marks() for _ in range(2)] == [True, False]
    any_city.give(phone, Status.REVOKED)
    assert [reads_marks() for _ in range(2)] == [True, False]
    any_city.give(phone, Status.REVOKED)
    assert not reads_marks()


@pytest.mark.parametrize("publish", PUBLISHERS)
def test_a_change_past_this_program_is_published_too(any_city: City, publish: Callable[[Services], int]) -> None:
    phone = any_city.phone()
    publish(any_city.services)
    any_city.clock.now += 5
    with any_city.services.database.write() as connection:
        connection.execute(sqlalchemy.update(Grant).values(status=Status.REVOKED.value))
    assert publish(any_city.services) == 0
    any_city.clock.now += LOOK_EVERY
    assert publish(any_city.services) >= 1
    assert phone.grants


def test_a_change_that_is_committed_late_is_published(open_city: Callable[..., City]) -> None:
    """Two revocations, of which the first to change is the last to commit, and the keeper looks at every moment."""
    city = open_city("postgresql")
    phones = [city.phone(citizen) for citizen in [c for c in city.people if c.phone][:2]]
    publish_snapshot(city.services)
    terminal = Follower(city)
    terminal.follow()
    slow, fast = phones
    begun, may_commit = Event(), Event()

    def hold(connection: Connection) -> list[IssuedGrant]:
        chosen = grant.live(connection, now=city.clock.now, device=slow.device)
        begun.set()
        assert may_commit.wait(30)
        return chosen

    def revoke_slowly() -> None:
        change_status(city.services, hold, Status.REVOKED, cause="test", actor="operator:test")

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(revoke_slowly)
        assert begun.wait(30)
        city.give(fast, Status.REVOKED)
        assert publish_later(city) == 1
        assert (told(terminal.follow(), fast), told(terminal.follow(), slow)) == ({Status.REVOKED}, {Status.VALID})
        may_commit.set()
        waiting.result(30)
    assert publish_later(city) == 1
    assert told(terminal.follow(), slow) == {Status.REVOKED}


def test_a_count_that_can_be_seen_stands_behind_all_before_it(open_city: Callable[..., City]) -> None:
    """Who changes a status waits for whoever counted before: no change can appear behind a count already seen."""
    city = open_city("postgresql")
    counted, may_commit = Event(), Event()

    def count_slowly() -> None:
        with city.services.database.write() as connection:
            fact.count(connection, fact.STATUS_CHANGES)
            counted.set()
            assert may_commit.wait(30)

    def count() -> None:
        with city.services.database.write() as connection:
            fact.count(connection, fact.STATUS_CHANGES)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(count_slowly)
        assert counted.wait(30)
        second = pool.submit(count)
        time.sleep(0.3)
        assert not second.done()
        with city.services.database.read() as connection:
            assert fact.get(connection, fact.STATUS_CHANGES) is None
        may_commit.set()
        first.result(30)
        second.result(30)
    with city.services.database.read() as connection:
        assert fact.get(connection, fact.STATUS_CHANGES) == "2"


def test_who_comes_new_and_who_followed_hold_the_same_state(any_city: City) -> None:
    phones = [any_city.phone(citizen) for citizen in [c for c in any_city.people if c.phone][:4]]
    publish_snapshot(any_city.services)
    old = Follower(any_city)
    old.follow()
    for phone in phones:
        any_city.give(phone, Status.REVOKED)
        publish_later(any_city, SNAPSHOT_EVERY // 2)
    new = Follower(any_city)
    assert new.follow() == old.follow()
    assert new.deltas < old.deltas == len(phones)


def test_a_lists_key_that_was_killed_ends_the_chain_and_another_begins(any_city: City) -> None:
    phone = any_city.phone()
    publish_snapshot(any_city.services)
    terminal = Follower(any_city)
    terminal.follow()
    kill_status_key(any_city)
    any_city.give(phone, Status.REVOKED)
    assert publish_later(any_city) == 1
    assert told(terminal.follow(), phone) == {Status.VALID}
    terminal.state = None
    assert told(terminal.follow(), phone) == {Status.REVOKED}


def test_two_keepers_at_once_publish_one_chain(any_city: City) -> None:
    phone = any_city.phone()
    publish_snapshot(any_city.services)
    any_city.give(phone, Status.REVOKED)
    any_city.clock.now += 5
    assert sorted(at_once(4, lambda _number: publish_snapshot(any_city.services))) == [0, 0, 0, 1]
    assert told(Follower(any_city).follow(), phone) == {Status.REVOKED}


def test_two_keepers_that_begin_at_once_publish_one_snapshot(any_city: City) -> None:
    any_city.phone()
    assert sorted(at_once(4, lambda _number: publish_snapshot(any_city.services))) == [0, 0, 0, 1]


@pytest.mark.parametrize("base", ["0", "-1", "x", "1", "٣", "99999999999", "9999999999"])
def test_a_delta_that_is_not_there_is_a_problem_in_words(city: City, base: str) -> None:
    answer = get(city, f"/snapshot/deltas/{base}")
    assert (answer.status_code, answer.get_json()["code"]) == (404, "delta_not_found")


def test_before_the_first_snapshot_there_is_none(city: City) -> None:
    assert get(city, "/snapshot").get_json()["code"] == "snapshot_not_found"
