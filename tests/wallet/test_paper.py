"""Paper codes: printed for oneself and for dependants, the earlier print dead, lost ones revoked."""

import io

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from codeservice.code import Kind
from codeservice.household import PRINTS_A_DAY
from codeservice.issuer import PAPER_LIFE
from codeservice.store import grant
from codeservice.web.operation import MAX_BODY
from keys import jws
from tests.conftest import City
from tests.families import TIES, adults, families, helper_of, notices, parent_of
from tests.phone import Phone, at_once, decision
from wallet.paper_card import draw_pdf


def scan(city: City, code: str, *, checked: bool) -> tuple[str, str | None]:
    """Show paper at the clinic's counter."""
    return decision(city.terminal("clinic-1").scan(code, document_checked=checked))


def test_a_print_counts_180_days_at_counters_that_look_at_a_document(any_city: City) -> None:
    phone = any_city.phone()
    made = phone.call("POST", "/papers", {}).get_json()
    assert made["expires"] - made["issued"] == PAPER_LIFE == 180 * 86400
    assert made["svg"].startswith("<?xml")
    assert Image.open(io.BytesIO(jws.decode(made["png"]))).format == "PNG"
    any_city.clock.now += 7 * 86400
    assert scan(any_city, made["code"], checked=False) == ("refused", "second_factor_required")
    assert scan(any_city, made["code"], checked=True) == ("accepted", None)


def test_the_sheet_is_read_by_a_camera_and_the_picture_too(city: City) -> None:
    made = city.phone().call("POST", "/papers", {}).get_json()
    sheet = pypdfium2.PdfDocument(jws.decode(made["pdf"], longest=MAX_BODY))
    assert len(sheet) == 1
    # 100 dots to the inch, as a cheap printer does at its worst.
    for picture in (sheet[0].render(scale=100 / 72).to_pil(), Image.open(io.BytesIO(jws.decode(made["png"])))):
        (found,) = zxingcpp.read_barcodes(picture)
        assert found.text == made["code"]
    assert made["name"] in sheet[0].get_textpage().get_text_range()
    sheet.close()


@pytest.mark.parametrize("name", ["阿依古丽·买买提", "𠮷*明", "عبد*", "O*<b>", "👩‍👧*", ""])
def test_every_name_is_drawn(name: str) -> None:
    assert draw_pdf("CC1" * 90, name=name, issued=0, expires=86400).startswith(b"%PDF")


def test_a_reprint_kills_the_one_before_whoever_printed_it(any_city: City) -> None:
    helper, elder = adults(any_city)[:2]
    mine, theirs, tie = helper_of(any_city, helper, elder)
    first = theirs.call("POST", "/papers", {}).get_json()
    second = mine.call("POST", "/papers", {"tie": tie}).get_json()
    assert scan(any_city, first["code"], checked=True) == ("refused", "revoked")
    assert scan(any_city, second["code"], checked=True) == ("accepted", None)
    (listed,) = theirs.call("GET", "/papers").get_json()["papers"]
    assert (listed["list"], listed["idx"], listed["tie"]) == (second["list"], second["idx"], tie)
    assert mine.call("GET", "/papers").get_json()["papers"] == [listed]
    assert notices(theirs)[0] == notices(mine)[0] == "paper_printed"


def test_64_prints_at_once_keep_the_days_limit_and_leave_one_that_counts(any_city: City) -> None:
    phone = any_city.phone()
    cookies = phone.http

    def make(_number: int) -> int:
        other = Phone(any_city.app.test_client())
        other.me = phone.me
        other.http.set_cookie("session", cookies.get_cookie("session", path="/wallet/").value, path="/wallet/")  # type: ignore[attr-defined]
        return other.call("POST", "/papers", {}).status_code

    codes = at_once(64, make)
    assert sorted(set(codes)) == [201, 429]
    assert codes.count(201) == PRINTS_A_DAY
    with any_city.services.database.read() as connection:
        live = grant.papers(connection, now=any_city.clock.now, person=any_city.citizen().holder.id)
    assert len(live) == 1
    assert live[0].kind is Kind.PAPER
    any_city.clock.now += 86400
    assert phone.call("POST", "/papers", {}).status_code == 201


@pytest.mark.parametrize("by", ["guardian", "dependant"])
def test_a_lost_print_is_revoked_by_its_holder_or_by_who_printed_it(any_city: City, by: str) -> None:
    helper, elder = adults(any_city)[:2]
    mine, theirs, tie = helper_of(any_city, helper, elder)
    made = mine.call("POST", "/papers", {"tie": tie}).get_json()
    path = f"/papers/{made['list']}/{made['idx']}"
    stranger = any_city.phone(adults(any_city)[2])
    assert stranger.call("DELETE", path).status_code == 404
    assert (mine if by == "guardian" else theirs).call("DELETE", path).status_code == 204
    assert scan(any_city, made["code"], checked=True) == ("refused", "revoked")
    assert mine.call("DELETE", path).status_code == 404
    assert notices(theirs)[0] == "paper_revoked"


def test_a_print_ends_with_the_tie_that_it_was_made_under(any_city: City) -> None:
    phone, tie = parent_of(any_city, families(any_city)[0])
    made = phone.call("POST", "/papers", {"tie": tie["id"]}).get_json()
    assert phone.call("DELETE", f"{TIES}/{tie['id']}").get_json() == {"revoked": 1}
    assert scan(any_city, made["code"], checked=True) == ("refused", "revoked")
    assert phone.call("DELETE", f"/papers/{made['list']}/{made['idx']}").status_code == 404


def test_only_paper_is_revoked_as_paper(city: City) -> None:
    phone = city.phone()
    made, _key = phone.grants[0]
    for path in (f"/papers/{made['list']}/{made['idx']}", "/papers/x/y", "/papers/٣/1", f"/papers/{'9' * 30}/1"):
        assert phone.call("DELETE", path).status_code == 404
