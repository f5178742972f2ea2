"""A new edition tried on a million stored inspections, by the shipped command.

The inspections are made up and written straight into the table of packed measures: some thousand
different visits of a station with one to four doors, up to three corridors and ramps, each many
times. The new edition is the largest shipped one with every threshold stricter by a tenth.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from bench.cpu import cpu_seconds
from field_schema.catalog import Catalog, load_catalog
from field_schema.inspection import read_inspection
from field_schema.packing import pack
from tests.field_schema.bodies import station_body, uuid_of

ROWS = 1_000_000
_VISITS = 4_000


@dataclass(frozen=True, slots=True)
class AmendmentFigures:
    """CPU seconds of the command and PostgreSQL together, and what the command held at most."""

    inspections: int
    requirements: int
    cpu_s: float
    peak_mb: float
    wall_s: float
    said: str


def measure_amendment(
    dsn: str,
    environment: Mapping[str, str],
    postgres: int,
    sites: Sequence[UUID],
    campaign: str,
    rows: int = ROWS,
) -> AmendmentFigures:
    """Fill the table and compare two editions on it. `postgres`: its process id.

    `environment`: what an installation exports. The rows are gone afterwards.
    """
    catalog = load_catalog()
    standard, edition = max(
        catalog.standards, key=lambda key: len(catalog.standards[key].requirements)
    )
    with psycopg.connect(dsn, autocommit=True) as connection:
        _fill(connection, catalog, sites, campaign, rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "edition.json"
        path.write_bytes(next_edition(catalog, standard, edition))
        _command(environment, "import", str(path))
    names = (f"{standard}/{edition}", f"{standard}/bench")
    before, began = cpu_seconds(postgres), time.monotonic()
    said, own, peak = _command(environment, "diff", *names, "--campaign", campaign)
    wall = time.monotonic() - began
    cpu = own + cpu_seconds(postgres) - before
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("truncate packed_inspection")
    count = len(catalog.standards[standard, edition].requirements)
    return AmendmentFigures(rows, count, cpu, peak, wall, said)


def _command(environment: Mapping[str, str], *words: str) -> tuple[str, float, float]:
    """What a command of the group `standards` says, its CPU seconds and its peak in MB."""
    program = [sys.executable, "-c", "from audit_api.cli import main; main()", "standards", *words]
    with tempfile.TemporaryFile("w+") as said:
        child = subprocess.Popen(program, env=os.environ | dict(environment), stdout=said)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        told = said.read()
    if child.returncode:
        raise RuntimeError(f"{words}: exit code {child.returncode}; {told}")
    return told, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def _fill(
    connection: "psycopg.Connection[Any]",
    catalog: Catalog,
    sites: Sequence[UUID],
    campaign: str,
    rows: int,
) -> None:
    rng = random.Random(1)  # noqa: S311 - a bench, not a secret
    visits = [pack(read_inspection(body, catalog)) for body in _bodies(rng, campaign)]
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "copy packed_inspection (inspection_id, rev, site_id, campaign_id, shape, measures) "
            "from stdin (format binary)"
        ) as copy,
    ):
        copy.set_types(["uuid", "int4", "uuid", "varchar", "text", "bytea"])
        for n in range(rows):
            shape, measures = rng.choice(visits)
            entity = UUID(int=rng.getrandbits(128), version=4)
            copy.write_row((entity, 1, sites[n % len(sites)], campaign, shape, measures))
    connection.execute("vacuum analyze packed_inspection")


def _bodies(rng: random.Random, campaign: str) -> Iterator[dict[str, Any]]:
    """Visits with different numbers of elements."""
    for seed in range(_VISITS):
        body = station_body(seed, photos=False, campaign=campaign, unmeasured=0.1)
        more = {"door": rng.randrange(4), "corridor": rng.randrange(3), "ramp": rng.randrange(3)}
        for element in list(body["elements"]):
            for _ in range(more.get(element["type"], 0)):
                other = station_body(rng.getrandbits(30), photos=False, unmeasured=0.1)
                copy = next(e for e in other["elements"] if e["type"] == element["type"])
                body["elements"].append(copy | {"id": uuid_of(rng)})
        yield body


def next_edition(catalog: Catalog, standard: str, edition: str) -> bytes:
    """The edition in one file, named `bench`, every threshold stricter by a tenth."""
    head: dict[str, Any] = {}
    requirements = []
    for kind, name, _, data in catalog.documents():
        if kind == "standard" and name == f"{standard}/{edition}":
            head = json.loads(data) | {"edition": "bench"}
        elif kind == "requirements" and name.startswith(f"{standard}/{edition}/"):
            requirements += json.loads(data)["requirements"]
    for requirement in requirements:
        for row in requirement.get("first", [requirement]):
            row["must"] = [_stricter(comparison) for comparison in row["must"]]
    return json.dumps(head | {"requirements": requirements}, ensure_ascii=False).encode()


def _stricter(comparison: list[Any]) -> list[Any]:
    measure, op, *rest = comparison
    if op in ("ge", "gt"):
        return [measure, op, rest[0] + rest[0] // 10]
    if op in ("le", "lt"):
        return [measure, op, rest[0] - rest[0] // 10]
    if op == "ratio_le":
        return [measure, op, rest[0], rest[1], rest[2] + 1 + rest[2] // 10]
    return comparison
