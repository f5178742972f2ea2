"""Lists as files: exactly the rows that the same filters show in the list, as of one moment."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final
from uuid import UUID

import msgspec
from flask import Response, current_app, request
from marshmallow import fields, validate
from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope
from audit_api.domain.deadlines import today
from audit_api.domain.errors import NotFound
from audit_api.domain.law.advised import spelled_out
from audit_api.domain.vocabulary import Language
from audit_api.http.auth import database, guard, now
from audit_api.http.blueprints import Blueprint, Schema, problems
from audit_api.http.law.catalog import catalog
from audit_api.http.oversight.acts import ActQuery, acts_asked
from audit_api.http.oversight.adjudications import QueueQuery, queue_asked
from audit_api.http.oversight.fabrication import asked_language
from audit_api.http.oversight.recommendations import RecommendationQuery, recommendations_asked
from audit_api.http.oversight.served_lists import LetterQuery, served_asked
from audit_api.http.oversight.statistics import ProgressQuery, progress_asked
from audit_api.http.oversight.tasks import TaskQuery, tasks_asked
from audit_api.http.oversight.violations import ViolationQuery, violations_asked
from audit_api.http.places import SiteQuery, sites_asked
from audit_api.services.list_files.csv_file import csv_chunks
from audit_api.services.list_files.files import CONTENT_TYPES
from audit_api.services.list_files.geojson_file import geojson_chunks
from audit_api.services.list_files.geopackage_file import write_geopackage
from audit_api.services.list_files.pages import pages_of
from audit_api.services.list_files.speaking import Row, Speaker
from audit_api.services.list_files.table import About, Pages, Table
from audit_api.services.list_files.tables.cases import RECOMMENDATIONS, SERVED_ROWS, VIOLATIONS
from audit_api.services.list_files.tables.letters import ACTS, PROGRESS, SERVED_LISTS
from audit_api.services.list_files.tables.work import QUEUE, SITES, TASKS
from audit_api.services.list_files.xlsx_file import write_xlsx
from audit_api.settings import Settings
from audit_api.storage import audit_log
from audit_api.storage.lists import served_lists as served
from audit_api.storage.lists.selection import AnyRow, Listed
from audit_api.storage.people import full_name
from audit_api.words import words_in

blueprint = Blueprint(
    "list_files",
    __name__,
    description="Lists as CSV, XLSX, GeoJSON and GeoPackage: the rows that the same filters show "
    "in the list, as of one moment. See docs/list-files.md.",
)
_BLOCK: Final = 64 * 1024


class LanguageQuery(Schema):
    """What every export takes."""

    language = fields.String(
        validate=validate.OneOf(list(Language)),
        metadata={"description": "Of headings and words; else by Accept-Language, or your own."},
    )


class HeaderQuery(LanguageQuery):
    """What a CSV takes besides."""

    header = fields.String(
        load_default="words",
        validate=validate.OneOf(["words", "codes"]),
        metadata={"description": "The first line: in words, or the columns' names for programs."},
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """One export as it was asked for: what is told, by whom, and what is held until it is sent."""

    table: Table
    pages: Pages
    speak: Speaker
    about: About
    until_sent: ExitStack
    codes: bool
    name: str


def _csv(asked: Asked) -> Response:
    made = csv_chunks(asked.table, asked.pages, asked.speak, codes=asked.codes)
    return _streamed(made, asked.until_sent)


def _xlsx(asked: Asked) -> Response:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - open until it is sent
    write_xlsx(file, asked.table, asked.pages, asked.speak, asked.about)
    return _sent(file, asked)


def _geojson(asked: Asked) -> Response:
    made = geojson_chunks(asked.table, asked.pages, asked.speak, asked.about)
    return _streamed(made, asked.until_sent)


def _geopackage(asked: Asked) -> Response:
    with tempfile.TemporaryDirectory(prefix="audit-api-export-") as folder:
        path = Path(folder) / "made.gpkg"
        write_geopackage(path, asked.table, asked.pages, asked.speak, asked.about)
        # Open, it outlives its folder.
        return _sent(path.open("rb"), asked)


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file."""

    name: str
    content_type: str
    schema: dict[str, str]
    answer: Callable[[Asked], Response]
    query: type[Schema]
    told: str


def _binary(content_type: str) -> dict[str, str]:
    return {"type": "string", "contentMediaType": content_type}


_OF_XLSX: Final = CONTENT_TYPES["xlsx"]
_OF_GPKG: Final = CONTENT_TYPES["gpkg"]
CSV: Final = Format(
    "csv",
    CONTENT_TYPES["csv"],
    {"type": "string"},
    _csv,
    HeaderQuery,
    "as CSV (UTF-8 with a byte order mark); the last line is `#end` and the number of rows",
)
XLSX: Final = Format("xlsx", _OF_XLSX, _binary(_OF_XLSX), _xlsx, LanguageQuery, "as a spreadsheet")
GEOJSON: Final = Format(
    "geojson",
    CONTENT_TYPES["geojson"],
    {"type": "object"},
    _geojson,
    LanguageQuery,
    "as GeoJSON (RFC 7946); geometry is null where no place is known",
)
GPKG: Final = Format(
    "gpkg", _OF_GPKG, _binary(_OF_GPKG), _geopackage, LanguageQuery, "as a GeoPackage 1.3"
)


@dataclass(frozen=True, slots=True)
class Export:
    """A list that is taken away: its address, who may read it, its filters and its rows."""

    path: str
    noun: Noun
    table: Table
    query: type[Schema]
    pages: Callable[[Session, Actor, Scope, dict[str, Any]], Pages]

    @property
    def formats(self) -> tuple[Format, ...]:
        """What it can be written as."""
        return (CSV, XLSX, GEOJSON, GPKG) if self.table.placed else (CSV, XLSX)


def _paged(
    asked: Callable[[Session, Actor, Scope, dict[str, Any]], Listed],
) -> Callable[[Session, Actor, Scope, dict[str, Any]], Pages]:
    return lambda *given: pages_of(asked(*given))


def _advice(session: Session, actor: Actor, scope: Scope, query: dict[str, Any]) -> Pages:
    known = catalog()

    def read(row: AnyRow) -> Row:
        return spelled_out(msgspec.json.decode(row[0]), known)

    return pages_of(recommendations_asked(session, actor, scope, query), read)


def _progress(session: Session, actor: Actor, scope: Scope, query: dict[str, Any]) -> Pages:
    groups, _ = progress_asked(session, actor, scope, query)
    return [[msgspec.json.decode(group) for group in groups]]


EXPORTS: Final = (
    Export("/violations", Noun.VIOLATIONS, VIOLATIONS, ViolationQuery, _paged(violations_asked)),
    Export(
        "/recommendations",
        Noun.VIOLATIONS,
        RECOMMENDATIONS,
        RecommendationQuery,
        _advice,
    ),
    Export("/tasks", Noun.TASKS, TASKS, TaskQuery, _paged(tasks_asked)),
    Export("/sites", Noun.CATALOG, SITES, SiteQuery, _paged(sites_asked)),
    Export("/acts", Noun.ACTS, ACTS, ActQuery, _paged(acts_asked)),
    Export("/served-lists", Noun.ACTS, SERVED_LISTS, LetterQuery, _paged(served_asked)),
    Export("/adjudications/queue", Noun.REVIEWS, QUEUE, QueueQuery, _paged(queue_asked)),
    Export("/statistics/progress", Noun.CATALOG, PROGRESS, ProgressQuery, _progress),
)


def _query_of(of: type[Schema], form: Format) -> type[Schema]:
    """The list's filters without its pages, and what the format takes besides."""

    paging = tuple({"limit", "cursor"} & set(of._declared_fields))
    meta = type("Meta", (Schema.Meta,), {"exclude": paging})
    name = f"{of.__name__.removesuffix('Query')}{form.name.title()}Query"
    return type(name, (form.query, of), {"Meta": meta})


def _route(export: Export, form: Format) -> None:
    def view(
        query: dict[str, Any],
        *,
        session: Session,
        actor: Actor,
        scope: Scope,
        until_sent: ExitStack,
    ) -> Response:
        pages = export.pages(session, actor, scope, query)
        return _answer(form, export.table, pages, query, session, actor, until_sent)

    view.__name__ = f"{export.table.name.replace('-', '_')}_{form.name}"
    view.__doc__ = f"{export.table.title}, whole, {form.told}."
    _register(f"{export.path}.{form.name}", export.noun, form, _query_of(export.query, form), view)


def _route_served(form: Format) -> None:
    def view(
        query: dict[str, Any],
        served_list: UUID,
        *,
        session: Session,
        actor: Actor,
        scope: Scope,
        until_sent: ExitStack,
    ) -> Response:
        found = served.find_served(session, scope, served_list, today(now()))
        if found is None:
            raise NotFound
        document = msgspec.json.decode(found[1])
        name = f"served-list-{document['number']}"
        pages = [document["rows"]]
        return _answer(
            form, SERVED_ROWS, pages, query, session, actor, until_sent, name=name, of=served_list
        )

    view.__name__ = f"served_list_{form.name}"
    view.__doc__ = f"The rows of a list as it was served, {form.told}."
    path = f"/served-lists/<uuid:served_list>.{form.name}"
    _register(path, Noun.ACTS, form, form.query, view)


def _register(
    path: str, noun: Noun, form: Format, query: type[Schema], view: Callable[..., Response]
) -> None:
    told = problems(blueprint, 401, 403, 404, 422, 503)(view)
    told = blueprint.response(200, form.schema, content_type=form.content_type)(told)
    told = blueprint.arguments(query, location="query")(told)
    blueprint.route(path)(guard(noun, exporting=True)(told))


def _answer(
    form: Format,
    table: Table,
    pages: Pages,
    query: dict[str, Any],
    session: Session,
    actor: Actor,
    until_sent: ExitStack,
    *,
    name: str | None = None,
    of: UUID | None = None,
) -> Response:
    language = query.get("language") or asked_language(actor)
    settings: Settings = current_app.extensions["settings"]
    speak = Speaker(
        words_in(language),
        catalog(),
        address=settings.public_url or request.host_url.rstrip("/"),
        inspecting=settings.inspecting_body,
    )
    about = About(
        title=speak.say(table.title),
        parameters={n: v for n, v in request.args.items() if n not in ("language", "header")},
        as_of=session.execute(text("select transaction_timestamp()")).scalar_one(),
        by=full_name(session, actor.person),
        language=language,
    )
    _log_taken(table, form, about, actor, of)
    codes = query.get("header") == "codes"
    asked = Asked(table, pages, speak, about, until_sent, codes, name or table.name)
    answer = form.answer(asked)
    answer.content_type = form.content_type
    answer.headers["Content-Disposition"] = f'attachment; filename="{asked.name}.{form.name}"'
    answer.headers["Content-Language"] = language
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _log_taken(table: Table, form: Format, about: About, actor: Actor, of: UUID | None) -> None:
    """Enter in the audit log who takes what away, before the first byte is sent.

    A file that breaks off was taken in part all the same; without the entry there is no file.
    """
    if request.method == "HEAD":
        return
    kind = table.name.replace("-", "_")
    with database().writing() as session:
        audit_log.record(
            session,
            "exported",
            of or kind,
            at=now(),
            person=actor.person,
            kind=kind,
            format=form.name,
            language=about.language,
            filters=about.parameters,
            as_of=about.as_of.isoformat(),
        )


def _streamed(chunks: Iterator[bytes], until_sent: ExitStack) -> Response:
    """Sent as it is read. What is wrong with the first page is told as a problem, not as a cut."""
    first = next(chunks)

    def whole() -> Iterator[bytes]:
        yield first
        yield from chunks
        until_sent.close()

    return Response(whole())


def _sent(file: IO[bytes], asked: Asked) -> Response:
    """Sent from a file that is made; what was held of the database is let go before."""
    asked.until_sent.close()
    size = file.seek(0, 2)
    file.seek(0)

    def whole() -> Iterator[bytes]:
        with file:
            yield from iter(lambda: file.read(_BLOCK), b"")

    answer = Response(whole())
    answer.content_length = size
    answer.call_on_close(file.close)
    return answer


for _export in EXPORTS:
    for _form in _export.formats:
        _route(_export, _form)
for _form in (CSV, XLSX):
    _route_served(_form)
