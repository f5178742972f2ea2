"""What a tablet's edit of a site or an element, or its command to a task, says: read and checked.

What is wrong is told all at once, in three languages, like what is wrong with an inspection.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from audit_api.domain.oversight.remediation import NEEDS_PHOTO, TABLET_MOVES, Command
from audit_api.domain.sync.merge import Change
from audit_api.domain.vocabulary import BuildingStatus, EntityKind, TaskState
from field_schema.inspection import MAX_LABEL, MAX_PHOTO_BYTES
from field_schema.problems import ProblemList, Refused, pointed, shown

MAX_ADDRESS: Final = 500
MAX_NOTE: Final = 2000
MAX_TASK_PHOTOS: Final = 50
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_CONTENT_TYPE: Final = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_ABSENT: Final = object()


def _text(most: int, *, blank: bool) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if (
            not isinstance(value, str)
            or len(value) > most
            or not (blank or value.strip())
            or any(unicodedata.category(c) in ("Cc", "Cs") for c in value)
        ):
            raise Refused("not_text", {"max": most})
        return value

    return read


def _one_of(words: type[BuildingStatus]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in list(words):
            raise Refused("not_a_choice", {"choices": ", ".join(words)})
        return value

    return read


def _day(value: Any) -> str | None:
    """A day as it is written, or None."""
    if value is None:
        return None
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    raise Refused("not_a_day")


def _location(value: Any) -> dict[str, float] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise Refused("not_object")
    for name in value:
        if name not in ("lat", "lon"):
            raise Refused("unknown_field", at=pointed(name))
    return {"lat": _degrees(value, "lat", 90), "lon": _degrees(value, "lon", 180)}


def _degrees(location: Mapping[str, Any], name: str, most: int) -> float:
    value = location.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not -most <= value <= most:
        raise Refused("not_a_coordinate", {"low": -most, "high": most}, f"/{name}")
    return float(value)


@dataclass(frozen=True, slots=True)
class _Field:
    """How both sides of a field are read; what a person left empty may be filled, not emptied."""

    old: Callable[[Any], Any]
    new: Callable[[Any], Any]


def _same(read: Callable[[Any], Any]) -> _Field:
    return _Field(read, read)


_FIELDS: Final[Mapping[EntityKind, Mapping[str, _Field]]] = {
    EntityKind.SITE: {
        "address": _Field(_text(MAX_ADDRESS, blank=True), _text(MAX_ADDRESS, blank=False)),
        "location": _same(_location),
        "building_status": _same(_one_of(BuildingStatus)),
        "built_on": _same(_day),
        "altered_on": _same(_day),
    },
    EntityKind.ELEMENT: {
        "label": _Field(_text(MAX_LABEL, blank=True), _text(MAX_LABEL, blank=False)),
    },
}
LAW_RELEVANT: Final = frozenset({"building_status", "built_on", "altered_on"})
"""These decide which clauses bind: a person looks at them before they are written."""
FIELDS: Final = {kind: tuple(fields) for kind, fields in _FIELDS.items()}


class InvalidEdit(Exception):
    """It can never be carried out as it is; `problems` says why."""

    def __init__(self, problems: ProblemList) -> None:
        self.problems = problems.found
        super().__init__("; ".join(f"{p.pointer}: {p.texts['en']}" for p in self.problems[:5]))


def read_edit(kind: EntityKind, body: Any) -> dict[str, Change]:
    """The fields that an edit names. Raises InvalidEdit.

    `body` is `{"fields": {name: {"old": …, "new": …}}}`; locations are `{"lat", "lon"}` in degrees
    WGS 84, days YYYY-MM-DD.
    """
    problems = ProblemList()
    _refuse_unknown(body, ("fields",), "", problems)
    fields = body.get("fields")
    found: dict[str, Change] = {}
    if not isinstance(fields, Mapping):
        problems.add("/fields", Refused("not_object"))
        fields = {}
    elif not fields:
        problems.add("/fields", Refused("empty_list"))
    for name, said in fields.items():
        at = f"/fields{pointed(name)}"
        known = _FIELDS[kind].get(name)
        if known is None:
            problems.add(at, Refused("unknown_field"))
        elif not isinstance(said, Mapping):
            problems.add(at, Refused("not_object"))
        else:
            _refuse_unknown(said, ("old", "new"), at, problems)
            sides = [_side(said, side, known, at, problems) for side in ("old", "new")]
            found[name] = Change(*sides)
    _raise_if_any(problems)
    return found


def _side(said: Mapping[str, Any], side: str, known: _Field, at: str, problems: ProblemList) -> Any:
    value = said.get(side, _ABSENT)
    try:
        if value is _ABSENT:
            raise Refused("missing")
        return (known.old if side == "old" else known.new)(value)
    except Refused as refused:
        problems.add(f"{at}/{side}", refused)
        return None


@dataclass(frozen=True, slots=True)
class TaskCommand:
    """A command, the state in which the tablet saw the task, and what it shows for it."""

    command: Command
    expected: TaskState
    note: str | None
    photos: tuple[Mapping[str, Any], ...]


def read_command(body: Any) -> TaskCommand:
    """What a task's body says: `{"command", "if": {"state"}, "note"?, "photos"?}`.

    Photos are `{"sha256", "bytes", "content_type"}`. Raises InvalidEdit.
    """
    problems = ProblemList()
    _refuse_unknown(body, ("command", "if", "note", "photos"), "", problems)
    command = _command(body.get("command"), problems)
    expected = _expected(body.get("if"), command, problems)
    note = body.get("note")
    if note is not None:
        try:
            _text_of_lines(note)
        except Refused as refused:
            problems.add("/note", refused)
    photos = _photos(body.get("photos"), command, problems)
    _raise_if_any(problems)
    if command is None or expected is None:
        raise TypeError("what is missing was told")
    return TaskCommand(command, expected, note, photos)


def _text_of_lines(value: Any) -> None:
    read = _text(MAX_NOTE, blank=True)
    read(re.sub(r"[\n\r\t]", " ", value) if isinstance(value, str) else value)


def _command(value: Any, problems: ProblemList) -> Command | None:
    if isinstance(value, str) and value in list(Command):
        return Command(value)
    problems.add("/command", Refused("not_a_choice", {"choices": ", ".join(Command)}))
    return None


def _expected(value: Any, command: Command | None, problems: ProblemList) -> TaskState | None:
    if not isinstance(value, Mapping):
        problems.add("/if", Refused("not_object"))
        return None
    _refuse_unknown(value, ("state",), "/if", problems)
    states = list(TaskState)
    if command is not None:
        move = TABLET_MOVES[command]
        states = [state for state in TaskState if state in move.sources | move.moot_in]
    state = value.get("state")
    if isinstance(state, str) and state in states:
        return TaskState(state)
    problems.add("/if/state", Refused("not_a_choice", {"choices": ", ".join(states)}))
    return None


def _photos(
    value: Any, command: Command | None, problems: ProblemList
) -> tuple[Mapping[str, Any], ...]:
    if value is None and command not in NEEDS_PHOTO:
        return ()
    if not isinstance(value, list) or not (value or command not in NEEDS_PHOTO):
        problems.add("/photos", Refused("not_list"))
        return ()
    if len(value) > MAX_TASK_PHOTOS:
        problems.add("/photos", Refused("too_many", {"max": MAX_TASK_PHOTOS}))
        return ()
    for n, photo in enumerate(value):
        at = f"/photos/{n}"
        if not isinstance(photo, Mapping):
            problems.add(at, Refused("not_object"))
            continue
        _refuse_unknown(photo, ("sha256", "bytes", "content_type"), at, problems)
        _photo(photo, at, problems)
    return tuple(value)


def _photo(photo: Mapping[str, Any], at: str, problems: ProblemList) -> None:
    sha256, size, kind = photo.get("sha256"), photo.get("bytes"), photo.get("content_type")
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        problems.add(f"{at}/sha256", Refused("not_sha256"))
    if type(size) is not int:
        problems.add(f"{at}/bytes", Refused("not_integer", {"got": shown(size)}))
    elif not 0 < size <= MAX_PHOTO_BYTES:
        limits = {"low": 1, "high": MAX_PHOTO_BYTES, "unit": ""}
        problems.add(f"{at}/bytes", Refused("out_of_range", limits))
    if not isinstance(kind, str) or not _CONTENT_TYPE.fullmatch(kind):
        problems.add(f"{at}/content_type", Refused("not_content_type"))


def _refuse_unknown(
    value: Mapping[str, Any], members: tuple[str, ...], at: str, problems: ProblemList
) -> None:
    for name in value:
        if name not in members:
            problems.add(at + pointed(name), Refused("unknown_field"))


def _raise_if_any(problems: ProblemList) -> None:
    if problems.found:
        raise InvalidEdit(problems)
