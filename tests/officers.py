"""Officers for tests, over HTTP: enrolled with a key and a second factor of their own; and an emergency around them."""

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
from cryptography.hazmat.primitives.asymmetric import ec

from codeservice import demo
from codeservice.credential import IdNumber
from codeservice.officer import Duty
from codeservice.store import client, enrolment
from codeservice.store import officer as officers
from codeservice.store.models import Officer
from tests.conftest import City
from tests.phone import Answer, Http, Terminal, jwk_of, sign_jws

COMMISSION, LABORATORY = "health-board", "cdc-back-end"
EVERY_DUTY = frozenset(duty.value for duty in Duty)
BASIS = "IDL-2025-58"


class OfficerDesk:
    """One officer at a desk: key, authenticator, token."""

    def __init__(self, http: Http, officer: str) -> None:
        self.http = http
        self.id = officer
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.seed = ""
        self.token = ""
        self.issuer = ""

    def enrol(self, code: str) -> Answer:
        """Bind the key."""
        body = {"officer": self.id, "enrolment_code": code, "jwk": jwk_of(self.key)}
        answer = self.http.open("/officers/v1/enrolments", method="POST", json=body)
        if answer.status_code == 201:
            self.issuer = answer.get_json()["issuer"]
            self.seed = parse_qs(urlsplit(answer.get_json()["seed_address"]).query)["secret"][0]
        return answer

    def assertion(self, now: int) -> str:
        """Sign who is calling."""
        name = f"officer:{self.id}"
        claims: dict[str, object] = {"iss": name, "sub": name, "aud": self.issuer, "iat": now, "exp": now + 60}
        return sign_jws(self.key, "client-authentication+jwt", claims | {"jti": secrets.token_hex(8)})

    def sign_in(self, now: int, *, password: str | None = None, assertion: str | None = None) -> Answer:
        """Sign in by both factors."""
        body = {
            "officer": self.id,
            "client_assertion": assertion or self.assertion(now),
            "one_time_password": password or pyotp.TOTP(self.seed).at(now),
        }
        answer = self.http.open("/officers/v1/sign-in", method="POST", json=body)
        if answer.status_code == 200:
            self.token = answer.get_json()["access_token"]
        return answer

    def call(self, method: str, path: str, body: object = None) -> Answer:
        """Call the officers' interface."""
        options: dict[str, Any] = {"method": method, "headers": {"Authorization": f"Bearer {self.token}"}}
        if body is not None:
            options["json"] = body
        return self.http.open(f"/officers/v1{path}", **options)

    def propose(self, kind: str, document: dict[str, Any], basis: str = BASIS) -> Answer:
        """Ask for an act."""
        body = {"kind": kind, "document": document, "reason": "an outbreak in town", "basis": basis}
        return self.call("POST", "/proposals", body)

    def approve(self, proposal: dict[str, Any], digest: str | None = None) -> Answer:
        """Approve what one has looked at."""
        body = {"digest": digest or proposal["digest"]}
        return self.call("POST", f"/proposals/{proposal['id']}/approval", body)


def hire(
    city: City,
    officer: str,
    citizen: demo.Citizen,
    duties: frozenset[str] = EVERY_DUTY,
    authority: str = "city-hall",
) -> OfficerDesk:
    """Make an officer who has enrolled and signed in."""
    with city.services.database.write() as connection:
        officers.add(
            connection,
            city.services.vault,
            id_=officer,
            authority=authority,
            name=citizen.holder.name,
            id_number=IdNumber(citizen.holder.id_number.text),
            duties=duties,
            state=officers.WAITING,
        )
        code = enrolment.start(connection, Officer, officer, now=city.clock.now)
    desk = OfficerDesk(city.app.test_client(), officer)
    assert desk.enrol(str(code)).status_code == 201
    assert desk.sign_in(city.clock.now).status_code == 200
    return desk


@dataclass(frozen=True)
class Emergency:
    """Two officers of different people, and a laboratory that may send evidence once a rule names it."""

    city: City
    one: OfficerDesk
    two: OfficerDesk
    laboratory: Terminal

    def rule(self, **changes: object) -> dict[str, Any]:
        """Write a rule: a positive test gives red for a week, a negative one after it lifts it; clinics may see it."""
        need: dict[str, Any] = {"source": COMMISSION, "max_age": 7 * 86400}
        rule: dict[str, Any] = {
            "rule": "positive-test",
            "title": {"zh": "核酸检测阳性", "en": "a positive test"},
            "begins": self.city.clock.now,
            "ends": self.city.clock.now + 30 * 86400,
            "evidence": [need | {"kind": "test_positive", "title": {"zh": "阳性报告", "en": "a positive report"}}],
            "lifted_by": [need | {"kind": "test_negative", "title": {"zh": "阴性报告", "en": "a negative report"}}],
            "status": "red",
            "duration": 7 * 86400,
            "scenes": ["hospital"],
            "cap_per_hour": 100,
        }
        return rule | changes

    def decide(self, kind: str, document: dict[str, Any]) -> dict[str, Any]:
        """Do an act by two people; returns the proposal."""
        made = self.one.propose(kind, document)
        assert made.status_code == 201, made.get_json()
        proposal: dict[str, Any] = made.get_json()
        done = self.two.approve(proposal)
        assert done.status_code == 200, done.get_json()
        return proposal

    def order(self, *citizens: demo.Citizen, **changes: object) -> dict[str, Any]:
        """Write an order about people."""
        numbers = [citizen.holder.id_number.text for citizen in citizens]
        order: dict[str, Any] = {"id_numbers": numbers, "status": "yellow", "reason": "close_contact"}
        return order | {"duration": 86400} | changes

    def evidence(self, citizen: demo.Citizen, kind: str = "test_positive", **changes: object) -> dict[str, Any]:
        """Write one piece of evidence."""
        item: dict[str, Any] = {"id_number": citizen.holder.id_number.text, "kind": kind}
        item |= {"reference": secrets.token_hex(8), "observed": self.city.clock.now}
        return item | {"expires": self.city.clock.now + 14 * 86400} | changes

    def send(self, *items: dict[str, Any], terminal: Terminal | None = None) -> Answer:
        """Send evidence as the laboratory."""
        return self.post("", {"items": list(items)}, terminal)

    def post(self, path: str, body: object, terminal: Terminal | None = None) -> Answer:
        """Call the authority's interface."""
        token = (terminal or self.laboratory).token
        headers = {"Authorization": f"Bearer {token}"}
        path = f"/authorities/v1/health-evidence{path}"
        return (terminal or self.laboratory).http.open(path, method="POST", json=body, headers=headers)


def begin(city: City, *, rule: bool = True) -> Emergency:
    """Begin an emergency; with `rule` two people have put one in force."""
    emergency = Emergency(
        city,
        hire(city, "li-one", city.people[0]),
        hire(city, "wang-two", city.people[1]),
        back_end(city, LABORATORY, COMMISSION),
    )
    if rule:
        emergency.decide("health_rule", emergency.rule())
    return emergency


def back_end(city: City, name: str, partner: str) -> Terminal:
    """Make a back end of a new authority, enrolled, with the scope for evidence."""
    with city.services.database.write() as connection:
        client.add_partner(connection, id_=partner, name=f"机构 {partner}")
        client.add_place(connection, id_=f"{partner}-place", partner=partner, scene="government", name=partner)
        client.add_client(
            connection,
            id_=name,
            kind=client.BACK_END,
            place=f"{partner}-place",
            name=name,
            scopes=frozenset({"health:evidence"}),
        )
    return city.terminal(name)
