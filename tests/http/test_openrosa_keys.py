"""Keys of ODK Collect: made for an inspector, shown once, revoked with their device."""

import hashlib
import logging
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from audit_api.domain.vocabulary import Role
from audit_api.http.observing import redacted
from audit_api.storage.audit_log import AuditEntry
from audit_api.storage.base import Database
from audit_api.storage.people import Device, OpenRosaKey
from tests.factories import World

KEYS = "/api/v1/openrosa/keys"


def made(client: FlaskClient, world: World, username: str = "inspector.near") -> dict[str, str]:
    answer = client.post(
        KEYS, json={"username": username}, headers=world.headers(Role.ADMINISTRATOR)
    )
    assert answer.status_code == 201, answer.json
    found: dict[str, str] = answer.json
    return found


def test_a_key_is_a_device_of_its_own_and_its_token_is_not_kept(
    client: FlaskClient, world: World, database: Database
) -> None:
    key = made(client, world)
    assert len(key["token"]) == 64
    with database.reading() as session:
        device = session.get_one(Device, key["device"])
        assert (device.channel, device.public_key) == ("openrosa", None)
        assert device.owner_id == world.people[Role.INSPECTOR, "near"]
        assert device.name == "ODK Collect of Inspector.Near"
        row = session.scalars(select(OpenRosaKey).where(OpenRosaKey.id == key["id"])).one()
        assert row.token_sha256 == hashlib.sha256(key["token"].encode()).digest()
        assert device.token_sha256 != row.token_sha256
        what = session.scalars(select(AuditEntry.what).where(AuditEntry.subject == key["id"]))
        assert what.all() == ["openrosa_key_made"]


def test_the_token_opens_nothing_of_a_tablet(client: FlaskClient, world: World) -> None:
    for prefix in ("", "aad_", "aas_"):
        token = {"Authorization": f"Bearer {prefix}{made(client, world)['token']}"}
        assert client.get("/api/v1/sync/pull", headers=token).status_code == 401


@pytest.mark.parametrize(("username", "status"), [("inspector.far", 404), ("nobody", 404)])
def test_a_person_outside_the_grants_is_unknown(
    client: FlaskClient, world: World, username: str, status: int
) -> None:
    answer = client.post(
        KEYS, json={"username": username}, headers=world.headers(Role.ADMINISTRATOR)
    )
    assert answer.status_code == status


def test_only_an_inspector_gets_a_key(client: FlaskClient, world: World) -> None:
    headers = world.headers(Role.ADMINISTRATOR)
    answer = client.post(KEYS, json={"username": "prosecutor.near"}, headers=headers)
    assert answer.status_code == 422
    assert "no inspector" in answer.json["detail"]


def test_the_list_of_tablets_tells_keys_apart(client: FlaskClient, world: World) -> None:
    key = made(client, world)
    headers = world.headers(Role.COORDINATOR)
    found = client.get("/api/v1/devices?channel=openrosa", headers=headers).json["items"]
    assert key["device"] in {item["id"] for item in found}
    assert {item["channel"] for item in found} == {"openrosa"}
    tablets = client.get("/api/v1/devices?channel=sync", headers=headers).json["items"]
    assert {item["channel"] for item in tablets} == {"sync"}


def test_revoking_the_device_revokes_the_key(
    client: FlaskClient, world: World, database: Database
) -> None:
    key = made(client, world)
    answer = client.post(
        f"/api/v1/devices/{key['device']}/revocations",
        json={"reason": "lost"},
        headers=world.headers(Role.ADMINISTRATOR),
    )
    assert answer.status_code == 201
    with database.reading() as session:
        revoked = text("select revoked_at is not null from openrosa_key where id = :id")
        assert session.scalar(revoked, {"id": key["id"]}) is True
        what = select(AuditEntry.what).where(AuditEntry.subject == key["id"])
        assert "openrosa_key_revoked" in session.scalars(what).all()


def test_a_log_line_has_no_token() -> None:
    token = "f" * 64
    assert redacted(f"/openrosa/key/{token}/formList") == "/openrosa/key/[token]/formList"
    assert redacted(f"GET /OpenRosa/key/{token}?deviceID=x") == (
        "GET /OpenRosa/key/[token]?deviceID=x"
    )


def test_the_web_servers_error_log_has_no_token(
    project_root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = logging.getLogger("test.gunicorn.error")
    worker = SimpleNamespace(log=SimpleNamespace(error_log=log))
    runpy.run_path(str(project_root / "gunicorn.conf.py"))["post_worker_init"](worker)
    log.error("Error handling request %s %s", "GET", f"/openrosa/key/{'f' * 64}/formList")
    assert caplog.messages == ["Error handling request GET /openrosa/key/[token]/formList"]
