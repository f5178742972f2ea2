"""Findings as they are stored: the outcome of every requirement, in a few letters each.

`{"elements": [{"id", "state", "outcomes": "c v1#0 no m …"}]}`, an element for each that a
requirement speaks of. An outcome is a letter for the verdict (c compliant, v violation,
b borderline, m not measured, n not applicable), the number of the row that decided if it is not
the first (-1: the condition decided, -2: no row), and `#` with the item of a repeat; or, for what
was not run at all, n or m and why: s other state, o other building status, d other build date,
u build date not known. The outcomes stand in the order of the ruleset, first those not run.

Everything else that a finding says is told from the stored body, the building as it was judged,
and the ruleset; none of these ever changes.
"""

from collections.abc import Mapping
from typing import Any

from field_schema.assessment import Assessment, Judged
from field_schema.errors import CatalogError
from field_schema.inspection import Inspection
from field_schema.outcome import read_outcome
from field_schema.ruleset import Building, Ruleset


def as_stored(assessment: Assessment) -> dict[str, Any]:
    """The findings of an assessment as one JSON-able document."""
    return {
        "elements": [
            {
                "id": str(seen.id),
                "state": seen.state,
                "outcomes": " ".join([outcome.code for outcome in outcomes]),
            }
            for seen, outcomes in assessment.judged
            if outcomes
        ]
    }


def read_stored(
    document: Mapping[str, Any], inspection: Inspection, ruleset: Ruleset, building: Building
) -> Assessment:
    """The assessment whose findings were stored; nothing is judged again.

    Raises CatalogError when the document was not made from this inspection by this ruleset.
    """
    stored = {(e["id"], e["state"]): e["outcomes"].split() for e in document["elements"]}
    judged: list[Judged] = []
    for observation in inspection.elements:
        plan = ruleset.plan(observation.type, observation.state, building)
        rules = [*(outcome.rule for outcome in plan.excluded), *plan.rules]
        codes = stored.get((str(observation.id), observation.state), [])
        if len(codes) != len(rules):
            raise CatalogError(
                f"element {observation.id}: {len(codes)} outcomes are stored, ruleset "
                f"{ruleset.digest} has {len(rules)} requirements for it; the findings belong to "
                "another ruleset or building: look the assessment up by its own digest"
            )
        try:
            outcomes = tuple(map(read_outcome, rules, codes))
        except ValueError as error:
            raise CatalogError(
                f"element {observation.id}: {error}; the stored findings are damaged: restore "
                "them from a backup, or judge the inspection again"
            ) from None
        judged.append((observation, outcomes))
    return Assessment(inspection, ruleset, building, tuple(judged))
