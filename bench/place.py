"""A region to measure on: many stations, an inspector with a tablet, a prosecutor."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.vocabulary import Role
from audit_api.storage.campaigns import Campaign, Constituency, Milestone
from tests.factories import (
    CAMPAIGN,
    make_device,
    make_person,
    make_session_token,
    make_site,
    make_territory,
)

STATIONS = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Ids and tokens."""

    sites: list[UUID]
    device: UUID
    device_token: str
    prosecutor_token: str


def make_place(session: Session) -> Place:
    """One region, twenty aiyl aimaks, ten stations each."""
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
    sites = [make_site(session, aimaks[n % 20], 8000 + n) for n in range(STATIONS)]
    inspector = make_person(session, "inspector", [(Role.INSPECTOR, region)])
    prosecutor = make_person(session, "prosecutor", [(Role.PROSECUTOR, region)])
    device, token = make_device(session, inspector, "bench")
    return Place(sites, device, token, make_session_token(session, prosecutor))
