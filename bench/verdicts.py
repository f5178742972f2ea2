"""Measure verdicts: one inspection in Python, a million in numpy. CPU time of one core.

`python -m bench.verdicts` prints the figures; with a database address as argument the million is
read from a table there, which is made for it and goes away with the session.
"""

import random
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import psycopg

from audit_api.domain.law.bulk_assessment import Buildings, BulkDiff, BulkRuleset, Part
from field_schema.assessment import assess
from field_schema.catalog import Catalog, load_catalog
from field_schema.findings import as_stored
from field_schema.inspection import read_inspection
from field_schema.packing import Shape, pack, read_shape
from field_schema.rule import Rule, compile_rule
from field_schema.ruleset import Building, Ruleset
from field_schema.scoring import score
from tests.field_schema.bodies import station_body

BODIES = 200
ROUNDS = 15
PAGE = 50_000
MILLION = 1_000_000
EXISTING = Building("existing", date(1985, 1, 1))
Row = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Milliseconds for one inspection, CPU seconds for a million."""

    requirements: int
    answers: int
    assess_ms: float
    findings_ms: float
    score_ms: float
    pack_ms: float
    million_evaluated_s: float
    compared: int
    million_diffed_s: float
    peak_mb: int

    def __str__(self) -> str:
        one = self.assess_ms + self.findings_ms + self.score_ms
        return "\n".join(
            (
                f"one inspection of a station: {self.answers} answers, "
                f"{self.requirements} requirements",
                f"  assess         {self.assess_ms:.3f} ms",
                f"  as_stored      {self.findings_ms:.3f} ms",
                f"  score          {self.score_ms:.3f} ms",
                f"  all three      {one:.3f} ms (mark 1)",
                f"  pack           {self.pack_ms:.3f} ms",
                f"a million of them in pages of {PAGE:,}",
                f"  every verdict, row, index and reason  {self.million_evaluated_s:.2f} s",
                f"  diff of an amended edition, {self.compared} requirements  "
                f"{self.million_diffed_s:.2f} s (mark 10, reading included)",
                f"  peak memory of this process  {self.peak_mb} MB (mark 500)",
            )
        )


def measure(profile: str, on: date, *, database: str | None = None) -> Verdicts:
    """All figures for the profile's ruleset on that day."""
    catalog = load_catalog()
    ruleset = catalog.ruleset(profile, on)
    form = max((f for f in catalog.forms.values() if f.id == "station"), key=lambda f: f.version)
    bodies = (station_body(n) | {"form": form.key} for n in range(BODIES))
    inspections = [read_inspection(body, catalog) for body in bodies]
    assessed, assess_ms = _best(lambda i: assess(i, ruleset, EXISTING), inspections)
    _, findings_ms = _best(as_stored, assessed)
    _, score_ms = _best(score, assessed)
    packed, pack_ms = _best(pack, inspections)
    new = amended(ruleset, catalog)
    diff, bulk = BulkDiff(ruleset, new), BulkRuleset(ruleset)
    evaluated = _page_seconds(lambda parts: bulk.evaluate(parts), packed, catalog)
    if database is None:
        diffed = _page_seconds(diff.changes, packed, catalog) * MILLION / PAGE
    else:
        diffed = _stored_seconds(database, diff, packed, catalog)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return Verdicts(
        len(ruleset.rules),
        sum(len(e.answers) for e in inspections[0].elements),
        assess_ms,
        findings_ms,
        score_ms,
        pack_ms,
        evaluated * MILLION / PAGE,
        diff.requirements,
        diffed,
        peak,
    )


def amended(ruleset: Ruleset, catalog: Catalog) -> Ruleset:
    """The ruleset with every limit of its largest standard a little higher."""
    count: dict[str, int] = defaultdict(int)
    for rule in ruleset.rules:
        count[rule.requirement.cite.standard] += 1
    largest = max(count, key=lambda standard: count[standard])

    def moved(rule: Rule) -> Rule:
        requirement = rule.requirement
        if requirement.cite.standard != largest:
            return rule
        rows = tuple(
            replace(
                row,
                must=tuple(
                    replace(c, value=c.value + 20) if type(c.value) is int else c for c in row.must
                ),
            )
            for row in requirement.rows
        )
        questions = catalog.measures[requirement.element]
        return compile_rule(replace(requirement, rows=rows), rule.weight, questions)

    rules = tuple(moved(rule) for rule in ruleset.rules)
    return Ruleset(ruleset.profile, ruleset.on, "0" * 64, rules, ruleset.scoring)


def _best(function: Callable[[Any], Any], values: Sequence[Any]) -> tuple[list[Any], float]:
    """The results, and milliseconds of CPU for one, of the best round."""
    best, found = float("inf"), []
    for _ in range(ROUNDS):
        started = time.process_time()
        found = [function(value) for value in values]
        best = min(best, time.process_time() - started)
    return found, 1000 * best / len(values)


def _page_seconds(
    function: Callable[[list[Part]], Iterable[Any]], packed: Sequence[Row], catalog: Catalog
) -> float:
    """CPU seconds for one page, from its rows to the last result."""
    rng = random.Random(1)  # noqa: S311 - the same page every time
    rows = rng.choices(packed, k=PAGE)
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        for _each in function(_parts(rows, catalog, {})):
            pass
        best = min(best, time.process_time() - started)
    return best


def _parts(rows: Iterable[Row], catalog: Catalog, shapes: dict[str, Shape]) -> list[Part]:
    """Rows grouped by shape; all buildings are alike here."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for shape, measures in rows:
        found[shape].append(measures)
    parts = []
    for shape, packed in found.items():
        form = catalog.form(shape.split(";", 1)[0])
        if shape not in shapes:
            shapes[shape] = read_shape(shape, form)
        day = EXISTING.deciding_on
        buildings = Buildings(
            np.zeros(len(packed), np.uint8),
            np.full(len(packed), day.toordinal() if day else 0, np.int32),
        )
        parts.append(Part.of(shapes[shape], form, packed, buildings))
    return parts


def _stored_seconds(
    database: str, diff: BulkDiff, packed: Sequence[Row], catalog: Catalog
) -> float:
    """CPU seconds of this process to read and diff a million rows of a temporary table."""
    with psycopg.connect(database) as connection:
        connection.execute("create temporary table drawn (n int primary key, shape text, m bytea)")
        with connection.cursor().copy("copy drawn from stdin (format binary)") as copy:
            copy.set_types(["int4", "text", "bytea"])
            for n, row in enumerate(packed):
                copy.write_row((n, *row))
        connection.execute(
            "create temporary table many as select s.shape, s.m from generate_series(1, %s) g "
            "join drawn s on s.n = g %% %s",
            (MILLION, len(packed)),
        )
        started = time.process_time()
        shapes: dict[str, Shape] = {}
        for rows in _pages(connection):
            for _each in diff.changes(_parts(rows, catalog, shapes)):
                pass
        return time.process_time() - started


def _pages(connection: psycopg.Connection[Any]) -> Iterator[list[Row]]:
    with connection.cursor(name="many", binary=True) as cursor:
        cursor.itersize = PAGE
        cursor.execute("select shape, m from many")
        while rows := cursor.fetchmany(PAGE):
            yield rows


def main() -> None:
    """Print the figures of every profile, on the last day that changes it."""
    database = sys.argv[1] if len(sys.argv) > 1 else None
    for profile in load_catalog().profiles.values():
        on = max(adoption.since for adoption in profile.adoptions)
        print(f"{profile.id} on {on}")
        print(measure(profile.id, on, database=database))


if __name__ == "__main__":
    main()
