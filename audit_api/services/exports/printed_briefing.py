"""The headquarters' page of the morning."""

from datetime import date
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from audit_api.domain.access import Noun, scope_of
from audit_api.papers.briefing import briefing
from audit_api.services.exports.making import Made, Making
from audit_api.services.exports.sealing import seal_view, view_of
from audit_api.services.named_places import campaign_known
from audit_api.storage.lists.progress import progress, station_points
from audit_api.storage.lists.task_figures import task_figures
from audit_api.storage.places.campaigns import Campaign


def print_briefing(making: Making) -> Made:
    """The figures of a campaign and a map, on one page."""
    campaign = making.filters["campaign"]
    with making.tools.database.snapshot() as session:
        campaign_known(session, making.scope, campaign)
        content = view_of(session, making) | {"document": "briefing/2"}
        content |= figures(session, making, campaign)
        points, areas = station_points(
            session,
            making.scope,
            scope_of(making.actor, Noun.VIOLATIONS),
            campaign,
            today=making.today,
        )
    content |= {"points": points, "areas": areas}
    return seal_view(
        making,
        content,
        lambda say: briefing(say, content),
        rows=content["total"]["stations"],
        name=f"briefing-{making.today}-{making.language}.pdf",
    )


def figures(session: Session, making: Making, campaign: str) -> dict[str, Any]:
    """campaign, days_left, total and groups: as the statistics tell them to this reader."""
    groups, total = progress(
        session,
        making.scope,
        scope_of(making.actor, Noun.VIOLATIONS),
        scope_of(making.actor, Noun.ASSIGNMENTS),
        scope_of(making.actor, Noun.NEEDS_MAP),
        campaign,
        by="territory",
        today=making.today,
    )
    found = session.get_one(Campaign, campaign)
    return {
        "campaign": {
            "id": campaign,
            "name": {"ky": found.name_ky, "ru": found.name_ru, "en": found.name_en},
            "election_day": found.election_day.isoformat(),
        },
        "days_left": _days(found.election_day, making.today),
        "total": msgspec.json.decode(total)
        | {"tasks_overdue": _overdue(session, making, campaign)},
        "groups": [msgspec.json.decode(group) for group in groups],
    }


def _overdue(session: Session, making: Making, campaign: str) -> int | None:
    tasks = scope_of(making.actor, Noun.TASKS)
    if tasks.empty:
        return None
    _, total = task_figures(
        session, tasks, campaign, by="territory", track=None, today=making.today
    )
    overdue: int = msgspec.json.decode(total)["overdue"]
    return overdue


def _days(election_day: date, today: date) -> int:
    return (election_day - today).days
