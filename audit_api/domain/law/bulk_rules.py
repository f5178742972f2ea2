"""One requirement over many observations: a number for verdict and row together, and the index."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from audit_api.domain.law.bulk_columns import (
    UNKNOWN_DAY,
    Block,
    Buildings,
    Bytes,
    Columns,
    Conjunction,
    Integers,
)
from field_schema.comparing import bounds
from field_schema.deciding import (
    NO_ROW,
    REASONS,
    START,
    Decision,
    Walk,
    all_decisions,
    finish,
    reason_code,
    step,
)
from field_schema.errors import CatalogError
from field_schema.logic import (
    BORDERLINE,
    FALSE,
    NOT_APPLICABLE,
    NOT_MEASURED,
    RANK,
    UNSURE,
    VERDICTS,
    VIOLATION,
)
from field_schema.ruleset import Rule
from field_schema.standard import BUILDINGS

_EXCLUDED: Final = {
    240: (NOT_APPLICABLE, "other_state"),
    241: (NOT_APPLICABLE, "other_building"),
    242: (NOT_APPLICABLE, "other_build_date"),
    243: (NOT_MEASURED, "build_date_unknown"),
}
_OTHER_STATE, _OTHER_BUILDING, _OTHER_DAY, _DAY_UNKNOWN = _EXCLUDED
_MOST_ROWS: Final = 40
_FEW_DIGITS: Final = 4  # a number of four digits of base four fits into a byte
_NOTHING: Final = np.iinfo(np.int64).min
Index = NDArray[np.int16]


def code_of(decision: Decision) -> int:
    """One number for verdict and row."""
    verdict, row = decision
    return (row - NO_ROW) * len(VERDICTS) + VERDICTS.index(verdict)


def _decisions() -> list[tuple[str, int, str | None]]:
    """Verdict, row and why it was excluded, by number."""
    every = [
        (VERDICTS[code % len(VERDICTS)], code // len(VERDICTS) + NO_ROW, None)
        for code in range(min(_EXCLUDED))
    ]
    return [*every, *((verdict, -1, why) for verdict, why in _EXCLUDED.values())]


VERDICT_OF: Final = np.array([VERDICTS.index(v) for v, _, _ in _decisions()], np.uint8)
ROW_OF: Final = np.array([row for _, row, _ in _decisions()], np.int8)
REASON_OF: Final = np.array([REASONS.index(reason_code(*each)) for each in _decisions()], np.uint8)
_RANK_OF: Final = np.array([RANK[v] for v, _, _ in _decisions()], np.uint8)
_CAN_MISS: Final = np.array([v in (VIOLATION, BORDERLINE) for v, _, _ in _decisions()], np.bool_)


@dataclass(frozen=True, slots=True)
class _Table:
    """The truths to look at, and the numbers they lead to.

    With few digits `codes` has every combination; else `steps` walks row by row, and `codes` has
    the numbers by the last state and the condition's truth.
    """

    digits: tuple[Conjunction, ...]
    codes: Bytes
    steps: tuple[NDArray[np.int16], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class BulkRule:
    """A rule made ready for many observations. `alike` is equal for rules that judge alike."""

    rule: Rule
    alike: Any
    table: _Table = field(repr=False)

    @classmethod
    def of(cls, rule: Rule) -> "BulkRule":
        """Raises CatalogError for a table of more rows than anybody could read."""
        found = rule.requirement
        if len(found.rows) > _MOST_ROWS:
            raise CatalogError(
                f"{rule.name}: a table of {len(found.rows)} rows is more than the {_MOST_ROWS} "
                "that can be judged in bulk; split it into several requirements"
            )
        return cls(rule, judged_alike(rule), _table(rule))

    def codes(self, block: Block) -> Bytes:
        """Verdict and row as a number, for those who ask for the verdict alone.

        Of several equally bad items of a repeat the row told need not be that of the worst.
        """
        return self._judge(block, indexed=False)[0]

    def indexed_codes(self, block: Block) -> tuple[Bytes, Index]:
        """Verdict and row as a number, and the index of the repeat that decided, or -1."""
        return self._judge(block, indexed=True)

    def _judge(self, block: Block, *, indexed: bool) -> tuple[Bytes, Index]:
        if self.rule.group is None:
            codes, index = self._decide(block.whole).copy(), np.full(len(block), -1, np.int16)
        else:
            codes, index = self._worst(block, indexed=indexed)
        excluded = _excluded(self.rule, block.state, block.buildings)
        if excluded is not None:
            np.copyto(codes, excluded, where=excluded != 0)
            np.copyto(index, -1, where=excluded != 0)
        return codes, index

    def _decide(self, columns: Columns) -> Bytes:
        tolerances = self.rule.tolerances
        truths = [columns.truth(digit, tolerances) for digit in self.table.digits]
        if not self.table.steps:
            number: Bytes = truths[0]
            for truth in truths[1:]:
                number = (number << np.uint8(2)) | truth
            return self.table.codes[number]
        state: NDArray[Any] = np.zeros(columns.rows, np.int16)
        for n, rows in enumerate(self.table.steps):
            state = rows[state * 16 + truths[1 + 2 * n] * 4 + truths[2 + 2 * n]]
        return self.table.codes[state * 4 + truths[0]]

    def _worst(self, block: Block, *, indexed: bool) -> tuple[Bytes, Index]:
        counts, items = block.items.get(self.rule.group or "") or (None, [block.whole])
        best = self._decide(items[0]).copy()
        index: Index = np.full(len(block), -1, np.int16)
        if counts is not None:
            index[counts > 0] = 0
            for n, columns in enumerate(items[1:], 1):
                codes = self._decide(columns)
                worse = (_RANK_OF[codes] > _RANK_OF[best]) & (counts > n)
                if indexed:
                    same = (_RANK_OF[codes] == _RANK_OF[best]) & (counts > n) & _CAN_MISS[codes]
                    tied = np.flatnonzero(same)
                    if len(tied):
                        mine = self._misses(columns, tied, codes)
                        others = _picked(
                            [self._misses(item, tied, best) for item in items[:n]], index[tied]
                        )
                        worse[tied] = _worse(mine, others)
                np.copyto(best, codes, where=worse)
                index[worse] = n
        return best, index

    def _misses(self, columns: Columns, at: NDArray[np.intp], codes: Bytes) -> list[Integers]:
        """As `field_schema.comparing.miss_of`: rise, run and by, for some of the observations."""
        rise, run, by = (np.full(len(at), value, np.int64) for value in (0, 1, _NOTHING))
        rows = ROW_OF[codes[at]]
        for number, row in enumerate(self.rule.requirement.rows):
            decided = rows == number
            for c in row.must if decided.any() else ():
                truth = columns.one(c, self.rule.tolerances)[at]
                missed = decided & ((truth == FALSE) | (truth == UNSURE))
                if c.op in ("is", "one_of") or not missed.any():
                    continue
                value = columns.wide(c.measure)[at]
                if c.op == "ratio_le":
                    under = columns.wide(c.value[0])[at]
                    value = np.where(under == 0, 1, value)
                    steeper = missed & (value * run > rise * under)
                    np.copyto(rise, value, where=steeper)
                    np.copyto(run, under, where=steeper)
                else:
                    low, high, _ = bounds(c)
                    beyond = np.full(len(at), _NOTHING, np.int64)
                    if low is not None:
                        beyond = np.maximum(beyond, low - value)
                    if high is not None:
                        beyond = np.maximum(beyond, value - high)
                    np.copyto(by, np.maximum(by, beyond), where=missed)
        return [rise, run, np.where(by == _NOTHING, 0, by)]


def judged_alike(rule: Rule) -> Any:
    """Equal for two rules that give the same verdict in every case, whatever they are called."""
    found = rule.requirement
    return (
        tuple(sorted(found.buildings)),
        tuple(sorted(found.states)),
        found.built_before,
        found.built_from,
        found.when,
        tuple((row.when, row.must) for row in found.rows),
        tuple(sorted(rule.tolerances.items())),
    )


def _table(rule: Rule) -> _Table:
    found = rule.requirement
    digits = [found.when] if found.when else []
    for row in found.rows:
        digits += [row.when, row.must] if row.when else [row.must]
    if len(digits) <= _FEW_DIGITS:
        kinds = [bool(row.when) for row in found.rows]
        every = all_decisions(bool(found.when), kinds)
        return _Table(tuple(digits), np.array([code_of(d) for d in every], np.uint8))
    states: list[Walk] = [START]
    steps = []
    for number in range(len(found.rows)):
        walks = [
            step(s, number, when, must) for s in states for when in range(4) for must in range(4)
        ]
        states = list(dict.fromkeys(walks))
        places = {walk: place for place, walk in enumerate(states)}
        steps.append(np.array([places[walk] for walk in walks], np.int16))
    codes = [code_of(finish(state, when)) for state in states for when in range(4)]
    whole = (found.when, *(part for row in found.rows for part in (row.when, row.must)))
    return _Table(whole, np.array(codes, np.uint8), tuple(steps))


def _excluded(rule: Rule, state: str, buildings: Buildings) -> Bytes | None:
    """The numbers of what does not apply, 0 where it applies; None where it does everywhere."""
    found = rule.requirement
    if state not in found.states:
        return np.full(len(buildings.status), _OTHER_STATE, np.uint8)
    if found.built_before is None and found.built_from is None:
        if set(found.buildings) == set(BUILDINGS):
            return None
        codes = np.zeros(len(buildings.status), np.uint8)
    else:
        on = buildings.deciding_on
        other = np.zeros(len(on), np.bool_)
        if found.built_before is not None:
            other |= on >= found.built_before.toordinal()
        if found.built_from is not None:
            other |= on < found.built_from.toordinal()
        codes = np.where(other, np.uint8(_OTHER_DAY), np.uint8(0))
        codes[on == UNKNOWN_DAY] = _DAY_UNKNOWN
    fits = np.array([status in found.buildings for status in BUILDINGS], np.bool_)
    codes[~fits[buildings.status]] = _OTHER_BUILDING
    return codes


def _picked(misses: Sequence[list[Integers]], which: Index) -> list[Integers]:
    """Of each observation the miss of the item that is the worst so far."""
    every = np.arange(len(which))
    return [np.stack([miss[n] for miss in misses])[which, every] for n in range(3)]


def _worse(one: list[Integers], two: list[Integers]) -> NDArray[np.bool_]:
    """As `field_schema.comparing.Miss.worse_than`."""
    mine, others = one[0] * two[1], two[0] * one[1]
    worse: NDArray[np.bool_] = (mine > others) | ((mine == others) & (one[2] > two[2]))
    return worse
