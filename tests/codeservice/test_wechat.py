"""What the service makes of WeChat's answers; the double answers as the real server does."""

from collections.abc import Iterator

import pytest

from codeservice.errors import TooManyRequestsError, UnavailableError, UnprocessableError
from codeservice.wechat import NoMiniProgram, Wechat
from tests.wechat import APP, CODE_LIFE, LOG_INS_A_MINUTE, SECRET, TOKEN_LIFE, WechatServer, wechat_server


@pytest.fixture(scope="module")
def server() -> Iterator[WechatServer]:
    with wechat_server() as double:
        yield double


@pytest.fixture
def wechat(server: WechatServer) -> Wechat:
    server.now += 1000
    server.busy = False
    server.asked.clear()
    return Wechat(APP, SECRET, server.address, lambda: server.now)


def test_a_login_code_is_good_for_one_log_in(server: WechatServer, wechat: Wechat) -> None:
    code = server.log_in("openid-1")
    assert wechat.openid_of(code) == "openid-1"
    with pytest.raises(UnprocessableError, match="login_code_refused"):
        wechat.openid_of(code)


@pytest.mark.parametrize("code", ["", "never given", "a&appid=other"])
def test_a_code_that_was_never_given_is_refused(wechat: Wechat, code: str) -> None:
    with pytest.raises(UnprocessableError, match="login_code_refused"):
        wechat.openid_of(code)


def test_a_login_code_ends_after_five_minutes(server: WechatServer, wechat: Wechat) -> None:
    code = server.log_in("openid-1")
    server.now += CODE_LIFE
    with pytest.raises(UnprocessableError, match="login_code_refused"):
        wechat.openid_of(code)


def test_a_code_for_a_phone_number_is_none_for_a_log_in(server: WechatServer, wechat: Wechat) -> None:
    with pytest.raises(UnprocessableError, match="login_code_refused"):
        wechat.openid_of(server.allow_phone("13900000000"))


def test_wechats_own_limit_is_passed_on(server: WechatServer, wechat: Wechat) -> None:
    for _ in range(LOG_INS_A_MINUTE):
        wechat.openid_of(server.log_in("openid-2"))
    with pytest.raises(TooManyRequestsError) as refused:
        wechat.openid_of(server.log_in("openid-2"))
    assert refused.value.retry_after == 60


def test_a_busy_server_is_unavailable(server: WechatServer, wechat: Wechat) -> None:
    server.busy = True
    for ask in (wechat.openid_of, wechat.phone_of):
        with pytest.raises(UnavailableError, match="wechat_unavailable"):
            ask("x")


@pytest.mark.parametrize(("app", "secret"), [("wx0", SECRET), (APP, "wrong")])
def test_a_wrong_secret_is_the_operators_fault_and_is_not_logged(
    server: WechatServer, app: str, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.busy = False
    wrong = Wechat(app, secret, server.address)
    with pytest.raises(UnavailableError), caplog.at_level("INFO", logger="codeservice"):
        wrong.openid_of(server.log_in("openid-1"))
    assert "wechat_refused" in caplog.text
    assert secret not in caplog.text


def test_nobody_at_the_address_is_unavailable_and_the_secret_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(UnavailableError), caplog.at_level("INFO", logger="codeservice"):
        Wechat(APP, SECRET, "http://127.0.0.1:1").openid_of("x")
    assert SECRET not in caplog.text


def test_a_phone_number_is_read_with_one_access_token_for_many(server: WechatServer, wechat: Wechat) -> None:
    for _ in range(3):
        assert wechat.phone_of(server.allow_phone("13900000001")) == "13900000001"
    assert server.asked.count("/cgi-bin/stable_token") == 1
    server.now += TOKEN_LIFE
    assert wechat.phone_of(server.allow_phone("13900000001")) == "13900000001"
    assert server.asked.count("/cgi-bin/stable_token") == 2


def test_an_access_token_that_was_taken_back_is_fetched_anew(server: WechatServer, wechat: Wechat) -> None:
    wechat.phone_of(server.allow_phone("13900000001"))
    server.tokens.clear()
    assert wechat.phone_of(server.allow_phone("13900000001")) == "13900000001"


def test_a_foreign_number_is_refused(server: WechatServer, wechat: Wechat) -> None:
    with pytest.raises(UnprocessableError, match="phone_code_refused"):
        wechat.phone_of(server.allow_phone("85212345678", country="852"))


def test_a_city_without_mini_program_says_so() -> None:
    for ask in (NoMiniProgram().openid_of, NoMiniProgram().phone_of):
        with pytest.raises(UnavailableError, match="wechat_unavailable"):
            ask("x")
