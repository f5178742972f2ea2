"""A standard's edition and its requirements, as the files say them: rows of threshold tables.

An edition's requirements on ramps stand in `requirements/ramp.json`. Facts that come to light
after its release stand beside it in `requirements/ramp.more.json`: a released file never changes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from field_schema.form import STATES, Question
from field_schema.strict_file import Fields, Texts

BUILDINGS: Final = ("existing", "new", "reconstructed", "temporary")
GROUPS: Final = ("wheelchair", "mobility", "vision", "hearing", "intellectual")
SEVERITIES: Final = ("critical", "major", "minor")
CONFIDENCES: Final = ("read in source text", "secondary source", "recalled, not verified")
RECALLED: Final = CONFIDENCES[2]
LIMITS: Final = ("ge", "le", "gt", "lt", "eq")

Measures = Mapping[str, Question]

_FILE: Final = re.compile(r"/requirements/([a-z0-9_]+)(?:\.[a-z0-9-]+)?\.json$")
"""The element in the name of a requirements file; after a dot, a word for a further file."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a measure with a threshold, all integers, words or booleans.

    `value` by `op`: ge, le, gt, lt, eq: a limit; between: (low, high); is: a boolean or word;
    one_of: words; ratio_le: (other measure, num, den), true when measure * den <= other * num.
    """

    measure: str
    op: str
    value: Any

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures it needs."""
        return (self.measure, self.value[0]) if self.op == "ratio_le" else (self.measure,)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the threshold table: under which conditions which comparisons must hold."""

    name: str | None
    when: tuple[Comparison, ...]
    must: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a requirement stands, who says so, and how sure that is."""

    standard: str
    edition: str
    clause: str | None
    clause_hint: str | None
    url: str
    confidence: str
    checked_on: date
    facts: tuple[str, ...]
    note: str | None


@dataclass(frozen=True, slots=True)
class Remedy:
    """What mends a breach, for election day or for good."""

    kind: str
    text: Texts
    conditions: str | None


@dataclass(frozen=True, slots=True)
class Printed:
    """A percentage as the text prints it beside the ratio: 8 % beside 1:12."""

    text: str
    num: int
    den: int

    def rounds(self, num: int, den: int) -> bool:
        """Whether it is that ratio, rounded: 8 % is 1:12, but neither 1:10 nor 1:20."""
        return (2 * num * self.den + den) // (2 * den) == self.num


@dataclass(frozen=True, slots=True)
class Requirement:
    """One checkable clause. `applies` narrows by building, by state and by the deciding date."""

    id: str
    element: str
    title: Texts
    cite: Citation
    groups: tuple[str, ...]
    severity: str
    buildings: tuple[str, ...]
    states: tuple[str, ...]
    built_before: date | None
    built_from: date | None
    when: tuple[Comparison, ...]
    rows: tuple[Row, ...]
    printed: Printed | None
    remedies: tuple[Remedy, ...]

    @property
    def has_temporary_remedy(self) -> bool:
        """Whether something can make it usable on election day."""
        return any(remedy.kind == "temporary" for remedy in self.remedies)


@dataclass(frozen=True, slots=True)
class Standard:
    """One edition of a standard with its requirements."""

    id: str
    edition: str
    title: Texts
    jurisdiction: str
    status: str
    source: str
    requirements: Mapping[str, Requirement]
    digests: tuple[str, ...]


def parse_standard(value: object, where: str) -> dict[str, Any]:
    """Read a standard.json into the keyword arguments of Standard that it holds."""
    fields = Fields(value, where)
    found = {
        "id": fields.name("standard"),
        "edition": fields.name("edition"),
        "title": fields.texts("title"),
        "jurisdiction": fields.text("jurisdiction"),
        "status": fields.text("status"),
        "source": fields.text("source"),
    }
    fields.text("edition_note")
    fields.day("checked_on")
    fields.text("ky_status")
    if where != f"standards/{found['id']}/{found['edition']}/standard.json":
        fields.fail("standard", "the standard and edition do not match the file's folder")
    fields.done()
    return found


def parse_requirements(
    value: object, where: str, standard: str, edition: str, measures: Mapping[str, Measures]
) -> list[Requirement]:
    """Read one requirements file. `measures`: element -> the questions that forms ask about it."""
    fields = Fields(value, where)
    element = fields.name("element")
    fields.text("ky_status")
    name = _FILE.search(where)
    if name is None or name[1] != element:
        fields.fail(
            "element",
            f"{element!r} does not match the file's name; write it {element}.json, "
            f"or {element}.more.json for what is added to a released edition",
        )
    if element not in measures:
        fields.fail("element", f"no form asks about {element!r}; add it to a form first")
    found = [
        _requirement(inner, element, standard, edition, measures[element])
        for inner in fields.each("requirements")
    ]
    fields.done()
    return found


def _requirement(
    fields: Fields, element: str, standard: str, edition: str, measures: Measures
) -> Requirement:
    name = fields.name("id")
    fields.where = f"{fields.where}({name})"
    if fields.word("element", (element,)) != element or not name.startswith(f"{element}."):
        fields.fail("id", f"a requirement on {element!r} is named {element}.something")
    title = fields.texts("title")
    cite = _citation(fields.fields("cite"), standard, edition)
    groups = fields.words("groups", GROUPS)
    severity = fields.word("severity", SEVERITIES)
    fields.text("severity_basis")
    applies = fields.fields("applies")
    buildings = applies.words("building", BUILDINGS)
    states = applies.words("state", STATES) if applies.has("state") else STATES
    before = applies.day("built_before") if applies.has("built_before") else None
    since = applies.day("built_from") if applies.has("built_from") else None
    if before is not None and since is not None and since >= before:
        applies.fail("built_from", f"no day is from {since} and before {before}; swap them")
    applies.done()
    when = _comparisons(fields, "when", measures) if fields.has("when") else ()
    rows = _rows(fields, measures)
    printed = None
    if fields.has("printed"):
        inner = fields.fields("printed")
        printed = Printed(inner.text("text"), inner.integer("num"), inner.integer("den"))
        if min(printed.num, printed.den) < 1:
            inner.fail("num", "a percentage is written as two positive integers, 8 and 100")
        inner.done()
    remedies = tuple(_remedy(inner) for inner in fields.each("remedies"))
    fields.done()
    return Requirement(
        name,
        element,
        title,
        cite,
        groups,
        severity,
        buildings,
        states,
        before,
        since,
        when,
        rows,
        printed,
        remedies,
    )


def _citation(fields: Fields, standard: str, edition: str) -> Citation:
    facts = fields.items("facts")
    if not facts or not all(isinstance(f, str) and f for f in facts):
        fields.fail("facts", "name the rows of the facts table that this rule comes from")
    cite = Citation(
        fields.word("standard", (standard,)),
        edition,
        fields.text_or_null("clause"),
        fields.text_or_null("clause_hint"),
        fields.text("url"),
        fields.word("confidence", CONFIDENCES),
        fields.day("checked_on"),
        tuple(facts),
        fields.text("note") if fields.has("note") else None,
    )
    fields.done()
    return cite


def _remedy(fields: Fields) -> Remedy:
    remedy = Remedy(
        fields.word("kind", ("temporary", "permanent")),
        fields.texts("text"),
        fields.text("conditions") if fields.has("conditions") else None,
    )
    fields.done()
    return remedy


def _rows(fields: Fields, measures: Measures) -> tuple[Row, ...]:
    if not fields.has("first"):
        return (Row(None, (), _comparisons(fields, "must", measures)),)
    rows = []
    for inner in fields.each("first"):
        when = _comparisons(inner, "when", measures) if inner.has("when") else ()
        rows.append(Row(inner.name("row"), when, _comparisons(inner, "must", measures)))
        inner.done()
    if len(rows) < 2 or len({row.name for row in rows}) != len(rows):
        fields.fail("first", "a table has two rows or more, of different names")
    if any(not row.when for row in rows[:-1]):
        fields.fail("first", "only the last row may lack a condition; the others would hide rows")
    return tuple(rows)


def _comparisons(fields: Fields, key: str, measures: Measures) -> tuple[Comparison, ...]:
    value = fields.items(key)
    if not value:
        fields.fail(key, "at least one comparison is due here")
    return tuple(_comparison(fields, f"{key}/{n}", v, measures) for n, v in enumerate(value))


def _comparison(fields: Fields, key: str, value: Any, measures: Measures) -> Comparison:
    if not isinstance(value, list) or len(value) < 3:
        fields.fail(key, 'a comparison is written ["width_mm", "ge", 900]')
    name, op, rest = value[0], value[1], value[2:]
    question = measures.get(name) if isinstance(name, str) else None
    if question is None:
        fields.fail(key, f"no form asks for the measure {name!r}; add the question first")
    reader = _READERS.get(op) if isinstance(op, str) else None
    threshold = reader(rest, question, measures) if reader else None
    if threshold is None:
        fields.fail(
            key,
            f"{op!r} with {rest!r} does not fit the question {name!r} of type {question.type}; "
            "see the list of comparisons in field_schema/standard.py",
        )
    return Comparison(name, op, threshold)


def _all_integers(rest: list[Any], count: int) -> bool:
    return len(rest) == count and all(type(v) is int for v in rest)


def _limit(rest: list[Any], question: Question, measures: Measures) -> Any:
    return rest[0] if question.numeric and _all_integers(rest, 1) else None


def _between(rest: list[Any], question: Question, measures: Measures) -> Any:
    fits = question.numeric and _all_integers(rest, 2) and rest[0] < rest[1]
    return (rest[0], rest[1]) if fits else None


def _is(rest: list[Any], question: Question, measures: Measures) -> Any:
    return rest[0] if len(rest) == 1 and _is_answer(rest[0], question) else None


def _one_of(rest: list[Any], question: Question, measures: Measures) -> Any:
    return tuple(rest) if all(_is_answer(v, question) for v in rest) else None


def _ratio(rest: list[Any], question: Question, measures: Measures) -> Any:
    other = measures.get(rest[0]) if isinstance(rest[0], str) else None
    if other is None or other.unit != question.unit or not _all_integers(rest[1:], 2):
        return None
    fits = question.numeric and min(rest[1:]) > 0 and other.hard[0] >= 0
    return tuple(rest) if fits else None


_READERS: Final = dict.fromkeys(LIMITS, _limit) | {
    "between": _between,
    "is": _is,
    "one_of": _one_of,
    "ratio_le": _ratio,
}


def _is_answer(value: object, question: Question) -> bool:
    if question.type == "yes_no":
        return type(value) is bool
    return question.type == "choice" and value in question.choices
