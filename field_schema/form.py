"""A form: which elements it asks about, and the questions with their units, limits and duties.

Questions carry the closed list of measures: a requirement can only speak of what a form asks.
A section may be taken over from another form's version (`"from": "ramp/1"`); a number is written
once. What is taken over may be extended: `questions` adds some, `groups` adds groups or questions
to one that is there, `hints` gives a question that is there a better hint. Nothing that is there
changes its meaning or goes away.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from field_schema.measurement import FACTORS
from field_schema.strict_file import Fields, Texts

TYPES: Final = ("measure", "count", "choice", "yes_no", "text")
PHOTO_DUTIES: Final = ("required", "advised", "none")
STATES: Final = ("permanent", "election_day")


@dataclass(frozen=True, slots=True)
class Method:
    """How something is measured, and how far off a reading may be, in the unit's own integers."""

    id: str
    unit: str
    tolerance: int
    name: Texts
    reason: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `key` is its measure's name: `width_mm`, or `runs.rise_mm` in a repeat.

    `hard` are the limits outside which an answer is refused, `soft` those outside which it is
    flagged; both in the canonical unit, both ends included. `tolerance` is 0 for what is counted
    or chosen.
    """

    key: str
    type: str
    unit: str | None
    hard: tuple[int, int]
    soft: tuple[int, int] | None
    tolerance: int
    method: str | None
    choices: tuple[str, ...]
    choice_names: Mapping[str, Texts]
    max_length: int
    photo: str
    photo_if: tuple[str, ...]
    name: Texts
    ask: Texts
    hint: Texts | None

    @property
    def numeric(self) -> bool:
        """Whether its answer is an integer that can be compared with a limit."""
        return self.type in ("measure", "count")


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that are asked again for every run, flight or leaf."""

    id: str
    title: Texts
    max_items: int
    questions: Mapping[str, Question]


@dataclass(frozen=True, slots=True)
class Section:
    """The questions about one type of element. `measures` has all of them by dotted key."""

    element: str
    title: Texts
    questions: Mapping[str, Question]
    groups: Mapping[str, Group]
    measures: Mapping[str, Question]


@dataclass(frozen=True, slots=True)
class Form:
    """One released version of a questionnaire; `key` is "station/1".

    `only_required`: a tablet asks only the measures that the requirements of its task need.
    """

    key: str
    id: str
    version: int
    title: Texts
    ky_status: str
    sections: Mapping[str, Section]
    methods: Mapping[str, Method]
    cannot_measure: Mapping[str, Texts]
    digest: str
    only_required: bool = False


def parse_form(value: object, where: str, digest: str, other: Callable[[str], Form]) -> Form:
    """Read a form's file. `other` gives the form that a section is taken over from.

    Raises CatalogError for whatever is missing, unknown, asked twice or contradicts itself.
    """
    fields = Fields(value, where)
    form_id, version = fields.name("form"), fields.integer("version")
    if where != f"forms/{form_id}/v{version}.json":
        fields.fail("form", f"form {form_id!r} version {version} does not match the file's name")
    title, ky_status = fields.texts("title"), fields.text("ky_status")
    fields.text("about")
    only_required = fields.has("only_required") and fields.yes("only_required")
    methods = _methods(fields.fields("methods"))
    cannot = fields.fields("cannot_measure")
    reasons = {key: cannot.texts(key) for key in cannot.rest_keys()}
    elements = fields.fields("elements")
    sections = {}
    for element in elements.rest_keys():
        inner = elements.fields(element)
        if inner.has("from"):
            source = inner.text("from")
            taken = other(source).sections.get(element)
            if taken is None:
                inner.fail("from", f"the form {source!r} has no element {element!r} to take over")
            sections[element] = _extended(taken, inner, methods)
        else:
            sections[element] = _section(element, inner, methods)
    fields.done()
    return Form(
        f"{form_id}/{version}",
        form_id,
        version,
        title,
        ky_status,
        sections,
        methods,
        reasons,
        digest,
        only_required,
    )


def _methods(fields: Fields) -> dict[str, Method]:
    methods = {}
    for key in fields.rest_keys():
        inner = fields.fields(key)
        unit, tolerance = inner.word("unit", tuple(FACTORS)), inner.integer("tolerance")
        if tolerance < 0:
            inner.fail("tolerance", "a tolerance is not negative")
        methods[key] = Method(key, unit, tolerance, inner.texts("name"), inner.text("reason"))
        inner.done()
    return methods


def _section(element: str, fields: Fields, methods: Mapping[str, Method]) -> Section:
    title = fields.texts("title")
    questions = _questions(fields, "", methods, {})
    groups: dict[str, Group] = {}
    for inner in fields.each("groups") if fields.has("groups") else []:
        _add_group(groups, inner, questions, methods)
    fields.done()
    return _whole(element, title, questions, groups)


def _extended(taken: Section, fields: Fields, methods: Mapping[str, Method]) -> Section:
    """A section taken over, with what this form adds to it."""
    questions, groups = dict(taken.questions), dict(taken.groups)
    if fields.has("hints"):
        _hint(questions, fields.fields("hints"))
    if fields.has("questions"):
        questions = _questions(fields, "", methods, questions)
    for name in groups:
        if name in questions:
            fields.fail("questions", f"a group {name!r} is there already; rename the question")
    added: set[str] = set()
    for inner in fields.each("groups") if fields.has("groups") else []:
        group = _key(inner)
        there = groups.get(group)
        if there is None or group in added:
            _add_group(groups, inner, questions, methods, group)
        else:
            more = _questions(inner, f"{group}.", methods, there.questions)
            groups[group] = replace(there, questions=more)
            inner.done()
        added.add(group)
    fields.done()
    return _whole(taken.element, taken.title, questions, groups)


def _hint(questions: dict[str, Question], fields: Fields) -> None:
    for name in fields.rest_keys():
        if name not in questions:
            fields.fail(name, "there is no such question to hint at; mend the name")
        questions[name] = replace(questions[name], hint=fields.texts(name))


def _add_group(
    groups: dict[str, Group],
    fields: Fields,
    questions: Mapping[str, Question],
    methods: Mapping[str, Method],
    name: str | None = None,
) -> None:
    group = name or _key(fields)
    if group in groups or group in questions:
        fields.fail("id", f"a group or question {group!r} is there already; rename one")
    groups[group] = Group(
        group,
        fields.texts("title"),
        _positive(fields, "max_items"),
        _questions(fields, f"{group}.", methods, {}),
    )
    fields.done()


def _whole(
    element: str, title: Texts, questions: dict[str, Question], groups: dict[str, Group]
) -> Section:
    measures = {q.key: q for q in questions.values()}
    for each in groups.values():
        measures |= {q.key: q for q in each.questions.values()}
    return Section(element, title, questions, groups, measures)


def _questions(
    fields: Fields, prefix: str, methods: Mapping[str, Method], there: Mapping[str, Question]
) -> dict[str, Question]:
    """The questions `there` and those of this file; `after` puts one behind another, else last."""
    questions = dict(there)
    for inner in fields.each("questions"):
        name = _key(inner)
        if name in questions:
            inner.fail("id", f"the question {name!r} comes twice; keep one of them")
        after = inner.name("after") if there and inner.has("after") else None
        if after is not None and after not in questions:
            inner.fail("after", f"there is no question {after!r} to stand behind; mend the name")
        question = _question(inner, prefix + name, methods)
        if after is None:
            questions[name] = question
        else:
            keys = list(questions)
            keys.insert(keys.index(after) + 1, name)
            questions = {key: question if key == name else questions[key] for key in keys}
    return questions


def _key(fields: Fields) -> str:
    """The id of a question or group: no dot, for a dot parts a group from its question."""
    name = fields.name("id")
    if "." in name:
        fields.fail("id", f"{name!r} has a dot, which parts a group from its question; use '_'")
    return name


def _positive(fields: Fields, key: str) -> int:
    value = fields.integer(key)
    if value < 1:
        fields.fail(key, "a number of 1 or more is due here")
    return value


def _choices(fields: Fields) -> dict[str, Texts]:
    choices: dict[str, Texts] = {}
    for choice in fields.each("choices"):
        word = choice.name("id")
        if word in choices:
            choice.fail("id", f"the choice {word!r} comes twice; keep one of them")
        choices[word] = choice.texts("name")
        choice.done()
    if not choices:
        fields.fail("choices", "at least one choice is due here")
    return choices


def _limits(fields: Fields) -> tuple[tuple[int, int], tuple[int, int] | None]:
    hard = fields.span("hard")
    if not fields.has("soft"):
        return hard, None
    soft = fields.span("soft")
    if soft[0] < hard[0] or soft[1] > hard[1]:
        fields.fail("soft", f"{list(soft)} reaches beyond the hard limits {list(hard)}")
    return hard, soft


def _question(fields: Fields, key: str, methods: Mapping[str, Method]) -> Question:
    kind = fields.word("type", TYPES)
    unit: str | None = None
    hard, soft, tolerance, method, max_length = (0, 0), None, 0, None, 0
    choices: dict[str, Texts] = {}
    if kind == "measure":
        unit = fields.word("unit", tuple(FACTORS))
        method = fields.name("method")
        if method not in methods or methods[method].unit != unit:
            fields.fail("method", f"{method!r} is no method of this form that measures {unit}")
        tolerance = methods[method].tolerance
    elif kind == "count":
        unit = "count"
    elif kind == "choice":
        choices = _choices(fields)
    elif kind == "text":
        max_length = _positive(fields, "max_length")
    if kind in ("measure", "count"):
        hard, soft = _limits(fields)
    photo = fields.word("photo", PHOTO_DUTIES) if fields.has("photo") else "none"
    photo_if = fields.words("photo_if", tuple(choices)) if fields.has("photo_if") else ()
    question = Question(
        key,
        kind,
        unit,
        hard,
        soft,
        tolerance,
        method,
        tuple(choices),
        choices,
        max_length,
        photo,
        photo_if,
        fields.texts("name"),
        fields.texts("ask"),
        fields.texts("hint") if fields.has("hint") else None,
    )
    fields.done()
    return question
