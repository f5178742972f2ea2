"""Tablets as the headquarters see them: what each said of itself, lists, and whose they are."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import World, make_device, make_person, operation
from tests.http.tablets import API, Tablet

OTHERS = sorted(set(Role) - {Role.COORDINATOR, Role.ADMINISTRATOR})


@pytest.fixture
def tablet(client: FlaskClient, database: Database, world: World) -> Tablet:
    """A new tablet."""
    return Tablet(client, database, world)


# What it is and holds


def test_what_the_tablet_said_of_itself_is_shown_as_it_said_it(tablet: Tablet) -> None:
    client = {"app": "field/1.4.0", "forms": ["ramp/2"], "holds": {"last_seq": 1, "photos": 3}}
    tablet.hand_in(1, client=client)
    told = tablet.read()
    assert told["client"] == client
    assert told["app_version"] == "field/1.4.0"
    assert told["forms_used"] == ["ramp/1"]


def test_a_clock_that_is_off_is_counted(tablet: Tablet) -> None:
    now = datetime.now(UTC)
    wrong = (now + timedelta(days=400)).isoformat()
    clock = {"wall": wrong, "mono_ms": 1000, "boot": "b"}
    body = operation(tablet.body(), seq=1, at={"wall": wrong, "mono_ms": 1000, "boot": "b"})
    tablet.push(body, clock=clock)
    told = tablet.read()
    assert told["clock"]["operations_off"] == 1
    assert told["inspection_flags"]["device-clock-off"] == 1
    assert timedelta(milliseconds=told["clock_offset_ms"]) > timedelta(days=399)


def test_inspections_are_counted_by_what_they_are_flagged_with(tablet: Tablet) -> None:
    tablet.hand_in(1, 2)
    # Each flag names its place in the body too; here only the word counts.
    assert tablet.read()["inspection_flags"] == {"photo_missing": 2}


def test_a_pull_to_the_end_is_noted_with_what_lay_in_each_scope(tablet: Tablet) -> None:
    tablet.hand_in(1)
    assert tablet.read()["pulled_at"] is None
    page = tablet.client.get("/api/v1/sync/pull?limit=1000", headers=tablet.headers).json
    told = tablet.read()
    held: dict[str, int] = dict.fromkeys(page["scopes"], 0)
    for scope, _, _, doc, _ in page["items"]:
        held[scope] += doc is not None
    assert told["pulled"]["scopes"] == held
    assert told["pulled"]["until"] == page["until"]
    assert told["pulled"]["epoch"] == page["epoch"]
    assert told["last_contact_at"] == told["pulled_at"]


def test_a_pull_that_has_not_ended_is_not_noted(tablet: Tablet) -> None:
    tablet.hand_in(1, 2)
    page = tablet.client.get("/api/v1/sync/pull?limit=1", headers=tablet.headers).json
    assert page["more"]
    assert tablet.read()["pulled_at"] is None


def test_a_second_pull_within_the_minute_is_not_noted(tablet: Tablet) -> None:
    tablet.client.get("/api/v1/sync/pull", headers=tablet.headers)
    first = tablet.read()["pulled_at"]
    tablet.client.get("/api/v1/sync/pull", headers=tablet.headers)
    assert first is not None
    assert tablet.read()["pulled_at"] == first


# The list


def test_the_list_tells_what_is_owed_and_can_be_narrowed_to_it(tablet: Tablet) -> None:
    assert tablet.listed("owing=false")
    tablet.hand_in(1, 3)
    found = tablet.listed("owing=true")
    assert (found["owes_operations"], found["owes_photos"]) == (1, 2)
    assert found["oldest_photo_announced_at"]
    assert found == tablet.listed()
    assert tablet.listed("owing=false") is None


def test_the_list_can_be_narrowed_to_those_not_heard_of(tablet: Tablet) -> None:
    assert tablet.listed("silent_hours=1")
    tablet.hand_in(1)
    assert tablet.listed("silent_hours=1") is None
    with tablet.database.writing() as session:
        session.execute(
            text("update device set last_contact_at = now() - interval '5 hours' where id = :id"),
            {"id": tablet.id},
        )
    assert tablet.listed("silent_hours=4")
    assert tablet.listed("silent_hours=6") is None


def test_the_list_can_be_narrowed_to_a_territory(tablet: Tablet) -> None:
    assert tablet.listed("territory=N")
    # The owner inspects the whole district, not the one aimak.
    assert tablet.listed("territory=N1") is None


def test_pages_of_one_make_the_same_list(tablet: Tablet, client: FlaskClient) -> None:
    tablet.hand_in(2)
    headers = tablet.world.headers(Role.COORDINATOR)
    for narrowed in ("", "&owing=true"):
        whole = client.get(f"{API}?limit=200{narrowed}", headers=headers).json["items"]
        found = []
        following = f"{API}?limit=1{narrowed}"
        while following:
            page = client.get(following, headers=headers).json
            found += page["items"]
            following = page["next"]
        assert len(whole) > 1 or narrowed
        assert found == whole


# Whose it is


def test_a_tablet_is_seen_by_whoever_all_its_owners_grants_lie_with(
    client: FlaskClient, database: Database, world: World
) -> None:
    with database.writing() as session:
        grants = [(Role.INSPECTOR, world.territories[where]) for where in ("near", "far")]
        both = make_person(session, f"both.{uuid4().hex}", grants)
        device, _ = make_device(session, both, "of two districts")
    for where in ("near", "far"):
        headers = world.headers(Role.COORDINATOR, where)
        assert client.get(f"{API}/{device}", headers=headers).status_code == 404


def test_a_tablet_does_not_vanish_with_its_owners_last_grant(
    client: FlaskClient, database: Database, world: World
) -> None:
    with database.writing() as session:
        grants = [(Role.INSPECTOR, world.territories["far"])]
        person = make_person(session, f"former.{uuid4().hex}", grants)
        device, _ = make_device(session, person, "of a former inspector")
        revoke = text("update person_grant set revoked_at = :at where person_id = :person")
        at = datetime.now(UTC) - timedelta(days=30)
        session.execute(revoke, {"at": at, "person": person})
        add = text("""insert into person_grant values
            (:id, :person, 'inspector', :territory, :at, :until)""")
        last = {"id": uuid4(), "person": person, "territory": world.territories["near"]}
        session.execute(add, last | {"at": at, "until": datetime.now(UTC)})

    def seen(where: str) -> int:
        headers = world.headers(Role.COORDINATOR, where)
        return client.get(f"{API}/{device}", headers=headers).status_code

    assert (seen("near"), seen("far")) == (200, 404)


@pytest.mark.parametrize(
    "role", sorted(set(Role) - {Role.COORDINATOR, Role.ADMINISTRATOR}), ids=str
)
def test_nobody_else_reads_of_tablets(
    tablet: Tablet, client: FlaskClient, world: World, role: Role
) -> None:
    assert client.get(f"{API}/{tablet.id}", headers=world.headers(role)).status_code == 404
    assert client.get(API, headers=world.headers(role)).status_code == 404
