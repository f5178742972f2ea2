"""Pages of a catalog that grew: editions in one file, a profile's second version."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask
from flask.testing import FlaskClient

from audit_api.domain.vocabulary import Role
from field_schema.catalog import load_catalog
from field_schema.imported import EDITION, PROFILE, document, extended
from field_schema.json_schema import schema
from field_schema.standard import RECALLED
from tests.factories import World

DEMO = "kg-demo-2021"
BY = {"ky": "сот", "ru": "орган", "en": "a body"}


def edition(project_root: Path, number: int, recalled: str | None = None) -> bytes:
    value = json.loads((project_root / f"docs/samples/SAMPLE-DEMO-{number}.json").read_text())
    for row in value["requirements"]:
        if row["id"] == recalled:
            row["cite"]["confidence"] = RECALLED
    jsonschema_rs.Draft202012Validator(schema("edition")).validate(value)
    return json.dumps(value, ensure_ascii=False).encode()


def adopting() -> bytes:
    """A second version of the demo's profile, with both editions of the sample, one by one."""
    first = next(data for kind, name, _, data in load_catalog().documents() if name == DEMO)
    value = json.loads(first)
    for number, since, until in (("1", "2021-01-01", "2021-10-31"), ("2", "2021-11-01", None)):
        value["editions"].append(
            {
                "standard": "SAMPLE-DEMO",
                "edition": number,
                "weight": "binding",
                "in_force": {"from": since, "to": until},
                "decision": {"number": f"No. {number}", "date": "2021-01-01", "by": BY},
            }
        )
    jsonschema_rs.Draft202012Validator(schema("profile")).validate(value)
    return json.dumps(value, ensure_ascii=False).encode()


@pytest.fixture(scope="module", autouse=True)
def _grown(app: Flask, project_root: Path) -> Iterator[None]:
    keeper = app.extensions["catalogs"]
    documents = [
        document(EDITION, "SAMPLE-DEMO/1", edition(project_root, 1)),
        document(EDITION, "SAMPLE-DEMO/2", edition(project_root, 2, recalled="ramp.width")),
        document(PROFILE, DEMO, adopting()),
    ]
    grown = extended(load_catalog(), documents, len(documents))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeper, "current", lambda session: grown)
        yield


def get(client: FlaskClient, world: World, path: str) -> Any:
    answer = client.get(f"/api/v1{path}", headers=world.headers(Role.PROSECUTOR))
    assert answer.status_code == 200, answer.text
    return answer.json


def test_an_imported_edition_is_a_standard_of_one_document(
    client: FlaskClient, world: World
) -> None:
    page = get(client, world, "/standards/SAMPLE-DEMO/1")
    assert [source["kind"] for source in page["files"]] == ["edition"]
    assert page["files"][0]["sha256"] == page["sha256"]
    assert get(client, world, f"/catalog/{page['sha256']}")["edition"] == "1"
    assert page["adopted"][0]["decision"]["number"] == "No. 1"


def test_a_requirements_history_has_every_edition_with_its_days_and_decision(
    client: FlaskClient, world: World
) -> None:
    page = get(client, world, "/requirements/SAMPLE-DEMO/2/ramp.running-slope")
    told = [
        (item["edition"], item["adopted"][0]["from"], item["adopted"][0]["to"])
        for item in page["history"]
    ]
    assert told == [("1", "2021-01-01", "2021-10-31"), ("2", "2021-11-01", None)]
    assert page["history"][1]["adopted"][0]["decision"] == {
        "number": "No. 2", "date": "2021-01-01", "by": BY,
    }  # fmt: skip
    assert page["examples"] == []
    assert page["examples_source"] is None


def test_a_recalled_requirement_of_a_binding_edition_binds_nobody(
    client: FlaskClient, world: World
) -> None:
    page = get(client, world, "/requirements/SAMPLE-DEMO/2/ramp.width")
    assert [w["weight"] for w in page["weights"]] == ["reference"]
    assert page["recalled"]["ru"] == "записано по памяти, не проверено"
    before, after = page["history"]
    assert (before["recalled"], before["adopted"][0]["weight"]) == (None, "binding")
    assert (after["recalled"], after["adopted"][0]["weight"]) == (page["recalled"], "reference")
    standard = get(client, world, "/standards/SAMPLE-DEMO/2")
    assert standard["recalled_count"] == 1


def test_only_the_edition_of_the_day_is_in_force(client: FlaskClient, world: World) -> None:
    for day, number in (("2021-10-31", "1"), ("2021-11-01", "2")):
        found = get(client, world, f"/standards?limit=200&profile={DEMO}&on={day}")["items"]
        assert [s["edition"] for s in found if s["standard"] == "SAMPLE-DEMO"] == [number]


def test_a_profile_shows_its_newest_version_and_keeps_the_first(
    client: FlaskClient, world: World
) -> None:
    page = get(client, world, f"/profiles/{DEMO}")
    first, newest = page["versions"]
    assert newest["sha256"] == page["sha256"]
    assert first["sha256"] == load_catalog().profile(DEMO).digest
    assert page["editions"][-1]["standard"] == "SAMPLE-DEMO"
