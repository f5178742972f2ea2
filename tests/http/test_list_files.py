"""An export holds exactly the rows that the same filters show in the list, for every role."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from audit_api.domain.oversight.escalation import EscalationDays
from audit_api.domain.vocabulary import Role
from audit_api.http.list_files import EXPORTS, Export
from audit_api.services.oversight.sweep_tasks import sweep_tasks
from audit_api.storage.base import Database
from tests.factories import CAMPAIGN, World
from tests.http.exported import READERS, ReadBack
from tests.http.populated import Things

API = "/api/v1"
FILTERS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "violations": {
        "severity": ("critical", "major", "minor"),
        "state": ("open", "confirmed", "closed"),
        "overdue": ("true", "false"),
        "territory": ("R", "N", "N1", "N2", "F", "ZZ"),
        "campaign": (CAMPAIGN, "kg-none-2021"),
        "user_group": ("wheelchair", "vision"),
        "constituency": ("1", "2"),
        "site": ("near-1", "far-1"),
    },
    "recommendations": {
        "severity": ("critical", "major"),
        "state": ("open", "closed"),
        "territory": ("R", "N1", "F2"),
        "user_group": ("wheelchair", "vision"),
        "site": ("near-2", "far-1"),
    },
    "tasks": {
        "state": ("assigned", "verified"),
        "overdue": ("true", "false"),
        "order": ("due", "priority"),
        "territory": ("R", "N", "N2", "F"),
        "site": ("near-1", "far-2"),
    },
    "sites": {"territory": ("R", "N1", "F"), "campaign": (CAMPAIGN,), "number": ("8001", "1")},
    "acts": {"kind": ("order", "warning"), "territory": ("N", "F1"), "state": ("issued",)},
    "served-lists": {"addressee_kind": ("lsg_body", "building_owner"), "territory": ("N1", "R")},
    "queue": {"kind": ("contested", "borderline", "flagged", "branch"), "territory": ("N", "F2")},
    "progress": {"by": ("territory", "constituency")},
}
LIST_KEYS = {
    "queue": ("kind", "since", "site"),
    "queue for people": ("territory", "count"),
    "progress": ("name", "stations"),
}
"""What tells the rows of a list apart, where they have no `id`."""


@dataclass(frozen=True)
class Case:
    """A person, a list, its filters and a format."""

    role: Role
    where: str
    export: Export
    form: str
    filters: tuple[tuple[str, str], ...]

    @property
    def query(self) -> str:
        return urlencode(self.filters)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any person, list and format; no filters at all, or some."""
    export = draw(st.sampled_from(EXPORTS))
    offered = FILTERS[export.table.name]
    names = draw(st.lists(st.sampled_from(sorted(offered)), unique=True, max_size=2))
    if export.table.name == "progress":
        names = ["by"]
    chosen = [(name, draw(st.sampled_from(offered[name]))) for name in names]
    if export.table.name == "progress":
        chosen.append(("campaign", CAMPAIGN))
    return Case(
        draw(st.sampled_from(list(Role))),
        draw(st.sampled_from(["near", "far"])),
        export,
        draw(st.sampled_from([form.name for form in export.formats])),
        tuple(chosen),
    )


@pytest.fixture(scope="module", autouse=True)
def _populated(database: Database, things: Things) -> None:
    with database.writing() as session:
        sweep_tasks(session, EscalationDays(), at=datetime.now(UTC))


def pages(client: FlaskClient, path: str, headers: dict[str, str]) -> Iterator[Any]:
    """All pages of a list, two rows each; a problem alone, where that is the answer."""
    following: str | None = path
    while following:
        answer = client.get(following, headers=headers)
        yield answer
        following = answer.json.get("next")


def keys(name: str, rows: list[Any], *, listed: bool) -> list[tuple[Any, ...]]:
    """What tells rows apart, as text: of the list's JSON, or of a file."""
    found = []
    for row in rows:
        values = [row[key] for key in LIST_KEYS.get(name, ("id",))]
        if listed:
            values = [v["en"] if isinstance(v, dict) else v for v in values]
        found.append(tuple(str(_number(value)) for value in values))
    return found


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def by_name(case: Case, found: ReadBack) -> list[dict[str, Any]]:
    """The rows of a spreadsheet by the columns' names; of the others as they are."""
    if case.form != "xlsx":
        return found.rows
    names = [column.name for column in case.export.table.readable]
    return [dict(zip(names, row.values(), strict=True)) for row in found.rows]


def checked(client: FlaskClient, world: World, case: Case) -> int:
    """Compare one export with all pages of its list; returns how many rows there are."""
    headers = world.headers(case.role, case.where)
    address = f"{API}{case.export.path}"
    ids = [(n, str(world.sites[v]) if n == "site" else v) for n, v in case.filters]
    listing = "" if case.export.table.name == "progress" else "limit=2&"
    whole = list(pages(client, f"{address}?{listing}{urlencode(ids)}", headers))
    asked = urlencode([*ids, ("language", "en")] + [("header", "codes")] * (case.form == "csv"))
    answer = client.get(f"{address}.{case.form}?{asked}", headers=headers)
    if whole[0].status_code != 200:
        assert (answer.status_code, answer.json["type"]) == (
            whole[0].status_code,
            whole[0].json["type"],
        )
        return 0
    assert answer.status_code == 200, answer.text
    listed = [item for page in whole for item in page.json["items"]]
    rows = by_name(case, READERS[case.form](answer.data))
    name = case.export.table.name
    if name == "queue" and case.form == "xlsx":
        name = "queue for people"
    assert keys(name, rows, listed=False) == keys(name, listed, listed=True)
    return len(rows)


@settings(
    max_examples=250,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(case=cases())
def test_an_export_holds_the_rows_of_the_list(
    client: FlaskClient, world: World, case: Case
) -> None:
    checked(client, world, case)


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.table.name)
def test_each_list_is_compared_where_it_has_rows(
    client: FlaskClient, world: World, export: Export
) -> None:
    filters = (("campaign", CAMPAIGN),) if export.table.name == "progress" else ()
    readers = (Role.TECHNICAL_SUPERVISOR, Role.PROSECUTOR)
    for form in export.formats:
        counts = [
            checked(client, world, Case(role, "near", export, form.name, filters))
            for role in readers
        ]
        assert max(counts) > 0, form.name
