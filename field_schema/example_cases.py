"""Answers at every edge of a requirement: what worked examples are made of.

A case starts from answers that fulfil one row of the requirement and moves one thing: a reading to
a limit or to the end of its tolerance, a word to another, an answer to none.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

from field_schema.comparing import bounds, compile_comparison, slack
from field_schema.form import STATES, Question
from field_schema.logic import FALSE, TRUE, Truth
from field_schema.standard import BUILDINGS, Comparison, Measures, Requirement

Flat = dict[str, Any]
"""Answers by measure, those of one item of the repeat among them."""

Wanted = tuple[tuple[Comparison, Truth], ...]
_SOME_RUN: Final = 3000
_STEPS: Final = (-1, 0, 1)
_NOTHING: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Case:
    """Canonical answers about one element in one building and state, with a title in words."""

    title: str
    answers: Mapping[str, Any]
    building: str
    built_on: date | None = None
    state: str = STATES[0]


@dataclass(slots=True)
class CaseMaker:
    """Makes the cases of one requirement. `group` is the repeat that it runs over."""

    requirement: Requirement
    questions: Measures
    group: str | None
    _values: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """All of them, each once."""
        rows = self.requirement.rows
        parts = (part for row in rows for part in (row.when, row.must))
        return tuple(dict.fromkeys(c for part in (self.requirement.when, *parts) for c in part))

    def values(self, measure: str) -> tuple[Any, ...]:
        """The answers worth trying, those far from every limit first."""
        found = self._values.get(measure)
        if found is None:
            found = self._values[measure] = tuple(self._candidates(measure))
        return found

    def _candidates(self, measure: str) -> Iterator[Any]:
        question = self.questions[measure]
        if question.type == "yes_no":
            yield from (True, False)
            return
        if question.choices:
            yield from question.choices
            return
        edges = {edge for c in self.comparisons for edge in self._edges(c, measure)}
        low, high = question.hard
        limits = {limit for c in self.comparisons for limit in self._limits(c, measure)}
        far = [limit + by for limit in limits for by in (-50, 50, -400, 400)]
        near = sorted(edge + step for edge in edges for step in _STEPS)
        for value in dict.fromkeys((*sorted(far), *near, low, (low + high) // 2)):
            if low <= value <= high:
                yield value

    def _limits(self, c: Comparison, measure: str) -> tuple[int, ...]:
        """The limits that a comparison names for one measure, for a ratio over each length."""
        if measure not in c.measures or c.op in ("is", "one_of"):
            return ()
        if c.op == "ratio_le":
            under, num, den = c.value
            return tuple(run if measure == under else run * num // den for run in self._runs(c))
        return c.value if c.op == "between" else (c.value,)

    def _edges(self, c: Comparison, measure: str) -> Iterator[int]:
        """The limits, and the ends of the tolerance around them, in one measure."""
        if measure not in c.measures or c.op in ("is", "one_of"):
            return
        tolerance = self.questions[measure].tolerance
        if c.op == "ratio_le":
            under, num, den = c.value
            for run in self._runs(c):
                if measure == under:
                    yield run
                else:
                    off = slack(c, {m: self.questions[m].tolerance for m in c.measures})
                    yield from ((run * num + by) // den for by in (-off, 0, off))
            return
        ends = {end for end in bounds(c)[:2] if end is not None}
        values = c.value if c.op == "between" else (c.value,)
        for end in (*values, *ends):
            yield from (end, end - tolerance, end + tolerance)

    def _runs(self, c: Comparison) -> tuple[int, ...]:
        """Lengths over which a ratio comes out even, also for what other limits say of the rise."""
        under, num, den = c.value
        high, most = self.questions[under].hard[1], self.questions[c.measure].hard[1]
        rises = {_SOME_RUN * num // den}
        for other in self.comparisons:
            if other.measure == c.measure and other.op not in ("ratio_le", "is", "one_of"):
                rises |= {2 * end for end in bounds(other)[:2] if end is not None and end > 0}
        times = (max(1, min(rise, most) // num) for rise in rises)
        found = {den * n for time in times for n in (time, -(-time // 2)) if den * n <= high}
        return tuple(sorted(found, reverse=True))

    def solve(self, wanted: Wanted, fixed: Mapping[str, Any] = _NOTHING) -> Flat | None:
        """Answers that give each comparison the truth that is wanted; None where there are none.

        `fixed`: answers that are given.
        """
        asked = dict.fromkeys(m for c, _ in wanted for m in c.measures)
        measures = tuple(m for m in asked if m not in fixed)
        tests = [(c, compile_comparison(c, self.questions), truth) for c, truth in wanted]

        def search(answers: Flat, left: Sequence[str]) -> Flat | None:
            if not left:
                return answers
            for value in self.values(left[0]):
                tried = answers | {left[0]: value}
                fits = all(
                    test(tried) == truth
                    for c, test, truth in tests
                    if left[0] in c.measures and all(m in tried for m in c.measures)
                )
                found = search(tried, left[1:]) if fits else None
                if found is not None:
                    return found
            return None

        return search(dict(fixed), measures)

    def bases(self, must: Truth) -> Iterator[tuple[int, Flat]]:
        """For each row answers that decide by it, its limits kept or, with FALSE, all broken."""
        for n in range(len(self.requirement.rows)):
            found = self._base(n, must)
            if found is not None:
                yield n, found

    def _base(
        self, n: int, must: Truth, left_out: Sequence[str] = (), fixed: Mapping[str, Any] = _NOTHING
    ) -> Flat | None:
        """Answers that decide by row n. Nothing is asked of comparisons with a measure left out."""
        rows = self.requirement.rows
        sure: Wanted = tuple((c, TRUE) for c in (*self.requirement.when, *rows[n].when))
        limits: Wanted = tuple((c, must) for c in rows[n].must)
        for others in _broken([row.when for row in rows[:n]]):
            wanted = (*sure, *others, *limits)
            kept = tuple(
                (c, t) for c, t in wanted if c.op == "ratio_le" or c.measure not in left_out
            )
            found = self.solve(kept, fixed)
            if found is not None:
                return found
        return None

    def wrapped(self, flat: Flat) -> dict[str, Any]:
        """The answers with those of the repeat as its one item."""
        if self.group is None:
            return flat
        inside = {m: v for m, v in flat.items() if m.startswith(f"{self.group}.")}
        outside = {m: v for m, v in flat.items() if m not in inside}
        return outside | {self.group: (inside,)}

    def usual(self) -> tuple[str, date | None]:
        """A building to which the requirement applies."""
        before, since = self.requirement.built_before, self.requirement.built_from
        built_on = since if since is not None else before and before - timedelta(days=1)
        return self.requirement.buildings[0], built_on

    def case(self, title: str, answers: Mapping[str, Any]) -> Case:
        """A case in the usual building and state."""
        building, built_on = self.usual()
        return Case(title, answers, building, built_on, self.requirement.states[0])

    def cases(self) -> Iterator[Case]:
        """The cases that a reader expects, in a reader's order."""
        kept = list(self.bases(TRUE))
        for n, flat in kept:
            row = self.requirement.rows[n]
            at = f"row {row.name}: " if row.name else ""
            yield self.case(f"{at}everything as required", self.wrapped(flat))
            for c in row.must:
                yield from self._moved(at, n, TRUE, flat, c)
            for c in (*row.when, *self.requirement.when):
                yield from self._moved(f"{at}condition: ", n, TRUE, flat, c)
            for measure in flat:
                fewer = {m: v for m, v in flat.items() if m != measure}
                yield self.case(
                    f"{at}{self.questions[measure].name['en']} not measured", self.wrapped(fewer)
                )
        yield self.case("nothing measured", {})
        if self.group is not None:
            yield from self._items(kept)
        if kept:
            yield from self._places(self.wrapped(kept[0][1]))

    def spare_cases(self) -> Iterator[Case]:
        """Further cases, for mistakes that the first ones do not show; the likeliest first."""
        for n, flat in self.bases(FALSE):
            row = self.requirement.rows[n]
            at = f"row {row.name}: " if row.name else ""
            yield self.case(f"{at}nothing as required", self.wrapped(flat))
            for c in (*self.requirement.when, *row.when, *row.must):
                yield from self._moved(f"{at}nothing as required, ", n, FALSE, flat, c)
        measures = tuple(dict.fromkeys(m for c in self.comparisons for m in c.measures))
        rng = random.Random(self.requirement.id)  # noqa: S311 - the same for the same requirement
        for _ in range(3000):
            drawn = {m: rng.choice((*self.values(m), None)) for m in measures}
            ratios = [c for c in self.comparisons if c.op == "ratio_le" and drawn[c.value[0]]]
            if ratios and drawn[ratios[0].measure] is not None:
                c = rng.choice(ratios)
                under, num, den = c.value
                off = slack(c, {m: self.questions[m].tolerance for m in c.measures})
                edge = (drawn[under] * num + rng.choice((-off, 0, off))) // den
                drawn[c.measure] = max(0, edge + rng.choice(_STEPS))
            flat = {m: value for m, value in drawn.items() if value is not None}
            yield self.case("mixed", self.wrapped(flat))

    def _moved(self, at: str, n: int, must: Truth, flat: Flat, c: Comparison) -> Iterator[Case]:
        """One measure at each of its edges, the others such that it alone decides, if possible."""

        def at_edge(measure: str, value: Any) -> dict[str, Any]:
            found = None
            if c.op != "ratio_le":
                found = self._base(n, must, (measure,), {measure: value})
            return self.wrapped(flat | (found or {measure: value}))

        for measure in c.measures:
            question = self.questions[measure]
            if question.numeric:
                for value, words in self._steps(c, measure, question, flat):
                    yield self.case(f"{at}{question.name['en']}, {words}", at_edge(measure, value))
            else:
                for word in question.choices or (True, False):
                    shown = str(word).lower() if isinstance(word, bool) else word
                    yield self.case(f"{at}{question.name['en']}: {shown}", at_edge(measure, word))

    def _steps(
        self, c: Comparison, measure: str, question: Question, flat: Flat
    ) -> Iterator[tuple[int, str]]:
        """Readings at the limit and at the ends of its tolerance, each -1, 0, +1, in words."""
        words: dict[int, str] = {}
        if c.op == "ratio_le":
            under, num, den = c.value
            off = slack(c, {m: self.questions[m].tolerance for m in c.measures})
            if measure == under:
                return
            run = flat.get(under, 0)
            places = [(run * num // den, f"limit 1:{den}" if num == 1 else f"limit {num}:{den}")]
            places += [
                ((run * num + by) // den, f"limit {sign} tolerance")
                for by, sign in ((-off, "-"), (off, "+"))
            ]
        else:
            t = question.tolerance
            values = c.value if c.op == "between" else (c.value,)
            places = [(v, f"limit {v}") for v in values]
            if t:
                places += [
                    (v + by, f"limit {v} {sign} tolerance {t}")
                    for v in values
                    for by, sign in ((-t, "-"), (t, "+"))
                ]
        for place, told in places:
            for step, more in zip(_STEPS, (" - 1", "", " + 1"), strict=True):
                words.setdefault(place + step, told + more)
        low, high = question.hard
        yield from ((v, w) for v, w in sorted(words.items()) if low <= v <= high)

    def _items(self, kept: Sequence[tuple[int, Flat]]) -> Iterator[Case]:
        """Several items: the worst decides, wherever it stands."""
        broken = dict(self.bases(FALSE))
        for n, flat in kept:
            good = self.wrapped(flat)
            group = self.group or ""
            item = good[group][0]
            yield self.case("two items, both as required", good | {group: (item, item)})
            yield self.case("two items, the second not measured", good | {group: (item, {})})
            if n in broken:
                bad = {m: broken[n].get(m, v) for m, v in item.items()}
                both = good | {group: (item, bad)}
                yield self.case("two items, the second not as required", both)
                yield self.case("two items, the first not as required", good | {group: (bad, item)})
                yield self.case("two items, the first missing", good | {group: ({}, bad)})
            yield from self._steep(n, good, item)

    def _steep(self, n: int, good: dict[str, Any], item: Flat) -> Iterator[Case]:
        """A short steep item and a long one that is less steep but further beyond in length."""
        group = self.group or ""
        ratios = [c for c in self.requirement.rows[n].must if c.op == "ratio_le"]
        for c in ratios[:1]:
            under, num, den = c.value
            short = item | {c.measure: 100 * num, under: 50 * den}
            long = item | {c.measure: 750 * num, under: 500 * den}
            tops = {m: self.questions[m].hard[1] for m in c.measures}
            if all(long[m] <= top for m, top in tops.items()):
                title = "two items, the {} the steeper, the other further beyond"
                yield self.case(title.format("first one"), good | {group: (short, long)})
                yield self.case(title.format("second one"), good | {group: (long, short)})

    def _places(self, answers: Mapping[str, Any]) -> Iterator[Case]:
        """In every building, on the days around those named, and in the other state."""
        usual = self.case("", answers)
        for status in BUILDINGS:
            yield replace(usual, title=f"building: {status}", building=status)
        for state in STATES:
            yield replace(usual, title=f"in the state {state.replace('_', ' ')}", state=state)
        days = (self.requirement.built_before, self.requirement.built_from)
        for day in (day for day in days if day is not None):
            for step in _STEPS:
                on = day + timedelta(days=step)
                yield replace(usual, title=f"built on {on}", built_on=on)
        if any(days):
            yield replace(usual, title="day of building not known", built_on=None)


def _broken(
    conditions: Sequence[tuple[Comparison, ...]],
) -> Iterator[Wanted]:
    """Ways to make each of these conditions false: one comparison of each."""
    if not conditions:
        yield ()
        return
    for rest in _broken(conditions[1:]):
        for c in conditions[0]:
            yield ((c, FALSE), *rest)
