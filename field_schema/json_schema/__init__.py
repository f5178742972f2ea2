"""JSON Schemas (draft 2020-12) of the files that people write: what a text editor can check.

A schema knows the shape of one file. What needs other files (whether a form asks for a measure,
whether two editions are in force on one day) only the reading program can say.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

NAMES: Final = ("form", "standard", "requirements", "edition", "profile", "examples")
"""The schemas, one for each kind of file."""

_PREFIX: Final = "urn:audit-api:schema:"
_ENDING: Final = ".schema.json"


@cache
def schema(name: str) -> dict[str, Any]:
    """The schema of one kind of file, whole: the schemas it refers to lie in its `$defs`.

    Treat it as read-only. KeyError for a name that is not in NAMES.
    """
    if name not in NAMES:
        raise KeyError(name)
    found = _read(name)
    inside: dict[str, Any] = dict(found.get("$defs", {}))
    waiting = _referred(found)
    while waiting:
        other = waiting.pop()
        if other == name or other in inside:
            continue
        part = _read(other)
        # Inside another document it says its own dialect and id once only: the id stays.
        inside[other] = {key: value for key, value in part.items() if key != "$schema"}
        waiting |= _referred(part)
    return {**found, "$defs": inside} if inside else found


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((Path(__file__).parent / f"{name}{_ENDING}").read_bytes())
    return found


def _referred(value: object) -> set[str]:
    """The names of other schemas that a schema refers to."""
    if isinstance(value, list):
        return set().union(*map(_referred, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    found = set().union(*map(_referred, value.values())) if value else set()
    target = value.get("$ref")
    if isinstance(target, str) and target.startswith(_PREFIX):
        found.add(target.removeprefix(_PREFIX).partition("#")[0])
    return found
