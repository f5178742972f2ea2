"""Lists as tables and maps, for who does not wait for the answer: the files of `list_files`."""

from collections.abc import Iterator, Mapping
from functools import partial

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Noun, scope_of
from audit_api.domain.errors import ScopeGone
from audit_api.services.exports.making import Made, Maker, Making
from audit_api.services.exports.printed_lists import case_filter
from audit_api.services.list_files.files import CONTENT_TYPES, write_list
from audit_api.services.list_files.pages import pages_of
from audit_api.services.list_files.speaking import Speaker
from audit_api.services.list_files.table import About, Pages, Table
from audit_api.services.list_files.tables.cases import SERVED_ROWS, VIOLATIONS
from audit_api.storage.lists.served_lists import find_served
from audit_api.storage.lists.violations import list_violations
from audit_api.storage.people import full_name
from audit_api.words import words_in


def tabled_violations(*forms: str) -> Mapping[str, Maker]:
    """The makers of the violations register in these formats."""
    return {form: partial(_violations, form) for form in forms}


def tabled_served_lists(*forms: str) -> Mapping[str, Maker]:
    """The makers of a served list's rows in these formats."""
    return {form: partial(_served_list, form) for form in forms}


def _violations(form: str, making: Making) -> Made:
    with making.tools.database.snapshot() as session:
        listed = partial(
            list_violations,
            session,
            making.scope,
            case_filter(session, making),
            needs=scope_of(making.actor, Noun.NEEDS_MAP),
            today=making.today,
        )
        name = f"violations-{making.today}-{making.language}"
        return _write(form, making, session, VIOLATIONS, pages_of(listed), name)


def _served_list(form: str, making: Making) -> Made:
    assert making.subject is not None  # noqa: S101 - kinds take it by id
    with making.tools.database.snapshot() as session:
        found = find_served(session, making.scope, making.subject, making.today)
        if found is None:
            raise ScopeGone("The list lies outside your grants now.")
        document = msgspec.json.decode(found[1])
        name = f"served-list-{document['number']}-{making.language}"
        return _write(form, making, session, SERVED_ROWS, [document["rows"]], name)


def _write(
    form: str, making: Making, session: Session, table: Table, pages: Pages, name: str
) -> Made:
    speak = Speaker(
        words_in(making.language),
        making.tools.catalogs.current(session),
        address=making.base_url,
        inspecting=making.tools.inspecting_body,
    )
    about = About(
        title=speak.say(table.title),
        parameters={name: str(value) for name, value in making.filters.items()},
        as_of=session.execute(text("select transaction_timestamp()")).scalar_one(),
        by=full_name(session, making.actor.person),
        language=making.language,
    )
    done = 0

    def counted() -> Iterator[list[Mapping[str, object]]]:
        nonlocal done
        for rows in pages:
            done += len(rows)
            making.progress(done, None)
            yield list(rows)

    path = making.folder / f"{name}.{form}"
    write_list(path, form, table, counted(), speak, about)
    return Made(path, path.name, CONTENT_TYPES[form], rows=done)
