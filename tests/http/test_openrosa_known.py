"""Ids of known elements in what Collect hands in: native sync's rules decide, and all is kept."""

import csv
import io
import json
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import World, operation, push
from tests.field_schema.bodies import measurement
from tests.http.collecting import Filled, key_of, message, ramp, send
from tests.http.test_openrosa_submission import kept

LIST = "forms/ramp.kg-demo-2021/1.20211128/media/elements.csv"


@pytest.fixture(scope="module")
def key(database: Database, world: World) -> str:
    return key_of(database, world)


def pushed(client: FlaskClient, world: World, label: str, where: str = "near-1") -> str:
    """A narrow ramp that a tablet measured before: its id."""
    body = ramp(world, where, width_mm=measurement(500))
    known = str(uuid4())
    body["elements"][0] |= {"id": known, "label": label}
    found = push(client, world, operation(body), where=where.partition("-")[0])
    assert found["results"][0]["status"] == "applied"
    return known


def listed(client: FlaskClient, key: str) -> dict[str, dict[str, str]]:
    """The list of elements by id."""
    answer = client.get(f"{key}/{LIST}")
    assert answer.status_code == 200
    rows = csv.DictReader(io.StringIO(answer.data.decode(), newline=""))
    return {row["name"]: row for row in rows}


def two_ramps(world: World, *states: str) -> dict[str, Any]:
    body = ramp(world)
    first = body["elements"][0]
    return body | {"elements": [first | {"state": state} for state in states]}


def test_the_list_tells_labels_and_open_violations_of_the_owners_grants_alone(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    near = pushed(client, world, 'The "main",\nramp')
    far = pushed(client, world, "Far ramp", "far-1")
    found = listed(client, key)
    assert far not in found
    assert found[near] == {
        "name": near,
        "label": f'The "main", ramp · open violations: {open_of(database, near)}',
        "site": str(world.sites["near-1"]),
        "element": "ramp",
        "title": 'The "main", ramp',
        "asked": "",
    }
    assert far in listed(client, key_of(database, world, "far"))


@pytest.mark.parametrize(
    ("language", "label"),
    [("ru", "пандус · открытые нарушения: {}"), ("ky", "пандус · ачык мыйзам бузуулар: {}")],
)
def test_the_list_speaks_the_owners_language_and_calls_what_has_no_label_by_its_type(
    client: FlaskClient, world: World, database: Database, key: str, language: str, label: str
) -> None:
    known = pushed(client, world, "")
    owner = {"id": world.people[Role.INSPECTOR, "near"]}
    speak = text("update person set language = :language where id = :id")
    with database.writing() as session:
        session.execute(speak, owner | {"language": language})
    shown = listed(client, key)[known]
    with database.writing() as session:
        session.execute(speak, owner | {"language": "en"})
    assert (shown["label"], shown["title"]) == (label.format(open_of(database, known)), "")


def test_a_closed_campaigns_elements_are_not_listed(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    known = pushed(client, world, "Ramp")
    with database.writing() as session:
        session.execute(text("update campaign set forms = '{station/1}'"))
    assert client.get(f"{key}/{LIST}").status_code == 404
    with database.writing() as session:
        session.execute(text("update campaign set forms = '{ramp/1,station/1}'"))
    assert known in listed(client, key)


def open_of(database: Database, element: str) -> int:
    asked = text("select count(*) from violation where element_id = :id and ended_at is null")
    with database.reading() as session:
        found: int = session.execute(asked, {"id": element}).scalar_one()
    assert found > 0
    return found


def test_a_known_element_is_measured_again_and_keeps_its_label(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    known = pushed(client, world, "Ramp at the yard")
    body = ramp(world, width_mm=measurement(500))
    body["elements"][0]["label"] = "Ramp at the yard"
    filled = Filled(body, known=[known])
    assert send(client, key, filled.xml()).status_code == 201
    with database.reading() as session:
        asked = text("""select e.label, v.last_inspection_id from element e
            join violation v on v.element_id = e.id where e.id = :id and v.ended_at is null""")
        rows = session.execute(asked, {"id": known}).all()
    inspection = kept(database, filled).inspection_id
    assert {tuple(row) for row in rows} == {("Ramp at the yard", inspection)}


def test_one_element_in_two_states_is_one_element(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    known = pushed(client, world, "Ramp")
    filled = Filled(two_ramps(world, "permanent", "election_day"), known=[known, known])
    assert send(client, key, filled.xml()).status_code == 201
    assert kept(database, filled).status == "applied"


REFUSED = "The form is kept, but its answers cannot be accepted."


def refused(client: FlaskClient, database: Database, key: str, filled: Filled, why: str) -> None:
    answer = send(client, key, filled.xml())
    assert answer.status_code == 422
    assert message(answer).startswith(REFUSED)
    assert why in message(answer)
    assert send(client, key, filled.xml()).status_code == 422
    row = kept(database, filled)
    assert (row.status, bytes(row.xml)) == ("rejected", filled.xml())


def test_an_element_of_another_site_is_refused_with_a_message_and_kept(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    known = pushed(client, world, "Ramp", "near-2")
    filled = Filled(ramp(world), known=[known])
    refused(client, database, key, filled, "already belongs to another site")


def test_one_element_twice_in_one_state_is_refused_with_a_message_and_kept(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    known = pushed(client, world, "Ramp")
    filled = Filled(two_ramps(world, "permanent", "permanent"), known=[known, known])
    refused(client, database, key, filled, "/body/elements/1/id: This id comes a second time")


def test_what_is_no_id_is_refused_and_never_taken_for_a_new_element(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    filled = Filled(ramp(world), known=["the ramp on the left"])
    refused(client, database, key, filled, "/body/elements/0/id")


def test_what_the_form_recognised_by_itself_and_nobody_filled_in_is_not_observed(
    client: FlaskClient, world: World, database: Database, key: str
) -> None:
    filled = Filled(ramp(world))
    station = f"<station><station_id>{uuid4()}</station_id>"
    station += "<station_known_label>Station</station_known_label></station>"
    xml = filled.xml().decode().replace("ramp.kg", "station.kg")
    xml = xml.replace("<orx:meta>", f"{station}<orx:meta>")
    assert send(client, key, xml.encode()).status_code == 201
    elements = json.loads(kept(database, filled).body)["elements"]
    assert [element["type"] for element in elements] == ["ramp"]
