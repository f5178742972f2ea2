"""Papers: a long list from the database, and an act with many photos, each with its memory."""

import multiprocessing
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from math import ceil
from typing import Any, Final
from uuid import UUID

import pypdfium2
from PIL import Image
from sqlalchemy import select

from audit_api.domain.vocabulary import Role
from audit_api.papers import act
from audit_api.papers.shots import Shot
from audit_api.papers.typesetter import typeset
from audit_api.services.exports.making import Tools
from audit_api.services.exports.run import run_export
from audit_api.services.law.catalogs import CatalogKeeper
from audit_api.settings import Settings
from audit_api.storage import exports
from audit_api.storage.base import Database, make_engine
from audit_api.storage.evidence.photo_store import PhotoStore
from audit_api.storage.file_store import FileStore
from audit_api.storage.places.places import Territory
from audit_api.words import words_in
from bench.report import Verdict
from bench.stand import Stand
from tests.factories import make_person
from tests.papers import samples

ROWS: Final = 2_500
PHOTOS: Final = 40
_AIMAKS: Final = 20


def measure_papers(stand: Stand, violations: int) -> list[Verdict]:
    """A list of 2,500 rows or somewhat more, and 40 photos; each in a process of its own."""
    aimaks = ceil(ROWS / (violations / _AIMAKS))
    rows, list_s, list_mb, maker_mb = _apart(_list, stand.settings, aimaks)
    pages, photos_s, photos_mb, _ = _apart(_photos)
    listed, shown = f"PDF list of {rows:,} rows", f"PDF of {pages} pages with {PHOTOS} photos"
    return [
        Verdict(f"{listed}, from the database to the bucket", list_s, "s", 5),
        Verdict(f"{listed}: most memory of the typesetting process", list_mb, "MB"),
        Verdict(f"{listed}: most memory of the worker", maker_mb, "MB"),
        Verdict(shown, photos_s, "s", 3),
        Verdict(f"{shown}: most memory of the typesetting process", photos_mb, "MB"),
    ]


def _apart(
    work: Callable[..., tuple[int, float]], *arguments: Any
) -> tuple[int, float, float, float]:
    """What `work` returns, then the most memory of its children and its own, in MB."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_weighed, (work, arguments))


def _weighed(
    work: Callable[..., tuple[int, float]], arguments: tuple[Any, ...]
) -> tuple[int, float, float, float]:
    number, seconds = work(*arguments)
    child, own = (
        resource.getrusage(who).ru_maxrss / 1000
        for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)
    )
    return number, seconds, child, own


def _list(settings: Settings, aimaks: int) -> tuple[int, float]:
    database = Database(make_engine(settings))
    at = datetime.now(UTC)
    with database.writing() as session:
        found = session.scalars(
            select(Territory.id).where(Territory.kind == "aiyl_aimak").order_by(Territory.code)
        ).all()
        person = make_person(
            session, "printer", [(Role.PROSECUTOR, aimak) for aimak in found[:aimaks]]
        )
        export = exports.add_export(
            session,
            person,
            kind="violations",
            file_format="pdf",
            language="ky",
            asked={"filters": {}, "id": None},
            base_url="https://audit.example.org",
            at=at,
        )
    tools = Tools(
        database,
        CatalogKeeper(),
        PhotoStore(settings.s3),
        FileStore(settings.s3),
        settings.secret_key,
    )
    began = time.perf_counter()
    run_export(tools, export, now=lambda: datetime.now(UTC))
    seconds = time.perf_counter() - began
    return _rows(database, person, export), seconds


def _rows(database: Database, person: UUID, export: UUID) -> int:
    with database.reading() as session:
        made = exports.find_export(session, person, export)
    database.engine.dispose()
    if made is None or made.state != "done":
        raise RuntimeError(f"not made: {made and made.problem}")
    return made.done


def _photos() -> tuple[int, float]:
    rows = [samples.row(n, photos=[f"{n:064x}"]) for n in range(PHOTOS)]
    shots = {one["photos"][0]: Shot(one["photos"][0], _picture()) for one in rows}
    say = words_in("ky")
    began = time.perf_counter()
    paper = act.act(say, samples.act_document(rows), rows, shots)
    pdf = typeset(paper.template, samples.sealed(say, paper), paper.files)
    seconds = time.perf_counter() - began
    return len(pypdfium2.PdfDocument(pdf)), seconds


def _picture() -> bytes:
    """As heavy as a real preview: some hundred kilobytes."""
    made = BytesIO()
    noise = Image.effect_noise((1280, 960), 24).convert("RGB")
    noise.save(made, "JPEG", quality=80)
    return made.getvalue()
