"""What every request may rely on: one way in, one way out, and nothing told that need not be."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from codeservice.errors import ServiceError
from codeservice.web.problems import PROBLEMS
from tests.conftest import City, new_app


@pytest.fixture
def browser(city: City) -> FlaskClient:
    return city.app.test_client()


SIGN_IN = "/wallet/api/v1/sign-in/messages"


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        pytest.param({"data": b"{", "content_type": "application/json"}, 400, "body_not_readable", id="cut off"),
        pytest.param({"json": {"phone": "1", "admin": True}}, 400, "body_not_readable", id="a field too many"),
        pytest.param({"json": {}}, 400, "body_not_readable", id="a field too few"),
        pytest.param({"json": {"phone": 10000000001}}, 400, "body_not_readable", id="another type"),
        pytest.param({"json": {"phone": "１０００００００００１"}}, 400, "phone_not_readable", id="full-width digits"),
        pytest.param({"data": b"phone=1", "content_type": "text/plain"}, 415, "json_required", id="text"),
        pytest.param(
            {"data": b'{"phone":"\xff"}', "content_type": "application/json"}, 400, "body_not_readable", id="bytes"
        ),
        pytest.param({"data": b"[" * 60000, "content_type": "application/json"}, 400, "body_not_readable", id="deep"),
        pytest.param({"data": b"0" * 70000, "content_type": "application/json"}, 413, "too_large", id="too large"),
        pytest.param({"data": {"phone": "1"}, "content_type": "multipart/form-data"}, 415, "json_required", id="form"),
    ],
)
def test_a_body_that_cannot_be_read_is_the_callers_fault_and_says_what_to_do(
    browser: FlaskClient, sent: dict[str, Any], status: int, code: str
) -> None:
    answer = browser.post(SIGN_IN, **sent)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert answer.get_json()["detail"]


@pytest.mark.parametrize(("language", "title"), [("zh-CN", "找不到"), ("en", "Not found"), ("de", "找不到")])
def test_an_error_speaks_the_callers_language(browser: FlaskClient, language: str, title: str) -> None:
    answer = browser.get("/nothing/here", headers={"Accept-Language": language})
    assert answer.get_json()["title"] == title
    assert answer.mimetype == "application/problem+json"


def test_a_wrong_method_names_the_right_one(browser: FlaskClient) -> None:
    answer = browser.get("/oauth/token")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_an_unexpected_error_tells_nothing_but_a_trace(city: City) -> None:
    """No stack, no SQL, no words of the exception."""
    app = new_app(city.services)

    @app.get("/breaks")
    def breaks() -> str:
        raise RuntimeError("SELECT name FROM person 349901")

    answer = app.test_client().get("/breaks")
    assert answer.status_code == 500
    assert answer.get_json()["trace"] == answer.headers["X-Request-Id"]
    assert "349901" not in answer.text
    assert "SELECT" not in answer.text


def test_every_page_forbids_framing_sniffing_and_foreign_scripts(browser: FlaskClient) -> None:
    for path in ("/wallet/", "/scanner/bus", "/demo/messages", "/livez"):
        headers = browser.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_only_the_scanner_may_ask_for_a_serial_port(browser: FlaskClient) -> None:
    allowed = {path: browser.get(path).headers["Permissions-Policy"] for path in ("/wallet/", "/scanner/bus", "/livez")}
    assert {path for path, policy in allowed.items() if "serial=(self)" in policy} == {"/scanner/bus"}
    assert all("camera=(self)" in policy for policy in allowed.values())
    assert "serial=()" in allowed["/wallet/"]


def test_only_the_wallet_may_ask_for_a_location(browser: FlaskClient) -> None:
    paths = ("/", "/wallet/", "/wallet/api/v1/me", "/demo/messages", "/scanner/bus", "/livez")
    allowed = {path: browser.get(path).headers["Permissions-Policy"] for path in paths}
    assert {path for path, policy in allowed.items() if "geolocation=(self)" in policy} == {"/wallet/"}
    assert all("geolocation=()" in policy for path, policy in allowed.items() if path != "/wallet/")


def test_answers_are_not_stored_by_anybody(city: City) -> None:
    phone = city.phone()
    assert phone.call("GET", "/me").headers["Cache-Control"] == "no-store"  # type: ignore[attr-defined]


def test_a_foreign_origin_gets_no_permission(browser: FlaskClient) -> None:
    answer = browser.get("/livez", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_demo_pages_do_not_exist_outside_a_demo(open_city: Callable[..., City]) -> None:
    browser = open_city(demo=False).app.test_client()
    assert browser.get("/demo/messages").status_code == 404
    assert browser.get("/demo/wallet.svg").status_code == 404


def test_without_a_message_gateway_sign_in_says_so(open_city: Callable[..., City]) -> None:
    answer = open_city(demo=False).app.test_client().post(SIGN_IN, json={"phone": "13000000000"})
    assert (answer.status_code, answer.get_json()["code"]) == (503, "messages_unavailable")


def test_liveness_and_readiness(browser: FlaskClient) -> None:
    assert browser.get("/livez").get_json() == {"status": "ok"}
    ready = browser.get("/readyz")
    assert ready.status_code == 200
    assert all(ready.get_json().values())


def test_a_service_without_database_is_alive_and_not_ready(open_city: Callable[..., City]) -> None:
    browser = open_city(database="postgresql+psycopg://nobody@127.0.0.1:1/none").app.test_client()
    assert browser.get("/livez").status_code == 200
    ready = browser.get("/readyz")
    assert ready.status_code == 503
    assert ready.get_json()["database"] is False


def test_the_state_of_the_service_names_nobody(city: City) -> None:
    city.phone()
    state = city.app.test_client().get("/state").get_json()
    assert state["live_grants"] == 2
    assert set(state) <= {
        "trust_list_version",
        "trust_list_expires",
        "redis",
        "redis_evicts",
        "live_grants",
        "scans_last_day",
        "audit_sealed",
        "audit_root",
        "keeper_late",
        "late",
        "since_done",
        "snapshot_age",
        "lists_age",
    }


def test_every_error_of_the_source_has_words() -> None:
    """A wire name that is raised somewhere stands in the table."""
    raised = re.compile(r"raise (?:\w+\.)?\w+Error\(\s*\"([a-z_]+)\"")
    for folder in ("codeservice", "adapters", "wallet"):
        for path in Path(folder).rglob("*.py"):
            for code in raised.findall(path.read_text()):
                assert code in PROBLEMS, (path, code)


def test_retry_after_is_said_where_waiting_helps(city: City) -> None:
    app = new_app(city.services)

    @app.get("/busy")
    def busy() -> str:
        raise ServiceError("too_many_requests", retry_after=7)

    assert app.test_client().get("/busy").headers["Retry-After"] == "7"


def test_the_root_leads_to_the_wallet(browser: FlaskClient) -> None:
    answer = browser.get("/", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/wallet/")
