"""What a new edition would change, tried on all stored inspections; nothing is written but packing.

Inspections are read packed, page by page, and judged by numpy: memory stays flat. Only those whose
verdict changes are read whole, when somebody wants the cases one by one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from audit_api.domain.law.bulk_assessment import Buildings, BulkDiff, Change, Part, Places
from audit_api.storage.law import packed
from audit_api.storage.law.packed import ShapeRows
from field_schema.assessment import Finding, assess
from field_schema.catalog import Catalog
from field_schema.form import STATES
from field_schema.inspection import read_inspection
from field_schema.packing import layout_of, pack, packed_order, read_shape
from field_schema.profile import Adoption, Profile
from field_schema.ruleset import Building, Rule, Ruleset, build_ruleset
from field_schema.standard import Standard

CHANGES: Final = ("becomes a violation", "stops being one", "becomes not measured")
_Wanted = dict[tuple[int, int], dict[tuple[int, str, str], str]]
"""Part and row of an inspection -> packed place, standard and requirement -> what changes."""
_NOBODY: Final = {"ky": "-", "ru": "-", "en": "-"}


@dataclass(slots=True)
class Tally:
    """How often a requirement changes its verdict. `observations`: how many were looked at."""

    requirement: str
    old_clause: str | None
    new_clause: str | None
    counts: list[int] = field(default_factory=lambda: [0, 0, 0])
    changed: int = 0
    observations: int = 0


@dataclass(frozen=True, slots=True)
class CaseChange:
    """One verdict that changes: the findings under both editions, None where there is none."""

    site: UUID
    inspection: UUID
    kind: str
    old: Finding | None
    new: Finding | None


def edition_alone(catalog: Catalog, standard: Standard, weight: str) -> Ruleset:
    """The requirements of one edition as a ruleset, to be compared with another edition's."""
    adoption = Adoption(
        standard.id, standard.edition, weight, date.min, None, "-", date.min, _NOBODY
    )
    profile = Profile("-", _NOBODY, _NOBODY, "-", (adoption,), "-")
    return build_ruleset(profile, date.min, [(adoption, standard)], catalog.measures)


def count_unpacked(session: Session, catalog: Catalog, campaigns: Sequence[str]) -> int:
    """How many current inspections are not packed yet."""
    return packed.count_unpacked(session, campaigns, _layouts(catalog))


def _layouts(catalog: Catalog) -> list[str]:
    return [f"{key};{layout_of(form).digest}" for key, form in catalog.forms.items()]


def pack_some(session: Session, catalog: Catalog, campaigns: Sequence[str], rows: int = 500) -> int:
    """Pack current inspections that are not packed yet; returns how many, 0 when all are."""
    found = packed.unpacked(session, campaigns, _layouts(catalog), rows=rows)
    made = []
    for entity, rev, site, campaign, body in found:
        shape, measures = pack(read_inspection(msgspec.json.decode(body), catalog))
        told = {"site": site, "campaign": campaign, "shape": shape, "measures": measures}
        made.append({"id": entity, "rev": rev, **told})
    if made:
        packed.keep_packed(session, made)
    return len(made)


class Comparison:
    """Two rulesets compared on the inspections of some campaigns.

    `pages` does the work and gives the share that is done after each page; `tallies` then holds
    what was found, by (standard, requirement).
    """

    def __init__(self, catalog: Catalog, old: Ruleset, new: Ruleset) -> None:
        self.tallies: dict[tuple[str, str], Tally] = {}
        self.inspections = 0
        self._catalog = catalog
        self._old, self._new = old, new
        self._diff = BulkDiff(old, new)
        self._observed: dict[str, int] = {}
        self._elements: dict[tuple[str, str], str] = {}
        self._shapes: dict[str, Any] = {}

    def pages(
        self, session: Session, campaigns: Sequence[str], *, cases: bool = False
    ) -> Iterator[tuple[float, Iterator[CaseChange]]]:
        """Compare page by page; `session` is one snapshot. With `cases`, also each one.

        Gives the share that is done, 0 to 1, and the page's cases, to be taken before the next.
        """
        sites = _Sites(session)
        for share, rows in packed.read_pages(session, campaigns):
            parts = [self._part(shape_rows, sites) for shape_rows in rows]
            wanted: _Wanted = {}
            for change in self._diff.changes(parts):
                self._count(change)
                if cases:
                    _want(change, wanted)
            yield share, self._cases(session, rows, wanted)
        for key, tally in self.tallies.items():
            tally.observations = self._observed.get(self._elements[key], 0)

    def _part(self, rows: ShapeRows, sites: "_Sites") -> Part:
        form_key = rows.shape.partition(";")[0]
        form = self._catalog.form(form_key)
        shape = self._shapes.get(rows.shape)
        if shape is None:
            shape = self._shapes[rows.shape] = read_shape(rows.shape, form)
        self.inspections += rows.count
        for element in shape.elements:
            if element.state == STATES[0]:
                name = element.layout.element
                self._observed[name] = self._observed.get(name, 0) + rows.count
        measures = np.frombuffer(rows.measures, "<i4").reshape(rows.count, shape.width)
        return Part(shape, form, measures, sites.buildings(rows.sites))

    def _count(self, change: Change) -> None:
        rule = change.new or change.old
        if rule is None:
            return
        cite = rule.requirement.cite
        key = (cite.standard, rule.requirement.id)
        self._elements[key] = change.element
        tally = self.tallies.get(key)
        if tally is None:
            clauses = _clause(change.old), _clause(change.new)
            tally = self.tallies[key] = Tally(rule.requirement.id, *clauses)
        groups = _groups(change)
        for n, places in enumerate(groups):
            tally.counts[n] += len(places)
        tally.changed += len(np.unique(np.concatenate([_numbers(p) for p in groups])))

    def _cases(
        self,
        session: Session,
        rows: Sequence[ShapeRows],
        wanted: _Wanted,
    ) -> Iterator[CaseChange]:
        """The changed verdicts of a page one by one, judged singly from the stored bodies."""
        by_id = {
            UUID(bytes=rows[part].inspections[16 * row : 16 * row + 16]): found
            for (part, row), found in wanted.items()
        }
        ids = sorted(by_id)
        for start in range(0, len(ids), 200):
            for entity, body, site, *building in packed.bodies(session, ids[start : start + 200]):
                inspection = read_inspection(msgspec.json.decode(body), self._catalog)
                order = packed_order(inspection)
                olds, news = (
                    {
                        (id(f.observation), f.standard, f.requirement): f
                        for f in assess(inspection, ruleset, Building(*building)).findings
                    }
                    for ruleset in (self._old, self._new)
                )
                for (position, standard, requirement), kind in by_id[entity].items():
                    observation = inspection.elements[order[position]]
                    key = (id(observation), standard, requirement)
                    yield CaseChange(site, entity, kind, olds.get(key), news.get(key))


def _clause(rule: Rule | None) -> str | None:
    if rule is None:
        return None
    return rule.requirement.cite.clause or rule.requirement.cite.clause_hint


def _groups(change: Change) -> tuple[Places, Places, Places]:
    return (
        change.becomes_violation,
        change.stops_being_violation,
        change.becomes_not_measured,
    )


def _numbers(places: Places) -> NDArray[np.int64]:
    """One number for each observation of a page."""
    part, row = places.part.astype(np.int64), places.row.astype(np.int64)
    return np.asarray(part * 2**40 + row * 2**16 + places.position, np.int64)


def _want(change: Change, wanted: _Wanted) -> None:
    rule = change.new or change.old
    if rule is None:
        return
    name = (rule.requirement.cite.standard, rule.requirement.id)
    for kind, places in zip(CHANGES, _groups(change), strict=True):
        columns = (places.part.tolist(), places.row.tolist(), places.position.tolist())
        for part, row, position in zip(*columns, strict=True):
            found = wanted.setdefault((part, row), {})
            # What was a violation and cannot be judged any more is one case, told with both.
            before = found.get((position, *name))
            found[position, *name] = f"{before}; {kind}" if before else kind


class _Sites:
    """The buildings of all sites, found by the sites' ids."""

    def __init__(self, session: Session) -> None:
        sites = sorted(packed.site_buildings(session), key=lambda site: site.id.bytes)
        self._ids = np.frombuffer(b"".join(s.id.bytes for s in sites), "S16")
        self._all = Buildings.of([Building(s.status, s.built_on, s.altered_on) for s in sites])

    def buildings(self, ids: bytes) -> Buildings:
        """The building of each id, 16 bytes each."""
        # Of equal length, so that dropped zero bytes at the end change no order.
        at = np.searchsorted(self._ids, np.frombuffer(ids, "S16"))
        return Buildings(self._all.status[at], self._all.deciding_on[at])
