"""What is wrong with an edit or a command is told at its place, in three languages."""

from typing import Any

import pytest

from audit_api.domain.sync.merge import Change
from audit_api.domain.sync.reading_edits import (
    FIELDS,
    LAW_RELEVANT,
    InvalidEdit,
    read_command,
    read_edit,
)
from audit_api.domain.vocabulary import EntityKind

SITE = EntityKind.SITE
PHOTO = {"sha256": "ab" * 32, "bytes": 7, "content_type": "image/jpeg"}


def told(invalid: InvalidEdit) -> list[tuple[str, str]]:
    return [(p.pointer, p.code) for p in invalid.problems]


def test_a_sound_edit_is_read_as_it_was_written() -> None:
    body = {
        "fields": {
            "address": {"old": "", "new": "Мектеп көчөсү 1"},
            "location": {"old": None, "new": {"lat": 40, "lon": 69.5}},
            "building_status": {"old": "existing", "new": "reconstructed"},
            "built_on": {"old": None, "new": "1975-01-01"},
        }
    }
    assert read_edit(SITE, body) == {
        "address": Change("", "Мектеп көчөсү 1"),
        "location": Change(None, {"lat": 40.0, "lon": 69.5}),
        "building_status": Change("existing", "reconstructed"),
        "built_on": Change(None, "1975-01-01"),
    }


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({}, [("/fields", "not_object")]),
        ({"fields": {}}, [("/fields", "empty_list")]),
        ({"fields": []}, [("/fields", "not_object")]),
        ({"fields": {"rev": {"old": 1, "new": 2}}}, [("/fields/rev", "unknown_field")]),
        ({"fields": {"a/b": 1}}, [("/fields/a~1b", "unknown_field")]),
        ({"fields": {"address": "x"}}, [("/fields/address", "not_object")]),
        ({"fields": {"address": {"new": "x"}}}, [("/fields/address/old", "missing")]),
        ({"fields": {"address": {"old": "", "new": " "}}}, [("/fields/address/new", "not_text")]),
        ({"fields": {"address": {"old": "", "new": None}}}, [("/fields/address/new", "not_text")]),
        (
            {"fields": {"address": {"old": "", "new": "x" * 501}}},
            [("/fields/address/new", "not_text")],
        ),
        (
            {"fields": {"address": {"old": "", "new": "a\nb"}}},
            [("/fields/address/new", "not_text")],
        ),
        (
            {"fields": {"location": {"old": None, "new": {"lat": 91, "lon": True}}}},
            [("/fields/location/new/lat", "not_a_coordinate")],
        ),
        (
            {"fields": {"location": {"old": None, "new": {"lat": 1, "lon": 2, "alt": 3}}}},
            [("/fields/location/new/alt", "unknown_field")],
        ),
        (
            {"fields": {"location": {"old": None, "new": [1, 2]}}},
            [("/fields/location/new", "not_object")],
        ),
        (
            {"fields": {"building_status": {"old": "existing", "new": "ruined"}}},
            [("/fields/building_status/new", "not_a_choice")],
        ),
        (
            {"fields": {"built_on": {"old": None, "new": "2021-02-30"}}},
            [("/fields/built_on/new", "not_a_day")],
        ),
        (
            {"fields": {"altered_on": {"old": 1975, "new": "20210101"}}},
            [("/fields/altered_on/old", "not_a_day"), ("/fields/altered_on/new", "not_a_day")],
        ),
        (
            {"fields": {"address": {"old": "", "new": "x", "was": 1}}, "more": 1},
            [("/more", "unknown_field"), ("/fields/address/was", "unknown_field")],
        ),
    ],
)
def test_an_edit_that_cannot_be_valid(body: Any, problems: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidEdit) as refused:
        read_edit(SITE, body)
    assert told(refused.value) == problems
    assert all(p.texts.keys() == {"ky", "ru", "en"} for p in refused.value.problems)


def test_an_element_has_a_label_and_nothing_else() -> None:
    assert FIELDS[EntityKind.ELEMENT] == ("label",)
    with pytest.raises(InvalidEdit) as refused:
        read_edit(EntityKind.ELEMENT, {"fields": {"address": {"old": "", "new": "x"}}})
    assert told(refused.value) == [("/fields/address", "unknown_field")]


def test_what_binds_by_law_is_a_field_of_a_site() -> None:
    assert set(FIELDS[SITE]) >= LAW_RELEVANT
    assert not LAW_RELEVANT & set(FIELDS[EntityKind.ELEMENT])


def test_a_sound_command() -> None:
    said = read_command(
        {
            "command": "report_done",
            "if": {"state": "in_progress"},
            "note": "a\nb",
            "photos": [PHOTO],
        }
    )
    assert (said.command, said.expected, said.note) == ("report_done", "in_progress", "a\nb")
    assert said.photos == (PHOTO,)


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({}, [("/command", "not_a_choice"), ("/if", "not_object")]),
        (
            {"command": "verify", "if": {"state": "assigned"}},
            [("/command", "not_a_choice")],
        ),
        (
            {"command": "start", "if": {"state": "assigned"}},
            [("/if/state", "not_a_choice")],
        ),
        (
            {"command": "acknowledge", "if": {"state": "assigned", "rev": 1}},
            [("/if/rev", "unknown_field")],
        ),
        (
            {"command": "acknowledge", "if": {"state": "assigned"}, "note": 7},
            [("/note", "not_text")],
        ),
        (
            {"command": "report_done", "if": {"state": "in_progress"}},
            [("/photos", "not_list")],
        ),
        (
            {"command": "report_done", "if": {"state": "in_progress"}, "photos": []},
            [("/photos", "not_list")],
        ),
        (
            {"command": "report_done", "if": {"state": "in_progress"}, "photos": [{}, 1]},
            [
                ("/photos/0/sha256", "not_sha256"),
                ("/photos/0/bytes", "not_integer"),
                ("/photos/0/content_type", "not_content_type"),
                ("/photos/1", "not_object"),
            ],
        ),
        (
            {
                "command": "report_done",
                "if": {"state": "in_progress"},
                "photos": [PHOTO | {"bytes": 0}],
            },
            [("/photos/0/bytes", "out_of_range")],
        ),
        (
            {
                "command": "report_done",
                "if": {"state": "in_progress"},
                "photos": [PHOTO] * 51,
            },
            [("/photos", "too_many")],
        ),
    ],
)
def test_a_command_that_cannot_be_valid(body: Any, problems: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidEdit) as refused:
        read_command(body)
    assert told(refused.value) == problems
