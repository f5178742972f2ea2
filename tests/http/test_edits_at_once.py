"""Many tablets edit one site at once: nothing is overwritten unseen, every change has its trace."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from audit_api.storage.base import Database
from tests.factories import World
from tests.field_schema.bodies import measurement
from tests.http.merging import Meeting, Pad

TABLETS, EDITS = 4, 12
PLACES = [None, {"lat": 40.0, "lon": 70.0}, {"lat": 40.5, "lon": 70.5}, {"lat": 41.0, "lon": 71.0}]
WORDS = ["", "Left", "Right", "Middle"]


@pytest.fixture(scope="module")
def meeting(client: FlaskClient, database: Database, world: World) -> Meeting:
    return Meeting(client, database, world)


def some_edits(pad: Pad, site: UUID, seed: int) -> list[dict[str, Any]]:
    """Edits that begin from what the tablet guesses the server to have."""
    rng = random.Random(seed)  # noqa: S311 - test data, not a secret
    results = []
    for _ in range(EDITS):
        fields: dict[str, Any] = {}
        if rng.random() < 0.7:
            fields["address"] = (rng.choice(WORDS), rng.choice(WORDS[1:]))
        if rng.random() < 0.7 or not fields:
            fields["location"] = (rng.choice(PLACES), rng.choice(PLACES))
        result = pad.edit("site", site, base={"rev": rng.randint(1, 9)}, **fields)
        results.append(result | {"fields": fields})
    return results


@pytest.mark.parametrize("seed", range(3))
def test_the_changes_of_a_field_form_a_chain(app: Flask, meeting: Meeting, seed: int) -> None:
    site = meeting.site()
    pads = [meeting.pad() for _ in range(TABLETS)]
    for pad in pads:
        pad.client = app.test_client()
    with ThreadPoolExecutor(TABLETS) as at_once:
        work = [
            at_once.submit(some_edits, pad, site, seed * TABLETS + n) for n, pad in enumerate(pads)
        ]
        results = [result for one in work for result in one.result()]
    now = {"address": "", "location": {"lat": 40.0, "lon": 70.0}}
    written: dict[str, set[str]] = {}
    traces = meeting.traces(site)
    for _, field, old, new, op in traces:
        assert now[field] == old
        now[field] = new
        written.setdefault(str(op), set()).add(field)
    shown = meeting.now(site)
    assert {field: shown[field] for field in now} == now
    assert shown["rev"] == 1 + len({rev for rev, *_ in traces})
    for result in results:
        assert result["status"] in ("applied", "merged", "conflict"), result
        refused = {conflict["field"] for conflict in result.get("conflicts", ())}
        kept = result.get("from_server", {}).keys() & result["fields"].keys()
        assert written.get(result["op"], set()) <= result["fields"].keys() - refused - kept
        assert ("review" in result) == bool(refused)
    reviews = meeting.rows("select count(*) from review where site_id = :id", id=site)
    assert reviews == [(sum("review" in result for result in results),)]


def test_a_branch_is_taken_while_the_next_revision_comes(app: Flask, meeting: Meeting) -> None:
    for _ in range(6):
        site, pad, entity = meeting.site(), meeting.pad(), uuid4()
        meeting.visit(pad, site, entity=entity)
        wide = {"width_mm": measurement(1300)}
        meeting.visit(pad, site, entity=entity, base={"rev": 1}, answers=wide)
        narrow = {"width_mm": measurement(800)}
        branch = meeting.visit(pad, site, entity=entity, base={"rev": 1}, answers=narrow)
        desk = replace(meeting, client=app.test_client())
        pad.client = app.test_client()
        with ThreadPoolExecutor(2) as both:
            taken = both.submit(desk.decide, branch["review"], "take_mine")
            pushed = both.submit(meeting.visit, pad, site, entity=entity, base={"rev": 2})
        assert taken.result().status_code == 200, taken.result().text
        revisions = meeting.rows(
            "select rev, corrects_rev, op from inspection where id = :id order by rev", id=entity
        )
        ops = [str(op) for *_, op in revisions[2:]]
        late = pushed.result()
        if late["status"] == "applied":
            assert ops == [late["op"], branch["op"]]
        else:
            assert (late["status"], ops) == ("conflict", [branch["op"]])
        assert [row[1] for row in revisions] == [None, 1, 2, 3][: len(revisions)]
