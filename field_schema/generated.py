"""The rules of one element type as one Python function, written out and compiled.

The function loads each measure once, works out each comparison once, and looks the outcome of each
rule up in a table that was laid out beforehand (`field_schema.deciding`). Its text holds integers
and names of released or checked files and nothing else: no name comes into it but as `repr` of a
string, no number but as `repr` of an integer.

What it looks like, for a door with a limit of 900 mm read to 3 mm:

    def judge(answers):
        get = answers.get
        v0 = get('width_mm')
        c0 = 2 if v0 is None else 0 if v0 >= 903 else 3 if v0 < 897 else 1
        return (T0[c0], )
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from field_schema.comparing import interval, slack
from field_schema.deciding import all_decisions, decide
from field_schema.logic import TRUE, Answers, Truth
from field_schema.outcome import Outcome, outcome_of
from field_schema.rule import Rule
from field_schema.standard import Comparison

Judge = Callable[[Answers], tuple[Outcome, ...]]
_Item = Callable[[Any, Any], tuple[Outcome, ...]]
_NO_ANSWERS: Final[Mapping[str, Any]] = {}
_MOST_DIGITS: Final = 5


def generate(rules: Sequence[Rule]) -> Judge:
    """A function that gives the outcome of each rule, in their order, for canonical answers."""
    groups = list(dict.fromkeys(rule.group for rule in rules if rule.group is not None))
    names: dict[str, Any] = {}
    items: dict[str, _Writer] = {group: _Writer(names, group) for group in groups}
    whole = _Writer(names, None)
    results = []
    for n, rule in enumerate(rules):
        if rule.group is None:
            results.append(whole.rule(rule, n))
        else:
            writer = items[rule.group]
            results.append(f"g{groups.index(rule.group)}[{len(writer.results)}]")
            writer.results.append(writer.rule(rule, n))
    lines = []
    for k, group in enumerate(groups):
        lines += [f"def item{k}(get, its):", *items[group].lines]
        lines += [f"    return ({', '.join(items[group].results)}, )", ""]
        whole.lines.append(f"    g{k} = over_items(item{k}, {group!r}, answers)")
    lines += ["def judge(answers):", "    get = answers.get", *whole.lines]
    lines.append(f"    return ({''.join(f'{result}, ' for result in results)})")
    names["over_items"] = over_items
    # The text is put together from integers and from repr() of strings, above and below.
    exec(compile("\n".join(lines), "<generated rules>", "exec"), names)  # noqa: S102
    return names["judge"]  # type: ignore[no-any-return]


class _Writer:
    """Writes the body of one function: its loads and comparisons, each once."""

    def __init__(self, names: dict[str, Any], group: str | None) -> None:
        self.names = names
        self.group = group
        self.lines: list[str] = []
        self.results: list[str] = []
        self._known: dict[Any, str] = {}

    def rule(self, rule: Rule, n: int) -> str:
        """The expression of the rule's outcome."""
        requirement = rule.requirement
        kinds = [bool(row.when) for row in requirement.rows]
        index = None if rule.group is None else 0
        if bool(requirement.when) + len(kinds) + sum(kinds) > _MOST_DIGITS:
            self.names[f"W{n}"] = _walk(rule, index)
            parts = (part for row in requirement.rows for part in (row.when, row.must))
            truths = [self.truth(part, rule) for part in (requirement.when, *parts)]
            return f"W{n}({', '.join(truths)})"
        self.names[f"T{n}"] = tuple(
            outcome_of(rule, verdict, row, index)
            for verdict, row in all_decisions(bool(requirement.when), kinds)
        )
        digits = [requirement.when] if requirement.when else []
        for row in requirement.rows:
            digits += [row.when, row.must] if row.when else [row.must]
        number, *rest = (self.truth(digit, rule) for digit in digits)
        for truth in rest:
            number = f"({number})*4+{truth}" if "+" in number else f"{number}*4+{truth}"
        return f"T{n}[{number}]"

    def truth(self, comparisons: tuple[Comparison, ...], rule: Rule) -> str:
        """The name of the conjunction's truth."""
        truths = [self._one(c, rule) for c in comparisons]
        if len(truths) < 2:
            return truths[0] if truths else str(TRUE)
        pair = f"{truths[0]} if {truths[0]} > {truths[1]} else {truths[1]}"
        return self._named("k", pair if len(truths) == 2 else f"max({', '.join(truths)})")

    def _one(self, c: Comparison, rule: Rule) -> str:
        value = self._value(c.measure)
        if c.op == "ratio_le":
            under, num, den = c.value
            below, off = self._value(under), slack(c, rule.tolerances)
            beyond = f"{value}*{den!r} - {below}*{num!r}"
            return self._named(
                "c",
                f"2 if {value} is None or {below} is None else "
                f"0 if (e := {beyond}) <= {-off!r} else {_else(f'e > {off!r}', certain=off == 0)}",
            )
        if c.op in ("is", "one_of"):
            words = (c.value,) if c.op == "is" else c.value
            return self._named("c", f"2 if {value} is None else 0 if {value} in {words!r} else 3")
        limits = interval(c, rule.tolerances.get(c.measure, 0))
        outside = []
        if limits.possible_low is not None:
            outside.append(f"{value} < {limits.possible_low!r}")
        if limits.possible_high is not None:
            outside.append(f"{value} > {limits.possible_high!r}")
        low = "" if limits.sure_low is None else f"{limits.sure_low!r} <= "
        high = "" if limits.sure_high is None else f" <= {limits.sure_high!r}"
        certain = limits[:2] == limits[2:]
        return self._named(
            "c",
            f"2 if {value} is None else 0 if {low}{value}{high} else "
            f"{_else(' or '.join(outside), certain=certain)}",
        )

    def _value(self, measure: str) -> str:
        repeated = self.group is not None and measure.startswith(f"{self.group}.")
        return self._named("v", f"{'its' if repeated else 'get'}({measure!r})")

    def _named(self, kind: str, expression: str) -> str:
        name = self._known.get(expression)
        if name is None:
            name = self._known[expression] = f"{kind}{len(self._known)}"
            self.lines.append(f"    {name} = {expression}")
        return name


def _else(broken: str, *, certain: bool) -> str:
    return "3" if certain else f"3 if {broken} else 1"


def _walk(rule: Rule, index: int | None) -> Callable[..., Outcome]:
    """For a table of too many rows to lay out every combination."""

    def walk(when: Truth, *truths: Truth) -> Outcome:
        rows = zip(truths[::2], truths[1::2], strict=True)
        return outcome_of(rule, *decide(when, rows), index)

    return walk


def over_items(item: _Item, group: str, answers: Answers) -> tuple[Outcome, ...]:
    """The outcomes of rules over a repeat: of each rule that of its worst item."""
    get = answers.get
    items = get(group)
    if not items:
        return tuple(outcome.at(None) for outcome in item(get, _NO_ANSWERS.get))
    if len(items) == 1:
        return item(get, items[0].get)
    found = [item(get, each.get) for each in items]
    return tuple(worst_of(outcomes, answers, items) for outcomes in zip(*found, strict=True))


def worst_of(
    outcomes: Sequence[Outcome], answers: Answers, items: Sequence[Mapping[str, Any]]
) -> Outcome:
    """The worst of a rule's outcomes over the items, with its index; of equals the first."""
    worst, at = outcomes[0], 0
    for n in range(1, len(outcomes)):
        outcome = outcomes[n]
        if outcome.rank < worst.rank:
            continue
        if outcome.rank == worst.rank:
            mine = outcome.miss({**answers, **items[n]})
            if not mine.worse_than(worst.miss({**answers, **items[at]})):
                continue
        worst, at = outcome, n
    return worst if at == 0 else worst.at(at)
