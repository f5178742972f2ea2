"""A request that is sent twice under one key is carried out once."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from audit_api.domain.vocabulary import Role
from audit_api.services.sweep import sweep
from tests.factories import CAMPAIGN
from tests.http.serving import ACTS, DEMAND, LISTS, Office, body_of, somebody


def key() -> str:
    """A new key, as the header says it."""
    return f'"{uuid4()}"'


def letter(site: UUID, **changes: Any) -> dict[str, Any]:
    """A list of what a site has, to somebody new."""
    said = {"campaign": CAMPAIGN, "addressee": somebody(), "filters": {"site": str(site)}}
    return said | changes


def send(
    office: Office,
    path: str,
    said: dict[str, Any],
    named: str,
    *,
    role: Role = Role.PROSECUTOR,
    where: str = "near",
) -> TestResponse:
    """Post it under a key."""
    headers = office.world.headers(role, where) | {"Idempotency-Key": named}
    return office.client.post(path, json=said, headers=headers)


def lists_of(office: Office, site: UUID) -> int:
    """How many lists a site's violations are in."""
    path = f"{LISTS}?violation={office.violations(site)[0]}"
    return len(office.get(path).json["items"])


def test_a_list_that_is_sent_twice_is_served_once(office: Office) -> None:
    site, named = office.broken(), key()
    said = letter(site)
    first, second = (send(office, LISTS, said, named) for _ in range(2))
    assert first.status_code == 201, first.text
    assert (second.status_code, second.data) == (201, first.data)
    assert second.headers["Location"] == first.headers["Location"]
    assert lists_of(office, site) == 1
    assert office.served(site)["number"] == first.json["number"] + 1


def test_without_a_key_it_is_served_twice(office: Office) -> None:
    site = office.broken()
    office.served(site)
    office.served(site)
    assert lists_of(office, site) == 2


def test_an_act_that_is_sent_twice_is_issued_once_and_shows_how_it_stands(office: Office) -> None:
    site, named = office.broken(), key()
    said = {
        "kind": "order",
        "demand": DEMAND,
        "answer_due_on": "2999-01-01",
        "campaign": CAMPAIGN,
        "addressee": body_of("N1"),
        "violations": office.violations(site),
    }
    first = send(office, ACTS, said, named)
    assert first.status_code == 201, first.text
    assert send(office, ACTS, said, named).data == first.data
    assert office.answer(first.json["id"]).status_code == 200
    later = send(office, ACTS, said, named)
    assert (later.status_code, later.json["document"]) == (201, first.json["document"])
    assert later.json["state"] == "answered"


def test_an_answer_and_a_decision_that_are_sent_twice_are_taken_once(office: Office) -> None:
    act = office.act()["id"]
    answers, decisions = f"{ACTS}/{act}/answers", f"{ACTS}/{act}/decisions"
    said, named = {"answer": "The ramp is ordered."}, key()
    twice = [send(office, answers, said, named, role=Role.LSG_HEAD) for _ in range(2)]
    assert [one.status_code for one in twice] == [200, 200]
    assert twice[0].data == twice[1].data
    assert send(office, answers, said, key(), role=Role.LSG_HEAD).status_code == 409
    said, named = {"decision": "fulfil", "reason": "Seen on the spot."}, key()
    twice = [send(office, decisions, said, named) for _ in range(2)]
    assert [one.status_code for one in twice] == [200, 200]
    assert twice[0].data == twice[1].data


def test_an_adjudication_that_is_sent_twice_is_made_once(office: Office) -> None:
    site = office.broken(confirmed=False)
    path = f"/api/v1/violations/{office.violations(site)[0]}"
    headers = office.world.headers(Role.TECHNICAL_SUPERVISOR)
    rev = office.client.get(path, headers=headers).json["rev"]
    said, named = {"decision": "confirm", "rev": rev, "reason": "Seen in the photo."}, key()
    supervisor = Role.TECHNICAL_SUPERVISOR
    twice = [send(office, f"{path}/adjudications", said, named, role=supervisor) for _ in range(2)]
    assert [one.status_code for one in twice] == [201, 201]
    assert twice[0].data == twice[1].data
    assert send(office, f"{path}/adjudications", said, key(), role=supervisor).status_code == 409


@pytest.mark.parametrize("other", ["body", "route"])
def test_a_key_stands_for_one_request(office: Office, other: str) -> None:
    site, named = office.broken(), key()
    said = letter(site)
    assert send(office, LISTS, said, named).status_code == 201
    if other == "body":
        again = send(office, LISTS, said | {"skip_not_ready": True}, named)
    else:
        act = {"kind": "order", "demand": DEMAND, "answer_due_on": "2999-01-01"}
        over = {"served_list": send(office, LISTS, said, named).json["id"]}
        again = send(office, ACTS, act | over, named)
    assert again.status_code == 422, again.text
    assert again.json["type"].endswith(":idempotency-key-reused")
    assert f"POST {LISTS}" in again.json["detail"]
    assert lists_of(office, site) == 1


def test_a_key_is_its_persons_alone(office: Office) -> None:
    near, far, named = office.broken(), office.broken("far-1"), key()
    first = send(office, LISTS, letter(near), named)
    theirs = send(office, LISTS, letter(far, addressee=somebody("F1")), named, where="far")
    assert (first.status_code, theirs.status_code) == (201, 201)
    assert theirs.json["office"] == "F"


def test_what_was_refused_may_be_sent_again_under_its_key(office: Office) -> None:
    site, named = office.broken(confirmed=False), key()
    said = letter(site)
    assert send(office, LISTS, said, named).status_code == 422
    office.adjudicate(site)
    assert send(office, LISTS, said, named).status_code == 201


@pytest.mark.parametrize(
    "named",
    [
        str(uuid4()),
        '"short"',
        f'"{"x" * 65}"',
        f'"{uuid4()}";a=1',
        f'"{uuid4()} {uuid4()}"',
        '"ключ-ключ-ключ-ключ"'.encode().decode("latin-1"),
        "",
    ],
    ids=["bare", "short", "long", "with parameters", "with a space", "not ASCII", "empty"],
)
def test_a_key_that_is_none_is_refused_by_name(office: Office, named: str) -> None:
    answer = send(office, LISTS, letter(office.broken()), named)
    assert answer.status_code == 400, answer.text
    assert answer.json["detail"].startswith("Idempotency-Key:")


@contextmanager
def numbers_held(office: Office) -> Iterator[Session]:
    """Nobody gets a number of a list as long as this lasts."""
    with office.database.writing() as session:
        session.execute(text("select from office_number where series = 'served_list' for update"))
        assert session.scalar(
            text("select count(*) from office_number where series = 'served_list'")
        )
        yield session


def until_it_waits(session: Session) -> int:
    """The server process of the request that waits for a number."""
    waits = text("""select pid from pg_stat_activity
        where wait_event_type = 'Lock' and query like '%office_number%'""")
    for _ in range(200):
        found = session.scalar(waits)
        if found is not None:
            return int(found)
        session.execute(text("select pg_stat_clear_snapshot()"))
        time.sleep(0.05)
    raise AssertionError("nothing waits")


def test_while_the_first_runs_a_repeat_is_told_to_wait(app: Flask, office: Office) -> None:
    site, named = office.broken(), key()
    office.served(office.broken())
    said = letter(site)
    other = Office(app.test_client(), office.database, office.world)
    with ThreadPoolExecutor(1) as meanwhile:
        with numbers_held(office) as session:
            first = meanwhile.submit(send, other, LISTS, said, named)
            until_it_waits(session)
            early = send(office, LISTS, said, named)
        made = first.result()
    assert (early.status_code, early.headers["Retry-After"]) == (409, "1")
    assert early.json["type"].endswith(":request-still-running")
    assert made.status_code == 201
    assert send(office, LISTS, said, named).data == made.data
    assert lists_of(office, site) == 1


def test_many_at_once_serve_one_list(app: Flask, office: Office) -> None:
    site, named = office.broken(), key()
    said = letter(site)
    start = threading.Barrier(6)

    def one(_: int) -> TestResponse:
        own = Office(app.test_client(), office.database, office.world)
        start.wait()
        while True:
            answer = send(own, LISTS, said, named)
            if answer.status_code != 409:
                return answer
            time.sleep(0.05)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(one, range(6)))
    assert {(answer.status_code, answer.data) for answer in answers} == {(201, answers[0].data)}
    assert lists_of(office, site) == 1


def test_a_request_whose_database_dies_is_done_by_its_repeat(app: Flask, office: Office) -> None:
    site, named = office.broken(), key()
    before = office.served(office.broken())["number"]
    said = letter(site)
    other = Office(app.test_client(), office.database, office.world)
    with ThreadPoolExecutor(1) as meanwhile, numbers_held(office) as session:
        first = meanwhile.submit(send, other, LISTS, said, named)
        pid = until_it_waits(session)
        session.execute(text("select pg_terminate_backend(:pid)"), {"pid": pid})
        assert first.result().status_code == 503
    assert lists_of(office, site) == 0
    again = send(office, LISTS, said, named)
    assert (again.status_code, again.json["number"]) == (201, before + 1)


def test_when_nobody_reads_the_answer_the_repeat_has_it(app: Flask, office: Office) -> None:
    site, named = office.broken(), key()
    body = json.dumps(letter(site)).encode()
    headers = office.world.headers(Role.PROSECUTOR) | {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Idempotency-Key": named,
        "Host": "localhost",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    server = make_server("127.0.0.1", 0, app, threaded=True)
    with ThreadPoolExecutor(1) as meanwhile:
        serving = meanwhile.submit(server.serve_forever)
        with socket.create_connection(("127.0.0.1", server.server_port)) as line:
            line.sendall(f"POST {LISTS} HTTP/1.1\r\n{head}\r\n".encode() + body)
        for _ in range(200):
            if lists_of(office, site):
                break
            time.sleep(0.05)
        server.shutdown()
        serving.result()
    server.server_close()
    assert lists_of(office, site) == 1
    again = office.client.post(LISTS, data=body, headers=headers)
    assert again.status_code == 201, again.text
    assert lists_of(office, site) == 1


def test_a_key_is_forgotten_after_thirty_days(office: Office) -> None:
    site, named = office.broken(), key()
    said = letter(site)
    first = send(office, LISTS, said, named)
    now = datetime.now(UTC)
    with office.database.writing() as session:
        sweep(session, at=now + timedelta(days=29))
    assert send(office, LISTS, said, named).data == first.data
    with office.database.writing() as session:
        sweep(session, at=now + timedelta(days=31))
    # Sessions ended too, and were swept.
    left = text("select count(*) from answered_request")
    with office.database.reading() as session:
        assert session.scalar(left) == 0


def test_the_manual_names_the_key_where_it_is_taken(client: FlaskClient) -> None:
    paths = client.get("/openapi.json").json["paths"]
    taken = {
        path
        for path, operations in paths.items()
        for name, operation in operations.items()
        if name == "post"
        and any(p.get("name") == "Idempotency-Key" for p in operation.get("parameters", ()))
    }
    assert taken == {
        LISTS,
        ACTS,
        f"{ACTS}/{{act}}/answers",
        f"{ACTS}/{{act}}/decisions",
        "/api/v1/violations/{violation}/adjudications",
        "/api/v1/exports",
    }
