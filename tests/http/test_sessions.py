"""Signing in and out, and enrolling tablets."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.vocabulary import Language, Role
from audit_api.services.manage_people import add_grant, add_person
from audit_api.storage.base import Database
from tests.factories import AT, World

SESSIONS = "/api/v1/sessions"
CODES = "/api/v1/devices/codes"
ENROL = "/api/v1/devices/enrol"
PASSWORD = "a long enough password"


@pytest.fixture(scope="module", autouse=True)
def _aida(database: Database, world: World) -> None:
    with database.writing() as session:
        person = add_person(
            session,
            username="aida",
            full_name="Аида",
            password=PASSWORD,
            language=Language.KY,
            at=AT,
        )
        add_grant(session, person, Role.PROSECUTOR, "N", at=AT)


@pytest.fixture(autouse=True)
def _no_failures_yet(database: Database) -> Iterator[None]:
    yield
    with database.writing() as session:
        session.execute(text("delete from failed_sign_in"))


def sign_in(client: FlaskClient, **said: Any) -> Any:
    return client.post(SESSIONS, json=said)


def test_signing_in_gives_a_token_that_opens_lists(client: FlaskClient, world: World) -> None:
    answer = sign_in(client, username="aida", password=PASSWORD)
    assert answer.status_code == 201
    assert answer.json.keys() == {"token", "expires_at", "user"}
    assert answer.json["user"]["grants"] == [{"role": "prosecutor", "territory": "N"}]
    headers = {"Authorization": f"Bearer {answer.json['token']}"}
    assert client.get("/api/v1/violations", headers=headers).status_code == 200
    assert client.get(f"{SESSIONS}/current", headers=headers).json == answer.json["user"]


def test_a_wrong_password_and_an_unknown_name_are_told_the_same(client: FlaskClient) -> None:
    wrong = sign_in(client, username="aida", password="wrong")
    unknown = sign_in(client, username="nobody", password="wrong")
    assert wrong.status_code == 401
    assert wrong.data == unknown.data


def test_after_ten_failures_even_the_right_password_has_to_wait(client: FlaskClient) -> None:
    for _ in range(10):
        assert sign_in(client, username="aida", password="wrong").status_code == 401
    answer = sign_in(client, username="aida", password=PASSWORD)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_after_signing_out_the_token_is_worth_nothing(client: FlaskClient) -> None:
    token = sign_in(client, username="aida", password=PASSWORD).json["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert client.delete(f"{SESSIONS}/current", headers=headers).status_code == 204
    assert client.get(f"{SESSIONS}/current", headers=headers).status_code == 401


def test_a_grant_taken_away_is_gone_at_once(client: FlaskClient, database: Database) -> None:
    token = sign_in(client, username="aida", password=PASSWORD).json["token"]
    headers = {"Authorization": f"Bearer {token}"}
    with database.writing() as session:
        session.execute(
            text("""update person_grant set revoked_at = now() where person_id =
                (select id from person where username = 'aida')""")
        )
    gone = client.get("/api/v1/violations", headers=headers).status_code
    with database.writing() as session:
        session.execute(text("update person_grant set revoked_at = null"))
    assert gone == 404


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer aas_" + "0" * 43, "Bearer \xff", "Bearer a b"],
)
def test_what_is_no_token_opens_nothing(client: FlaskClient, world: World, header: str) -> None:
    answer = client.get("/api/v1/violations", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({}, 422),
        ({"username": "aida"}, 422),
        ({"username": "aida", "password": 5}, 422),
        ({"username": ["aida"], "password": "x"}, 422),
        ({"username": "a\nb", "password": "x"}, 422),
        ({"username": "aida", "password": "x", "role": "administrator"}, 422),
        ({"username": "aida", "password": "x" * 2000}, 422),
    ],
)
def test_a_sign_in_of_another_shape_is_refused(
    client: FlaskClient, said: dict[str, Any], status: int
) -> None:
    assert sign_in(client, **said).status_code == status


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b'{"username":"a","username":"b"}', b'{"username":NaN}', b"\xff",
     b"[" * 100_000, rb'{"username":"\u0000"}', rb'{"username":"\ud800"}'],
    ids=["empty", "cut", "list", "null", "twins", "NaN", "not UTF-8", "deep", "NUL", "surrogate"],
)  # fmt: skip
def test_a_body_that_is_no_json_object_is_refused(client: FlaskClient, data: bytes) -> None:
    answer = client.post(SESSIONS, data=data, content_type="application/json")
    assert answer.status_code in (400, 422)
    assert answer.content_type == "application/problem+json"


def enrol(client: FlaskClient, code: str, **said: Any) -> Any:
    return client.post(ENROL, json={"code": code, "name": "Tablet"} | said)


def test_a_code_enrols_one_tablet_once(client: FlaskClient, world: World) -> None:
    headers = world.headers(Role.ADMINISTRATOR)
    made = client.post(CODES, json={"username": "inspector.near"}, headers=headers)
    assert made.status_code == 201
    first = enrol(client, made.json["code"].lower())
    assert first.status_code == 201
    assert first.json["owner"] == "inspector.near"
    again = enrol(client, made.json["code"])
    assert (again.status_code, again.json["type"]) == (
        422,
        "urn:audit-api:problem:enrolment-code-not-usable",
    )
    pulled = client.get(
        "/api/v1/sync/pull", headers={"Authorization": f"Bearer {first.json['token']}"}
    )
    assert pulled.status_code == 200


@pytest.mark.parametrize("username", ["inspector.far", "nobody"])
def test_a_person_outside_the_grants_is_as_unknown_as_nobody(
    client: FlaskClient, world: World, username: str
) -> None:
    headers = world.headers(Role.ADMINISTRATOR)
    answer = client.post(CODES, json={"username": username}, headers=headers)
    unknown = client.post(CODES, json={"username": "nobody at all"}, headers=headers)
    assert (answer.status_code, answer.data) == (404, unknown.data)


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.ADMINISTRATOR])
def test_only_administrators_make_codes(client: FlaskClient, world: World, role: Role) -> None:
    answer = client.post(CODES, json={"username": "inspector.near"}, headers=world.headers(role))
    assert answer.status_code == 404


def test_a_revoked_tablet_reads_nothing(
    client: FlaskClient, world: World, database: Database
) -> None:
    code = client.post(
        CODES, json={"username": "inspector.near"}, headers=world.headers(Role.ADMINISTRATOR)
    ).json["code"]
    enrolled = enrol(client, code).json
    with database.writing() as session:
        session.execute(
            text("update device set revoked_at = now() where id = :id"),
            {"id": UUID(enrolled["device"])},
        )
    headers = {"Authorization": f"Bearer {enrolled['token']}"}
    assert client.get("/api/v1/sync/pull", headers=headers).status_code == 403
    assert client.get("/api/v1/catalog", headers=headers).status_code == 403
