"""A submission's nodes as the body of an inspection: the inverse of what makes the forms.

Names of nodes follow `field_schema.xform_expressions.name_of`. Nodes are found by name, whatever
groups of the screen they stand in. One node named as a type of element is one element.

    ramp_width_mm               the answer to a question
    ramp_runs                   one item of a repeat, with ramp_runs__rise_mm inside
    ramp_width_mm_photo         a photo for it; ramp_photo: of the element
    ramp_width_mm_not_measured  why it could not be measured
    ramp_id                     which known element it is; without one it is new
    ramp_label, ramp_state      ramp_known_label: the label that a known one has
    site, campaign, start, end, position, instruments

Verdicts that the tablet calculated are not read: the server judges by itself.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from uuid import UUID, uuid5

from audit_api.domain.openrosa.submission import Submission, file_name, local_name
from field_schema.catalog import Catalog, UnknownForm
from field_schema.form import STATES, Form, Question, Section
from field_schema.measurement import MAX_INSTRUMENT_LENGTH
from field_schema.xform_expressions import name_of
from field_schema.xform_visit import ONCE
from field_schema.xforms import form_key

_INTEGER: Final = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_MOST_PASSED_OVER: Final = 5_000
_VISIT: Final = {
    "site": "site",
    "campaign": "campaign",
    "started": "started",
    "start": "started",
    "finished": "finished",
    "end": "finished",
    "position": "position",
    "instruments": "instruments",
}


@dataclass(frozen=True, slots=True)
class CameFile:
    """A file that is here, under the name it came by."""

    name: str
    sha256: bytes
    bytes: int
    content_type: str


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that an answer names. `question` None: it shows the element as a whole."""

    id: UUID
    name: str
    element: UUID
    question: str | None


@dataclass(frozen=True, slots=True)
class Answered:
    """The body of an inspection, with the photos that are here, and all files that it names."""

    body: dict[str, Any]
    named: tuple[NamedFile, ...]


def form_of(submission: Submission, catalog: Catalog) -> Form:
    """The form filled in, whatever profile and law it showed. Raises UnknownForm."""
    key = form_key(submission.form, submission.version)
    if key is None:
        told = f"{submission.form} {submission.version[:20]}"
        raise UnknownForm(told, tuple(catalog.forms))
    return catalog.form(key)


def read_answers(
    submission: Submission, form: Form, inspection: UUID, files: Mapping[str, CameFile]
) -> Answered:
    """The body that a submission means; `files` are those that are here, by name.

    What cannot be an answer goes into the body as it stands: reading that tells of it.
    """
    reading = _Reading(form, inspection, files)
    body = reading.body(submission.root)
    return Answered(body, tuple(reading.named))


@dataclass(frozen=True, slots=True)
class _Names:
    """What the nodes of a section mean."""

    questions: Mapping[str, Question]
    groups: Mapping[str, str]
    photos: Mapping[str, str | None]
    reasons: Mapping[str, str]
    about: Mapping[str, str]
    calculates: re.Pattern[str]
    passed_over: set[str]
    """Tags of calculates that were met before: they are nine of ten nodes."""


@lru_cache(maxsize=500)
def _names_of(form: str, digest: str, section: "_Hashed") -> _Names:
    of = section.section
    named = {name_of(of, key): question for key, question in of.measures.items()}
    photos: dict[str, str | None] = {f"{n}_photo": q.key for n, q in named.items()}
    return _Names(
        named,
        {name_of(of, group): group for group in of.groups},
        photos | {f"{of.element}_photo": None},
        {f"{n}_not_measured": q.key for n, q in named.items()},
        {f"{of.element}_{what}": what for what in ("id", "label", "known_label", "state")},
        re.compile(rf"{re.escape(of.element)}_(c[0-9]{{1,4}}|r[0-9]{{1,4}}_[a-z]{{1,20}})"),
        set(),
    )


@dataclass(frozen=True, slots=True)
class _Hashed:
    """A section, known by its element: the form and its digest say the rest."""

    element: str
    section: Section = field(compare=False)


@dataclass(slots=True)
class _Element:
    """What was found of one element."""

    answers: dict[str, Any] = field(default_factory=dict)
    not_measured: dict[str, str] = field(default_factory=dict)
    photos: list[tuple[str, str | None]] = field(default_factory=list)
    id: str = ""
    label: str = ""
    known_label: str = ""
    state: str = ""

    def says_something(self, kind: str) -> bool:
        """Whether anybody filled it in. What there is once the form recognises by itself."""
        chosen = self.id and kind not in ONCE
        return bool(self.answers or self.not_measured or self.photos or self.label or chosen)


class _Reading:
    """One submission on its way into a body."""

    def __init__(self, form: Form, inspection: UUID, files: Mapping[str, CameFile]) -> None:
        self._form = form
        self._inspection = inspection
        self._files = files
        self._counts: dict[str, int] = {}
        self._visit: dict[str, str] = {}
        self.named: list[NamedFile] = []

    def body(self, root: Any) -> dict[str, Any]:
        visit = self._visit
        elements: list[dict[str, Any]] = []
        self._take_visit(root, visit, elements)
        body: dict[str, Any] = {
            "site": visit.get("site"),
            "campaign": visit.get("campaign"),
            "form": self._form.key,
            "started": {"wall": visit.get("started", "")[:64]},
            "finished": {"wall": visit.get("finished", "")[:64]},
            "elements": elements,
        }
        position = _position(visit.get("position", ""))
        return body if position is None else body | {"position": position}

    def _take_visit(self, node: Any, visit: dict[str, str], elements: list[dict[str, Any]]) -> None:
        for child in node:
            name = local_name(child)
            if len(child):
                if name in self._form.sections:
                    elements += self._element(name, child)
                elif name != "meta":
                    self._take_visit(child, visit, elements)
            elif name in _VISIT and (text := _text(child)):
                visit.setdefault(_VISIT[name], text)

    def _element(self, kind: str, node: Any) -> list[dict[str, Any]]:
        nth = self._counts[kind] = self._counts.get(kind, 0) + 1
        section = self._form.sections[kind]
        names = _names_of(self._form.key, self._form.digest, _Hashed(kind, section))
        found = _Element()
        self._take(node, section, names, found, found.answers)
        if not found.says_something(kind):
            return []
        known = _uuid(found.id)
        id_ = known or uuid5(self._inspection, f"{kind}/{nth}")
        photos = []
        for name, question in found.photos:
            # A file that two answers name is one photo of each.
            file = NamedFile(uuid5(id_, f"{question}/{name}"), name, id_, question)
            self.named.append(file)
            if name in self._files:
                photos.append(_photo(file, self._files[name]))
        return [
            {
                # What is no id is told, not made a new element.
                "id": str(id_) if known or not found.id else found.id,
                "type": kind,
                "label": found.label or found.known_label,
                "state": found.state or STATES[0],
                "answers": found.answers,
                "not_measured": found.not_measured,
                "photos": photos,
            }
        ]

    def _take(
        self, node: Any, section: Section, names: _Names, found: _Element, answers: dict[str, Any]
    ) -> None:
        """What stands below a node; answers go into `answers`, an item's into its own."""
        passed_over = names.passed_over
        for child in node:
            tag = child.tag
            if tag in passed_over:
                continue
            name = local_name(child)
            if name in names.groups:
                item: dict[str, Any] = {}
                self._take(child, section, names, found, item)
                found.answers.setdefault(names.groups[name], []).append(item)
            elif len(child):
                if name != "meta":
                    self._take(child, section, names, found, answers)
            elif text := _text(child):
                self._take_leaf(tag, name, text, section, names, found, answers)
        for group in names.groups.values():
            if answers is found.answers and not any(answers.get(group, ())):
                answers.pop(group, None)

    def _take_leaf(
        self,
        tag: str,
        name: str,
        text: str,
        section: Section,
        names: _Names,
        found: _Element,
        answers: dict[str, Any],
    ) -> None:
        kind = section.element
        question = names.questions.get(name)
        if question is not None:
            answers[question.key.rpartition(".")[2]] = self._answer(question, text)
        elif name in names.photos:
            entry = (file_name(text), names.photos[name])
            if entry not in found.photos:
                found.photos.append(entry)
        elif name in names.reasons:
            found.not_measured[names.reasons[name]] = text
        elif name in names.about:
            setattr(found, names.about[name], text)
        elif names.calculates.fullmatch(name):
            if len(names.passed_over) < _MOST_PASSED_OVER:
                names.passed_over.add(tag)
        elif name.startswith(f"{kind}_"):
            # It looks like an answer, and the form does not ask it: told, not dropped.
            answers[name] = text

    def _answer(self, question: Question, text: str) -> Any:
        if question.numeric:
            number: int | str = int(text) if _INTEGER.fullmatch(text) else text
            if question.type != "measure":
                return number
            measured: dict[str, Any] = {"value": number, "unit": question.unit}
            # The form asks once for all: each measure was taken with one of these.
            with_ = self._visit.get("instruments", "")
            fits = 0 < len(with_) <= MAX_INSTRUMENT_LENGTH
            return measured | {"instrument": with_} if fits else measured
        if question.type == "yes_no":
            return {"yes": True, "no": False}.get(text, text)
        return text


def _photo(file: NamedFile, came: CameFile) -> dict[str, Any]:
    photo = {
        "id": str(file.id),
        "sha256": came.sha256.hex(),
        "bytes": came.bytes,
        "content_type": came.content_type,
    }
    return photo if file.question is None else photo | {"question": file.question}


def _text(node: Any) -> str:
    return (node.text or "").strip()


def _position(text: str) -> dict[str, float] | None:
    """Collect's "latitude longitude altitude accuracy"; what is no place is none."""
    parts = list(_numbers(text))
    if len(parts) < 2 or abs(parts[0]) > 90 or abs(parts[1]) > 180:
        return None
    found = {"lat": parts[0], "lon": parts[1]}
    if len(parts) > 3 and 0 <= parts[3] <= 10_000_000:
        found["accuracy_m"] = parts[3]
    return found


def _numbers(text: str) -> Iterator[float]:
    for part in text.split()[:4]:
        if not re.fullmatch(r"-?[0-9]{1,8}(\.[0-9]{1,20})?", part, re.ASCII):
            return
        yield float(part)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
