"""Which violations a prosecutor may serve, and what has become of a list since it was served."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from audit_api.domain.vocabulary import NotReady, ViolationState
from field_schema.problems import words
from field_schema.strict_file import LANGUAGES

MOST_ROWS: Final = 1000
"""Violations in one list. A longer one is no list that anybody reads."""
COMMISSIONS: Final = "election_commission"
"""What is no addressee: the word is taken only so that it can be refused with the reason."""
WHY_NO_COMMISSION: Final = (
    "What election commissions do to prepare and hold an election lies outside the prosecutor's "
    "supervision. Write to who answers for the building: the body of local self-government "
    "(lsg_body), its owner (building_owner) or the institution in it (budget_institution)."
)


def why_not(state: str, photos: Collection[str], missing: Collection[str]) -> list[NotReady]:
    """Why a violation cannot be served; nothing: it can.

    `photos`: the SHA-256 of all its photos; `missing`: of those whose originals are not here.
    """
    reasons = []
    if state != ViolationState.CONFIRMED:
        reasons.append(NotReady.NOT_CONFIRMED)
    if not photos:
        reasons.append(NotReady.NO_PHOTO)
    if missing:
        reasons.append(NotReady.ORIGINALS_MISSING)
    return reasons


def reason_in_words(reason: NotReady, state: str, missing: Collection[str]) -> dict[str, str]:
    """Why a violation cannot be served, by language."""
    texts = words()["serving"][reason]
    said = {"state": state, "missing": ", ".join(missing)}
    return {language: texts[language].format_map(said) for language in LANGUAGES}


@dataclass(frozen=True, slots=True)
class Since:
    """What has become of an earlier list, in the violations of the later one and of the earlier.

    `reopened`: served before, and since then closed, or claimed to be repaired, and broken anew;
    `unchanged`: served before and not broken anew. Of the earlier list, what the later one has no
    more: `fixed` (closed), `dropped` (overturned, or its clause binds no more), `left_out`
    (neither).
    """

    fixed: tuple[UUID, ...]
    new: tuple[UUID, ...]
    reopened: tuple[UUID, ...]
    unchanged: tuple[UUID, ...]
    dropped: tuple[UUID, ...]
    left_out: tuple[UUID, ...]


_DROPPED: Final = frozenset({ViolationState.OVERTURNED, ViolationState.SUPERSEDED})


def since(
    earlier: Mapping[UUID, str],
    later: Collection[UUID],
    *,
    served_before: Collection[UUID],
    anew: Collection[UUID],
) -> Since:
    """Compare a list with an earlier one to the same addressee.

    `earlier` says how each violation of the earlier list stands now. Of the later one's,
    `served_before` were in any list before, and `anew` were broken anew since they last were.
    """
    gone = sorted(v for v in earlier if v not in later)
    here = sorted(later)
    return Since(
        fixed=tuple(v for v in gone if earlier[v] == ViolationState.CLOSED),
        new=tuple(v for v in here if v not in served_before),
        reopened=tuple(v for v in here if v in served_before and v in anew),
        unchanged=tuple(v for v in here if v in served_before and v not in anew),
        dropped=tuple(v for v in gone if earlier[v] in _DROPPED),
        left_out=tuple(
            v for v in gone if earlier[v] != ViolationState.CLOSED and earlier[v] not in _DROPPED
        ),
    )
