"""Recommendations: reference requirements not met at an element, kept in one list with it.

Advice has no decisions and no deadlines of its own, only the measurements that open and close it;
so it needs no rows of its own (docs/decisions/0012).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID, uuid5

from audit_api.domain.oversight.violations import RECOMMENDATION_MOVES, FindingLike, Move
from audit_api.domain.vocabulary import RecommendationState

Advice = dict[str, Any]
"""One recommendation: `rule` ("standard/edition/requirement"), `row`, `state`, `measured`,
`photos`, `campaign`, `first_seen_at`, `last_seen_at`, `inspection`, `inspectors` (first, last)."""

_IDS = UUID("6f0d2a52-92a5-4c0b-8f0a-3f8c4b1a7d11")


class Named(Protocol):
    """What has a name."""

    @property
    def name(self) -> str:
        """ "standard/edition/requirement"."""


class Advising(FindingLike, Protocol):
    """What is needed of a finding here."""

    @property
    def rule(self) -> "Named":
        """The requirement in its edition."""

    @property
    def row(self) -> str | None:
        """The row that decided."""

    @property
    def measured(self) -> Mapping[str, Any]:
        """What was measured."""


def id_of(element: UUID | str, rule: str) -> UUID:
    """The recommendation's id: an element has at most one for a rule."""
    return uuid5(_IDS, f"{element}/{rule}")


def follow(
    known: Sequence[Advice],
    findings: Sequence[Advising],
    visit: Mapping[str, str],
    photos_of: Callable[[Any], list[str]],
) -> list[Advice] | None:
    """What the reference findings of one visit make of an element's recommendations.

    `visit`: campaign, inspection, inspector and at, as text. None when nothing changes.
    """
    by_rule = {advice["rule"]: advice for advice in known}
    changed = False
    for finding in findings:
        rule = finding.rule.name
        before = by_rule.get(rule)
        step = RECOMMENDATION_MOVES.get((before["state"] if before else None, finding.verdict))
        if step is None:
            continue
        changed = True
        move, state = step
        advice: Advice = {
            "rule": rule,
            "row": finding.row,
            "state": state,
            "measured": finding.measured,
            "photos": photos_of(finding),
            "campaign": visit["campaign"],
            "first_seen_at": visit["at"],
            "last_seen_at": visit["at"],
            "inspection": visit["inspection"],
            "inspectors": [visit["inspector"], visit["inspector"]],
        }
        if before is not None:
            advice["first_seen_at"] = before["first_seen_at"]
            advice["inspectors"] = [before["inspectors"][0], visit["inspector"]]
            if move is not Move.REOPENED:
                advice["campaign"] = before["campaign"]
        by_rule[rule] = advice
    return list(by_rule.values()) if changed else None


def supersede(
    known: Sequence[Advice], no_longer: Collection[tuple[str, str]]
) -> list[Advice] | None:
    """An element's recommendations when editions (standard, edition) are no reference any more.

    None when nothing changes. Who looked last, and when, stays as it was.
    """
    ended = {"/".join(edition) for edition in no_longer}
    open_, superseded = RecommendationState.OPEN.value, RecommendationState.SUPERSEDED.value
    after = [
        {**advice, "state": superseded}
        if advice["state"] == open_ and advice["rule"].rpartition("/")[0] in ended
        else advice
        for advice in known
    ]
    return after if after != list(known) else None
