"""Revoking a tablet, and what it may still do."""

import hashlib
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from audit_api.domain.vocabulary import Role
from audit_api.services.sync import hand_in_quota
from audit_api.services.sync.hand_in_quota import Quota
from audit_api.storage.base import Database
from tests.factories import World, operation, push_body
from tests.http.tablets import API, Tablet


@pytest.fixture
def tablet(client: FlaskClient, database: Database, world: World) -> Tablet:
    """A new tablet."""
    return Tablet(client, database, world)


def revoke(
    tablet: Tablet, role: Role = Role.COORDINATOR, where: str = "near", reason: str = "Lost"
) -> TestResponse:
    return tablet.client.post(
        f"{API}/{tablet.id}/revocations",
        json={"reason": reason},
        headers=tablet.world.headers(role, where),
    )


def put(tablet: Tablet, data: bytes) -> TestResponse:
    return tablet.client.put(
        f"/api/v1/photos/{hashlib.sha256(data).hexdigest()}",
        data=data,
        headers=tablet.headers | {"Content-Type": "image/jpeg"},
    )


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ADMINISTRATOR])
def test_the_very_next_request_of_a_revoked_tablet_reads_nothing(
    tablet: Tablet, role: Role
) -> None:
    assert tablet.client.get("/api/v1/sync/pull", headers=tablet.headers).status_code == 200
    assert revoke(tablet, role).status_code == 201
    answer = tablet.client.get("/api/v1/sync/pull", headers=tablet.headers)
    assert answer.status_code == 403
    assert answer.json["type"] == "urn:audit-api:problem:device-revoked"


def test_what_a_revoked_tablet_hands_in_waits_in_quarantine(tablet: Tablet) -> None:
    revoke(tablet)
    [result] = tablet.hand_in(1)
    assert (result["status"], result["reason"]) == ("quarantined", "device-revoked")
    told = tablet.read()
    assert told["held_back"]["quarantined"] == 1
    assert told["owes_operations"] == 0


def test_its_photos_still_come_in(tablet: Tablet) -> None:
    tablet.hand_in(1)
    revoke(tablet)
    tablet.put_photos()
    assert tablet.read()["owes_photos"] == 0


def test_a_revocation_says_who_when_and_why(tablet: Tablet) -> None:
    told = revoke(tablet, reason="Left on a bus").json
    assert told["revoked_by"] == "Coordinator.Near"
    assert told["revoked_reason"] == "Left on a bus"
    assert told["revoked_at"]
    assert told == tablet.read()
    assert tablet.listed("revoked=true")
    assert tablet.listed("revoked=false") is None


def test_revoking_again_changes_nothing_and_is_logged_once(
    tablet: Tablet, database: Database
) -> None:
    first = revoke(tablet).json
    again = revoke(tablet, Role.ADMINISTRATOR, reason="Again")
    assert (again.status_code, again.json) == (200, first)
    with database.reading() as session:
        logged = session.execute(
            text("""select person_id from audit_log
                where what = 'device_revoked' and subject = :id"""),
            {"id": str(tablet.id)},
        ).all()
    assert [row[0] for row in logged] == [tablet.world.people[Role.COORDINATOR, "near"]]


def test_a_tablet_outside_answers_like_one_that_is_not(tablet: Tablet) -> None:
    outside = revoke(tablet, where="far")
    tablet.id, there = uuid4(), tablet.id
    unknown = revoke(tablet, where="far")
    tablet.id = there
    assert (outside.status_code, outside.json) == (404, unknown.json)
    assert tablet.read()["revoked_at"] is None


@pytest.mark.parametrize(
    "role", sorted(set(Role) - {Role.COORDINATOR, Role.ADMINISTRATOR}), ids=str
)
def test_nobody_else_revokes(tablet: Tablet, role: Role) -> None:
    assert revoke(tablet, role).status_code == 404
    assert tablet.read()["revoked_at"] is None


def test_a_revocation_needs_a_reason(tablet: Tablet) -> None:
    assert revoke(tablet, reason="").status_code == 422
    assert tablet.read()["revoked_at"] is None


# The quota


@pytest.fixture
def two_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    """A revoked tablet may hand in two photos, of 1,000 bytes in all."""
    monkeypatch.setattr(hand_in_quota, "PHOTOS", Quota(2, 1_000))


@pytest.mark.usefixtures("two_photos")
def test_beyond_its_number_of_photos_it_is_told_what_to_do(tablet: Tablet) -> None:
    revoke(tablet)
    photos = [f"{n} {tablet.id}".encode() for n in range(3)]
    assert [put(tablet, data).status_code for data in photos] == [201, 201, 429]
    refused = put(tablet, photos[2])
    assert refused.json["type"] == "urn:audit-api:problem:hand-in-quota-spent"
    assert "enrol it anew" in refused.json["detail"]
    assert refused.headers["Retry-After"] == str(refused.json["retry_after"])
    # What was kept stays kept, and a repeat is answered.
    assert put(tablet, photos[0]).status_code == 200


@pytest.mark.usefixtures("two_photos")
def test_beyond_its_bytes_of_photos_it_is_refused(tablet: Tablet) -> None:
    revoke(tablet)
    assert put(tablet, tablet.id.bytes * 50).status_code == 201
    assert put(tablet, tablet.id.bytes * 20).status_code == 429


@pytest.mark.usefixtures("two_photos")
def test_what_came_before_the_revocation_counts_for_nothing(tablet: Tablet) -> None:
    photos = [f"{n} {tablet.id}".encode() for n in range(5)]
    assert [put(tablet, data).status_code for data in photos[:3]] == [201] * 3
    revoke(tablet)
    assert [put(tablet, data).status_code for data in photos[3:]] == [201] * 2


@pytest.mark.usefixtures("two_photos")
def test_a_tablet_that_is_not_revoked_has_no_quota(tablet: Tablet) -> None:
    photos = [f"{n} {tablet.id}".encode() for n in range(4)]
    assert [put(tablet, data).status_code for data in photos] == [201] * 4


@pytest.fixture
def two_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    """A revoked tablet may hand in two operations."""
    monkeypatch.setattr(hand_in_quota, "OPERATIONS", Quota(2, 10**6))


def send(tablet: Tablet, *operations: bytes) -> TestResponse:
    return tablet.client.post(
        "/api/v1/sync/push",
        data=push_body(tablet.id, operations),
        headers=tablet.headers | {"Content-Type": "application/json"},
    )


@pytest.mark.usefixtures("two_operations")
def test_beyond_its_number_of_operations_it_is_told_what_to_do(
    tablet: Tablet, database: Database
) -> None:
    revoke(tablet)
    first, second, third = (operation(tablet.body(), seq=n) for n in (1, 2, 3))
    assert send(tablet, first).json["results"][0]["status"] == "quarantined"
    refused = send(tablet, second, third)
    assert refused.status_code == 429
    assert refused.json["type"] == "urn:audit-api:problem:hand-in-quota-spent"
    assert "Delete nothing on the tablet" in refused.json["detail"]
    assert refused.headers["Retry-After"] == str(refused.json["retry_after"])
    with database.reading() as session:
        kept = session.scalar(
            text("select count(*) from operation where device_id = :id"), {"id": tablet.id}
        )
    assert kept == 1


@pytest.mark.usefixtures("two_operations")
def test_what_is_kept_can_be_asked_for_again_beyond_the_quota(tablet: Tablet) -> None:
    revoke(tablet)
    kept = [operation(tablet.body(), seq=n) for n in (1, 2)]
    first = send(tablet, *kept)
    again = send(tablet, *kept)
    assert send(tablet, operation(tablet.body(), seq=3)).status_code == 429
    assert again.status_code == 200
    assert [r["op"] for r in again.json["results"]] == [r["op"] for r in first.json["results"]]
    assert all(r["replayed"] for r in again.json["results"])


@pytest.mark.usefixtures("two_operations")
def test_operations_before_the_revocation_count_for_nothing(tablet: Tablet) -> None:
    tablet.hand_in(1, 2, 3)
    revoke(tablet)
    assert len(tablet.hand_in(4, 5)) == 2


def test_an_operation_of_a_revoked_tablet_is_kept_to_the_byte(
    tablet: Tablet, database: Database
) -> None:
    revoke(tablet)
    data = operation(tablet.body(), seq=1)
    [result] = tablet.push(data)
    with database.reading() as session:
        raw = session.scalar(
            text("select raw from operation where op = cast(:op as uuid)"), {"op": result["op"]}
        )
    assert bytes(raw) == data
