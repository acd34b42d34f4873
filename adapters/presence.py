"""Who is inside a place: people who went in less people who left, which is the same in every order of what is told."""

from adapters.contract import Ledger


def move(ledger: Ledger, name: str, change: int, limit: int) -> int | None:
    """Book that the holder's people go in (`change` above 0) or leave, and return how many are inside then.

    Returns None, with the holder's own balance changed, when more than `limit` would be inside: the caller refuses,
    which undoes it. Of one holder never fewer than nobody is inside: who leaves without having been seen to go in is
    not missing afterwards, and what an entry lacks that is told later comes right with it.
    """
    balance = ledger.add(f"inside:{ledger.place}:{name}", change)
    inside = max(0, balance) - max(0, balance - change)
    return ledger.add_shared(f"inside:{name}", inside, limit)


def inside(ledger: Ledger, name: str) -> int:
    """Return how many of the holder's people are inside, as far as the place knows; below 0 is not known to enter."""
    return ledger.add(f"inside:{ledger.place}:{name}", 0)
