"""Posters that citizens scan: what counts, what a forwarded picture is worth, and that nothing follows but a record."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from adapters.policies import read_draft
from codeservice.location import Location
from codeservice.poster import SCREEN_SECONDS, Poster, read_poster, write_poster
from codeservice.store import client, policy, poster
from codeservice.store.models import Grant, HealthStatus, Scan, VenuePassage
from keys.key import Purpose
from tests.conftest import City
from tests.phone import Phone, Terminal, at_once, sign_jws

DEFINITIONS = Path(__file__).resolve().parents[2] / "docs/scenes/definitions"
PLACE = "city-library"
HERE = Location(3123042, 12147370, 200)
DAY = 24 * 3600


@pytest.fixture
def open_place(any_city: City) -> Callable[..., None]:
    """Open a library with a terminal, under a policy with changes."""

    def add(location: Location | None = None, **changes: Any) -> None:
        def work(connection: Any) -> None:
            client.add_partner(connection, id_="library", name="图书馆")
            client.add_place(
                connection,
                id_=PLACE,
                partner="library",
                scene="venue",
                name="图书馆",
                policy="library",
                location=location,
            )

        publish(any_city, **changes)
        any_city.services.database.transact(work)

    return add


def publish(city: City, **changes: Any) -> None:
    """Put the library's policy in force with changes."""
    document = json.loads((DEFINITIONS / "library.json").read_text())
    document["policy"] |= changes
    draft, now = read_draft(json.dumps(document).encode()), city.clock.now

    def work(connection: Any) -> None:
        number = policy.add(connection, draft, now=now, actor="test")
        policy.note_trial(connection, "library", number, scans=0, differing=0, actor="test", now=now)
        policy.switch(connection, "library", number, begins=now, actor="test", reason="test", now=now)

    city.services.database.transact(work)
    city.services.policies.forget()


def printed(city: City, *, days: int = 30, location: Location | None = None) -> str:
    """Print a poster, as the command does."""
    now = city.clock.now
    generation = city.services.database.transact(lambda connection: poster.print_again(connection, PLACE, now=now))
    made = Poster(PLACE, now, now + days * DAY, generation, screen=False, location=location)
    return write_poster(made, signer=city.services.signer(Purpose.STATUS), now=now)


def on_screen(city: City) -> str:
    """Show the poster of this minute."""
    now = city.clock.now
    made = Poster(PLACE, now, now + SCREEN_SECONDS, 0, screen=True)
    return write_poster(made, signer=city.services.signer(Purpose.STATUS), now=now)


def scan(phone: Phone, city: City, text: str, *, typ: str = "passage+jwt", **claims: object) -> tuple[int, Any]:
    """Scan a poster with a phone."""
    told = {"aud": phone.me["issuer"], "iat": city.clock.now, "sub": phone.device, "poster": text, "passage": "single"}
    answer = phone.call("POST", "/passages", {"proof": sign_jws(phone.key, typ, told | claims)})
    body = answer.get_json()
    return answer.status_code, body.get("code", body.get("passage"))


def test_a_poster_on_a_screen_is_a_passage_in_the_holders_records(
    any_city: City, open_place: Callable[..., None]
) -> None:
    open_place()
    phone = any_city.phone()
    text = on_screen(any_city)
    assert scan(phone, any_city, text) == (201, "single")
    assert scan(phone, any_city, text) == (201, "single")
    (mine,) = phone.call("GET", "/passages").get_json()["passages"]
    assert (mine["place"], mine["name"], mine["at"]) == (PLACE, "图书馆", any_city.clock.now)
    other = any_city.phone([c for c in any_city.people if c.phone][3])
    assert other.call("GET", "/passages").get_json() == {"passages": []}


def test_a_picture_that_was_forwarded_is_worth_nothing_after_its_minute(
    any_city: City, open_place: Callable[..., None]
) -> None:
    open_place()
    phone, text = any_city.phone(), on_screen(any_city)
    any_city.clock.now += SCREEN_SECONDS + 31
    assert scan(phone, any_city, text) == (422, "poster_refused")
    assert scan(phone, any_city, text, iat=any_city.clock.now - 300)[0] == 422


def test_a_place_that_takes_screens_only_takes_no_print(any_city: City, open_place: Callable[..., None]) -> None:
    open_place()
    assert scan(any_city.phone(), any_city, printed(any_city)) == (422, "poster_refused")


def test_a_print_counts_in_its_time_and_until_the_next_print(any_city: City, open_place: Callable[..., None]) -> None:
    open_place(posters="printed")
    phone, first = any_city.phone(), printed(any_city, days=2)
    assert scan(phone, any_city, first)[0] == 201
    again = printed(any_city, days=2)
    assert scan(phone, any_city, first) == (422, "poster_refused")
    assert scan(phone, any_city, again)[0] == 201
    any_city.clock.now += 2 * DAY
    phone = any_city.phone()
    assert scan(phone, any_city, again) == (422, "poster_refused")


def test_where_the_policy_asks_the_phone_says_that_it_is_there(any_city: City, open_place: Callable[..., None]) -> None:
    open_place(posters="printed", confirm_here=True)
    phone, text = any_city.phone(), printed(any_city, location=HERE)
    assert scan(phone, any_city, text) == (422, "poster_refused")
    assert scan(phone, any_city, text, here="yes") == (422, "poster_refused")
    assert scan(phone, any_city, text, here=True)[0] == 201


def test_a_poster_without_a_location_cannot_be_compared_with_whatever_the_phone_says(
    any_city: City, open_place: Callable[..., None]
) -> None:
    open_place(posters="printed", confirm_here=True)
    assert scan(any_city.phone(), any_city, printed(any_city), here=True) == (422, "poster_refused")


def test_a_poster_with_a_location_counts_where_the_policy_asks_no_more(
    any_city: City, open_place: Callable[..., None]
) -> None:
    open_place(posters="printed")
    text = printed(any_city, location=HERE)
    assert scan(any_city.phone(), any_city, text)[0] == 201
    assert scan(any_city.phone(), any_city, text, here=True)[0] == 201


def test_what_the_policy_says_at_the_passage_decides_not_what_it_said_at_the_print(
    any_city: City, open_place: Callable[..., None]
) -> None:
    open_place(posters="printed", confirm_here=True)
    text = printed(any_city, location=HERE)
    phone = any_city.phone()
    assert scan(phone, any_city, text)[0] == 422
    publish(any_city, posters="printed")
    assert scan(phone, any_city, text)[0] == 201


def test_every_poster_that_does_not_count_gets_the_same_answer(any_city: City, open_place: Callable[..., None]) -> None:
    open_place(posters="none")
    phone, now = any_city.phone(), any_city.clock.now
    signer = any_city.services.signer(Purpose.STATUS)
    elsewhere = write_poster(Poster("nowhere", now, now + 60, 0, screen=True), signer=signer, now=now)
    good = on_screen(any_city)
    flipped = good[:-1] + ("1" if good[-1] != "1" else "2")
    for text in (good, elsewhere, flipped, "", "70", phone.show(now), "https://example.com", "7" * 2000):
        assert scan(phone, any_city, text) == (422, "poster_refused"), text[:20]


def test_a_proof_of_another_kind_or_phone_records_nothing(any_city: City, open_place: Callable[..., None]) -> None:
    open_place()
    phone, text = any_city.phone(), on_screen(any_city)
    assert scan(phone, any_city, text, typ="grant-request+jwt") == (422, "proof_refused")
    assert scan(phone, any_city, text, sub="0" * 32) == (409, "device_removed")
    assert scan(phone, any_city, text, passage="leave") == (422, "poster_refused")
    with any_city.services.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(VenuePassage)) == 0


def test_nothing_follows_from_a_passage_but_the_record(any_city: City, open_place: Callable[..., None]) -> None:
    """No scan, no health status and no grant comes into being or changes."""
    open_place()
    phone = any_city.phone()

    def counts() -> list[int | None]:
        with any_city.services.database.read() as connection:
            return [connection.scalar(select(func.count()).select_from(table)) for table in (Scan, HealthStatus, Grant)]

    before = counts()
    assert scan(phone, any_city, on_screen(any_city))[0] == 201
    assert counts() == before


def add_screen(city: City) -> Terminal:
    """Return the library's terminal."""
    city.services.database.transact(
        lambda connection: client.add_client(
            connection, id_="library-1", kind="terminal", place=PLACE, name="大厅屏幕", scopes=frozenset({"scan"})
        )
    )
    return city.terminal("library-1")


def fetched(terminal: Terminal) -> Any:
    """Return what a terminal gets that asks for its poster."""
    headers = {"Authorization": f"Bearer {terminal.token}"}
    return terminal.http.open("/scan/v1/poster", method="GET", headers=headers).get_json()


def test_a_terminal_of_a_venue_shows_the_poster_of_the_minute_and_no_other_terminal_does(
    any_city: City, open_place: Callable[..., None]
) -> None:
    open_place()
    shown = fetched(add_screen(any_city))
    assert shown["ends"] == any_city.clock.now + SCREEN_SECONDS
    assert scan(any_city.phone(), any_city, shown["poster"])[0] == 201
    assert fetched(any_city.terminal("bus-1"))["code"] == "terminal_not_allowed"


def test_a_screen_carries_the_location_of_its_place_while_the_policy_asks_for_it(
    any_city: City, open_place: Callable[..., None]
) -> None:
    """No phone is asked for its location without need."""
    open_place(location=HERE)
    screen = add_screen(any_city)

    def carried() -> Location | None:
        trust_list = any_city.services.trust_list()
        return read_poster(fetched(screen)["poster"], trust_list=trust_list, now=any_city.clock.now).location

    assert carried() is None
    publish(any_city, confirm_here=True)
    assert carried() == HERE
    assert scan(any_city.phone(), any_city, fetched(screen)["poster"], here=True)[0] == 201
    publish(any_city)
    assert carried() is None


def test_a_screen_of_a_place_without_a_location_says_so_where_the_policy_asks(
    any_city: City, open_place: Callable[..., None]
) -> None:
    open_place(confirm_here=True)
    assert fetched(add_screen(any_city))["code"] == "place_not_located"


def test_many_prints_at_once_have_generations_of_their_own(any_city: City, open_place: Callable[..., None]) -> None:
    open_place()
    now, database = any_city.clock.now, any_city.services.database
    made = at_once(64, lambda _: database.transact(lambda connection: poster.print_again(connection, PLACE, now=now)))
    assert sorted(made) == list(range(1, 65))
