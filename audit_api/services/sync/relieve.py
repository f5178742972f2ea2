"""What a visit says of temporary remedies: violations usable on the day, and the tasks of the day.

Only for inspections with an element in its election-day state; all others ask nothing here.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain import deadlines
from audit_api.domain.access import Actor
from audit_api.domain.oversight.relief import DayTask, LiveCase, ReliefVerdict, plan_day
from audit_api.domain.oversight.violations import CaseKey, day_task_id, key_of
from audit_api.domain.vocabulary import Weight
from audit_api.domain.working_days import working_days
from audit_api.services.sync.move_cases import photos_of
from audit_api.storage.oversight import relief
from audit_api.storage.oversight import violations as cases
from audit_api.storage.oversight.relief import OpenedForTheDay
from field_schema.assessment import Assessment, Finding
from field_schema.catalog import Catalog
from field_schema.form import STATES
from field_schema.inspection import Inspection

ELECTION_DAY: Final = STATES[1]
_SURE: Final = frozenset(ReliefVerdict)
_WHY: Final = "measured in its election-day state"


def looks_at_the_day(inspection: Inspection) -> bool:
    """Whether an element was observed with a temporary remedy in place."""
    return any(element.state == ELECTION_DAY for element in inspection.elements)


def relieve(
    session: Session,
    actor: Actor,
    inspection: Inspection,
    assessment: Assessment,
    entity: UUID,
    rev: int,
    *,
    catalog: Catalog,
    at: datetime,
) -> list[UUID]:
    """Keep what was measured of live violations in the election-day state; their tasks follow.

    After the permanent cases have moved, with the site held. Returns the temporary tasks changed.
    """
    found = _sure_findings(assessment)
    if not found:
        return []
    elements = list({element for element, *_ in found})
    today = deadlines.today(at)
    live: dict[UUID, dict[UUID, LiveCase]] = {}
    said: dict[UUID, dict[UUID, ReliefVerdict]] = {}
    rows: list[dict[str, Any]] = []
    for case, element, standard, edition, name, relieved in relief.live_cases(
        session, elements, today
    ):
        requirement = catalog.requirement(standard, edition, name)
        known = LiveCase(case, relieved, requirement.has_temporary_remedy)
        live.setdefault(element, {})[case] = known
        finding = found.get((element, standard, edition, name))
        if finding is not None:
            said.setdefault(element, {})[case] = ReliefVerdict(finding.verdict)
            rows.append(_row(case, finding))
    if not rows:
        return []
    relief.add_relief(session, rows, inspection=entity, rev=rev, at=at)
    tasks = {
        row[1]: DayTask(row[0], row[2], frozenset(row[3] or ()))
        for row in relief.day_tasks(session, list(said))
    }
    days = relief.days_of(session, inspection.campaign, deadlines.FINAL_CHECK_MILESTONE)
    changed: dict[str | None, list[UUID]] = {}
    for element, verdicts in said.items():
        task = tasks.get(element)
        plan = plan_day(live[element].values(), verdicts, task)
        if plan is None or (plan.opened and today > days.election_day):
            continue
        if task is None:
            task = DayTask(day_task_id(entity, rev, element), "assigned", plan.relieves)
            opened = OpenedForTheDay(
                task.id,
                inspection.site,
                element,
                inspection.campaign,
                deadlines.day_task_due_on(
                    days.election_day,
                    days.final_check_before,
                    working_days(days.day_corrections),
                    today=today,
                ),
                plan.relieves,
                "opened",
                actor.person,
                _WHY,
            )
            relief.open_day_task(session, opened, at=at)
        elif plan.relieves != task.relieves:
            relief.widen_day_task(session, task.id, plan.relieves)
        changed.setdefault(plan.move, []).append(task.id)
    _move(session, changed, actor.person, at)
    return [task for tasks in changed.values() for task in tasks]


def _move(
    session: Session, changed: dict[str | None, list[UUID]], person: UUID, at: datetime
) -> None:
    if "verified" in changed:
        cases.verify_day_tasks(session, changed["verified"], person=person, at=at)
    if "measured_outside" in changed:
        cases.return_reported_tasks(session, changed["measured_outside"], person=person, at=at)


def _sure_findings(assessment: Assessment) -> dict[CaseKey, Finding]:
    """The binding verdicts about the day that are sure; one within the limits needs its photo."""
    return {
        key_of(finding): finding
        for finding in assessment.findings_with(_SURE, ELECTION_DAY)
        if finding.rule.weight == Weight.BINDING
        and (finding.verdict == ReliefVerdict.VIOLATION or finding.observation.photos)
    }


def _row(case: UUID, finding: Finding) -> dict[str, Any]:
    return {
        "violation": case,
        "verdict": finding.verdict,
        "measured": finding.measured,
        "photos": photos_of(finding),
    }
