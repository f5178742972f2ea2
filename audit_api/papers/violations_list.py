"""The prosecutor's list of violations: as the screen shows it, or as it was served."""

from collections.abc import Mapping
from typing import Any, Final

from audit_api.domain.vocabulary import NotReady
from audit_api.papers import case_rows, naming
from audit_api.papers.frame import Paper
from audit_api.words import Words, to_say

TEMPLATE: Final = "violations"
_SINCE: Final = (
    ("fixed", to_say("closed by a measurement: {count}")),
    ("new", to_say("new: {count}")),
    ("reopened", to_say("broken anew: {count}")),
    ("unchanged", to_say("unchanged: {count}")),
    ("dropped", to_say("overturned or superseded: {count}")),
    ("left_out", to_say("not in this list: {count}")),
)
_WHY_LEFT_OUT: Final = {
    NotReady.NOT_CONFIRMED: to_say("technical supervision has not confirmed it"),
    NotReady.NO_PHOTO: to_say("no photo shows it"),
    NotReady.ORIGINALS_MISSING: to_say("originals of its photos are not here yet"),
}


def screen_list(say: Words, content: Mapping[str, Any]) -> Paper:
    """A list as somebody sees it at an instant.

    `content`: as_of, day, office, asked_by, filters, names (of what they name), rows.
    """
    asked = content["asked_by"]
    parameters = [
        (say("Filters"), naming.filters_in_words(say, content["filters"], content["names"])),
        (say("As of"), say("{instant} (Asia/Bishkek)", instant=say.instant(content["as_of"]))),
        (say("Asked by"), asked["name"]),
        (say("Violations"), say.number(len(content["rows"]))),
        (say("What it is"), say("A view at that instant, not a served list.")),
    ]
    return Paper(
        TEMPLATE,
        title=say("List of violations"),
        day=content["day"],
        office=office(say, content["office"]),
        parameters=parameters,
        body={"sections": [_rows(say, content["rows"], None)]},
    )


def served(say: Words, document: Mapping[str, Any]) -> Paper:
    """A served list, from its frozen document alone: the same for ever."""
    to = naming.addressee_in_words(say, document["addressee"])
    chosen = document["parameters"]
    filters = naming.filters_in_words(say, chosen["filters"], {})
    if chosen["violations"] is not None:
        filters = say("violations named one by one")
    parameters = [
        (say("To"), to),
        (say("Served on"), say.day(document["served_on"])),
        (say("Served by"), document["served_by"]),
        (say("Filters"), filters),
        (say("As of"), say("{instant} (Asia/Bishkek)", instant=say.instant(document["served_at"]))),
        (say("Violations"), say.number(len(document["rows"]))),
    ]
    sections = [_rows(say, document["rows"], to if document["addressee"]["name"] else None)]
    if document["since"]:
        sections.append(_text(*_since(say, document["since"])))
    if document["left_out"]:
        sections.append(_left_out(say, document["left_out"]))
    return Paper(
        TEMPLATE,
        title=say("List of violations №{number}", number=document["number"]),
        day=document["served_on"],
        office=office(say, {"role": "prosecutor", "name": document["office"]["territory_name"]}),
        parameters=parameters,
        body={"sections": sections},
    )


def office(say: Words, said: Mapping[str, Any]) -> str:
    """An office in words: the role and its territory."""
    role = say(naming.ROLES[said["role"]])
    return f"{role[:1].upper()}{role[1:]}, {say.of(said['name'])}"


def _rows(say: Words, rows: list[dict[str, Any]], responsible: str | None) -> dict[str, Any]:
    return {
        "title": say("Violations"),
        "text": case_rows.honest_note(say) if rows else say("No violation fits."),
        "header": case_rows.header(say),
        "widths": list(case_rows.WIDTHS),
        "rows": [case_rows.cells(say, row, responsible) for row in rows],
    }


def _text(title: str, text: str) -> dict[str, Any]:
    return {"title": title, "text": text, "header": [], "widths": [], "rows": []}


def _since(say: Words, since: Mapping[str, Any]) -> tuple[str, str]:
    told = [say(words, count=say.number(len(since[name]))) for name, words in _SINCE]
    title = say(
        "Since list №{number} of {day}",
        number=since["number"],
        day=say.day(since["served_on"], short=True),
    )
    return title, "; ".join(told) + "."


def _left_out(say: Words, left_out: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "title": say("Left out of this list"),
        "text": None,
        "header": [say("Violation"), say("Reasons")],
        "widths": [1, 2],
        "rows": [
            [one["violation"], "; ".join(say(_WHY_LEFT_OUT[why]) for why in one["reasons"])]
            for one in left_out
        ],
    }
