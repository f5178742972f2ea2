"""One visit's body, read strictly: what it means, or every reason why it cannot be accepted."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

from field_schema.answers import SectionReader, read_answers, readers_of
from field_schema.device_time import DeviceTime, read_time
from field_schema.form import STATES, Form
from field_schema.problems import (
    BodyProblem,
    InvalidInspection,
    ProblemList,
    Refused,
    pointed,
    shown,
)

if TYPE_CHECKING:
    from field_schema.catalog import Catalog

__all__ = [
    "BodyProblem",
    "DeviceTime",
    "ElementObservation",
    "Inspection",
    "InvalidInspection",
    "PhotoRef",
    "Position",
    "read_inspection",
]

MAX_ELEMENTS: Final = 200
MAX_PHOTOS: Final = 500
MAX_LABEL: Final = 200
MAX_PHOTO_BYTES: Final = 2**40
_CAMPAIGN: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_FORM: Final = re.compile(r"[a-z][a-z0-9_]{0,39}/[1-9][0-9]{0,3}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_CONTENT_TYPE: Final = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}")
_HEX: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_UUID: Final = re.compile(
    rf"(?:urn:)?(?:uuid:)?(?:\{{(?P<braced>{_HEX})\}}|(?P<bare>{_HEX}))", re.ASCII | re.IGNORECASE
)
_BODY: Final = frozenset(
    {"site", "campaign", "form", "started", "finished", "position", "elements"}
)
_ELEMENT: Final = frozenset({"id", "type", "label", "state", "answers", "not_measured", "photos"})
_PHOTO: Final = frozenset({"id", "sha256", "bytes", "content_type", "question", "taken"})
_POSITION: Final = frozenset({"lat", "lon", "accuracy_m"})
_NOBODY: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Position:
    """Where the tablet was, in WGS 84 degrees. `accuracy_m` is the receiver's own estimate."""

    lat: float
    lon: float
    accuracy_m: float | None


@dataclass(frozen=True, slots=True)
class PhotoRef:
    """A photo announced by its hash; the bytes come separately. `question` is a measure's name."""

    id: UUID
    sha256: str
    bytes: int
    content_type: str
    question: str | None
    taken: DeviceTime | None


@dataclass(frozen=True, slots=True)
class ElementObservation:
    """The answers about one element in one state, canonical.

    `answers` by measure; a repeat under its group's name as a tuple of answers with dotted keys.
    `instruments` by measure, repeated ones as "runs/1/rise_mm".
    """

    id: UUID
    type: str
    label: str
    state: str
    answers: Mapping[str, Any]
    not_measured: Mapping[str, str]
    photos: tuple[PhotoRef, ...]
    instruments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inspection:
    """One visit. `flags` are what a person should look at: "unusual_value /elements/0/..."."""

    site: UUID
    campaign: str
    form: Form
    started: DeviceTime
    finished: DeviceTime
    position: Position | None
    elements: tuple[ElementObservation, ...]
    flags: tuple[str, ...]


def read_inspection(body: Mapping[str, object], catalog: "Catalog") -> Inspection:
    """Read a body. Raises InvalidInspection with its problems, or UnknownForm.

    A device's time never makes a body invalid: it is kept as text and flagged. A form that is not
    known is told before anything else, for then the rest cannot be judged.
    """
    problems = ProblemList()
    if not isinstance(cast(object, body), Mapping):
        problems.add("", Refused("not_object"))
        problems.raise_if_any()
    key = body.get("form")
    if not isinstance(key, str) or not _FORM.fullmatch(key):
        problems.add("/form", Refused("not_a_form"))
        problems.raise_if_any()
    form = catalog.form(str(key))
    _refuse_unknown(body, _BODY, "", problems)
    flags: list[str] = []
    site = _uuid(body.get("site"), "/site", problems)
    campaign = body.get("campaign")
    if not isinstance(campaign, str) or not _CAMPAIGN.fullmatch(campaign):
        problems.add("/campaign", Refused("not_a_campaign"))
    started = read_time(body.get("started"), "/started", problems)
    finished = read_time(body.get("finished"), "/finished", problems)
    for name, time in (("started", started), ("finished", finished)):
        if time.flag:
            flags.append(f"{time.flag} /{name}")
    position = _position(body.get("position"), problems)
    elements = _elements(body.get("elements"), form, problems, flags)
    problems.raise_if_any()
    return Inspection(
        site, str(campaign), form, started, finished, position, elements, tuple(flags)
    )


def _refuse_unknown(
    value: Mapping[str, Any], members: frozenset[str], pointer: str, problems: ProblemList
) -> None:
    if not members.issuperset(value):
        for key in value:
            if key not in members:
                problems.add(pointer + pointed(key), Refused("unknown_field"))


def _uuid(value: object, pointer: str, problems: ProblemList) -> UUID:
    """The id in any of its spellings: upper case, braces, urn:uuid:. The nil UUID names nothing."""
    if isinstance(value, str):
        spelled = _UUID.fullmatch(value)
        if spelled:
            found = UUID(spelled["braced"] or spelled["bare"])
            if found != _NOBODY:
                return found
    problems.add(pointer, Refused("not_uuid"))
    return _NOBODY


def _position(value: object, problems: ProblemList) -> Position | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        problems.add("/position", Refused("not_object"))
        return None
    _refuse_unknown(value, _POSITION, "/position", problems)
    lat = _number(value.get("lat"), -90, 90, "/position/lat", problems)
    lon = _number(value.get("lon"), -180, 180, "/position/lon", problems)
    accuracy = value.get("accuracy_m")
    if accuracy is not None:
        accuracy = _number(accuracy, 0, 10_000_000, "/position/accuracy_m", problems)
    return Position(lat, lon, accuracy)


def _number(value: object, low: int, high: int, pointer: str, problems: ProblemList) -> float:
    if type(value) in (int, float):
        number: float = value  # type: ignore[assignment]
        if low <= number <= high and math.isfinite(number):
            return float(number)
    problems.add(pointer, Refused("not_a_coordinate", {"low": low, "high": high}))
    return 0.0


def _elements(
    value: object, form: Form, problems: ProblemList, flags: list[str]
) -> tuple[ElementObservation, ...]:
    if not isinstance(value, list):
        problems.add("/elements", Refused("not_list"))
        return ()
    if not value:
        problems.add("/elements", Refused("empty_list"))
    if len(value) > MAX_ELEMENTS:
        problems.add("/elements", Refused("too_many", {"max": MAX_ELEMENTS}))
        return ()
    readers = readers_of(form)
    found: list[ElementObservation] = []
    seen: dict[UUID, tuple[str, set[str]]] = {}
    photos: set[UUID] = set()
    for n, raw in enumerate(value):
        pointer = f"/elements/{n}"
        if not isinstance(raw, Mapping):
            problems.add(pointer, Refused("not_object"))
            continue
        _refuse_unknown(raw, _ELEMENT, pointer, problems)
        element = _element(raw, readers, pointer, photos, problems, flags)
        if element is None:
            continue
        if element.id == _NOBODY:  # its id is already refused, and equals no other
            found.append(element)
            continue
        kind, states = seen.setdefault(element.id, (element.type, set()))
        # One element may be observed twice: as it always is, and as it stands on election day.
        if kind != element.type or element.state in states:
            problems.add(f"{pointer}/id", Refused("twice"))
        states.add(element.state)
        found.append(element)
    return tuple(found)


def _element(
    raw: Mapping[str, Any],
    readers: Mapping[str, SectionReader],
    pointer: str,
    photo_ids: set[UUID],
    problems: ProblemList,
    flags: list[str],
) -> ElementObservation | None:
    element_id = _uuid(raw.get("id"), f"{pointer}/id", problems)
    kind, label, state = raw.get("type"), raw.get("label"), raw.get("state")
    if not isinstance(label, str) or len(label) > MAX_LABEL:
        problems.add(f"{pointer}/label", Refused("not_text", {"max": MAX_LABEL}))
        label = ""
    if state not in STATES:
        problems.add(f"{pointer}/state", Refused("not_a_choice", {"choices": ", ".join(STATES)}))
        state = ""
    reader = readers.get(kind) if isinstance(kind, str) else None
    if reader is None:
        refused = Refused("not_a_choice", {"choices": ", ".join(readers)})
        problems.add(f"{pointer}/type", refused)
        return None
    read = read_answers(
        reader, raw.get("answers", {}), raw.get("not_measured", {}), pointer, problems
    )
    flags += read.flags
    photos = _photos(raw.get("photos", []), reader, pointer, photo_ids, problems, flags)
    _flag_missing_photos(reader, read.answers, photos, pointer, flags)
    return ElementObservation(
        element_id,
        reader.element,
        label,
        cast(str, state),
        read.answers,
        read.not_measured,
        photos,
        read.instruments,
    )


def _photos(
    value: object,
    reader: SectionReader,
    pointer: str,
    seen: set[UUID],
    problems: ProblemList,
    flags: list[str],
) -> tuple[PhotoRef, ...]:
    if not isinstance(value, list):
        problems.add(f"{pointer}/photos", Refused("not_list"))
        return ()
    found = []
    for n, raw in enumerate(value):
        at = f"{pointer}/photos/{n}"
        if not isinstance(raw, Mapping):
            problems.add(at, Refused("not_object"))
            continue
        _refuse_unknown(raw, _PHOTO, at, problems)
        photo_id = _uuid(raw.get("id"), f"{at}/id", problems)
        if photo_id != _NOBODY and photo_id in seen:
            problems.add(f"{at}/id", Refused("twice"))
        seen.add(photo_id)
        if len(seen) > MAX_PHOTOS:
            problems.add(f"{pointer}/photos", Refused("too_many", {"max": MAX_PHOTOS}))
            break
        found.append(_photo(raw, photo_id, reader, at, problems, flags))
    return tuple(found)


def _photo(
    raw: Mapping[str, Any],
    photo_id: UUID,
    reader: SectionReader,
    at: str,
    problems: ProblemList,
    flags: list[str],
) -> PhotoRef:
    sha256, size, kind = raw.get("sha256"), raw.get("bytes"), raw.get("content_type")
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        problems.add(f"{at}/sha256", Refused("not_sha256"))
        sha256 = ""
    if type(size) is not int:
        problems.add(f"{at}/bytes", Refused("not_integer", {"got": shown(size)}))
        size = 0
    elif not 0 < size <= MAX_PHOTO_BYTES:
        limits = {"low": 1, "high": MAX_PHOTO_BYTES, "unit": ""}
        problems.add(f"{at}/bytes", Refused("out_of_range", limits))
    if not isinstance(kind, str) or not _CONTENT_TYPE.fullmatch(kind):
        problems.add(f"{at}/content_type", Refused("not_content_type"))
        kind = ""
    question = raw.get("question")
    if question is not None and (
        not isinstance(question, str) or question not in reader.all_questions
    ):
        problems.add(f"{at}/question", Refused("unknown_question"))
        question = None
    taken = None
    if raw.get("taken") is not None:
        taken = read_time(raw["taken"], f"{at}/taken", problems)
        if taken.flag:
            flags.append(f"{taken.flag} {at}/taken")
    return PhotoRef(photo_id, sha256, size, kind, question, taken)


def _flag_missing_photos(
    reader: SectionReader,
    answers: Mapping[str, Any],
    photos: tuple[PhotoRef, ...],
    pointer: str,
    flags: list[str],
) -> None:
    photographed = {photo.question for photo in photos}
    for key in reader.photo_always:
        if key not in photographed:
            flags += [f"photo_missing {pointer}/answers/{at}" for at, _ in _given(answers, key)]
    for key, words in reader.photo_if:
        if key not in photographed:
            given = [at for at, answer in _given(answers, key) if answer in words]
            flags += [f"photo_missing {pointer}/answers/{at}" for at in given]


def _given(answers: Mapping[str, Any], key: str) -> list[tuple[str, Any]]:
    """The answers to a question with their places: one, or one for each repeat that has it."""
    group, _, name = key.rpartition(".")
    if not group:
        return [(key, answers[key])] if key in answers else []
    repeats = enumerate(answers.get(group, ()))
    return [(f"{group}/{n}/{name}", item[key]) for n, item in repeats if key in item]
