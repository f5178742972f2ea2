"""Filters that name something: what lies outside the grants is as unknown as what is not."""

from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.domain.deadlines import today
from audit_api.http.auth import now
from audit_api.services import named_places
from audit_api.services.named_places import campaign_known, campaign_within, site_in_scope

__all__ = ["campaign_known", "campaign_within", "site_in_scope", "territories_in_scope"]


def territories_in_scope(
    session: Session, scope: Scope, code: str | None
) -> frozenset[UUID] | None:
    """The part of a named territory's subtree that lies in scope; NotFound when none does."""
    return named_places.territories_in_scope(session, scope, code, today(now()))
