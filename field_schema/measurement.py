"""Exact values in canonical units; no float anywhere.

Canonical: mm, permille (of a slope), lux, N, Nmm, s, count. A value typed in another unit is
converted once, at capture, and only where that is exact.
"""

from typing import Final

from field_schema.problems import Refused, shown

FACTORS: Final[dict[str, dict[str, int]]] = {
    "mm": {"mm": 1, "cm": 10, "m": 1000},
    "permille": {"permille": 1, "percent": 10},
    "lux": {"lux": 1},
    "N": {"N": 1},
    "Nmm": {"Nmm": 1, "Nm": 1000},
    "s": {"s": 1},
}
"""Canonical unit -> unit that may be sent -> how many canonical ones it is."""

MAX_INSTRUMENT_LENGTH: Final = 64


def integer_of(value: object) -> int:
    """The value if it is an exact integer. Raises Refused for text, floats, booleans, null."""
    if type(value) is not int:
        raise Refused("not_integer", {"got": shown(value)})
    return value


def canonical(value: int, sent: object, unit: str) -> int:
    """`value` in the canonical `unit`. Raises Refused for a unit that does not convert."""
    factors = FACTORS[unit]
    factor = factors.get(sent) if isinstance(sent, str) else None
    if factor is None:
        raise Refused("wrong_unit", {"got": shown(sent), "units": ", ".join(factors)}, "/unit")
    return value * factor
