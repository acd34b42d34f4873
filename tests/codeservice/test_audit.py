"""The audit log's rules: the tree of RFC 9162, leaves that cover every field, checkpoints that others can check."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeservice.audit import CHECKPOINT_AAD, Entry, Tree, canonical, checkpoint_payload
from keys.cbor import loads
from keys.cose import read_sign1, sign1
from keys.errors import BadSignatureError
from keys.key import Purpose
from tests.makers import ISSUERS, NOW

ENTRY = Entry(NOW, "client:1", "scan", "scan:7", {"outcome": "accepted", "reason": None})
LEAVES = st.lists(st.binary(max_size=4).map(lambda data: hashlib.sha256(data).digest()), max_size=40)
CHECKPOINT = ISSUERS[Purpose.CHECKPOINT]

PUBLISHED = [
    ("", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
    ("00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    ("10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
    ("2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
    ("3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
    ("40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
    ("5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
    ("606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
]
"""Leaf data, and the root of the tree up to it, as published for certificate transparency."""


def by_definition(leaves: list[bytes]) -> bytes:
    """Compute the root as RFC 9162 section 2.1.1 defines it."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + by_definition(leaves[:split]) + by_definition(leaves[split:])).digest()


def grow(leaves: list[bytes]) -> Tree:
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree


def test_the_roots_are_the_published_ones() -> None:
    tree = Tree()
    for data, root in PUBLISHED:
        tree.append(hashlib.sha256(b"\0" + bytes.fromhex(data)).digest())
        assert tree.root().hex() == root


@given(LEAVES)
def test_the_root_is_that_of_the_definition(leaves: list[bytes]) -> None:
    assert grow(leaves).root() == by_definition(leaves)


@given(LEAVES, LEAVES)
def test_a_tree_goes_on_from_its_edge(before: list[bytes], after: list[bytes]) -> None:
    tree = grow(before)
    resumed = Tree(tree.size, tree.edge)
    for leaf in after:
        resumed.append(leaf)
    assert (resumed.size, resumed.root()) == (len(before + after), by_definition(before + after))


@given(LEAVES)
def test_the_edge_has_one_hash_for_each_bit_of_the_size(leaves: list[bytes]) -> None:
    assert len(grow(leaves).edge) == len(leaves).bit_count()


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=2, max_size=20, unique=True), st.data())
def test_a_changed_missing_or_moved_entry_changes_the_root(leaves: list[bytes], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(leaves) - 2))
    before, here, there, after = leaves[:at], leaves[at], leaves[at + 1], leaves[at + 2 :]
    changed = hashlib.sha256(here).digest()
    others = ([*before, changed, there, *after], [*before, there, *after], [*before, there, here, *after])
    assert grow(leaves).root() not in [grow(other).root() for other in others]


@pytest.mark.parametrize(
    "change",
    [
        {"at": NOW + 1},
        {"actor": "client:2"},
        {"action": "scan2"},
        {"subject": "scan:8"},
        {"details": {"outcome": "refused", "reason": None}},
        {"details": {"outcome": "accepted"}},
        {"actor": "client:1scan", "action": ""},
    ],
    ids=["at", "actor", "action", "subject", "details", "details shorter", "boundary moved"],
)
def test_a_leaf_covers_every_field(change: dict[str, object]) -> None:
    assert replace(ENTRY, **change).leaf() != ENTRY.leaf()  # type: ignore[arg-type]


def test_equal_details_have_equal_text() -> None:
    assert canonical({"b": 1, "a": "张"}) == canonical({"a": "张", "b": 1}) == '{"a":"张","b":1}'


def test_a_leaf_is_never_a_node() -> None:
    """Leaves and nodes are hashed apart, so that no entry can pass for a subtree."""
    left, right = ENTRY.leaf(), replace(ENTRY, at=0).leaf()
    assert by_definition([left, right]) != hashlib.sha256(b"\0" + left + right).digest()


def test_a_checkpoint_says_size_root_and_time() -> None:
    assert loads(checkpoint_payload(3, b"root", NOW)) == {"size": 3, "root": b"root", "at": NOW}


def test_a_checkpoint_is_signed_for_nothing_else() -> None:
    payload = checkpoint_payload(3, b"root", NOW)
    signed = sign1(payload, alg=-7, kid=CHECKPOINT.kid, external_aad=CHECKPOINT_AAD, sign=CHECKPOINT.sign)
    read = read_sign1(signed)
    CHECKPOINT.key().verify(read.signature, read.signed_bytes(CHECKPOINT_AAD))
    with pytest.raises(BadSignatureError):
        CHECKPOINT.key().verify(read.signature, read.signed_bytes(b"CC1 grant"))
