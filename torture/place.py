"""Where the torture happens: a region with tablets in it, made as people make it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.vocabulary import Role
from audit_api.services.enrol_device import issue_code
from audit_api.storage.places.campaigns import Campaign, Constituency, Milestone
from audit_api.storage.sync import feed
from tests.factories import (
    CAMPAIGN,
    make_person,
    make_site,
    make_territory,
)

DISTRICTS = 2
AIMAKS = 2
"""In each district."""
SITES = 8
"""In each aimak."""


@dataclass(frozen=True, slots=True)
class Inspector:
    """One inspector and the tablet: where the work is, and where it is not."""

    person: UUID
    code: str
    """Enrols the tablet, once."""
    grants: tuple[tuple[str, UUID], ...]
    """Code and id of the territories of the inspector's grants."""
    sites: tuple[UUID, ...]
    foreign: tuple[UUID, ...]
    """Sites that lie in no grant."""


@dataclass(frozen=True, slots=True)
class Place:
    """What was made."""

    inspectors: tuple[Inspector, ...]
    sites: tuple[UUID, ...]


def make_place(session: Session, tablets: int) -> Place:
    """One region, two districts with two aimaks each, eight stations an aimak, inspectors.

    Even inspectors have a district, odd ones two aimaks of different districts: scopes overlap.
    """
    region = make_territory(session, "R", "region", None, "Region")
    names = {"name_ky": "Шайлоо", "name_ru": "Выборы", "name_en": "Elections"}
    session.add(
        Campaign(
            id=CAMPAIGN,
            election_day=date(2021, 11, 28),
            territory_id=region,
            profile="kg-demo-2021",
            forms=["ramp/1", "station/1"],
            **names,
        )
    )
    session.flush()
    session.add(Milestone(campaign_id=CAMPAIGN, id="remediation_due", days_before=10, **names))
    session.add(Constituency(campaign_id=CAMPAIGN, number=1, **names))
    session.flush()
    districts: list[tuple[str, UUID]] = []
    aimaks: list[list[tuple[str, UUID]]] = []
    sites: dict[str, list[UUID]] = {}
    for d in range(DISTRICTS):
        district = make_territory(session, f"D{d}", "district", region, f"District {d}")
        districts.append((f"D{d}", district))
        aimaks.append([])
        for a in range(AIMAKS):
            code = f"D{d}A{a}"
            aimak = make_territory(session, code, "aiyl_aimak", district, f"Aimak {d}.{a}")
            aimaks[d].append((code, aimak))
            first = 100 * d + 10 * a + 1
            sites[code] = [make_site(session, aimak, first + n) for n in range(SITES)]
    every = [site for those in sites.values() for site in those]
    feed.publish(session, site=every)
    inspectors = []
    for n in range(tablets):
        if n % 2 == 0:
            d = n // 2 % DISTRICTS
            grants = [districts[d]]
            within = [code for code, _ in aimaks[d]]
        else:
            grants = [aimaks[0][n // 2 % AIMAKS], aimaks[1][(n // 2 + 1) % AIMAKS]]
            within = [code for code, _ in grants]
        person = make_person(
            session, f"inspector.{n}", [(Role.INSPECTOR, territory) for _, territory in grants]
        )
        code = issue_code(session, person, lifetime=timedelta(hours=1), at=datetime.now(UTC))
        own = [site for code in within for site in sites[code]]
        inspectors.append(
            Inspector(
                person,
                code,
                tuple(grants),
                tuple(own),
                tuple(site for site in every if site not in own),
            )
        )
    return Place(tuple(inspectors), tuple(every))
