"""Forms, standards, requirements, profiles and schemas, as everybody who is known reads them."""

import hashlib
import json
from datetime import date
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask
from flask.testing import FlaskClient

from audit_api.domain.vocabulary import Role
from field_schema.catalog import load_catalog
from field_schema.json_schema import NAMES, schema
from field_schema.standard import RECALLED
from tests.factories import World

API = "/api/v1"
LISTS = ["/forms", "/standards", "/requirements", "/profiles", "/requirements/ramp.running-slope"]
DEMO = "kg-demo-2021"


def get(client: FlaskClient, world: World, path: str, **headers: str) -> Any:
    """GET as the prosecutor of the near district."""
    return client.get(API + path, headers=world.headers(Role.PROSECUTOR) | headers)


def items(client: FlaskClient, world: World, path: str) -> list[Any]:
    """All items of a list, page by page."""
    found: list[Any] = []
    following = API + path
    while following:
        answer = client.get(following, headers=world.headers(Role.PROSECUTOR))
        assert answer.status_code == 200, answer.text
        found += answer.json["items"]
        following = answer.json["next"]
    return found


REQUIREMENTS = [
    (standard, edition, name)
    for (standard, edition), found in load_catalog().standards.items()
    for name in found.requirements
]


@pytest.mark.parametrize("path", LISTS)
def test_a_list_by_ones_is_the_list(client: FlaskClient, world: World, path: str) -> None:
    whole = items(client, world, f"{path}?limit=200")
    assert whole
    assert items(client, world, f"{path}?limit=1") == whole
    first = get(client, world, f"{path}?limit=1")
    if len(whole) > 1:
        assert first.headers["Link"] == f'<{first.json["next"]}>; rel="next"'


@pytest.mark.parametrize("path", ["/forms", "/standards", "/requirements", "/profiles"])
def test_every_item_of_a_list_is_at_its_address_with_its_digest(
    client: FlaskClient, world: World, path: str
) -> None:
    for item in items(client, world, f"{path}?limit=200"):
        answer = client.get(item["address"], headers=world.headers(Role.PROSECUTOR))
        assert answer.status_code == 200, item["address"]
        assert {name: answer.json[name] for name in item} == item
        kept = get(client, world, f"/catalog/{item['sha256']}")
        assert kept.status_code == 200
        assert hashlib.sha256(kept.data).hexdigest() == item["sha256"]
        assert "immutable" in kept.headers["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    [
        *LISTS,
        "/schemas",
        "/forms/station/1",
        "/standards/RU-SP59-2012/2012",
        "/requirements/RU-SP59-2012/2012/ramp.handrails",
        f"/profiles/{DEMO}",
        "/schemas/form",
    ],
)
def test_who_has_a_page_already_gets_304(client: FlaskClient, world: World, path: str) -> None:
    first = get(client, world, path)
    again = get(client, world, path, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/forms/station/99",
        "/forms/nothing/1",
        "/standards/RU-SP59-2012/1999",
        "/requirements/nothing.at-all",
        "/requirements/RU-SP59-2012/2012/nothing",
        "/requirements/NOTHING/2012/ramp.handrails",
        "/profiles/nothing",
        "/schemas/words",
    ],
)
def test_what_is_not_there_is_not_found(client: FlaskClient, world: World, path: str) -> None:
    answer = get(client, world, path)
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


def test_a_tablet_reads_all_of_it_and_nobody_unknown_does(
    client: FlaskClient, world: World
) -> None:
    for path in (*LISTS, "/forms/station/1", f"/profiles/{DEMO}"):
        assert client.get(API + path, headers=world.device_headers()).status_code == 200
        assert client.get(API + path).status_code == 401


# Forms


@pytest.mark.parametrize("key", load_catalog().forms)
def test_a_form_is_served_in_full_and_means_what_was_released(
    client: FlaskClient, world: World, key: str
) -> None:
    page = get(client, world, f"/forms/{key}").json
    document = page["document"]
    jsonschema_rs.Draft202012Validator(schema("form")).validate(document)
    assert not any("from" in section for section in document["elements"].values())
    sections = load_catalog().forms[key].sections
    assert list(document["elements"]) == list(sections)
    for element, section in sections.items():
        asked = document["elements"][element]
        found = {q["id"]: q for q in asked["questions"]}
        for group in asked.get("groups", []):
            found |= {f"{group['id']}.{q['id']}": q for q in group["questions"]}
        assert list(found) == list(section.measures)
        for name, question in section.measures.items():
            if question.type == "measure":
                method = document["methods"][found[name]["method"]]
                assert (method["unit"], method["tolerance"]) == (question.unit, question.tolerance)
    assert page["source"]["sha256"] == page["sha256"] == load_catalog().forms[key].digest


# Standards and profiles


def test_standards_are_narrowed_by_profile_and_day(client: FlaskClient, world: World) -> None:
    def listed(query: str) -> set[tuple[str, str]]:
        found = items(client, world, f"/standards?limit=200&{query}")
        return {(item["standard"], item["edition"]) for item in found}

    adoptions = load_catalog().profile(DEMO).adoptions
    assert listed("") == set(load_catalog().standards)
    assert listed(f"profile={DEMO}") == {(a.standard, a.edition) for a in adoptions}
    day = date(2021, 11, 28)
    in_force = {(a.standard, a.edition) for a in adoptions if a.in_force(day)}
    assert listed(f"profile={DEMO}&on={day}") == in_force
    assert listed(f"profile={DEMO}&on=1990-01-01") == set()
    assert listed("profile=nothing") == set()


def test_a_standard_names_the_files_it_consists_of(client: FlaskClient, world: World) -> None:
    page = get(client, world, "/standards/RU-SP59-2012/2012").json
    digests = load_catalog().standards["RU-SP59-2012", "2012"].digests
    files = {f["sha256"] for f in page["files"] if f["kind"] != "examples"}
    assert files == set(digests)
    assert page["requirement_count"] == len(page["requirements"])


def test_a_profile_says_who_adopted_what_and_what_it_does_not_prove(
    client: FlaskClient, world: World
) -> None:
    page = get(client, world, f"/profiles/{DEMO}").json
    assert page["versions"][-1]["sha256"] == page["sha256"]
    assert page["warning"].keys() == {"ky", "ru", "en"}
    for edition in page["editions"]:
        assert edition["weight"] in ("binding", "reference")
        assert edition["decision"].keys() == {"number", "date", "by"}


# Requirements


@pytest.mark.parametrize(("standard", "edition", "name"), REQUIREMENTS)
def test_a_requirement_has_everything_a_lawyer_asks_for(
    client: FlaskClient, world: World, standard: str, edition: str, name: str
) -> None:
    page = get(client, world, f"/requirements/{standard}/{edition}/{name}").json
    requirement = load_catalog().requirement(standard, edition, name)
    assert page["title"] == requirement.title
    assert page["clause"] == requirement.cite.clause
    assert page["clause_hint"] == requirement.cite.clause_hint
    assert page["provenance"]["url"]
    assert page["provenance"]["facts"]
    assert [row["row"] for row in page["rows"]] == [row.name for row in requirement.rows]
    for texts in (page["title"], page["threshold"], *(row["threshold"] for row in page["rows"])):
        assert texts.keys() == {"ky", "ru", "en"}
        assert all(text and "{" not in text for text in texts.values())
    assert edition in [item["edition"] for item in page["history"]]
    assert page["weights"] == next(
        item["adopted"] for item in page["history"] if item["edition"] == edition
    )
    recalled = requirement.cite.confidence == RECALLED
    assert bool(page["recalled"]) == recalled
    if recalled:
        assert {item["weight"] for item in page["weights"]} <= {"reference"}
    for example in page["examples"]:
        assert example.keys() >= {"case", "answers", "building", "built_on", "state", "verdict"}


def test_a_threshold_is_said_in_words(client: FlaskClient, world: World) -> None:
    page = get(client, world, "/requirements/KZ-SPRK-3.06-101-2012/2019-11-27/door.room-width").json
    assert page["threshold"]["en"] == "clear width ≥ 900 mm"
    assert page["conditions"]["en"] == "place: room / toilet"
    slope = items(client, world, "/requirements/ramp.running-slope-before-2019")[0]
    assert slope["threshold"]["en"] == (
        "if rise ≤ 200 mm: rise / run: allowed 1:10 (row a); "
        "otherwise: rise / run: allowed 1:20 (row b)"
    )


def test_one_id_lists_every_standard_that_asks_it(client: FlaskClient, world: World) -> None:
    for name in {name for _, _, name in REQUIREMENTS}:
        found = items(client, world, f"/requirements/{name}?limit=200")
        places = {(item["standard"], item["edition"]) for item in found}
        assert places == {(s, e) for s, e, other in REQUIREMENTS if other == name}


@pytest.mark.parametrize(
    "query",
    [
        "element=ramp", "group=vision", "severity=critical", "standard=RU-SP59-2012",
        "confidence=recalled, not verified", f"profile={DEMO}&on=2021-11-28",
    ],
)  # fmt: skip
def test_a_filter_of_requirements_keeps_some_and_not_all(
    client: FlaskClient, world: World, query: str
) -> None:
    name, _, value = query.partition("&")[0].partition("=")
    found = items(client, world, f"/requirements?limit=200&{query}")
    assert found
    if name == "profile":
        assert all(any(w["profile"] == value for w in item["weights"]) for item in found)
    else:
        assert len(found) < len(REQUIREMENTS)
        assert all(value in (item.get(name), *item["groups"]) for item in found)


# Schemas


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_open_to_everybody_and_whole(client: FlaskClient, name: str) -> None:
    answer = client.get(f"{API}/schemas/{name}")
    assert json.loads(answer.data) == schema(name)
    listed = {item["name"]: item for item in client.get(f"{API}/schemas").json["items"]}
    assert listed[name]["sha256"] == hashlib.sha256(answer.data).hexdigest()


def test_every_page_of_the_catalog_is_described_in_the_manual(app: Flask) -> None:
    document = app.test_client().get("/openapi.json").json
    for path, operations in document["paths"].items():
        if path.startswith(tuple(f"{API}{p}" for p in ("/forms", "/stand", "/requ", "/prof"))):
            told = operations["get"]
            assert told["summary"], path
            answer = told["responses"]["200"]["content"]["application/json"]["schema"]
            assert answer, path
