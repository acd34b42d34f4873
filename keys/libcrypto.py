"""The machine's OpenSSL 3 (libcrypto) by ctypes: signature keys of the kinds that `cryptography` leaves out.

Nothing is loaded before the first call. Only functions of the documented EVP interface are called, which lock what
they share between threads and notice a fork; every call here makes and frees contexts of its own.
"""

import ctypes
import ctypes.util
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import POINTER, c_char_p, c_int, c_long, c_size_t, c_ubyte, c_uint, c_ulong, c_void_p
from functools import cache
from typing import Any

from keys.errors import AlgorithmUnavailableError, KeysError

_OLDEST = 0x30000000
"""OpenSSL 3.0.0, the first with keys by name (man 7 EVP_PKEY-SM2)."""

_NAMES = (
    "libcrypto.so.3",
    "libcrypto.3.dylib",
    "/opt/homebrew/opt/openssl@3/lib/libcrypto.3.dylib",
    "/usr/local/opt/openssl@3/lib/libcrypto.3.dylib",
)
"""By name and version: macOS kills a process that loads a libcrypto of its own without one."""

_ADVICE = "install OpenSSL 3 with SM2 (Debian and Ubuntu: apt install libssl3; macOS: brew install openssl@3)"
_PUBLIC_KEY = 0x86
"""EVP_PKEY_PUBLIC_KEY: domain parameters and the public half (openssl/evp.h)."""

_UTF8_STRING, _OCTET_STRING = 4, 5
_LONGEST_POINT = 256
_LONGEST_SIGNATURE = 256
_ITERATIONS = 100_000
"""Rounds of PBKDF2 (RFC 8018) over the passphrase of a key file, five times those that `cryptography` writes."""

_BY_CIPHER = -1
"""PKCS8_encrypt: PBES2 with the given cipher, and HMAC-SHA-256 in PBKDF2."""


class LibcryptoError(KeysError):
    """OpenSSL refused what it was given; the reason is not told apart."""


class _Param(ctypes.Structure):
    """OSSL_PARAM (man 3 OSSL_PARAM)."""

    _fields_ = (
        ("key", c_char_p),
        ("data_type", c_uint),
        ("data", c_char_p),
        ("data_size", c_size_t),
        ("return_size", c_size_t),
    )


_Handle = c_void_p
_FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "OpenSSL_version_num": (c_ulong, ()),
    "ERR_clear_error": (None, ()),
    "EVP_PKEY_CTX_new_from_name": (_Handle, (_Handle, c_char_p, c_char_p)),
    "EVP_PKEY_CTX_free": (None, (_Handle,)),
    "EVP_PKEY_CTX_set_params": (c_int, (_Handle, POINTER(_Param))),
    "EVP_PKEY_keygen_init": (c_int, (_Handle,)),
    "EVP_PKEY_generate": (c_int, (_Handle, POINTER(_Handle))),
    "EVP_PKEY_fromdata_init": (c_int, (_Handle,)),
    "EVP_PKEY_fromdata": (c_int, (_Handle, POINTER(_Handle), c_int, POINTER(_Param))),
    "EVP_PKEY_free": (None, (_Handle,)),
    "EVP_PKEY_is_a": (c_int, (_Handle, c_char_p)),
    "EVP_PKEY_get_octet_string_param": (c_int, (_Handle, c_char_p, c_char_p, c_size_t, POINTER(c_size_t))),
    "EVP_MD_CTX_new": (_Handle, ()),
    "EVP_MD_CTX_free": (None, (_Handle,)),
    "EVP_DigestSignInit_ex": (
        c_int,
        (_Handle, POINTER(_Handle), c_char_p, _Handle, c_char_p, _Handle, POINTER(_Param)),
    ),
    "EVP_DigestSign": (c_int, (_Handle, c_char_p, POINTER(c_size_t), c_char_p, c_size_t)),
    "EVP_DigestVerifyInit_ex": (
        c_int,
        (_Handle, POINTER(_Handle), c_char_p, _Handle, c_char_p, _Handle, POINTER(_Param)),
    ),
    "EVP_DigestVerify": (c_int, (_Handle, c_char_p, c_size_t, c_char_p, c_size_t)),
    "EVP_aes_256_cbc": (_Handle, ()),
    "EVP_PKEY2PKCS8": (_Handle, (_Handle,)),
    "EVP_PKCS82PKEY": (_Handle, (_Handle,)),
    "PKCS8_PRIV_KEY_INFO_free": (None, (_Handle,)),
    "PKCS8_encrypt": (_Handle, (c_int, _Handle, c_char_p, c_int, POINTER(c_ubyte), c_int, c_int, _Handle)),
    "PKCS8_decrypt": (_Handle, (_Handle, c_char_p, c_int)),
    "X509_SIG_free": (None, (_Handle,)),
    "PEM_write_bio_PKCS8": (c_int, (_Handle, _Handle)),
    "PEM_read_bio_PKCS8": (_Handle, (_Handle, _Handle, _Handle, _Handle)),
    "BIO_s_mem": (_Handle, ()),
    "BIO_new": (_Handle, (_Handle,)),
    "BIO_new_mem_buf": (_Handle, (c_char_p, c_int)),
    "BIO_ctrl": (c_long, (_Handle, c_int, c_long, _Handle)),
    "BIO_read": (c_int, (_Handle, _Handle, c_int)),
    "BIO_free": (c_int, (_Handle,)),
}
_BIO_PENDING = 10


class Key:
    """An EVP_PKEY, freed with this object. Its pointer never leaves this module."""

    def __init__(self, pointer: int) -> None:
        """Take a key over."""
        self._pointer = pointer
        # At the end of the process the system frees it; by then the library may be half gone.
        weakref.finalize(self, _lib().EVP_PKEY_free, pointer).atexit = False

    @classmethod
    def generate(cls, name: str) -> "Key":
        """Make a key of an algorithm; raises AlgorithmUnavailableError."""
        with _context(name) as context:
            made = c_void_p()
            _require(_lib().EVP_PKEY_keygen_init(context))
            _require(_lib().EVP_PKEY_generate(context, ctypes.byref(made)))
            return cls(_pointer(made.value))

    @classmethod
    def from_point(cls, name: str, point: bytes) -> "Key":
        """Make a public key of an encoded point, on the curve of the algorithm's own name.

        Raises LibcryptoError when it is not on the curve, AlgorithmUnavailableError.
        """
        with _context(name) as context:
            made = c_void_p()
            params = _params(group=name.encode(), pub=point)
            _require(_lib().EVP_PKEY_fromdata_init(context))
            _require(_lib().EVP_PKEY_fromdata(context, ctypes.byref(made), _PUBLIC_KEY, params))
            return cls(_pointer(made.value))

    @classmethod
    def read_pem(cls, name: str, pem: bytes, passphrase: bytes) -> "Key":
        """Read encrypted PKCS#8 and nothing else; raises LibcryptoError, AlgorithmUnavailableError."""
        with _context(name), _tidy():
            lib = _lib()
            with _owned(lib.BIO_new_mem_buf(pem, len(pem)), lib.BIO_free) as source:
                sealed = lib.PEM_read_bio_PKCS8(source, None, None, None)
            with _owned(sealed, lib.X509_SIG_free):
                opened = lib.PKCS8_decrypt(sealed, passphrase, len(passphrase))
            with _owned(opened, lib.PKCS8_PRIV_KEY_INFO_free):
                key = cls(_pointer(lib.EVP_PKCS82PKEY(opened)))
            _require(lib.EVP_PKEY_is_a(key._pointer, name.encode()))
            return key

    def to_pem(self, passphrase: bytes) -> bytes:
        """Write as PKCS#8, encrypted by AES-256-CBC under PBKDF2 (RFC 5958, RFC 8018)."""
        lib = _lib()
        with _tidy(), _owned(lib.BIO_new(lib.BIO_s_mem()), lib.BIO_free) as target:
            with _owned(lib.EVP_PKEY2PKCS8(self._pointer), lib.PKCS8_PRIV_KEY_INFO_free) as plain:
                cipher = lib.EVP_aes_256_cbc()
                arguments = (_BY_CIPHER, cipher, passphrase, len(passphrase), None, 0, _ITERATIONS, plain)
                sealed = lib.PKCS8_encrypt(*arguments)
            with _owned(sealed, lib.X509_SIG_free):
                _require(lib.PEM_write_bio_PKCS8(target, sealed))
            size = lib.BIO_ctrl(target, _BIO_PENDING, 0, None)
            pem = ctypes.create_string_buffer(size)
            _require(lib.BIO_read(target, pem, size) == size)
            return pem.raw

    def point(self) -> bytes:
        """Return the public half as an encoded point, compressed or not."""
        point, size = ctypes.create_string_buffer(_LONGEST_POINT), c_size_t()
        with _tidy():
            arguments = (self._pointer, b"pub", point, _LONGEST_POINT, ctypes.byref(size))
            _require(_lib().EVP_PKEY_get_octet_string_param(*arguments))
        return point.raw[: size.value]

    def sign(self, message: bytes, *, digest: str, identity: bytes) -> bytes:
        """Sign with a random nonce; `identity` is the signer's distinguishing identity. Returns DER.

        Raises LibcryptoError, AlgorithmUnavailableError.
        """
        signature, size = ctypes.create_string_buffer(_LONGEST_SIGNATURE), c_size_t(_LONGEST_SIGNATURE)
        with self._digest(_lib().EVP_DigestSignInit_ex, digest, identity) as context:
            _require(_lib().EVP_DigestSign(context, signature, ctypes.byref(size), message, len(message)))
        return signature.raw[: size.value]

    def is_signed(self, signature: bytes, message: bytes, *, digest: str, identity: bytes) -> bool:
        """Tell whether a DER signature verifies; raises AlgorithmUnavailableError."""
        with self._digest(_lib().EVP_DigestVerifyInit_ex, digest, identity) as context:
            return bool(_lib().EVP_DigestVerify(context, signature, len(signature), message, len(message)) == 1)

    @contextmanager
    def _digest(self, begin: Callable[..., int], digest: str, identity: bytes) -> Iterator[int]:
        lib = _lib()
        with _tidy(), _owned(lib.EVP_MD_CTX_new(), lib.EVP_MD_CTX_free) as context:
            inner = c_void_p()
            if begin(context, ctypes.byref(inner), digest.encode(), None, None, self._pointer, None) != 1:
                raise _unavailable(digest)
            # Not with the call above: OpenSSL 3.0 takes an identity only after it.
            _require(lib.EVP_PKEY_CTX_set_params(inner, _params(distid=identity)))
            yield context


@cache
def _lib() -> ctypes.CDLL:
    lib = _open()
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    return lib


def _open() -> ctypes.CDLL:
    for name in _NAMES:
        try:
            lib = ctypes.CDLL(name)
        except OSError:
            continue
        lib.OpenSSL_version_num.restype = c_ulong
        if lib.OpenSSL_version_num() >= _OLDEST:
            return lib
    raise AlgorithmUnavailableError(f"no libcrypto of OpenSSL 3 on this machine; {_ADVICE}")


@contextmanager
def _context(name: str) -> Iterator[int]:
    """Open a context for keys of an algorithm, which some builds of OpenSSL leave out."""
    lib = _lib()
    with _tidy():
        context = lib.EVP_PKEY_CTX_new_from_name(None, name.encode(), None)
        if not context:
            raise _unavailable(name)
        with _owned(context, lib.EVP_PKEY_CTX_free):
            yield context


def _unavailable(name: str) -> AlgorithmUnavailableError:
    return AlgorithmUnavailableError(f"the OpenSSL of this machine was built without {name}; {_ADVICE}")


@contextmanager
def _owned(pointer: int | None, free: Callable[[int], object]) -> Iterator[int]:
    """Free what was made, also when something after it fails."""
    owned = _pointer(pointer)
    try:
        yield owned
    finally:
        free(owned)


@contextmanager
def _tidy() -> Iterator[None]:
    """Leave no error in the thread's queue, where other users of the same library would find it."""
    try:
        yield
    finally:
        _lib().ERR_clear_error()


def _params(group: bytes | None = None, **octets: bytes) -> Any:
    given = [(b"group", _UTF8_STRING, group)] if group is not None else []
    given += [(name.encode(), _OCTET_STRING, value) for name, value in octets.items()]
    made = (_Param * (len(given) + 1))()
    for place, (key, kind, value) in zip(made, given, strict=False):
        # ctypes keeps the bytes alive as long as the array.
        place.key, place.data_type, place.data, place.data_size = key, kind, value, len(value)
    return made


def _pointer(pointer: int | None) -> int:
    if not pointer:
        raise LibcryptoError
    return pointer


def _require(done: int) -> None:
    if done != 1:
        raise LibcryptoError
