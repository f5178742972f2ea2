"""Every code of the closed lists has words, and every word's code is one of them."""

from enum import StrEnum

import pytest

from audit_api.domain.oversight.escalation import EscalationStep
from audit_api.domain.vocabulary import (
    ActState,
    BuildingStatus,
    RecommendationState,
    Severity,
    TaskState,
    TaskTrack,
    UserGroup,
    ViolationState,
    Waiting,
    Weight,
)
from audit_api.services.list_files.codes import WORDS
from field_schema.catalog import load_catalog
from field_schema.standard import CONFIDENCES

LISTS: dict[str, type[StrEnum]] = {
    "violation": ViolationState,
    "recommendation": RecommendationState,
    "task": TaskState,
    "track": TaskTrack,
    "escalation": EscalationStep,
    "act": ActState,
    "waiting": Waiting,
    "severity": Severity,
    "group": UserGroup,
    "weight": Weight,
    "building": BuildingStatus,
}


@pytest.mark.parametrize("kind", LISTS)
def test_every_code_has_words_of_its_own(kind: str) -> None:
    assert set(WORDS[kind]) == {code.value for code in LISTS[kind]}
    assert len(set(WORDS[kind].values())) == len(WORDS[kind])


def test_every_confidence_has_words() -> None:
    assert set(WORDS["confidence"]) == set(CONFIDENCES)
    assert set(WORDS) == {*LISTS, "confidence", "edition"}


def test_every_edition_is_a_year_or_a_day_or_has_words() -> None:
    named = {edition for _, edition in load_catalog().standards}
    assert {edition for edition in named if not edition[:1].isdigit()} == set(WORDS["edition"])
