"""Two editions compared in bulk change exactly the verdicts that single assessments change."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from audit_api.services.law.compare_editions import CHANGES, Comparison, edition_alone
from audit_api.storage.law import packed
from bench.amendment import next_edition
from field_schema.assessment import assess
from field_schema.catalog import Catalog, load_catalog
from field_schema.imported import EDITION, document, extended
from field_schema.inspection import Inspection, read_inspection
from field_schema.packing import pack
from field_schema.ruleset import Building, Ruleset
from tests.factories import CAMPAIGN, World
from tests.field_schema.bodies import station_body

STANDARD, OLD, NEW = "KZ-SPRK-3.06-101-2012", "2019-11-27", "bench"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    shipped = load_catalog()
    data = next_edition(shipped, STANDARD, OLD)
    return extended(shipped, [document(EDITION, f"{STANDARD}/{NEW}", data)], 1)


@pytest.fixture(scope="module")
def inspections(catalog: Catalog) -> Sequence[Inspection]:
    bodies = (station_body(n, breaches=0.5, unmeasured=0.2, photos=False) for n in range(120))
    return [read_inspection(body, catalog) for body in bodies]


def store(session: Session, world: World, inspections: Sequence[Inspection]) -> dict[UUID, str]:
    """Pack inspections as if they had been accepted at the world's sites; id -> site's name."""
    names = list(world.sites)
    rows: list[dict[str, Any]] = []
    told = {}
    for n, inspection in enumerate(inspections):
        shape, measures = pack(inspection)
        entity = uuid4()
        told[entity] = names[n % len(names)]
        where = {"site": world.sites[told[entity]], "campaign": CAMPAIGN}
        rows.append({"id": entity, "rev": 1, **where, "shape": shape, "measures": measures})
    packed.keep_packed(session, rows)
    return told


def singly(
    inspections: Sequence[Inspection], old: Ruleset, new: Ruleset, building: Building
) -> Counter[tuple[str, str]]:
    """The same differences from one assessment after the other."""
    found: Counter[tuple[str, str]] = Counter()
    for inspection in inspections:
        verdicts = [
            {
                (f.element_id, f.requirement): f.verdict
                for f in assess(inspection, ruleset, building).findings
                if f.state == "permanent"
            }
            for ruleset in (old, new)
        ]
        for key in verdicts[0] | verdicts[1]:
            was, now = (v.get(key) for v in verdicts)
            tests = (
                now == "violation" != was,
                was == "violation" != now,
                now == "not_measured" != was,
            )
            found.update(
                (key[1], kind) for kind, is_so in zip(CHANGES, tests, strict=True) if is_so
            )
    return found


@pytest.mark.parametrize("blocks", [1, 3_000], ids=["small pages", "one page"])
def test_a_comparison_counts_what_single_assessments_count(
    session: Session,
    world: World,
    catalog: Catalog,
    inspections: Sequence[Inspection],
    blocks: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packed, "BLOCKS_PER_PAGE", blocks)
    store(session, world, inspections)
    old, new = (
        edition_alone(catalog, catalog.standards[STANDARD, name], "binding") for name in (OLD, NEW)
    )
    comparison = Comparison(catalog, old, new)
    shares = [share for share, _ in comparison.pages(session, [CAMPAIGN])]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len(shares) == (1 if blocks > 1 else len(shares)) > 0
    counted = {
        (tally.requirement, kind): count
        for tally in comparison.tallies.values()
        for kind, count in zip(CHANGES, tally.counts, strict=True)
        if count
    }
    expected = singly(inspections, old, new, Building("existing", date(1975, 1, 1)))
    assert counted == expected
    assert sum(expected.values()) > 100
    assert comparison.inspections == len(inspections)


def test_inspections_of_other_campaigns_are_not_compared(
    session: Session, world: World, catalog: Catalog, inspections: Sequence[Inspection]
) -> None:
    store(session, world, inspections)
    old = edition_alone(catalog, catalog.standards[STANDARD, OLD], "binding")
    new = edition_alone(catalog, catalog.standards[STANDARD, NEW], "binding")
    comparison = Comparison(catalog, old, new)
    for _ in comparison.pages(session, ["another"]):
        pass
    assert comparison.inspections == 0
