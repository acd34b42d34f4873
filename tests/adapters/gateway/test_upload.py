"""The door of uploads: the signature of the terminal's own key, and nothing else, lets in."""

import random

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from codeservice.rate import UPLOAD_RATE
from codeservice.store import client
from codeservice.upload import MAX_SCANS, MAX_UPLOAD
from tests.conftest import City
from tests.makers import flips
from tests.phone import Terminal
from tests.uploading import PATH, Queue, rows


def queue_of(city: City, name: str = "bus-1") -> Queue:
    queue = Queue(city, city.terminal(name))
    queue.refuse(city.clock.now)
    return queue


def strange(city: City, name: str) -> Queue:
    """Return a queue of somebody with a key that nobody has enrolled."""
    queue = Queue(city, Terminal(city.app.test_client(), name))
    queue.refuse(city.clock.now)
    return queue


def test_no_token_is_needed_and_none_helps(city: City) -> None:
    queue = queue_of(city)
    city.clock.now += 3600
    assert queue.upload()["stored"] == [1]
    headers = {"Authorization": f"Bearer {city.terminal('bus-2').token}"}
    stranger = strange(city, "bus-2")
    answer = city.app.test_client().post(PATH, data=stranger.signed(), content_type="application/cose", headers=headers)
    assert answer.status_code == 401


def test_an_unknown_terminal_and_a_wrong_key_get_the_same_answer(any_city: City) -> None:
    known = queue_of(any_city)
    decoy = strange(any_city, "bus-999")
    # The private half of the key that stands in for unknown ones is 1, as everybody may find out.
    decoy.terminal.key = ec.derive_private_key(1, ec.SECP256R1())
    waiting = decoy.again()
    waiting.terminal = Terminal(any_city.app.test_client(), "bus-2")
    waiting.terminal.key = decoy.terminal.key
    refused = [strange(any_city, "bus-1"), strange(any_city, "bus-999"), decoy, waiting]
    answers = [queue.post(queue.signed()) for queue in refused]
    bodies = [{name: value for name, value in answer.get_json().items() if name != "trace"} for answer in answers]
    assert [answer.status_code for answer in answers] == [401] * 4
    assert bodies[1:] == bodies[:1] * 3
    assert bodies[0]["code"] == "upload_refused"
    assert known.upload()["stored"] == [1]


def test_a_back_end_uploads_nothing(city: City) -> None:
    """Its key is enrolled too, but it is no terminal."""
    partner = city.terminal("hospital-back-end")
    queue = Queue(city, partner)
    queue.refuse(city.clock.now)
    assert queue.post(queue.signed()).status_code == 401


def test_no_flipped_bit_of_an_upload_is_accepted(city: City) -> None:
    queue = queue_of(city)
    signed = queue.signed()
    chance = random.Random(1)
    positions = chance.sample(range(8 * len(signed)), 400)
    statuses = {queue.post(changed).status_code for changed in flips(signed, positions)}
    assert statuses <= {400, 401}
    assert rows(city) == []


def test_an_upload_under_the_name_of_another_terminal_is_refused(city: City) -> None:
    queue = queue_of(city)
    city.terminal("bus-2")
    assert queue.post(queue.signed(terminal="bus-2")).status_code == 401


@pytest.mark.parametrize(
    ("body", "media", "status", "code"),
    [
        pytest.param(b"{}", "application/json", 415, "cose_required", id="JSON"),
        pytest.param(b"", "application/cose", 400, "body_not_readable", id="nothing"),
        pytest.param(b"\xff" * 100, "application/cose", 400, "body_not_readable", id="junk"),
        pytest.param(bytes(MAX_UPLOAD + 1), "application/cose", 400, "body_not_readable", id="larger than an upload"),
        pytest.param(bytes(70_000), "application/cose", 413, "too_large", id="larger than any body"),
    ],
)
def test_a_body_that_is_no_upload_is_the_callers_fault(
    city: City, body: bytes, media: str, status: int, code: str
) -> None:
    answer = queue_of(city).post(body, media)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_an_empty_upload_tells_a_terminal_how_it_stands(any_city: City) -> None:
    queue = queue_of(any_city)
    queue.refuse(any_city.clock.now)
    queue.upload(2)
    with any_city.services.database.write() as connection:
        client.suspend(connection, "bus-1")
    answer = queue.post(queue.signed([])).get_json()
    assert (answer["stored"], answer["missing"], answer["state"]) == ([], [[1, 1]], "suspended")


def test_the_longest_queue_is_taken_at_once_and_who_goes_on_has_to_wait(city: City) -> None:
    """A week without network is 100,000 scans."""
    queue = queue_of(city)
    assert UPLOAD_RATE.burst * MAX_SCANS >= 100_000
    bodies = [queue.post(queue.signed([])) for _ in range(UPLOAD_RATE.burst)]
    assert {answer.status_code for answer in bodies} == {200}
    answers = [queue.post(queue.signed([])) for _ in range(3 * UPLOAD_RATE.burst)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert int(refused[0].headers["Retry-After"]) >= 1
    other = queue_of(city, "bus-2")
    assert other.upload()["stored"] == [1]


def test_who_cannot_sign_takes_nothing_from_a_terminals_rate(city: City) -> None:
    queue, stranger = queue_of(city), strange(city, "bus-1")
    for _ in range(UPLOAD_RATE.burst + 10):
        assert stranger.post(stranger.signed()).status_code == 401
    assert queue.upload()["stored"] == [1]


def test_a_database_that_is_gone_is_said_and_the_same_upload_succeeds_later(city: City) -> None:
    queue = queue_of(city)
    signed = queue.signed()
    with city.services.database.engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE stream RENAME TO away")
        connection.commit()
    assert queue.post(signed).status_code == 503
    with city.services.database.engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO stream")
        connection.commit()
    assert queue.post(signed).get_json()["stored"] == [1]


def test_the_document_describes_the_body(city: City) -> None:
    described = city.app.test_client().get("/openapi.json").get_json()["paths"][PATH]["post"]
    assert described["requestBody"]["content"] == {"application/cose": {}}
