"""Judge one finding again with corrected answers; what was handed in stays as it is."""

import copy
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from audit_api.domain.errors import Fault, InvalidInput
from audit_api.domain.oversight.violations import key_of
from audit_api.services.law.catalogs import ruleset_by_digest
from audit_api.services.law.corrected_body import PERMANENT, Correction, put_correction
from audit_api.storage.oversight.adjudications import HeldCase, JudgedBody
from field_schema.assessment import Finding, assess
from field_schema.catalog import Catalog
from field_schema.inspection import InvalidInspection, read_inspection
from field_schema.ruleset import Building


def correct_finding(
    session: Session,
    catalog: Catalog,
    case: HeldCase,
    judged: JudgedBody,
    corrections: Sequence[Correction],
    language: str,
) -> Finding:
    """The finding of a violation as it would be with these answers, by the ruleset it was made by.

    Raises InvalidInput for what the form does not allow, what the requirement does not look at,
    and what changes nothing.
    """
    body = copy.deepcopy(msgspec.json.decode(judged.body))
    pointers: dict[str, int] = {}
    faults = []
    for n, correction in enumerate(corrections):
        pointer = put_correction(body, case.element, correction)
        if pointer is None:
            faults.append(
                Fault(
                    f"/corrections/{n}/measure",
                    "The finding's element has no such answer; take `measure` from the violation's "
                    "`measured`, and the item's `index` where it is repeated.",
                )
            )
        else:
            pointers[pointer] = n
    _refuse(faults)
    try:
        inspection = read_inspection(body, catalog)
    except InvalidInspection as invalid:
        raise InvalidInput(
            "The form does not allow the corrected answers.",
            faults=[
                Fault(_place(p.pointer, pointers), p.texts[language], p.code)
                for p in invalid.problems
            ],
        ) from None
    building = Building(judged.building_status, judged.built_on, judged.altered_on)
    assessment = assess(inspection, ruleset_by_digest(session, catalog, judged.ruleset), building)
    wanted = (case.element, case.standard, case.edition, case.requirement)
    finding = next(
        (f for f in assessment.findings if key_of(f) == wanted and f.state == PERMANENT), None
    )
    if finding is None:
        raise InvalidInput(
            "The assessment of this finding no longer has its requirement; read the violation "
            "again, a changed law may have superseded it."
        )
    _refuse(
        Fault(f"/corrections/{n}/measure", "The violated requirement does not look at this.")
        for n, correction in enumerate(corrections)
        if correction.measure not in finding.rule.measures
    )
    if msgspec.json.encode(finding.measured) == msgspec.json.encode(case.measured):
        raise InvalidInput(
            "The corrected answers are what the violation shows already. To let it stand, confirm."
        )
    return finding


def _refuse(faults: Any) -> None:
    found = list(faults)
    if found:
        raise InvalidInput("; ".join(f"{f.pointer}: {f.detail}" for f in found[:5]), faults=found)


def _place(pointer: str, pointers: dict[str, int]) -> str:
    for corrected, n in pointers.items():
        if pointer == corrected or pointer.startswith(f"{corrected}/"):
            return f"/corrections/{n}/answer{pointer.removeprefix(corrected)}"
    return "/corrections"
