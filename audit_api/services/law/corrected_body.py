"""An inspection's body with answers as they should have been; what was handed in stays as it is."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from field_schema.catalog import Catalog
from field_schema.form import STATES
from field_schema.inspection import Inspection, InvalidInspection, read_inspection

PERMANENT: Final = STATES[0]


@dataclass(frozen=True, slots=True)
class Correction:
    """One answer as it should have been, in the form's own notation.

    `measure` as findings have it ("runs.rise_mm"); `index` is the item of a repeat, from 0.
    """

    measure: str
    index: int | None
    answer: Any


def put_correction(body: dict[str, Any], about: UUID, correction: Correction) -> str | None:
    """Write an answer of the element `about`; its JSON pointer, or None when there is none."""
    for n, element in enumerate(body["elements"]):
        if UUID(element["id"]) == about and element.get("state", PERMANENT) == PERMANENT:
            return _put(element["answers"], f"/elements/{n}/answers", correction)
    return None


def read_corrected(
    body: dict[str, Any], corrections: Sequence[tuple[UUID, Correction]], catalog: Catalog
) -> Inspection:
    """The inspection with these answers of its elements; the first of one answer counts.

    One that the form does not allow beside those before it is left out: each was allowed alone.
    """
    inspection = read_inspection(body, catalog)
    done: set[str] = set()
    for element, correction in corrections:
        tried = copy.deepcopy(body)
        pointer = put_correction(tried, element, correction)
        if pointer is None or pointer in done:
            continue
        try:
            inspection = read_inspection(tried, catalog)
        except InvalidInspection:
            continue
        body = tried
        done.add(pointer)
    return inspection


def _put(answers: dict[str, Any], at: str, correction: Correction) -> str | None:
    group, _, question = correction.measure.rpartition(".")
    if group:
        items = answers.get(group)
        if not isinstance(items, list) or correction.index is None:
            return None
        if not 0 <= correction.index < len(items):
            return None
        answers, at = items[correction.index], f"{at}/{group}/{correction.index}"
    if question not in answers:
        return None
    before, new = answers[question], correction.answer
    if isinstance(before, dict) and isinstance(new, dict) and "instrument" in before:
        new = {"instrument": before["instrument"], **new}
    answers[question] = new
    return f"{at}/{question}"
