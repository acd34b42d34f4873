"""Private keys in a token: they sign there, cannot be read out, and a token is never locked by asking again."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pkcs11 import Attribute, ObjectClass, PKCS11Error, TokenFlag, lib
from pkcs11.exceptions import AttributeSensitive, AttributeTypeInvalid

from keys.algorithms import ES256
from keys.backends import hsm
from keys.backends.pkcs11 import TokenAddress, read_address
from keys.errors import SignerError
from keys.key import PublicKey, kid_of
from keys.p256 import ORDER
from keys.signer import BACKENDS, Signer, open_signer
from tests.makers import NOW, PHONE
from tests.places import sign_and_fork
from tests.tokens import PIN, SoftHsm

ROOT = Path(__file__).resolve().parent.parent.parent
BACKEND = BACKENDS["pkcs11"]


@pytest.fixture
def uri(softhsm: SoftHsm) -> Iterator[str]:
    """A token of its own, forgotten by this process before and after."""
    hsm._module.cache_clear()
    yield softhsm.new_token()
    hsm._module.cache_clear()


def pin() -> bytes:
    return PIN


def made(uri: str) -> PublicKey:
    point = BACKEND.make(uri, ES256, pin)
    return replace(PHONE.key(), kid=kid_of(ES256.name, point), public=point)


def signed(signer: Signer, message: bytes = b"message") -> None:
    """Sign and verify."""
    signer.key.verify(signer.sign(message, now=NOW), message)


def token_of(uri: str):  # type: ignore[no-untyped-def]  # noqa: ANN201 -- a class of the package without a public name
    address = read_address(uri)
    return lib(address.module).get_token(token_label=address.label)


def private_key(uri: str, key: PublicKey):  # type: ignore[no-untyped-def]  # noqa: ANN201 -- the same
    """Return the private key as the token's owner sees it, logged in."""
    return hsm.use(read_address(uri), pin, lambda login: hsm.find(login, key.kid))


def test_a_key_that_is_made_in_a_token_signs(uri: str) -> None:
    signed(open_signer(uri, made(uri), pin))


def test_a_long_message_is_signed(uri: str) -> None:
    signed(open_signer(uri, made(uri), pin), bytes(100_000))


def test_every_signature_has_its_s_in_the_lower_half(uri: str) -> None:
    """SoftHSM leaves half of them in the upper one."""
    signer = open_signer(uri, made(uri), pin)
    upper = [int.from_bytes(signer.sign(bytes([n]), now=NOW)[32:]) > ORDER // 2 for n in range(24)]
    assert not any(upper)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        (Attribute.SENSITIVE, True),
        (Attribute.ALWAYS_SENSITIVE, True),
        (Attribute.EXTRACTABLE, False),
        (Attribute.NEVER_EXTRACTABLE, True),
        (Attribute.TOKEN, True),
        (Attribute.PRIVATE, True),
        (Attribute.LOCAL, True),
        (Attribute.SIGN, True),
        (Attribute.DECRYPT, False),
        (Attribute.DERIVE, False),
        (Attribute.UNWRAP, False),
    ],
    ids=lambda value: value.name if isinstance(value, Attribute) else "",
)
def test_a_key_is_made_to_sign_and_for_nothing_else(uri: str, attribute: Attribute, value: object) -> None:
    assert private_key(uri, made(uri))[attribute] is value


def test_not_even_the_owner_can_read_a_private_key(uri: str) -> None:
    with pytest.raises((AttributeSensitive, AttributeTypeInvalid)):
        private_key(uri, made(uri))[Attribute.VALUE]


def test_a_private_key_cannot_be_made_readable_afterwards(uri: str) -> None:
    key = private_key(uri, made(uri))
    for attribute, value in ((Attribute.SENSITIVE, False), (Attribute.EXTRACTABLE, True)):
        with pytest.raises(PKCS11Error):
            key[attribute] = value


def test_a_key_that_the_token_does_not_hold_is_refused_when_it_is_opened(uri: str) -> None:
    made(uri)
    with pytest.raises(SignerError, match="holds no private key"):
        open_signer(uri, PHONE.key(), pin)


def test_another_key_under_the_same_identifier_signs_nothing(uri: str) -> None:
    """Its signature is checked before anybody has it."""
    key = made(uri)
    private_key(uri, key)[Attribute.ID] = PHONE.kid
    signer = open_signer(uri, PHONE.key(), pin)
    with pytest.raises(SignerError, match="private half"):
        signer.sign(b"message", now=NOW)


def test_two_keys_under_one_identifier_are_refused(uri: str) -> None:
    first, second = made(uri), made(uri)
    private_key(uri, second)[Attribute.ID] = first.kid
    with pytest.raises(SignerError, match="2 private keys"):
        open_signer(uri, first, pin)


def test_an_algorithm_that_tokens_do_not_have_is_refused_before_the_pin_is_asked(uri: str) -> None:
    other = replace(ES256, name="SM2")
    with pytest.raises(SignerError, match="ES256"):
        BACKEND.make(uri, other, lambda: pytest.fail("asked"))


def test_a_wrong_pin_is_tried_once_and_never_again(uri: str, softhsm: SoftHsm) -> None:
    """The token says whether somebody has tried a wrong PIN since the last right one."""
    key = made(uri)
    hsm._module.cache_clear()
    with pytest.raises(SignerError, match="refused the PIN"):
        open_signer(uri, key, lambda: b"wrong-pin")
    assert token_of(uri).flags & TokenFlag.USER_PIN_COUNT_LOW
    log_in_elsewhere(uri)
    for asked in (lambda: b"wrong-pin", pin):
        with pytest.raises(SignerError, match="not asked again"):
            open_signer(uri, key, asked)
    lib(str(softhsm.module)).reinitialize()
    assert not token_of(uri).flags & TokenFlag.USER_PIN_COUNT_LOW


def log_in_elsewhere(uri: str) -> None:
    """Log in with the right PIN in another process, which sets the token's count back."""
    program = (
        "import sys; from pkcs11 import lib; from keys.backends.pkcs11 import read_address;"
        "a = read_address(sys.argv[1]);"
        "lib(a.module).get_token(token_label=a.label).open(user_pin=sys.argv[2]).close()"
    )
    subprocess.run([sys.executable, "-c", program, uri, PIN.decode()], check=True, cwd=ROOT)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        pytest.param(TokenFlag.USER_PIN_FINAL_TRY, "one more wrong PIN", id="one try left"),
        pytest.param(TokenFlag.USER_PIN_LOCKED | TokenFlag.USER_PIN_COUNT_LOW, "locked", id="locked"),
    ],
)
def test_the_last_try_of_a_pin_is_not_used(flags: int, words: str) -> None:
    with pytest.raises(SignerError, match=words):
        hsm.require_tries_left(flags)


def test_a_pin_that_was_once_mistyped_may_be_tried() -> None:
    hsm.require_tries_left(TokenFlag.USER_PIN_COUNT_LOW | TokenFlag.LOGIN_REQUIRED)


def test_a_lost_session_is_opened_again(uri: str) -> None:
    signer = open_signer(uri, made(uri), pin)
    signed(signer)
    hsm._module(read_address(uri).module, os.getpid()).logins[read_address(uri)].session.close()
    signed(signer)


def test_a_token_that_was_removed_is_an_error_until_it_is_back(uri: str, softhsm: SoftHsm) -> None:
    signer = open_signer(uri, made(uri), pin)
    away = softhsm.tokens.with_name("away")
    softhsm.tokens.rename(away)
    softhsm.tokens.mkdir()
    lib(str(softhsm.module)).reinitialize()
    with pytest.raises(SignerError, match="NoSuchToken"):
        signer.sign(b"message", now=NOW)
    softhsm.tokens.rmdir()
    away.rename(softhsm.tokens)
    signed(signer)


def test_a_signer_goes_on_in_a_forked_child_and_in_its_parent(uri: str) -> None:
    """The child has to begin sessions that its parent does not lose."""
    sign_and_fork(uri, made(uri), PIN)


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("pkcs11:token=city?module-path=/m.so", TokenAddress("/m.so", "city", None)),
        ("pkcs11:serial=12ab;token=my%20city?module-path=/my%20m.so", TokenAddress("/my m.so", "my city", "12ab")),
        ("pkcs11:token=a%3Fb%3Bc%26d%23e?module-path=/m.so", TokenAddress("/m.so", "a?b;c&d#e", None)),
    ],
)
def test_an_address_names_a_token_and_its_module(uri: str, address: TokenAddress) -> None:
    """RFC 7512 section 2.3."""
    assert read_address(uri) == address


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("pkcs11:", id="empty"),
        pytest.param("pkcs11:token=city", id="no module"),
        pytest.param("pkcs11:?module-path=/m.so", id="no token"),
        pytest.param("pkcs11:token=city?module-path=m.so", id="a module found by chance"),
        pytest.param("pkcs11:token=city?module-path=/m.so&pin-value=1234", id="PIN in the address"),
        pytest.param("pkcs11:token=city?module-path=/m.so&pin-source=file:/pin", id="PIN by address"),
        pytest.param("pkcs11:token=city;object=key?module-path=/m.so", id="one object"),
        pytest.param("pkcs11:token=city;token=other?module-path=/m.so", id="a token twice"),
        pytest.param("pkcs11:token=city;x-vendor=1?module-path=/m.so", id="unknown attribute"),
    ],
)
def test_an_address_that_says_less_or_more_is_refused_before_the_pin_is_asked(uri: str) -> None:
    with pytest.raises(SignerError):
        open_signer(uri, PHONE.key(), lambda: pytest.fail("asked"))


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda uri: uri.replace(".so", ".missing"), id="no module"),
        pytest.param(lambda uri: uri.replace("token=", "token=x"), id="no token"),
    ],
)
def test_a_place_that_is_not_there_is_one_error(uri: str, spoil: Callable[[str], str]) -> None:
    with pytest.raises(SignerError, match="does not answer"):
        open_signer(spoil(uri), PHONE.key(), pin)


def test_without_the_package_the_error_says_what_to_install() -> None:
    """The other places of keys go on working."""
    program = (
        "import sys; sys.modules['pkcs11'] = None\n"
        "from keys.algorithms import ES256; from keys.signer import BACKENDS; from keys.errors import SignerError\n"
        "try: BACKENDS['pkcs11'].make('pkcs11:token=city?module-path=/m.so', ES256, lambda: b'')\n"
        "except SignerError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, capture_output=True, text=True)
    assert "pip install 'city-code[pkcs11]'" in done.stdout


def test_no_private_key_is_visible_to_who_is_not_logged_in(uri: str) -> None:
    made(uri)
    hsm._module.cache_clear()
    lib(read_address(uri).module).reinitialize()
    with token_of(uri).open() as session:
        assert not list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY}))
