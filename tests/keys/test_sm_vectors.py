"""SM3, SM4 and SM4-GCM give what their standards print."""

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SM3, Hash

from keys.errors import VaultError
from keys.suite import AES_256_GCM, SM4_GCM

SM4_KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")

GCM_NONCE = bytes.fromhex("00001234567800000000abcd")
GCM_PLAIN = bytes.fromhex("".join(digit * 16 for digit in "abcdefea"))
GCM_ABOUT = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
GCM_SEALED = bytes.fromhex(
    "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
    "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
    "83de3541e4c2b58177e065a9bf7b62ec"
)
"""RFC 8998 appendix A.1: ciphertext and tag."""


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        pytest.param(
            b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0", id="GB/T 32905 A.1, abc"
        ),
        pytest.param(
            b"abcd" * 16,
            "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
            id="GB/T 32905 A.2, 64 bytes",
        ),
    ],
)
def test_sm3_is_the_standards(message: bytes, digest: str) -> None:
    assert SM4_GCM.hash().name == "sm3"
    sm3 = Hash(SM3())
    sm3.update(message)
    assert sm3.finalize().hex() == digest


@pytest.mark.parametrize(
    ("rounds", "sealed"),
    [
        pytest.param(1, "681edf34d206965e86b3e94f536e4246", id="GB/T 32907 A.1, once"),
        pytest.param(1_000_000, "595298c7c6fd271f0402f804c33d3f66", id="GB/T 32907 A.2, a million times"),
    ],
)
def test_sm4_is_the_standards(rounds: int, sealed: str) -> None:
    assert isinstance(SM4_GCM.cipher(SM4_KEY), algorithms.SM4)
    block = Cipher(algorithms.SM4(SM4_KEY), modes.ECB()).encryptor()  # noqa: S305 -- one block, as the standard prints it
    text = SM4_KEY
    for _ in range(rounds):
        text = block.update(text)
    assert text.hex() == sealed


def test_sm4_gcm_is_rfc_8998s() -> None:
    assert SM4_GCM.encrypt(SM4_KEY, GCM_NONCE, GCM_PLAIN, GCM_ABOUT) == GCM_SEALED
    assert SM4_GCM.decrypt(SM4_KEY, GCM_NONCE, GCM_SEALED, GCM_ABOUT) == GCM_PLAIN


def test_sm4_gcm_refuses_what_was_changed() -> None:
    with pytest.raises(VaultError):
        SM4_GCM.decrypt(SM4_KEY, GCM_NONCE, GCM_SEALED, GCM_ABOUT[:-1])
    with pytest.raises(VaultError):
        SM4_GCM.decrypt(SM4_KEY, GCM_NONCE, GCM_SEALED[:15], GCM_ABOUT)


def test_hmac_sm3_is_rfc_2104_over_sm3() -> None:
    def sm3(message: bytes) -> bytes:
        state = Hash(SM3())
        state.update(message)
        return state.finalize()

    key, message = bytes(range(32)), b"10000000001"
    inner = sm3(bytes(byte ^ 0x36 for byte in key.ljust(64, b"\0")) + message)
    assert SM4_GCM.digest(key, message) == sm3(bytes(byte ^ 0x5C for byte in key.ljust(64, b"\0")) + inner)


def test_aes_256_gcm_is_the_specifications() -> None:
    """Test case 16 of "The Galois/Counter Mode of Operation" (McGrew and Viega)."""
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2)
    nonce = bytes.fromhex("cafebabefacedbaddecaf888")
    plain = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    sealed = AES_256_GCM.encrypt(key, nonce, plain, GCM_ABOUT)
    assert sealed[-16:].hex() == "76fc6ece0f4e1768cddf8853bb2d551b"


def test_hmac_sha_256_is_rfc_4231s() -> None:
    """Test case 2."""
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert AES_256_GCM.digest(b"Jefe", b"what do ya want for nothing?").hex() == expected
