"""Envelope, ids, unknown members, twins, photos."""

import copy
from typing import Any
from uuid import UUID

import pytest

from field_schema.catalog import UnknownForm, load_catalog
from field_schema.inspection import MAX_ELEMENTS, read_inspection
from tests.field_schema.bodies import Json, measurement, ramp_body, station_body
from tests.field_schema.test_reading_answers import problems_of

ID = "6f9619ff-8b86-4011-b42d-00c04fc964ff"
SPELLINGS = {
    "canonical": ID,
    "upper-case": ID.upper(),
    "braces": f"{{{ID}}}",
    "urn": f"urn:uuid:{ID}",
    "upper-case-urn": f"URN:UUID:{ID.upper()}",
    "urn-without-uuid": f"urn:{ID}",
}


def put(body: Json, path: tuple[Any, ...], value: Any) -> Json:
    """A copy of the body with one member set, or removed for `...`."""
    body = copy.deepcopy(body)
    inner: Any = body
    for step in path[:-1]:
        inner = inner[step]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return body


def pointer(path: tuple[Any, ...]) -> str:
    return "".join(f"/{step}" for step in path)


IDS: list[tuple[Any, ...]] = [
    ("site",),
    ("elements", 0, "id"),
    ("elements", 0, "photos", 0, "id"),
]


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_an_id_is_the_same_in_every_spelling(spelling: str) -> None:
    body = ramp_body(site=spelling)
    body["elements"][0]["id"] = spelling
    body["elements"][0]["photos"][0]["id"] = spelling
    read = read_inspection(body, load_catalog())
    found = {read.site, read.elements[0].id, read.elements[0].photos[0].id}
    assert found == {UUID(ID)}


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        7,
        "",
        "ramp 1",
        ID[:-1],
        ID + "0",
        ID.replace("-", ""),
        "{" + ID,
        ID + "}",
        f" {ID}",
        f"{ID}\n",
        ID.replace("6", "٦"),
        str(UUID(int=0)),
        [ID],
    ],
    ids=[
        "null",
        "number",
        "empty",
        "words",
        "short",
        "long",
        "no-hyphens",
        "open-brace",
        "close-brace",
        "leading-space",
        "trailing-newline",
        "arabic-digit",
        "nil",
        "list",
    ],
)
@pytest.mark.parametrize("path", IDS, ids=pointer)
def test_what_is_no_uuid_is_refused_at_its_place(path: tuple[Any, ...], wrong: Any) -> None:
    assert problems_of(put(ramp_body(), path, wrong)) == [(pointer(path), "not_uuid")]


UNKNOWN: list[tuple[tuple[Any, ...], str]] = [
    ((), "unknown_field"),
    (("started",), "unknown_field"),
    (("finished",), "unknown_field"),
    (("position",), "unknown_field"),
    (("elements", 0), "unknown_field"),
    (("elements", 0, "answers"), "unknown_question"),
    (("elements", 0, "answers", "width_mm"), "unknown_field"),
    (("elements", 0, "answers", "runs", 0), "unknown_question"),
    (("elements", 0, "answers", "runs", 0, "rise_mm"), "unknown_field"),
    (("elements", 0, "not_measured"), "unknown_question"),
    (("elements", 0, "photos", 0), "unknown_field"),
    (("elements", 0, "photos", 0, "taken"), "unknown_field"),
]


@pytest.mark.parametrize("member", ["score", "a/b~c", ""], ids=["plain", "escaped", "empty"])
@pytest.mark.parametrize(("path", "code"), UNKNOWN, ids=[pointer(p) or "body" for p, _ in UNKNOWN])
def test_an_unknown_member_is_refused_at_every_level_with_its_pointer(
    path: tuple[Any, ...], code: str, member: str
) -> None:
    escaped = member.replace("~", "~0").replace("/", "~1")
    assert problems_of(put(ramp_body(), (*path, member), 1)) == [
        (f"{pointer(path)}/{escaped}", code)
    ]


@pytest.mark.parametrize(
    "member", ["owner", "territory", "state", "score", "sha256", "received_at", "role"]
)
def test_a_read_only_member_in_the_body_is_refused(member: str) -> None:
    assert problems_of(ramp_body(**{member: "x"})) == [(f"/{member}", "unknown_field")]


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (("campaign",), ..., "not_a_campaign"),
        (("campaign",), "KG JK", "not_a_campaign"),
        (("form",), ..., "not_a_form"),
        (("form",), "ramp", "not_a_form"),
        (("form",), "ramp/01", "not_a_form"),
        (("form",), "ramp/١", "not_a_form"),
        (("form",), 1, "not_a_form"),
        (("elements",), ..., "not_list"),
        (("elements",), {}, "not_list"),
        (("elements",), [], "empty_list"),
        (("elements",), [{}] * (MAX_ELEMENTS + 1), "too_many"),
        (("elements", 0), "ramp", "not_object"),
        (("elements", 0, "type"), ..., "not_a_choice"),
        (("elements", 0, "type"), "lift", "not_a_choice"),
        (("elements", 0, "type"), ["ramp"], "not_a_choice"),
        (("elements", 0, "label"), ..., "not_text"),
        (("elements", 0, "label"), "x" * 201, "not_text"),
        (("elements", 0, "state"), ..., "not_a_choice"),
        (("elements", 0, "state"), "temporary", "not_a_choice"),
        (("elements", 0, "state"), ["permanent"], "not_a_choice"),
        (("elements", 0, "answers"), [], "not_object"),
        (("elements", 0, "photos"), {}, "not_list"),
        (("position",), "Osh", "not_object"),
        (("position", "lat"), ..., "not_a_coordinate"),
        (("position", "lat"), 90.1, "not_a_coordinate"),
        (("position", "lat"), "40.06", "not_a_coordinate"),
        (("position", "lat"), True, "not_a_coordinate"),
        (("position", "lon"), -180.5, "not_a_coordinate"),
        (("position", "lon"), float("nan"), "not_a_coordinate"),
        (("position", "lon"), 10**400, "not_a_coordinate"),
        (("position", "accuracy_m"), -1, "not_a_coordinate"),
    ],
    ids=lambda part: pointer(part) if isinstance(part, tuple) else str(part)[:12],
)
def test_a_wrong_member_of_the_envelope_is_refused_at_its_place(
    path: tuple[Any, ...], value: Any, code: str
) -> None:
    assert problems_of(put(ramp_body(), path, value)) == [(pointer(path), code)]


@pytest.mark.parametrize("body", [None, [], "{}", 7], ids=["null", "list", "text", "number"])
def test_a_body_that_is_no_object_is_refused(body: Any) -> None:
    assert problems_of(body) == [("", "not_object")]


def test_a_form_that_a_newer_tablet_may_know_is_unknown_and_not_invalid() -> None:
    with pytest.raises(UnknownForm, match="'ramp/9'; it knows ramp/1, ramp/2, "):
        read_inspection(ramp_body(form="ramp/9"), load_catalog())


@pytest.mark.parametrize("position", [None, ...], ids=["null", "absent"])
def test_a_visit_without_a_position_is_accepted(position: Any) -> None:
    body = put(ramp_body(), ("position",), position)
    assert read_inspection(body, load_catalog()).position is None


def test_several_problems_are_told_at_once() -> None:
    body = ramp_body(site="x", campaign="X", answers={"width_mm": measurement(-1)})
    assert [at for at, _ in problems_of(body)] == [
        "/site",
        "/campaign",
        "/elements/0/answers/width_mm/value",
    ]


def twin(body: Json, **changes: Any) -> Json:
    """The body with its first element once more, photos left out."""
    return put(body, ("elements",), [body["elements"][0], body["elements"][0] | changes])


def test_an_element_may_come_once_as_it_is_and_once_as_on_election_day() -> None:
    body = twin(ramp_body(), state="election_day", photos=[])
    read = read_inspection(body, load_catalog())
    assert [e.state for e in read.elements] == ["permanent", "election_day"]
    assert len({e.id for e in read.elements}) == 1


@pytest.mark.parametrize(
    "changes",
    [{}, {"label": "another"}, {"id": "upper"}],
    ids=["same", "other-label", "other-spelling"],
)
def test_an_element_twice_in_one_state_is_refused(changes: Json) -> None:
    body = ramp_body()
    if "id" in changes:
        changes = {"id": body["elements"][0]["id"].upper()}
    assert problems_of(twin(body, photos=[], **changes)) == [("/elements/1/id", "twice")]


def test_one_id_for_elements_of_two_types_is_refused() -> None:
    body = station_body(1)
    body["elements"][1]["id"] = body["elements"][0]["id"]
    body["elements"][1]["state"] = "election_day"
    assert problems_of(body) == [("/elements/1/id", "twice")]


def test_two_elements_with_broken_ids_are_not_called_twins() -> None:
    body = twin(put(ramp_body(), ("elements", 0, "id"), "broken"), photos=[])
    assert problems_of(body) == [("/elements/0/id", "not_uuid"), ("/elements/1/id", "not_uuid")]
