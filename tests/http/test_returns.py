"""Technical supervision sends an inspection back; the inspector's tablet hears of it."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import World, make_person, make_session_token
from tests.http.assigning import a_site, visit

REASON = "The ramp's width was measured outside the handrails. Measure between them."


@pytest.fixture
def site(database: Database, world: World) -> UUID:
    """A station of the near district that no other test touches."""
    return a_site(database, world)


def send_back(
    client: FlaskClient,
    world: World,
    inspection: str,
    rev: int = 1,
    *,
    reason: str = REASON,
    headers: dict[str, str] | None = None,
) -> TestResponse:
    return client.post(
        f"/api/v1/inspections/{inspection}/returns",
        json={"rev": rev, "reason": reason},
        headers=headers or world.headers(Role.TECHNICAL_SUPERVISOR),
    )


def on_the_tablet(client: FlaskClient, world: World, inspection: str) -> Any:
    """The inspection as the inspector's tablet pulls it."""
    page = client.get("/api/v1/sync/pull?limit=1000", headers=world.device_headers()).json
    return next(item[3] for item in page["items"] if item[2] == inspection)


def read(client: FlaskClient, world: World, inspection: str) -> Any:
    headers = world.headers(Role.INSPECTOR)
    return client.get(f"/api/v1/inspections/{inspection}", headers=headers).json


def test_a_return_arrives_at_the_inspectors_next_pull_with_its_reason(
    client: FlaskClient, world: World, site: UUID
) -> None:
    inspection = visit(client, world, site)
    doc = on_the_tablet(client, world, inspection)
    assert (doc["state"], doc["returned"]) == ("current", None)
    answer = send_back(client, world, inspection)
    assert answer.status_code == 201, answer.text
    doc = on_the_tablet(client, world, inspection)
    assert doc["state"] == "returned"
    assert doc["returned"]["reason"] == REASON
    assert doc["returned"]["rev"] == 1
    assert doc["returned"]["by"] == "Technical_Supervisor.Near"
    assert doc["returned"]["at"]


def test_the_inspection_itself_shows_that_it_was_returned(
    client: FlaskClient, world: World, site: UUID
) -> None:
    inspection = visit(client, world, site)
    assert read(client, world, inspection)["returns"] == []
    returns = send_back(client, world, inspection).json["items"]
    found = read(client, world, inspection)
    assert found["state"] == "returned"
    assert found["returns"] == returns


def test_a_new_revision_answers_it_and_the_return_stays_in_history(
    client: FlaskClient, world: World, site: UUID
) -> None:
    inspection = visit(client, world, site)
    send_back(client, world, inspection)
    visit(client, world, site, entity=UUID(inspection), base={"rev": 1})
    doc = on_the_tablet(client, world, inspection)
    assert (doc["rev"], doc["state"], doc["returned"]) == (2, "current", None)
    found = read(client, world, inspection)
    assert found["state"] == "awaiting_photos"
    assert [(one["rev"], one["reason"]) for one in found["returns"]] == [(1, REASON)]


def test_the_answer_may_be_returned_in_its_turn(
    client: FlaskClient, world: World, site: UUID
) -> None:
    inspection = visit(client, world, site)
    send_back(client, world, inspection)
    visit(client, world, site, entity=UUID(inspection), base={"rev": 1})
    answer = send_back(client, world, inspection, 2, reason="Still outside.")
    assert answer.status_code == 201
    assert [one["rev"] for one in answer.json["items"]] == [1, 2]


def test_returning_again_answers_the_return_that_stands(
    client: FlaskClient, world: World, database: Database, site: UUID
) -> None:
    inspection = visit(client, world, site)
    first = send_back(client, world, inspection)
    again = send_back(client, world, inspection, reason="Something else")
    assert again.status_code == 200
    assert again.json == first.json
    with database.reading() as session:
        logged = session.scalar(
            text("""select count(*) from audit_log
                where what = 'inspection_returned' and subject = :id"""),
            {"id": inspection},
        )
    assert logged == 1


@pytest.mark.parametrize("rev", [1, 3])
def test_only_the_current_revision_is_returned(
    client: FlaskClient, world: World, site: UUID, rev: int
) -> None:
    inspection = visit(client, world, site)
    visit(client, world, site, entity=UUID(inspection), base={"rev": 1})
    answer = send_back(client, world, inspection, rev)
    assert answer.status_code == 409
    assert answer.json["type"] == "urn:audit-api:problem:not-current"
    assert answer.json["rev"] == 2
    assert on_the_tablet(client, world, inspection)["state"] == "current"


def test_nobody_returns_the_own_inspection(
    client: FlaskClient, world: World, database: Database, site: UUID
) -> None:
    inspection = visit(client, world, site)
    with database.writing() as session:
        inspector = world.people[Role.INSPECTOR, "near"]
        session.execute(
            text("""insert into person_grant (id, person_id, role, territory_id, granted_at)
                values (:id, :person, 'technical_supervisor', :territory, now())"""),
            {"id": uuid4(), "person": inspector, "territory": world.territories["near-1"]},
        )
    answer = send_back(client, world, inspection, headers=world.headers(Role.INSPECTOR))
    with database.writing() as session:
        session.execute(
            text(
                "delete from person_grant where role = 'technical_supervisor' "
                "and person_id = :person"
            ),
            {"person": inspector},
        )
    assert answer.status_code == 403
    assert answer.json["type"] == "urn:audit-api:problem:four-eyes"
    assert on_the_tablet(client, world, inspection)["state"] == "current"


def test_an_inspection_outside_answers_like_one_that_is_not(
    client: FlaskClient, world: World, site: UUID
) -> None:
    inspection = visit(client, world, site)
    far = world.headers(Role.TECHNICAL_SUPERVISOR, "far")
    outside = send_back(client, world, inspection, headers=far)
    unknown = send_back(client, world, str(uuid4()), headers=far)
    assert (outside.status_code, outside.json) == (404, unknown.json)
    assert on_the_tablet(client, world, inspection)["state"] == "current"


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.TECHNICAL_SUPERVISOR}), ids=str)
def test_only_technical_supervision_returns(
    client: FlaskClient, world: World, site: UUID, role: Role
) -> None:
    inspection = visit(client, world, site)
    answer = send_back(client, world, inspection, headers=world.headers(role))
    assert answer.status_code == 404


def test_a_supervisor_of_one_aimak_returns_nothing_of_another(
    client: FlaskClient, world: World, database: Database, site: UUID
) -> None:
    inspection = visit(client, world, site)
    with database.writing() as session:
        grants = [(Role.TECHNICAL_SUPERVISOR, world.territories["near-2"])]
        token = make_session_token(session, make_person(session, f"s.{uuid4().hex}", grants))
    headers = {"Authorization": f"Bearer {token}"}
    assert send_back(client, world, inspection, headers=headers).status_code == 404


@pytest.mark.parametrize(
    "said",
    [{"rev": 1}, {"rev": 1, "reason": ""}, {"reason": REASON}, {"rev": "1", "reason": REASON},
     {"rev": 0, "reason": REASON}],
    ids=["no reason", "empty reason", "no revision", "revision as text", "revision 0"],
)  # fmt: skip
def test_a_return_names_its_revision_and_reason(
    client: FlaskClient, world: World, site: UUID, said: dict[str, Any]
) -> None:
    inspection = visit(client, world, site)
    headers = world.headers(Role.TECHNICAL_SUPERVISOR)
    address = f"/api/v1/inspections/{inspection}/returns"
    assert client.post(address, json=said, headers=headers).status_code == 422
    assert read(client, world, inspection)["returns"] == []
