"""Which repair first: severity x voters affected / days left."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final

from audit_api.domain.vocabulary import Severity, Weight
from field_schema.scoring_file import load_scoring

SEVERITY_POINTS: Final = {s: load_scoring().points[Weight.BINDING, s] for s in Severity}
"""How much a breach weighs: the released points of a binding requirement."""


class VotersFrom(StrEnum):
    """Where the number of voters affected comes from."""

    NEEDS_MAP = "needs_map"
    STATION = "station"


def days_left(due_on: date, today: date) -> int:
    """Days until the deadline; 1 on the last day and behind it: what is late is as urgent."""
    return max(1, (due_on - today).days)


def priority(severity: Severity, voters: int, due_on: date, today: date) -> Decimal:
    """The priority of one violation, to two places. The queries of `storage.priority` agree.

    `voters`: those of the requirement's user groups in the needs map; where the site has none, all
    voters of its stations: who has not counted yet must not come last. A task has the highest
    priority of its violations that are alive.
    """
    exact = Decimal(SEVERITY_POINTS[severity] * voters) / days_left(due_on, today)
    return exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
