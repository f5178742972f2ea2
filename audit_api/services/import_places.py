"""Importing territories and stations: all of a file, or nothing of it; twice changes nothing."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from audit_api.domain import place_rows
from audit_api.domain.errors import Fault, ImportRefused
from audit_api.domain.place_rows import StationRow, TerritoryRow
from audit_api.domain.vocabulary import LSG_KINDS, TerritoryKind
from audit_api.storage import audit_log, feed
from audit_api.storage.campaigns import Campaign, Constituency, Milestone, Station
from audit_api.storage.places import Element, Site, Territory, TerritoryVersion
from audit_api.storage.remediation import RemediationTask
from audit_api.storage.violations import Violation


@dataclass(slots=True)
class ImportReport:
    """How many lines made something new, changed something, or changed nothing."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0

    def count(self, *, new: bool, differs: bool) -> None:
        """Count one line."""
        self.created += new
        self.changed += not new and differs
        self.unchanged += not new and not differs


def read_lines(data: bytes, name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Lines of a CSV file, or features of a GeoJSON one, with the number a person looks for."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportRefused(f"{name}: byte {error.start} is not UTF-8; save it as UTF-8.") from None
    if name.lower().endswith((".geojson", ".json")):
        yield from _features(text, name)
        return
    reader = csv.DictReader(io.StringIO(text), restkey="(more cells than columns)")
    for cells in reader:
        yield reader.line_num, cells


def _features(text: str, name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        collection = json.loads(text)
        features = collection["features"]
        for n, feature in enumerate(features, 1):
            cells = dict(feature["properties"])
            if isinstance(cells.get("synthetic"), list):
                cells["synthetic"] = "|".join(cells["synthetic"])
            geometry = feature.get("geometry")
            if geometry is not None:
                if geometry["type"] != "Point":
                    raise ImportRefused(f"{name}: feature {n} is no Point; give one point each.")
                cells["lon"], cells["lat"] = geometry["coordinates"][:2]
            yield n, cells
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ImportRefused(
            f"{name} is no GeoJSON FeatureCollection of points ({type(error).__name__}: {error})."
        ) from None


def _refuse_if(faults: Sequence[Fault], name: str) -> None:
    if faults:
        raise ImportRefused(
            f"{name}: {len(faults)} mistakes; nothing was imported. Mend these and import again.",
            faults=faults,
        )


def import_territories(session: Session, data: bytes, name: str, *, at: datetime) -> ImportReport:
    """Bring the territory tree to what the file says. ImportRefused tells every bad line."""
    rows, faults = place_rows.read_rows(
        read_lines(data, name),
        place_rows.TERRITORY_COLUMNS,
        place_rows.read_territory,
        lambda row: (row.code, row.valid_from),
    )
    known = {t.code: t for t in session.scalars(select(Territory).with_for_update())}
    faults += _tree_faults(rows, known)
    _refuse_if(faults, name)
    report = ImportReport()
    for row in rows:
        territory = known.get(row.code)
        new = territory is None
        if territory is None:
            territory = known[row.code] = Territory(
                id=uuid4(), code=row.code, kind=row.kind.value, lat=row.lat, lon=row.lon
            )
            session.add(territory)
            session.flush()
        elif row.lat is not None:
            territory.lat, territory.lon = row.lat, row.lon
        differs = session.is_modified(territory)
        version = session.get(TerritoryVersion, (territory.id, row.valid_from))
        if version is None:
            version = TerritoryVersion(territory_id=territory.id, valid_from=row.valid_from)
            session.add(version)
            differs = True
        version.parent_id = known[row.parent].id if row.parent else None
        version.name_ky, version.name_ru, version.name_en = row.name_ky, row.name_ru, row.name_en
        differs = differs or session.is_modified(version)
        session.flush()
        report.count(new=new, differs=differs)
    _log(session, "territories_imported", name, report, at)
    return report


def _tree_faults(rows: Sequence[TerritoryRow], known: Mapping[str, Territory]) -> list[Fault]:
    faults = []
    kinds = {code: TerritoryKind(t.kind) for code, t in known.items()}
    for row in rows:
        where = f"line {row.line}, parent"
        if row.code in known and kinds[row.code] is not row.kind:
            faults.append(
                Fault(
                    f"line {row.line}, kind",
                    f"{row.code} is a {kinds[row.code]}; a territory keeps its kind",
                )
            )
        if row.kind is TerritoryKind.REGION:
            if row.parent is not None:
                faults.append(Fault(where, "a region has no parent; leave it empty"))
        elif row.parent not in kinds:
            faults.append(
                Fault(where, f"{row.parent!r} is not known on or above this line; parents first")
            )
        elif row.parent is not None and kinds[row.parent] in LSG_KINDS:
            faults.append(Fault(where, f"{row.parent} is a {kinds[row.parent]} and has no parts"))
        kinds.setdefault(row.code, row.kind)
    return faults


def import_stations(
    session: Session, campaign: str, data: bytes, name: str, *, at: datetime
) -> ImportReport:
    """Bring a campaign's stations and their sites to what the file says.

    A station is known by its number; its site is made with it and follows it. ImportRefused
    tells every bad line.
    """
    rows, faults = place_rows.read_rows(
        read_lines(data, name),
        place_rows.STATION_COLUMNS,
        place_rows.read_station,
        lambda row: row.number,
    )
    if session.get(Campaign, campaign) is None:
        raise ImportRefused(f"There is no campaign {campaign!r}; make it first.")
    territories = {t.code: t for t in session.scalars(select(Territory))}
    constituencies = set(
        session.scalars(select(Constituency.number).where(Constituency.campaign_id == campaign))
    )
    faults += _station_faults(rows, territories, constituencies)
    _refuse_if(faults, name)
    sites = {
        station.number: (station, site)
        for station, site in session.execute(
            select(Station, Site)
            .join(Site, Site.id == Station.site_id)
            .where(Station.campaign_id == campaign)
            .order_by(Site.id)
            .with_for_update(of=Site)
        )
    }
    report = ImportReport()
    touched: list[UUID] = []
    moved: list[Site] = []
    for row in rows:
        station, site = sites.get(row.number, (None, None))
        new = station is None or site is None
        if station is None or site is None:
            site = Site(id=uuid4(), rev=1, updated_at=at, synthetic=[])
            station = Station(campaign_id=campaign, number=row.number, site_id=site.id)
        was = site.territory_id
        _fill(site, station, row, territories[row.territory].id)
        if new:
            session.add(site)
            session.flush()
            session.add(station)
        differs = session.is_modified(site) or session.is_modified(station)
        if differs and not new:
            site.rev += 1
            site.updated_at = at
        if new or differs:
            touched.append(site.id)
        if not new and was != site.territory_id:
            moved.append(site)
        report.count(new=new, differs=differs)
    session.flush()
    for site in moved:
        _move_in_feed(session, site)
    feed.publish(session, site=touched)
    _log(session, "stations_imported", name, report, at)
    return report


def _station_faults(
    rows: Sequence[StationRow], territories: Mapping[str, Territory], constituencies: set[int]
) -> list[Fault]:
    faults = []
    for row in rows:
        territory = territories.get(row.territory)
        if territory is None:
            detail = f"{row.territory!r} is not known; import the territories first"
            faults.append(Fault(f"line {row.line}, territory", detail))
        elif TerritoryKind(territory.kind) not in LSG_KINDS:
            detail = f"{row.territory} is a {territory.kind}; a site lies in a city or aiyl aimak"
            faults.append(Fault(f"line {row.line}, territory", detail))
        if row.constituency not in constituencies:
            known = ", ".join(map(str, sorted(constituencies)))
            detail = f"{row.constituency} is no constituency of the campaign; it has {known}"
            faults.append(Fault(f"line {row.line}, constituency", detail))
    return faults


def _fill(site: Site, station: Station, row: StationRow, territory: UUID) -> None:
    station.voters = row.voters
    station.constituency_number = row.constituency
    site.territory_id = territory
    site.name_ky, site.name_ru, site.name_en = row.name_ky, row.name_ru, row.name_en
    site.address = row.address
    site.lat, site.lon = row.lat, row.lon
    site.building_status = row.building_status.value
    site.built_on, site.altered_on = row.built_on, row.altered_on
    site.synthetic = list(row.synthetic)


def _move_in_feed(session: Session, site: Site) -> None:
    """Everything that hangs on a moved site leaves the old territory and enters the new one."""
    hanging = {
        "element": session.scalars(select(Element.id).where(Element.site_id == site.id)).all(),
        "violation": session.scalars(
            select(Violation.id).where(Violation.site_id == site.id)
        ).all(),
        "task": session.scalars(
            select(RemediationTask.id).where(RemediationTask.site_id == site.id)
        ).all(),
    }
    everything = [site.id, *(i for ids in hanging.values() for i in ids)]
    feed.withdraw(session, everything, kept_in=feed.territory_scope(site.territory_id))
    feed.publish(session, **hanging)


def import_campaign(session: Session, said: Mapping[str, Any], *, at: datetime) -> None:
    """Make a campaign with its milestones and constituencies; changing one is another matter.

    `said` is the campaign's JSON file. ImportRefused when a member is missing or wrong.
    """
    try:
        territory = session.scalar(select(Territory.id).where(Territory.code == said["territory"]))
        if territory is None:
            raise ImportRefused(
                f"Territory {said['territory']!r} is not known; import the territories first."
            )
        values = {
            "id": said["id"],
            **_names(said["name"]),
            "election_day": said["election_day"],
            "territory_id": territory,
            "profile": said["profile"],
            "forms": list(said["forms"]),
        }
        session.execute(insert(Campaign).values(values).on_conflict_do_nothing())
        for milestone in said["milestones"]:
            session.execute(
                insert(Milestone)
                .values(
                    campaign_id=said["id"],
                    id=milestone["id"],
                    days_before=milestone["days_before"],
                    **_names(milestone["name"]),
                )
                .on_conflict_do_nothing()
            )
        for constituency in said["constituencies"]:
            session.execute(
                insert(Constituency)
                .values(
                    campaign_id=said["id"],
                    number=constituency["number"],
                    **_names(constituency["name"]),
                )
                .on_conflict_do_nothing()
            )
    except (KeyError, TypeError) as error:
        raise ImportRefused(f"The campaign's file lacks {error}; add it.") from None
    audit_log.record(session, "campaign_imported", said["id"], at=at)


def _names(name: Mapping[str, str]) -> dict[str, str]:
    return {f"name_{language}": name[language] for language in ("ky", "ru", "en")}


def _log(session: Session, what: str, name: str, report: ImportReport, at: datetime) -> None:
    audit_log.record(session, what, name, at=at, created=report.created, changed=report.changed)
