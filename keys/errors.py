"""What can go wrong with keys, trust lists and sealed fields."""


class KeysError(Exception):
    """Root of every error of this package."""


class NotDeterministicError(KeysError):
    """Bytes are not deterministic CBOR (RFC 8949 section 4.2) of the permitted types."""


class NotSignedError(KeysError):
    """Bytes are not one COSE structure of the expected shape (RFC 9052)."""


class BadSignatureError(KeysError):
    """A signature does not verify, has the wrong length, or is the high-s twin."""


class BadKeyError(KeysError):
    """A key is not a point of its curve, or does not fit its algorithm."""


class UnknownAlgorithmError(KeysError):
    """The algorithm is not a row of the table in `algorithms`."""


class AlgorithmUnavailableError(KeysError):
    """This machine lacks the library that an algorithm needs; the message says what to install."""


class KeyNotUsableError(KeysError):
    """A key exists but may not be used: wrong purpose, outside its time, or killed."""


class SignerError(KeysError):
    """A private key cannot be opened: address, permission or passphrase."""


class RefusedError(SignerError):
    """A signer does not sign what it was asked to; the message names the rule and nothing of the content."""


class TrustListError(KeysError):
    """A trust list is refused; the message names the rule."""


class RollbackError(TrustListError):
    """The list is not the direct successor of the one in force."""


class VaultError(KeysError):
    """A sealed field cannot be opened: wrong key, wrong place or changed bytes."""
