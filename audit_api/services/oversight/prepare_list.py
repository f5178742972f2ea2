"""What would be served: to whom, which violations, which not and why, and what changed since."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Scope
from audit_api.domain.deadlines import today
from audit_api.domain.errors import Fault, InvalidInput, NotFound
from audit_api.domain.oversight import serving
from audit_api.domain.oversight.served_words import served_row
from audit_api.domain.oversight.serving import Since
from audit_api.domain.vocabulary import AddresseeKind, NotReady, Role
from audit_api.storage.lists.serving import Place, find_place, violations_to_serve
from audit_api.storage.lists.violations import CaseFilter
from audit_api.storage.oversight import served_lists
from audit_api.storage.oversight.served_lists import Correspondence, EarlierList
from audit_api.storage.places.territory_tree import subtree_of
from field_schema.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who is written to: the body of local self-government of a territory, or a name in it."""

    kind: str
    territory: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a prosecutor asks to be served.

    `filters` (of `CaseFilter`, by name) choose among what has not ended, or `picked` names the
    violations. `office`: the code of the prosecutor's own territory, `since`: the number of an
    earlier list to the same addressee; None: the nearest, and the last.
    """

    campaign: str
    addressee: Addressee
    filters: dict[str, Any]
    picked: frozenset[UUID] | None = None
    office: str | None = None
    since: int | None = None


@dataclass(frozen=True, slots=True)
class NotServed:
    """A violation that cannot be served, and why not."""

    violation: UUID
    state: str
    reasons: tuple[NotReady, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What would be served. `rows` as they would be frozen."""

    office: Place
    place: Place
    of: Correspondence
    rows: list[dict[str, Any]]
    not_ready: list[NotServed]
    earlier: EarlierList | None
    since: Since | None


def prepare_list(
    session: Session,
    actor: Actor,
    scope: Scope,
    wish: Wish,
    catalog: Catalog,
    *,
    at: datetime,
    hold: bool,
) -> Prepared:
    """Look at what a list would hold. `hold`: nothing of it moves until commit.

    Raises NotFound for an addressee outside the scope, InvalidInput for one who is none, for
    violations that are not the addressee's, for too many, and for an unknown earlier list.
    """
    day = today(at)
    place = addressee_place(session, scope, wish.addressee, at)
    office = office_of(session, actor, place, wish.office, at)
    of = Correspondence(
        office.id, wish.campaign, place.id, wish.addressee.kind, wish.addressee.name
    )
    within = subtree_of(session, place.code, day) & scope.territories
    facts = violations_to_serve(
        session,
        scope,
        CaseFilter(territories=within, campaign=wish.campaign, **wish.filters),
        picked=wish.picked,
        limit=serving.MOST_ROWS,
        today=day,
        hold=hold,
    )
    _refuse_strangers(wish, facts)
    ready, not_ready = _sorted_out(facts)
    rows = [served_row(fact, catalog) | {"n": n} for n, fact in enumerate(ready, 1)]
    earlier, compared = _compared(session, of, wish.since, rows)
    return Prepared(office, place, of, rows, not_ready, earlier, compared)


def addressee_place(session: Session, scope: Scope, addressee: Addressee, at: datetime) -> Place:
    """The territory of an addressee. Raises NotFound, or InvalidInput for one who is none."""
    if addressee.kind == serving.COMMISSIONS:
        raise InvalidInput(
            serving.WHY_NO_COMMISSION,
            faults=[
                Fault("/addressee/kind", serving.WHY_NO_COMMISSION, code="outside-supervision")
            ],
        )
    place = find_place(session, today(at), code=addressee.territory)
    if place is None or place.id not in scope.territories:
        raise NotFound
    is_body = addressee.kind == AddresseeKind.LSG_BODY
    if is_body and not place.has_lsg:
        raise _refused(
            "/addressee/territory",
            f"{place.code} has no body of local self-government; name a city or an aiyl aimak.",
        )
    if is_body != (addressee.name is None):
        raise _refused(
            "/addressee/name",
            "The body of local self-government is named by its territory: leave the name out."
            if is_body
            else "Name the owner or the institution, as the letter will.",
        )
    return place


def office_of(
    session: Session, actor: Actor, place: Place, code: str | None, at: datetime
) -> Place:
    """The territory for which the actor is prosecutor, of which `place` is a part.

    The smallest, if there are several and `code` names none. Raises InvalidInput for another.
    """
    offices = [
        grant
        for grant in actor.grants
        if grant.role is Role.PROSECUTOR and place.id in grant.territories
    ]
    for grant in sorted(offices, key=lambda grant: len(grant.territories)):
        office = find_place(session, today(at), territory=grant.territory)
        if office is not None and code in (None, office.code):
            return office
    raise _refused("/office", f"You are no prosecutor of {code}, or {place.code} is no part of it.")


def _refuse_strangers(wish: Wish, facts: list[dict[str, Any]]) -> None:
    if len(facts) > serving.MOST_ROWS:
        raise _refused("/filters", f"More than {serving.MOST_ROWS} violations; narrow the filters.")
    found = {UUID(fact["violation"]) for fact in facts}
    strangers = sorted((wish.picked or frozenset()) - found)
    if strangers:
        raise InvalidInput(
            "Some are no violations of this campaign that the addressee answers for. "
            "Take ids from GET /api/v1/violations?territory=…&campaign=….",
            faults=[
                Fault(f"/violations/{v}", "Not among the addressee's.", code="not-theirs")
                for v in strangers[:50]
            ],
        )


def _sorted_out(facts: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[NotServed]]:
    ready, not_ready = [], []
    for fact in facts:
        reasons = serving.why_not(fact["state"], fact["photos"], fact["missing"])
        if reasons:
            violation = UUID(fact["violation"])
            missing = tuple(fact["missing"])
            not_ready.append(NotServed(violation, fact["state"], tuple(reasons), missing))
        else:
            ready.append(fact)
    return ready, not_ready


def _compared(
    session: Session, of: Correspondence, number: int | None, rows: list[dict[str, Any]]
) -> tuple[EarlierList | None, Since | None]:
    earlier = served_lists.earlier_list(session, of, number)
    if earlier is None:
        if number is not None:
            raise _refused("/since", f"Your office has served no list №{number} to this addressee.")
        return None, None
    here = [UUID(row["violation"]) for row in rows]
    before = served_lists.served_before(session, of, here)
    anew = [violation for violation, broken_anew in before.items() if broken_anew]
    compared = serving.since(earlier.states, here, served_before=before, anew=anew)
    return earlier, compared


def _refused(pointer: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, faults=[Fault(pointer, detail)])
