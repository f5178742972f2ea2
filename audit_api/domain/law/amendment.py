"""What a changed law does to violations, without a new measurement.

A case belongs to one edition. When a decision replaces that edition, every living case of it is
superseded: its clause binds no longer. Where the stored measurements break the same requirement of
the new edition, a new case is opened that names the one it follows: it keeps that one's task and
deadline (a deadline once given never moves silently), and begins as `open`, for nobody has looked
at it under the new clause yet. What technical supervision overturned is not opened again by the
same reading. A value that it corrected is judged as corrected: what that overturned counts as
measured within the old limit.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from audit_api.domain.oversight.violations import CaseKey, FindingLike, KnownCase, key_of
from audit_api.domain.vocabulary import ViolationState

F = TypeVar("F", bound=FindingLike)
Edition = tuple[str, str]
"""Standard and edition."""

_V = ViolationState

# State of the case under the replaced edition (None: there is none), and whether the measurements
# break the new one -> that case's next state, and whether there is a case under the new edition.
REPLACED_MOVES: Mapping[tuple[str | None, bool], tuple[str | None, bool]] = {
    (None, True): (None, True),
    (None, False): (None, False),
    (_V.OPEN, True): (_V.SUPERSEDED, True),
    (_V.OPEN, False): (_V.SUPERSEDED, False),
    (_V.CONTESTED, True): (_V.SUPERSEDED, True),
    (_V.CONTESTED, False): (_V.SUPERSEDED, False),
    (_V.CONFIRMED, True): (_V.SUPERSEDED, True),
    (_V.CONFIRMED, False): (_V.SUPERSEDED, False),
    (_V.REMEDIED, True): (_V.SUPERSEDED, True),
    (_V.REMEDIED, False): (_V.SUPERSEDED, False),
    # Measured within the old limit, beyond the new one; so is what a corrected value overturned.
    (_V.CLOSED, True): (_V.CLOSED, True),
    (_V.CLOSED, False): (_V.CLOSED, False),
    # The reading is the one that supervision found wrong: only a new one may open a case.
    (_V.OVERTURNED, True): (_V.OVERTURNED, False),
    (_V.OVERTURNED, False): (_V.OVERTURNED, False),
    (_V.SUPERSEDED, True): (_V.SUPERSEDED, True),
    (_V.SUPERSEDED, False): (_V.SUPERSEDED, False),
}
# State of the case under the new edition -> what the breach makes of it. What is not listed stays.
ADOPTED_MOVES: Mapping[str | None, str] = {
    None: _V.OPEN,
    # The edition was adopted, replaced, and is adopted again.
    _V.CLOSED: _V.OPEN,
    _V.SUPERSEDED: _V.OPEN,
}


@dataclass(frozen=True, slots=True)
class Opening(Generic[F]):
    """A case to be opened; `case` is there when it is opened again. `follows`: its predecessor."""

    finding: F
    case: KnownCase | None
    follows: KnownCase | None


@dataclass(frozen=True, slots=True)
class Superseding:
    """A case that ends because its edition was replaced. `followed_by`: the new edition's case."""

    case: KnownCase
    edition: Edition
    followed_by: CaseKey | None


@dataclass(frozen=True, slots=True)
class AmendmentPlan(Generic[F]):
    """What happens to the cases of one site."""

    openings: list[Opening[F]]
    supersedings: list[Superseding]


def plan_amendment(
    broken: Collection[F],
    known: Mapping[CaseKey, KnownCase],
    *,
    replaced: Collection[Edition],
    adopted: Collection[Edition],
    corrected: Collection[UUID] = (),
) -> AmendmentPlan[F]:
    """What the stored measurements of a site make of its cases under the new law.

    `broken`: the newest findings that are violations under it, each requirement and element once.
    `replaced`: editions that bind no longer. `adopted`: those that a decision brought; cases of
    other editions are left alone, for nothing about them has changed. `corrected`: the cases that
    were overturned by a corrected value, by which `broken` was judged.
    """
    openings: list[Opening[F]] = []
    followers: dict[CaseKey, CaseKey] = {}
    for finding in broken:
        key = key_of(finding)
        if key[1:3] not in adopted:
            continue
        before = _before(known, key, replaced)
        if not REPLACED_MOVES[_state(before, corrected), True][1]:
            continue
        case = known.get(key)
        if before is not None:
            followers[before[0]] = key
        if (case.state if case else None) in ADOPTED_MOVES:
            openings.append(Opening(finding, case, _living(before)))
    supersedings = [
        Superseding(case, key[1:3], followers.get(key))
        for key, case in known.items()
        if key[1:3] in replaced
        and REPLACED_MOVES[case.state, key in followers][0] == _V.SUPERSEDED != case.state
    ]
    return AmendmentPlan(openings, supersedings)


def _state(before: tuple[CaseKey, KnownCase] | None, corrected: Collection[UUID]) -> str | None:
    """The state that a case counts as; None without one."""
    if before is None:
        return None
    case = before[1]
    overturned = case.state == _V.OVERTURNED
    return _V.CLOSED if overturned and case.id in corrected else case.state


def _before(
    known: Mapping[CaseKey, KnownCase], key: CaseKey, replaced: Collection[Edition]
) -> tuple[CaseKey, KnownCase] | None:
    """The case of the same requirement under a replaced edition; a living one before an ended."""
    element, standard, _, requirement = key
    keys = [(element, s, e, requirement) for s, e in replaced if s == standard]
    found = [(k, known[k]) for k in keys if k in known and k != key]
    return max(found, key=lambda pair: _living(pair) is not None, default=None)


def _living(before: tuple[CaseKey, KnownCase] | None) -> KnownCase | None:
    """The case, when it is one that is superseded only now."""
    if before is None:
        return None
    state = before[1].state
    return before[1] if REPLACED_MOVES[state, True][0] == _V.SUPERSEDED != state else None
