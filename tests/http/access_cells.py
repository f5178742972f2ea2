"""The matrix of access: role x operation x relation of the thing's territory to the grant's.

What is expected is reckoned here from WHO_MAY_WHAT and the tree, apart from the product's own
`scope_of`; what is observed is the answer to a real request. How to add a route: one line in
`ITEMS` or `LISTS` of test_scope.py and, for a new kind of thing, one in `NOUN_OF` or `SHOWN`
here and its id in populated.py; a route that writes: one line in `WRITES` of writing.py.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from audit_api.domain.access import WHO_MAY_WHAT, Noun
from audit_api.domain.vocabulary import Role
from tests.http.everywhere import AUTHOR, PLACES, Everywhere, above, relation
from tests.http.exported import content, is_export
from tests.http.test_scope import ITEMS, LISTS
from tests.http.writing import WRITES

GRANTS = ("near", "near-1")
"""Where the one grant of whoever asks lies: in the middle of the tree, and low."""
WHO = (*(role.value for role in Role), AUTHOR)
NOUN_OF = {
    "act": Noun.ACTS,
    "assignment": Noun.ASSIGNMENTS,
    "device": Noun.DEVICES,
    "inspection": Noun.INSPECTIONS,
    "operation": Noun.QUARANTINE,
    "review": Noun.REVIEWS,
    "served_list": Noun.ACTS,
    "sha256": Noun.VIOLATIONS,
    "site": Noun.CATALOG,
    "submission": Noun.INSPECTIONS,
    "task": Noun.TASKS,
    "violation": Noun.VIOLATIONS,
    "xml_sha256": Noun.QUARANTINE,
}
"""Kind of thing -> the row of WHO_MAY_WHAT that opens reading one."""
SHOWN = {
    "/api/v1/assignments": ("assignment", Noun.ASSIGNMENTS),
    "/api/v1/devices": ("device", Noun.DEVICES),
    "/api/v1/sites": ("site", Noun.CATALOG),
    "/api/v1/territories": ("territory", Noun.CATALOG),
    "/api/v1/tasks": ("task", Noun.TASKS),
    "/api/v1/inspections/flagged": ("inspection", Noun.REVIEWS),
    "/api/v1/openrosa/refused": ("xml_sha256", Noun.QUARANTINE),
    "/api/v1/quarantine": ("operation", Noun.QUARANTINE),
    "/api/v1/reviews": ("review", Noun.REVIEWS),
    "/api/v1/adjudications/queue": ("site", Noun.REVIEWS),
    "/api/v1/acts": ("act", Noun.ACTS),
    "/api/v1/served-lists": ("served_list", Noun.ACTS),
    "/api/v1/violations": ("violation", Noun.VIOLATIONS),
    "/api/v1/recommendations": ("site", Noun.VIOLATIONS),
    "/api/v1/statistics/progress": ("territory", Noun.CATALOG),
    "/api/v1/statistics/tasks": ("territory", Noun.TASKS),
}
"""Address of a list -> by which kind of thing it shows that a place is in it, and its row."""
SHOWN |= {
    path: SHOWN[path.rpartition(".")[0]] for path in LISTS if is_export(path) and "?" not in path
}
# A spreadsheet for people has no identifiers of what they cannot open.
for _path, (_kind, _noun) in SHOWN.items():
    if _path.endswith(".xlsx") and _kind == "site" and "/sites" not in _path:
        SHOWN[_path] = ("territory", _noun)
FIGURES = {
    "/api/v1/statistics/burn-up": Noun.CATALOG,
    "/api/v1/statistics/burn-up.svg": Noun.CATALOG,
    "/api/v1/statistics/progress.svg": Noun.CATALOG,
    "/api/v1/statistics/map.svg": Noun.CATALOG,
}
"""Sums and pictures of a campaign, in which nothing stands by its id: address -> its row.

Asked here by their campaign; that nothing outside is counted in them shows in non-interference.
"""
ITEM, LIST, WRITE = "item", "list", "write"


@dataclass(frozen=True, slots=True)
class Cell:
    """One question: may `who`, whose grant lies at `grant`, do this to the thing at `place`?

    `asked` is `item`, `list` (does it show the thing), `write`, or the filter that names it.
    """

    who: str
    grant: str
    operation: str
    asked: str
    place: str
    relation: str
    allowed: bool


def verbs(who: str, noun: Noun) -> frozenset[str]:
    """What somebody may do to things of a noun that lie in the grant: `read` of one's own too."""
    cell = WHO_MAY_WHAT[noun][Role.INSPECTOR if who == AUTHOR else Role(who)]
    # All letters here are to bodies of local self-government: their heads' own.
    owns = who == AUTHOR or (who == Role.LSG_HEAD and noun is Noun.ACTS)
    return cell | {"read"} if owns and "own" in cell else cell


def cells(who: str, grant: str) -> Iterator[Cell]:
    """Every question about one person; those that write come last."""
    for place in PLACES:
        near = relation(grant, place)
        inside = near in ("own", "child")
        for rule, kind in ITEMS.items():
            may = inside and "read" in verbs(who, NOUN_OF[kind])
            yield Cell(who, grant, f"GET {rule}", ITEM, place, near, may)
        for address, (_, noun) in SHOWN.items():
            may = inside and "read" in verbs(who, noun)
            yield Cell(who, grant, f"GET {address}", LIST, place, near, may)
            opened = bool(verbs(who, noun) & {"read", "own"})
            for name in LISTS[address]:
                # A territory is named with all below it: some of that may lie in the grant.
                some = inside or (name == "territory" and place in above(grant))
                yield Cell(who, grant, f"GET {address}", name, place, near, opened and some)
        for address, noun in FIGURES.items():
            may = inside and bool(verbs(who, noun) & {"read", "own"})
            yield Cell(who, grant, f"GET {address}", "campaign", place, near, may)
    for place in PLACES:
        near = relation(grant, place)
        for operation, write in WRITES.items():
            inside = write.placeless or near in ("own", "child")
            may = inside and write.verb in verbs(who, write.noun)
            yield Cell(who, grant, operation, WRITE, place, near, may)


def all_cells() -> list[Cell]:
    """The whole matrix."""
    return [cell for who in WHO for grant in GRANTS for cell in cells(who, grant)]


class Nothing(dict[str, str]):
    """Ids of things that are nowhere."""

    def __missing__(self, kind: str) -> str:
        return {
            "sha256": "0" * 64,
            "xml_sha256": "0" * 64,
            "territory": "ZZ",
            "campaign": "kg-none-2021",
            "inspector": "nobody",
        }.get(kind, str(uuid4()))


def address(rule: str, ids: dict[str, str]) -> str:
    """The address of the things of a place."""
    made = ""
    for part in rule.split("<"):
        parameter, closed, rest = part.partition(">")
        name = parameter.partition(":")[2]
        made += (("320" if name == "size" else ids[name]) + rest) if closed else part
    return made


def told(answer: TestResponse) -> tuple[Any, ...]:
    """Everything a caller can tell apart: status, headers and bytes."""
    headers = sorted(
        (name, value)
        for name, value in answer.headers
        if name.lower() not in ("x-request-id", "date")
    )
    return answer.status_code, headers, answer.data


class Asker:
    """Asks as one person, and remembers what the lists said and how nothing is answered."""

    def __init__(self, everywhere: Everywhere, who: str) -> None:
        self.client: FlaskClient = everywhere.app.test_client()
        self.everywhere = everywhere
        self.headers = everywhere.headers(who)
        self._lists: dict[str, str] = {}
        self._nothing: dict[tuple[str, str], tuple[Any, ...]] = {}

    def observed(self, cell: Cell) -> bool | str:
        """Whether the thing was opened; what was answered instead of either."""
        ids = self.everywhere.ids(cell.place)
        if cell.asked == LIST:
            path = cell.operation.removeprefix("GET ")
            return f'"{ids[SHOWN[path][0]]}"' in self._whole(path)
        answer = self._send(cell, ids)
        if answer.status_code in (200, 201, 202):
            return True
        if cell.asked == WRITE and answer.status_code == 409:
            # It was done by another role before.
            return True
        key = (cell.operation, cell.asked)
        if key not in self._nothing:
            self._nothing[key] = told(self._send(cell, Nothing()))
        nothing = self._nothing[key]
        if nothing[0] in (404, 422) and told(answer) == nothing:
            return False
        return f"{answer.status_code}: {answer.text[:200]}; of nothing: {nothing[0]}"

    def _send(self, cell: Cell, ids: dict[str, str]) -> TestResponse:
        method, _, rule = cell.operation.partition(" ")
        path = address(rule, ids)
        if cell.asked == WRITE:
            body = WRITES[cell.operation].body(ids)
            return self.client.open(path, method=method, json=body, headers=self.headers)
        if cell.asked != ITEM:
            path = f"{path}?{cell.asked}={ids[cell.asked]}"
        return self.client.get(path, headers=self.headers)

    def _whole(self, path: str) -> str:
        """A list with all its pages; a file of a list as JSON."""
        if path not in self._lists:
            text = ""
            following: str | None = path if is_export(path) else f"{path}?limit=200"
            if path.startswith("/api/v1/statistics/"):
                following = f"{path}?campaign=kg-test-2021"
            while following:
                answer = self.client.get(following, headers=self.headers)
                assert answer.status_code in (200, 404), (following, answer.text)
                page = answer.json if answer.mimetype == "application/json" else {}
                # A territory names the code of the one above it; that one is not shown by it.
                items = [item | {"parent": None} for item in page.get("items", ())]
                if is_export(path) and answer.status_code == 200:
                    text = content(path, answer.data)
                else:
                    text += json.dumps(items) if items else answer.text
                following = page.get("next")
            self._lists[path] = text
        return self._lists[path]
