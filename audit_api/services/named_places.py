"""What filters name: outside the grants it is as unknown as what does not exist."""

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.domain.errors import NotFound
from audit_api.storage.places.campaigns import Campaign, Station
from audit_api.storage.places.places import Site
from audit_api.storage.places.territory_tree import subtree_of


def territories_in_scope(
    session: Session, scope: Scope, code: str | None, today: date
) -> frozenset[UUID] | None:
    """The part of a named territory's subtree that lies in scope; NotFound when none does."""
    if code is None:
        return None
    inside = subtree_of(session, code, today) & scope.all_territories
    if not inside:
        raise NotFound
    return inside


def site_in_scope(session: Session, scope: Scope, site: UUID | None) -> None:
    """NotFound unless the named site lies in scope."""
    if site is not None and not session.scalar(
        select(Site.id).where(Site.id == site, Site.territory_id.in_(scope.all_territories))
    ):
        raise NotFound


def campaign_known(session: Session, scope: Scope, campaign: str | None) -> None:
    """NotFound unless a station of the named campaign lies in scope."""
    if campaign is not None and not session.scalar(
        select(Campaign.id)
        .where(Campaign.id == campaign)
        .where(
            select(Station.number)
            .join(Site, Site.id == Station.site_id)
            .where(Station.campaign_id == campaign, Site.territory_id.in_(scope.all_territories))
            .exists()
        )
    ):
        raise NotFound


def campaign_within(session: Session, scope: Scope, campaign: str) -> None:
    """NotFound unless the campaign's whole territory lies in scope."""
    inside = Campaign.territory_id.in_(scope.territories)
    if session.scalar(select(Campaign.id).where(Campaign.id == campaign, inside)) is None:
        raise NotFound
