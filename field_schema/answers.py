"""Answers of one element checked against its section: one compiled checker per question."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from field_schema.form import Form, Group, Question
from field_schema.measurement import MAX_INSTRUMENT_LENGTH, canonical, integer_of
from field_schema.problems import ProblemList, Refused, pointed

MAX_ANSWERS: Final = 500
MAX_REASON: Final = 500
_MEASURE_MEMBERS: Final = frozenset({"value", "unit", "instrument"})

Check = Callable[[Any, list[str]], Any]
"""A value as sent -> its canonical answer. Notes flags; raises Refused."""


@dataclass(slots=True)
class ReadAnswers:
    """Canonical answers by measure, instruments by measure, what could not be measured and why.

    Repeats stand under their group's name as a tuple of answers with dotted keys; the instrument of
    a repeated measure stands under "runs/1/rise_mm".
    """

    answers: dict[str, Any]
    instruments: dict[str, str]
    not_measured: dict[str, str]
    flags: list[str]


@dataclass(frozen=True, slots=True)
class SectionReader:
    """The compiled checkers of one section."""

    element: str
    checks: Mapping[str, Check]
    groups: Mapping[str, tuple[int, Mapping[str, tuple[str, Check]]]]
    known: frozenset[str]
    measured: frozenset[str]
    photo_always: tuple[str, ...]
    photo_if: tuple[tuple[str, tuple[str, ...]], ...]
    all_questions: Mapping[str, Question]


_READERS: Final[dict[tuple[str, str], tuple[Form, Mapping[str, SectionReader]]]] = {}


def readers_of(form: Form) -> Mapping[str, SectionReader]:
    """The readers of a form's sections, compiled at first use."""
    kept = _READERS.get((form.key, form.digest))
    if kept is None or kept[0] is not form:
        kept = _READERS[form.key, form.digest] = (form, _compile(form))
    return kept[1]


def _compile(form: Form) -> Mapping[str, SectionReader]:
    readers = {}
    for element, section in form.sections.items():
        questions = section.measures
        readers[element] = SectionReader(
            element,
            {name: _check(question) for name, question in section.questions.items()},
            {
                name: (group.max_items, _group_checks(group))
                for name, group in section.groups.items()
            },
            frozenset(questions) | frozenset(section.groups),
            frozenset(key for key, q in questions.items() if q.type == "measure"),
            tuple(key for key, q in questions.items() if q.photo == "required"),
            tuple((key, q.photo_if) for key, q in questions.items() if q.photo_if),
            questions,
        )
    return MappingProxyType(readers)


def _group_checks(group: Group) -> dict[str, tuple[str, Check]]:
    return {name: (q.key, _check(q)) for name, q in group.questions.items()}


def _check(question: Question) -> Check:
    makers = {
        "measure": _measure,
        "count": _count,
        "choice": _choice,
        "yes_no": _yes_no,
        "text": _text,
    }
    return makers[question.type](question)


def _measure(question: Question) -> Check:
    low, high = question.hard
    soft_low, soft_high = question.soft or question.hard
    unit = question.unit or ""

    def check(raw: Any, flags: list[str]) -> int:
        if not isinstance(raw, Mapping):
            raise Refused("not_measurement", {"unit": unit})
        if not _MEASURE_MEMBERS.issuperset(raw):
            unknown = next(key for key in raw if key not in _MEASURE_MEMBERS)
            raise Refused("unknown_field", at=pointed(unknown))
        value, sent = raw.get("value"), raw.get("unit")
        if type(value) is not int:
            try:
                integer_of(value)
            except Refused as refused:
                raise Refused(refused.code, refused.params, "/value") from None
            raise AssertionError
        if sent != unit:
            value = canonical(value, sent, unit)
        if not low <= value <= high:
            raise Refused("out_of_range", {"low": low, "high": high, "unit": unit}, "/value")
        instrument = raw.get("instrument")
        if instrument is not None and (
            not isinstance(instrument, str) or not 0 < len(instrument) <= MAX_INSTRUMENT_LENGTH
        ):
            raise Refused("not_text", {"max": MAX_INSTRUMENT_LENGTH}, "/instrument")
        if not soft_low <= value <= soft_high:
            flags.append("unusual_value")
        return value

    return check


def _count(question: Question) -> Check:
    low, high = question.hard
    soft_low, soft_high = question.soft or question.hard

    def check(raw: Any, flags: list[str]) -> int:
        value = integer_of(raw)
        if not low <= value <= high:
            raise Refused("out_of_range", {"low": low, "high": high, "unit": ""})
        if not soft_low <= value <= soft_high:
            flags.append("unusual_value")
        return value

    return check


def _choice(question: Question) -> Check:
    choices = frozenset(question.choices)

    def check(raw: Any, flags: list[str]) -> str:
        if not isinstance(raw, str) or raw not in choices:
            raise Refused("not_a_choice", {"choices": ", ".join(question.choices)})
        return raw

    return check


def _yes_no(question: Question) -> Check:
    def check(raw: Any, flags: list[str]) -> bool:
        if raw is not True and raw is not False:
            raise Refused("not_boolean")
        return raw

    return check


def _text(question: Question) -> Check:
    def check(raw: Any, flags: list[str]) -> str:
        if not isinstance(raw, str) or len(raw) > question.max_length:
            raise Refused("not_text", {"max": question.max_length})
        return raw

    return check


def read_answers(
    reader: SectionReader, raw: Any, not_measured: Any, pointer: str, problems: ProblemList
) -> ReadAnswers:
    """Check all answers of one element; problems go to the list, the rest is canonical."""
    read = ReadAnswers({}, {}, {}, [])
    if not isinstance(raw, Mapping):
        problems.add(f"{pointer}/answers", Refused("not_object"))
        return read
    total = 0
    checks, answers = reader.checks, read.answers
    noted: list[str] = []
    for name, value in raw.items():
        check = checks.get(name)
        if check is not None:
            total += 1
            try:
                answers[name] = check(value, noted)
            except Refused as refused:
                problems.add(f"{pointer}/answers/{name}", refused)
                noted.clear()
                continue
            if name in reader.measured and value.get("instrument"):
                read.instruments[name] = value["instrument"]
            if noted:
                read.flags += [f"{flag} {pointer}/answers/{name}" for flag in noted]
                noted.clear()
        elif name in reader.groups:
            total += _read_group(reader, name, value, f"{pointer}/answers/{name}", problems, read)
        else:
            problems.add(f"{pointer}/answers{pointed(name)}", Refused("unknown_question"))
    if total > MAX_ANSWERS:
        problems.add(f"{pointer}/answers", Refused("too_many", {"max": MAX_ANSWERS}))
    if not_measured != {}:
        _read_not_measured(reader, not_measured, f"{pointer}/not_measured", problems, read)
    return read


def _read_group(
    reader: SectionReader,
    group: str,
    raw: Any,
    pointer: str,
    problems: ProblemList,
    read: ReadAnswers,
) -> int:
    max_items, checks = reader.groups[group]
    if not isinstance(raw, list) or not raw:
        problems.add(pointer, Refused("not_list"))
        return 0
    if len(raw) > max_items:
        problems.add(pointer, Refused("too_many", {"max": max_items}))
        return 0
    items = []
    total = 0
    for n, values in enumerate(raw):
        item: dict[str, Any] = {}
        items.append(item)
        if not isinstance(values, Mapping):
            problems.add(f"{pointer}/{n}", Refused("not_object"))
            continue
        for name, value in values.items():
            known = checks.get(name)
            if known is None:
                problems.add(f"{pointer}/{n}{pointed(name)}", Refused("unknown_question"))
                continue
            total += 1
            key, check = known
            noted: list[str] = []
            try:
                item[key] = check(value, noted)
            except Refused as refused:
                problems.add(f"{pointer}/{n}/{name}", refused)
                continue
            if key in reader.measured and value.get("instrument"):
                read.instruments[f"{group}/{n}/{name}"] = value["instrument"]
            read.flags += [f"{flag} {pointer}/{n}/{name}" for flag in noted]
    read.answers[group] = tuple(items)
    return total


def _read_not_measured(
    reader: SectionReader, raw: Any, pointer: str, problems: ProblemList, read: ReadAnswers
) -> None:
    if not isinstance(raw, Mapping):
        problems.add(pointer, Refused("not_object"))
        return
    for name, reason in raw.items():
        at = pointer + pointed(name)
        if name not in reader.known:
            problems.add(at, Refused("unknown_question"))
        elif not isinstance(reason, str) or not 0 < len(reason) <= MAX_REASON:
            problems.add(at, Refused("not_text", {"max": MAX_REASON}))
        elif _answered(read.answers, name):
            problems.add(at, Refused("answered_too"))
        else:
            read.not_measured[name] = reason


def _answered(answers: Mapping[str, Any], name: str) -> bool:
    """Whether there is an answer; of a repeated question, whether every repeat has one."""
    group = name.rpartition(".")[0]
    if not group:
        return name in answers
    return group in answers and all(name in item for item in answers[group])
