"""The recheck in Collect: only what open tasks need, and what it does is what a tablet's does."""

import json
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from lxml import etree
from sqlalchemy import text

from audit_api.storage.base import Database
from field_schema.catalog import load_catalog
from field_schema.ruleset import measures_of
from field_schema.xform_known import ELEMENTS
from field_schema.xform_visit import SITES
from field_schema.xforms import released_xforms
from tests.factories import World, make_site, operation, push
from tests.field_schema.bodies import measurement
from tests.http.collecting import jpeg, ramp, send
from tests.openrosa.filled import Fill, typed
from tests.openrosa.test_downloads import listed, lists_of

RECHECK = "recheck.kg-demo-2021"
NUMBERS = count(9_500)
CASES = text("""
    select v.requirement, v.standard, v.edition, v.state, v.measured::text as measured, v.rev,
        (select string_agg(t.track || ' ' || t.state || t.rev, ',' order by t.track)
            from remediation_task t where t.site_id = v.site_id) as tasks,
        (select string_agg(r.verdict || coalesce(r.measured::text, ''), ',' order by r.n)
            from relief r where r.violation_id = v.id) as relieved
    from violation v where v.site_id = :site order by v.requirement
""")


@pytest.fixture(scope="module", autouse=True)
def _the_campaign_rechecks(database: Database, world: World) -> None:
    with database.writing() as session:
        session.execute(text("update campaign set forms = forms || '{recheck/1}'"))


def new_site(database: Database, world: World) -> UUID:
    with database.writing() as session:
        return make_site(session, world.territories["near-1"], next(NUMBERS))


def measured(client: FlaskClient, world: World, site: UUID, **answers: Any) -> str:
    """A ramp that a tablet measured: its id."""
    body = ramp(world, **answers) | {"site": str(site)}
    body["elements"][0] |= {"id": str(uuid4()), "label": "Main ramp"}
    assert push(client, world, operation(body))["results"][0]["status"] == "applied"
    found: str = body["elements"][0]["id"]
    return found


def cases(database: Database, site: UUID) -> list[Any]:
    with database.reading() as session:
        return list(session.execute(CASES, {"site": site}))


def asked_at(client: FlaskClient, at: str, site: UUID) -> dict[str, dict[str, str]]:
    """The elements of a site that the recheck's list has, by id."""
    rows = lists_of(client, listed(client, at)[RECHECK])[ELEMENTS]
    return {row["name"]: row for row in rows if row["site"] == str(site)}


def test_the_list_has_what_open_tasks_need_and_nothing_else(
    client: FlaskClient, world: World, database: Database, at: str
) -> None:
    broken, fine = new_site(database, world), new_site(database, world)
    narrow = measured(client, world, broken, width_mm=measurement(500))
    measured(client, world, fine, rise_mm=measurement(100))
    with database.writing() as session:
        ended = text("update remediation_task set state = 'verified' where site_id = :site")
        session.execute(ended, {"site": fine})
    catalog = load_catalog()
    needed: set[str] = set()
    for case in cases(database, broken):
        needed |= set(
            measures_of(catalog.requirement(case.standard, case.edition, case.requirement))
        )
    found = asked_at(client, at, broken)
    assert found.keys() == {narrow}
    assert set(found[narrow]["asked"].split()) == needed
    assert "width_mm" in needed
    assert needed < catalog.form("recheck/1").sections["ramp"].measures.keys()
    assert asked_at(client, at, fine) == {}


@pytest.mark.parametrize("state", ["permanent", "election_day"])
def test_a_recheck_by_collect_does_what_a_tablets_does(
    client: FlaskClient, world: World, database: Database, at: str, fill: Fill, state: str
) -> None:
    collects, tablets = new_site(database, world), new_site(database, world)
    narrow = {"width_mm": measurement(500), "surface_firm": False}
    ours = measured(client, world, collects, **narrow)
    theirs = measured(client, world, tablets, **narrow)
    assert cases(database, collects) == cases(database, tablets)
    asked = asked_at(client, at, collects)[ours]["asked"].split()

    entry = listed(client, at)[RECHECK]
    lists = lists_of(client, entry)
    [here] = [s["name"] for s in lists[SITES] if s["site"] == str(collects)]
    wide = ramp(world, width_mm=measurement(950), surface_firm=True)["elements"][0]["answers"]
    record = {"polling_place": here, "ramp": "1", "ramp_id/0": ours, "ramp_state/0": state}
    record |= typed("station/1", "ramp", wide) | {"ramp_remedy/0": "portable_ramp"}
    record["ramp_photo/0"] = "ramp.jpg"
    xform = released_xforms()["kg-demo-2021", "recheck/1"][-1]
    saved = fill(xform, lists[SITES], lists[ELEMENTS], record)
    photo = str(saved.findtext(".//ramp_photo"))
    answer = send(client, at, etree.tostring(saved), {photo: jpeg(next(NUMBERS))})
    assert answer.status_code == 201, answer.text

    body = body_of(database, collects)
    [element] = body["elements"]
    only = {key for key in element["answers"] if not key.startswith("remedy")}
    assert {"width_mm"} <= only <= {key.partition(".")[0] for key in asked}
    assert "surface_firm" not in only, "a recommendation is no task"
    assert ("remedy" in element["answers"]) == (state == "election_day")
    assert (element["id"], element["label"], element["state"]) == (ours, "Main ramp", state)
    element["id"] = theirs
    element["photos"][0]["id"] = str(uuid4())
    pushed = push(client, world, operation(body | {"site": str(tablets)}))
    assert pushed["results"][0]["status"] == "applied"
    after = cases(database, collects)
    assert after == cases(database, tablets)
    if state == "permanent":
        assert {case.state for case in after} == {"closed", "open"}
        still = asked_at(client, at, collects)[ours]["asked"].split()
        assert set(still) < set(asked), "what is closed is asked no more"
    else:
        assert {case.state for case in after} == {"open"}
        assert any(case.relieved for case in after)


def body_of(database: Database, site: UUID) -> dict[str, Any]:
    asked = text("""select body::text from inspection
        where site_id = :site and channel = 'openrosa' and is_current""")
    with database.reading() as session:
        found: dict[str, Any] = json.loads(session.execute(asked, {"site": site}).scalar_one())
    return found


def test_where_nothing_is_to_be_measured_again_nothing_is_asked(
    client: FlaskClient, world: World, database: Database, at: str, fill: Fill
) -> None:
    site = new_site(database, world)
    lists = lists_of(client, listed(client, at)[RECHECK])
    [here] = [s["name"] for s in lists[SITES] if s["site"] == str(site)]
    record = {"polling_place": here, "ramp": "1", "ramp_width_mm/0": "950"}
    xform = released_xforms()["kg-demo-2021", "recheck/1"][-1]
    saved = fill(xform, lists[SITES], lists[ELEMENTS], record)
    assert not [node.text for node in saved.iter() if str(node.tag).endswith("_width_mm")]
