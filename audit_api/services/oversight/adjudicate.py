"""Technical supervision decides about a violation: confirm, correct, overturn, measure again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope, scope_of
from audit_api.domain.errors import FourEyes, NotCurrent, NotFound
from audit_api.domain.oversight.corrections import TO_BREACH, TO_UNSURE, TO_WITHIN
from audit_api.domain.oversight.lives import VIOLATION_LIFE
from audit_api.domain.vocabulary import AdjudicationDecision, ViolationState
from audit_api.services.law.correct_finding import correct_finding
from audit_api.services.law.corrected_body import Correction
from audit_api.services.law.score_anew import score_anew
from audit_api.services.oversight.return_inspection import return_inspection
from audit_api.storage import audit_log
from audit_api.storage.law import amending
from audit_api.storage.oversight import adjudications, returns
from audit_api.storage.oversight.adjudications import HeldCase, NewAdjudication
from audit_api.storage.sync import feed
from field_schema.assessment import Finding
from field_schema.catalog import Catalog
from field_schema.logic import BORDERLINE, NOT_MEASURED, VIOLATION

_MEASURE_AGAIN: Final = frozenset({TO_UNSURE, AdjudicationDecision.REMEASURE})


@dataclass(frozen=True, slots=True)
class Said:
    """A decision on a violation as its decider read it (`rev`). `clause`: what it rests on."""

    decision: AdjudicationDecision
    rev: int
    reason: str
    clause: str | None = None
    corrections: Sequence[Correction] = ()


def adjudicate(
    session: Session,
    decider: Actor,
    scope: Scope,
    violation: UUID,
    said: Said,
    *,
    catalog: Catalog,
    at: datetime,
) -> None:
    """Record the decision beside the finding, and move the violation as its life says.

    The inspection is scored anew with what was corrected and overturned, beside its assessment.
    An order to measure again returns the inspection, so that the inspector's tablet shows it. A
    task whose violations have all ended ends too. Raises NotFound outside the scope, FourEyes for
    one's own finding, NotCurrent, MoveRefused, and InvalidInput for a correction.
    """
    case = adjudications.hold_case(session, scope, violation)
    if case is None:
        raise NotFound
    if decider.person in case.inspectors:
        raise FourEyes("You measured this yourself. Ask another technical supervisor to decide.")
    if case.rev != said.rev:
        raise NotCurrent(
            f"The violation is at rev {case.rev}, not {said.rev}. Read it again, then decide.",
            extra={"rev": case.rev},
        )
    move, finding = _move(session, decider, case, said, catalog)
    to_state = VIOLATION_LIFE.target(move, case.state)
    adjudications.adjudicate_case(
        session,
        violation,
        NewAdjudication(
            said.decision.value,
            move,
            said.reason,
            said.clause,
            to_state,
            finding.measured if finding else None,
            finding.verdict if finding else None,
            [_said(one) for one in said.corrections] if finding else None,
        ),
        ended=to_state in (ViolationState.CLOSED, ViolationState.OVERTURNED),
        finding=_shown(finding) if finding and move == TO_BREACH else None,
        person=decider.person,
        at=at,
    )
    tasks = [case.task]
    if to_state == ViolationState.OVERTURNED:
        why = f"every violation ended; the last was overturned: {said.reason}"
        about = {"person": decider.person, "reason": why, "at": at}
        tasks += amending.end_idle_tasks(session, [case.task], about, move="ended_by_adjudication")
    audit_log.record(
        session,
        "violation_adjudicated",
        violation,
        at=at,
        person=decider.person,
        decision=said.decision.value,
        move=move,
        rev=case.rev,
        source=case.state,
        target=to_state,
    )
    score_anew(session, catalog, case.inspection, case.inspection_rev, at=at)
    if move in _MEASURE_AGAIN:
        _order(session, decider, case, said, at)
    feed.publish(session, task=tasks)


def _move(
    session: Session, decider: Actor, case: HeldCase, said: Said, catalog: Catalog
) -> tuple[str, Finding | None]:
    """The move of the violation's life, and of a correction the finding that comes of it."""
    if said.decision is not AdjudicationDecision.CORRECT:
        return said.decision.value, None
    # Before judging anything: a correction goes from the same states, whatever comes of it.
    VIOLATION_LIFE.target(TO_BREACH, case.state)
    judged = adjudications.judged_body(session, case.inspection, case.inspection_rev)
    finding = correct_finding(session, catalog, case, judged, said.corrections, decider.language)
    if finding.verdict == VIOLATION:
        return TO_BREACH, finding
    return TO_UNSURE if finding.verdict in (BORDERLINE, NOT_MEASURED) else TO_WITHIN, finding


def _said(one: Correction) -> dict[str, Any]:
    return {"measure": one.measure, "index": one.index, "answer": one.answer}


def _shown(finding: Finding) -> dict[str, object]:
    return {
        "measured": finding.measured,
        "tolerance": finding.tolerance,
        "required": finding.required,
    }


def _order(session: Session, decider: Actor, case: HeldCase, said: Said, at: datetime) -> None:
    """Let the inspector know: the current revision of the inspection is returned, if it is not."""
    scope = scope_of(decider, Noun.INSPECTIONS, "return")
    current = returns.hold_current(session, scope, case.inspection)
    if current is None:
        raise NotFound
    return_inspection(
        session,
        decider,
        scope,
        case.inspection,
        rev=current.rev,
        reason=f"{case.label}: {said.reason}",
        at=at,
    )
