"""Store an inspection, judge it, and move the cases and tasks that follow from it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain import deadlines
from audit_api.domain.access import Actor
from audit_api.domain.errors import Fault
from audit_api.domain.sync.merge import RevisionOutcome, merge_revision
from audit_api.domain.sync.operations import (
    Authority,
    Entry,
    OperationResult,
    ReceivedOperation,
    quarantined,
    rejected,
)
from audit_api.domain.vocabulary import OperationStatus
from audit_api.services.law.catalogs import CatalogMoved, keep_ruleset
from audit_api.services.sync.keep_branch import base_rev, keep_branch, repeated
from audit_api.services.sync.move_cases import advise, move_cases, sure_findings
from audit_api.services.sync.relieve import looks_at_the_day, relieve
from audit_api.storage import inspections
from audit_api.storage.openrosa.awaited import await_photos
from audit_api.storage.sync import feed, situations
from audit_api.storage.sync.situations import KnownState, SiteFacts, Situation
from field_schema.assessment import assess
from field_schema.catalog import Catalog, CatalogError, UnknownForm
from field_schema.findings import as_stored
from field_schema.inspection import (
    ElementObservation,
    Inspection,
    InvalidInspection,
    PhotoRef,
    read_inspection,
)
from field_schema.packing import pack
from field_schema.problems import problem_texts
from field_schema.ruleset import Building
from field_schema.scoring import score

Changed = Mapping[str, list[UUID]]
"""Ids by the kinds of the feed."""


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
    return situations.ask_situation(
        session,
        inspection=operation.entity,
        sha256=operation.body_sha256,
        base_op=(operation.base or {}).get("op"),
        site=inspection.site,
        campaign=inspection.campaign,
        milestone=deadlines.REPAIR_MILESTONE,
        elements=[element.id for element in inspection.elements],
        photos=list(photo_hashes(inspection)),
    )


def accept_inspection(
    session: Session,
    actor: Actor,
    authority: Authority,
    operation: ReceivedOperation,
    inspection: Inspection,
    situation: Situation | None,
    *,
    catalog: Catalog,
    at: datetime,
) -> OperationResult:
    """Apply an inspection, or say why it is rejected, quarantined or a branch.

    Raises CatalogMoved when the catalog has grown since: undo, and come again with the new one.
    """
    if situation is None:
        raise TypeError("what is read as an inspection has an id")
    result, changed = store_inspection(
        session,
        actor,
        authority,
        operation,
        inspection,
        situations.site_facts(situation),
        situations.known_state(situation),
        catalog=catalog,
        at=at,
    )
    if changed is not None:
        publish(session, [changed])
    return result


def publish(session: Session, changes: Iterable[Changed]) -> None:
    """Tell the feed what accepted inspections changed, in one statement."""
    ids: dict[str, list[UUID]] = {}
    for changed in changes:
        for kind, some in changed.items():
            ids.setdefault(kind, []).extend(some)
    feed.publish(session, **ids)


def store_inspection(
    session: Session,
    actor: Actor,
    authority: Authority,
    operation: ReceivedOperation,
    inspection: Inspection,
    site: SiteFacts | None,
    state: KnownState,
    *,
    catalog: Catalog,
    at: datetime,
) -> tuple[OperationResult, Changed | None]:
    """`accept_inspection` but for the feed: what changed is told when it was applied."""
    refused = _refusal(actor, authority, inspection, site, state, catalog)
    if refused is not None or site is None:
        return refused or _OUT_OF_SCOPE, None
    match merge_revision(base_rev(operation, state), state.rev, same_bytes_as=state.same_bytes_as):
        case RevisionOutcome.REPEAT:
            return repeated(operation, photo_hashes(inspection), state), None
        case RevisionOutcome.BRANCH:
            return keep_branch(
                session, operation, inspection.site, photo_hashes(inspection), state, at
            ), None
    strangers = _strange_elements(inspection, state, actor.language)
    if strangers:
        return rejected(strangers), None
    return _store(session, actor, operation, inspection, site, state, catalog=catalog, at=at)


_CLOCK_OFF = ("device-clock-off",)
_TAKEN = "element-taken"
_OUT_OF_SCOPE = quarantined(
    "out-of-scope",
    "This site is no polling station of the campaign within this inspector's territory. "
    "The inspection is kept; a supervisor releases or refuses it.",
)


def _refusal(
    actor: Actor,
    authority: Authority,
    inspection: Inspection,
    site: SiteFacts | None,
    state: KnownState,
    catalog: Catalog,
) -> OperationResult | None:
    """Why an inspection is not applied; None when it is."""
    if site is None or site.territory not in authority.scope.territories:
        return _OUT_OF_SCOPE
    if state.catalog_version != catalog.version:
        raise CatalogMoved
    if site.campaign_closed and authority.released_by is None:
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
    return None


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
) -> tuple[OperationResult, Changed | None]:
    entity = operation.entity
    if entity is None:
        raise TypeError("an inspection without an id was rejected before")
    try:
        ruleset = catalog.ruleset(site.profile, site.election_day)
    except CatalogError as error:
        return quarantined("no-standard-in-force", str(error)), None
    keep_ruleset(session, ruleset, catalog, at)
    building = Building(site.building_status, site.built_on, site.altered_on)
    assessment = assess(inspection, ruleset, building)
    rev = (state.rev or 0) + 1
    if state.rev is not None:
        inspections.supersede(session, entity)
    scored = score(assessment)
    shape, measures = pack(inspection)
    binding, reference = sure_findings(assessment, state)
    advice = advise(actor, inspection, reference, state, entity, at)
    new: list[dict[str, Any]] = []
    old: list[dict[str, Any]] = []
    renamed = False
    for element in _each_once(inspection.elements):
        told = {
            "id": element.id,
            "type": element.type,
            "label": element.label,
            "advice": advice.get(element.id) or state.advice.get(element.id),
        }
        known = state.elements.get(element.id)
        if known is None:
            new.append(told)
        elif known[2] != element.label or element.id in advice:
            old.append(told)
            renamed = renamed or known[2] != element.label
    values = {
        "id": entity,
        "rev": rev,
        "corrects": state.rev,
        "op": operation.op,
        "site": inspection.site,
        "campaign": inspection.campaign,
        "form": inspection.form.key,
        "device": actor.device,
        "inspector": actor.person,
        "channel": operation.channel,
        "at": at,
        "started_at": inspection.started.at,
        "finished_at": inspection.finished.at,
        "lat": inspection.position.lat if inspection.position else None,
        "lon": inspection.position.lon if inspection.position else None,
        "accuracy": inspection.position.accuracy_m if inspection.position else None,
        "flags": [*inspection.flags, *_CLOCK_OFF]
        if operation.clock_off
        else list(inspection.flags),
        "body": operation.body_bytes.decode(),
        "sha256": operation.body_sha256,
        "elements": new,
        "photos": _announced(inspection),
        "digest": ruleset.digest,
        "profile": site.profile,
        "building_status": site.building_status,
        "built_on": site.built_on,
        "altered_on": site.altered_on,
        "shape": shape,
        "measures": measures,
        "station_state": scored.station_state,
        "index": scored.index,
        "coverage": scored.coverage_permille,
        "score": scored.as_json(),
        "findings": as_stored(assessment),
    }
    inspections.add_revision(session, values)
    _await_photos(session, operation, entity, rev)
    if old:
        inspections.update_elements(session, old, values)
    changed, cases = move_cases(session, actor, inspection, binding, site, state, entity, rev, at)
    if looks_at_the_day(inspection):
        day = relieve(session, actor, inspection, assessment, entity, rev, catalog=catalog, at=at)
        changed["task"] = [*changed.get("task", ()), *day]
    logged = Entry(
        "inspection_accepted",
        str(entity),
        at,
        actor.person,
        actor.device,
        {
            "rev": rev,
            "op": str(operation.op),
            "sha256": operation.body_sha256.hex(),
            "ruleset": ruleset.digest,
            "cases": cases,
        },
    )
    changed["inspection"] = [entity]
    if new or renamed:
        changed["site"] = [inspection.site]
    announced = photo_hashes(inspection)
    result = OperationResult(
        OperationStatus.APPLIED,
        {
            "id": str(entity),
            "rev": rev,
            "need_photos": sorted(announced - state.photos),
        },
        announced & state.photos,
        (logged,),
    )
    return result, changed


def _await_photos(session: Session, operation: ReceivedOperation, entity: UUID, rev: int) -> None:
    """ODK Collect names photos that are to come by their files' names, not by hashes."""
    if operation.channel == "openrosa":
        await_photos(session, operation.op, entity, rev)


def _strange_elements(inspection: Inspection, state: KnownState, language: str) -> list[Fault]:
    """Elements that the server knows at another site or as another thing."""
    faults = []
    for n, element in enumerate(inspection.elements):
        known = state.elements.get(element.id)
        if known is not None and known[:2] != (inspection.site, element.type):
            detail = problem_texts()[_TAKEN][language]
            faults.append(Fault(f"/body/elements/{n}/id", detail, _TAKEN))
    return faults


def _each_once(elements: Iterable[ElementObservation]) -> list[ElementObservation]:
    """One observation per element: permanent and election-day state share the element."""
    return list({element.id: element for element in reversed(list(elements))}.values())


def photo_hashes(inspection: Inspection) -> set[str]:
    """The hashes (hex) of all photos that an inspection names."""
    return {photo.sha256 for photo in _photos(inspection)}


def _photos(inspection: Inspection) -> list[PhotoRef]:
    return [photo for element in inspection.elements for photo in element.photos]


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
