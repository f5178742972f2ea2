"""A stored assessment made whole again: what was judged, by the ruleset it was judged by."""

from datetime import date

import msgspec
from sqlalchemy.orm import Session

from audit_api.services.law.catalogs import ruleset_by_digest
from field_schema.assessment import Assessment
from field_schema.catalog import Catalog
from field_schema.findings import read_stored
from field_schema.inspection import read_inspection
from field_schema.ruleset import Building


def read_assessment(
    session: Session,
    catalog: Catalog,
    *,
    findings: str,
    body: str,
    ruleset: str,
    building: tuple[str, date | None, date | None],
) -> Assessment:
    """An assessment from its stored JSON texts; `ruleset` is the digest it names.

    Raises CatalogError when the ruleset cannot be built again.
    """
    return read_stored(
        msgspec.json.decode(findings),
        read_inspection(msgspec.json.decode(body), catalog),
        ruleset_by_digest(session, catalog, ruleset),
        Building(*building),
    )
