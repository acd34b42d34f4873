"""Journeys through the wallet's screens: a child's code, paper, records, consent, loss, and what stays on the phone."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from adapters import ADAPTERS
from codeservice.policy import write_document
from tests.gates import is_only_a_yes, north, open_gate, watch
from tests.households import Household, households
from tests.journeys.test_in_the_browser import decide
from tests.phone import Terminal
from tests.policies import beside, put_in_force
from tests.running import ROOT, RunningCity, chromium
from tests.wallets import fresh, go, open_wallet, password, picture, read

CAMERA = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
LIBRARY = ROOT / "docs" / "scenes" / "definitions" / "library.json"
KEPT = """() => new Promise((done) => {
  const opening = indexedDB.open("city-code-wallet");
  opening.onsuccess = () => {
    const settings = opening.result.transaction("settings").objectStore("settings").getAll();
    settings.onsuccess = () => done(settings.result.map(({privateKey, ...rest}) => JSON.stringify(rest)));
  };
})"""
STORED = "() => [JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie, location.href]"


@dataclass(frozen=True)
class Journey:
    """One city, one browser, a parent's wallet that knows the child, and phones to be lost and to be erased."""

    city: RunningCity
    browser: Browser
    family: Household
    page: Page
    lost: Page
    leaving: Page
    film: Path

    def terminal(self, name: str) -> Terminal:
        """Return an enrolled terminal."""
        return self.city.terminal(name)

    def go(self, place: str) -> Page:
        """Return the parent's wallet at a screen."""
        go(self.page, self.city, place)
        return self.page


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    """One city for the module; the tests go on from each other's state but for what each of them makes."""
    city = RunningCity(tmp_path_factory.mktemp("city"), {})
    family, film = households()[0], tmp_path_factory.mktemp("film") / "camera.y4m"
    write_film(film, None)
    with chromium(*CAMERA, f"--use-file-for-fake-video-capture={film}") as browser:
        # Early, because another message to the same phone is sent after a minute only.
        lost, leaving = (open_wallet(browser, city, entry.parent) for entry in households()[1:3])
        page = open_wallet(browser, city, family.parent)
        go(page, city, "family-ask")
        page.get_by_test_id("tie-name").fill(family.child.name)
        page.get_by_test_id("tie-id-number").fill(family.child.id_number)
        page.get_by_test_id("certificate").fill(family.certificate)
        page.get_by_test_id("tie-send").click()
        page.get_by_test_id("show-code").wait_for()
        yield Journey(city, browser, family, page, lost, leaving, film)
    city.stop()


def at_the_clinic(terminal: Terminal, code: str, **body: Any) -> dict[str, Any]:
    """Show a code at a desk that looks at a document too."""
    answer: dict[str, Any] = terminal.scan(code, **body).get_json()
    return answer


def printed(page: Page) -> str:
    """Read the paper code on the screen with an independent reader."""
    shown = page.get_by_test_id("paper-picture")
    shown.wait_for()
    page.wait_for_function("() => document.querySelector('[data-testid=paper-picture]').naturalWidth > 0")
    return read(shown.screenshot())


def test_a_guardian_shows_a_child_s_code_and_it_is_the_child_who_is_accepted(journey: Journey) -> None:
    page = journey.go("family")
    page.get_by_test_id("show-code").click()
    expect(page.get_by_test_id("family-code")).to_contain_text(journey.family.child.name[0])
    answer = at_the_clinic(journey.terminal("clinic-1"), read(picture(page)))
    assert (answer["decision"], answer["details"]["name"]) == ("accepted", journey.family.child.name[0] + "*")


def test_the_child_s_code_is_shown_without_network_too(journey: Journey) -> None:
    page = journey.go("family")
    page.get_by_test_id("show-code").click()
    page.locator("[data-testid=qr][data-iat]").wait_for()
    terminal = journey.terminal("clinic-1")
    page.context.set_offline(offline=True)
    assert decide(terminal, fresh(page)) == ("accepted", None)
    page.context.set_offline(offline=False)


def test_a_reprint_says_before_that_the_old_paper_dies_and_then_it_does(journey: Journey) -> None:
    terminal = journey.terminal("clinic-1")
    page = journey.go("paper")
    page.get_by_test_id("print").click()
    page.get_by_test_id("print-yes").click()
    first = printed(page)
    assert at_the_clinic(terminal, first, document_checked=True)["decision"] == "accepted"
    page.get_by_test_id("print").click()
    expect(page.get_by_role("group")).to_contain_text("以前那张立即作废")
    before = page.get_by_test_id("paper-picture").get_attribute("src")
    page.get_by_test_id("print-yes").click()
    page.wait_for_function(
        "(before) => document.querySelector('[data-testid=paper-picture]')?.src !== before", arg=before
    )
    second = printed(page)
    assert at_the_clinic(terminal, first, document_checked=True)["reason"] == "revoked"
    assert at_the_clinic(terminal, second, document_checked=True)["decision"] == "accepted"
    with page.expect_download() as download:
        page.get_by_test_id("paper-pdf").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
    expect(page.get_by_test_id("paper")).to_have_count(1)
    page.get_by_test_id("revoke-paper").click()
    page.get_by_test_id("revoke-paper-yes").click()
    expect(page.get_by_test_id("paper")).to_have_count(0)
    assert at_the_clinic(terminal, second, document_checked=True)["reason"] == "revoked"


def test_consent_counts_from_the_next_scan_and_so_does_its_withdrawal(journey: Journey) -> None:
    terminal, name = journey.terminal("clinic-1"), journey.family.parent.name
    masked = name[0] + "*" * (len(name) - 1)
    for given, seen in ((True, name), (False, masked)):
        page = journey.go("privacy")
        page.get_by_test_id("consent-hospital").click()
        page.locator(f"[data-testid=consent-hospital][aria-checked={str(given).lower()}]").wait_for()
        page = journey.go("code")
        assert at_the_clinic(terminal, fresh(page))["details"]["name"] == seen
    page = journey.go("records")
    found = page.locator("[data-testid=record][data-scene=hospital][data-decision=accepted]")
    found.nth(1).wait_for()
    first, second = found.all()[:2]
    expect(first).to_contain_text("姓名（遮盖）")
    expect(second).not_to_contain_text("姓名（遮盖）")


def test_every_scan_stands_in_the_records_the_refused_one_with_the_reason_and_each_with_what_was_disclosed(
    journey: Journey,
) -> None:
    terminal, code = journey.terminal("bus-1"), fresh(journey.go("code"))
    assert [decide(terminal, code) for _ in range(2)] == [("accepted", None), ("refused", "replayed")]
    page = journey.go("records")
    refused, accepted = (
        page.locator(f"[data-testid=record][data-scene=bus][data-decision={decision}]").first
        for decision in ("refused", "accepted")
    )
    expect(refused).to_contain_text("此码已被使用")
    for record in (refused, accepted):
        expect(record).to_contain_text("没有个人信息")
        expect(record).to_contain_text("联网核验")


def test_a_scene_that_demands_more_of_the_wallet_says_so_and_the_others_go_on(journey: Journey) -> None:
    """Demanded, and taken back."""
    usual = json.loads(write_document(ADAPTERS["pharmacy"].default))
    page = journey.page
    for demands, state in (({"demands": {"assurance": "presence"}}, "none"), ({}, "drawn")):
        with beside(journey.city) as city:
            put_in_force(city, "pharmacy", usual | demands)
        journey.go("code").reload()
        page.get_by_test_id("scene-pharmacy").click()
        page.locator(f"[data-testid=code-panel][data-state={state}]").wait_for()
        if demands:
            expect(page.locator("[data-testid=no-code][data-reason=assurance_required]")).to_contain_text("当面核验")
            page.get_by_test_id("scene-bus").click()
            page.locator("[data-testid=qr][data-iat]").wait_for()


def test_a_poster_is_read_by_the_camera_and_leaves_one_line_in_one_s_own_records(
    journey: Journey, tmp_path: Path
) -> None:
    open_a_library(journey.city, tmp_path)
    day = time.strftime("%Y-%m-%d", time.localtime(time.time() + 7 * 86400))
    made = [tmp_path / name for name in ("old.png", "new.png")]
    for path in made:
        scenes(journey.city, "posters", "make", "library", "--until", day, "--out", str(path))
    for path, said in zip(made, ("problem", "passage"), strict=True):
        write_film(journey.film, path)
        page = journey.go("place")
        page.get_by_test_id("way").select_option("single")
        page.get_by_test_id("camera-open").click()
        page.get_by_test_id(said).wait_for()
    expect(page.get_by_test_id("passage")).to_have_count(1)
    expect(page.get_by_test_id("passage")).to_contain_text("市图书馆")


def test_a_gate_is_told_that_the_phone_is_there_and_never_where(journey: Journey) -> None:
    """Every way in which it can go wrong comes first; of those nothing leaves the phone."""
    with beside(journey.city) as city:
        poster = open_gate(city)
    page = journey.go("place")
    context, said, signed = page.context, page.get_by_test_id("place-said"), watch(page)
    page.get_by_test_id("way").select_option("single")
    page.get_by_test_id("poster-text").fill(poster)
    context.clear_permissions()
    page.get_by_test_id("poster-send").click()
    expect(said).to_contain_text("网站设置")
    context.grant_permissions(["geolocation"])
    for location, words in ((north(0, accuracy=3000), "大概位置"), (north(310), "约 300 米")):
        context.set_geolocation(location)
        page.get_by_test_id("poster-send").click()
        expect(said).to_contain_text(words)
    assert signed == []
    context.set_geolocation(north(60))
    page.get_by_test_id("poster-send").click()
    expect(said).to_contain_text("已登记：小区东门")
    assert [is_only_a_yes(claims) for claims in signed] == [True]
    assert "31.2" not in json.dumps([page.evaluate(KEPT), page.evaluate(STORED)])
    context.clear_permissions()


def open_a_library(city: RunningCity, folder: Path) -> None:
    """Make a venue made of data alone whose printed posters citizens scan."""
    definition = json.loads(LIBRARY.read_text())
    definition["policy"] |= {"posters": "printed"}
    file = folder / "library.json"
    file.write_text(json.dumps(definition))
    version = str(scenes(city, "policies", "add", str(file))["version"])
    scenes(city, "policies", "try", "library", version, "--since", time.strftime("%Y-%m-%d"))
    scenes(city, "policies", "publish", "library", version, "--reason", "it opens")
    partner = ("--partner", "city-square", "--partner-name", "城市公共服务", "--policy", "library")
    scenes(city, "places", "add", "library", "--scene", "venue", "--name", "市图书馆", *partner)


def scenes(city: RunningCity, *arguments: str) -> Any:
    """Run a command of the adapters and return its JSON."""
    command = [sys.executable, "-m", "adapters", "--data", str(city.data), *arguments, "--json"]
    done = subprocess.run(command, cwd=ROOT, env=city.environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def write_film(film: Path, poster: Path | None) -> None:
    """Write what a camera sees that is held before a picture: one frame of YUV4MPEG2, which Chromium repeats."""
    size = (640, 480)
    frame = Image.new("L", size, 255)
    if poster is not None:
        frame.paste(Image.open(poster).convert("L").resize((440, 440), Image.Resampling.LANCZOS), (100, 20))
    grey = bytes([128]) * (size[0] * size[1] // 2)
    film.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\nFRAME\n" + frame.tobytes() + grey)


def test_a_message_waits_with_a_number_on_its_tab_and_is_read_once_it_was_seen(journey: Journey) -> None:
    page = journey.go("code")
    page.reload()
    expect(page.get_by_test_id("unread")).to_be_visible()
    page.get_by_test_id("tab-messages").click()
    page.locator("[data-testid=message][data-kind=tie_active]").wait_for()
    expect(page.get_by_test_id("unread")).to_be_hidden()
    page.reload()
    page.locator("[data-testid=message][data-read='1']").first.wait_for()
    expect(page.locator("[data-testid=message][data-read='0']")).to_have_count(0)


def test_freezing_from_another_phone_kills_the_codes_of_this_one(journey: Journey) -> None:
    lost, terminal = journey.lost, journey.terminal("bus-1")
    found = open_wallet(journey.browser, journey.city, households()[1].parent)
    go(found, journey.city, "devices")
    expect(found.get_by_test_id("device")).to_have_count(2)
    expect(found.get_by_test_id("session")).to_have_count(2)
    # The first phone is told of the second.
    go(lost, journey.city, "messages")
    expect(lost.get_by_test_id("message-list")).to_contain_text("新增了一台设备")
    go(lost, journey.city, "code")
    code = fresh(lost)
    found.get_by_test_id("freeze").click()
    found.get_by_test_id("freeze-yes").click()
    found.locator("[data-testid=no-code][data-reason=frozen]").wait_for()
    assert decide(terminal, code) == ("refused", "revoked")
    found.get_by_test_id("obstacle-action").click()
    found.locator("[data-testid=qr][data-iat]").wait_for()
    assert decide(terminal, fresh(found)) == ("accepted", None)
    for page in (lost, found):
        page.context.close()


def test_a_holder_says_of_a_record_that_it_was_not_them(journey: Journey) -> None:
    code = fresh(journey.go("code"))
    assert decide(journey.terminal("bus-2"), code) == ("accepted", None)
    page = journey.go("records")
    page.locator("[data-testid=record][data-scene=bus] [data-testid=dispute-open]").first.click()
    page.get_by_test_id("dispute-kind").select_option("not_me")
    page.get_by_test_id("dispute-text").fill("我不在那里")
    page.get_by_test_id("dispute-send").click()
    page.locator("[data-testid=dispute-state][data-state=open]").wait_for()
    expect(page.get_by_test_id("dispute-form")).to_have_count(0)


def test_a_holder_takes_along_everything_in_one_file_of_the_city(journey: Journey) -> None:
    page = journey.go("data")
    page.get_by_test_id("export").click()
    with page.expect_download() as download:
        page.get_by_test_id("export-save").click()
    data, seal, end = Path(download.value.path()).read_text().split("\n")
    assert json.loads(data)["identity"]["name"] == journey.family.parent.name
    assert json.loads(seal)["signature"]
    assert not end


def test_an_erased_wallet_is_signed_out_and_its_codes_are_dead(journey: Journey) -> None:
    page, terminal = journey.leaving, journey.terminal("bus-1")
    code = fresh(page)
    go(page, journey.city, "data")
    page.get_by_test_id("kept").locator("article").first.wait_for()
    page.get_by_test_id("erase").click()
    page.get_by_test_id("erase-yes").click()
    page.get_by_test_id("erase-password").wait_for()
    page.get_by_test_id("erase-password").fill(password(page, journey.city, households()[2].parent.phone))
    page.get_by_test_id("erase-now").click()
    page.get_by_test_id("phone").wait_for()
    assert decide(terminal, code) == ("refused", "revoked")
    assert page.evaluate(KEPT) == []


def test_nothing_of_the_person_stands_in_storage_or_addresses(journey: Journey) -> None:
    addresses: list[str] = []
    page = journey.page
    page.on("request", lambda request: addresses.append(request.url))
    kept: list[str] = []
    for place in ("code", "cards", "messages", "records", "family", "paper", "devices", "privacy", "me"):
        kept += journey.go(place).evaluate(STORED)
    kept += page.evaluate(KEPT)
    people = (journey.family.parent, journey.family.child)
    secrets = [text for person in people for text in (person.phone, person.name, person.id_number, person.card)]
    said = json.dumps(kept + addresses, ensure_ascii=False)
    assert not [secret for secret in secrets if secret in said]
    assert set(json.loads(kept[0])) <= {f"city-code-{name}" for name in ("language", "elder", "text", "motion")}


def test_help_is_read_before_signing_in_and_without_network(journey: Journey) -> None:
    page = journey.browser.new_context(locale="zh-CN").new_page()
    page.goto(f"{journey.city.origin}/wallet/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.context.set_offline(offline=True)
    page.reload()
    page.get_by_test_id("help-open").click()
    page.get_by_test_id("help-lost").locator("summary").click()
    expect(page.get_by_test_id("help-lost")).to_contain_text("立即挂失")
    page.context.set_offline(offline=False)
    page.get_by_test_id("back").click()
    page.get_by_test_id("phone").wait_for()
    page.context.close()
