"""Corrected answers: what a correction comes to, and which of them stand for an inspection."""

from collections.abc import Sequence
from typing import Final, Protocol, TypeVar
from uuid import UUID

from audit_api.domain.vocabulary import AdjudicationDecision

TO_BREACH: Final = "correct_to_breach"
TO_WITHIN: Final = "correct_to_within"
TO_UNSURE: Final = "correct_to_unsure"
"""The moves of a violation's life that a correction can come to."""


class DecisionLike(Protocol):
    """What is needed of an adjudication here."""

    @property
    def violation(self) -> UUID:
        """The violation it is about."""

    @property
    def move(self) -> str:
        """The move of the violation's life."""


D = TypeVar("D", bound=DecisionLike)


def standing_corrections(decisions: Sequence[D]) -> list[D]:
    """Of the decisions on one revision, in their order, the corrections that stand; newest first.

    Of each violation its last one. Who confirms behind a correction that was not sure lets the
    reading stand as it was handed in; behind a sure one the corrected value is what is confirmed.
    """
    standing: dict[UUID, D] = {}
    for decision in decisions:
        if decision.move in (TO_BREACH, TO_WITHIN, TO_UNSURE):
            standing.pop(decision.violation, None)
            standing[decision.violation] = decision
        elif decision.move == AdjudicationDecision.CONFIRM:
            before = standing.get(decision.violation)
            if before is not None and before.move == TO_UNSURE:
                del standing[decision.violation]
    return list(standing.values())[::-1]
