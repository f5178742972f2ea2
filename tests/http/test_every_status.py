"""Every status of the table in docs/sync.md, reached once and plainly through HTTP."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.vocabulary import OperationStatus
from audit_api.storage.base import Database
from tests.factories import World
from tests.field_schema.bodies import measurement
from tests.http.merging import Meeting, Pad, edit

HERE = {"lat": 40.0, "lon": 70.0}
THERE = {"lat": 40.25, "lon": 69.5}


@pytest.fixture(scope="module")
def meeting(client: FlaskClient, database: Database, world: World) -> Meeting:
    return Meeting(client, database, world)


@pytest.fixture
def pad(meeting: Meeting) -> Pad:
    return meeting.pad()


@pytest.fixture
def site(meeting: Meeting) -> UUID:
    return meeting.site()


def kept(meeting: Meeting, op: str) -> Any:
    """The status under which the operation is kept; None when it is not here."""
    return meeting.value("select status from operation where op = :op", op=UUID(op))


def test_applied(meeting: Meeting, pad: Pad, site: UUID) -> None:
    result = meeting.visit(pad, site)
    assert (result["status"], result["rev"]) == ("applied", 1)
    assert kept(meeting, result["op"]) == "applied"


def test_replayed(meeting: Meeting, pad: Pad, site: UUID) -> None:
    data = meeting.ramp(site)
    first = pad.one(data)
    assert pad.one(data) == first | {"replayed": True}


def test_merged(meeting: Meeting, pad: Pad, site: UUID) -> None:
    meeting.pad().edit("site", site, location=(HERE, THERE))
    result = pad.edit("site", site, base={"rev": 1}, address=("", "School street"))
    assert (result["status"], result["from_server"]) == ("merged", {"location": THERE})
    assert kept(meeting, result["op"]) == "merged"


def test_conflict(meeting: Meeting, pad: Pad, site: UUID) -> None:
    entity = uuid4()
    meeting.visit(pad, site, entity=entity)
    narrow = {"width_mm": measurement(800)}
    result = meeting.visit(pad, site, entity=entity, answers=narrow)
    assert (result["status"], kept(meeting, result["op"])) == ("conflict", "conflict")
    assert meeting.review(result["review"])["kind"] == "branch"


def test_rejected(meeting: Meeting, pad: Pad, site: UUID) -> None:
    result = pad.edit("site", site, building_status=("existing", "ruined"))
    assert result["status"] == "rejected"
    assert [p["pointer"] for p in result["problems"]] == ["/body/fields/building_status/new"]
    assert kept(meeting, result["op"]) == "rejected"


def test_quarantined(meeting: Meeting, site: UUID) -> None:
    result = meeting.visit(meeting.pad(where="far"), site)
    assert (result["status"], result["reason"]) == ("quarantined", "out-of-scope")
    assert kept(meeting, result["op"]) == "quarantined"


def test_blocked(meeting: Meeting, pad: Pad, site: UUID) -> None:
    missing = str(uuid4())
    result = meeting.visit(pad, site, base={"op": missing})
    assert (result["status"], result["waits_for"]) == ("blocked", missing)
    assert kept(meeting, result["op"]) is None


def test_op_reused(meeting: Meeting, pad: Pad, site: UUID) -> None:
    op = uuid4()
    pad.one(edit("site", site, address=("", "One"), members={"op": op}))
    other = edit("site", site, address=("", "Other"), members={"op": op})
    assert pad.one(other)["status"] == "op_reused"
    raw = meeting.value("select raw from reused_operation where op = :op", op=op)
    assert bytes(raw) == other
    assert meeting.now(site)["address"] == "One"


@contextmanager
def refused_while_it_waits(database: Database, site: UUID) -> Iterator[None]:
    """Somebody holds the site; whoever waits for it is told to give up, as after a time limit."""
    give_up = text("select pg_cancel_backend(pid) from pg_locks where not granted")
    with database.writing() as session:
        session.execute(text("select from site where id = :id for update"), {"id": site})
        yield
        while session.execute(give_up).first() is None:
            pass


def test_retry(app: Flask, meeting: Meeting, pad: Pad, site: UUID) -> None:
    data = edit("site", site, address=("", "Later"))
    pad.client = app.test_client()
    with ThreadPoolExecutor(1) as meanwhile:
        with refused_while_it_waits(meeting.database, site):
            pushed = meanwhile.submit(pad.one, data)
        result = pushed.result()
    assert (result["status"], result["retry_after"]) == ("retry", 5)
    assert kept(meeting, result["op"]) is None
    assert pad.one(data)["status"] == "applied"


def test_the_table_has_every_status_and_each_has_its_test(project_root: Path) -> None:
    page = (project_root / "docs/sync.md").read_text(encoding="utf-8")
    _, _, table = page.partition("| status | what it means |")
    told = set(re.findall(r"^\| `([a-z_]+)` \|", table.partition("\n\n")[0], re.MULTILINE))
    assert told == set(OperationStatus)
    assert {f"test_{status}" for status in told} <= globals().keys()
