"""What an inspection comes to once supervision has corrected and overturned some of it."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from audit_api.domain.oversight.corrections import standing_corrections
from audit_api.services.law.catalogs import ruleset_by_digest
from audit_api.services.law.corrected_body import Correction, read_corrected
from audit_api.storage.law.amending import decisions_of
from audit_api.storage.oversight import adjudicated_scores
from audit_api.storage.oversight.adjudications import judged_body
from field_schema.assessment import assess
from field_schema.catalog import Catalog
from field_schema.ruleset import Building
from field_schema.scoring import score


def score_anew(
    session: Session, catalog: Catalog, inspection: UUID, rev: int, *, at: datetime
) -> None:
    """Score a revision by its newest ruleset, with every decision that stands.

    Written beside the assessment, which stays one of what was handed in. Nothing is written where
    no decision changes an answer or overturns a violation, and none ever did.
    """
    corrections = [
        (decision.element, Correction(**said))
        for decision in standing_corrections(decisions_of(session, inspection, rev))
        for said in decision.corrections or ()
    ]
    overturned = adjudicated_scores.overturned_at(session, inspection, rev)
    if not (corrections or overturned or adjudicated_scores.has_score(session, inspection, rev)):
        return
    judged = judged_body(session, inspection, rev)
    body = msgspec.json.decode(judged.body)
    assessment = assess(
        read_corrected(body, corrections, catalog),
        ruleset_by_digest(session, catalog, judged.ruleset),
        Building(judged.building_status, judged.built_on, judged.altered_on),
    )
    adjudicated_scores.add_score(
        session,
        inspection,
        rev,
        judged.ruleset,
        score(assessment, overturned=overturned),
        at=at,
    )
