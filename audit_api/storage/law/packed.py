"""Packed measures of the current inspections: what a new edition is tried on.

Derived from the bodies and never evidence: it may be made anew at any time. One row for each
inspection, of its current revision; read in pages of whole blocks of the table, which needs no
index and no sort.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, String, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.storage.base import Base, Id

BLOCKS_PER_PAGE = 3_000
"""About 24 MB of the table, some 40,000 inspections of a station."""


class PackedInspection(Base):
    """The measures of an inspection's current revision (`field_schema.packing`)."""

    __tablename__ = "packed_inspection"

    # No foreign keys: it is written with its inspection, which nothing can delete.
    inspection_id: Mapped[Id] = mapped_column(primary_key=True)
    rev: Mapped[int] = mapped_column(Integer)
    site_id: Mapped[Id]
    campaign_id: Mapped[str] = mapped_column(String(40))
    shape: Mapped[str]
    measures: Mapped[bytes]


@dataclass(frozen=True, slots=True)
class ShapeRows:
    """The inspections of one shape in a page; each member holds one after the other.

    `inspections` and `sites`: 16 bytes each. `measures`: equally many bytes each.
    """

    shape: str
    count: int
    inspections: bytes
    sites: bytes
    measures: bytes


@dataclass(frozen=True, slots=True)
class SiteBuilding:
    """What decides which requirements apply at a site."""

    id: UUID
    status: str
    built_on: date | None
    altered_on: date | None


# The aggregates of a group see its rows in one order: the nth of each belongs together.
_PAGE = text("""
    select shape, count(*), string_agg(uuid_send(inspection_id), ''),
        string_agg(uuid_send(site_id), ''), string_agg(measures, '')
    from packed_inspection
    where ctid >= cast(:first as tid) and ctid < cast(:last as tid)
        and campaign_id = any(:campaigns)
    group by shape
""")
_BLOCKS = text("select pg_relation_size('packed_inspection') / current_setting('block_size')::int")
_SITES = text("select id, building_status, built_on, altered_on from site order by id")
_UNPACKED = """
    from inspection i where i.is_current and i.campaign_id = any(:campaigns)
        and not exists (select from packed_inspection p
            where p.inspection_id = i.id and p.rev = i.rev and p.shape like any (:layouts))
"""
_COUNT_MISSING = text(f"select count(*) {_UNPACKED}")
_MISSING = text(f"""
    select i.id, i.rev, i.site_id, i.campaign_id, i.body::text {_UNPACKED}
    order by i.id limit :rows
""")
_KEEP = """
    insert into packed_inspection (inspection_id, rev, site_id, campaign_id, shape, measures)
    values (:id, :rev, :site, :campaign, :shape, :measures)
    on conflict (inspection_id) do update set rev = excluded.rev, site_id = excluded.site_id,
        campaign_id = excluded.campaign_id, shape = excluded.shape, measures = excluded.measures
        where packed_inspection.rev <= excluded.rev
"""


def read_pages(
    session: Session, campaigns: Sequence[str]
) -> Iterator[tuple[float, list[ShapeRows]]]:
    """All packed inspections of these campaigns: pages, each with the share read after it, 0 to 1.

    The transaction has to be of one snapshot (`Database.snapshot`): rows move while others write.
    """
    total = int(session.execute(_BLOCKS).scalar_one())
    for first in range(0, total, BLOCKS_PER_PAGE):
        last = min(first + BLOCKS_PER_PAGE, total)
        rows = session.execute(
            _PAGE, {"first": f"({first},0)", "last": f"({last},0)", "campaigns": list(campaigns)}
        )
        yield last / total, [ShapeRows(*row) for row in rows]


def site_buildings(session: Session) -> list[SiteBuilding]:
    """The buildings of all sites, by the order of their ids."""
    return [SiteBuilding(*row) for row in session.execute(_SITES)]


def unpacked(
    session: Session, campaigns: Sequence[str], layouts: Sequence[str], *, rows: int
) -> list[Any]:
    """Current inspections without packed measures in one of these layouts ("station/1;5d0c1f0a").

    Of each id, rev, site, campaign and body; in the order of their ids.
    """
    values = {
        "campaigns": list(campaigns),
        "layouts": [f"{layout};%" for layout in layouts],
        "rows": rows,
    }
    return list(session.execute(_MISSING, values))


def count_unpacked(session: Session, campaigns: Sequence[str], layouts: Sequence[str]) -> int:
    """How many of them there are."""
    values = {"campaigns": list(campaigns), "layouts": [f"{layout};%" for layout in layouts]}
    return int(session.execute(_COUNT_MISSING, values).scalar_one())


def keep_packed(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write packed measures: id, rev, site, campaign, shape, measures. An older rev gives way."""
    session.execute(text(_KEEP), list(rows))


_BODIES = text("""
    select i.id, i.body::text, i.site_id, s.building_status, s.built_on, s.altered_on
    from inspection i join site s on s.id = i.site_id
    where i.id = any(:ids) and i.is_current order by i.id
""")


def bodies(session: Session, inspections: Sequence[UUID]) -> list[Any]:
    """Of current inspections id, body, site, and the site's status, built and altered days."""
    return list(session.execute(_BODIES, {"ids": list(inspections)}))
