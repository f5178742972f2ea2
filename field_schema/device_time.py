"""Times as a tablet's clock gave them: kept as text, never a reason to refuse an inspection."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from field_schema.problems import ProblemList, Refused, pointed, shown

_EARLIEST: Final = datetime(2020, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2099, 1, 1, tzinfo=UTC)
_MEMBERS: Final = frozenset({"wall", "mono_ms", "boot"})
_MAX_TEXT: Final = 64


@dataclass(frozen=True, slots=True)
class DeviceTime:
    """What the tablet's clock said. `at` is None, with a `flag`, when that is no usable instant.

    `mono_ms` counts since the boot named by `boot`: it orders what the wall clock cannot.
    """

    wall: str
    at: datetime | None
    flag: str | None
    mono_ms: int | None
    boot: str | None


def parse_wall(text: str) -> tuple[datetime | None, str | None]:
    """The instant and no flag, or None and the flag that says why.

    Flags: `time_unreadable` (not ISO 8601), `time_without_zone`, `time_out_of_range` (before 2020
    or from 2099 on: a tablet that lost its clock wakes in 1970 or at the end of its calendar).
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None, "time_unreadable"
    if at.tzinfo is None:
        return None, "time_without_zone"
    try:
        within = _EARLIEST <= at < _LATEST
    except OverflowError:
        within = False
    return (at, None) if within else (None, "time_out_of_range")


def read_time(value: object, pointer: str, problems: ProblemList) -> DeviceTime:
    """Read {"wall", "mono_ms"?, "boot"?}. Problems only for wrong types and unknown members."""
    if not isinstance(value, Mapping):
        problems.add(pointer, Refused("not_object"))
        return DeviceTime("", None, None, None, None)
    for key in value:
        if key not in _MEMBERS:
            problems.add(pointer + pointed(key), Refused("unknown_field"))
    wall, mono_ms, boot = value.get("wall"), value.get("mono_ms"), value.get("boot")
    if not isinstance(wall, str) or len(wall) > _MAX_TEXT:
        problems.add(pointer + "/wall", Refused("not_text", {"max": _MAX_TEXT}))
        wall = ""
    if mono_ms is not None and type(mono_ms) is not int:
        problems.add(pointer + "/mono_ms", Refused("not_integer", {"got": shown(mono_ms)}))
        mono_ms = None
    if boot is not None and (not isinstance(boot, str) or len(boot) > _MAX_TEXT):
        problems.add(pointer + "/boot", Refused("not_text", {"max": _MAX_TEXT}))
        boot = None
    at, flag = parse_wall(wall)
    return DeviceTime(wall, at, flag, mono_ms, boot)
