"""Import an edition, and adopt one for a profile: what a lawyer does, each in one transaction."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from audit_api.domain import deadlines
from audit_api.domain.errors import Fault, ImportRefused, InvalidInput
from audit_api.domain.law.adoption import Decision, adopted_already, next_version
from audit_api.services.law.catalogs import CatalogKeeper, keep_ruleset
from audit_api.storage import audit_log
from audit_api.storage.law.amending import AffectedCampaign, open_campaigns
from audit_api.storage.law.documents import AdoptionRecord, add_document, hold_catalog
from field_schema.catalog import Catalog, CatalogError
from field_schema.imported import EDITION, PROFILE, document, extended, parse_edition
from field_schema.proofreading import proofread
from field_schema.standard import Standard


@dataclass(frozen=True, slots=True)
class ImportedEdition:
    """An edition that is in the database now. `new` is False when these bytes were there."""

    edition: Standard
    sha256: str
    new: bool
    doubts: tuple[str, ...]


def import_edition(
    session: Session,
    keeper: CatalogKeeper,
    data: bytes,
    *,
    person: UUID | None,
    at: datetime,
) -> ImportedEdition:
    """Store an edition's file by its digest; the same bytes again change nothing.

    Raises ImportRefused with all mistakes, also for other bytes of an edition that is there.
    """
    hold_catalog(session)
    catalog = keeper.current(session)
    new = document(EDITION, "", data)
    for kind, _, digest, known in catalog.documents():
        if kind == EDITION and digest == new[2]:
            edition = parse_edition(known, catalog.measures)
            return ImportedEdition(edition, digest, False, ())
    mistakes = proofread(data, catalog, today=deadlines.today(at))
    if any(not mistake.doubt for mistake in mistakes):
        raise ImportRefused(
            "Nothing was stored.",
            faults=[Fault(m.where, str(m)) for m in mistakes if not m.doubt],
        )
    edition = parse_edition(data, catalog.measures)
    name = f"{edition.id}/{edition.edition}"
    add_document(session, EDITION, name, new[2], data, person=person, at=at)
    audit_log.record(session, "edition_imported", name, at=at, person=person, sha256=new[2])
    return ImportedEdition(edition, new[2], True, tuple(str(m) for m in mistakes))


@dataclass(frozen=True, slots=True)
class Adopted:
    """An adoption that is recorded. `new` is False when this decision was recorded before.

    `campaigns`: those that are open and whose election day the adoption covers.
    """

    catalog: Catalog
    new: bool
    campaigns: tuple[AffectedCampaign, ...]


def adopt_edition(
    session: Session, keeper: CatalogKeeper, decision: Decision, *, person: UUID, at: datetime
) -> Adopted:
    """Record a named decision: the profile's next version, and the rulesets that come of it.

    Raises InvalidInput with everything that is wrong.
    """
    hold_catalog(session)
    catalog = keeper.current(session)
    campaigns = open_campaigns(session, decision.profile, deadlines.REPAIR_MILESTONE)
    profile = catalog.profiles.get(decision.profile)
    if profile is not None and adopted_already(profile, decision):
        return Adopted(catalog, False, _covered(campaigns, catalog, decision))
    data = next_version(catalog, decision)
    added = document(PROFILE, decision.profile, data)
    try:
        newer = extended(catalog, [added], catalog.version + 1)
    except CatalogError as error:
        raise InvalidInput(str(error)) from None
    faults = list(_left_without(newer, campaigns, decision))
    if faults:
        raise InvalidInput("The edition is not adopted; nothing was stored.", faults=faults)
    add_document(session, *added, person=person, at=at)
    session.execute(
        insert(AdoptionRecord).values(
            profile=decision.profile,
            standard=decision.standard,
            edition=decision.edition,
            replaces=decision.replaces,
            weight=decision.weight,
            in_force_from=decision.since,
            decision_number=decision.number,
            decision_date=decision.decided_on,
            document=bytes.fromhex(added[2]),
            recorded_at=at,
            recorded_by=person,
        )
    )
    for campaign in campaigns:
        ruleset = newer.ruleset(campaign.profile, campaign.election_day)
        keep_ruleset(session, ruleset, newer, at)
    audit_log.record(
        session,
        "edition_adopted",
        f"{decision.standard}/{decision.edition}",
        at=at,
        person=person,
        profile=decision.profile,
        weight=decision.weight,
        in_force_from=decision.since,
        replaces=decision.replaces,
        decision=decision.number,
        document=added[2],
    )
    return Adopted(newer, True, _covered(campaigns, newer, decision))


def _left_without(
    catalog: Catalog, campaigns: list[AffectedCampaign], decision: Decision
) -> list[Fault]:
    """The open campaigns that could judge nothing any more under the new version."""
    faults = []
    for campaign in campaigns:
        try:
            catalog.ruleset(campaign.profile, campaign.election_day)
        except CatalogError:
            told = (
                f"the open campaign {campaign.id} votes on {campaign.election_day}, when "
                f"{decision.standard} would not be in force, so nothing could be judged; "
                "choose an earlier day, close the campaign, or give it a profile of its own"
            )
            faults.append(Fault("--from", told, "gap"))
    return faults


def _covered(
    campaigns: list[AffectedCampaign], catalog: Catalog, decision: Decision
) -> tuple[AffectedCampaign, ...]:
    """The campaigns that vote while the adopted edition is in force."""

    def covers(day: date) -> bool:
        found = catalog.profile(decision.profile).in_force(decision.standard, day)
        return found is not None and found.edition == decision.edition

    return tuple(c for c in campaigns if covers(c.election_day))
