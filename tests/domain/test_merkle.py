"""The log's tree is the one of RFC 6962, and its right edge is all that it needs to grow."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.domain.evidence.merkle import EMPTY_ROOT, Tree


def root_by_the_book(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word: recursive, from all leaves."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    left, right = root_by_the_book(leaves[:k]), root_by_the_book(leaves[k:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_of(leaves: list[bytes]) -> Tree:
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree


def test_the_roots_are_those_of_the_test_vectors_of_certificate_transparency() -> None:
    leaves = [bytes.fromhex(h) for h in ("", "00", "10", "2021", "3031", "40414243")]
    assert EMPTY_ROOT.hex().startswith("e3b0c44298fc1c14")
    roots = [tree_of(leaves[:n]).root().hex()[:16] for n in (1, 2, 3, 6)]
    assert roots == ["6e340b9cffb37a98", "fac54203e7cc696c", "aeb6bcfe274b70a1", "76e67dadbcdf1e10"]


@given(st.lists(st.binary(max_size=40), max_size=70))
def test_any_leaves_give_the_root_of_the_definition(leaves: list[bytes]) -> None:
    assert tree_of(leaves).root() == root_by_the_book(leaves)


@given(st.lists(st.binary(max_size=40), max_size=70), st.integers(0, 70))
def test_a_tree_goes_on_from_its_edge(leaves: list[bytes], cut: int) -> None:
    first = tree_of(leaves[:cut])
    tree = Tree.from_bytes(first.size, first.to_bytes())
    for leaf in leaves[cut:]:
        tree.append(leaf)
    assert tree.root() == root_by_the_book(leaves)


def test_a_million_leaves_leave_an_edge_of_a_few_hashes() -> None:
    assert len(Tree(1_000_000, [b"\0" * 32] * 7).to_bytes()) == 7 * 32


@pytest.mark.parametrize("size", [0, 1, 6])
def test_an_edge_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="full subtrees"):
        Tree.from_bytes(size, b"\0" * 32 * 5)
