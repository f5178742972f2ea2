"""Very many packed inspections judged at once with numpy, and two rulesets compared.

Equal to `field_schema.assessment` in every verdict, row, index and reason code; a test compares
them. Products of a ratio are int64, so none can overflow. Nothing here has a fraction.

A page is a list of parts; a part is the inspections of one shape (`field_schema.packing`) as a
table of integers, a row each, with the buildings they stand in. Elements of one type and state are
judged together over all parts. A page of 50,000 inspections of a station takes about 100 MB.

>>> part = Part.of(read_shape(shape, form), form, [bytes_of_each], Buildings.of([building]))
>>> for found in BulkRuleset(ruleset).evaluate([part]): ...
>>> for change in BulkDiff(old, new).changes([part]): ...
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from audit_api.domain.law.bulk_columns import Block, Buildings, Bytes, Part, blocks_of
from audit_api.domain.law.bulk_rules import (
    REASON_OF,
    ROW_OF,
    VERDICT_OF,
    BulkRule,
    Index,
    judged_alike,
)
from field_schema.form import STATES
from field_schema.logic import NOT_MEASURED, VERDICTS, VIOLATION
from field_schema.profile import BINDING
from field_schema.ruleset import Rule, Ruleset

__all__ = ["Buildings", "BulkDiff", "BulkRuleset", "Change", "ElementVerdicts", "Part", "Places"]

_VIOLATION: Final = VERDICTS.index(VIOLATION)
_NOT_MEASURED: Final = VERDICTS.index(NOT_MEASURED)
_ABSENT: Final = np.uint8(255)
_PERMANENT: Final = STATES[:1]


@dataclass(frozen=True, slots=True)
class Places:
    """Observations in a page: of each its part, its row in that part, and its packed place.

    The packed place p of an inspection is `inspection.elements[packed_order(inspection)[p]]`.
    """

    part: NDArray[np.int32]
    row: NDArray[np.int32]
    position: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.part)

    def where(self, wanted: NDArray[np.bool_]) -> "Places":
        """Some of them."""
        return Places(self.part[wanted], self.row[wanted], self.position[wanted])


@dataclass(frozen=True, slots=True)
class ElementVerdicts:
    """The rules on one element type, applied to its observations in one state.

    Per rule a row: `verdict` as place in `field_schema.logic.VERDICTS`, `row` as `Finding` numbers
    it, `index` with -1 for none, `reason` as place in `field_schema.deciding.REASONS`.
    """

    element: str
    state: str
    rules: tuple[Rule, ...]
    places: Places
    verdict: Bytes
    row: NDArray[np.int8]
    index: Index
    reason: Bytes


class BulkRuleset:
    """A ruleset made ready for very many observations."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._rules: dict[str, list[BulkRule]] = {}
        for rule in ruleset.rules:
            self._rules.setdefault(rule.requirement.element, []).append(BulkRule.of(rule))

    def evaluate(
        self, parts: Sequence[Part], states: Sequence[str] = STATES
    ) -> Iterator[ElementVerdicts]:
        """Every rule on every observation of a page in these states, block by block."""
        for block in blocks_of(parts, states):
            rules = self._rules.get(block.element, [])
            shape = (len(rules), len(block))
            codes, index = np.empty(shape, np.uint8), np.empty(shape, np.int16)
            for n, rule in enumerate(rules):
                codes[n], index[n] = rule.indexed_codes(block)
            yield ElementVerdicts(
                block.element,
                block.state,
                tuple(each.rule for each in rules),
                _places(block),
                VERDICT_OF[codes],
                ROW_OF[codes],
                index,
                REASON_OF[codes],
            )


@dataclass(frozen=True, slots=True)
class Change:
    """What a new ruleset changes about one requirement of one standard, at elements of one type.

    `old` or `new` is None where the requirement is not in that ruleset. When either is binding,
    `becomes_violation` and `stops_being_violation` tell of violations, that is, of what is broken
    *and* binding; when neither is, of recommendations. `becomes_not_measured`: what has another
    verdict, or none, under the old ruleset.
    """

    element: str
    state: str
    old: Rule | None
    new: Rule | None
    becomes_violation: Places
    stops_being_violation: Places
    becomes_not_measured: Places


class BulkDiff:
    """Two rulesets made ready to be compared. Requirements that judge alike are passed over.

    A requirement is the same in both when standard and id are the same, whatever the edition.
    """

    def __init__(self, old: Ruleset, new: Ruleset) -> None:
        befores, afters = _by_name(old), _by_name(new)
        self._pairs: dict[str, list[tuple[BulkRule | None, BulkRule | None]]] = {}
        for name in dict.fromkeys((*befores, *afters)):
            before, after = befores.get(name), afters.get(name)
            if before is not None and after is not None and _alike(before, after):
                continue
            rule = after if before is None else before
            if rule is not None:
                pair = _prepared(before), _prepared(after)
                self._pairs.setdefault(rule.requirement.element, []).append(pair)

    @property
    def requirements(self) -> int:
        """How many requirements are compared."""
        return sum(len(pairs) for pairs in self._pairs.values())

    def changes(
        self, parts: Sequence[Part], states: Sequence[str] = _PERMANENT
    ) -> Iterator[Change]:
        """What changes in a page, a `Change` for each requirement that changes anything.

        Only the permanent state makes cases, so only that one is compared when nothing is said.
        """
        for block in blocks_of(parts, states):
            known: dict[Any, Bytes] = {}
            for before, after in self._pairs.get(block.element, ()):
                change = _change(block, before, after, known)
                if change is not None:
                    yield change


def _by_name(ruleset: Ruleset) -> Mapping[tuple[str, str], Rule]:
    return {(r.requirement.cite.standard, r.requirement.id): r for r in ruleset.rules}


def _prepared(rule: Rule | None) -> BulkRule | None:
    return None if rule is None else BulkRule.of(rule)


def _alike(one: Rule, two: Rule) -> bool:
    return one.weight == two.weight and judged_alike(one) == judged_alike(two)


def _change(
    block: Block, before: BulkRule | None, after: BulkRule | None, known: dict[Any, Bytes]
) -> Change | None:
    was, now = _verdicts(block, before, known), _verdicts(block, after, known)
    binding = any(each is not None and each.rule.weight == BINDING for each in (before, after))
    broken_before = _broken(was, before, binding=binding)
    broken_after = _broken(now, after, binding=binding)
    found = (
        broken_after & ~broken_before,
        broken_before & ~broken_after,
        (now == _NOT_MEASURED) & (was != _NOT_MEASURED),
    )
    if not any(each.any() for each in found):
        return None
    places = _places(block)
    return Change(
        block.element,
        block.state,
        None if before is None else before.rule,
        None if after is None else after.rule,
        *(places.where(each) for each in found),
    )


def _verdicts(block: Block, rule: BulkRule | None, known: dict[Any, Bytes]) -> Bytes:
    if rule is None:
        return np.full(len(block), _ABSENT)
    found = known.get(rule.alike)
    if found is None:
        found = known[rule.alike] = VERDICT_OF[rule.codes(block)]
    return found


def _broken(verdicts: Bytes, rule: BulkRule | None, *, binding: bool) -> NDArray[np.bool_]:
    if binding and rule is not None and rule.rule.weight != BINDING:
        return np.zeros(len(verdicts), np.bool_)
    broken: NDArray[np.bool_] = verdicts == _VIOLATION
    return broken


def _places(block: Block) -> Places:
    return Places(block.part, block.row, block.position)
