"""A citizen's phone and a terminal for tests, all over HTTP: sign-in, grants, codes, scans, also many at once."""

import json
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, Protocol, TypeVar

from cryptography.hazmat.primitives.asymmetric import ec

from codeservice.code import write_device_code
from keys import jws
from keys.algorithms import PrivateKey, algorithm_named
from keys.p256 import sign_p256

T = TypeVar("T")


class Answer(Protocol):
    """What tests read of an HTTP answer; Flask's and ours have it."""

    status_code: int

    def get_json(self) -> Any:
        """Return the body."""
        ...


class Http(Protocol):
    """What a phone or a terminal needs to call a service; Flask's test client has it."""

    def open(self, path: str, **options: Any) -> Answer:
        """Send one request."""
        ...


def at_once(count: int, act: Callable[[int], T]) -> list[T]:
    """Run an act in `count` threads that start together; returns what each gave, by number."""
    barrier = Barrier(count)

    def start(number: int) -> T:
        barrier.wait()
        return act(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(start, range(count)))


def decision(answer: Answer) -> tuple[str, str | None]:
    """Return what a scan decided, and why."""
    body = answer.get_json()
    return body["decision"], body["reason"]


def sign_jws(private: ec.EllipticCurvePrivateKey, typ: str, claims: dict[str, object], **header: object) -> str:
    """Sign a compact JWS as a browser does."""
    head = {"alg": "ES256", "typ": typ} | header
    signed = ".".join(jws.encode(json.dumps(part).encode()) for part in (head, claims))
    return f"{signed}.{jws.encode(sign_p256(private, signed.encode()))}"


def jwk_of(private: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """Return the public JWK."""
    numbers = private.public_key().public_numbers()
    x, y = (jws.encode(number.to_bytes(32)) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


class Phone:
    """One phone. `now` is its clock."""

    def __init__(self, http: Http) -> None:
        self.http = http
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.me: dict[str, Any] = {}
        self.device = ""
        self.grants: list[tuple[dict[str, Any], PrivateKey]] = []

    def call(self, method: str, path: str, body: object = None) -> Answer:
        """Call the wallet's interface."""
        options: dict[str, Any] = {"method": method, "headers": {"X-CSRF-Token": self.me.get("csrf", "")}}
        if body is not None:
            options["json"] = body
        return self.http.open(f"/wallet/api/v1{path}", **options)

    def sign_in(self, phone: str, password: Any) -> None:
        """Sign in; `password` is called for the one-time password that came by message."""
        sent = self.call("POST", "/sign-in/messages", {"phone": phone}).get_json()
        body = {"challenge": sent["challenge"], "one_time_password": password()}
        answer = self.call("POST", "/sign-in", body)
        assert answer.status_code == 200, answer.get_json()
        self.me = answer.get_json()

    def confirm(self, name: str, id_number: str) -> Answer:
        """Pass the real-name check."""
        return self.call("POST", "/real-name", {"name": name, "id_number": id_number})

    def enrol(self, now: int, name: str = "test phone") -> Answer:
        """Enrol the device key."""
        claims = {"aud": self.me["issuer"], "iat": now, "sub": self.me["session"]}
        proof = sign_jws(self.key, "device-proof+jwt", claims, jwk=jwk_of(self.key))
        answer = self.call("POST", "/devices", {"name": name, "proof": proof})
        if answer.status_code == 201:
            self.device = answer.get_json()["id"]
        return answer

    def join(self, now: int, session: str | None = None) -> Answer:
        """Say by the device key that the session is on this phone."""
        claims = {"aud": self.me["issuer"], "iat": now, "sub": self.device, "session": session or self.me["session"]}
        return self.call("POST", "/sessions/device", {"proof": sign_jws(self.key, "session-proof+jwt", claims)})

    def fetch(self, now: int, scene: str = "all", count: int = 2, tie: str | None = None) -> Answer:
        """Fetch grants, each for a new key of the city's algorithm; with a tie those of a dependant."""
        keys = [algorithm_named(self.me["algorithm"]).generate() for _ in range(count)]
        points = [jws.encode(key.public) for key in keys]
        claims = {"aud": self.me["issuer"], "iat": now, "sub": self.device, "scene": scene, "keys": points}
        claims["algorithm"] = self.me["algorithm"]
        if tie is not None:
            claims["for"] = tie
        answer = self.call("POST", "/grants", {"proof": sign_jws(self.key, "grant-request+jwt", claims)})
        if answer.status_code == 200:
            self.grants = list(zip(answer.get_json()["grants"], keys, strict=True))
        return answer

    def fetch_digits(self, now: int, scene: str = "all", count: object = 2) -> Answer:
        """Fetch handles and seeds of digit codes."""
        claims = {"aud": self.me["issuer"], "iat": now, "sub": self.device, "scene": scene, "count": count}
        return self.call("POST", "/digit-codes", {"proof": sign_jws(self.key, "digit-request+jwt", claims)})

    def show(self, now: int, index: int = 0) -> str:
        """Show a code of this moment; needs no network."""
        grant, key = self.grants[index]
        algorithm = algorithm_named(self.me["algorithm"])
        return write_device_code(jws.decode(grant["grant"]), iat=now, algorithm=algorithm, sign=key.sign)


class Terminal:
    """One terminal, enrolled with a key of its own."""

    def __init__(self, http: Http, terminal: str) -> None:
        self.http = http
        self.id = terminal
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.token = ""
        self.scene = ""
        self.issuer = ""

    def enrol(self, code: str) -> Answer:
        """Enrol with the operator's code."""
        body = {"terminal": self.id, "enrolment_code": code, "jwk": jwk_of(self.key)}
        answer = self.http.open("/terminals/v1/enrolments", method="POST", json=body)
        if answer.status_code == 201:
            self.scene, self.issuer = answer.get_json()["scene"], answer.get_json()["issuer"]
        return answer

    def assertion(self, now: int, **changes: object) -> str:
        """Sign a client assertion."""
        claims: dict[str, object] = {"iss": self.id, "sub": self.id, "aud": self.issuer, "iat": now, "exp": now + 60}
        return sign_jws(self.key, "client-authentication+jwt", claims | {"jti": secrets.token_hex(8)} | changes)

    def authenticate(self, now: int, assertion: str | None = None, **form: str) -> Answer:
        """Fetch an access token."""
        fields = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion or self.assertion(now),
        }
        answer = self.http.open("/oauth/token", method="POST", data=fields | form)
        if answer.status_code == 200:
            self.token = answer.get_json()["access_token"]
        return answer

    def on(self, http: Http) -> "Terminal":
        """Return this terminal with its token on another connection."""
        other = Terminal(http, self.id)
        other.key, other.token, other.scene, other.issuer = self.key, self.token, self.scene, self.issuer
        return other

    def scan(self, code: str, act: str | None = None, scene: str | None = None, **body: object) -> Answer:
        """Scan a code for one business act."""
        return self.http.open(
            f"/scan/v1/{scene or self.scene}",
            method="POST",
            json={"code": code} | body,
            headers={"Authorization": f"Bearer {self.token}", "Idempotency-Key": act or secrets.token_hex(8)},
        )
