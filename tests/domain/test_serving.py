"""What may be served, what becomes of a list, and the one spelling of a document."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.domain.evidence.canonical import canonical_json
from audit_api.domain.oversight.serving import reason_in_words, since, why_not
from audit_api.domain.vocabulary import NotReady, ViolationState

A, B, C, D = (UUID(int=n) for n in (1, 2, 3, 4))


@pytest.mark.parametrize("state", ViolationState, ids=str)
def test_only_what_is_confirmed_may_be_served(state: ViolationState) -> None:
    refused = [] if state is ViolationState.CONFIRMED else [NotReady.NOT_CONFIRMED]
    assert why_not(state, ["a"], []) == refused
    assert why_not(state, [], []) == [*refused, NotReady.NO_PHOTO]
    assert why_not(state, ["a", "b"], ["b"]) == [*refused, NotReady.ORIGINALS_MISSING]


@pytest.mark.parametrize("reason", NotReady, ids=str)
def test_every_reason_has_words_in_three_languages(reason: NotReady) -> None:
    said = reason_in_words(reason, "open", ["abc"])
    assert said.keys() == {"ky", "ru", "en"}
    assert all("{" not in text for text in said.values())


@pytest.mark.parametrize(
    ("state", "became"),
    [
        ("closed", "fixed"),
        ("overturned", "dropped"),
        ("superseded", "dropped"),
        ("open", "left_out"),
        ("contested", "left_out"),
        ("confirmed", "left_out"),
        ("remedied", "left_out"),
    ],
)
def test_what_is_no_more_in_the_list_is_told_by_its_state(state: str, became: str) -> None:
    found = since({A: state}, [B], served_before=[], anew=[])
    assert getattr(found, became) == (A,)
    assert found.new == (B,)
    told = (found.fixed, found.dropped, found.left_out, found.reopened, found.unchanged)
    assert sum(map(len, told)) == 1


def test_what_was_served_before_is_unchanged_or_open_again() -> None:
    found = since(
        {A: "confirmed", B: "confirmed"}, [A, B, C, D], served_before=[A, B, C], anew=[B, C]
    )
    assert (found.unchanged, found.reopened, found.new) == ((A,), (B, C), (D,))
    assert found.fixed == found.dropped == found.left_out == ()


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def _shuffled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shuffled(value[name]) for name in reversed(value)}
    return [_shuffled(inner) for inner in value] if isinstance(value, list) else value


@given(_VALUES)
def test_a_document_has_one_spelling_whatever_the_order_of_its_members(value: Any) -> None:
    document = canonical_json(value)
    assert canonical_json(_shuffled(value)) == document
    assert json.loads(document) == value


@pytest.mark.parametrize("value", [1.5, {"a": [0.0]}, [{"b": float("nan")}]])
def test_a_fraction_has_no_place_in_a_document(value: Any) -> None:
    with pytest.raises(TypeError, match="whole number"):
        canonical_json(value)
