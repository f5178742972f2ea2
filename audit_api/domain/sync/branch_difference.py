"""Where two bodies of one inspection differ, answer by answer, for the person who decides."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where they differ: of an element, or of the visit itself when it has none.

    `question` is None where one side has no such element. A side of None says nothing there.
    """

    element: str | None
    state: str | None
    label: str | None
    question: str | None
    mine: Any
    server: Any


_BESIDE = ("form", "site", "campaign", "started", "finished", "position", "note")
_OF_AN_ELEMENT = ("type", "label", "not_measured", "instruments")


def differences(mine: Any, server: Any) -> list[Difference]:
    """Every answer, and what stands beside the answers, in which two bodies differ.

    Bodies that were accepted or read as their form once; members that are not known are compared
    whole.
    """
    return [*_beside(mine, server), *_elements(mine, server)]


def _beside(mine: Mapping[str, Any], server: Mapping[str, Any]) -> Iterator[Difference]:
    others = sorted((mine.keys() | server.keys()) - {"elements", *_BESIDE})
    for name in (*_BESIDE, *others):
        if mine.get(name) != server.get(name):
            yield Difference(None, None, None, name, mine.get(name), server.get(name))


def _elements(mine: Mapping[str, Any], server: Mapping[str, Any]) -> Iterator[Difference]:
    ours, theirs = _by_key(mine), _by_key(server)
    for key in (*ours, *(key for key in theirs if key not in ours)):
        one, other = ours.get(key), theirs.get(key)
        label = (one or other or {}).get("label")
        if one is None or other is None:
            yield Difference(*key, label, None, one, other)
            continue
        for question, left, right in _answers(one, other):
            yield Difference(*key, label, question, left, right)


def _by_key(body: Mapping[str, Any]) -> dict[tuple[str, str | None], Mapping[str, Any]]:
    """An element may be observed twice in a visit: as it is, and as it is on election day."""
    found = {}
    for element in body.get("elements") or ():
        state = element.get("state")
        found[str(element.get("id")).lower(), None if state is None else str(state)] = element
    return found


def _answers(mine: Mapping[str, Any], server: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in _OF_AN_ELEMENT:
        if mine.get(name) != server.get(name):
            yield name, mine.get(name), server.get(name)
    ours, theirs = mine.get("answers") or {}, server.get("answers") or {}
    for question in (*ours, *(name for name in theirs if name not in ours)):
        if ours.get(question) != theirs.get(question):
            yield question, ours.get(question), theirs.get(question)
    left, right = _photos(mine), _photos(server)
    if left != right:
        yield "photos", left, right


def _photos(element: Mapping[str, Any]) -> list[str]:
    return sorted(str(photo.get("sha256")) for photo in element.get("photos") or ())
