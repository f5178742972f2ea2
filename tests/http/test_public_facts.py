"""What the public reads: nothing until somebody decides, then what supervision has established."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import CAMPAIGN, World, make_person, make_session_token
from tests.http.merging import Meeting
from tests.http.test_adjudications import NARROW, decide

PUBLIC = f"/api/v1/public/{CAMPAIGN}"
PUBLICATIONS = f"/api/v1/campaigns/{CAMPAIGN}/publications"
ON = {"public": True, "reason": "Order № 5"}
OFF = {"public": False, "reason": "Order № 6"}


@pytest.fixture(scope="module")
def meeting(client: FlaskClient, database: Database, world: World) -> Meeting:
    return Meeting(client, database, world)


@pytest.fixture(scope="module", autouse=True)
def _headquarters(database: Database, world: World) -> None:
    """A coordinator of the whole region, whose campaign it is."""
    with database.writing() as session:
        grant = (Role.COORDINATOR, world.territories["region"])
        person = make_person(session, "coordinator.region", [grant])
        world.tokens[Role.COORDINATOR, "region"] = make_session_token(session, person)


def decide_publicly(
    client: FlaskClient,
    world: World,
    said: Any,
    role: Role = Role.COORDINATOR,
    where: str = "region",
) -> int:
    headers = world.headers(role, where)
    return client.post(PUBLICATIONS, json=said, headers=headers).status_code


@pytest.fixture
def published(client: FlaskClient, world: World) -> Iterator[None]:
    assert decide_publicly(client, world, ON) == 201
    yield
    assert decide_publicly(client, world, OFF) in (200, 201)


def feature(client: FlaskClient, world: World, site: UUID, kind: str = "geojson") -> Any:
    """The feature of a site's station."""
    [station] = client.get(f"/api/v1/sites/{site}", headers=world.headers(Role.COORDINATOR)).json[
        "stations"
    ]
    answer = client.get(f"{PUBLIC}/stations.{kind}")
    assert answer.status_code == 200, answer.text
    wanted = f"{CAMPAIGN}/{station['number']}"
    return next(
        one
        for one in answer.json["features"]
        if wanted in (one.get("id"), one["properties"].get("originalId"))
    )


def test_nothing_is_public_until_somebody_decides_it(client: FlaskClient, world: World) -> None:
    for kind in ("geojson", "a11y.json"):
        assert client.get(f"{PUBLIC}/stations.{kind}").status_code == 404
    assert decide_publicly(client, world, ON) == 201
    assert decide_publicly(client, world, ON) == 200
    answer = client.get(f"{PUBLIC}/stations.geojson")
    assert answer.status_code == 200
    assert answer.content_type == "application/geo+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "public" in answer.headers["Cache-Control"]
    assert decide_publicly(client, world, OFF) == 201
    assert client.get(f"{PUBLIC}/stations.geojson").status_code == 404


def test_who_decides_is_named_in_the_audit_log(
    client: FlaskClient, world: World, database: Database, published: None
) -> None:
    with database.reading() as session:
        newest = session.execute(
            text(
                "select p.username from publication n join person p on p.id = n.decided_by"
                " order by n.n desc limit 1"
            )
        ).scalar_one()
    assert newest == "coordinator.region"


@pytest.mark.parametrize("role", [Role.PROSECUTOR, Role.TECHNICAL_SUPERVISOR, Role.LSG_HEAD])
def test_other_roles_and_parts_of_the_territory_do_not_decide(
    client: FlaskClient, world: World, role: Role
) -> None:
    assert decide_publicly(client, world, ON, role, "near") == 404
    assert decide_publicly(client, world, ON, Role.COORDINATOR, "near") == 404


def test_a_station_is_told_once_every_violation_is_decided(
    client: FlaskClient, world: World, meeting: Meeting, published: None
) -> None:
    site = meeting.site()
    assert feature(client, world, site)["properties"]["established"] is False
    assert meeting.visit(meeting.pad(), site, answers=NARROW)["status"] == "applied"
    waiting = feature(client, world, site)["properties"]
    assert waiting["established"] is False
    assert waiting["accessibility"] is None
    assert waiting["barriers"] is None
    assert "accessibility" not in feature(client, world, site, "a11y.json")["properties"]
    address = f"/api/v1/violations?site={site}"
    violations = client.get(address, headers=world.headers(Role.PROSECUTOR)).json["items"]
    for violation in violations:
        assert decide(meeting, violation["id"], "confirm").status_code == 201
    told = feature(client, world, site)["properties"]
    assert told["established"] is True
    assert len(told["barriers"]) == len(violations)
    assert told["barriers"][0]["title"].keys() == {"ky", "ru", "en"}
    assert told["accessibility"]["wheelchair"] == "not accessible"
    place = feature(client, world, site, "a11y.json")
    assert place["properties"]["accessibility"]["wheelchairAccessibilityGrade"] == "not"
    assert place["properties"]["accessibility"]["accessibleWith"]["wheelchair"] is False
    assert place["geometry"]["type"] == "Point"


def test_no_person_photo_or_count_is_public(
    client: FlaskClient, world: World, meeting: Meeting, published: None
) -> None:
    site = meeting.site()
    assert meeting.visit(meeting.pad(), site, answers=NARROW)["status"] == "applied"
    properties = feature(client, world, site)["properties"]
    assert properties.keys() == {
        "number", "name", "address", "territory_name", "established", "synthetic",
        "accessibility", "barriers", "seen_on",
    }  # fmt: skip
    whole = client.get(f"{PUBLIC}/stations.geojson").text
    assert "inspector" not in whole
    assert "sha256" not in whole
    assert str(site) not in whole
