"""Two revisions from one base, laid side by side."""

import copy
from typing import Any

import pytest

from audit_api.domain.sync.branch_difference import Difference, differences
from tests.field_schema.bodies import ramp_body, station_body

BODY: dict[str, Any] = station_body(1, breaches=0.3)
FIRST = BODY["elements"][0]


def changed(change: str) -> dict[str, Any]:
    body = copy.deepcopy(BODY)
    exec(change, {"body": body, "first": body["elements"][0]})  # noqa: S102 - ours
    return body


def test_equal_bodies_do_not_differ() -> None:
    assert differences(BODY, copy.deepcopy(BODY)) == []


@pytest.mark.parametrize(
    ("change", "question"),
    [
        ("first['answers'][list(first['answers'])[0]] = 'other'", next(iter(FIRST["answers"]))),
        ("del first['answers'][list(first['answers'])[0]]", next(iter(FIRST["answers"]))),
        ("first['label'] = 'another'", "label"),
        ("first['photos'] = [{'sha256': 'f' * 64}]", "photos"),
    ],
)
def test_what_differs_of_an_element_is_told_by_its_question(change: str, question: str) -> None:
    mine = changed(change)
    found = differences(mine, BODY)
    assert [(d.element, d.question) for d in found] == [(FIRST["id"], question)]


def test_what_differs_beside_the_elements_is_told() -> None:
    mine = changed("body['started'] = {'wall': 'later'}")
    assert differences(mine, BODY) == [
        Difference(None, None, None, "started", {"wall": "later"}, BODY["started"])
    ]


def test_an_element_that_one_side_has_not_is_told_whole() -> None:
    mine = changed("body['elements'].pop(0)")
    assert differences(mine, BODY) == [
        Difference(FIRST["id"], FIRST.get("state"), FIRST["label"], None, None, FIRST)
    ]


def test_the_order_of_elements_and_answers_says_nothing() -> None:
    mine = changed(
        "body['elements'].reverse(); first['answers'] = dict(reversed(first['answers'].items()))"
    )
    assert differences(mine, BODY) == []


def test_the_state_of_election_day_is_an_observation_of_its_own() -> None:
    body = ramp_body()
    twice = copy.deepcopy(body)
    twice["elements"].append({**body["elements"][0], "state": "election_day"})
    assert [d.state for d in differences(twice, body)] == ["election_day"]
