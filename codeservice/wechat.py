"""WeChat's server: who has logged in to the mini-program, and the phone number that they have allowed to be read.

The secret of the app and the session key of a log-in never leave this module. What WeChat answers is an HTTP 200 with
an `errcode`; the codes are those of its pages on code2Session, getPhoneNumber and getStableAccessToken.
"""

import json
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from codeservice import logs
from codeservice.errors import TooManyRequestsError, UnavailableError, UnprocessableError

_SECONDS = 5
_LARGEST = 64 * 1024
_EARLY = 300
"""Seconds before its end at which an access token is fetched anew."""

_BUSY = -1
_TOO_OFTEN = frozenset({45009, 45011})
_BAD_CODE = frozenset({40029, 40163, 40226, 41008})
"""A code that was never given, was used, is older than five minutes, or belongs to somebody whom WeChat has blocked."""

_BAD_TOKEN = frozenset({40001, 40014, 42001})
_CHINA = "86"

Json = dict[str, Any]


class NoMiniProgram:
    """Says that no mini-program is configured."""

    def openid_of(self, login_code: str) -> str:  # noqa: ARG002 -- the protocol's names
        """Raise UnavailableError."""
        raise UnavailableError("wechat_unavailable")

    def phone_of(self, phone_code: str) -> str:  # noqa: ARG002 -- the protocol's names
        """Raise UnavailableError."""
        raise UnavailableError("wechat_unavailable")


class Wechat:
    """The mini-program `app` at WeChat's server."""

    def __init__(self, app: str, secret: str, address: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Keep what is asked with; nothing is contacted yet."""
        self._app, self._secret, self._address, self._clock = app, secret, address.rstrip("/"), clock
        self._lock = threading.Lock()
        self._token = ""
        self._token_until = 0.0

    def openid_of(self, login_code: str) -> str:
        """Exchange the code of wx.login for the user's identifier in this app (code2Session).

        Raises UnprocessableError for a code that WeChat refuses, TooManyRequestsError, UnavailableError.
        """
        question = {
            "appid": self._app,
            "secret": self._secret,
            "js_code": login_code,
            "grant_type": "authorization_code",
        }
        answer = self._ask(f"/sns/jscode2session?{urllib.parse.urlencode(question)}")
        _require_done(answer, refused="login_code_refused")
        openid = answer.get("openid")
        if not isinstance(openid, str) or not openid:
            raise UnavailableError("wechat_unavailable", retry_after=_SECONDS)
        return openid

    def phone_of(self, phone_code: str) -> str:
        """Exchange the code of getPhoneNumber for a number of mainland China without its prefix; raises as above."""
        answer = self._ask_with_token("/wxa/business/getuserphonenumber", {"code": phone_code})
        _require_done(answer, refused="phone_code_refused")
        info = answer.get("phone_info")
        phone = info.get("purePhoneNumber") if isinstance(info, Mapping) else None
        if not isinstance(phone, str) or not isinstance(info, Mapping) or str(info.get("countryCode")) != _CHINA:
            raise UnprocessableError("phone_code_refused")
        return phone

    def _ask_with_token(self, path: str, body: Json) -> Json:
        token = self._access_token()
        answer = self._ask(f"{path}?{urllib.parse.urlencode({'access_token': token})}", body)
        if answer.get("errcode") in _BAD_TOKEN:
            token = self._access_token(refused=token)
            answer = self._ask(f"{path}?{urllib.parse.urlencode({'access_token': token})}", body)
        return answer

    def _access_token(self, refused: str = "") -> str:
        with self._lock:
            # Whoever comes second with the same refused token finds the new one.
            if self._token and self._token != refused and self._clock() < self._token_until:
                return self._token
            question = {"grant_type": "client_credential", "appid": self._app, "secret": self._secret}
            answer = self._ask("/cgi-bin/stable_token", question)
            token, life = answer.get("access_token"), answer.get("expires_in")
            if not isinstance(token, str) or not isinstance(life, int):
                _require_done(answer, refused="wechat_unavailable")
                raise UnavailableError("wechat_unavailable", retry_after=_SECONDS)
            self._token, self._token_until = token, self._clock() + max(life - _EARLY, 0)
            return token

    def _ask(self, path: str, body: Json | None = None) -> Json:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 -- the address is the operator's
            self._address + path, data=data, headers={"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as response:  # noqa: S310 -- the same
                answer = json.loads(response.read(_LARGEST))
        except (OSError, ValueError, urllib.error.URLError) as error:
            # Without the address: it carries the secret.
            logs.event("wechat_failed", kind=type(error).__name__)
            raise UnavailableError("wechat_unavailable", retry_after=_SECONDS) from None
        if not isinstance(answer, dict):
            raise UnavailableError("wechat_unavailable", retry_after=_SECONDS)
        return answer


def _require_done(answer: Json, *, refused: str) -> None:
    """Raise what an errcode means; `refused` is the wire name for a code that is not good."""
    code = answer.get("errcode", 0)
    if code == 0:
        return
    if code in _BAD_CODE:
        raise UnprocessableError(refused)
    if code in _TOO_OFTEN:
        raise TooManyRequestsError("too_many_tries", retry_after=60)
    if code != _BUSY:
        # A wrong app id, a wrong secret, an address that is not on WeChat's list: the operator's to mend.
        logs.event("wechat_refused", kind=code if isinstance(code, int) else "unreadable")
    raise UnavailableError("wechat_unavailable", retry_after=_SECONDS)
