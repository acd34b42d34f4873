"""The vectors: rebuilt to the byte, passed by the verifier, and complete."""

import json
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from codeservice.app import PUBLISHED_KIDS
from codeservice.code import Grant, Kind
from codeservice.grant_cache import GrantCache
from codeservice.reason import Reason
from codeservice.scan import Policy
from codeservice.scene import SCENES
from codeservice.status import Status
from codeservice.verifier import Verifier
from keys.errors import TrustListError
from keys.trustlist import Root, TrustList, accept, first
from tests.makers import NOW
from tests.vectors import build

HERE = Path(__file__).parent
MANIFEST = json.loads((HERE / "manifest.json").read_text())
TRUST = json.loads((HERE / "trust.json").read_text())

BY_SCENES_AND_TERMINALS = {
    Reason.TIME_UNTRUSTED,
    Reason.NOT_ENTITLED,
    Reason.LIMIT_REACHED,
    Reason.NO_TICKET,
    Reason.CAPACITY_REACHED,
    Reason.CLOSED,
    Reason.WRONG_SLOT,
    Reason.TERMINAL_NOT_ALLOWED,
}
"""Reasons that no code alone can bring about."""


class FixedMemory:
    """A memory that knows one status and whether the code was used."""

    def __init__(self, status: str | None, *, used: bool) -> None:
        self._status = None if status is None else Status[status.upper()]
        self._used = used

    def status(self, _grant: Grant) -> Status | None:
        return self._status

    def first_use(self, _use: tuple[int, int, int]) -> bool:
        return not self._used

    def attempt(self) -> AbstractContextManager[None]:
        return nullcontext()


def read(name: str) -> dict[str, Any]:
    """Read one vector."""
    return dict(json.loads((HERE / name).read_text()))


def trust_list(name: str, now: int) -> TrustList:
    """Read a trust list of the vectors as a verifier does."""
    entry = TRUST[name]
    roots = [Root(root["algorithm"], bytes.fromhex(root["public"])) for root in entry["roots"]]
    return first(bytes.fromhex(entry["list"]), roots=roots, threshold=entry["threshold"], now=now)


def decide(vector: dict[str, Any], cache: GrantCache) -> dict[str, str | None]:
    """Decide a vector with our verifier."""
    policy = vector["policy"]
    kinds, with_document = (frozenset(map(Kind, policy[name])) for name in ("kinds", "with_document"))
    made = Policy(SCENES[policy["scene"]], kinds, with_document, early=policy["early"], late=policy["late"])
    found = trust_list(vector["trust"], max(vector["now"], 1_800_000_000))
    decision = Verifier(lambda: found, guide=vector["guide"], cache=cache).decide(
        vector["text"],
        policy=made,
        memory=FixedMemory(vector["status"], used=vector["used"]),
        rules=lambda _verified, _memory: {},
        now=vector["now"],
        document_checked=vector["document_checked"],
    )
    return {"decision": decision.outcome.value, "reason": decision.reason and decision.reason.value}


@pytest.mark.parametrize("name", MANIFEST["vectors"])
@pytest.mark.parametrize("size", [0, 10], ids=["no-cache", "cache"])
def test_the_verifier_decides_every_vector_as_expected(name: str, size: int) -> None:
    vector = read(name)
    cache = GrantCache(size)
    for _ in range(2):
        assert decide(vector, cache) == vector["expect"], vector["comment"]


@pytest.mark.parametrize("name", MANIFEST["trust_lists"])
def test_every_trust_list_comes_into_force_or_is_refused_as_expected(name: str) -> None:
    vector = read(name)
    roots = [Root(root["algorithm"], bytes.fromhex(root["public"])) for root in vector["roots"]]
    offered, now = bytes.fromhex(vector["offered"]), vector["now"]
    current = None
    if vector["current"] is not None:
        current = first(bytes.fromhex(vector["current"]), roots=roots, threshold=vector["threshold"], now=now)
    try:
        if current is None:
            current = first(offered, roots=roots, threshold=vector["threshold"], now=now)
        else:
            current = accept(current, offered, now=now)
        accepted = True
    except TrustListError:
        accepted = False
    assert {"accepted": accepted, "version": current and current.version} == vector["expect"], vector["comment"]


def test_a_rebuild_gives_the_same_bytes(tmp_path: Path) -> None:
    files = [*build.build(tmp_path), "trust.json", "posters.json", "manifest.json"]
    for name in files:
        assert (tmp_path / name).read_bytes() == (HERE / name).read_bytes(), name
    written = {str(path.relative_to(HERE)) for path in HERE.rglob("*.json")}
    assert written == set(files)


def test_every_reason_that_the_verifier_can_give_has_a_vector() -> None:
    shown = {read(name)["expect"]["reason"] for name in MANIFEST["vectors"]}
    assert shown == {None} | {reason.value for reason in set(Reason) - BY_SCENES_AND_TERMINALS}


def test_every_kind_has_good_and_bad_vectors() -> None:
    for part in ("good/", "bad/"):
        kinds = {read(name)["text"][:2] for name in MANIFEST["vectors"] if name.startswith(part)}
        assert {"91", "92", "93"} <= kinds


def test_a_service_starts_with_no_key_of_the_vectors() -> None:
    """Everybody has their private halves."""
    listed = {kid.hex() for name in TRUST for kid in trust_list(name, NOW).keys}
    assert listed <= set(PUBLISHED_KIDS)
