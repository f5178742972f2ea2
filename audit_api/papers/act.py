"""A supervisory act with its annex of photos, from its frozen document."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from audit_api.papers import case_rows, naming
from audit_api.papers.frame import Paper
from audit_api.papers.shots import Shot, shots_of
from audit_api.papers.violations_list import office
from audit_api.words import Words
from field_schema.problems import words

TEMPLATE: Final = "act"


def act(
    say: Words,
    document: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    shots: Mapping[str, Shot],
) -> Paper:
    """An act. `rows`: what it covers, its own or its served list's. `shots`: photos by SHA-256."""
    kind = say.of(words()["acts"][document["kind"]])
    title = say(
        "{kind} №{number} of {day}",
        kind=kind[:1].upper() + kind[1:],
        number=document["number"],
        day=say.day(document["issued_on"]),
    )
    to = naming.addressee_in_words(say, document["addressee"])
    parameters = [
        (say("To"), to),
        (say("Issued by"), document["issued_by"]),
        (say("An answer is due by"), say.day(document["answer_due_on"])),
        (say("Violations"), say.number(len(rows))),
    ]
    cited = document["served_list"]
    if cited is not None:
        told = say(
            "№{number} of {day}, SHA-256 {sha256}",
            number=cited["number"],
            day=say.day(cited["served_on"]),
            sha256=cited["sha256"],
        )
        parameters.append((say("Served list"), told))
    named = to if document["addressee"]["name"] else None
    return Paper(
        TEMPLATE,
        title=title,
        day=document["issued_on"],
        office=office(say, {"role": "prosecutor", "name": document["office"]["territory_name"]}),
        parameters=parameters,
        body={
            "demand": [say("What is demanded"), document["demand"]],
            "signature": [
                say("Signature: {name}", name=document["issued_by"]),
                say("This paper is no electronic signature; it is signed by hand."),
            ],
            "list": {
                "title": say("Violations"),
                "text": case_rows.honest_note(say),
                "header": case_rows.header(say),
                "widths": list(case_rows.WIDTHS),
                "rows": [case_rows.cells(say, row, named) for row in rows],
            },
            "annex": {
                "title": say("Annex: photos"),
                "entries": [_entry(say, row, shots) for row in rows],
            },
        },
        files={shot.file: shot.content for shot in shots.values() if shot.content},
    )


def _entry(say: Words, row: Mapping[str, Any], shots: Mapping[str, Shot]) -> dict[str, Any]:
    title = say("{number}. {what}", number=row["n"], what=say.of(row["title"]))
    where = case_rows.building(say, row)
    return {
        "title": title,
        "where": where,
        "fact": say.of(row["fact"]),
        **shots_of(say, row["photos"], shots, f"{say.of(row['title'])}; {where}"),
    }
