"""What an assessment does to the cases and tasks of a site."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from audit_api.domain import deadlines, violations
from audit_api.domain.access import Actor
from audit_api.domain.violations import CaseMove, KnownCase, Move
from audit_api.domain.vocabulary import Weight
from audit_api.storage import violations as cases
from audit_api.storage.inspections import KnownState, SiteFacts
from field_schema.assessment import Assessment, Finding
from field_schema.inspection import Inspection, PhotoRef


def move_cases(
    session: Session,
    actor: Actor,
    inspection: Inspection,
    assessment: Assessment,
    site: SiteFacts,
    state: KnownState,
    entity: UUID,
    rev: int,
    at: datetime,
) -> dict[str, list[UUID]]:
    """Open, move and close cases and tasks; returns the ids that changed, by kind of the feed.

    Only the permanent state decides: a temporary remedy never erases a permanent finding.
    """
    binding: list[Finding] = []
    reference: list[Finding] = []
    for finding in assessment.findings:
        if finding.verdict in violations.MOVING and finding.state == "permanent":
            (binding if finding.weight == Weight.BINDING else reference).append(finding)
    moved = violations.plan_moves(binding, _known(state.violations), violations.VIOLATION_MOVES)
    advised = violations.plan_moves(
        reference, _known(state.recommendations), violations.RECOMMENDATION_MOVES
    )
    if not moved and not advised:
        return {}
    photos = {(element.id, element.state): element.photos for element in inspection.elements}
    tasks = dict(state.tasks)
    new_tasks = []
    old_task = {UUID(v["id"]): UUID(v["task"]) for v in state.violations}
    rows = []
    for step in moved:
        element = step.finding.element_id
        if step.move is Move.CLOSED and step.case is not None:
            task = old_task[step.case.id]
        elif element in tasks:
            task = tasks[element]
        else:
            task = tasks[element] = uuid4()
            new_tasks.append({"id": task, "element_id": element})
        rows.append(_row(step, photos, task))
    visit = {
        "site": inspection.site,
        "campaign": inspection.campaign,
        "inspection": entity,
        "inspection_rev": rev,
        "inspector": actor.person,
        "due_on": deadlines.repair_due_on(site.election_day, site.repair_days_before),
        "at": at,
    }
    new, old = _split(moved, rows)
    new_advice, old_advice = _split(advised, [_row(step, photos, None) for step in advised])
    # Tasks of violations that are open again may be new, too: they come first.
    if new or new_advice or new_tasks:
        cases.open_cases(
            session, violations=new, recommendations=new_advice, tasks=new_tasks, visit=visit
        )
    if old or old_advice:
        cases.move_cases(session, violations=old, recommendations=old_advice, visit=visit)
    maybe_done = [row["task_id"] for row in rows if row["ended"]]
    verified = (
        cases.verify_finished_tasks(session, maybe_done, person=actor.person, at=at)
        if maybe_done
        else []
    )
    return {
        "violation": [row["id"] for row in rows],
        "task": [task["id"] for task in new_tasks] + verified,
    }


def _split(
    steps: Sequence[CaseMove[Finding]], rows: Sequence[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of new cases, and of those that were there before."""
    new: list[dict[str, Any]] = []
    old: list[dict[str, Any]] = []
    for step, row in zip(steps, rows, strict=True):
        (old if step.case else new).append(row)
    return new, old


def _row(
    step: CaseMove[Finding],
    photos: dict[tuple[UUID, str], tuple[PhotoRef, ...]],
    task: UUID | None,
) -> dict[str, Any]:
    finding = step.finding
    return {
        "id": step.case.id if step.case else uuid4(),
        "element_id": finding.element_id,
        "requirement": finding.requirement,
        "standard": finding.standard,
        "edition": finding.edition,
        "clause": finding.clause,
        "clause_hint": finding.clause_hint,
        "confidence": finding.confidence,
        "severity": finding.severity,
        "user_groups": list(finding.groups),
        "measured": finding.measured,
        "required": finding.required,
        "photos": _shown(photos.get((finding.element_id, finding.state), ()), finding.questions),
        "state": step.state,
        "ended": step.move is Move.CLOSED,
        "task_id": task,
    }


def _shown(photos: Sequence[PhotoRef], questions: Iterable[str]) -> list[str]:
    """The photos of the questions that a finding looks at; without one, all of the element."""
    asked = set(questions)
    return [p.sha256 for p in photos if p.question in asked] or [p.sha256 for p in photos]


def _known(rows: list[dict[str, Any]]) -> dict[violations.CaseKey, KnownCase]:
    return {
        (UUID(r["element"]), r["standard"], r["edition"], r["requirement"]): KnownCase(
            UUID(r["id"]), r["state"]
        )
        for r in rows
    }
