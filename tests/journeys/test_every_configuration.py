"""The main path from sign-in to the audit log, in a city of each configuration, and a city that changes its suite."""

import time
from typing import Any

import pytest

from codeservice import keeper
from codeservice.audit import CHECKPOINT_AAD
from codeservice.issuing import issue_paper
from codeservice.scene import SCENES
from codeservice.status import Status
from codeservice.store import audit
from codeservice.verifier import Verifier
from keys import ceremony, jws, rotation
from keys.algorithms import ES256, SM2, Algorithm, algorithm_named
from keys.ceremony import Place
from keys.cose import read_sign1
from keys.errors import KeysError
from keys.key import Purpose
from keys.suite import AES_256_GCM, SM4_GCM
from tests.conftest import City
from tests.makers import make_policy
from tests.phone import Phone, decision, sign_jws

SUITES = [pytest.param(ES256, id="ES256"), pytest.param(SM2, id="SM2")]


def checked(city: City) -> audit.AuditReport:
    """Check the audit log against the trust list."""

    def is_signed(payload: bytes, signed: bytes) -> bool:
        sign1 = read_sign1(signed)
        assert sign1.kid is not None
        key = city.services.trust_list().find(sign1.kid, Purpose.CHECKPOINT, city.clock.now)
        try:
            key.verify(sign1.signature, sign1.signed_bytes(CHECKPOINT_AAD))
        except KeysError:
            return False
        return sign1.payload == payload and sign1.alg == algorithm_named(key.algorithm).cose

    with city.services.database.read() as connection:
        return audit.check(connection, is_signed)


def test_from_sign_in_to_the_audit_log(configured_city: City) -> None:
    city = configured_city
    phone, bus, clinic = city.phone(), city.terminal("bus-1"), city.terminal("clinic-1")
    code = phone.show(city.clock.now)
    assert decision(bus.scan(code)) == ("accepted", None)
    assert decision(bus.scan(code)) == ("refused", "replayed")
    assert decision(clinic.scan(phone.show(city.clock.now + 1))) == ("accepted", None)
    city.give(phone, Status.REVOKED)
    assert decision(bus.scan(phone.show(city.clock.now + 2))) == ("refused", "revoked")
    assert keeper.seal(city.services) > 0
    report = checked(city)
    assert (report.fault, report.waiting) == (None, 0)
    assert report.sealed > 0


def test_served_and_paper_codes_are_accepted(configured_city: City) -> None:
    city = configured_city
    phone, clinic = city.phone(), city.terminal("clinic-1")
    served = phone.call("POST", "/served-codes", {"scene": "hospital"}).get_json()["code"]
    assert decision(clinic.scan(served)) == ("accepted", None)
    scenes = tuple(SCENES.values())
    holder = city.citizen().holder.id
    paper = issue_paper(city.services, holder, scenes=scenes, actor="operator:test", now=city.clock.now)
    assert decision(clinic.scan(paper)) == ("refused", "second_factor_required")
    assert decision(clinic.scan(paper, document_checked=True)) == ("accepted", None)


def test_every_signature_of_a_city_is_of_its_suite(configured_city: City) -> None:
    """Grant, moment, access token and checkpoint."""
    city = configured_city
    phone, bus = city.phone(), city.terminal("bus-1")
    suite = algorithm_named(phone.me["algorithm"])
    assert {key.algorithm for key in city.services.trust_list().keys.values()} == {suite.name}
    assert {root.algorithm for root in city.services.trust_list().roots} == {suite.name}
    assert read_sign1(jws.decode(phone.grants[0][0]["grant"])).alg == suite.cose
    assert jws.header_of(bus.token)["alg"] == suite.name
    assert decision(bus.scan(phone.show(city.clock.now))) == ("accepted", None)


def test_every_living_key_is_published_as_a_jwk(configured_city: City) -> None:
    keys = configured_city.app.test_client().get("/.well-known/jwks.json").get_json()["keys"]
    listed = configured_city.services.trust_list().keys.values()
    assert {(key["kid"], key["purpose"], key["alg"]) for key in keys} == {
        (key.kid.hex(), key.purpose, key.algorithm) for key in listed
    }
    assert {key["crv"] for key in keys} <= {"P-256", "SM2"}


def test_personal_data_is_sealed_by_the_suite_of_the_city(configured_city: City) -> None:
    (signs,) = {key.algorithm for key in configured_city.services.trust_list().keys.values()}
    seals = {ES256.name: AES_256_GCM.name, SM2.name: SM4_GCM.name}
    vault = configured_city.services.settings.vault_file.read_text()
    assert [name for name in seals.values() if name in vault] == [seals[signs]]
    assert configured_city.phone().grants


def test_a_terminal_without_a_network_decides_the_same(configured_city: City) -> None:
    city = configured_city
    code = city.phone().show(city.clock.now)
    trust_list = ceremony.read_list(city.services.settings.keys, now=city.clock.now)
    verified = Verifier(lambda: trust_list).verify(code, policy=make_policy(), now=city.clock.now)
    assert verified.iat == city.clock.now


def ask(city: City, phone: Phone, suite: Algorithm, **changes: object) -> Any:
    """Ask for a grant for a key of a suite."""
    points = [jws.encode(suite.generate().public)]
    claims = {"aud": phone.me["issuer"], "iat": city.clock.now, "sub": phone.device, "scene": "all", "keys": points}
    return phone.call("POST", "/grants", {"proof": sign_jws(phone.key, "grant-request+jwt", claims | changes)})


@pytest.mark.parametrize("suite", SUITES)
def test_a_city_binds_keys_of_its_own_suite_only(configured_city: City, suite: Algorithm) -> None:
    """Also when the point happens to lie on both curves; a phone that names no algorithm means ES256."""
    phone = configured_city.phone()
    own = algorithm_named(phone.me["algorithm"])
    for _ in range(4):
        answer = ask(configured_city, phone, suite, algorithm=suite.name)
        assert (answer.status_code == 200) == (suite is own)
        if suite is not own:
            assert answer.get_json()["code"] == "weak_key"
    assert (ask(configured_city, phone, own).status_code == 200) == (own is ES256)


def test_a_city_moves_to_another_suite_without_stopping(city: City) -> None:
    """Grants of the old suite go on until they end; a phone is told and makes its next keys of the new one."""
    phone, bus = city.phone(), city.terminal("bus-1")
    old = phone.show(city.clock.now)
    settings = city.services.settings
    assert settings.passphrase_file is not None
    passphrase = settings.passphrase_file.read_bytes().strip()
    place = Place(ceremony.signing_folder(settings.keys), passphrase, SM2)
    now = city.clock.now
    keys = [place.make_key(purpose, sign_from=now + 1, sign_until=now + 10**7) for purpose in Purpose]
    current = ceremony.read_list(settings.keys, now=now)
    offered = rotation.publish(current, keys, now=now, lifetime=10**6, emergency=True)
    ceremony.propose(settings.keys, offered, now=now)
    assert ceremony.sign_proposal(settings.keys, dict.fromkeys(("one", "two"), passphrase), now=now) == 0
    while city.services.trust_list().version == current.version:
        time.sleep(0.05)
    city.clock.now += 2
    assert decision(bus.scan(old)) == ("accepted", None)
    phone.me = phone.call("GET", "/me").get_json()
    assert phone.me["algorithm"] == SM2.name
    assert phone.fetch(city.clock.now).status_code == 200
    assert decision(bus.scan(phone.show(city.clock.now))) == ("accepted", None)
