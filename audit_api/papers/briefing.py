"""The headquarters' briefing: one page with the figures of the morning and a map.

`content`: as_of, day, office, asked_by, campaign (name, election_day), days_left, total and groups
(figures of `storage.lists.progress`; a group has territory and name; of all also `tasks_overdue`,
null where the reader sees none), points and areas (of its `station_points`). Richer figures come in
as further members of `total` and `groups`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from audit_api.charts import StationPoint, stations_map, stations_told
from audit_api.papers.frame import Paper
from audit_api.papers.letters import Exact, shown
from audit_api.papers.violations_list import office
from audit_api.words import Words, name_key, to_say

TEMPLATE: Final = "briefing"
MAP: Final = "map.svg"
_MAP_HEIGHT: Final = 270
MOST_GROUPS: Final = 12
"""Territories in the table, so that it stays one page."""
_TILES: Final = (
    ("inspected", to_say("stations inspected")),
    ("awaiting_photos", to_say("awaiting photos")),
    ("compliant", to_say("stations that comply")),
    ("with_open_violations", to_say("stations with open violations")),
    ("open_violations", to_say("open violations")),
    ("usable_with_temporary_measures", to_say("stations usable with temporary measures")),
    ("not_remediable_in_time", to_say("stations not remediable in time")),
    ("has_ramp", to_say("stations have a ramp")),
    ("ramp_conforms", to_say("of these ramps conform")),
    ("tasks_overdue", to_say("overdue tasks")),
)


def briefing(say: Words, content: Mapping[str, Any]) -> Paper:
    """The page of one campaign."""
    total, campaign = content["total"], content["campaign"]
    left = content["days_left"]
    parameters = [
        (say("Campaign"), say.of(campaign["name"])),
        (say("Election day"), say.day(campaign["election_day"])),
        (say("Days left"), say.number(left) if left >= 0 else say("the day is over")),
        (say("As of"), say("{instant} (Asia/Bishkek)", instant=say.instant(content["as_of"]))),
        (say("Asked by"), content["asked_by"]["name"]),
    ]
    points = [StationPoint(**point) for point in content["points"]]
    names = {code: say.of(name) for code, name in shown(content["areas"]).value.items()}
    drawn = stations_map(points, names=names, say=say, most_height=_MAP_HEIGHT)
    return Paper(
        TEMPLATE,
        title=say("Briefing of the headquarters"),
        day=content["day"],
        office=office(say, content["office"]),
        parameters=parameters,
        body={
            "tiles": [
                [
                    _share(say, total, name),
                    say(words),
                ]
                for name, words in _TILES
                if total[name] is not None
            ],
            "stations": say(
                "{stations} polling stations, {voters} voters",
                stations=say.number(total["stations"]),
                voters=say.number(total["voters"]),
            ),
            "map": {
                "title": say("Where it stands"),
                "file": Exact(MAP) if points else None,
                "alt": stations_told(points, say),
                "none": say("No building here has a location."),
                "note": say("Drawn from the stations' own coordinates; areas are what they span."),
            },
            "table": _table(say, content["groups"]),
        },
        files={MAP: drawn.encode()} if points else {},
    )


def _share(say: Words, total: Mapping[str, Any], name: str) -> str:
    number = say.number(total[name])
    if name == "inspected" and total["stations"]:
        return f"{number} ({say.percent(total[name] / total['stations'])})"
    return number


def _table(say: Words, groups: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    ordered = sorted(
        groups,
        key=lambda one: (
            one["inspected"] - one["stations"],
            -one["open_violations"],
            name_key(say.of(one["name"])),
        ),
    )
    others = len(ordered) - MOST_GROUPS
    return {
        "title": say("Where most is left to do"),
        "header": [
            say("Territory"), say("Stations"), say("Inspected"), say("Not inspected"),
            say("Awaiting photos"), say("Comply"), say("Open violations"),
        ],
        "rows": [_row(say, one) for one in ordered[:MOST_GROUPS]],
        "more": say.many(
            "and {number} more territory, with less left to do",
            "and {number} more territories, with less left to do",
            others,
        )
        if others > 0
        else None,
    }  # fmt: skip


def _row(say: Words, one: Mapping[str, Any]) -> list[str]:
    numbers = (
        one["stations"],
        one["inspected"],
        one["stations"] - one["inspected"],
        one["awaiting_photos"],
        one["compliant"],
        one["open_violations"],
    )
    return [say.of(one["name"]), *(say.number(number) for number in numbers)]
