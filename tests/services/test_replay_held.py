"""What was held because something had not arrived goes in when it has, each exactly once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from audit_api.services.law.catalogs import CatalogKeeper
from audit_api.services.sync import kinds
from audit_api.services.sync.replay_held import replay_held
from audit_api.storage.base import Database
from field_schema.catalog import load_catalog
from tests.factories import CAMPAIGN, World
from tests.http.held import Desk, ramp_at
from tests.http.reasons_held import changed

KEEPER = CatalogKeeper()


@pytest.fixture(scope="module")
def desk(app: Flask, world: World) -> Desk:
    return Desk(app.test_client(), world)


@contextmanager
def older_server(app: Flask) -> Iterator[None]:
    """The server as it was before the form `ramp/1` was released."""
    keeper = app.extensions["catalogs"]
    shipped = load_catalog()
    forms = {key: form for key, form in shipped.forms.items() if key != "ramp/1"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeper, "_newest", replace(shipped, forms=forms))
        yield


def tried(database: Database, **options: Any) -> dict[str, str]:
    """Run the job; what each try came to."""
    return {
        str(one.op): one.result.status.value if one.result else "nothing"
        for one in replay_held(database, KEEPER, at=datetime.now(UTC), **options)
    }


def decisions(database: Database, op: str) -> list[tuple[str, str | None]]:
    with database.reading() as session:
        rows = session.execute(
            text("select decision, status from quarantine_decision where op = :op order by n"),
            {"op": UUID(op)},
        )
        return [(row[0], row[1]) for row in rows]


def test_an_unknown_form_goes_in_when_it_has_arrived(
    app: Flask, desk: Desk, database: Database
) -> None:
    with older_server(app):
        held = desk.hand_in(ramp_at(desk.world, "near-1"))
    assert held["reason"] == "unknown-form"
    assert tried(database)[held["op"]] == "applied"
    told = desk.read(held["op"])["decision"]
    assert (told["decision"], told["decided_by"], told["outcome"]) == ("replayed", None, "applied")
    assert desk.pulled()[held["op"]]["decision"] == "replayed"


def test_trying_again_changes_nothing(app: Flask, desk: Desk, database: Database) -> None:
    with older_server(app):
        op = desk.hand_in(ramp_at(desk.world, "near-1"))["op"]
    tried(database)
    assert tried(database) == {}
    assert decisions(database, op) == [("replayed", "applied")]


def test_a_dry_run_says_what_would_be_and_stores_nothing(
    app: Flask, desk: Desk, database: Database
) -> None:
    with older_server(app):
        op = desk.hand_in(ramp_at(desk.world, "near-1"))["op"]
    assert tried(database, dry_run=True)[op] == "applied"
    assert decisions(database, op) == []
    assert tried(database)[op] == "applied"


def test_an_unknown_kind_goes_in_when_the_server_knows_it(
    desk: Desk, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    op = desk.hand_in(ramp_at(desk.world, "near-1"), kind="visit")["op"]
    assert tried(database).get(op) == "nothing"
    known = {**kinds.KINDS, "visit": kinds.KINDS["inspection"]}
    for module in ("sync.replay_operation", "oversight.decide_quarantine"):
        monkeypatch.setattr(f"audit_api.services.{module}.KINDS", known)
    assert tried(database)[op] == "applied"


def test_work_waits_for_a_standard_in_force(desk: Desk, database: Database) -> None:
    with changed(database, "campaign", "election_day", CAMPAIGN, "1901-01-01"):
        op = desk.hand_in(ramp_at(desk.world, "near-1"))["op"]
        assert tried(database)[op] == "quarantined"
        assert decisions(database, op) == []
    assert tried(database)[op] == "applied"


def test_edits_follow_the_operation_that_they_edit(
    app: Flask, desk: Desk, database: Database
) -> None:
    entity = uuid4()
    ops: list[str] = []
    with older_server(app):
        for n in range(3):
            base = {"op": ops[-1]} if ops else None
            body = ramp_at(desk.world, "near-1")
            ops.append(desk.hand_in(body, entity=entity, base=base)["op"])
            assert n == 0 or ops[-1]
    found = tried(database)
    assert [found[op] for op in ops] == ["applied"] * 3
    with database.reading() as session:
        rev = session.scalar(
            text("select rev from inspection where id = :id and is_current"), {"id": entity}
        )
    assert rev == 3


def test_a_form_that_arrived_and_refuses_the_body_tells_why_once(
    app: Flask, desk: Desk, database: Database
) -> None:
    with older_server(app):
        op = desk.hand_in(ramp_at(desk.world, "near-1") | {"surprise": 1})["op"]
    assert tried(database)[op] == "rejected"
    assert op not in tried(database)
    told = desk.read(op)
    assert (told["state"], told["reason"]) == ("open", "unknown-form")
    assert told["tried_again"]["problems"][0]["pointer"] == "/body/surprise"
    assert op in desk.ops("&status=rejected&state=open")
    assert decisions(database, op) == [("replayed", "rejected")]


def test_a_person_still_decides_after_a_try_in_vain(
    app: Flask, desk: Desk, database: Database
) -> None:
    with older_server(app):
        op = desk.hand_in(ramp_at(desk.world, "near-1") | {"surprise": 1})["op"]
    tried(database)
    assert desk.decide(op, "repair", body=ramp_at(desk.world, "near-1")).status_code == 200
    assert decisions(database, op) == [("replayed", "rejected"), ("repaired", "applied")]


def test_the_work_of_a_device_revoked_since_waits_for_a_person(
    app: Flask, desk: Desk, database: Database
) -> None:
    device = desk.world.devices["near"][0]
    with older_server(app):
        op = desk.hand_in(ramp_at(desk.world, "near-1"))["op"]
    with changed(database, "device", "revoked_at", device, "2021-10-21T00:00:00Z"):
        assert tried(database)[op] == "nothing"
    assert tried(database)[op] == "applied"


def test_what_a_person_refused_is_not_tried_again(
    app: Flask, desk: Desk, database: Database
) -> None:
    with older_server(app):
        op = desk.hand_in(ramp_at(desk.world, "near-1"))["op"]
    assert desk.decide(op, "refuse").status_code == 200
    assert op not in tried(database)
