"""The measures of an inspection as integers of 32 bits, for judging very many at once.

`pack` gives a shape and bytes. Inspections of one shape have equally many bytes, in which the same
place is the same measure: a page of them is a table of integers.

Shape: `form;layout;elements`, such as
    station/1;5d0c1f0a;parking,ramp:runs=2,door*3,door@election_day
    `layout`    the first eight hex digits of the SHA-256 of the form's layout
                (`FormLayout.digest`): a shape is only read with the form that it was written with.
    `elements`  parted by commas, in packed order: by section of the form, permanent before
                election day, then by numbers of repeats, then as they came. Each is its type,
                `@election_day` where it is that state, `:group=count` for each repeat of its
                section that has any item, `*count` where several alike follow each other.

Bytes: little-endian int32. Per element, in the shape's order: its questions in the form's order,
without those of type text, which nothing compares; then for each repeat of its section, in the
form's order, item by item, the questions of the repeat in the same way.
    measure, count  the answer in its canonical unit
    choice          the place of the chosen word in the question's choices, from 0
    yes_no          0 or 1
    no answer       MISSING

A form is released and never changes, so its layout never does.
"""

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from field_schema.errors import CatalogError
from field_schema.form import STATES, Form, Question
from field_schema.inspection import ElementObservation, Inspection

MISSING: Final = -(2**31)
"""Stands for no answer. No question's limits reach it."""

HIGHEST: Final = 2**31 - 1
_NO_ANSWERS: Final[Mapping[str, Any]] = {}
_Codes = Mapping[Any, int] | None


@dataclass(frozen=True, slots=True)
class Column:
    """One question's place: `codes` turns words and booleans into numbers; None: it is one."""

    key: str
    codes: _Codes


@dataclass(frozen=True, slots=True)
class SectionLayout:
    """The columns of one element type, and of each item of its repeats."""

    element: str
    order: int
    columns: tuple[Column, ...]
    groups: Mapping[str, tuple[Column, ...]]


@dataclass(frozen=True, slots=True)
class FormLayout:
    """Where the measures of a form stand; `digest` names exactly this layout."""

    form: str
    digest: str
    sections: Mapping[str, SectionLayout]


@dataclass(frozen=True, slots=True)
class PackedElement:
    """One element of a shape: `start` is the place of its first integer.

    `items`: by repeat, the number of its items and the place of the first one's first integer.
    """

    layout: SectionLayout
    state: str
    start: int
    items: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape, read: its elements in packed order, and the integers that each inspection has."""

    form: str
    elements: tuple[PackedElement, ...]
    width: int


_LAYOUTS: Final[dict[tuple[str, str], tuple[Form, FormLayout]]] = {}


def layout_of(form: Form) -> FormLayout:
    """Where the form's measures stand. Raises CatalogError for limits beyond 32 bits."""
    kept = _LAYOUTS.get((form.key, form.digest))
    if kept is None or kept[0] is not form:
        kept = _LAYOUTS[form.key, form.digest] = (form, _lay_out(form))
    return kept[1]


def _lay_out(form: Form) -> FormLayout:
    sections = {}
    told = []
    for order, (element, section) in enumerate(form.sections.items()):
        columns = _columns(section.questions, element)
        groups = {g.id: _columns(g.questions, element) for g in section.groups.values()}
        sections[element] = SectionLayout(element, order, columns, groups)
        for name, each in (("", columns), *groups.items()):
            told += [f"{element} {name} {c.key} {_codes_text(c.codes)}" for c in each]
    return FormLayout(form.key, hashlib.sha256("\n".join(told).encode()).hexdigest()[:8], sections)


def _columns(questions: Mapping[str, Question], element: str) -> tuple[Column, ...]:
    found = []
    for question in questions.values():
        codes: _Codes = None
        if question.type == "text":
            continue
        if question.type == "yes_no":
            codes = {False: 0, True: 1}
        elif question.type == "choice":
            codes = {word: place for place, word in enumerate(question.choices)}
        elif question.hard[0] <= MISSING or question.hard[1] > HIGHEST:
            raise CatalogError(
                f"{element} {question.key}: the hard limits {list(question.hard)} do not fit into "
                "32 bits, so it cannot be packed; narrow them or measure in a larger unit"
            )
        found.append(Column(question.key, codes))
    return tuple(found)


def _codes_text(codes: _Codes) -> str:
    return "number" if codes is None else ",".join(str(word) for word in codes)


def pack(inspection: Inspection) -> tuple[str, bytes]:
    """The shape and the bytes of an inspection, as told at the top of this file."""
    layout = layout_of(inspection.form)
    numbers: list[int] = []
    tokens = []
    for place in packed_order(inspection):
        observation = inspection.elements[place]
        section = layout.sections[observation.type]
        tokens.append(_token(observation, section))
        _add(numbers, section.columns, observation.answers)
        for group, columns in section.groups.items():
            for item in observation.answers.get(group, ()):
                _add(numbers, columns, item)
    alike = ((token, sum(1 for _ in same)) for token, same in groupby(tokens))
    elements = ",".join(t if count == 1 else f"{t}*{count}" for t, count in alike)
    shape = f"{inspection.form.key};{layout.digest};{elements}"
    return shape, struct.pack(f"<{len(numbers)}i", *numbers)


def packed_order(inspection: Inspection) -> tuple[int, ...]:
    """The places of the inspection's elements, in the order in which they are packed.

    So the element that is packed third is `inspection.elements[packed_order(inspection)[2]]`.
    """
    sections = layout_of(inspection.form).sections

    def key(place: int) -> tuple[int, int, tuple[int, ...]]:
        observation = inspection.elements[place]
        section = sections[observation.type]
        counts = tuple(len(observation.answers.get(group, ())) for group in section.groups)
        return section.order, STATES.index(observation.state), counts

    return tuple(sorted(range(len(inspection.elements)), key=key))


def _token(observation: ElementObservation, section: SectionLayout) -> str:
    state = "" if observation.state == STATES[0] else f"@{observation.state}"
    counts = ((g, len(observation.answers.get(g, ()))) for g in section.groups)
    return observation.type + state + "".join(f":{g}={n}" for g, n in counts if n)


def _add(
    numbers: list[int], columns: tuple[Column, ...], answers: Mapping[str, Any] = _NO_ANSWERS
) -> None:
    get = answers.get
    for column in columns:
        value = get(column.key)
        if value is None:
            numbers.append(MISSING)
        elif column.codes is None:
            numbers.append(value)
        else:
            numbers.append(column.codes[value])


def read_shape(shape: str, form: Form) -> Shape:
    """The shape's elements and places. Raises CatalogError for a shape of another layout."""
    key, digest, elements = shape.split(";")
    layout = layout_of(form)
    if (key, digest) != (layout.form, layout.digest):
        raise CatalogError(
            f"shape {shape!r}: it was packed with the layout {digest} of {key}, but the form here "
            f"is {layout.form} with {layout.digest}; pack these inspections again from their bodies"
        )
    found: list[PackedElement] = []
    at = 0
    for token in elements.split(",") if elements else ():
        kind, _, times = token.partition("*")
        name, *counts = kind.split(":")
        element, _, state = name.partition("@")
        section = layout.sections[element]
        repeats = {group: int(count) for group, _, count in (c.partition("=") for c in counts)}
        for _ in range(int(times or 1)):
            start = at
            at += len(section.columns)
            items = {}
            for group, columns in section.groups.items():
                count = repeats.get(group, 0)
                items[group] = (count, at)
                at += count * len(columns)
            found.append(PackedElement(section, state or STATES[0], start, items))
    return Shape(key, tuple(found), at)


def unpack(shape: str, measures: bytes, form: Form) -> list[tuple[str, str, dict[str, Any]]]:
    """The elements as (type, state, canonical answers), in packed order. Raises as `read_shape`.

    Answers of type text are not packed, so they do not come back; nor does an empty repeat.
    """
    read = read_shape(shape, form)
    numbers = struct.unpack(f"<{read.width}i", measures)
    elements = []
    for element in read.elements:
        answers = _answers(element.layout.columns, numbers, element.start)
        for group, (count, start) in element.items.items():
            columns = element.layout.groups[group]
            if count:
                places = range(start, start + count * len(columns), len(columns) or 1)
                answers[group] = tuple(_answers(columns, numbers, at) for at in places)
        elements.append((element.layout.element, element.state, answers))
    return elements


def _answers(columns: tuple[Column, ...], numbers: tuple[int, ...], at: int) -> dict[str, Any]:
    found = {}
    for column, number in zip(columns, numbers[at : at + len(columns)], strict=True):
        if number != MISSING:
            words = None if column.codes is None else list(column.codes)
            found[column.key] = number if words is None else words[number]
    return found
