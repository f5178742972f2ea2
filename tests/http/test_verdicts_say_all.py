"""Every verdict says everything, wherever it shows; what is recalled from memory is marked there.

Generated over the application's routes: whatever an answer has of verdicts is found and looked at.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from audit_api.domain.vocabulary import Role
from field_schema.catalog import load_catalog
from field_schema.standard import CONFIDENCES, RECALLED
from tests.factories import CAMPAIGN, World
from tests.http.exported import is_export, read_back
from tests.http.populated import Things
from tests.http.test_openapi import RELEASED

WITH_VERDICTS = {
    "/api/v1/acts/<uuid:act>",
    "/api/v1/inspections/<uuid:inspection>",
    "/api/v1/recommendations",
    "/api/v1/recommendations.csv",
    "/api/v1/recommendations.geojson",
    "/api/v1/recommendations.gpkg",
    "/api/v1/served-lists/<uuid:served_list>",
    "/api/v1/served-lists/<uuid:served_list>.csv",
    "/api/v1/sync/pull",
    "/api/v1/tasks",
    "/api/v1/tasks/<uuid:task>",
    "/api/v1/violations",
    "/api/v1/violations.csv",
    "/api/v1/violations.geojson",
    "/api/v1/violations.gpkg",
    "/api/v1/violations/<uuid:violation>",
}
"""Routes that show verdicts; the others are looked at all the same."""
WITH_REQUIREMENTS = {
    "/api/v1/requirements",
    "/api/v1/requirements/<string:requirement>",
    "/api/v1/requirements/<string:standard>/<string:edition>/<string:requirement>",
    "/api/v1/standards/<string:standard>/<string:edition>",
}
BYTES = {
    "/api/v1/catalog/<string:sha256>": "a released file, byte for byte: it says its confidence",
    "/api/v1/openrosa/submissions/<uuid:submission>.xml": "what ODK Collect sent",
    "/api/v1/openrosa/refused/<string:xml_sha256>.xml": "the same",
    "/api/v1/photos/<string:sha256>/original": "a photo",
    "/api/v1/photos/<string:sha256>/preview/<int:size>": "a picture of it",
    "/api/docs/<any('swagger-ui.css', 'swagger-ui-bundle.js'):name>": "Swagger UI",
}
READERS = (Role.PROSECUTOR, Role.LSG_HEAD, Role.COORDINATOR)
NOTHING_THERE = {
    "/api/v1/exports/<uuid:export>": "how far a file is",
    "/api/v1/exports/<uuid:export>/file": "a file",
    "/api/v1/webhooks/<uuid:webhook>": "where events go",
    "/api/v1/webhooks/<uuid:webhook>/deliveries": "what was sent",
    "/verify/<string:code>": "no rows",
    "/api/v1/public/<string:campaign>/stations.geojson": "nothing is published: test_public_facts",
    "/api/v1/public/<string:campaign>/stations.a11y.json": "the same",
    "/api/v1/quarantine/<uuid:operation>": "documents of its own: what was handed in",
    "/log/checkpoint": "hashes",
    "/api/v1/sync/snapshot/<string:scope>/<string:sha256>": "what a pull says, packed",
}
NEEDED = {
    "standard", "edition", "clause", "clause_hint", "weight", "confidence", "required", "measured",
    "tolerance",
}  # fmt: skip


def address(rule: str, things: Things) -> str:
    """An address of the route, at which something is."""
    made = ""
    for part in rule.split("<"):
        parameter, closed, rest = part.partition(">")
        name = parameter.partition(":")[2]
        known = things.ids.get(name, {}).get("near-1") or RELEASED.get(name)
        made += f"{known}{rest}" if closed else part
    if made == "/api/v1/days":
        return f"{made}?year=2027"
    asked = [f"campaign={CAMPAIGN}"] if "/statistics/" in made else []
    asked += ["language=en"] if is_export(made) else []
    asked += ["header=codes"] if made.endswith(".csv") else []
    return f"{made}?{'&'.join(asked)}" if asked else made


def answers(client: FlaskClient, world: World, rule: str, things: Things) -> Iterator[Any]:
    """The route's answers as JSON, as whoever may read it; of a list all its pages."""
    headers = [world.headers(role) for role in READERS]
    following: str | None = address(rule, things)
    while following:
        for header in (*headers, world.device_headers()):
            answer = client.get(following, headers=header)
            if answer.status_code == 200:
                break
        assert answer.status_code == 200, (rule, following, answer.text)
        following = None
        if is_export(rule):
            for row in read_back(rule, answer.data).rows:
                spelled = {"measured", "required", "tolerance"} & row.keys()
                yield row | {name: json.loads(row[name]) for name in spelled if rule[-4:] != "xlsx"}
        elif answer.content_type.startswith("application/json"):
            yield answer.json
            following = answer.json.get("next")


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a JSON value."""
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from objects(inner)


def is_verdict(value: dict[str, Any]) -> bool:
    """Whether an object says that something meets or breaks a requirement."""
    return isinstance(value.get("requirement"), str)


def check_verdict(verdict: dict[str, Any]) -> None:
    """Clause, edition, weight, threshold, measured value, tolerance, confidence: all there."""
    assert verdict.keys() >= NEEDED, NEEDED - verdict.keys()
    requirement = load_catalog().requirement(
        verdict["standard"], verdict["edition"], verdict["requirement"]
    )
    assert (verdict["clause"] or None) == requirement.cite.clause
    assert verdict["weight"] in ("binding", "reference")
    assert verdict["confidence"] == requirement.cite.confidence
    assert verdict["required"]
    for limit in verdict["required"]:
        assert limit.keys() >= {"measure", "op", "value", "unit"}
    questions = load_catalog().measures[requirement.element]
    assert verdict["tolerance"] == {
        measure: questions[measure].tolerance
        for measure in verdict["measured"]
        if questions[measure].tolerance
    }
    if verdict.get("verdict") in (None, "violation", "compliant", "borderline"):
        assert verdict["measured"]


def check_mark(value: dict[str, Any]) -> None:
    """What is recalled is said to be so in three languages, and binds nobody."""
    if value.get("confidence") == RECALLED and "confidence_text" in value:
        # A file says it in the words that it was asked in.
        assert value["confidence_text"] == "recalled from memory, not verified"
        assert value["weight"] == "reference"
    elif value.get("confidence") == RECALLED:
        assert value["recalled"].keys() == {"ky", "ru", "en"}
        assert value["recalled"]["en"] == "recalled from memory, not verified"
        assert value.get("weight", "reference") == "reference"
        assert {w["weight"] for w in value.get("weights", ())} <= {"reference"}
        if "text" in value:
            assert any(mark in value["text"] for mark in value["recalled"].values())
    elif isinstance(value.get("confidence"), str):
        assert value["confidence"] in CONFIDENCES
        assert not value.get("recalled")


@pytest.mark.parametrize("rule", sorted(WITH_VERDICTS))
def test_every_verdict_says_everything(
    client: FlaskClient, world: World, things: Things, rule: str
) -> None:
    found = [
        value
        for answer in answers(client, world, rule, things)
        for value in objects(answer)
        if is_verdict(value)
    ]
    assert found
    for verdict in found:
        check_verdict(verdict)


def test_what_is_recalled_is_marked_in_every_answer_of_every_route(
    app: Flask, client: FlaskClient, world: World, things: Things
) -> None:
    marked = set()
    for route in app.url_map.iter_rules():
        if route.rule.startswith("/openrosa/"):
            continue  # Forms: tests/openrosa holds what they say.
        if route.rule in BYTES or route.rule in NOTHING_THERE or "GET" not in (route.methods or ()):
            continue
        for answer in answers(client, world, route.rule, things):
            for value in objects(answer):
                check_mark(value)
                if value.get("recalled"):
                    marked.add(route.rule)
                if is_verdict(value):
                    assert route.rule in WITH_VERDICTS, "add the route to WITH_VERDICTS"
    assert marked >= {
        "/api/v1/inspections/<uuid:inspection>",
        "/api/v1/recommendations",
        "/api/v1/requirements",
    }


@pytest.mark.parametrize("rule", sorted(WITH_REQUIREMENTS))
def test_every_requirement_says_how_sure_it_is_and_whom_it_binds(
    client: FlaskClient, world: World, things: Things, rule: str
) -> None:
    found = [
        value
        for answer in answers(client, world, rule, things)
        for value in objects(answer)
        if "severity" in value
    ]
    assert found
    for requirement in found:
        assert requirement.keys() >= {
            "standard", "edition", "clause", "clause_hint", "confidence", "recalled", "threshold",
            "weights", "title", "sha256",
        }  # fmt: skip


def test_the_sentence_of_a_verdict_says_it_too(
    client: FlaskClient, world: World, things: Things
) -> None:
    path = f"/api/v1/inspections/{things.of('inspection', 'near-1')}"
    said = {"ky": "эстен жазылган", "ru": "записано по памяти", "en": "recalled from memory"}
    for language, words in said.items():
        headers = world.headers(Role.PROSECUTOR) | {"Accept-Language": language}
        for finding in client.get(path, headers=headers).json["findings"]:
            assert (words in finding["text"]) == (finding["confidence"] == RECALLED)
