"""Sign-in from the mini-program: by WeChat, bound once to a phone number, without cookies."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from codeservice.store import account, session, wechat
from codeservice.wechat import Wechat
from tests.conftest import City, app_of
from tests.phone import Answer, Phone
from tests.wechat import APP, SECRET, WechatServer, wechat_server

OPENID = "oABC-citizen"


@pytest.fixture(scope="module")
def server() -> Iterator[WechatServer]:
    with wechat_server() as double:
        yield double


def with_wechat(city: City, server: WechatServer) -> City:
    """Return the city with a mini-program."""
    services = replace(city.services, mini_program=Wechat(APP, SECRET, server.address))
    return replace(city, services=services, app=app_of(services))


@pytest.fixture
def town(city: City, server: WechatServer) -> City:
    return with_wechat(city, server)


class MiniProgram(Phone):
    """A phone in the mini-program: it sends its secret in a header and has no cookies."""

    def __init__(self, city: City) -> None:
        super().__init__(city.app.test_client(use_cookies=False))
        self.token = ""

    def call(self, method: str, path: str, body: object = None) -> Answer:
        options: dict[str, Any] = {"method": method, "headers": {"X-Client": "miniprogram/1.0.0"}}
        if self.token:
            options["headers"]["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            options["json"] = body
        return self.http.open(f"/wallet/api/v1{path}", **options)

    def log_in(self, code: str) -> Any:
        return self.keep(self.call("POST", "/mini-program/sign-in", {"login_code": code}))

    def bind(self, ticket: str, **proof: str) -> Any:
        return self.keep(self.call("POST", "/mini-program/bindings", {"ticket": ticket} | proof))

    def keep(self, answer: Answer) -> Any:
        body = answer.get_json()
        if body.get("token"):
            self.token, self.me = body["token"], body["me"]
        return body


def test_a_new_citizen_shows_a_code_and_comes_back_without_a_message(any_city: City, server: WechatServer) -> None:
    city = with_wechat(any_city, server)
    citizen, phone = city.citizen(), MiniProgram(city)
    first = phone.log_in(server.log_in(OPENID))
    assert (first["token"], first["me"]) == (None, None)
    phone.bind(first["ticket"], phone_code=server.allow_phone(str(citizen.phone)))
    assert phone.confirm(citizen.holder.name, citizen.holder.id_number.text).get_json()["assurance"] == 1
    assert phone.enrol(city.clock.now).status_code == 201
    assert phone.fetch(city.clock.now).status_code == 200
    answer = city.terminal("bus-1").scan(phone.show(city.clock.now)).get_json()
    assert answer["decision"] == "accepted"
    again = MiniProgram(city)
    assert again.log_in(server.log_in(OPENID))["ticket"] is None
    assert again.me["person"] == phone.call("GET", "/me").get_json()["person"]


def test_a_message_does_when_wechat_gives_no_number(town: City, server: WechatServer) -> None:
    phone = MiniProgram(town)
    ticket = phone.log_in(server.log_in("openid-by-message"))["ticket"]
    sent = phone.call("POST", "/sign-in/messages", {"phone": "10000000009"}).get_json()
    wrong = phone.bind(ticket, challenge=sent["challenge"], one_time_password="abcdef")
    assert wrong["code"] == "one_time_password_refused"
    assert phone.bind(ticket, challenge=sent["challenge"], one_time_password=town.password())["token"]


def test_an_identifier_from_the_client_counts_for_nothing(town: City, server: WechatServer) -> None:
    phone = MiniProgram(town)
    code = server.log_in(OPENID)
    answer = phone.call("POST", "/mini-program/sign-in", {"login_code": code, "openid": "somebody-else"})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "body_not_readable")


def test_a_login_code_is_not_taken_twice(town: City, server: WechatServer) -> None:
    code = server.log_in(OPENID)
    assert MiniProgram(town).log_in(code)["expires_in"] > 0
    assert MiniProgram(town).log_in(code)["code"] == "login_code_refused"


def test_a_ticket_is_good_once_and_for_ten_minutes(town: City, server: WechatServer) -> None:
    phone = MiniProgram(town)
    ticket = phone.log_in(server.log_in("openid-once"))["ticket"]
    assert phone.bind(ticket, phone_code=server.allow_phone("10000000009"))["token"]
    assert phone.bind(ticket, phone_code=server.allow_phone("10000000009"))["code"] == "ticket_refused"
    late = MiniProgram(town).log_in(server.log_in("openid-late"))["ticket"]
    town.clock.now += wechat.TICKET_LIFE
    assert phone.bind(late, phone_code=server.allow_phone("10000000009"))["code"] == "ticket_refused"


def test_a_refused_number_leaves_the_ticket_good(town: City, server: WechatServer) -> None:
    phone = MiniProgram(town)
    ticket = phone.log_in(server.log_in("openid-again"))["ticket"]
    assert phone.bind(ticket, phone_code="never given")["code"] == "phone_code_refused"
    assert phone.bind(ticket, phone_code=server.allow_phone("10000000009"))["token"]


@pytest.mark.parametrize(
    "proof", [{}, {"challenge": "x"}, {"phone_code": "x", "challenge": "x", "one_time_password": "x"}]
)
def test_a_binding_has_one_proof(town: City, proof: dict[str, str]) -> None:
    assert MiniProgram(town).bind("ticket", **proof)["code"] == "body_not_readable"


def test_the_secret_changes_in_the_answer_where_there_are_no_cookies(town: City, server: WechatServer) -> None:
    phone = MiniProgram(town)
    ticket = phone.log_in(server.log_in("openid-rotates"))["ticket"]
    phone.bind(ticket, phone_code=server.allow_phone("10000000009"))
    old = phone.token
    assert phone.call("GET", "/me").get_json()["token"] is None
    town.clock.now += session.ROTATE_AFTER
    answer = phone.call("GET", "/me")
    phone.token = answer.get_json()["token"]
    assert phone.token != old
    assert phone.call("GET", "/me").status_code == 200
    town.clock.now += session.OVERLAP
    phone.token = old
    assert phone.call("GET", "/me").status_code == 401


def test_after_a_loss_wechat_alone_opens_nothing(town: City, server: WechatServer) -> None:
    citizen, lost = town.citizen(), MiniProgram(town)
    ticket = lost.log_in(server.log_in(OPENID))["ticket"]
    lost.bind(ticket, phone_code=server.allow_phone(str(citizen.phone)))
    lost.confirm(citizen.holder.name, citizen.holder.id_number.text)
    other = town.phone()
    assert other.call("POST", "/freeze", {}).status_code == 200
    assert lost.call("GET", "/me").status_code == 401
    assert MiniProgram(town).log_in(server.log_in(OPENID))["token"] is None


def test_wechat_that_does_not_answer_stops_nobody_who_signs_in_by_message(town: City, server: WechatServer) -> None:
    server.busy = True
    try:
        answer = MiniProgram(town).call("POST", "/mini-program/sign-in", {"login_code": "x"})
        assert (answer.status_code, answer.get_json()["code"]) == (503, "wechat_unavailable")
        town.clock.now += account.RESEND_AFTER
        town.phone()
    finally:
        server.busy = False
