"""The operators' commands about terminals and their scans."""

import hashlib
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import delete, update

from codeservice import cli
from codeservice.city import city_day
from codeservice.one_machine import _links
from codeservice.status import Status
from codeservice.store.models import Scan, Stream
from tests.conftest import City, Operate
from tests.environment import environment_of
from tests.uploading import Queue

DAY = 24 * 3600


def queue_of(city: City, name: str = "bus-1") -> Queue:
    return Queue(city, city.terminal(name))


def pin(city: City) -> str:
    """The first half of the digest of the signed list in force, as anybody can fetch it."""
    signed = city.app.test_client().get("/trust-list").data
    return hashlib.sha256(signed).hexdigest()[:32]


def test_terminals_are_added_enrolled_suspended_and_resumed(city: City, operate: Operate) -> None:
    assert operate("terminals", "add", "bus-9", "--place", "bus-line-1", "--name", "Bus 9")[0] == 0
    assert operate("terminals", "add", "bus-9", "--place", "bus-line-1", "--name", "again")[0] == 1
    made = operate("terminals", "enrol", "bus-9")[1]
    fields = f"terminal=bus-9&enrol={made['enrolment_code']}&trust={pin(city)}"
    assert made["link"] == f"{city.services.settings.origin}/scanner/bus#{fields}"
    assert operate("terminals", "suspend", "bus-9")[0] == 0
    assert operate("terminals", "enrol", "bus-9")[0] == 1
    assert operate("terminals", "resume", "bus-9")[0] == 0
    states = {entry["id"]: entry["state"] for entry in operate("terminals", "list")[1]}
    assert states["bus-9"] == "waiting"


def test_the_links_of_a_demo_run_name_the_trust_list_too(city: City) -> None:
    links = _links(city.services)
    assert len(links) > 5
    assert all(link.endswith(f"&trust={pin(city)}") for _, link in links)


def test_a_link_comes_as_a_picture_that_a_terminal_reads(operate: Operate, tmp_path: Path) -> None:
    picture = tmp_path / "link.png"
    made = operate("terminals", "enrol", "bus-2", "--qr", str(picture))[1]
    with Image.open(picture) as image:
        assert [found.text for found in zxingcpp.read_barcodes(image)] == [made["link"]]
    assert picture.stat().st_mode & 0o077 == 0
    code, said = operate("terminals", "enrol", "bus-2", "--qr", str(picture))
    assert code == 1
    assert "new file" in said


def test_a_link_comes_as_characters_on_the_console(
    city: City, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    arguments = ["terminals", "enrol", "bus-2", "--qr", "-"]
    assert cli.main(arguments, environment_of(city.services.settings), city.clock) == 0
    said = capsys.readouterr().out.splitlines()
    link, drawn = said[1].strip(), [line for line in said if set(line) <= set(" █▀▄\xa0") and line]
    picture = Image.new("L", (len(drawn[0]), 2 * len(drawn)), 0)
    for y, line in enumerate(drawn):
        for x, character in enumerate(line):
            picture.putpixel((x, 2 * y), 255 * (character in "█▀"))
            picture.putpixel((x, 2 * y + 1), 255 * (character in "█▄"))
    larger = picture.resize((8 * picture.width, 8 * picture.height), Image.Resampling.NEAREST)
    assert [found.text for found in zxingcpp.read_barcodes(larger)] == [link]


def test_the_list_of_terminals_tells_when_each_has_uploaded_last(city: City, operate: Operate) -> None:
    queue = queue_of(city)
    queue.upload()
    uploads = {entry["id"]: entry["last_upload"] for entry in operate("terminals", "list")[1]}
    assert (uploads["bus-1"], uploads["bus-2"]) == (city.clock.now, None)


def test_the_account_of_a_day_adds_up(city: City, operate: Operate) -> None:
    phone, queue, now = city.phone(), queue_of(city), city.clock.now
    city.give(phone, Status.REVOKED)
    queue.accept(phone, now)
    queue.refuse(now)
    queue.add_bytes(b"junk")
    queue.refuse(now)
    queue.refuse(now)
    queue.upload(1, 2, 3)
    code, data = operate("terminals", "reconcile")
    (stream,) = data["streams"]
    figures = {name: stream[name] for name in ("last", "stored", "quarantined", "too_old", "missing")}
    assert figures == {"last": 5, "stored": 2, "quarantined": 1, "too_old": 0, "missing": 2}
    assert (code, stream["faults"], data["marks"]) == (0, [], {"revoked": 1})
    assert (stream["client"], stream["last_upload"]) == ("bus-1", now)


def test_what_waits_at_a_terminal_for_weeks_is_no_fault_and_a_gap_of_a_day_is(city: City, operate: Operate) -> None:
    queue = queue_of(city)
    for _ in range(4):
        queue.refuse(city.clock.now)
    queue.upload(1)
    city.clock.now += 30 * DAY
    assert operate("terminals", "reconcile")[0] == 0
    queue.upload(3)
    city.clock.now += DAY
    assert operate("terminals", "reconcile")[0] == 0
    city.clock.now += 1
    code, data = operate("terminals", "reconcile")
    assert (code, data["streams"][0]["faults"]) == (1, ["old_gap"])
    queue.upload(4)
    assert operate("terminals", "reconcile")[0] == 1
    queue.upload(2)
    assert operate("terminals", "reconcile")[0] == 0


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(delete(Scan).where(Scan.seq == 2), id="a scan that somebody deleted"),
        pytest.param(update(Scan).where(Scan.seq == 2).values(stream="0" * 16), id="a scan under another stream"),
        pytest.param(update(Stream).values(too_old=1), id="a number that was counted twice"),
    ],
)
def test_an_account_that_does_not_add_up_is_a_fault(city: City, operate: Operate, damage: object) -> None:
    queue = queue_of(city)
    for _ in range(3):
        queue.refuse(city.clock.now)
    queue.upload()
    assert operate("terminals", "reconcile")[0] == 0
    with city.services.database.write() as connection:
        connection.execute(damage)  # type: ignore[call-overload]
    code, data = operate("terminals", "reconcile")
    assert (code, data["streams"][0]["faults"]) == (1, ["does_not_add_up"])


def test_marked_scans_are_listed_by_mark_and_day_and_name_no_holder(city: City, operate: Operate) -> None:
    phone, queue, other = city.phone(), queue_of(city), queue_of(city, "bus-2")
    now = city.clock.now
    city.give(phone, Status.REVOKED)
    queue.accept(phone, now, iat=now)
    queue.upload()
    other.accept(phone, now + 5, iat=now)
    city.clock.now += DAY
    other.upload()
    found = operate("scans", "marked")[1]
    assert [(entry["client"], entry["mark"]) for entry in found] == [
        *((("bus-2", mark)) for mark in ("double_use", "revoked")),
        ("bus-1", "revoked"),
    ]
    assert found[0]["other"] == found[2]["scan"]
    assert {entry["since"] for entry in found if entry["mark"] == "revoked"} == {now}
    assert [entry["client"] for entry in operate("scans", "marked", "--mark", "double_use")[1]] == ["bus-2"]
    today = city_day(city.clock.now)
    assert {entry["client"] for entry in operate("scans", "marked", "--since", today)[1]} == {"bus-2"}
    assert city.citizen().holder.id not in str(found)


def test_quarantined_items_are_listed_with_their_bytes(city: City, operate: Operate) -> None:
    queue = queue_of(city)
    queue.add_bytes(b"junk")
    queue.upload()
    (found,) = operate("scans", "quarantined")[1]
    assert (found["client"], found["seq"], found["reason"]) == ("bus-1", 1, "malformed")
    assert (found["item"], found["received"]) == (b"junk".hex(), city.clock.now)
    tomorrow = city_day(city.clock.now + DAY)
    assert operate("scans", "quarantined", "--since", tomorrow) == (0, [])


def test_every_list_is_written_for_people_too(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    phone, queue = city.phone(), queue_of(city)
    environment = environment_of(city.services.settings)
    commands = (["terminals", "list"], ["terminals", "reconcile"], ["scans", "marked"], ["scans", "quarantined"])
    capsys.readouterr()
    assert [cli.main(list(command), environment, city.clock) for command in commands] == [0] * 4
    empty = capsys.readouterr().out
    assert all(said in empty for said in ("Nothing was uploaded", "No scan is marked", "Nothing is in quarantine"))
    city.give(phone, Status.REVOKED)
    queue.accept(phone, city.clock.now)
    queue.add_bytes(b"")
    queue.upload()
    assert [cli.main(list(command), environment, city.clock) for command in commands] == [0] * 4
    said = capsys.readouterr().out
    assert "given 2 = stored 1 + quarantined 1 + too old 0 + waiting 0 + gaps 0" in said
    assert "2027-01-15T08:01:00Z" in said
    assert "damaged" in said


@pytest.mark.parametrize("arguments", [["--since", "yesterday"], ["--mark", "strange"], ["--limit", "0"]])
def test_a_question_that_makes_no_sense_is_wrong_usage(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["scans", "marked", *arguments])
    assert caught.value.code == 2


def test_a_back_end_is_added_with_its_scopes_and_never_as_a_terminal(operate: Operate) -> None:
    add = ("back-ends", "add", "bus-server", "--place", "bus-line-1", "--name", "Bus company")
    assert operate(*add, "--scope", "statements:read", "verify")[0] == 0
    (found,) = [entry for entry in operate("terminals", "list")[1] if entry["id"] == "bus-server"]
    assert (found["kind"], found["scopes"]) == ("back_end", ["statements:read", "verify"])
    assert operate(*add, "--scope", "verify")[0] == 1
    for scope in ("scan", "Verify", "a b"):
        assert operate("back-ends", "add", "other", "--place", "bus-line-1", "--name", "x", "--scope", scope)[0] == 1
