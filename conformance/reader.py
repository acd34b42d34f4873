"""The project's own verifier as a program of the kit: python -m conformance.reader CONTEXT.json < TEXT.

The text comes on standard input, everything else in the context; the decision leaves on standard output.
"""

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codeservice.code import MAX_TIME, Grant, Kind
from codeservice.scan import Policy
from codeservice.scene import SCENES
from codeservice.status import Status
from codeservice.verifier import Verifier
from keys.trustlist import Root, TrustList, first


@dataclass(frozen=True)
class Told:
    """The memory of a place that was told one status, and whether the code was used before."""

    known: Status | None
    used: bool

    def status(self, _grant: Grant) -> Status | None:
        """Return what was told."""
        return self.known

    def first_use(self, _use: tuple[int, int, int]) -> bool:
        """Return what was told."""
        return not self.used

    def attempt(self) -> AbstractContextManager[object]:
        """Open a span; there is nothing to take back."""
        return nullcontext()


Decide = Callable[[str, dict[str, Any]], dict[str, str | None]]


def decide(text: str, context: dict[str, Any]) -> dict[str, str | None]:
    """Decide a text in its context."""
    policy = context["policy"]
    trust_list = _trust_list(context["trust"])
    decision = Verifier(lambda: trust_list, guide=context["guide"]).decide(
        text,
        policy=Policy(
            SCENES[policy["scene"]],
            frozenset(map(Kind, policy["kinds"])),
            with_document=frozenset(map(Kind, policy["with_document"])),
            early=policy["early"],
            late=policy["late"],
        ),
        memory=Told(context["status"] and Status[context["status"].upper()], context["used"]),
        rules=lambda _verified, _memory: {},
        now=context["now"],
        document_checked=context["document_checked"],
    )
    return {"decision": decision.outcome.value, "reason": decision.reason and decision.reason.value}


def _trust_list(trust: dict[str, Any]) -> TrustList:
    roots = [Root(root["algorithm"], bytes.fromhex(root["public"])) for root in trust["roots"]]
    # The list was accepted before: a vector may turn the clock to a moment before its issue.
    return first(bytes.fromhex(trust["list"]), roots=roots, threshold=trust["threshold"], now=MAX_TIME)


def main(decide: Decide) -> None:
    """Answer the kit with a function that decides."""
    context = json.loads(Path(sys.argv[1]).read_bytes())
    # Bytes that are no UTF-8 become characters that no code has; nothing is stripped.
    text = sys.stdin.buffer.read().decode(errors="replace")
    json.dump(decide(text, context), sys.stdout)


if __name__ == "__main__":
    main(decide)
