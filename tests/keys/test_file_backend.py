"""Private keys in files: only their owner reads them, only with the passphrase, and no file is overwritten."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from keys.algorithms import ES256
from keys.backends.file import read_private_key, write_private_key
from keys.errors import KeyNotUsableError, SignerError
from keys.key import PublicKey, Purpose, kid_of
from keys.p256 import P256Key
from keys.signer import BACKENDS, open_signer
from tests.makers import NOW, PHONE, STRANGER

PASSPHRASE = b"correct horse"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A key file."""
    path = tmp_path / f"{PHONE.kid.hex()}.pem"
    write_private_key(path, P256Key(PHONE.private), PASSPHRASE)
    return path


def write_pem(path: Path, private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, passphrase: bytes) -> None:
    encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    path.chmod(0o600)


def test_a_new_file_is_encrypted_and_its_owners_alone(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in path.read_bytes()


def test_what_was_written_is_read_with_the_passphrase(path: Path) -> None:
    assert read_private_key(path, ES256, PASSPHRASE).public == PHONE.point


def test_a_file_is_never_overwritten(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(SignerError):
        write_private_key(path, P256Key(STRANGER.private), PASSPHRASE)
    assert path.read_bytes() == before


def test_an_empty_passphrase_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(SignerError):
        write_private_key(tmp_path / "key.pem", P256Key(PHONE.private), b"")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o602, 0o610, 0o777], ids=oct)
def test_a_file_that_others_may_touch_is_refused(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(SignerError, match="chmod 600"):
        read_private_key(path, ES256, PASSPHRASE)


@pytest.mark.parametrize("passphrase", [b"wrong", b"", b"correct horse "], ids=["wrong", "empty", "a space behind"])
def test_another_passphrase_is_refused(path: Path, passphrase: bytes) -> None:
    with pytest.raises(SignerError):
        read_private_key(path, ES256, passphrase)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(Path.unlink, id="absent"),
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
        pytest.param(lambda path: path.write_bytes(b"not a key"), id="no key"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:150]), id="cut"),
        pytest.param(lambda path: write_pem(path, PHONE.private, b""), id="not encrypted"),
        pytest.param(
            lambda path: write_pem(path, ec.derive_private_key(5, ec.SECP256K1()), PASSPHRASE), id="secp256k1"
        ),
        pytest.param(lambda path: write_pem(path, ec.derive_private_key(5, ec.SECP384R1()), PASSPHRASE), id="P-384"),
        pytest.param(lambda path: write_pem(path, rsa.generate_private_key(65537, 2048), PASSPHRASE), id="RSA"),
    ],
)
def test_a_file_without_an_encrypted_p256_key_is_refused(path: Path, spoil: Callable[[Path], object]) -> None:
    spoil(path)
    with pytest.raises(SignerError):
        read_private_key(path, ES256, PASSPHRASE)


def test_a_folder_is_no_key(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(SignerError):
        read_private_key(tmp_path, ES256, PASSPHRASE)


def test_a_signer_signs_in_the_keys_time_only(path: Path) -> None:
    signer = open_signer(path.parent.as_uri(), PHONE.key(sign_until=NOW + 1), lambda: PASSPHRASE)
    signer.key.verify(signer.sign(b"message", now=NOW), b"message")
    with pytest.raises(KeyNotUsableError):
        signer.sign(b"message", now=NOW + 1)


@pytest.mark.parametrize("folder", ["my keys", "城市码", "50%20", "a#b", "a?b", "a+b"])
def test_a_folder_may_have_any_name(tmp_path: Path, folder: str) -> None:
    path = tmp_path / folder / f"{PHONE.kid.hex()}.pem"
    path.parent.mkdir()
    write_private_key(path, P256Key(PHONE.private), PASSPHRASE)
    assert open_signer(path.parent.as_uri(), PHONE.key(), lambda: PASSPHRASE).key == PHONE.key()


def test_a_file_of_another_key_is_refused(path: Path) -> None:
    path.rename(path.with_name(f"{STRANGER.kid.hex()}.pem"))
    with pytest.raises(SignerError, match="private half"):
        open_signer(path.parent.as_uri(), STRANGER.key(), lambda: PASSPHRASE)


@pytest.mark.parametrize("uri", ["vault:secret/grant", "https://example.com/key.pem", "/plain/path.pem", ""])
def test_an_unknown_place_for_keys_is_refused_before_the_passphrase_is_asked(uri: str) -> None:
    with pytest.raises(SignerError, match="no key backend"):
        open_signer(uri, PHONE.key(), lambda: pytest.fail("asked"))


def test_a_key_that_is_made_is_opened_again(tmp_path: Path) -> None:
    uri = (tmp_path / "new").as_uri()
    point = BACKENDS["file"].make(uri, ES256, lambda: PASSPHRASE)
    key = replace(PHONE.key(), kid=kid_of(ES256.name, point), public=point)
    key.verify(open_signer(uri, key, lambda: PASSPHRASE).sign(b"message", now=NOW), b"message")


def test_a_signer_does_not_print_its_private_half(path: Path) -> None:
    key: PublicKey = PHONE.key(Purpose.GRANT)
    shown = repr(open_signer(path.parent.as_uri(), key, lambda: PASSPHRASE))
    assert str(PHONE.private.private_numbers().private_value) not in shown.split()
    assert PASSPHRASE.decode() not in shown
