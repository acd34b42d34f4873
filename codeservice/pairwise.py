"""Pairwise identifiers: the name under which one partner knows a person, which no other partner can match. No I/O."""

from keys.vault import Vault

_SIZE = 32
"""Hexadecimal digits: 128 bits."""


def subject_of(vault: Vault, partner: str, person: str, *, now: int) -> str:
    """Return a new identifier of a person for a partner.

    Nobody without the vault can make it or lead it back. It is kept when it is made, because the keys of the vault
    change and the identifier must not.
    """
    return vault.secret(f"{partner} {person}", kind="pairwise", at=now).hex()[:_SIZE]
