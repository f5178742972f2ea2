"""The sheet of a repair for the foreman."""

from typing import Any

import msgspec

from audit_api.domain.access import Noun, Scope, scope_of
from audit_api.domain.errors import ScopeGone
from audit_api.domain.oversight.served_words import served_row
from audit_api.domain.vocabulary import ENDED_VIOLATION_STATES
from audit_api.papers.task_sheet import task_sheet
from audit_api.services.exports.making import Made, Making
from audit_api.services.exports.sealing import seal_view, shots_of_rows, view_of
from audit_api.storage.lists.serving import violations_of_task
from audit_api.storage.lists.tasks import find_task
from field_schema.catalog import Catalog

_OF_TASK = (
    "site", "site_name", "territory", "territory_name", "stations", "campaign", "element",
    "element_type", "element_label", "track", "state", "due_on", "current_due_on", "overdue",
)  # fmt: skip


def print_task(making: Making) -> Made:
    """What has to be repaired at one element, and by when."""
    assert making.subject is not None  # noqa: S101 - kinds take it by id
    with making.tools.database.snapshot() as session:
        found = find_task(session, making.scope, Scope(), making.subject, making.today)
        if found is None:
            raise ScopeGone("The task lies outside your grants now.")
        task = msgspec.json.decode(found)
        catalog = making.tools.catalogs.current(session)
        facts = [
            fact
            for fact in violations_of_task(session, making.scope, making.subject, making.today)
            if fact["state"] not in ENDED_VIOLATION_STATES
        ]
        content: dict[str, Any] = view_of(session, making) | {
            "document": "task/1",
            "task": {name: task[name] for name in _OF_TASK},
            "address": facts[0]["address"] if facts else "",
            "element_name": element_name(catalog, task["element_type"]),
            "violations": [served_row(fact, catalog) for fact in facts],
        }
        shots = shots_of_rows(
            session, making, content["violations"], scope_of(making.actor, Noun.VIOLATIONS)
        )
    content["shown"] = sorted(name for name, shot in shots.items() if shot.content is not None)
    return seal_view(
        making,
        content,
        lambda say: task_sheet(say, content, shots),
        rows=len(facts),
        name=f"task-{task['current_due_on']}-{making.language}.pdf",
    )


def element_name(catalog: Catalog, element_type: str) -> dict[str, str]:
    """What a type of element is called, by the newest form that asks about it."""
    titles = [
        form.sections[element_type].title
        for form in catalog.forms.values()
        if element_type in form.sections
    ]
    return dict(titles[-1]) if titles else dict.fromkeys(("ky", "ru", "en"), element_type)
