"""What citizens do in the mini-program beyond showing their code; at the other end are offices, hospitals, places."""

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from codeservice.demo import Citizen
from tests.back_ends import BackEnd
from tests.clinic import OPERATOR
from tests.families import adults, certificate, families
from tests.gates import is_only_a_yes, north, open_gate, watch
from tests.miniprogram.host import QR, Phone
from tests.miniprogram.offices import hospital_asks, open_hall, prescribe_and_sell, scan, served, shown
from tests.miniprogram.town import Town
from tests.officers import begin


@pytest.fixture(scope="module")
def holder(town: Town) -> Citizen:
    """The citizen with whom most tests go on."""
    return town.city.citizen()


@pytest.fixture(scope="module")
def phone(town: Town, holder: Citizen) -> Phone:
    """The phone of that citizen."""
    return town.phone(holder)


@pytest.fixture(autouse=True)
def nothing_went_wrong(phone: Phone) -> Any:
    """No test leaves a fault in the page."""
    phone.faults.clear()
    yield
    assert phone.faults == []


def paper(phone: Phone) -> str:
    """Print, after the question; read the sheet with an independent reader."""
    phone.sure("print")
    phone.page.wait_for_function("getCurrentPages().at(-1).data.side > 0")
    phone.at("paper-code").scroll_into_view_if_needed()
    return phone.read(QR)


def test_a_second_phone_is_told_to_the_first_which_can_be_frozen_from_it(town: Town) -> None:
    citizen = adults(town.city)[1]
    first = town.phone(citizen, "first")
    second = town.phone(citizen, "second")
    first.go("messages")
    expect(first.seen("device_added")).not_to_have_count(0)
    first.seen("message-to").first.click()
    expect(first.seen("device")).to_have_count(2)
    expect(first.seen("session")).to_have_count(2)
    code = shown(first)
    second.go("devices")
    second.sure("freeze")
    expect(second.at("no-code")).to_contain_text("您的城市码已挂失")
    answer = scan(town, "bus-1", code)
    assert (answer["decision"], answer["reason"]) == ("refused", "revoked")
    first.open()
    # Whoever found the phone is not signed in by its WeChat, and what it still shows is dead.
    expect(first.at("sign-in-again")).to_be_visible()
    assert scan(town, "bus-1", first.code())["reason"] == "revoked"
    second.tap("obstacle-action")
    assert scan(town, "bus-1", second.code())["decision"] == "accepted"
    for one in (first, second):
        assert one.faults == []
        one.page.context.close()


def test_a_session_elsewhere_is_ended_and_that_phone_is_signed_out(town: Town, phone: Phone, holder: Citizen) -> None:
    other = town.phone(holder, "another")
    phone.go("devices")
    expect(phone.seen("session")).to_have_count(2)
    phone.seen("end-session").click()
    expect(phone.seen("session")).to_have_count(1)
    other.visit("records")
    expect(other.page.locator("#problem:visible")).to_contain_text("登录")
    other.page.context.close()


def test_a_guardian_prints_a_child_s_code_and_a_reprint_kills_the_one_before(town: Town) -> None:
    family = next(family for family in families(town.city) if family.parent.phone)
    child = family.child.holder
    phone = town.phone(family.parent)
    phone.go("family")
    phone.tap("family-ask")
    phone.at("tie-name").fill(child.name)
    phone.at("tie-id-number").fill(child.id_number.text)
    phone.at("certificate").fill(certificate(family.child))
    phone.tap("tie-send")
    phone.seen("show-code").click()
    expect(phone.at("whose")).to_contain_text(child.name[0])
    answer = scan(town, "clinic-1", phone.code())
    assert (answer["decision"], answer["details"]["name"]) == ("accepted", child.name[0] + "*" * (len(child.name) - 1))
    phone.go("family")
    phone.seen("print-code").click()
    first = paper(phone)
    answer = scan(town, "clinic-1", first, document_checked=True)
    assert (answer["decision"], answer["details"]["name"][0]) == ("accepted", child.name[0])
    phone.tap("print")
    expect(phone.page.locator("page:visible")).to_contain_text("以前那张立即作废")
    phone.tap("confirm-no")
    second = paper(phone)
    assert scan(town, "clinic-1", first, document_checked=True)["reason"] == "revoked"
    assert scan(town, "bus-1", second)["decision"] == "refused"
    assert scan(town, "clinic-1", second, document_checked=True)["decision"] == "accepted"
    expect(phone.seen("paper")).to_have_count(1)
    phone.sure("revoke-paper")
    expect(phone.seen("paper")).to_have_count(0)
    expect(phone.at("sheet")).to_have_count(0)
    assert scan(town, "clinic-1", second, document_checked=True)["reason"] == "revoked"
    assert phone.faults == []
    phone.page.context.close()


def test_a_sheet_is_opened_as_pdf_and_afterwards_lies_nowhere_on_the_phone(town: Town, phone: Phone) -> None:
    phone.go("paper")
    code = paper(phone)
    phone.tap("paper-pdf")
    phone.page.wait_for_function("phone.documents.length === 1")
    opened = phone.page.evaluate("phone.documents[0]")
    assert (bytes(opened["begins"]), opened["fileType"], opened["showMenu"]) == (b"%PDF-", "pdf", True)
    assert scan(town, "clinic-1", code, document_checked=True)["decision"] == "accepted"
    phone.home()
    assert phone.page.evaluate("Object.keys(phone.files)") == []
    phone.go("paper")
    expect(phone.at("sheet")).to_have_count(0)


def test_consent_counts_from_the_next_scan_and_so_does_its_withdrawal(
    town: Town, phone: Phone, holder: Citizen
) -> None:
    name = holder.holder.name
    masked = name[0] + "*" * (len(name) - 1)
    for given, seen in ((True, name), (False, masked)):
        phone.go("privacy")
        phone.tap("consent-hospital")
        phone.page.locator(f"#consent-hospital[aria-checked={str(given).lower()}]").wait_for()
        words = "允许后，那里会看到" if given else "允许后，那里才会看到"
        expect(phone.page.locator(".box:has(#consent-hospital)")).to_contain_text(words)
        assert scan(town, "clinic-1", shown(phone))["details"]["name"] == seen
    phone.go("records")
    expect(phone.seen("record").nth(0)).to_contain_text("姓名（遮盖）")
    expect(phone.seen("record").nth(1)).not_to_contain_text("姓名（遮盖）")


def test_every_scan_stands_in_the_records_the_refused_one_with_the_reason(town: Town, phone: Phone) -> None:
    code = shown(phone)
    assert scan(town, "bus-1", code)["decision"] == "accepted"
    refused = scan(town, "bus-1", code)
    assert refused["decision"] == "refused"
    phone.go("records")
    bad, good = (phone.page.locator(f".record.{decision}:visible").first for decision in ("refused", "accepted"))
    expect(bad).to_contain_text("✕")
    expect(bad).to_contain_text(refused["message"]["zh"])
    expect(good).to_contain_text("✓")
    for record in (bad, good):
        expect(record).to_contain_text("联网核验")
        expect(record).to_contain_text("对方看到")
    phone.home()
    phone.tap("language-switch")
    phone.go("records")
    expect(bad).to_contain_text(refused["message"]["en"])
    phone.home()
    phone.tap("language-switch")


def test_a_holder_says_of_a_record_that_it_was_not_them(town: Town, phone: Phone) -> None:
    assert scan(town, "bus-2", shown(phone))["decision"] == "accepted"
    phone.go("records")
    phone.seen("dispute-open").first.click()
    phone.at("dispute-text").fill("我不在那里")
    phone.tap("dispute-send")
    expect(phone.seen("record").first.locator(".dispute-state")).not_to_be_empty()
    expect(phone.seen("record").first.locator(".dispute-open")).to_have_count(0)


def test_a_health_status_is_told_with_its_grounds_and_is_appealed_against(town: Town) -> None:
    citizen = adults(town.city)[3]
    phone = town.phone(citizen)
    phone.go("health")
    expect(phone.at("health-status")).to_contain_text("现在没有健康状态")
    emergency = begin(town.city)
    assert emergency.send(emergency.evidence(citizen)).status_code in {200, 201}
    phone.go("health")
    change = phone.seen("health-change").first
    for words in ("核酸检测阳性", "positive-test", "证据"):
        expect(change).to_contain_text(words)
    expect(phone.at("health-status")).to_contain_text("有效期至")
    phone.seen("appeal-open").first.click()
    phone.at("appeal-text").fill("样本不是我的")
    phone.tap("appeal-send")
    expect(phone.seen("appeal-state")).to_have_count(1)
    expect(phone.seen("appeal-open")).to_have_count(0)
    queue = emergency.two.call("GET", "/health-appeals").get_json()["appeals"]
    assert [entry["text"] for entry in queue] == ["样本不是我的"]
    assert phone.faults == []
    phone.page.context.close()


def test_a_hospital_s_question_is_answered_and_a_withdrawal_is_seen_at_once(town: Town, phone: Phone) -> None:
    server, subject = hospital_asks(town, shown(phone))
    about = {"patient": subject, "scopes": ["labs"], "purpose": "referral", "operator": OPERATOR}

    def look() -> list[str]:
        found: list[str] = server.call("POST", "/api/v1/record-access", about).get_json()["allowed"]
        return found

    server.call("POST", "/api/v1/record-requests", about | {"days": 7})
    assert look() == []
    phone.go("privacy", "health_records")
    phone.seen("question-yes").click()
    expect(phone.seen("question")).to_have_count(0)
    assert look() == ["labs"]
    phone.sure("withdraw")
    expect(phone.seen("withdraw")).to_have_count(0)
    assert look() == []
    phone.go("privacy", "health_records")
    looks = phone.seen("look")
    for at, seen in enumerate(("什么也没看到", "检验", "什么也没看到")):
        expect(looks.nth(at)).to_contain_text(seen)


def test_a_consent_is_given_by_the_holder_alone(town: Town, phone: Phone) -> None:
    server, subject = hospital_asks(town, shown(phone))
    phone.go("privacy", "health_records")
    phone.tap("give-open")
    phone.tap("give")
    expect(phone.page.locator("#problem:visible")).not_to_be_empty()
    phone.tap("scope-allergies")
    phone.tap("purpose-treatment")
    phone.tap("days-1")
    phone.tap("give")
    expect(phone.seen("withdraw")).to_have_count(1)
    about = {"patient": subject, "scopes": ["allergies"], "purpose": "treatment", "operator": OPERATOR}
    assert server.call("POST", "/api/v1/record-access", about).get_json()["allowed"] == ["allergies"]


@pytest.fixture(scope="module")
def hall(town: Town) -> BackEnd:
    """The server of a hall whose rules are in force."""
    return open_hall(town)


def test_a_form_is_shown_before_it_is_shared_and_the_hall_gets_that_and_no_more(
    town: Town, hall: BackEnd, phone: Phone, holder: Citizen
) -> None:
    visit = served(town, hall, phone)
    asked = hall.call("POST", "/api/v1/applications", {"visit": visit, "form": "register"}).get_json()
    values = f"/api/v1/applications/{asked['application']}/values"
    phone.go("errands")
    expect(phone.seen("visit")).to_contain_text("1 号窗口")
    phone.seen("application-open").click()
    expect(phone.at("fields")).to_contain_text(holder.holder.name)
    assert hall.call("POST", values).get_json()["code"] == "application_not_open"
    phone.tap("application-yes")
    expect(phone.seen("application")).to_contain_text("已授权")
    assert hall.call("POST", values).get_json()["values"] == {"applicant": holder.holder.name}
    for what in ("serve", "finish"):
        hall.call("POST", f"/api/v1/queue/visits/{visit}/acts", {"window": "1", "act": what})
    phone.go("errands")
    phone.seen("review").click()
    phone.tap("grade-4")
    phone.tap("review-send")
    expect(phone.seen("visit")).to_contain_text("您的评价：4 分")


def test_a_consent_to_a_form_is_withdrawn_and_the_hall_gets_nothing(town: Town, hall: BackEnd, phone: Phone) -> None:
    visit = served(town, hall, phone)
    asked = hall.call("POST", "/api/v1/applications", {"visit": visit, "form": "register"}).get_json()
    phone.go("errands")
    phone.seen("application-open").click()
    phone.tap("application-yes")
    phone.sure("withdraw")
    answer = hall.call("POST", f"/api/v1/applications/{asked['application']}/values").get_json()
    assert answer["code"] == "application_not_open"


def test_prescriptions_and_limited_medicines_are_listed(town: Town, phone: Phone) -> None:
    prescribe_and_sell(town, phone)
    phone.go("errands")
    expect(phone.seen("prescription")).to_contain_text("阿莫西林：2，已取 0")
    expect(phone.seen("purchase")).to_contain_text("止咳药 · 3 盒")


def link(phone: Phone, holder: Citizen, kind: str) -> None:
    """Link a card and open it."""
    number = next(card.number for card in holder.cards if card.type == kind)
    phone.go("cards")
    phone.tap(f"type-{kind}")
    phone.at("card-number").fill(number)
    phone.tap("add-card")
    expect(phone.seen("card-open")).to_have_count(1)
    phone.seen("card-open").click()
    phone.at("correction-open").wait_for()


def test_a_copy_for_one_purpose_leaves_by_a_chat_and_its_file_is_gone(phone: Phone, holder: Citizen) -> None:
    link(phone, holder, "id_card")
    phone.tap("copy-open")
    phone.at("copy-requester").fill("市第一中学")
    phone.at("copy-purpose").fill("入学登记")
    phone.tap("days-1")
    phone.tap("copy-make")
    phone.tap("copy-send")
    phone.page.wait_for_function("phone.sent.length === 1")
    assert phone.page.evaluate("phone.sent.shift().name").endswith(".cose")
    assert phone.page.evaluate("Object.keys(phone.files)") == []
    expect(phone.seen("copy")).to_contain_text("市第一中学 · 入学登记")


def test_a_correction_and_a_loss_go_to_the_authority_of_the_card(phone: Phone) -> None:
    phone.go("cards")
    phone.seen("card-open").first.click()
    phone.tap("correction-open")
    phone.at("correction-text").fill("地址已变")
    phone.tap("correction-send")
    expect(phone.seen("correction")).to_contain_text("处理中")
    phone.sure("card-lost")
    expect(phone.seen("correction")).to_have_count(2)
    expect(phone.seen("correction").filter(has_text="挂失")).to_have_count(1)


def test_a_ticket_is_booked_where_the_scene_is_chosen(town: Town, phone: Phone) -> None:
    phone.home()
    phone.tap("scene-scenic_spot")
    phone.go("tickets")
    phone.seen("book").first.click()
    expect(phone.seen("ticket-mine")).to_have_count(1)
    phone.home()
    phone.tap("scene-all")


def test_a_gate_is_told_that_the_phone_is_there_and_never_where(town: Town, phone: Phone) -> None:
    """Every way in which it can go wrong comes first; of those nothing leaves the phone."""
    signed = watch(phone.page)
    phone.go("place")
    phone.tap("way-single")
    phone.hold(f"poster = '{open_gate(town.city)}'")
    said, settings = phone.at("place-said"), phone.at("location-settings")
    phone.hold("allows = false")
    for _ in range(2):
        phone.tap("scan")
        expect(said).to_contain_text("请在设置中允许")
    assert phone.hold("asked") == 1
    phone.hold("allows = true")
    settings.click()
    for location, words in ((None, "没有找到位置"), (north(0, accuracy=3000), "大概位置"), (north(310), "约 300 米")):
        phone.hold(f"location = {json.dumps(location)}")
        phone.tap("scan")
        expect(said).to_contain_text(words)
        expect(settings).to_have_count(0)
    assert signed == []
    phone.hold(f"location = {json.dumps(north(60))}")
    phone.tap("scan")
    expect(said).to_contain_text("已登记：小区东门")
    assert [is_only_a_yes(claims) for claims in signed] == [True]
    assert "31.2" not in json.dumps(phone.hold("opened()"))


def test_everything_is_taken_along_in_one_file_of_the_city(phone: Phone, holder: Citizen) -> None:
    phone.go("privacy", "data")
    phone.tap("export")
    phone.tap("export-send")
    phone.page.wait_for_function("phone.sent.length === 1")
    sent = phone.page.evaluate("phone.sent[0]")
    data, seal, end = sent["content"].split("\n")
    assert json.loads(data)["identity"]["name"] == holder.holder.name
    assert json.loads(seal)["signature"]
    assert (end, sent["name"], phone.page.evaluate("Object.keys(phone.files)")) == ("", "city-code-my-data.jsonl", [])


def test_an_erased_wallet_is_signed_out_and_its_codes_are_dead(town: Town) -> None:
    citizen = adults(town.city)[2]
    phone = town.phone(citizen)
    code = shown(phone)
    phone.go("privacy", "data")
    expect(phone.seen("kept")).not_to_have_count(0)
    phone.sure("erase")
    phone.at("erase-password").fill(phone.password(str(citizen.phone)))
    phone.tap("erase-now")
    phone.at("wechat-enter").wait_for()
    assert scan(town, "bus-1", code)["reason"] == "revoked"
    assert phone.hold("stored()") == ["city-code-preferences"]
    assert phone.faults == []
    phone.page.context.close()
