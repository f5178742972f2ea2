"""What was measured at an element, as one digest: equal digests are equal measurements."""

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from field_schema.form import Form
from field_schema.inspection import ElementObservation, Inspection


@dataclass(frozen=True, slots=True)
class MeasuredElement:
    """An element with how many measured values it has, and the digest of its type and of them."""

    element: UUID
    type: str
    values: int
    digest: str


def measured_elements(inspection: Inspection) -> list[MeasuredElement]:
    """Every element at which something was measured, each digest once.

    Only readings of an instrument count, in canonical units: how many doors there are, or whether
    there is a canopy, is the same at many sites.
    """
    found: dict[str, MeasuredElement] = {}
    for element in inspection.elements:
        values = _readings(element, inspection.form)
        if values:
            told = msgspec.json.encode([element.type, sorted(values.items())])
            digest = hashlib.sha256(told).hexdigest()
            measured = MeasuredElement(element.id, element.type, len(values), digest)
            found.setdefault(digest, measured)
    return list(found.values())


def _readings(element: ElementObservation, form: Form) -> dict[str, int]:
    questions = form.sections[element.type].measures
    values: dict[str, Any] = {}
    for name, answer in element.answers.items():
        if isinstance(answer, tuple):
            for n, item in enumerate(answer):
                values |= {f"{n}/{key}": value for key, value in item.items()}
        else:
            values[name] = answer
    return {
        name: value
        for name, value in values.items()
        if questions[name.rpartition("/")[2]].type == "measure"
    }
