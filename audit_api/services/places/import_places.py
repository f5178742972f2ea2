"""Importing territories and stations: all of a file, or nothing of it; twice changes nothing."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from audit_api.domain.errors import Fault, ImportRefused
from audit_api.domain.place_rows import (
    STATIONS,
    TERRITORIES,
    CampaignFile,
    Line,
    StationRow,
    Table,
    TerritoryRow,
    read_campaign,
    read_rows,
)
from audit_api.domain.vocabulary import LSG_KINDS, TerritoryKind
from audit_api.services.law.catalogs import CatalogKeeper
from audit_api.storage import audit_log
from audit_api.storage.oversight.remediation import RemediationTask
from audit_api.storage.places.campaigns import Campaign, Constituency, Milestone, Station
from audit_api.storage.places.places import Site, Territory, TerritoryVersion
from audit_api.storage.sync import edits, feed


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


def read_lines(data: bytes, name: str, table: Table) -> list[Line]:
    """Lines of a CSV file, or features of a GeoJSON one, each with where a person finds it.

    ImportRefused when the file as a whole cannot be read.
    """
    try:
        decoded = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportRefused(f"{name}: byte {error.start} is not UTF-8; save it as UTF-8.") from None
    if name.lower().endswith((".geojson", ".json")):
        lines = list(_features(decoded, name))
    else:
        lines = list(_csv_lines(decoded, name, table))
    if not lines:
        raise ImportRefused(f"{name} has no lines; is it the right file?")
    return lines


def _csv_lines(decoded: str, name: str, table: Table) -> Iterator[Line]:
    # Line ends of every system; within a cell they are refused anyway.
    reader = csv.reader(io.StringIO(decoded, newline=None), strict=True)
    try:
        filled = (cells for cells in reader if any(cell.strip() for cell in cells))
        header = [column.strip() for column in next(filled, [])]
        if header:
            _refuse_if(table.header_faults(header), name)
        for cells in filled:
            where = f"line {reader.line_num}"
            if len(cells) == len(header):
                yield where, dict(zip(header, cells, strict=True))
            else:
                detail = f"{len(cells)} cells, not {len(header)}; quote cells that hold commas"
                yield where, Fault(where, detail)
    except csv.Error as error:
        raise ImportRefused(
            f"{name}, line {reader.line_num}: {error}; see whether all quotes are closed."
        ) from None


def _features(decoded: str, name: str) -> Iterator[Line]:
    try:
        collection = json.loads(decoded)
    except (ValueError, RecursionError) as error:
        raise ImportRefused(f"{name} is no JSON: {error}.") from None
    features = collection.get("features") if isinstance(collection, dict) else None
    if not isinstance(features, list):
        raise ImportRefused(f"{name} is no GeoJSON FeatureCollection; export it as one.")
    for n, feature in enumerate(features, 1):
        yield f"feature {n}", _feature(f"feature {n}", feature)


def _feature(where: str, feature: Any) -> Mapping[str, Any] | Fault:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        return Fault(where, "is no GeoJSON feature with properties")
    cells = dict(properties)
    synthetic = cells.get("synthetic")
    if isinstance(synthetic, list) and all(isinstance(word, str) for word in synthetic):
        cells["synthetic"] = "|".join(synthetic)
    geometry = feature.get("geometry")
    if geometry is None:
        return cells
    point = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if not isinstance(point, list) or len(point) < 2 or geometry.get("type") != "Point":
        return Fault(f"{where}, geometry", "is no Point with longitude and latitude")
    # RFC 7946: longitude first; a height may follow.
    cells["lon"], cells["lat"] = point[:2]
    return cells


def _refuse_if(faults: Sequence[Fault], name: str) -> None:
    if faults:
        raise ImportRefused(
            f"{name}: mistakes: {len(faults)}. Nothing was imported; mend them and import again.",
            faults=faults,
        )


def import_territories(session: Session, data: bytes, name: str, *, at: datetime) -> ImportReport:
    """Bring the territory tree to what the file says. ImportRefused tells every bad line."""
    rows, faults = read_rows(read_lines(data, name, TERRITORIES), TERRITORIES)
    # One import at a time; inspections that only refer to territories go on.
    session.execute(text("lock table territory in share row exclusive mode"))
    known = {t.code: t for t in session.scalars(select(Territory))}
    faults += _tree_faults(rows, known, {fault.pointer for fault in faults})
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


def _tree_faults(
    rows: Sequence[TerritoryRow], known: Mapping[str, Territory], told: Set[str]
) -> list[Fault]:
    """What is wrong with the tree. `told`: cells that are known to be bad, so that one mistake
    is not told twice.
    """
    faults = []
    kinds = {code: TerritoryKind(t.kind) for code, t in known.items()}
    points: dict[str, tuple[str, float, float | None]] = {}
    for row in rows:
        kind = kinds.setdefault(row.code, row.kind)
        if f"{row.where}, kind" not in told:
            if kind is not row.kind:
                detail = f"{row.code} is a {kind}; a territory keeps its kind"
                faults.append(Fault(f"{row.where}, kind", detail))
            elif f"{row.where}, parent" not in told:
                wrong = _parent_fault(row, kinds)
                if wrong is not None:
                    faults.append(Fault(f"{row.where}, parent", wrong))
        if row.lat is not None:
            where, *point = points.setdefault(row.code, (row.where, row.lat, row.lon))
            if point != [row.lat, row.lon]:
                detail = f"{row.code} lies elsewhere on {where}; it has one place"
                faults.append(Fault(f"{row.where}, lat, lon", detail))
    return faults


def _parent_fault(row: TerritoryRow, kinds: Mapping[str, TerritoryKind]) -> str | None:
    if row.kind is TerritoryKind.REGION:
        return None if row.parent is None else "a region has no parent; leave it empty"
    if row.parent is None:
        return f"is empty; a {row.kind} lies in a district or region"
    kind = kinds.get(row.parent)
    if kind is None or row.parent == row.code:
        return f"{row.parent!r} is not known on or above this line; parents first"
    if kind in LSG_KINDS:
        return f"{row.parent} is a {kind} and has no parts"
    # A region holds districts and those hold the rest: no territory can come to lie in itself.
    if row.kind is TerritoryKind.DISTRICT and kind is not TerritoryKind.REGION:
        return f"{row.parent} is a {kind}; a district lies in a region"
    return None


def import_stations(
    session: Session, campaign: str, data: bytes, name: str, *, at: datetime
) -> ImportReport:
    """Bring a campaign's stations and their sites to what the file says.

    A station is known by its number; its site is made with it and follows it. ImportRefused
    tells every bad line.
    """
    rows, faults = read_rows(read_lines(data, name, STATIONS), STATIONS)
    # One import of a campaign at a time; inspections that only refer to it go on.
    if session.get(Campaign, campaign, with_for_update={"key_share": True}) is None:
        raise ImportRefused(f"There is no campaign {campaign!r}; make it first.")
    territories = {t.code: t for t in session.scalars(select(Territory))}
    constituencies = set(
        session.scalars(select(Constituency.number).where(Constituency.campaign_id == campaign))
    )
    faults += _station_faults(
        rows, territories, constituencies, {fault.pointer for fault in faults}
    )
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
    edited: list[tuple[Site, Mapping[str, Any]]] = []
    for row in rows:
        station, site = sites.get(row.number, (None, None))
        new = station is None or site is None
        if station is None or site is None:
            site = Site(id=uuid4(), rev=1, updated_at=at, synthetic=[])
            station = Station(campaign_id=campaign, number=row.number, site_id=site.id)
        was, before = site.territory_id, edits.fields_of(site)
        _fill(site, station, row, territories[row.territory].id)
        if new:
            session.add(site)
            session.flush()
            session.add(station)
        differs = session.is_modified(site) or session.is_modified(station)
        if differs and not new:
            site.rev += 1
            site.updated_at = at
            edited.append((site, before))
        if new or differs:
            touched.append(site.id)
        if not new and was != site.territory_id:
            moved.append(site)
        report.count(new=new, differs=differs)
    session.flush()
    edits.trace_import(session, edited, at)
    for site in moved:
        _move_in_feed(session, site)
    feed.publish(session, site=touched)
    _log(session, "stations_imported", name, report, at)
    return report


def _station_faults(
    rows: Sequence[StationRow],
    territories: Mapping[str, Territory],
    constituencies: Set[int],
    told: Set[str],
) -> list[Fault]:
    faults = []
    for row in rows:
        territory = territories.get(row.territory)
        if territory is None:
            detail = f"{row.territory!r} is not known; import the territories first"
            faults.append(Fault(f"{row.where}, territory", detail))
        elif TerritoryKind(territory.kind) not in LSG_KINDS:
            detail = f"{row.territory} is a {territory.kind}; a site lies in a city or aiyl aimak"
            faults.append(Fault(f"{row.where}, territory", detail))
        if row.constituency not in constituencies:
            known = ", ".join(map(str, sorted(constituencies)))
            detail = f"{row.constituency} is no constituency of the campaign; it has {known}"
            faults.append(Fault(f"{row.where}, constituency", detail))
    # A bad cell was told already, and says nothing about the tree.
    return [fault for fault in faults if fault.pointer not in told]


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
    tasks = session.scalars(
        select(RemediationTask.id).where(RemediationTask.site_id == site.id)
    ).all()
    here = feed.territory_scope(site.territory_id)
    feed.withdraw(session, [site.id, *tasks], kept_in=here)
    feed.publish(session, task=tasks)


def import_campaign(session: Session, said: Mapping[str, Any], *, at: datetime) -> bool:
    """Make a campaign with its milestones and constituencies; changing one is another matter.

    `said` is the campaign's JSON file. False when the campaign was there: then only milestones
    and constituencies that it lacks are added. ImportRefused tells all that is missing or wrong.
    """
    read, faults = read_campaign(said)
    territory = session.scalar(select(Territory.id).where(Territory.code == read.territory))
    if territory is None and read.territory:
        detail = f"{read.territory!r} is not known; import the territories first"
        faults.append(Fault("campaign, territory", detail))
    faults += _not_in_catalog(session, read)
    _refuse_if(faults, read.id or "The campaign")
    values = {
        "id": read.id,
        **read.names,
        "election_day": read.election_day,
        "territory_id": territory,
        "profile": read.profile,
        "forms": list(read.forms),
    }
    made = session.execute(
        insert(Campaign).values(values).on_conflict_do_nothing().returning(Campaign.id)
    ).first()
    for table, parts in ((Milestone, read.milestones), (Constituency, read.constituencies)):
        for part in parts:
            row = {"campaign_id": read.id, **part}
            session.execute(insert(table).values(row).on_conflict_do_nothing())
    audit_log.record(session, "campaign_imported", read.id, at=at)
    return made is not None


def _not_in_catalog(session: Session, read: CampaignFile) -> list[Fault]:
    """A campaign without standards or forms would quarantine every inspection."""
    catalog = CatalogKeeper().current(session)
    faults = []
    if read.profile and read.profile not in catalog.profiles:
        detail = f"{read.profile!r} is not in the catalog; it has {', '.join(catalog.profiles)}"
        faults.append(Fault("campaign, profile", detail))
    faults += [
        Fault(
            "campaign, forms", f"{form!r} is not in the catalog; it has {', '.join(catalog.forms)}"
        )
        for form in read.forms
        if form not in catalog.forms
    ]
    return faults


def _log(session: Session, what: str, name: str, report: ImportReport, at: datetime) -> None:
    audit_log.record(session, what, name, at=at, created=report.created, changed=report.changed)
