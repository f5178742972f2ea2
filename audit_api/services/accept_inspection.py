"""Store an inspection, judge it, and move the cases and tasks that follow from it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from audit_api.domain import deadlines, violations
from audit_api.domain.access import Actor, Scope
from audit_api.domain.errors import Fault
from audit_api.domain.operations import (
    OperationResult,
    ReceivedOperation,
    quarantined,
    rejected,
)
from audit_api.domain.violations import CaseMove, KnownCase, Move
from audit_api.domain.vocabulary import OperationStatus, Weight
from audit_api.storage import audit_log, feed, inspections
from audit_api.storage import violations as cases
from audit_api.storage.inspections import KnownState, SiteFacts
from field_schema.assessment import Assessment, Finding, assess
from field_schema.catalog import Catalog, CatalogError, UnknownForm
from field_schema.inspection import (
    ElementObservation,
    Inspection,
    InvalidInspection,
    PhotoRef,
    read_inspection,
)
from field_schema.ruleset import Building
from field_schema.scoring import score


def accept_inspection(
    session: Session,
    actor: Actor,
    scope: Scope,
    operation: ReceivedOperation,
    *,
    catalog: Catalog,
    at: datetime,
) -> OperationResult:
    """Apply an inspection, or say why it is rejected, quarantined or a branch."""
    try:
        inspection = read_inspection(operation.body, catalog)
    except InvalidInspection as invalid:
        return rejected(
            Fault(f"/body{p.pointer}", p.texts[actor.language], p.code) for p in invalid.problems
        )
    except UnknownForm as unknown:
        return quarantined("unknown-form", str(unknown))
    entity = operation.entity
    if entity is None:
        return rejected([Fault("/id", "An inspection needs an id.", "required")])
    site = inspections.lock_site(
        session,
        site=inspection.site,
        campaign=inspection.campaign,
        inspection=entity,
        milestone=deadlines.REPAIR_MILESTONE,
    )
    if site is None or site.territory not in scope.territories:
        return quarantined(
            "out-of-scope",
            "This site is no polling station of the campaign within this inspector's territory. "
            "The inspection is kept; a supervisor releases or refuses it.",
        )
    if site.campaign_closed:
        return quarantined("campaign-closed", "The campaign is closed. The inspection is kept.")
    if site.rev is not None and (site.inspector, site.visited) != (actor.person, inspection.site):
        return quarantined(
            "id-taken",
            "An inspection has one author and one site; this id belongs to another inspection. "
            "The work is kept; send it again under an id of its own.",
        )
    conflict = _check_base(operation, site)
    if conflict is not None:
        return conflict
    return _store(session, actor, operation, inspection, site, entity, catalog=catalog, at=at)


def _check_base(operation: ReceivedOperation, site: SiteFacts) -> OperationResult | None:
    """None when the revision may be written; else a branch for a person to decide."""
    base = operation.base
    if base is None:
        expected = None
    elif "rev" in base:
        expected = base["rev"]
    else:
        # The op named is here (checked before), so the newest revision is this device's own.
        expected = site.rev
    if expected == site.rev:
        return None
    return OperationResult(
        OperationStatus.CONFLICT,
        {
            "id": str(operation.entity),
            "rev": site.rev,
            "detail": "Another revision was made from the same base. Both are kept; "
            "technical supervision decides between them.",
        },
    )


def _store(
    session: Session,
    actor: Actor,
    operation: ReceivedOperation,
    inspection: Inspection,
    site: SiteFacts,
    entity: UUID,
    *,
    catalog: Catalog,
    at: datetime,
) -> OperationResult:
    photos = [photo for element in inspection.elements for photo in element.photos]
    state = inspections.known_state(
        session,
        [element.id for element in inspection.elements],
        [bytes.fromhex(photo.sha256) for photo in photos],
    )
    strangers = _strange_elements(inspection, state)
    if strangers:
        return rejected(strangers)
    try:
        ruleset = catalog.ruleset(site.profile, site.election_day)
    except CatalogError as error:
        return quarantined("no-standard-in-force", str(error))
    building = Building(site.building_status, site.built_on, site.altered_on)
    assessment = assess(inspection, ruleset, building)
    rev = (site.rev or 0) + 1
    if site.rev is not None:
        inspections.supersede(session, entity)
    scored = score(assessment)
    inspections.add_revision(
        session,
        {
            "id": entity,
            "rev": rev,
            "corrects": site.rev,
            "op": operation.op,
            "site": inspection.site,
            "campaign": inspection.campaign,
            "form": inspection.form.key,
            "device": actor.device,
            "inspector": actor.person,
            "at": at,
            "started_at": inspection.started.at,
            "finished_at": inspection.finished.at,
            "lat": inspection.position.lat if inspection.position else None,
            "lon": inspection.position.lon if inspection.position else None,
            "accuracy": inspection.position.accuracy_m if inspection.position else None,
            "flags": list(inspection.flags),
            "body": operation.body_bytes.decode(),
            "sha256": operation.body_sha256,
            "elements": [
                {"id": element.id, "type": element.type, "label": element.label}
                for element in _each_once(inspection.elements)
            ],
            "photos": _announced(inspection),
            "digest": ruleset.digest,
            "profile": site.profile,
            "station_state": scored.station_state,
            "index": scored.index,
            "coverage": scored.coverage_permille,
            "score": scored.as_json(),
            "findings": assessment.findings_json(),
        },
    )
    changed = _move_cases(session, actor, inspection, assessment, site, state, entity, rev, at)
    audit_log.record(
        session,
        "inspection_accepted",
        entity,
        at=at,
        person=actor.person,
        device=actor.device,
        rev=rev,
        op=operation.op,
        sha256=operation.body_sha256.hex(),
        ruleset=ruleset.digest,
    )
    feed.publish(session, inspection=[entity], element=_new_elements(inspection, state), **changed)
    return OperationResult(
        OperationStatus.APPLIED,
        {
            "id": str(entity),
            "rev": rev,
            "receipt": {
                "level": "received",
                "sha256": operation.body_sha256.hex(),
                "bytes": len(operation.body_bytes),
                "photos_held": sorted(state.photos),
                "received_at": at.isoformat(),
            },
            "need_photos": sorted({photo.sha256 for photo in photos} - state.photos),
        },
    )


def _move_cases(
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
    permanent = [f for f in assessment.findings if f.state == "permanent"]
    binding = [f for f in permanent if f.weight == Weight.BINDING]
    reference = [f for f in permanent if f.weight == Weight.REFERENCE]
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
    cases.save_cases(
        session,
        violations=rows,
        recommendations=[_row(step, photos, None) for step in advised],
        tasks=new_tasks,
        visit={
            "site": inspection.site,
            "campaign": inspection.campaign,
            "inspection": entity,
            "inspection_rev": rev,
            "inspector": actor.person,
            "due_on": deadlines.repair_due_on(site.election_day, site.repair_days_before),
            "at": at,
        },
    )
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


def _strange_elements(inspection: Inspection, state: KnownState) -> list[Fault]:
    """Elements that the server knows at another site or as another thing."""
    faults = []
    for n, element in enumerate(inspection.elements):
        known = state.elements.get(element.id)
        if known is not None and known[:2] != (inspection.site, element.type):
            faults.append(
                Fault(
                    f"/body/elements/{n}/id",
                    "This element id already belongs to another site or another kind of element. "
                    "Give the element an id of its own.",
                    "element-taken",
                )
            )
    return faults


def _each_once(elements: Iterable[ElementObservation]) -> list[ElementObservation]:
    """One observation per element: permanent and election-day state share the element."""
    return list({element.id: element for element in reversed(list(elements))}.values())


def _new_elements(inspection: Inspection, state: KnownState) -> list[UUID]:
    return [
        element.id
        for element in inspection.elements
        if state.elements.get(element.id, (None, None, None))[2] != element.label
    ]


def _announced(inspection: Inspection) -> list[dict[str, Any]]:
    return [
        {
            "id": photo.id,
            "element": element.id,
            "question": photo.question,
            "sha256": photo.sha256,
            "bytes": photo.bytes,
            "content_type": photo.content_type,
        }
        for element in inspection.elements
        for photo in element.photos
    ]
