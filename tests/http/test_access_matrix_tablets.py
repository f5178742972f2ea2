"""The matrix of access for tablets: a tablet is what its owner is in the field, and no more."""

from itertools import count
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from audit_api.domain.access import WHO_MAY_WHAT, Noun
from audit_api.domain.vocabulary import Role
from audit_api.http.auth import Door
from audit_api.storage.base import Database
from audit_api.storage.sync import feed
from tests.factories import operation, push_body
from tests.field_schema.bodies import ramp_body
from tests.http.access_cells import GRANTS, Nothing, address, told
from tests.http.everywhere import PLACES, Everywhere, make_everywhere, relation
from tests.http.merging import edit, task_command
from tests.http.test_scope import ITEMS, LISTS
from tests.http.tus import VERSION, metadata, photo
from tests.http.writing import WRITES

IN_THE_FIELD = {
    "inspection": (Role.INSPECTOR, Noun.INSPECTIONS, "push"),
    "site": (Role.INSPECTOR, Noun.CATALOG, "correct"),
    "task": (Role.LSG_HEAD, Noun.TASKS, "acknowledge"),
}
"""Kind of operation -> the one role that hands such in, and its cell."""
_seqs = count(1)


@pytest.fixture(scope="module")
def everywhere(app: Flask, database: Database) -> Everywhere:
    made = make_everywhere(app, database)
    with database.writing() as session:
        feed.publish(session, site=list(made.world.sites.values()))
    return made


@pytest.fixture(params=[(role, grant) for role in Role for grant in GRANTS], ids="-at-".join)
def placed(everywhere: Everywhere, request: pytest.FixtureRequest) -> tuple[Role, str]:
    """The owner of a tablet, whose one grant lies there."""
    role, grant = request.param
    everywhere.move(role.value, grant)
    return role, grant


def _operation(everywhere: Everywhere, kind: str, place: str) -> bytes:
    site, number = everywhere.world.sites[place], next(_seqs)
    if kind == "inspection":
        body = ramp_body(seed=number) | {"site": str(site), "campaign": "kg-test-2021"}
        return operation(body, seq=number)
    if kind == "site":
        return edit("site", site, address=("", "By the mill"))
    return task_command(everywhere.things.of("task", place), "acknowledge", "assigned")


def test_it_pulls_what_lies_in_its_owners_grant(
    everywhere: Everywhere, placed: tuple[Role, str]
) -> None:
    role, grant = placed
    client, held = everywhere.app.test_client(), set()
    path: str | None = "/api/v1/sync/pull?limit=1000"
    while path:
        page = client.get(path, headers=everywhere.tablet_headers(role.value)).json
        held |= {item[2] for item in page["items"] if item[3] is not None}
        path = f"/api/v1/sync/pull?cursor={page['cursor']}" if page["more"] else None
    works = role in (Role.INSPECTOR, Role.LSG_HEAD)
    for place in PLACES:
        inside = works and relation(grant, place) in ("own", "child")
        assert (everywhere.things.of("site", place) in held) == inside, place
        assert (everywhere.things.of("task", place) in held) == inside, place


@pytest.mark.parametrize("kind", IN_THE_FIELD)
def test_what_it_hands_in_is_carried_out_only_there(
    everywhere: Everywhere, placed: tuple[Role, str], kind: str
) -> None:
    role, grant = placed
    fielded, noun, verb = IN_THE_FIELD[kind]
    may = role is fielded and verb in WHO_MAY_WHAT[noun][role]
    device, token = everywhere.tablets[role.value]
    answer = everywhere.app.test_client().post(
        "/api/v1/sync/push",
        data=push_body(device, [_operation(everywhere, kind, place) for place in PLACES]),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    seen: dict[str, Any] = dict(zip(PLACES, answer.json["results"], strict=True))
    for place, result in seen.items():
        inside = may and relation(grant, place) in ("own", "child")
        assert (result["status"] == "quarantined") != inside, (place, result)
        assert result["status"] != "rejected", (place, result)
        if not inside:
            assert set(result) & {"rev", "conflicts", "from_server"} == set(), result


def test_no_route_for_people_opens_to_it(everywhere: Everywhere) -> None:
    client = everywhere.app.test_client()
    for role in Role:
        headers = everywhere.tablet_headers(role.value)
        for place in PLACES:
            ids = everywhere.ids(place)
            for rule in (*ITEMS, *(listed for listed in LISTS if "?" not in listed)):
                answer = told(client.get(address(rule, ids), headers=headers))
                assert answer[0] == 403, (role, place, rule)
                assert answer == told(client.get(address(rule, Nothing()), headers=headers))
            for named, write in WRITES.items():
                path = address(named.partition(" ")[2], ids)
                answer = told(client.post(path, json=write.body(ids), headers=headers))
                assert answer[0] == 403, (role, place, named)


def test_no_route_for_tablets_opens_to_a_person(everywhere: Everywhere) -> None:
    client = everywhere.app.test_client()
    data = photo("a person's")
    upload = VERSION | {"Upload-Length": str(len(data)), "Upload-Metadata": metadata(data)}
    asked = set()
    for rule in everywhere.app.url_map.iter_rules():
        if everywhere.app.view_functions[rule.endpoint].guard[0] is not Door.DEVICE:
            continue
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            for role in Role:
                answer = client.open(
                    address(rule.rule, Nothing()),
                    method=method,
                    headers=everywhere.headers(role.value) | upload,
                )
                assert answer.status_code == 403, (role, method, rule.rule)
            asked.add(rule.rule)
    assert len(asked) >= 10


def test_nothing_that_was_refused_moved_a_task(everywhere: Everywhere) -> None:
    with everywhere.database.reading() as session:
        moved = session.scalars(
            text("select distinct person_id from task_event where op is not null")
        ).all()
    assert moved in ([], [everywhere.people[Role.LSG_HEAD.value]])
