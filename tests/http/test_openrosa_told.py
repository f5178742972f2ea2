"""Who is told what by ODK Collect: revoked keys, the person's language, the catalogue's words."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import World
from tests.field_schema.bodies import measurement
from tests.http.collecting import Filled, jpeg, key_of, message, ramp, send


def one(database: Database, sql: str, **values: Any) -> Any:
    with database.reading() as session:
        return session.execute(text(sql), values).scalar_one()


def test_a_revoked_key_may_still_hand_in_and_it_waits(
    client: FlaskClient, world: World, database: Database
) -> None:
    key = key_of(database, world)
    device = one(
        database,
        "select id from device where channel = 'openrosa' order by enrolled_at desc, id limit 1",
    )
    answer = client.post(
        f"/api/v1/devices/{device}/revocations",
        json={"reason": "Lost in the bus."},
        headers=world.headers(Role.ADMINISTRATOR),
    )
    assert answer.status_code in (200, 201, 204), answer.text
    filled = Filled(ramp(world), {None: "a.jpg"})
    assert client.head(f"{key}/submission").status_code == 204
    sent = send(client, key, filled.xml(), {"a.jpg": jpeg(1)})
    assert (sent.status_code, "waits" in message(sent)) == (201, True)
    status = one(
        database,
        """select o.result ->> 'reason' from operation o join openrosa_instance i on i.op = o.op
        where i.instance_id = :id""",
        id=filled.instance,
    )
    assert status == "device-revoked"


@pytest.mark.parametrize(
    ("language", "words"),
    [("ky", "Текшерүү келди."), ("ru", "Проверка получена."), ("en", "The inspection has")],
)
def test_the_message_is_in_the_language_of_the_key_s_owner(
    client: FlaskClient, world: World, database: Database, language: str, words: str
) -> None:
    with database.writing() as session:
        session.execute(
            text("update person set language = :language where id = :id"),
            {"language": language, "id": world.people[Role.INSPECTOR, "near"]},
        )
    key = key_of(database, world)
    assert words in message(send(client, key, Filled(ramp(world)).xml()))
    bad = Filled(ramp(world, width_mm=measurement(99_999_999)))
    refused = send(client, key, bad.xml())
    assert (refused.status_code, "width_mm" in message(refused)) == (422, True)
