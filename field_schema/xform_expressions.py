"""Requirements as XPath 1.0: the calculates of an XForm that give verdict and row.

The fourth evaluation, for ODK clients. It keeps the contract of `field_schema.assessment`:
- A truth is a number as in `field_schema.logic`: 0 true, 1 unsure, 2 unknown, 3 false; a
  conjunction is `max()`. What is missing is the empty string.
- A verdict is a number too: -1 not applicable, 0 compliant, 1 borderline, 2 not measured,
  3 violation. That is the truth of `must`, and its order is the order of badness in a repeat.
- XPath counts in doubles. Everything but one quotient is an integer below 2^53, so it is exact; the
  quotient only orders slopes, and equal slopes give equal doubles.

References are written `${name}`, as pyxform resolves them.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from field_schema.comparing import bounds
from field_schema.errors import CatalogError
from field_schema.form import Section
from field_schema.logic import FALSE, TRUE, UNKNOWN, UNSURE
from field_schema.ruleset import Rule
from field_schema.standard import Comparison
from field_schema.xform_sparing import spare

NOT_APPLICABLE, COMPLIANT, BORDERLINE, NOT_MEASURED, VIOLATION = -1, 0, 1, 2, 3
STEEPEST: Final = 1_000_000_000
"""A rise over no run; above every quotient of two readings."""
SHIFT: Final = 1_000_000_000
"""Added to what may be negative: JavaRosa's max() starts from the least double above zero."""
MIXED: Final = 7
"""Stands for a verdict while possible rows differ."""
ITEMS: Final = 1000
"""More than a repeat has items."""
ROWS: Final = 64
"""More than a table has rows."""


class Calculates:
    """The calculates of one element type. Each expression is written once and then named."""

    def __init__(self, section: Section) -> None:
        self.section = section
        self._rows: dict[str | None, list[dict[str, str]]] = {None: []}
        self._helpers: set[str] = set()
        self._known: dict[tuple[str | None, str], str] = {}
        self._places: dict[str, str | None] = {}

    def add(
        self, expression: str, group: str | None, kind: str = "int", name: str | None = None
    ) -> str:
        """The reference to a calculate of this expression in that group, written if it is new."""
        if name is None and self._places.get(expression, "") == group:
            return expression
        known = self._known.get((group, expression))
        if known is not None and name is None:
            return known
        if name is None:
            name = f"{self.section.element}_c{len(self._known)}"
            self._helpers.add(name)
        line = {
            "type": "calculate",
            "name": name,
            "calculation": expression,
            "bind::type": kind,
        }
        self._rows.setdefault(group, []).append(line)
        reference = self._known.setdefault((group, expression), f"${{{name}}}")
        self._places[reference] = group
        return reference

    def lines(self) -> dict[str | None, list[dict[str, str]]]:
        """The lines of an XLSForm in order, per group, None for outside of all."""
        return {None: []} | spare(self._rows, self._helpers)


class Place(NamedTuple):
    """Where a rule is judged: in an item of a group, or outside of all; `absent`: with no item."""

    group: str | None
    absent: bool

    def sees(self, measure: str, section: Section) -> bool:
        """Whether the measure can have an answer here."""
        return measure in section.measures and not (self.absent and "." in measure)


OUTSIDE: Final = Place(None, False)
NO_ITEM: Final = Place(None, True)


def name_of(section: Section, measure: str) -> str:
    """The name of the question that asks for a measure: `ramp_runs__rise_mm`."""
    return f"{section.element}_{measure.replace('.', '__')}"


def truth(c: Comparison, rule: Rule, place: Place, to: Calculates) -> str:
    """The truth of one comparison."""
    if not all(place.sees(measure, to.section) for measure in c.measures):
        return str(UNKNOWN)
    group = place.group if any("." in measure for measure in c.measures) else None
    value, t = f"${{{name_of(to.section, c.measure)}}}", rule.tolerances.get(c.measure, 0)
    if c.op == "ratio_le":
        under, num, den = c.value
        below = f"${{{name_of(to.section, under)}}}"
        reach = t * den + rule.tolerances.get(under, 0) * num
        over = f"{value} * {den} - {below} * {num}"
        return to.add(
            f"if({value} = '' or {below} = '', {UNKNOWN}, if({over} + {reach} <= 0, {TRUE}, "
            f"if({over} - {reach} > 0, {FALSE}, {UNSURE})))",
            group,
        )
    if c.op in ("is", "one_of"):
        words = (c.value,) if c.op == "is" else c.value
        known = " or ".join(f"{value} = '{word_of(word)}'" for word in words)
        return to.add(f"if({value} = '', {UNKNOWN}, if({known}, {TRUE}, {FALSE}))", group)
    low, high, equal = bounds(c)
    possible = _inside(value, None if low is None else low - t, None if high is None else high + t)
    sure = _inside(value, None if low is None else low + t, None if high is None else high - t)
    # No reading can prove equality, it can only fail to disprove it.
    inner = str(TRUE) if equal or not t else f"if({sure}, {TRUE}, {UNSURE})"
    return to.add(f"if({value} = '', {UNKNOWN}, if({possible}, {inner}, {FALSE}))", group)


def word_of(value: bool | str) -> str:
    """A choice as the form has it; yes and no are choices too."""
    return value if isinstance(value, str) else "yes" if value else "no"


def _inside(value: str, low: int | None, high: int | None) -> str:
    ends = [] if low is None else [f"{value} >= {low}"]
    return " and ".join(ends if high is None else [*ends, f"{value} <= {high}"])


def conjunction(comparisons: Sequence[Comparison], rule: Rule, place: Place, to: Calculates) -> str:
    """The truth of all of them together; of none at all TRUE."""
    truths = list(dict.fromkeys(truth(c, rule, place, to) for c in comparisons))
    if len(truths) < 2:
        return truths[0] if truths else str(TRUE)
    return to.add(f"max({', '.join(truths)})", place.group)


def decision(rule: Rule, place: Place, to: Calculates) -> tuple[str, str]:
    """The verdict and the row, -1 when none decided, of a rule in one place."""
    verdict, row = _first_row(rule, place, to)
    when = conjunction(rule.requirement.when, rule, place, to)
    if when == str(TRUE):
        return verdict, row
    holds = to.add(
        f"if({when} = {TRUE} or {verdict} = {NOT_APPLICABLE} or "
        f"({when} = {UNSURE} and {verdict} = {COMPLIANT}), 1, 0)",
        place.group,
    )
    doubt = f"if({when} = {UNKNOWN} or {verdict} = {NOT_MEASURED}, {NOT_MEASURED}, {BORDERLINE})"
    return (
        to.add(
            f"if({when} = {FALSE}, {NOT_APPLICABLE}, if({holds} = 1, {verdict}, {doubt}))",
            place.group,
        ),
        to.add(f"if({when} != {FALSE} and {holds} = 1, {row}, -1)", place.group),
    )


def _first_row(rule: Rule, place: Place, to: Calculates) -> tuple[str, str]:
    """From the last row to the first: verdict and row if the table began here.

    `missing`: whether a measure is missing among the conditions and limits that are possible.
    """
    verdict, row, missing = str(NOT_APPLICABLE), "-1", "0"
    for n, each in reversed(list(enumerate(rule.requirement.rows))):
        must = conjunction(each.must, rule, place, to)
        when = conjunction(each.when, rule, place, to)
        here = f"if({must} = {NOT_MEASURED}, 1, 0)"
        if when == str(TRUE):
            verdict, row, missing = must, str(n), here
            continue
        after, row_after = verdict, row
        missing_after = missing if missing.isdigit() else to.add(missing, place.group)
        verdict = to.add(
            f"if({when} = {FALSE}, {after}, "
            f"if({when} = {TRUE} or {must} = {after}, {must}, {MIXED}))",
            place.group,
        )
        row = to.add(f"if({when} = {FALSE}, {row_after}, {n})", place.group)
        missing = (
            f"if({when} = {FALSE}, {missing_after}, if({when} = {UNKNOWN} or "
            f"{must} = {NOT_MEASURED} or ({when} = {UNSURE} and {missing_after} = 1), 1, 0))"
        )
    if not any(each.when for each in rule.requirement.rows):
        return verdict, row
    doubt = f"if({to.add(missing, place.group)} = 1, {NOT_MEASURED}, {BORDERLINE})"
    return (
        to.add(f"if({verdict} = {MIXED}, {doubt}, {verdict})", place.group),
        to.add(f"if({verdict} = {MIXED}, -1, {row})", place.group),
    )


def worst(rule: Rule, group: str, to: Calculates) -> tuple[str, str, str]:
    """Verdict, row and index (from 0) of the worst item of a repeat that has items.

    The items are sifted by one number after the other: the verdict, the steepest slope, the
    furthest beyond another limit. Of those that are left the first is named: place and row of each
    are put into one number, whose maximum is taken apart again. No item looks at what is outside:
    JavaRosa would not count it again in the other items. Raises CatalogError for a repeat or a
    table that is longer than these numbers tell apart.
    """
    if to.section.groups[group].max_items >= ITEMS or len(rule.requirement.rows) >= ROWS:
        raise CatalogError(
            f"{rule.name}: an XForm tells {ITEMS - 1} items and {ROWS - 1} rows apart; shorten "
            f"the repeat {group!r} or the table, or raise ITEMS or ROWS in xform_expressions.py"
        )
    place = Place(group, False)
    verdict, row = decision(rule, place, to)
    sieve: list[str] = []

    def most(number: str, kind: str = "int") -> str:
        number = to.add(number, group, kind)
        left = f"[{' and '.join(sieve)}]" if sieve else ""
        found = to.add(f"if({count} = 0, 0, max({items}{left}/{_plain(number)}))", None, kind)
        sieve.append(f"./{_plain(number)} = {found}")
        return found

    items, count = f"${{{name_of(to.section, group)}}}", items_of(group, to)
    rank = most(f"{verdict} + 2")
    for weight in (_steepness(to), _excess(to)):
        heaviest = _heaviest(rule, (verdict, row), weight, place, to)
        if heaviest is not None:
            most(heaviest, weight.kind)
    first = most(f"({ITEMS} - position(..)) * {ROWS} + {row} + 1")
    return (
        to.add(f"{rank} - 2", None),
        to.add(f"{first} mod {ROWS} - 1", None),
        to.add(f"{ITEMS} - 1 - int({first} div {ROWS})", None),
    )


def items_of(group: str, to: Calculates) -> str:
    """How many items a repeat has.

    Whatever sums up a repeat asks it: JavaRosa does not count a max() again when an item goes.
    """
    return to.add(f"count(${{{name_of(to.section, group)}}})", None)


def _plain(reference: str) -> str:
    """The name that a reference has."""
    return reference.removeprefix("${").removesuffix("}")


class _Weight(NamedTuple):
    """By what missed limits are compared: a number above zero for each, None where it has none.

    `nothing` stands for no limit missed; `kind` is the calculates' type.
    """

    of: Callable[[Comparison], str | None]
    nothing: int
    kind: str


def _steepness(to: Calculates) -> _Weight:
    def of(c: Comparison) -> str | None:
        if c.op != "ratio_le":
            return None
        above, below = (f"${{{name_of(to.section, m)}}}" for m in c.measures)
        return f"if({below} = 0, {STEEPEST}, 1 + {above} div {below})"

    return _Weight(of, 1, "decimal")


def _excess(to: Calculates) -> _Weight:
    def of(c: Comparison) -> str | None:
        if c.op in ("ratio_le", "is", "one_of"):
            return None
        value = f"${{{name_of(to.section, c.measure)}}}"
        low, high, _ = bounds(c)
        beyond = [] if low is None else [f"{SHIFT} + {low} - {value}"]
        beyond += [] if high is None else [f"{SHIFT} + {value} - {high}"]
        return beyond[0] if len(beyond) == 1 else f"max({', '.join(beyond)})"

    return _Weight(of, SHIFT, "int")


def _heaviest(
    rule: Rule, decided: tuple[str, str], weight: _Weight, place: Place, to: Calculates
) -> str | None:
    """The greatest weight of what is missed in the row that decided.

    None when no row has anything that is weighed.
    """
    verdict, row = decided
    cases = []
    for n, each in enumerate(rule.requirement.rows):
        missed = []
        for c in each.must:
            weighed = weight.of(c)
            if weighed is not None and all(place.sees(m, to.section) for m in c.measures):
                told = truth(c, rule, place, to)
                missed.append(f"if({told} = {UNSURE} or {told} = {FALSE}, {weighed}, 0)")
        if missed:
            most = missed[0] if len(missed) == 1 else f"max({', '.join(missed)})"
            found = to.add(most, place.group, weight.kind)
            cases.append(f"if({row} = {n} and {found} >= 1, {found}, ")
    if not cases:
        return None
    shown = "".join(cases) + str(weight.nothing) + ")" * len(cases)
    broken = f"{verdict} = {VIOLATION} or {verdict} = {BORDERLINE}"
    return f"if({broken}, {shown}, {weight.nothing})"
