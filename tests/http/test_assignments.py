"""Assigning stations to inspectors: by whom, to whom, and what is refused."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import (
    CAMPAIGN,
    World,
    make_person,
    make_session_token,
    make_site,
    make_territory,
)
from tests.http.assigning import API, a_site, assigned, faults, line, numbers, post


@pytest.fixture
def site(database: Database, world: World) -> UUID:
    """A station of the near district that no other test touches."""
    return a_site(database, world)


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ADMINISTRATOR])
def test_headquarters_assign_a_station_to_an_inspector(
    client: FlaskClient, world: World, site: UUID, role: Role
) -> None:
    answer = post(client, world, line(site, note="From ten on"), role=role)
    assert answer.status_code == 201
    made = answer.json["items"][0]
    assert made["site"] == str(site)
    assert (made["inspector"], made["due_on"], made["note"]) == (
        "inspector.near", "2021-11-01", "From ten on",
    )  # fmt: skip
    assert made["assigned_by"] == f"{role.title()}.Near"
    assert client.get(f"{API}/{made['id']}", headers=world.headers(role)).json == made


@pytest.mark.parametrize(
    "role", sorted(set(Role) - {Role.COORDINATOR, Role.ADMINISTRATOR}), ids=str
)
def test_nobody_else_assigns(client: FlaskClient, world: World, site: UUID, role: Role) -> None:
    assert post(client, world, line(site), role=role).status_code == 404


def test_an_inspector_reads_the_own_assignments_and_no_others(
    client: FlaskClient, world: World, database: Database, site: UUID
) -> None:
    with database.writing() as session:
        territory = world.territories["near"]
        name = f"colleague.{uuid4().hex[:8]}"
        colleague = make_person(session, name, [(Role.INSPECTOR, territory)])
        token = make_session_token(session, colleague)
    mine, theirs = assigned(client, world, line(site), line(site, inspector=name))
    headers = {"Authorization": f"Bearer {token}"}
    listed = client.get(API, headers=headers).json["items"]
    assert [item["id"] for item in listed] == [theirs["id"]]
    assert client.get(f"{API}/{mine['id']}", headers=headers).status_code == 404


def test_the_same_list_again_answers_the_same_assignments(
    client: FlaskClient, world: World, site: UUID
) -> None:
    first = assigned(client, world, line(site))
    assert assigned(client, world, line(site)) == first


def test_another_day_for_the_same_inspector_needs_a_withdrawal_first(
    client: FlaskClient, world: World, site: UUID
) -> None:
    [made] = assigned(client, world, line(site))
    answer = post(client, world, line(site, due_on="2021-11-02"))
    assert faults(answer) == {("/items/0", "assigned-already")}
    assert made["id"] in answer.json["errors"][0]["detail"]
    client.post(
        f"{API}/{made['id']}/withdrawals",
        json={"reason": "Another day"},
        headers=world.headers(Role.COORDINATOR),
    )
    assert assigned(client, world, line(site, due_on="2021-11-02"))[0]["id"] != made["id"]


def test_one_bad_line_keeps_all_others_out_and_every_bad_line_is_named(
    client: FlaskClient, world: World, database: Database, site: UUID
) -> None:
    bad = [
        line(uuid4()),
        line(world.sites["far-1"]),
        line(site, campaign="kg-none-2021"),
        line(site, inspector="nobody"),
        line(site, inspector="inspector.far"),
        line(site, inspector="prosecutor.near"),
        line(site, due_on="2021-11-29"),
        line(site),
    ]
    answer = post(client, world, line(site), *bad)
    assert faults(answer) == {
        ("/items/1/site", "unknown-station"),
        ("/items/2/site", "unknown-station"),
        ("/items/3/site", "unknown-station"),
        ("/items/4/inspector", "no-grant"),
        ("/items/5/inspector", "no-grant"),
        ("/items/6/inspector", "no-grant"),
        ("/items/7/due_on", "after-election"),
        ("/items/7", "twice"),
        ("/items/8", "twice"),
    }
    with database.reading() as session:
        found = session.scalar(
            text("select count(*) from assignment where site_id = :site"), {"site": site}
        )
    assert found == 0


def test_a_person_outside_the_grants_is_as_unknown_as_one_that_is_not(
    client: FlaskClient, world: World, site: UUID
) -> None:
    outside = post(client, world, line(site, inspector="inspector.far")).json["errors"]
    assert outside == post(client, world, line(site, inspector="nobody")).json["errors"]


def test_a_revoked_grant_covers_nothing(
    client: FlaskClient, world: World, database: Database, site: UUID
) -> None:
    with database.writing() as session:
        name = f"former.{uuid4().hex[:8]}"
        make_person(session, name, [(Role.INSPECTOR, world.territories["near"])])
        session.execute(
            text("""update person_grant set revoked_at = now() where person_id =
                (select id from person where username = :name)"""),
            {"name": name},
        )
    answer = post(client, world, line(site, inspector=name))
    assert faults(answer) == {("/items/0/inspector", "no-grant")}


def test_the_grant_has_to_cover_the_territory_on_the_day_itself(
    client: FlaskClient, world: World, database: Database
) -> None:
    """The aimak goes over to the far district in the middle of November."""
    with database.writing() as session:
        code = f"M{uuid4().hex[:8]}"
        aimak = make_territory(session, code, "aiyl_aimak", world.territories["near"], "Moving")
        session.execute(
            text("""insert into territory_version
                select territory_id, '2021-11-15', :far, name_ky, name_ru, name_en
                from territory_version where territory_id = :aimak"""),
            {"far": world.territories["far"], "aimak": aimak},
        )
        moving = make_site(session, aimak, 8000 + next(numbers))
    # Today it lies in the far district: its coordinator assigns.
    early = post(client, world, line(moving, due_on="2021-11-14"), where="far")
    late = post(client, world, line(moving, due_on="2021-11-15"), where="far")
    assert early.status_code == 201
    assert faults(late) == {("/items/0/inspector", "no-grant")}


def test_a_closed_campaign_takes_no_assignments(
    client: FlaskClient, world: World, database: Database, site: UUID
) -> None:
    close = text("update campaign set closed_at = :at where id = :id")
    with database.writing() as session:
        session.execute(close, {"at": datetime.now(UTC), "id": CAMPAIGN})
    answer = post(client, world, line(site))
    with database.writing() as session:
        session.execute(close, {"at": None, "id": CAMPAIGN})
    assert faults(answer) == {("/items/0/campaign", "campaign-closed")}


@pytest.mark.parametrize("lines", [0, 201])
def test_a_list_has_from_1_to_200_lines(client: FlaskClient, world: World, lines: int) -> None:
    answer = post(client, world, *[line(uuid4()) for _ in range(lines)])
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/items"


def test_two_hundred_lines_go_in_at_once(
    client: FlaskClient, world: World, database: Database
) -> None:
    with database.writing() as session:
        sites = [
            make_site(session, world.territories["near-2"], 8000 + next(numbers))
            for _ in range(200)
        ]
    made = assigned(client, world, *map(line, sites))
    assert [item["site"] for item in made] == [str(one) for one in sites]
