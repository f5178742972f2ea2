"""A prosecutor issues a supervisory act."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Scope
from audit_api.domain.deadlines import today
from audit_api.domain.errors import Fault, InvalidInput, NotFound
from audit_api.domain.evidence.canonical import canonical_json, sha256_of
from audit_api.domain.oversight.acts import answer_due_on
from audit_api.domain.vocabulary import (
    ENDED_VIOLATION_STATES,
    ActKind,
    ActState,
)
from audit_api.services.oversight.prepare_list import (
    Addressee,
    Wish,
    addressee_place,
    office_of,
    prepare_list,
)
from audit_api.services.oversight.serve_list import refuse_not_ready
from audit_api.storage import audit_log
from audit_api.storage.lists.serving import Place
from audit_api.storage.oversight import acts, served_lists
from audit_api.storage.oversight.office_numbers import next_number
from audit_api.storage.oversight.served_lists import Correspondence
from audit_api.storage.people import full_name
from field_schema.catalog import Catalog
from field_schema.problems import words


@dataclass(frozen=True, slots=True)
class ActWish:
    """What a prosecutor issues: over a served list, or over violations to an addressee.

    `answer_due_on` None: by the term that is set for the kind, if one is.
    """

    kind: ActKind
    demand: str
    served_list: UUID | None
    violations: Wish | None
    office: str | None
    answer_due_on: date | None


@dataclass(frozen=True, slots=True)
class _Covered:
    """Whom an act is written to, and what it covers, as its document says it."""

    addressee: Addressee
    campaign: str
    ids: list[UUID]
    said: dict[str, Any]


def issue_act(
    session: Session,
    actor: Actor,
    scope: Scope,
    wish: ActWish,
    catalog: Catalog,
    terms: Mapping[ActKind, int],
    *,
    at: datetime,
) -> UUID:
    """Issue an act and return its id. `terms`: days for an answer, of the kinds that have a term.

    Raises NotFound for a list or an addressee outside the scope; InvalidInput for an addressee
    who is none, for violations that cannot be served, for a list of which all has ended, and when
    nothing says by when an answer is due.
    """
    issued_on = today(at)
    due = answer_due_on(wish.kind, issued_on, wish.answer_due_on, terms)
    covered = _covered(session, actor, scope, wish, catalog, at)
    place = addressee_place(session, scope, covered.addressee, at)
    office = office_of(session, actor, place, wish.office, at)
    of = Correspondence(
        office.id, covered.campaign, place.id, covered.addressee.kind, covered.addressee.name
    )
    number = next_number(session, office.id, of.campaign, wish.kind)
    act = uuid4()
    document = canonical_json(
        _document(wish, covered, office, place)
        | {
            "id": str(act),
            "number": number,
            "issued_on": issued_on.isoformat(),
            "issued_at": at.isoformat(),
            "issued_by": full_name(session, actor.person),
            "answer_due_on": due.isoformat(),
        }
    )
    digest = sha256_of(document)
    acts.add_act(
        session,
        of,
        act=act,
        kind=wish.kind,
        number=number,
        served_list=wish.served_list,
        violations=covered.ids,
        answer_due_on=due,
        document=document,
        sha256=digest,
        person=actor.person,
        on=issued_on,
        at=at,
    )
    acts.add_event(
        session,
        act,
        "issue",
        was=None,
        state=ActState.ISSUED,
        reason=wish.demand,
        person=actor.person,
        at=at,
    )
    audit_log.record(
        session,
        "act_issued",
        act,
        at=at,
        person=actor.person,
        kind=wish.kind,
        number=number,
        violations=len(covered.ids),
        sha256=digest.hex(),
    )
    return act


def _covered(
    session: Session, actor: Actor, scope: Scope, wish: ActWish, catalog: Catalog, at: datetime
) -> _Covered:
    if wish.violations is not None:
        made = prepare_list(session, actor, scope, wish.violations, catalog, at=at, hold=True)
        refuse_not_ready(made, skip_not_ready=False)
        ids = [UUID(row["violation"]) for row in made.rows]
        told: dict[str, Any] = {"served_list": None, "rows": made.rows}
        return _Covered(wish.violations.addressee, wish.violations.campaign, ids, told)
    assert wish.served_list is not None  # noqa: S101 - one of the two is given
    found = served_lists.find_to_cite(session, scope, wish.served_list)
    if found is None:
        raise NotFound
    if all(state in ENDED_VIOLATION_STATES for state in found.states.values()):
        detail = f"All that list №{found.number} has is closed, overturned or superseded by now."
        raise InvalidInput(detail, faults=[Fault("/served_list", detail, code="nothing-left")])
    cited = {
        "id": str(found.id),
        "number": found.number,
        "served_on": found.served_on.isoformat(),
        "sha256": found.sha256.hex(),
        "states": {str(violation): state for violation, state in found.states.items()},
    }
    addressee = Addressee(found.kind, found.territory, found.name)
    told = {"served_list": cited, "rows": None}
    return _Covered(addressee, found.campaign, sorted(found.states), told)


def _document(wish: ActWish, covered: _Covered, office: Place, place: Place) -> dict[str, Any]:
    texts = words()
    return {
        "document": "supervisory-act/1",
        "kind": wish.kind,
        "kind_name": texts["acts"][wish.kind],
        "campaign": covered.campaign,
        "office": {"territory": office.code, "territory_name": office.name},
        "addressee": {
            "kind": covered.addressee.kind,
            "kind_name": texts["addressees"][covered.addressee.kind],
            "territory": place.code,
            "territory_name": place.name,
            "name": covered.addressee.name,
        },
        "demand": wish.demand,
        **covered.said,
    }
