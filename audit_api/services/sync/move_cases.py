"""What an assessment does to the cases and tasks of a site."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain import deadlines
from audit_api.domain.access import Actor
from audit_api.domain.law import recommendations
from audit_api.domain.oversight import violations
from audit_api.domain.oversight.violations import CaseMove, KnownCase, Move
from audit_api.domain.vocabulary import ViolationState, Weight
from audit_api.domain.working_days import working_days
from audit_api.storage.oversight import violations as cases
from audit_api.storage.sync.situations import KnownState, SiteFacts
from field_schema.assessment import Assessment, Finding
from field_schema.form import STATES
from field_schema.inspection import Inspection

PERMANENT: Final = STATES[0]


def sure_findings(assessment: Assessment, state: KnownState) -> tuple[list[Finding], list[Finding]]:
    """The findings that can move anything, binding and reference: sure ones, about what stays.

    A temporary remedy never erases a permanent finding, so only the permanent state counts.
    """
    known = state.violations or any(state.advice.values())
    binding: list[Finding] = []
    reference: list[Finding] = []
    for finding in assessment.findings_with(
        violations.MOVING if known else violations.OPENING, PERMANENT
    ):
        (binding if finding.rule.weight == Weight.BINDING else reference).append(finding)
    return binding, reference


def advise(
    actor: Actor,
    inspection: Inspection,
    reference: Sequence[Finding],
    state: KnownState,
    entity: UUID,
    at: datetime,
) -> dict[UUID, list[recommendations.Advice]]:
    """The recommendations of each element whose recommendations this inspection changes."""
    visit = {
        "campaign": inspection.campaign,
        "inspection": str(entity),
        "inspector": str(actor.person),
        "at": at.isoformat(),
    }
    found: dict[UUID, list[Finding]] = {}
    # Findings come observation by observation, and to look an id up is not free.
    for _, findings in groupby(reference, lambda finding: id(finding.observation)):
        of_one = list(findings)
        found.setdefault(of_one[0].element_id, []).extend(of_one)
    changed = {}
    for element, of_element in found.items():
        known = state.advice.get(element, ())
        advice = recommendations.follow(known, of_element, visit, photos_of)
        if advice is not None:
            changed[element] = advice
    return changed


def move_cases(
    session: Session,
    actor: Actor,
    inspection: Inspection,
    binding: Sequence[Finding],
    site: SiteFacts,
    state: KnownState,
    entity: UUID,
    rev: int,
    at: datetime,
) -> tuple[dict[str, list[UUID]], dict[str, list[UUID]]]:
    """Open, move and close violations and tasks.

    Returns the ids that changed by the feed's kinds, and the violations that changed their state
    by move, as the audit log tells it. `binding`: the findings that can move anything
    (`sure_findings`).
    """
    moved = violations.plan_moves(binding, _known(state.violations), violations.VIOLATION_MOVES)
    if not moved:
        return {}, {}
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
            task = tasks[element] = violations.task_id(entity, rev, element)
            new_tasks.append({"id": task, "element_id": element})
        rows.append(_row(step, task))
    visit = {
        "site": inspection.site,
        "campaign": inspection.campaign,
        "inspection": entity,
        "inspection_rev": rev,
        "inspector": actor.person,
        "due_on": deadlines.repair_due_on(
            site.election_day, site.repair_days_before, working_days(site.day_corrections)
        ),
        "at": at,
    }
    new, old = _split(moved, rows)
    # Tasks of violations that are open again may be new, too: they come first.
    if new or new_tasks:
        cases.open_cases(session, violations=new, tasks=new_tasks, visit=visit)
    if old:
        cases.move_cases(session, violations=old, visit=visit)
    changed = [row["task_id"] for row in rows]
    maybe_done = [row["task_id"] for row in rows if row["ended"]]
    if maybe_done:
        changed += cases.verify_finished_tasks(session, maybe_done, person=actor.person, at=at)
    not_done = [
        row["task_id"] for step, row in zip(moved, rows, strict=True) if _claimed_in_vain(step)
    ]
    if not_done:
        cases.return_reported_tasks(session, not_done, person=actor.person, at=at)
    return {"task": changed}, _told(moved, rows)


def _told(
    steps: Sequence[CaseMove[Finding]], rows: Sequence[dict[str, Any]]
) -> dict[str, list[UUID]]:
    told: dict[str, list[UUID]] = {}
    for step, row in zip(steps, rows, strict=True):
        if step.move is not Move.SEEN_AGAIN:
            told.setdefault(step.move.value, []).append(row["id"])
    return told


def _claimed_in_vain(step: CaseMove[Finding]) -> bool:
    """Whether the LSG said that it is remedied, and it is measured not to be."""
    remedied = step.case is not None and step.case.state == ViolationState.REMEDIED
    return remedied and step.move is Move.REOPENED


def _split(
    steps: Sequence[CaseMove[Finding]], rows: Sequence[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of new cases, and of those that were there before."""
    new: list[dict[str, Any]] = []
    old: list[dict[str, Any]] = []
    for step, row in zip(steps, rows, strict=True):
        (old if step.case else new).append(row)
    return new, old


def _row(step: CaseMove[Finding], task: UUID) -> dict[str, Any]:
    return {
        **columns_of(step.finding),
        "id": step.case.id if step.case else violations.case_id(violations.key_of(step.finding)),
        "state": step.state,
        "ended": step.move is Move.CLOSED,
        "task_id": task,
    }


def columns_of(finding: Finding) -> dict[str, Any]:
    """The columns of a violation that its finding gives."""
    return {
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
        "tolerance": finding.tolerance,
        "required": finding.required,
        "photos": photos_of(finding),
    }


def photos_of(finding: Finding) -> list[str]:
    """The photos of the questions that a finding looks at; without one, all of the element."""
    photos = finding.observation.photos
    asked = set(finding.questions) if photos else ()
    return [p.sha256 for p in photos if p.question in asked] or [p.sha256 for p in photos]


def _known(rows: list[dict[str, Any]]) -> dict[violations.CaseKey, KnownCase]:
    return {
        (UUID(r["element"]), r["standard"], r["edition"], r["requirement"]): KnownCase(
            UUID(r["id"]), r["state"]
        )
        for r in rows
    }
