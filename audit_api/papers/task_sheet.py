"""The sheet that a head of local self-government hands to a foreman: what to repair, and by when.

`content`: as_of, day, office, asked_by, names (of the campaign), task (as the list of tasks has
it, with `current_due_on`), address, element_name, violations with title, fact, threshold,
measured_text, required_text, remedies and photos.
"""

from collections.abc import Mapping
from typing import Any, Final

from audit_api.domain.vocabulary import TaskState, TaskTrack
from audit_api.papers import naming
from audit_api.papers.frame import Paper
from audit_api.papers.shots import Shot, shots_of
from audit_api.papers.violations_list import office
from audit_api.words import Words

TEMPLATE: Final = "task"


def task_sheet(say: Words, content: Mapping[str, Any], shots: Mapping[str, Shot]) -> Paper:
    """The sheet of one task. `shots`: photos by SHA-256."""
    task = content["task"]
    place = ", ".join(filter(None, (say.of(task["territory_name"]), content["address"])))
    numbers = [one["number"] for one in task["stations"] if one["campaign"] == task["campaign"]]
    due = say.day(task["current_due_on"])
    parameters = [
        (say("Building"), say.of(task["site_name"])),
        (say("Address"), place),
        (say("Polling stations"), ", ".join(str(number) for number in numbers) or "–"),
        (say("Status"), say(naming.TASK_STATES[TaskState(task["state"])])),
        (say("Kind of repair"), say(naming.TRACKS[TaskTrack(task["track"])])),
        (say("As of"), say("{instant} (Asia/Bishkek)", instant=say.instant(content["as_of"]))),
        (say("Asked by"), content["asked_by"]["name"]),
    ]
    return Paper(
        TEMPLATE,
        title=say("Task: {what}", what=_what(say, content)),
        day=content["day"],
        office=office(say, content["office"]),
        parameters=parameters,
        body={
            "due": [say("To be done by"), due, _counts(say, task)],
            "wrong": [
                _wrong(say, n, violation, shots, content)
                for n, violation in enumerate(content["violations"], 1)
            ],
            "nothing": None if content["violations"] else say("Nothing is left to repair here."),
            "sign": {
                "title": say("Done and handed over"),
                "boxes": [
                    say("The repair is done as described above"),
                    say("Photos of the repaired place are taken"),
                    say("The place is clean, free and lit"),
                ],
                "lines": [
                    say("Foreman (name, signature)"),
                    say("Head of local self-government (name, signature)"),
                    say("Day"),
                ],
                "note": say(
                    "A violation is closed only when an inspector measures again, never by this "
                    "sheet."
                ),
            },
        },
        files={shot.file: shot.content for shot in shots.values() if shot.content},
    )


def _what(say: Words, content: Mapping[str, Any]) -> str:
    label = content["task"]["element_label"]
    name = say.of(content["element_name"])
    return f"{name}, {label}" if label else name


def _counts(say: Words, task: Mapping[str, Any]) -> str:
    if task["overdue"]:
        return say("overdue")
    if task["current_due_on"] != task["due_on"]:
        return say("by a later notice; served first: {day}", day=say.day(task["due_on"]))
    return ""


def _wrong(
    say: Words,
    n: int,
    violation: Mapping[str, Any],
    shots: Mapping[str, Shot],
    content: Mapping[str, Any],
) -> dict[str, Any]:
    title = say.of(violation["title"])
    clause = violation["clause"] or violation["clause_hint"] or say("not stated")
    return {
        "title": say("{number}. {what}", number=n, what=title),
        "facts": [
            [say("What is wrong"), say.of(violation["fact"])],
            [say("Measured"), say.of(violation["measured_text"])],
            [say("Required"), say.of(violation["threshold"])],
            [
                say("Norm"),
                say(
                    "{norm}, clause {clause}",
                    norm=naming.norm_and_edition(say, violation),
                    clause=clause,
                ),
            ],
        ],
        "remedies": [
            [
                say("For election day (temporary)"),
                _remedies(say, violation, "temporary"),
                say("No temporary remedy is known."),
            ],
            [
                say("For good (permanent)"),
                _remedies(say, violation, "permanent"),
                say("No remedy is written down."),
            ],
        ],
        **shots_of(say, violation["photos"], shots, f"{title}; {_what(say, content)}"),
    }


def _remedies(say: Words, violation: Mapping[str, Any], kind: str) -> list[str]:
    return [say.of(one["text"]) for one in violation["remedies"] if one["kind"] == kind]
