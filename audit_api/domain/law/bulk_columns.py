"""Packed inspections as columns of integers, and the truths of comparisons over them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from field_schema.comparing import interval, slack
from field_schema.form import Form
from field_schema.logic import FALSE, TRUE, UNKNOWN
from field_schema.packing import MISSING, Column, PackedElement, Shape
from field_schema.ruleset import Building
from field_schema.standard import BUILDINGS, Comparison

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Integers = NDArray[np.int64]
Packed = NDArray[np.int32]
Conjunction = tuple[Comparison, ...]

UNKNOWN_DAY: Final = 0


@dataclass(frozen=True, slots=True)
class Buildings:
    """The buildings of many inspections.

    `status`: places in `field_schema.standard.BUILDINGS`; `deciding_on`: `Building.deciding_on` as
    `date.toordinal`, 0 where it is not known.
    """

    status: NDArray[np.uint8]
    deciding_on: NDArray[np.int32]

    @classmethod
    def of(cls, buildings: Sequence[Building]) -> "Buildings":
        """The same, one by one."""
        days = (b.deciding_on for b in buildings)
        return cls(
            np.array([BUILDINGS.index(b.status) for b in buildings], np.uint8),
            np.array([day.toordinal() if day else UNKNOWN_DAY for day in days], np.int32),
        )

    @classmethod
    def joined(cls, several: Sequence["Buildings"]) -> "Buildings":
        """One after the other."""
        return cls(
            np.concatenate([b.status for b in several]),
            np.concatenate([b.deciding_on for b in several]),
        )


@dataclass(frozen=True, slots=True)
class Part:
    """Inspections of one shape and form, a row of `measures` and of `buildings` each."""

    shape: Shape
    form: Form
    measures: Packed
    buildings: Buildings

    @classmethod
    def of(cls, shape: Shape, form: Form, packed: Sequence[bytes], buildings: Buildings) -> "Part":
        """The same from the bytes of each inspection, as `field_schema.packing.pack` gave them."""
        numbers = np.frombuffer(b"".join(packed), dtype="<i4")
        return cls(shape, form, numbers.reshape(len(packed), shape.width), buildings)


class Columns:
    """The measures of many observations (or of their nth item), each truth worked out once."""

    def __init__(
        self, columns: Sequence[Column], tables: Sequence[Packed], whole: "Columns | None" = None
    ) -> None:
        self._places = {column.key: place for place, column in enumerate(columns)}
        self._codes: Mapping[str, Mapping[Any, int] | None] = {c.key: c.codes for c in columns}
        self._tables = tables
        self._whole = whole
        self.rows = sum(len(table) for table in tables)
        self._values: dict[str, tuple[Packed, Bools | None]] = {}
        self._truths: dict[Any, Bytes] = {}

    def value(self, key: str) -> tuple[Packed, Bools | None] | None:
        """The readings and which are missing (None: none is). None when the form does not ask."""
        if key not in self._places:
            return None if self._whole is None else self._whole.value(key)
        found = self._values.get(key)
        if found is None:
            place = self._places[key]
            values = np.concatenate([table[:, place] for table in self._tables])
            missing = values == MISSING
            found = self._values[key] = (values, missing if missing.any() else None)
        return found

    def wide(self, key: str) -> Integers:
        """The readings of a measure that the form asks for, wide enough for products."""
        found = self.value(key)
        if found is None:
            raise KeyError(key)
        return found[0].astype(np.int64)

    def truth(self, comparisons: Conjunction, tolerances: Mapping[str, int]) -> Bytes:
        """The truth of the conjunction for every observation. No comparisons at all are TRUE."""
        if len(comparisons) == 1:
            return self.one(comparisons[0], tolerances)
        found = self._truths.get(comparisons)
        if found is None:
            truths = [self.one(c, tolerances) for c in comparisons]
            found = reduce(np.maximum, truths) if truths else np.full(self.rows, TRUE, np.uint8)
            self._truths[comparisons] = found
        return found

    def one(self, c: Comparison, tolerances: Mapping[str, int]) -> Bytes:
        """The truth of one comparison. A measure has one tolerance, whatever rule looks at it."""
        if self._whole is not None and not any(m in self._places for m in c.measures):
            return self._whole.one(c, tolerances)
        found = self._truths.get(c)
        if found is None:
            found = self._truths[c] = self._judge(c, tolerances)
        return found

    def _judge(self, c: Comparison, tolerances: Mapping[str, int]) -> Bytes:
        known = [self.value(measure) for measure in c.measures]
        given = [each for each in known if each is not None]
        if len(given) < len(known):
            return np.full(self.rows, UNKNOWN, np.uint8)
        if c.op == "ratio_le":
            _, num, den = c.value
            beyond = self.wide(c.measure) * den - self.wide(c.value[0]) * num
            off = slack(c, tolerances)
            truth = _beyond(beyond > -off, beyond > off)
        elif c.op in ("is", "one_of"):
            truth = self._membership(c, given[0][0])
        else:
            truth = _inside(given[0][0], c, tolerances.get(c.measure, 0))
        for _, missing in given:
            if missing is not None:
                np.copyto(truth, UNKNOWN, where=missing)
        return truth

    def _membership(self, c: Comparison, values: Packed) -> Bytes:
        codes = self.codes(c.measure) or {}
        words = (c.value,) if c.op == "is" else c.value
        alike = [values == codes[word] for word in words if word in codes]
        found = reduce(np.logical_or, alike) if alike else np.zeros(len(values), np.bool_)
        return np.where(found, np.uint8(TRUE), np.uint8(FALSE))

    def codes(self, key: str) -> Mapping[Any, int] | None:
        """The numbers of a question's words."""
        if key in self._codes or self._whole is None:
            return self._codes.get(key)
        return self._whole.codes(key)


def _beyond(unsure: Bools, surely: Bools) -> Bytes:
    """0 where neither, 1 where only unsure, 3 where surely beyond: the codes of the logic."""
    low, high = unsure.view(np.uint8), surely.view(np.uint8)
    return low + high + high


def _inside(values: Packed, c: Comparison, tolerance: int) -> Bytes:
    limits = interval(c, tolerance)
    ends = []
    if limits.sure_low is not None and limits.possible_low is not None:
        ends.append(_beyond(values < limits.sure_low, values < limits.possible_low))
    if limits.sure_high is not None and limits.possible_high is not None:
        ends.append(_beyond(values > limits.sure_high, values > limits.possible_high))
    return reduce(np.maximum, ends)


class Block:
    """All observations of one element type and state in a page, of one form.

    `part`, `row`, `position`: where each of them stands: its part, its row there, and its place in
    the packed order of its inspection. `items`: by repeat, how many items each observation has,
    and the columns of the first item, of the second, and so on; at least one.
    """

    def __init__(self, parts: Sequence[Part], found: Sequence[tuple[int, int, PackedElement]]):
        first = found[0][2]
        self.element, self.state = first.layout.element, first.state
        counts = [len(parts[n].measures) for n, _, _ in found]
        self.part = np.repeat(np.array([n for n, _, _ in found], np.int32), counts)
        self.position = np.repeat(np.array([at for _, at, _ in found], np.int32), counts)
        self.row = np.concatenate([np.arange(count, dtype=np.int32) for count in counts])
        self.buildings = Buildings.joined([parts[n].buildings for n, _, _ in found])
        width = len(first.layout.columns)
        self.whole = Columns(
            first.layout.columns,
            [parts[n].measures[:, e.start : e.start + width] for n, _, e in found],
        )
        self.items: dict[str, tuple[NDArray[np.int32], list[Columns]]] = {}
        for group, columns in first.layout.groups.items():
            many = np.repeat(np.array([e.items[group][0] for _, _, e in found], np.int32), counts)
            nth = [
                Columns(columns, list(_nth(parts, found, group, n, len(columns))), self.whole)
                for n in range(max(1, *(e.items[group][0] for _, _, e in found)))
            ]
            self.items[group] = (many, nth)

    def __len__(self) -> int:
        return self.whole.rows


def _nth(
    parts: Sequence[Part],
    found: Sequence[tuple[int, int, PackedElement]],
    group: str,
    n: int,
    width: int,
) -> Iterator[Packed]:
    for number, _, element in found:
        count, start = element.items[group]
        measures = parts[number].measures
        if n < count:
            at = start + n * width
            yield measures[:, at : at + width]
        else:
            yield np.full((len(measures), width), MISSING, np.int32)


def blocks_of(parts: Sequence[Part], states: Sequence[str]) -> Iterator[Block]:
    """The observations of a page in these states, by form, element type and state."""

    def key(place: tuple[int, int, PackedElement]) -> tuple[str, int, str]:
        return parts[place[0]].form.key, place[2].layout.order, place[2].state

    places = [
        (number, position, element)
        for number, part in enumerate(parts)
        if len(part.measures)
        for position, element in enumerate(part.shape.elements)
        if element.state in states
    ]
    for _, alike in groupby(sorted(places, key=key), key):
        yield Block(parts, list(alike))
