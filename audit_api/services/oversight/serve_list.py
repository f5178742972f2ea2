"""A prosecutor serves a list: numbered, frozen, hashed."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Scope
from audit_api.domain.deadlines import today
from audit_api.domain.errors import Fault, InvalidInput
from audit_api.domain.evidence.canonical import canonical_json, sha256_of
from audit_api.domain.oversight import serving
from audit_api.services.oversight.prepare_list import (
    NotServed,
    Prepared,
    Wish,
    addressee_place,
    office_of,
    prepare_list,
)
from audit_api.storage import audit_log
from audit_api.storage.oversight import served_lists
from audit_api.storage.oversight.office_numbers import next_number
from audit_api.storage.people import full_name
from field_schema.catalog import Catalog


def serve_list(
    session: Session,
    actor: Actor,
    scope: Scope,
    wish: Wish,
    catalog: Catalog,
    *,
    skip_not_ready: bool,
    at: datetime,
) -> UUID:
    """Freeze a list and return its id.

    Raises InvalidInput, with every reason, when something of it cannot be served and
    `skip_not_ready` does not leave it out, or when nothing is left; else as `prepare_list`.
    """
    place = addressee_place(session, scope, wish.addressee, at)
    office = office_of(session, actor, place, wish.office, at)
    # The number first: whoever serves for this office at the same time waits here, and then
    # compares with this list. What is refused below gives the number back.
    number = next_number(session, office.id, wish.campaign, served_lists.SERIES)
    made = prepare_list(session, actor, scope, wish, catalog, at=at, hold=True)
    refuse_not_ready(made, skip_not_ready=skip_not_ready)
    served = uuid4()
    document = canonical_json(
        _document(made, wish)
        | {
            "id": str(served),
            "number": number,
            "served_on": today(at).isoformat(),
            "served_at": at.isoformat(),
            "served_by": full_name(session, actor.person),
        }
    )
    digest = sha256_of(document)
    served_lists.add_list(
        session,
        made.of,
        served=served,
        number=number,
        violations=[UUID(row["violation"]) for row in made.rows],
        fixed=made.since.fixed if made.since else (),
        document=document,
        sha256=digest,
        person=actor.person,
        on=today(at),
        at=at,
    )
    audit_log.record(
        session,
        "list_served",
        served,
        at=at,
        person=actor.person,
        number=number,
        violations=len(made.rows),
        sha256=digest.hex(),
    )
    return served


def refuse_not_ready(made: Prepared, *, skip_not_ready: bool) -> None:
    """Raise InvalidInput for what cannot be served, with the reasons of the first fifty."""
    if made.rows and (skip_not_ready or not made.not_ready):
        return
    if not made.rows and not made.not_ready:
        raise InvalidInput(
            "There is nothing to serve: no violation that has not ended fits. Widen the filters.",
            faults=[Fault("/filters", "Nothing fits.", code="nothing-to-serve")],
        )
    raise InvalidInput(
        f"{len(made.not_ready)} of {len(made.not_ready) + len(made.rows)} violations cannot be "
        "served: only what technical supervision confirmed, with the originals of its photos "
        "here, may be. POST /api/v1/served-lists/previews shows all of them; `skip_not_ready` "
        "serves the others.",
        faults=[fault for refused in made.not_ready for fault in _faults(refused)][:50],
    )


def _faults(refused: NotServed) -> list[Fault]:
    return [
        Fault(
            f"/violations/{refused.violation}",
            serving.reason_in_words(reason, refused.state, refused.missing)["en"],
            code=reason,
        )
        for reason in refused.reasons
    ]


def _document(made: Prepared, wish: Wish) -> dict[str, Any]:
    return {
        "document": "served-list/1",
        "campaign": made.of.campaign,
        "office": {"territory": made.office.code, "territory_name": made.office.name},
        "addressee": {
            "kind": made.of.kind,
            "territory": made.place.code,
            "territory_name": made.place.name,
            "name": made.of.name,
        },
        "parameters": {
            "filters": {name: str(value) for name, value in wish.filters.items()},
            "violations": None if wish.picked is None else sorted(map(str, wish.picked)),
        },
        "rows": made.rows,
        "left_out": [
            {"violation": str(r.violation), "state": r.state, "reasons": list(r.reasons)}
            for r in made.not_ready
        ],
        "since": since_json(made),
    }


def since_json(made: Prepared) -> dict[str, Any] | None:
    """What has become of the earlier list: ids by what became of them; None without one."""
    if made.earlier is None or made.since is None:
        return None
    became = {name: [str(v) for v in found] for name, found in asdict(made.since).items()}
    return {
        "number": made.earlier.number,
        "served_on": made.earlier.served_on.isoformat(),
        **became,
    }
