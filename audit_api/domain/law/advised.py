"""A stored recommendation with everything that its requirement says of it."""

from typing import Any

from audit_api.domain.law.recommendations import id_of
from audit_api.domain.vocabulary import Weight
from field_schema.catalog import Catalog
from field_schema.reasons import recalled_mark
from field_schema.ruleset import constants_of


def spelled_out(item: dict[str, Any], catalog: Catalog) -> dict[str, Any]:
    """The item of a list, its `advice` replaced by what it stands for. Takes the item over.

    Raises CatalogError for a requirement that the catalog lacks.
    """
    advice = item.pop("advice")
    standard, edition, name = advice["rule"].split("/")
    requirement = catalog.requirement(standard, edition, name)
    questions = catalog.measures[requirement.element]
    row = next((r for r in requirement.rows if r.name == advice["row"]), requirement.rows[0])
    said = constants_of(requirement, Weight.REFERENCE, row.must, questions)
    said["user_groups"] = said.pop("groups")
    told = ("state", "measured", "photos", "campaign", "first_seen_at", "last_seen_at")
    item |= {name: advice[name] for name in (*told, "inspection")} | said
    item["tolerance"] = {
        measure: questions[measure].tolerance
        for measure in advice["measured"]
        if questions[measure].tolerance
    }
    item["recalled"] = recalled_mark(requirement.cite.confidence)
    return {"id": str(id_of(item["element"], advice["rule"])), **item}
