"""What a terminal takes in, and what it refuses: everything that comes over the wire may come from somebody else."""

import contextlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import delete, text

from adapters.terminal.bundle import pin_of
from adapters.terminal.enrolment import EnrolmentError, enrol, read_identity, read_link
from adapters.terminal.service import RefusedError, UnreachableError
from codeservice.profile import sign_profile
from codeservice.publishing import publish_snapshot
from codeservice.revoking import change_status
from codeservice.status import Status
from codeservice.store import client, grant
from codeservice.store.models import PublishedSnapshot
from keys.errors import TrustListError
from keys.key import Purpose
from tests.adapters.terminal.conftest import Outpost
from tests.ceremonies import kill, publish
from tests.conftest import City
from tests.terminals import enrol_terminal, link_of

Outposts = Callable[..., Outpost]


def revoke(city: City) -> None:
    """Revoke all grants of the citizen, and publish that."""
    city.clock.now += 10
    person = city.citizen().holder.id
    change_status(
        city.services,
        lambda connection: grant.live(connection, now=city.clock.now, person=person),
        Status.REVOKED,
        cause="test",
        actor="test",
    )
    publish_snapshot(city.services)


def versions(outpost: Outpost) -> tuple[int, int, int]:
    """Return the versions of trust list, lists and profile that are in force."""
    bundle = outpost.terminal._bundle
    assert bundle.trust_list is not None
    assert bundle.snapshot is not None
    assert bundle.profile is not None
    return bundle.trust_list.version, bundle.snapshot.version, bundle.profile.version


def play(outpost: Outpost, path: str, change: Callable[[bytes], bytes]) -> None:
    """Let somebody on the way change every answer of a path, and make a contact."""
    outpost.wire.change = lambda asked, body: change(body) if asked.startswith(path) else body
    with contextlib.suppress(RefusedError, UnreachableError):
        outpost.terminal.sync.step()
    outpost.wire.change = None


@pytest.mark.parametrize("path", ["/snapshot", "/terminals/v1/profile", "/trust-list"])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda body: body[:-1], id="cut by a byte"),
        pytest.param(lambda body: body[: len(body) // 2], id="cut in half"),
        pytest.param(lambda _body: b"", id="nothing"),
        pytest.param(lambda body: body + b"\x00", id="with a byte more"),
        pytest.param(lambda body: body[:-1] + bytes([body[-1] ^ 1]), id="a bit of the signature"),
        pytest.param(lambda body: body[:40] + bytes([body[40] ^ 1]) + body[41:], id="a bit of the content"),
        pytest.param(lambda _body: b"\x84" * 100_000, id="a bomb"),
        pytest.param(lambda _body: b"<html>sign in to the hotel network</html>", id="a page"),
    ],
)
def test_what_is_not_whole_and_signed_changes_nothing(
    bus: Outpost, path: str, change: Callable[[bytes], bytes]
) -> None:
    bus.city.phone()
    bus.sync()
    before = versions(bus)
    bus.wait(120)
    revoke(bus.city)
    play(bus, path, change)
    after = versions(bus)
    assert after[0] == before[0]
    if path == "/snapshot":
        assert after[1] == before[1]
    if path == "/terminals/v1/profile":
        assert after[2] == before[2]
    bus.wait(60)
    bus.sync()
    assert versions(bus)[1] > before[1]


def test_older_lists_and_profiles_are_refused_whoever_plays_them_back(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.sync()
    kept: dict[str, bytes] = {}
    bus.wire.change = lambda path, body: kept.setdefault(path, body) and body
    bus.wait(120)
    bus.terminal._bundle.snapshot_tag = None
    bus.terminal.sync._whole_due = 0.0
    bus.terminal.sync.step()
    bus.wire.change = None
    revoke(bus.city)
    bus.sync()
    before = versions(bus)
    bus.wait(120)
    for path in ("/snapshot", "/terminals/v1/profile"):
        bus.terminal._bundle.snapshot_tag = None
        bus.terminal.sync._whole_due = 0.0
        play(bus, path, lambda _body, path=path: kept[path])  # type: ignore[misc]
    after = versions(bus)
    assert after[0] == before[0]
    assert after[1] >= before[1]
    assert after[2] >= before[2]
    assert bus.terminal.scan(phone.show(bus.city.clock.now)).reason == "revoked"


def test_a_profile_of_another_terminal_is_refused(bus: Outpost, outposts: Outposts) -> None:
    other = outposts("bus-2")
    kept: dict[str, bytes] = {}
    other.wire.change = lambda path, body: kept.setdefault(path, body) and body
    other.sync()
    bus.sync()
    before = versions(bus)
    bus.wait(120)
    play(bus, "/terminals/v1/profile", lambda _body: kept["/terminals/v1/profile"])
    assert versions(bus)[2] == before[2]


def test_a_frozen_service_leaves_the_lists_to_grow_old(bus: Outpost) -> None:
    bus.city.phone()
    bus.sync()
    # Somebody keeps every new delta and every new snapshot back.
    bus.wire.broken = {"/snapshot"}
    revoke(bus.city)
    bus.wait(24 * 3600 + 60)
    fresh = bus.city.phone()
    for _ in range(2):
        with pytest.raises(UnreachableError):
            bus.terminal.sync.step()
        bus.wait(30)
    answer = bus.terminal.scan(fresh.show(bus.city.clock.now))
    assert (answer.decision.value, answer.reason) == ("undetermined", "status_stale")
    assert "lists_stale" in bus.terminal.state().faults


def test_a_lost_delta_is_made_good_by_the_whole(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.sync()
    revoke(bus.city)
    with bus.city.services.database.write() as connection:
        connection.execute(delete(PublishedSnapshot).where(PublishedSnapshot.is_delta))
    bus.wait(700)
    bus.sync()
    assert bus.terminal.scan(phone.show(bus.city.clock.now)).reason == "revoked"


def test_what_was_revoked_stays_so_over_restarts_and_a_hundred_deltas(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.sync()
    revoke(bus.city)
    bus.sync()
    for number in range(110):
        bus.wait(7)
        _toggle(bus.city, Status.SUSPENDED if number % 2 == 0 else Status.VALID)
        bus.sync()
    with bus.terminal._bundle.store.transaction():
        assert len(bus.terminal._bundle.store.deltas()) <= 101
    state = bus.terminal._bundle.snapshot
    bus.stop()
    assert bus.terminal._bundle.snapshot == state
    assert bus.terminal.scan(phone.show(bus.city.clock.now)).reason == "revoked"


def _toggle(city: City, status: Status) -> None:
    """Give a grant another status that nobody of the test shows."""
    statement = 'UPDATE "grant" SET status = :status WHERE idx = (SELECT min(idx) FROM "grant" WHERE status <> 1)'
    with city.services.database.write() as connection:
        connection.execute(text(statement), {"status": status.value})


def test_lists_of_a_killed_key_begin_anew_under_another(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.sync()
    before = bus.terminal._bundle.snapshot
    bus.wait(60)
    services = bus.city.services
    kid = services.signer(Purpose.STATUS).key.kid
    kill(bus.city, kid)
    bus.wait(60)
    bus.sync()
    after = bus.terminal._bundle.snapshot
    assert before is not None
    assert after is not None
    assert bus.terminal._bundle._keys.isdisjoint({kid})
    assert after.version > before.version
    assert bus.terminal.scan(phone.show(bus.city.clock.now)).decision.value == "accepted"


def test_what_a_killed_key_has_signed_about_the_terminal_goes_with_it(bus: Outpost) -> None:
    """A thief of a status key and of the way there may write a profile from the future; it ends with the key."""
    phone = bus.city.phone()
    bus.sync()
    bundle, signer = bus.terminal._bundle, bus.city.services.signer(Purpose.STATUS)
    assert bundle.profile is not None
    future = bus.city.clock.now + 7 * 86400
    forged = replace(bundle.profile, version=future, expires=future + 3600)
    document = sign_profile(forged, signer=signer, now=bus.city.clock.now)
    bundle.take_profile(document, terminal="bus-1", scene="bus", now=future)
    bus.wait(60)
    kill(bus.city, signer.key.kid)
    bus.wait(60)
    bus.sync()
    assert bundle.profile is not None
    assert bundle.profile.version == bus.city.clock.now
    assert bus.terminal.scan(phone.show(bus.city.clock.now)).decision.value == "accepted"


def test_a_killed_grant_key_is_refused_without_network_from_the_next_contact_on(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.sync()
    kid = bus.city.services.signer(Purpose.GRANT).key.kid
    bus.wait(60)
    kill(bus.city, kid)
    bus.wait(60)
    bus.leave()
    assert bus.terminal.scan(phone.show(bus.city.clock.now)).reason == "unknown_key"
    bus.stop()
    bus.wait(5)
    assert bus.terminal.scan(phone.show(bus.city.clock.now)).reason == "unknown_key"


def test_a_terminal_that_was_away_follows_the_trust_list_step_by_step(bus: Outpost) -> None:
    bus.leave()
    first = versions(bus)[0]
    for _ in range(3):
        bus.wait(60)
        publish(bus.city, Purpose.TOKEN)
    bus.wire.cut = False
    bus.wait(60)
    bus.sync()
    assert versions(bus)[0] == first + 3


def test_a_store_that_was_damaged_is_put_aside_and_the_terminal_goes_on_by_itself(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.leave()
    bus.terminal.scan(phone.show(bus.city.clock.now))
    bus.stop()
    (bus.folder / "store.db").write_bytes(b"\xff" * 20_000)
    bus.wait(5)
    assert "store_damaged" in bus.terminal.state().faults
    assert bus.terminal.scan(phone.show(bus.city.clock.now)).decision.value == "undetermined"
    bus.wire.cut = False
    bus.sync()
    bus.wait(5)
    assert bus.terminal.scan(phone.show(bus.city.clock.now)).decision.value == "accepted"
    assert [path.name for path in bus.folder.glob("store.db.damaged-*")]


def test_a_link_works_once_and_for_ten_minutes(city: City, outposts: Outposts) -> None:
    bus = outposts("bus-1")
    link = read_link(link_of(city, "bus-2"))
    with bus.wire.connect(link.origin) as service:
        city.clock.now += client.ENROLMENT_LIFE
        with pytest.raises(RefusedError):
            enrol(bus.folder.parent / "late", link, service)
        link = read_link(link_of(city, "bus-2"))
        enrol(bus.folder.parent / "first", link, service)
        with pytest.raises(RefusedError):
            enrol(bus.folder.parent / "second", link, service)
    assert not (bus.folder.parent / "second" / "terminal.json").exists()


def test_another_trust_list_than_the_links_is_not_begun_with(city: City, outposts: Outposts) -> None:
    bus = outposts("bus-1")
    link = link_of(city, "bus-2")
    forged = link[:-32] + pin_of(b"another list")
    folder = bus.folder.parent / "forged"
    with bus.wire.connect(read_link(link).origin) as service:
        with pytest.raises(TrustListError, match="ask the operator"):
            enrol(folder, read_link(forged), service)
        # Nothing of it has used the code up.
        assert enrol(folder, read_link(link), service).terminal == "bus-2"


def test_a_terminal_that_is_enrolled_again_keeps_what_waits(bus: Outpost) -> None:
    phone = bus.city.phone()
    bus.leave()
    bus.terminal.scan(phone.show(bus.city.clock.now))
    key = (bus.folder / "key.pem").read_bytes()
    bus.stop()
    bus.wire.cut = False
    enrol_terminal(bus.city, bus.wire, bus.folder, "bus-1")
    assert (bus.folder / "key.pem").read_bytes() != key
    assert bus.terminal.state().waiting == 1
    bus.sync()
    assert bus.terminal.state().waiting == 0
    assert len(phone.call("GET", "/records").get_json()["records"]) == 1


def test_a_folder_is_one_terminal(bus: Outpost) -> None:
    with pytest.raises(EnrolmentError, match="another folder"):
        enrol_terminal(bus.city, bus.wire, bus.folder, "bus-2")
    assert read_identity(bus.folder).terminal == "bus-1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", "no enrolment link", id="nothing"),
        pytest.param("bus-1", "no enrolment link", id="a name"),
        pytest.param("file:///etc/passwd#terminal=bus-1&enrol=1&trust=2", "no enrolment link", id="a file"),
        pytest.param("https://city.example/scanner/bus#terminal=bus-1", "cut short", id="half of it"),
        pytest.param(
            f"https://city.example/#terminal=../x&enrol={'1' * 20}&trust={'a' * 32}", "cut short", id="a path"
        ),
    ],
)
def test_what_is_no_link_is_refused_with_words_that_help(text: str, words: str) -> None:
    with pytest.raises(EnrolmentError, match=words):
        read_link(text)


def test_a_key_that_others_may_read_does_not_start(bus: Outpost) -> None:
    (bus.folder / "key.pem").chmod(0o644)
    with pytest.raises(EnrolmentError, match="chmod 600"):
        bus.terminal.state()


def test_a_store_without_its_key_says_what_to_do(bus: Outpost) -> None:
    (bus.folder / "store.key").unlink()
    with pytest.raises(EnrolmentError, match=r"store\.key is gone"):
        bus.terminal.state()
