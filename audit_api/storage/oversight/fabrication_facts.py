"""What the search for fabrication compares: one revision, and the others that are like it.

Not scoped: this is for the worker alone. What a person reads is in `lists.fabrication`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from audit_api.domain.oversight.fabrication import MOST_OTHERS, PhotoClaims, Place, Side, Visit
from audit_api.storage.oversight.fabrication import DueRevision

_VISIT: Final = """
    i.id, i.rev, i.site_id, i.started_at, i.finished_at,
    (select min(r.started_at) from inspection r where r.id = i.id and r.rev <= i.rev) as first,
    (select max(r.finished_at) from inspection r where r.id = i.id and r.rev <= i.rev) as last,
    'device-clock-off' = any(i.flags) as clock_off,
    i.lat, i.lon, i.accuracy_m, site.lat as site_lat, site.lon as site_lon
"""
_FROM = "from inspection i join site on site.id = i.site_id"
_find = text(f"""
    select {_VISIT}, i.inspector_id, i.body::text as body {_FROM}
    where i.id = :id and i.rev = :rev and i.is_current
""")
_photos = text("""
    select distinct on (a.sha256) a.sha256, a.element_id, e.sha256 is not null as examined,
        e.taken, e.lat, e.lon, e.dhash
    from announced_photo a left join photo_examination e on e.sha256 = a.sha256
    where a.inspection_id = :id and a.rev = :rev order by a.sha256, a.id
""")
_same = text("""
    select mine.sha256, o.inspection_id, o.rev, o.element_id
    from unnest(cast(:hashes as bytea[])) as mine (sha256) cross join lateral (
        select distinct on (i.received_at, i.id) i.id as inspection_id, i.rev, a.element_id
        from announced_photo a
        join inspection i on i.id = a.inspection_id and i.rev = a.rev and i.is_current
        where a.sha256 = mine.sha256 and i.site_id <> :site
        order by i.received_at, i.id, a.id limit :most) o
""")
# Every examined photo is looked at: no index finds what differs in a few bits.
_alike = text("""
    select mine.dhash as mine, o.*
    from unnest(cast(:hashes as bigint[])) as mine (dhash) cross join lateral (
        select e.sha256, e.dhash, i.id, i.rev, a.element_id
        from photo_examination e join announced_photo a on a.sha256 = e.sha256
        join inspection i on i.id = a.inspection_id and i.rev = a.rev and i.is_current
        where bit_count((e.dhash # mine.dhash)::bit(64)) <= :bits
            and bit_count(e.dhash::bit(64)) between :least and 64 - :least
            and i.site_id <> :site and e.sha256 <> all (cast(:own as bytea[]))
            and not exists (select from announced_photo b where b.inspection_id = a.inspection_id
                and b.rev = a.rev and b.sha256 = a.sha256 and b.id < a.id)
        order by bit_count((e.dhash # mine.dhash)::bit(64)), i.received_at, i.id, e.sha256
        limit :most) o
""")
_BESIDE = """
    (select {columns} {of} where i.inspector_id = :inspector and i.is_current and i.id <> :id
        and i.site_id <> :site and i.started_at {side} :started
        order by i.started_at {order}, i.id limit 1)
"""
_beside = text(
    " union all ".join(
        _BESIDE.format(columns=_VISIT, of=_FROM, side=side, order=order)
        for side, order in (("<=", "desc"), (">", "asc"))
    )
)
_measured = text("""
    select mine.digest, o.id, o.rev, o.element
    from unnest(cast(:digests as text[])) as mine (digest) cross join lateral (
        select i.id, i.rev, cast(c.measured -> mine.digest ->> 'element' as uuid) as element
        from inspection i
        join fabrication_check c on c.inspection_id = i.id and c.rev = i.rev
        where i.inspector_id = :inspector and i.is_current and i.site_id <> :site
            and c.measured ? mine.digest
        order by i.received_at, i.id limit :most) o
""")


@dataclass(frozen=True, slots=True)
class Revision:
    """A current revision as it is to be compared: whose, its body's text, its photos by hash.

    `announced` counts originals; `photos` are those that a decoder has looked at.
    """

    visit: Visit
    inspector: UUID
    body: str
    announced: Sequence[Side]
    photos: Sequence[PhotoClaims]


def find_revision(session: Session, due: DueRevision) -> Revision | None:
    """The revision; None when it is not current any more."""
    key = {"id": due.inspection, "rev": due.rev}
    row = session.execute(_find, key).one_or_none()
    if row is None:
        return None
    announced = []
    photos = []
    for photo in session.execute(_photos, key):
        side = Side(due.inspection, due.rev, bytes(photo.sha256), photo.element_id)
        announced.append(side)
        if photo.examined:
            place = None if photo.lat is None else Place(photo.lat, photo.lon)
            photos.append(PhotoClaims(side, photo.taken, place, photo.dhash))
    return Revision(_visit(row), row.inspector_id, row.body, announced, photos)


def _visit(row: Row[Any]) -> Visit:
    return Visit(
        Side(row.id, row.rev),
        row.site_id,
        row.started_at,
        row.finished_at,
        row.first,
        row.last,
        row.clock_off,
        None if row.lat is None else Place(row.lat, row.lon, row.accuracy_m or 0.0),
        None if row.site_lat is None else Place(row.site_lat, row.site_lon),
    )


def same_elsewhere(session: Session, revision: Revision) -> dict[bytes, list[Side]]:
    """By hash: where else these very photos are announced, the earliest first."""
    found: dict[bytes, list[Side]] = {}
    values = {
        "hashes": [side.photo for side in revision.announced],
        "site": revision.visit.site,
        "most": MOST_OTHERS,
    }
    for row in session.execute(_same, values):
        sha256 = bytes(row.sha256)
        side = Side(row.inspection_id, row.rev, sha256, row.element_id)
        found.setdefault(sha256, []).append(side)
    return found


def alike_elsewhere(
    session: Session, revision: Revision, dhashes: Iterable[int], *, bits: int, least: int
) -> dict[int, list[PhotoClaims]]:
    """By difference hash: the photos of other sites that differ from it in `bits` at most.

    Those with fewer than `least` bits set, or not set, are left out.
    """
    values = {
        "hashes": sorted(set(dhashes)),
        "own": [side.photo for side in revision.announced],
        "site": revision.visit.site,
        "bits": bits,
        "least": least,
        "most": MOST_OTHERS,
    }
    found: dict[int, list[PhotoClaims]] = {}
    for row in session.execute(_alike, values):
        side = Side(row.id, row.rev, bytes(row.sha256), row.element_id)
        found.setdefault(row.mine, []).append(PhotoClaims(side, dhash=row.dhash))
    return found


def visits_beside(session: Session, revision: Revision) -> list[Visit]:
    """The same inspector's visits of other sites just before and just after this one."""
    values = {
        "inspector": revision.inspector,
        "id": revision.visit.side.inspection,
        "site": revision.visit.site,
        "started": revision.visit.started,
    }
    return [_visit(row) for row in session.execute(_beside, values)]


def same_measured(
    session: Session, revision: Revision, digests: Sequence[str]
) -> list[tuple[str, Side]]:
    """The same inspector's elements at other sites where the same was measured, by digest."""
    values = {
        "digests": list(digests),
        "inspector": revision.inspector,
        "site": revision.visit.site,
        "most": MOST_OTHERS,
    }
    rows = session.execute(_measured, values)
    return [(row.digest, Side(row.id, row.rev, None, row.element)) for row in rows]
