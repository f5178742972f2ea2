"""Answers bent so that one row of one requirement decides: kept, broken or unsure."""

import random
from typing import Any, NamedTuple

from field_schema.comparing import bounds
from field_schema.form import Section
from field_schema.ruleset import Rule
from field_schema.standard import Comparison


class Aim(NamedTuple):
    """A row of a rule; of its limits all hold, or the one at `place` does not, or (None) unsure."""

    rule: Rule
    row: int
    place: int
    holds: bool | None


def aims_of(rule: Rule) -> list[Aim]:
    """Every way in which one row of the rule decides."""
    return [
        Aim(rule, row, place, holds)
        for row, each in enumerate(rule.requirement.rows)
        for place in range(len(each.must))
        for holds in (True, False, None)
    ]


def bend(rng: random.Random, aim: Aim, section: Section, answers: dict[str, Any]) -> None:
    """Change the answers: conditions hold down to the row, its limits hold but for one."""
    requirement = aim.rule.requirement
    row = requirement.rows[aim.row]
    todo: list[tuple[Comparison, bool | None]]
    todo = [(rng.choice(above.when), False) for above in requirement.rows[: aim.row]]
    todo += [(c, True) for c in (*requirement.when, *row.when)]
    todo += [(c, aim.holds if n == aim.place else True) for n, c in enumerate(row.must)]
    for c, holds in todo:
        if all(measure in section.measures for measure in c.measures):
            for item in _items(c.measure, section, answers):
                _bend(rng, c, holds, section, item, answers)


def _items(measure: str, section: Section, answers: dict[str, Any]) -> list[dict[str, Any]]:
    """Where a measure is answered; a repeat gets its first item."""
    group = measure.partition(".")[0]
    if group not in section.groups:
        return [answers]
    items = answers.setdefault(group, ({},))
    return list(items)


def _bend(
    rng: random.Random,
    c: Comparison,
    holds: bool | None,
    section: Section,
    item: dict[str, Any],
    answers: dict[str, Any],
) -> None:
    question = section.measures[c.measure]
    if c.op in ("is", "one_of"):
        words = c.value if c.op == "one_of" else (c.value,)
        known = question.choices if question.type == "choice" else (True, False)
        fitting = [word for word in known if (word in words) == bool(holds)]
        if fitting:
            item[c.measure] = rng.choice(fitting)
        return
    if c.op == "ratio_le":
        under, num, den = c.value
        above, other = item.get(c.measure), section.measures[under]
        if above is None:
            return
        # The measure below the line gives way: conditions often limit the one above it.
        reach = question.tolerance * den + other.tolerance * num
        edge = above * den + (0 if holds is None else reach)
        below = -(-edge // num) if holds is not False else (above * den - reach - 1) // num
        together = "." in c.measure and "." in under
        for place in [item] if together else _items(under, section, answers):
            place[under] = min(max(below, other.hard[0]), other.hard[1])
        return
    value = rng.choice(_values(c, question.tolerance, holds))
    low, high = question.hard
    item[c.measure] = min(max(value, low), high)


def _values(c: Comparison, t: int, holds: bool | None) -> list[int]:
    """Readings that surely keep the limit, surely miss it, or (None) stand on it."""
    low, high, equal = bounds(c)
    if holds is None:
        return [end for end in (low, high) if end is not None]
    if not holds:
        return [*([] if low is None else [low - t - 1]), *([] if high is None else [high + t + 1])]
    if equal and low is not None:
        return [low]
    inside = [*([] if low is None else [low + t]), *([] if high is None else [high - t])]
    if low is not None and high is not None:
        inside.append((low + high) // 2)
    return inside
