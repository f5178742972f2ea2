"""Stored findings made whole again from the released files they name."""

from collections.abc import Mapping
from typing import Any

from field_schema.catalog import Catalog
from field_schema.ruleset import constants_of


def expand(finding: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    """A stored finding with all members, whether it was stored in full or in brief.

    Exact for ever: the requirement it names is in a released file, which never changes. Raises
    CatalogError for a requirement that the catalog does not have.
    """
    if "required" in finding:
        return dict(finding)
    requirement = catalog.requirement(
        finding["standard"], finding["edition"], finding["requirement"]
    )
    questions = catalog.measures[requirement.element]
    row_name = finding.get("row")
    row = next((r for r in requirement.rows if r.name == row_name), requirement.rows[0])
    measured = finding.get("measured", {})
    return {
        **constants_of(requirement, finding["weight"], row.must, questions),
        "element_id": finding["element_id"],
        "element_type": requirement.element,
        "state": finding["state"],
        "verdict": finding["verdict"],
        "row": row_name,
        "index": finding.get("index"),
        "measured": measured,
        "tolerance": {m: questions[m].tolerance for m in measured if questions[m].tolerance},
        "instrument": finding.get("instrument", {}),
        "reason": finding.get("reason", {"code": "complies"}),
    }
