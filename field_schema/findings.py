"""Stored findings made whole again, with the released files that they name."""

from collections.abc import Mapping, Sequence
from typing import Any

from field_schema.assessment import answers_of, instruments_of, plain_reason
from field_schema.catalog import Catalog
from field_schema.ruleset import constants_of, group_of, measures_of


def expand_all(document: Mapping[str, Any], catalog: Catalog) -> list[dict[str, Any]]:
    """All findings of a stored document, whole, in their order. Raises as `expand` does."""
    return [
        expand(brief, element, catalog)
        for element in document["elements"]
        for brief in element["findings"]
    ]


def expand(brief: Sequence[Any], element: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    """A finding stored in brief, with all its members; `element` is the one it stands in.

    Exact for ever: the requirement it names is in a released file, which never changes. Raises
    CatalogError for a requirement that the catalog does not have.
    """
    rule, weight, verdict = brief[:3]
    told: Mapping[str, Any] = brief[3] if len(brief) > 3 else {}
    requirement = catalog.requirement(*rule.split("/"))
    questions = catalog.measures[requirement.element]
    index = told.get("index")
    excluded = told.get("excluded")
    answers, known, not_measured = {}, {}, {}
    if excluded is None:
        answers = answers_of(element["answers"], group_of(requirement), index)
        known, not_measured = element["instruments"], element["not_measured"]
    looked_at = measures_of(requirement)
    measured = {m: answers[m] for m in looked_at if m in answers}
    reason = {"code": excluded} if excluded else told.get("reason")
    row = next((r for r in requirement.rows if r.name == told.get("row")), requirement.rows[0])
    return {
        **constants_of(requirement, weight, row.must, questions),
        "element_id": element["id"],
        "element_type": requirement.element,
        "state": element["state"],
        "verdict": verdict,
        "row": told.get("row"),
        "index": index,
        "measured": measured,
        "tolerance": {m: questions[m].tolerance for m in measured if questions[m].tolerance},
        "instrument": instruments_of(known, looked_at, index),
        "reason": reason or plain_reason(verdict, looked_at, answers, not_measured),
    }
