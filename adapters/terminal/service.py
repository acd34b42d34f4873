"""The service as a terminal calls it: plain HTTPS with short time limits, no redirects, nothing believed unread."""

import contextlib
import http.client
import json
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Protocol, Self
from urllib.parse import urlencode, urlsplit

from codeservice.profile import MAX_PROFILE
from codeservice.snapshot import MAX_DOCUMENT
from keys.trustlist import MAX_TRUST_LIST

ANSWER_SECONDS = 15
PROTOCOL = {"City-Terminal": "1"}
"""Header of every call: the protocol that this program speaks, so that a service can say 426 to one that is too old."""

_MAX_JSON = 1 << 20
_MAX_LINE = 1024
_MAX_TOKEN_LIFE = 24 * 3600
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+", re.ASCII)
_REASON = re.compile(r"[a-z_]{1,64}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,6}", re.ASCII)
_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class UnreachableError(Exception):
    """The service does not answer, or says that it cannot now; ask again after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: int | None = None) -> None:
        """Keep how long to wait, where the service says so."""
        super().__init__(message)
        self.retry_after = retry_after


class RefusedError(Exception):
    """The service knows this terminal and says no, or does not know it; `code` is its wire name of the reason."""

    def __init__(self, status: int, code: str) -> None:
        """Keep the HTTP status and the reason."""
        super().__init__(f"the service refuses: {code} ({status})")
        self.status = status
        self.code = code

    @property
    def is_suspension(self) -> bool:
        """Whether the service says that this terminal may not act.

        By its own words: a hotel's network answers 403 as well.
        """
        return self.code in {"terminal_not_allowed", "invalid_client"}

    @property
    def is_too_old(self) -> bool:
        """Whether this program speaks a protocol that the service has given up (RFC 9110 section 15.5.22)."""
        return self.status == http.client.UPGRADE_REQUIRED


@dataclass(frozen=True)
class Reply:
    """An HTTP answer: the body, its ETag, and whether the asker has it already (304)."""

    body: bytes
    tag: str | None
    unchanged: bool = False

    def json(self) -> dict[str, Any]:
        """Read a JSON object; raises UnreachableError for anything else."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise UnreachableError("an answer that is no JSON") from error
        if not isinstance(value, dict):
            raise UnreachableError("an answer that is no JSON object")
        return value


class Service:
    """The service at one origin. Not for two threads at once: each has its own."""

    def __init__(self, origin: str, *, context: ssl.SSLContext | None = None) -> None:
        """Prepare; connects at the first call. Raises ValueError for an address that is not http or https."""
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
            raise ValueError(f"{origin} is no address of a service")
        self._parts = parts
        self._context = context
        self._connection: http.client.HTTPConnection | None = None
        self.said_at: int | None = None
        """The service's clock at the last answer, as its Date header says; nobody has signed that."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def enrol(self, terminal: str, code: str, jwk: Mapping[str, str]) -> dict[str, Any]:
        """Bind a key by a one-time code; raises RefusedError."""
        body = {"terminal": terminal, "enrolment_code": code, "jwk": dict(jwk)}
        return self._call("POST", "/terminals/v1/enrolments", json.dumps(body).encode(), media=_JSON).json()

    def fetch_token(self, assertion: str) -> tuple[str, int]:
        """Return an access token and the seconds it lives; raises RefusedError, or UnreachableError for no token."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        answer = self._call("POST", "/oauth/token", urlencode(form).encode(), media=_FORM).json()
        token, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise UnreachableError("an answer without a token")
        if type(seconds) is not int or not 0 <= seconds <= _MAX_TOKEN_LIFE:
            raise UnreachableError("a token without an end")
        return token, seconds

    def trust_list(self, version: int | None = None) -> bytes:
        """Return the signed trust list in force, or one version."""
        path = "/trust-list" if version is None else f"/trust-list/{version}"
        return self._call("GET", path, longest=MAX_TRUST_LIST).body

    def snapshot(self, tag: str | None) -> Reply:
        """Return the newest whole snapshot, unless it is the one with this ETag."""
        headers = {"If-None-Match": tag} if tag else {}
        return self._call("GET", "/snapshot", headers=headers, longest=MAX_DOCUMENT)

    def delta(self, base: int) -> bytes | None:
        """Return the delta that continues a version, or None."""
        try:
            return self._call("GET", f"/snapshot/deltas/{base}", longest=MAX_DOCUMENT).body
        except RefusedError as error:
            if error.status == http.client.NOT_FOUND:
                return None
            raise

    def profile(self, token: str) -> bytes:
        """Return this terminal's profile."""
        headers = {"Authorization": f"Bearer {token}"}
        return self._call("GET", "/terminals/v1/profile", headers=headers, longest=MAX_PROFILE).body

    def upload(self, signed: bytes) -> dict[str, Any]:
        """Hand over signed scans."""
        return self._call("POST", "/terminals/v1/uploads", signed, media="application/cose").json()

    def scan(self, scene: str, body: bytes, *, act: str, token: str, seconds: float) -> dict[str, Any]:
        """Let the service decide one scan, within `seconds`."""
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": act}
        path = f"/scan/v1/{scene}"
        return self._call("POST", path, body, media=_JSON, headers=headers, seconds=seconds).json()

    def next_news(self, snapshot: int, trust_list: int, *, seconds: float) -> dict[str, Any]:
        """Wait for news by long poll; returns after at most `seconds`."""
        path = f"{self._parts.path}/events/next?snapshot={snapshot}&trust_list={trust_list}"
        return self._call("GET", path, seconds=seconds).json()

    def news(self, *, seconds: float) -> Iterator[dict[str, Any]]:
        """Yield news as the service pushes them (server-sent events); ends when the stream does.

        `seconds` is the longest silence: the stream has a heartbeat.
        """
        self.close()
        with _reachable(), contextlib.closing(self._open(seconds)) as connection:
            headers = {"Accept": "text/event-stream", **PROTOCOL}
            connection.request("GET", f"{self._parts.path}/events", headers=headers)
            answer = connection.getresponse()
            if answer.status != http.client.OK:
                raise UnreachableError(f"no events ({answer.status})")
            while line := answer.readline(_MAX_LINE):
                if line.startswith(b"data:"):
                    yield Reply(line[5:], None).json()

    def _call(  # noqa: PLR0913 -- the parts of one HTTP request
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        media: str | None = None,
        headers: Mapping[str, str] | None = None,
        longest: int = _MAX_JSON,
        seconds: float = ANSWER_SECONDS,
    ) -> Reply:
        sent = {"Accept": "*/*"} | PROTOCOL | dict(headers or {}) | ({"Content-Type": media} if media else {})
        fresh = self._connection is None
        try:
            return self._ask(method, path, body, sent, longest, seconds)
        except UnreachableError:
            self.close()
            # A kept connection may have ended in between; every call here may be made twice.
            if fresh:
                raise
        return self._ask(method, path, body, sent, longest, seconds)

    def _ask(  # noqa: PLR0913, PLR0917 -- the parts of one HTTP request
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], longest: int, seconds: float
    ) -> Reply:
        with _reachable():
            if self._connection is None:
                self._connection = self._open(seconds)
            connection = self._connection
            if connection.sock is not None:
                connection.sock.settimeout(seconds)
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            content = answer.read(longest + 1)
            self.said_at = _date_of(answer)
            if len(content) > longest or answer.will_close:
                self.close()
        if len(content) > longest:
            raise UnreachableError("an answer that is too long")
        return judge(answer, content)

    def _open(self, seconds: float) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            context = self._context or ssl.create_default_context()
            return http.client.HTTPSConnection(host, port, timeout=seconds, context=context)
        return http.client.HTTPConnection(host, port, timeout=seconds)


@contextlib.contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, http.client.HTTPException) as error:
        # ValueError: a port, a name or a header that none can be.
        raise UnreachableError(f"the service cannot be reached ({type(error).__name__})") from error


class Head(Protocol):
    """What is looked at of an answer before its body."""

    status: int

    def getheader(self, name: str, /) -> str | None:
        """Return a header."""
        ...


def judge(answer: Head, content: bytes) -> Reply:
    """Return what an answer brings; raises UnreachableError or RefusedError."""
    tag = answer.getheader("ETag")
    if answer.status == http.client.NOT_MODIFIED:
        return Reply(b"", tag, unchanged=True)
    if http.client.OK <= answer.status < http.client.MULTIPLE_CHOICES:
        return Reply(content, tag)
    if answer.status in {http.client.TOO_MANY_REQUESTS, http.client.REQUEST_TIMEOUT} or answer.status >= 500:  # noqa: PLR2004
        after = answer.getheader("Retry-After") or ""
        raise UnreachableError(
            f"the service is busy ({answer.status})", int(after) if _SECONDS.fullmatch(after) else None
        )
    raise RefusedError(answer.status, _reason_of(content))


def _date_of(answer: http.client.HTTPResponse) -> int | None:
    try:
        return int(parsedate_to_datetime(answer.getheader("Date") or "").timestamp())
    except (ValueError, OverflowError):
        return None


def _reason_of(content: bytes) -> str:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return "unknown"
    code = body.get("code") or body.get("error") or body.get("type") if isinstance(body, dict) else None
    # It goes into logs and onto screens.
    return code if isinstance(code, str) and _REASON.fullmatch(code) else "unknown"
