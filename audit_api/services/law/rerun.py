"""Judge stored inspections once more by the rulesets they were judged by: nothing may differ."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from audit_api.services.law.catalogs import ruleset_by_digest
from audit_api.storage.law.rulesets import StoredAssessment, stored_assessments
from field_schema.assessment import assess
from field_schema.catalog import Catalog, CatalogError
from field_schema.findings import as_stored
from field_schema.inspection import read_inspection
from field_schema.ruleset import Building, Ruleset
from field_schema.scoring import score


@dataclass(frozen=True, slots=True)
class Rerun:
    """One assessment judged once more; `differs` says what is not the same, empty when all is."""

    inspection: UUID
    rev: int
    ruleset: str
    differs: str


def rerun(session: Session, catalog: Catalog, only: UUID | None = None) -> Iterator[Rerun]:
    """Judge every stored assessment again, of one inspection or of all, and compare to the byte."""
    rulesets: dict[str, Ruleset | str] = {}
    for stored in stored_assessments(session, only):
        if stored.digest not in rulesets:
            rulesets[stored.digest] = _ruleset(session, catalog, stored.digest)
        ruleset = rulesets[stored.digest]
        differs = ruleset if isinstance(ruleset, str) else _compare(stored, ruleset, catalog)
        yield Rerun(stored.inspection, stored.rev, stored.digest, differs)


def _ruleset(session: Session, catalog: Catalog, digest: str) -> Ruleset | str:
    """The ruleset of a digest, or why there is none."""
    try:
        return ruleset_by_digest(session, catalog, digest)
    except CatalogError as error:
        return str(error)


def _compare(stored: StoredAssessment, ruleset: Ruleset, catalog: Catalog) -> str:
    if stored.building_status is None:
        building = Building(stored.site_status, stored.site_built_on, stored.site_altered_on)
    else:
        building = Building(stored.building_status, stored.built_on, stored.altered_on)
    inspection = read_inspection(msgspec.json.decode(stored.body), catalog)
    assessment = assess(inspection, ruleset, building)
    differing = [
        name
        for name, was, now in (
            ("findings", stored.findings, as_stored(assessment)),
            ("score", stored.score, score(assessment).as_json()),
        )
        if was != _text(now)
    ]
    return f"{' and '.join(differing)} differ" if differing else ""


def _text(document: Any) -> str:
    return msgspec.json.encode(document).decode()
