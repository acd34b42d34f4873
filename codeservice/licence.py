"""Identifiers of electronic licences, modelled on GB/T 36904-2018, with the check of ISO/IEC 7064 MOD 37,36. No I/O.

`1.2.156.3005.2.{type 21}.{issuer 18}.{serial}.{version 3}.{check}`: the type is the unified social credit code of
whoever has defined it (18 characters) and three digits, the issuer is a unified social credit code. The check runs over
type, issuer, serial and version.
"""

import re
from dataclasses import dataclass

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_MODULUS = len(_ALPHABET)
_CHARACTERS = re.compile(r"[0-9A-Z]+", re.ASCII)

ARC = "1.2.156.3005.2"
"""Arc of the identifiers in the tree of object identifiers."""

_FORM = re.compile(
    r"1\.2\.156\.3005\.2\.([0-9A-Z]{18}[0-9]{3})\.([0-9A-Z]{18})\.([0-9A-Z]{1,32})\.([0-9]{3})\.([0-9A-Z])", re.ASCII
)


class InvalidLicenceIdentifierError(ValueError):
    """A text is no licence identifier: its form or its check character is wrong."""


def check_character(text: str) -> str:
    """Return the check character of ISO/IEC 7064 MOD 37,36 for digits and capital letters; raises ValueError."""
    if not _CHARACTERS.fullmatch(text):
        raise ValueError("digits and capital letters only")
    product = _MODULUS
    for character in text:
        total = (product + _VALUES[character]) % _MODULUS or _MODULUS
        product = total * 2 % (_MODULUS + 1)
    return _ALPHABET[(_MODULUS + 1 - product) % _MODULUS]


@dataclass(frozen=True)
class LicenceIdentifier:
    """The parts of an identifier. `type` has 21 characters, `issuer` 18, `serial` 1 to 32, `version` three digits."""

    type: str
    issuer: str
    serial: str
    version: str = "001"

    @classmethod
    def read(cls, text: str) -> "LicenceIdentifier":
        """Read an identifier and its check character; raises InvalidLicenceIdentifierError."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise InvalidLicenceIdentifierError
        *parts, check = found.groups()
        made = cls(*parts)
        if made.check != check:
            raise InvalidLicenceIdentifierError
        return made

    @property
    def check(self) -> str:
        """The check character."""
        return check_character(self.type + self.issuer + self.serial + self.version)

    @property
    def text(self) -> str:
        """The identifier as it is printed."""
        return f"{ARC}.{self.type}.{self.issuer}.{self.serial}.{self.version}.{self.check}"
