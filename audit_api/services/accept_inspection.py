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
from audit_api.storage.inspections import KnownState, SiteFacts, Situation
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


def read_body(
    actor: Actor, operation: ReceivedOperation, catalog: Catalog
) -> Inspection | OperationResult:
    """What the body means, or why it is rejected or quarantined; needs no database."""
    if operation.entity is None:
        return rejected([Fault("/id", "An inspection needs an id.", "required")])
    try:
        return read_inspection(operation.body, catalog)
    except InvalidInspection as invalid:
        return rejected(
            Fault(f"/body{p.pointer}", p.texts[actor.language], p.code) for p in invalid.problems
        )
    except UnknownForm as unknown:
        return quarantined("unknown-form", str(unknown))


def look_around(
    session: Session, operation: ReceivedOperation, inspection: Inspection
) -> Situation | None:
    """Hold the site, and ask for all that deciding and judging need; nothing is awaited."""
    if operation.entity is None:
        return None
    return inspections.ask_situation(
        session,
        inspection=operation.entity,
        site=inspection.site,
        campaign=inspection.campaign,
        milestone=deadlines.REPAIR_MILESTONE,
        elements=[element.id for element in inspection.elements],
        photos=[bytes.fromhex(photo.sha256) for photo in _photos(inspection)],
    )


def accept_inspection(
    session: Session,
    actor: Actor,
    scope: Scope,
    operation: ReceivedOperation,
    inspection: Inspection,
    situation: Situation,
    *,
    catalog: Catalog,
    at: datetime,
) -> OperationResult:
    """Apply an inspection, or say why it is rejected, quarantined or a branch."""
    site = inspections.site_facts(situation)
    state = inspections.known_state(situation)
    if site is None or site.territory not in scope.territories:
        return quarantined(
            "out-of-scope",
            "This site is no polling station of the campaign within this inspector's territory. "
            "The inspection is kept; a supervisor releases or refuses it.",
        )
    if site.campaign_closed:
        return quarantined("campaign-closed", "The campaign is closed. The inspection is kept.")
    if state.rev is not None and (state.inspector, state.visited) != (
        actor.person,
        inspection.site,
    ):
        return quarantined(
            "id-taken",
            "An inspection has one author and one site; this id belongs to another inspection. "
            "The work is kept; send it again under an id of its own.",
        )
    conflict = _check_base(operation, state)
    if conflict is not None:
        return conflict
    strangers = _strange_elements(inspection, state)
    if strangers:
        return rejected(strangers)
    return _store(session, actor, operation, inspection, site, state, catalog=catalog, at=at)


def _check_base(operation: ReceivedOperation, state: KnownState) -> OperationResult | None:
    """None when the revision may be written; else a branch for a person to decide."""
    base = operation.base
    if base is None:
        expected = None
    elif "rev" in base:
        expected = base["rev"]
    else:
        # The op named is here (checked before), so the newest revision is this device's own.
        expected = state.rev
    if expected == state.rev:
        return None
    return OperationResult(
        OperationStatus.CONFLICT,
        {
            "id": str(operation.entity),
            "rev": state.rev,
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
    state: KnownState,
    *,
    catalog: Catalog,
    at: datetime,
) -> OperationResult:
    entity = operation.entity
    if entity is None:
        raise TypeError("an inspection without an id was rejected before")
    try:
        ruleset = catalog.ruleset(site.profile, site.election_day)
    except CatalogError as error:
        return quarantined("no-standard-in-force", str(error))
    building = Building(site.building_status, site.built_on, site.altered_on)
    assessment = assess(inspection, ruleset, building)
    rev = (state.rev or 0) + 1
    if state.rev is not None:
        inspections.supersede(session, entity)
    scored = score(assessment)
    inspections.add_revision(
        session,
        {
            "id": entity,
            "rev": rev,
            "corrects": state.rev,
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
                if element.id not in state.elements
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
    renamed = [
        {"id": element.id, "label": element.label}
        for element in _each_once(inspection.elements)
        if element.id in state.elements and state.elements[element.id][2] != element.label
    ]
    if renamed:
        inspections.rename_elements(session, renamed)
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
    if _has_news(inspection, state):
        changed["site"] = [inspection.site]
    feed.publish(session, inspection=[entity], **changed)
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
            "need_photos": sorted({photo.sha256 for photo in _photos(inspection)} - state.photos),
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


def _photos(inspection: Inspection) -> list[PhotoRef]:
    return [photo for element in inspection.elements for photo in element.photos]


def _has_news(inspection: Inspection, state: KnownState) -> bool:
    """Whether an element is new or has another name."""
    return any(
        state.elements.get(element.id, (None, None, None))[2] != element.label
        for element in inspection.elements
    )


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
