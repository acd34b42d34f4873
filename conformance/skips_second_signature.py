"""WRONG ON PURPOSE: a reader that does not look at the phone's signature. The kit must fail it.

It is our own reader, and takes a code for good whose only fault is the second signature: a copied grant would ride.
"""

from typing import Any

from codeservice.reason import Reason
from conformance import reader


def decide_without_second_signature(text: str, context: dict[str, Any]) -> dict[str, str | None]:
    """Decide a text as our reader does, and let a bad second signature pass."""
    decision = reader.decide(text, context)
    if decision["reason"] == Reason.BAD_HOLDER_PROOF:
        return {"decision": "accepted", "reason": None}
    return decision


if __name__ == "__main__":
    reader.main(decide_without_second_signature)
