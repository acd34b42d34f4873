"""Reconciling: what the city holds of an authority's credentials, counted and listed."""

from collections import Counter
from collections.abc import Iterator

from codeservice.authority import remit_of
from codeservice.credential import CredentialType
from codeservice.store import credential
from codeservice.store.database import Connection
from codeservice.store.person import Card
from keys.vault import Vault


def count(connection: Connection, vault: Vault, remits: frozenset[str]) -> Counter[tuple[str, str]]:
    """Count by type and state what belongs to `remits`.

    Whose a benefit is stands in its sealed claims alone, so benefits are opened one by one.
    """
    types = [type_ for type_ in CredentialType if type_.value in remits]
    counts = credential.count_states(connection, types)
    if any(remit.startswith(f"{CredentialType.BENEFIT}.") for remit in remits):
        for card in credential.every_of(connection, vault, CredentialType.BENEFIT):
            if remit_of(card.type, card.claims) in remits:
                counts[card.type.value, card.state.value] += 1
    return counts


def every(connection: Connection, vault: Vault, remits: frozenset[str]) -> Iterator[Card]:
    """Open everything that belongs to `remits`, type by type."""
    for type_ in sorted({CredentialType(remit.partition(".")[0]) for remit in remits}):
        for card in credential.every_of(connection, vault, type_):
            if remit_of(card.type, card.claims) in remits:
                yield card
