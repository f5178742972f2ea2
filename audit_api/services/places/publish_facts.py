"""Open a campaign's established facts to the public, or close them again: a named decision."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.storage import audit_log
from audit_api.storage.places.publications import add_publication, is_public


def publish_facts(
    session: Session, campaign: str, *, public: bool, reason: str, by: UUID, at: datetime
) -> bool:
    """Decide; False when that is how it stands already, and nothing is written."""
    if is_public(session, campaign) == public:
        return False
    add_publication(session, campaign, public=public, reason=reason, by=by, at=at)
    audit_log.record(
        session, "facts_published" if public else "facts_withdrawn", campaign, at=at, person=by
    )
    return True
