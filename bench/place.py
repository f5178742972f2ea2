"""A region to measure on: many stations, an inspector with a tablet, a prosecutor."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import insert
from sqlalchemy.orm import Session

from audit_api.domain.vocabulary import Role
from audit_api.storage.places.campaigns import Campaign, Constituency, Milestone, Station
from audit_api.storage.places.places import Site
from tests.factories import (
    AT,
    CAMPAIGN,
    make_device,
    make_person,
    make_session_token,
    make_territory,
)

STATIONS = 9_000
"""One for each inspection that is pushed: first visits, as in a campaign."""


@dataclass(frozen=True, slots=True)
class Place:
    """Ids and tokens."""

    sites: list[UUID]
    device: UUID
    device_token: str
    tokens: dict[Role, str]


def make_place(session: Session, stations: int = STATIONS) -> Place:
    """One region, twenty aiyl aimaks, and the stations spread over them."""
    region = make_territory(session, "R", "region", None, "Region")
    aimaks = [
        make_territory(session, f"A{n:02}", "aiyl_aimak", region, f"Aimak {n}") for n in range(20)
    ]
    names = {"name_ky": "Шайлоо", "name_ru": "Выборы", "name_en": "Elections"}
    session.add(
        Campaign(
            id=CAMPAIGN,
            election_day=date(2021, 11, 28),
            territory_id=region,
            profile="kg-demo-2021",
            forms=["station/1"],
            **names,
        )
    )
    session.flush()
    session.add(Milestone(campaign_id=CAMPAIGN, id="remediation_due", days_before=10, **names))
    session.add(Constituency(campaign_id=CAMPAIGN, number=1, **names))
    session.flush()
    sites = _sites(session, aimaks, stations)
    inspector = make_person(session, "inspector", [(Role.INSPECTOR, region)])
    device, token = make_device(session, inspector, "bench")
    tokens = {
        role: make_session_token(session, make_person(session, role.value, [(role, region)]))
        for role in (Role.PROSECUTOR, Role.TECHNICAL_SUPERVISOR, Role.COORDINATOR)
    }
    return Place(sites, device, token, tokens)


def _sites(session: Session, aimaks: list[UUID], stations: int) -> list[UUID]:
    sites = [uuid4() for _ in range(stations)]
    session.execute(
        insert(Site),
        [
            {
                "id": site,
                "name_ky": f"Мектеп {n}",
                "name_ru": f"Школа {n}",
                "name_en": f"School {n}",
                "address": "",
                "lat": 40.0,
                "lon": 70.0,
                "territory_id": aimaks[n % len(aimaks)],
                "building_status": "existing",
                "built_on": date(1975, 1, 1),
                "synthetic": ["name"],
                "updated_at": AT,
                "rev": 1,
            }
            for n, site in enumerate(sites)
        ],
    )
    session.execute(
        insert(Station),
        [
            {
                "campaign_id": CAMPAIGN,
                "number": n + 1,
                "site_id": site,
                "voters": 1000,
                "constituency_number": 1,
            }
            for n, site in enumerate(sites)
        ],
    )
    return sites
