"""What every verdict says besides what is stored of it: its tolerance, and whether it is recalled.

Both stand in released files, which never change; so they are told when somebody reads.
"""

from typing import Any

import msgspec

from field_schema.catalog import Catalog
from field_schema.reasons import recalled_mark


def complete(case: dict[str, Any], catalog: Catalog) -> dict[str, Any]:
    """The case with `tolerance`, by measure in its unit, and `recalled`, words or null.

    `case` has standard, edition, requirement, confidence and measured; it is changed.
    """
    found = catalog.requirement(case["standard"], case["edition"], case["requirement"])
    questions = catalog.measures[found.element]
    case["tolerance"] = {
        measure: questions[measure].tolerance
        for measure in case["measured"] or ()
        if questions[measure].tolerance
    }
    case["recalled"] = recalled_mark(case["confidence"])
    return case


def completed(doc: str, catalog: Catalog) -> str:
    """The same for a case as JSON text."""
    return msgspec.json.encode(complete(msgspec.json.decode(doc), catalog)).decode()
