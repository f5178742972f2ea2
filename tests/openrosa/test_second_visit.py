"""Elements of earlier visits in Collect: chosen from a list, measured again, and closed by it."""

from collections.abc import Mapping
from datetime import date
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from lxml import etree
from sqlalchemy import text

from audit_api.storage.base import Database
from field_schema.ruleset import Building
from field_schema.xform_known import ELEMENT_COLUMNS, ELEMENTS
from field_schema.xform_visit import SITES
from field_schema.xforms import XForm, released_xforms
from tests.factories import World, make_site, operation, push
from tests.field_schema.bodies import measurement
from tests.http.collecting import ramp, send
from tests.openrosa.filled import Fill, Row, site_row, typed
from tests.openrosa.test_downloads import RAMP, listed, lists_of

NUMBERS = count(9_300)
PROFILE = "kg-demo-2021"
BUILDING = Building("existing", date(1975, 1, 1))


def form(key: str) -> XForm:
    return released_xforms()[PROFILE, key][-1]


def place(name: str, site: str) -> dict[str, str]:
    return site_row(name, site, "kg-x", BUILDING)


def known(name: str, site: str, element: str) -> dict[str, str]:
    values = (name, f"{name} · open violations: 1", site, element, name, "")
    return dict(zip(ELEMENT_COLUMNS, values, strict=True))


SITES_HERE = [place("kg-x.1", "one"), place("kg-x.2", "both"), place("kg-x.3", "both")]
KNOWN = [
    known("first ramp", "one", "ramp"),
    known("second ramp", "one", "ramp"),
    known("a door", "one", "door"),
    known("heating here", "one", "heating"),
    known("heating there", "both", "heating"),
    known("light a", "one", "light"),
    known("light b", "one", "light"),
]


def test_a_known_element_is_chosen_and_brings_its_label(fill: Fill) -> None:
    record = {"polling_place": "kg-x.1", "ramp": "2", "ramp_id/0": "second ramp"}
    root = fill(form("ramp/1"), SITES_HERE, KNOWN, record | {"ramp_label/1": "a new one"})
    one, two = root.iterfind("ramp")
    assert one.findtext(".//ramp_id") == "second ramp"
    assert one.findtext(".//ramp_known_label") == "second ramp"
    assert not one.findtext(".//ramp_label")
    assert not two.findtext(".//ramp_id")
    assert (two.findtext(".//ramp_known_label") or "", two.findtext(".//ramp_label")) == (
        "",
        "a new one",
    )


@pytest.mark.parametrize("elements", [[], KNOWN], ids=["empty list", "of other sites"])
def test_where_nothing_is_known_nothing_is_asked(fill: Fill, elements: list[Row]) -> None:
    record = {"polling_place": "kg-x.2", "ramp": "1", "ramp_id/0": "first ramp"}
    root = fill(form("ramp/1"), SITES_HERE, elements, record | {"ramp_label/0": "a new one"})
    assert not root.findtext(".//ramp_id")
    assert root.findtext(".//ramp_label") == "a new one"


def test_one_element_twice_in_one_state_is_refused_and_in_two_states_it_is_not(fill: Fill) -> None:
    twice = {"ramp_id/0": "first ramp", "ramp_id/1": "first ramp"}
    record = {"polling_place": "kg-x.1", "ramp": "2", "ramp_state/0": "permanent"} | twice
    root = fill(form("ramp/1"), SITES_HERE, KNOWN, record | {"ramp_state/1": "election_day"})
    assert [n.findtext(".//ramp_id") for n in root.iterfind("ramp")] == ["first ramp"] * 2
    with pytest.raises(AssertionError, match="ramp_state"):
        fill(form("ramp/1"), SITES_HERE, KNOWN, record | {"ramp_state/1": "permanent"})


@pytest.mark.parametrize(
    ("at", "chosen", "found"),
    [
        ("kg-x.1", "", "heating here"),
        ("kg-x.2", "", ""),
        ("kg-x.2", "heating there", "heating there"),
    ],
    ids=["one station in the building", "one of two, not said", "one of two, chosen"],
)
def test_what_there_is_once_is_recognised_unless_it_may_be_another_stations(
    fill: Fill, at: str, chosen: str, found: str
) -> None:
    record = {"polling_place": at, "heating_kind": "stove"}
    if chosen:
        record["choose_heating"] = chosen
    root = fill(form("readiness/1"), SITES_HERE, KNOWN, record)
    assert (root.findtext("heating/heating_id") or "") == found
    assert not root.findtext("light/light_id"), "two are known: nobody said which"


CASES = text("""
    select v.requirement, v.state, v.measured::text as measured, v.rev, v.ended_at is not null,
        (select count(*) from element e where e.site_id = v.site_id) as elements,
        (select string_agg(t.state || t.rev, ',') from remediation_task t
            where t.site_id = v.site_id) as tasks
    from violation v where v.site_id = :site order by v.requirement
""")


def test_a_second_visit_by_collect_does_to_cases_what_a_tablets_does(
    client: FlaskClient, world: World, database: Database, at: str, fill: Fill
) -> None:
    with database.writing() as session:
        aimak = world.territories["near-1"]
        collects, tablets = (make_site(session, aimak, next(NUMBERS)) for _ in range(2))

    def cases(site: UUID) -> list[Any]:
        with database.reading() as session:
            return list(session.execute(CASES, {"site": site}))

    def by_collect(which: str, answers: Mapping[str, Any]) -> None:
        entry = listed(client, at)[RAMP]
        lists = lists_of(client, entry)
        [here] = [s["name"] for s in lists[SITES] if s["site"] == str(collects)]
        record = {"polling_place": here, "ramp": "1", which: "Main ramp"} | typed(
            "ramp/1", "ramp", answers
        )
        if which == "ramp_id/0":
            [ramp_] = [e for e in lists[ELEMENTS] if e["site"] == str(collects)]
            assert ramp_["label"] == f"Main ramp · open violations: {len(cases(collects))}"
            record[which] = ramp_["name"]
        saved = fill(form("ramp/1"), lists[SITES], lists[ELEMENTS], record)
        answer = send(client, at, etree.tostring(saved))
        assert answer.status_code == 201, answer.text

    tablets_ramp = str(uuid4())

    def by_tablet(answers: Mapping[str, Any]) -> None:
        body = ramp(world) | {"site": str(tablets)}
        body["elements"][0] |= {"id": tablets_ramp, "label": "Main ramp", "answers": answers}
        assert push(client, world, operation(body))["results"][0]["status"] == "applied"

    narrow = ramp(world, width_mm=measurement(500), surface_firm=False)["elements"][0]["answers"]
    wide = ramp(world, width_mm=measurement(1200), surface_firm=False)["elements"][0]["answers"]
    by_collect("ramp_label/0", narrow)
    by_tablet(narrow)
    first = cases(collects)
    assert first == cases(tablets)
    assert {case.state for case in first} == {"open"}
    by_collect("ramp_id/0", wide)
    by_tablet(wide)
    second = cases(collects)
    assert second == cases(tablets)
    assert {case.state for case in second} == {"open", "closed"}
    assert all(case.elements == 1 for case in second)
