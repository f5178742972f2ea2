"""Say who inspects which station by which day, and take it back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Scope
from audit_api.domain.errors import Fault, InvalidInput, NotFound
from audit_api.storage import audit_log
from audit_api.storage.oversight import assignments
from audit_api.storage.oversight.assignments import Assignment, StationFacts
from audit_api.storage.sync import feed


@dataclass(frozen=True, slots=True)
class Wanted:
    """One line of what is to be assigned; `inspector` is a user name."""

    campaign: str
    site: UUID
    inspector: str
    due_on: date
    note: str | None = None


def assign(
    session: Session, actor: Actor, scope: Scope, wanted: Sequence[Wanted], *, at: datetime
) -> list[UUID]:
    """Make all of these assignments, or none; returns their ids in the same order.

    A line that is assigned just so already answers that assignment: sending a list again is
    harmless. InvalidInput names every bad line.
    """
    pairs = [(line.site, line.campaign) for line in wanted]
    stations = assignments.stations(session, pairs, scope.territories)
    inspectors = assignments.inspectors(
        session,
        [line.inspector for line in wanted],
        [station.territory for station in stations.values()],
        [line.due_on for line in wanted],
    )
    assignments.hold_for_assigning(session, inspectors.values())
    live = assignments.live_assignments(session, inspectors.values())
    faults: list[Fault] = []
    ids: list[UUID] = []
    rows: list[dict[str, object]] = []
    here: dict[tuple[str, UUID, str], int] = {}
    for n, line in enumerate(wanted):
        pointer = f"/items/{n}"
        station = stations.get((line.site, line.campaign))
        wrong = list(_wrong(pointer, line, station, inspectors))
        earlier = here.setdefault((line.campaign, line.site, line.inspector), n)
        if earlier != n:
            wrong.append(Fault(pointer, f"The same as line {earlier}. Leave one out.", "twice"))
        if wrong or station is None:
            faults += wrong
            continue
        person = inspectors[line.inspector, station.territory, line.due_on]
        standing = live.get((line.campaign, line.site, person))
        if standing is None:
            ids.append(uuid4())
            rows.append(_row(ids[-1], line, person, actor, at))
        elif (standing.due_on, standing.note) == (line.due_on, line.note):
            ids.append(standing.id)
        else:
            faults.append(_assigned_otherwise(pointer, standing))
    if faults:
        raise InvalidInput(
            f"{len({f.pointer.split('/')[2] for f in faults})} of {len(wanted)} lines cannot be "
            "assigned; nothing was. Mend or leave out the lines named in `errors`, send all again.",
            faults=faults,
        )
    if rows:
        assignments.add_assignments(session, rows)
        for row in rows:
            audit_log.record(
                session,
                "assigned",
                str(row["id"]),
                at=at,
                person=actor.person,
                site=row["site_id"],
                inspector=row["inspector_id"],
                due_on=row["due_on"],
            )
        feed.publish(session, assignment=[UUID(str(row["id"])) for row in rows])
    return ids


def _wrong(
    pointer: str,
    line: Wanted,
    station: StationFacts | None,
    inspectors: Mapping[tuple[str, UUID, date], UUID],
) -> Iterator[Fault]:
    if station is None:
        yield Fault(
            f"{pointer}/site",
            "No station of this campaign in your territories. Check the site and the campaign.",
            "unknown-station",
        )
        return
    if station.closed:
        yield Fault(f"{pointer}/campaign", "The campaign is closed.", "campaign-closed")
    if line.due_on > station.election_day:
        yield Fault(
            f"{pointer}/due_on",
            f"Election day is {station.election_day}; give that day or an earlier one.",
            "after-election",
        )
    if (line.inspector, station.territory, line.due_on) not in inspectors:
        yield Fault(
            f"{pointer}/inspector",
            "No inspector of this name has a grant that covers the station's territory on that "
            "day. Check the name, or have an administrator give the grant first.",
            "no-grant",
        )


def _assigned_otherwise(pointer: str, standing: Assignment) -> Fault:
    return Fault(
        pointer,
        f"Assigned to this inspector already, by {standing.due_on} "
        f"(/api/v1/assignments/{standing.id}). Withdraw that one first to change the day or note.",
        "assigned-already",
    )


def _row(
    assignment: UUID, line: Wanted, person: UUID, actor: Actor, at: datetime
) -> dict[str, object]:
    return {
        "id": assignment,
        "campaign_id": line.campaign,
        "site_id": line.site,
        "inspector_id": person,
        "due_on": line.due_on,
        "note": line.note,
        "assigned_by": actor.person,
        "assigned_at": at,
    }


def withdraw_assignment(
    session: Session, actor: Actor, scope: Scope, assignment: UUID, *, reason: str, at: datetime
) -> None:
    """Let an assignment stand no longer; one that is withdrawn stays as it was withdrawn."""
    found = assignments.find_assignment(session, assignment, scope.territories)
    if found is None:
        raise NotFound
    if found[2] is None:
        assignments.withdraw(session, assignment, by=actor.person, reason=reason, at=at)
        audit_log.record(session, "assignment_withdrawn", assignment, at=at, person=actor.person)
        feed.publish(session, assignment=[assignment])
