"""Importing a campaign's needs map: all of a file, or nothing of it; twice changes nothing."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from audit_api.domain.errors import Fault, ImportRefused
from audit_api.domain.oversight.needs import NEEDS
from audit_api.domain.place_rows import read_rows
from audit_api.services.places.import_places import ImportReport, read_lines
from audit_api.storage import audit_log
from audit_api.storage.places.campaigns import Campaign, Station
from audit_api.storage.places.needs import NeedsMap


def import_needs(
    session: Session, campaign: str, data: bytes, name: str, *, at: datetime
) -> ImportReport:
    """Bring the needs map of a campaign's stations to what the file says.

    A station that the file does not name keeps what it has. ImportRefused tells every bad line.
    """
    rows, faults = read_rows(read_lines(data, name, NEEDS), NEEDS)
    # One import of a campaign at a time; inspections that only refer to it go on.
    if session.get(Campaign, campaign, with_for_update={"key_share": True}) is None:
        raise ImportRefused(f"There is no campaign {campaign!r}; make it first.")
    stations = dict(
        session.execute(
            select(Station.number, Station.voters).where(Station.campaign_id == campaign)
        ).all()
    )
    told = {fault.pointer for fault in faults}
    for row in rows:
        where = f"{row.where}, number"
        if row.number not in stations and where not in told:
            detail = f"{row.number} is no station of {campaign}; import the stations first"
            faults.append(Fault(where, detail))
            continue
        faults += [
            Fault(f"{row.where}, {group}", f"{n} are more than the station's {most} voters")
            for group, n in row.voters.items()
            if n > (most := stations.get(row.number, n))
        ]
    if faults:
        raise ImportRefused(
            f"{name}: mistakes: {len(faults)}. Nothing was imported; mend them and import again.",
            faults=faults,
        )
    known = {
        needs.number: needs
        for needs in session.scalars(select(NeedsMap).where(NeedsMap.campaign_id == campaign))
    }
    report = ImportReport()
    for row in rows:
        needs = known.get(row.number)
        said = {group.value: n for group, n in row.voters.items()} | {"synthetic": row.synthetic}
        new = needs is None
        if needs is None:
            needs = NeedsMap(campaign_id=campaign, number=row.number)
            session.add(needs)
        differs = any(getattr(needs, column) != value for column, value in said.items())
        if differs:
            for column, value in said.items():
                setattr(needs, column, value)
            needs.imported_at = at
        report.count(new=new, differs=differs)
    session.flush()
    audit_log.record(
        session,
        "needs_map_imported",
        name,
        at=at,
        campaign=campaign,
        created=report.created,
        changed=report.changed,
    )
    return report
