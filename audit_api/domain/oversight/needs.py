"""The needs map: how many voters with disabilities a station has, by user group.

Numbers only, never people. A voter may be counted in more than one group.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from audit_api.domain.place_rows import Checker, Table
from audit_api.domain.vocabulary import UserGroup

SUPPRESSED_BELOW: Final = 3
"""Fewer than this could be told by name in a village: outside the needs map's readers, not said."""


@dataclass(frozen=True, slots=True)
class NeedsRow:
    """A station's voters with disabilities. `where`: its line in the file."""

    where: str
    number: int
    voters: Mapping[UserGroup, int]
    synthetic: bool


def read_needs(check: Checker) -> NeedsRow:
    """One line of a needs map."""
    said = check.text("synthetic", needed=False, most=10)
    if said not in ("", "yes", "no"):
        check.fault("synthetic", f"{said!r} is none of: yes, no")
    return NeedsRow(
        where=check.where,
        number=check.whole("number", 1),
        voters={group: check.whole(group.value) for group in UserGroup},
        synthetic=said == "yes",
    )


NEEDS = Table(
    ("number", *(group.value for group in UserGroup)),
    ("synthetic",),
    read_needs,
    lambda row: str(row.number),
)


def suppressed(voters: Mapping[str, int]) -> dict[str, int | None]:
    """The same counts for everybody: None where there are fewer than `SUPPRESSED_BELOW`.

    None may be 0, 1 or 2. No sum goes with them: a sum and all counts but one tell that one.
    """
    return {group: n if n >= SUPPRESSED_BELOW else None for group, n in voters.items()}
