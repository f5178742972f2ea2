"""What operators see: health, figures, logs, the manual; and a database that is away."""

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text

from audit_api.app import create_app
from audit_api.domain.vocabulary import Role
from audit_api.settings import Settings
from audit_api.storage.base import make_engine
from audit_api.storage.server_check import reasons_against
from tests.factories import World


def test_a_fit_server_is_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["bucket"]) == (200, "ok")


def test_a_database_behind_its_program_is_not_ready_and_says_what_to_do(
    new_settings: Callable[[], Settings],
) -> None:
    settings = new_settings()
    engine = make_engine(settings)
    with engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '0001'"))
    app = create_app(settings)
    answer = app.test_client().get("/readyz")
    app.extensions["database"].engine.dispose()
    assert answer.status_code == 503
    assert "audit-api database migrate" in answer.json["detail"]
    assert "migration 0001" in reasons_against(engine)[0]
    engine.dispose()


def test_a_bucket_that_is_not_there_is_not_ready(settings: Settings) -> None:
    app = create_app(replace(settings, s3=replace(settings.s3, bucket="nowhere")))
    answer = app.test_client().get("/readyz")
    app.extensions["database"].engine.dispose()
    assert answer.status_code == 503
    assert "bucket" in answer.json["detail"]


def test_a_database_in_another_encoding_is_refused(
    settings: Settings, new_settings: Callable[[], Settings]
) -> None:
    address, _ = settings.database_url.rsplit("/", 1)
    admin = create_engine(f"{address}/postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(
            text("create database latin encoding 'LATIN1' locale 'C' template template0")
        )
    admin.dispose()
    engine = make_engine(replace(settings, database_url=f"{address}/latin"))
    reasons = reasons_against(engine)
    engine.dispose()
    assert any("encoding is LATIN1" in reason for reason in reasons)


def test_a_server_that_may_lose_acknowledged_work_is_refused(settings: Settings) -> None:
    engine = create_engine(
        settings.database_url, connect_args={"options": "-c synchronous_commit=off"}
    )
    reasons = reasons_against(engine)
    engine.dispose()
    assert reasons == [
        "synchronous_commit is off, so that a power cut loses acknowledged work; switch it on"
    ]


def test_a_database_that_is_away_is_503_and_says_that_nothing_was_lost(
    settings: Settings, world: World
) -> None:
    app = create_app(replace(settings, database_url="postgresql+psycopg://x:x@127.0.0.1:9/x"))
    client = app.test_client()
    for answer in (
        client.get("/api/v1/violations", headers=world.headers(Role.PROSECUTOR)),
        client.post("/api/v1/sync/push", data=b"{}", headers=world.device_headers()),
        client.get("/readyz"),
    ):
        assert answer.status_code == 503
        assert answer.content_type == "application/problem+json"
    app.extensions["database"].engine.dispose()


def test_every_answer_has_a_request_id_and_takes_a_sane_one_from_the_caller(
    client: FlaskClient,
) -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", client.get("/healthz").headers["X-Request-Id"])
    sent = client.get("/healthz", headers={"X-Request-Id": "front-12345678"})
    assert sent.headers["X-Request-Id"] == "front-12345678"


@pytest.mark.parametrize(
    "path", ["/a%0d%0aFAKE: line", "/a%1b[31mred", "/a%e2%80%aeRTL", "/%ff%fe"], ids=repr
)
def test_whatever_a_caller_writes_a_log_event_is_one_json_line(
    settings: Settings, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    app = create_app(replace(settings, log_level="INFO"))
    evil = {"X-Request-Id": "x\x1b[31m", "User-Agent": "y"}
    app.test_client().get(path, headers=evil)
    app.extensions["database"].engine.dispose()
    lines = capsys.readouterr().err.splitlines()
    create_app(settings).extensions["database"].engine.dispose()
    assert len(lines) == 1
    event = json.loads(lines[0])
    assert event["event"] == "request"
    assert all(character.isprintable() for character in lines[0])


def test_the_figures_count_requests(client: FlaskClient) -> None:
    client.get("/healthz")
    assert b'audit_api_requests_total{endpoint="health.healthz"' in client.get("/metrics").data


def test_the_manual_asks_nobody_outside(client: FlaskClient) -> None:
    page = client.get("/api/docs")
    assert page.status_code == 200
    assert b"http://" not in page.data
    assert b"https://" not in page.data
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    for asset in re.findall(rb'(?:src|href)="([^"]+)"', page.data):
        with client.get(asset.decode()) as answer:
            assert answer.status_code == 200


def test_the_openapi_document_is_3_1_and_says_problems_as_problem_json(app: Flask) -> None:
    document = app.test_client().get("/openapi.json").json
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method == "parameters":
                continue
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], (path, status)
