"""A database with a world, inspections handed in by tablets, and the command line on it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import text

from audit_api.app import create_app
from audit_api.domain.vocabulary import Role
from audit_api.settings import Settings
from audit_api.storage.base import Database, make_engine
from tests.factories import World, make_world, operation, push, ramp_of
from tests.field_schema.bodies import measurement

if TYPE_CHECKING:
    from tests.cli.conftest import Cli

SAMPLES = Path(__file__).parents[2] / "docs" / "samples"
FIRST, SECOND = SAMPLES / "SAMPLE-DEMO-1.json", SAMPLES / "SAMPLE-DEMO-2.json"
LAWYER = f"{Role.ADMINISTRATOR.value}.near"


@dataclass
class Lawful:
    """The application with its world, and how its tablet hands in ramps."""

    app: Flask
    world: World

    def __post_init__(self) -> None:
        self._seq = count(1)
        self._elements: dict[str, str] = {}

    def ramp(
        self,
        site: str,
        width: int,
        entity: UUID | None = None,
        *,
        edge: int = 60,
        run: tuple[int, int] = (450, 4200),
        **members: Any,
    ) -> UUID:
        """Hand in the ramp of a site with that width; the same ramp each time."""
        entity = entity or uuid4()
        element = self._elements.setdefault(site, str(uuid4()))
        body = ramp_of(
            self.world,
            site,
            answers={
                "width_mm": measurement(width),
                "edge_mm": measurement(edge),
                "rise_mm": measurement(run[0]),
                "runs": [{"rise_mm": measurement(run[0]), "run_mm": measurement(run[1])}],
            },
            element={"id": element, "photos": []},
        )
        where = "near" if site.startswith("near") else "far"
        answer = push(
            self.app.test_client(),
            self.world,
            operation(body, seq=next(self._seq), entity=entity, **members),
            where=where,
        )
        (result,) = answer["results"]
        assert result["status"] == "applied", result
        return entity


_TABLES = text("""
    select string_agg(quote_ident(tablename), ', ') from pg_tables
    where schemaname = 'public' and tablename not in ('alembic_version', 'feed_epoch')
        and not starts_with(tablename, 'procrastinate')
""")


def empty(settings: Settings) -> None:
    """Forget everything, append-only tables too: cheaper than a database for each test."""
    engine = make_engine(settings)
    with engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        tables = connection.scalars(_TABLES).one()
        connection.execute(text(f"truncate {tables} restart identity"))
    engine.dispose()


def make_lawful(settings: Settings) -> Lawful:
    """The application on an empty database, with a world in it."""
    app = create_app(settings)
    database: Database = app.extensions["database"]
    with database.writing() as session:
        world = make_world(session)
    return Lawful(app, world)


def adoption(
    edition: str, *, replaces: str | None = None, since: str = "2021-11-01", number: str = "1"
) -> list[str]:
    """The words of a command that adopts an edition of SAMPLE-DEMO as binding."""
    words = ["standards", "adopt", f"SAMPLE-DEMO/{edition}", "--profile", "kg-demo-2021"]
    words += ["--weight", "binding", "--from", since, "--number", number, "--date", since]
    words += ["--by-ky", "Үлгү", "--by-ru", "Пример", "--by-en", "Sample"]
    words += ["--recorded-by", LAWYER]
    return words + (["--replaces", replaces] if replaces else [])


def cases(cli: "Cli") -> Sequence[tuple[Any, ...]]:
    """Edition, requirement and state of every violation of SAMPLE-DEMO, in order."""
    return cli.query(
        "select edition, requirement, state from violation where standard = 'SAMPLE-DEMO' "
        "order by edition, requirement, state"
    )


def spoilt(file: Path, **members: Any) -> bytes:
    """A sample with other members."""
    return json.dumps(json.loads(file.read_bytes()) | members, ensure_ascii=False).encode()
