"""A violation as a row of a paper: what a prosecutor's register has to hold."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from audit_api.domain.vocabulary import ViolationState
from audit_api.papers.naming import VIOLATION_STATES, norm_and_edition, stations_in_words
from audit_api.words import Words
from field_schema.problems import words
from field_schema.reasons import recalled_mark

WIDTHS: Final = (7, 30, 17, 43, 21, 36, 24, 27, 25, 25, 28, 18)
"""Of the columns, in parts of the page's width."""
_HASH: Final = 12


def header(say: Words) -> list[str]:
    """The names of the columns."""
    return [
        say("№"), say("Norm"), say("Clause"), say("Clause in words"), say("Status"),
        say("Measured"), say("Photo"), say("Building"), say("Address"), say("Responsible body"),
        say("Inspecting body"), say("Date"),
    ]  # fmt: skip


def honest_note(say: Words) -> str:
    """Why no wording of a clause stands in the paper."""
    return say(
        "Clauses are told by what they require: the program keeps no wording of them. "
        "Photos are named by the first 12 digits of the SHA-256 of their originals."
    )


def cells(say: Words, row: Mapping[str, Any], responsible: str | None = None) -> list[str]:
    """The cells of a violation (`domain.oversight.served_words`), in the order of the header.

    `responsible`: who was written to; None: the body of local self-government of the place.
    """
    return [
        str(row["n"]),
        norm(say, row),
        row["clause"] or row["clause_hint"] or say("not stated"),
        clause_in_words(say, row),
        say(VIOLATION_STATES[ViolationState(row["state"])]),
        _measured(say, row),
        _photos(say, row["photos"]),
        building(say, row),
        ", ".join(filter(None, (say.of(row["territory_name"]), row["address"]))),
        responsible or lsg_body(say, row),
        inspecting(say, row),
        _dates(say, row),
    ]


def norm(say: Words, row: Mapping[str, Any]) -> str:
    """Standard and edition, and how sure the number is where it is not read in the source."""
    told = norm_and_edition(say, row)
    mark = recalled_mark(row["confidence"])
    return f"{told} ({say.of(mark)})" if mark else told


def clause_in_words(say: Words, row: Mapping[str, Any]) -> str:
    """What the clause requires: title, threshold and when it applies."""
    told = f"{say.of(row['title'])}: {say.of(row['threshold'])}"
    if row["conditions"]:
        told += say(" (where: {condition})", condition=say.of(row["conditions"]))
    return told


def building(say: Words, row: Mapping[str, Any]) -> str:
    """Name, stations and the element that is wrong."""
    stations = stations_in_words(say, row["stations"])
    return ", ".join(filter(None, (say.of(row["site_name"]), stations, row["element_label"])))


def lsg_body(say: Words, row: Mapping[str, Any]) -> str:
    """The body of local self-government of the place."""
    return f"{say.of(words()['addressees']['lsg_body'])}: {say.of(row['territory_name'])}"


def inspecting(say: Words, row: Mapping[str, Any]) -> str:
    """Who looked: the inspection, and technical supervision where it has confirmed it."""
    told = say(
        "inspection {id}, revision {rev}", id=row["inspection"][:8], rev=row["inspection_rev"]
    )
    confirmed = row["confirmation"]
    if not confirmed:
        return say("{inspection}; technical supervision has not confirmed it", inspection=told)
    return say(
        "technical supervision: {name}, {day}; {inspection}",
        name=confirmed["decided_by"],
        day=say.day(confirmed["decided_at"], short=True),
        inspection=told,
    )


def _measured(say: Words, row: Mapping[str, Any]) -> str:
    return say.of(row["fact"])


def _photos(say: Words, photos: Sequence[str]) -> str:
    if not photos:
        return say("none")
    more = f" +{len(photos) - 1}" if len(photos) > 1 else ""
    return f"{photos[0][:_HASH]}{more}"


def _dates(say: Words, row: Mapping[str, Any]) -> str:
    return say(
        "{found}; repair by {due}",
        found=say.day(row["first_seen_at"], short=True),
        due=say.day(row["due_on"], short=True),
    )
