"""One requirement as a lawyer reads it: its text, its weight, its history, worked examples."""

from typing import Any

from audit_api.http.law.catalog_words import adoption_json, adoptions_of
from audit_api.http.law.released import Released
from field_schema.reasons import comparisons_in_words, recalled_mark
from field_schema.ruleset import measures_of
from field_schema.standard import Requirement, Row
from field_schema.strict_file import LANGUAGES
from field_schema.wording import Questions, conditions_in_words, spelled, threshold_in_words

Json = dict[str, Any]


def address_of(requirement: Requirement) -> str:
    """Where a requirement is read."""
    cite = requirement.cite
    return f"/api/v1/requirements/{cite.standard}/{cite.edition}/{requirement.id}"


def summary(requirement: Requirement, found: Released) -> Json:
    """What lists show of a requirement. Kept: made once for each catalog."""
    cite = requirement.cite
    key = ("requirement", cite.standard, cite.edition, requirement.id)
    if key not in found.pages:
        questions = found.catalog.measures[requirement.element]
        found.pages[key] = {
            "id": requirement.id,
            "standard": cite.standard,
            "edition": cite.edition,
            "element": requirement.element,
            "title": dict(requirement.title),
            "threshold": threshold_in_words(requirement, questions),
            "clause": cite.clause,
            "clause_hint": cite.clause_hint,
            "confidence": cite.confidence,
            "recalled": recalled_mark(cite.confidence),
            "groups": list(requirement.groups),
            "severity": requirement.severity,
            "weights": [
                adoption_json(profile, adoption, requirement)
                for profile, adoption in adoptions_of(found.catalog, cite.standard, cite.edition)
            ],
            "sha256": found.document_of(cite.standard, cite.edition, requirement.id).sha256,
            "address": address_of(requirement),
        }
    page: Json = found.pages[key]
    return page


def whole(requirement: Requirement, found: Released) -> Json:
    """Everything that is known of a requirement."""
    cite = requirement.cite
    place = (cite.standard, cite.edition, requirement.id)
    source = found.document_of(*place)
    questions = found.catalog.measures[requirement.element]
    shown = found.examples_of(*place)
    standard = found.catalog.standards[cite.standard, cite.edition]
    return summary(requirement, found) | {
        "standard_title": dict(standard.title),
        "standard_status": standard.status,
        "severity_basis": _row_of(source.content, requirement.id)["severity_basis"],
        "ky_status": source.content["ky_status"],
        "provenance": {
            "url": cite.url,
            "confidence": cite.confidence,
            "recalled": recalled_mark(cite.confidence),
            "checked_on": cite.checked_on.isoformat(),
            "facts": list(cite.facts),
            "note": cite.note,
        },
        "applies": {
            "building": list(requirement.buildings),
            "state": list(requirement.states),
            "built_before": _day(requirement.built_before),
            "built_from": _day(requirement.built_from),
        },
        "when": spelled(requirement, requirement.when, questions),
        "conditions": conditions_in_words(requirement, questions),
        "rows": [_row(requirement, row, questions) for row in requirement.rows],
        "measures": {m: _measure(m, questions) for m in measures_of(requirement)},
        "printed": requirement.printed.text if requirement.printed else None,
        "remedies": [
            {"kind": r.kind, "text": dict(r.text), "conditions": r.conditions}
            for r in requirement.remedies
        ],
        "history": _history(requirement, found),
        "examples": _examples(shown[1]) if shown else [],
        "source": source.as_json,
        "examples_source": shown[0].as_json if shown else None,
    }


def _day(value: Any) -> str | None:
    return value.isoformat() if value else None


def _row_of(content: Json, name: str) -> Json:
    found: Json = next(row for row in content["requirements"] if row["id"] == name)
    return found


def _row(requirement: Requirement, row: Row, questions: Questions) -> Json:
    when, must = (spelled(requirement, part, questions) for part in (row.when, row.must))
    return {
        "row": row.name,
        "when": when,
        "must": must,
        "threshold": {
            language: comparisons_in_words(must, questions, language) for language in LANGUAGES
        },
    }


def _measure(name: str, questions: Questions) -> Json:
    question = questions[name]
    return {
        "name": dict(question.name),
        "type": question.type,
        "unit": question.unit,
        "tolerance": question.tolerance,
    }


def _history(requirement: Requirement, found: Released) -> list[Json]:
    """The requirement of this id in every edition of its standard, this one too."""
    history = []
    for (standard, edition), other in found.catalog.standards.items():
        same = other.requirements.get(requirement.id)
        if standard == requirement.cite.standard and same is not None:
            known = summary(same, found)
            members = ("threshold", "clause", "clause_hint", "confidence", "recalled", "sha256")
            history.append(
                {"edition": edition, "status": other.status}
                | {name: known[name] for name in members}
                | {"adopted": known["weights"], "address": known["address"]}
            )
    return history


def _examples(block: Json) -> list[Json]:
    """The worked examples, each with everything it needs to be judged alone."""
    usual = {
        "building": block["building"],
        "built_on": block.get("built_on"),
        "state": block.get("state", "permanent"),
        "row": None,
        "index": None,
        "reason": None,
    }
    return [usual | case for case in block["cases"]]
