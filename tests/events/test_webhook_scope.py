"""A webhook tells what its owner may read when its turn comes, and never anything else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.services.manage_people import add_grant
from audit_api.settings import Settings
from audit_api.storage.base import Database
from tests.events.hooked import HOOKS, Hooked
from tests.events.receiver import Receiver, receiving
from tests.factories import World
from tests.http.serving import Office

TERRITORIES = ("near-1", "near-2", "far-1", "far-2")
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module", name="settings")
def anywhere(new_settings: Callable[[], Settings]) -> Settings:
    return replace(new_settings(), webhooks_anywhere=True)


def sites_of(receiver: Receiver) -> set[str]:
    return {message.data["data"].get("site", "a letter") for message in receiver.messages}


def move(database: Database, site: UUID, territory: UUID) -> None:
    with database.writing() as session:
        session.execute(
            text("update site set territory_id = :territory where id = :site"),
            {"site": site, "territory": territory},
        )


def grants(hooked: Hooked, *, revoked: bool) -> None:
    person = hooked.world.people[hooked.role, hooked.where]
    with hooked.database.writing() as session:
        session.execute(
            text("""update person_grant set revoked_at =
                case when :revoked then now() end where person_id = :person"""),
            {"person": person, "revoked": revoked},
        )


@settings(
    max_examples=12,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(
    happens=st.lists(
        st.tuples(
            st.sampled_from(["broken", "confirmed", "act", "move", "grant", "work", "fail"]),
            st.sampled_from(TERRITORIES),
            st.sampled_from(TERRITORIES),
        ),
        min_size=3,
        max_size=8,
    ),
    where=st.sampled_from(["near", "far"]),
)
def test_nothing_outside_the_scope_is_ever_sent_or_listed(
    office: Office,
    world: World,
    happens: list[tuple[str, str, str]],
    where: str,
) -> None:
    """Whatever happens where, sites move and grants come and go: no message of what is outside."""
    with receiving() as receiver:
        hooked = Hooked(office.client, office.database, world, receiver, where=where)
        hooked = hooked.subscribe()
        outside: list[tuple[str, str]] = []

        def look(message: object) -> int:
            about = getattr(message, "object", "")
            lies = text("""select starts_with(t.code, :code) from outbox_event e
                left join site s on s.id = e.site_id
                join territory t on t.id = coalesce(s.territory_id, e.territory_id)
                where e.object_id = :object limit 1""")
            with office.database.reading() as session:
                code = "N" if where == "near" else "F"
                if not session.scalar(lies, {"object": about, "code": code}):
                    outside.append((about, where))
            return 500 if failing else 200

        failing = False
        receiver.manner = look
        made: list[UUID] = []
        for what, territory, other in happens:
            if what in ("broken", "confirmed"):
                made.append(office.broken(territory, confirmed=what == "confirmed"))
            elif what == "act" and territory.startswith("near"):
                office.act(office.broken(territory), "N" + territory[-1])
            elif what == "move" and made:
                move(office.database, made[-1], world.territories[other])
            elif what == "grant":
                grants(hooked, revoked=True)
                grants(hooked, revoked=False)
            elif what == "fail":
                failing = not failing
            hooked.work(later=HOUR)
        failing = False
        hooked.work_for_days()
        assert outside == []
        listed = hooked.get("/deliveries?limit=200")["items"]
        inside = {about for about, _ in hooked.happened()}
        assert {item["object"] for item in listed} <= inside
        hooked.client.delete(f"{HOOKS}/{hooked.id}", headers=hooked.headers)


def test_what_moves_away_before_its_turn_is_not_sent_nor_listed(
    office: Office, hooked: Hooked, database: Database, world: World
) -> None:
    site = office.broken(confirmed=False)
    hooked.receiver.manner = lambda _: 500
    hooked.work()
    seen = len(hooked.receiver.messages)
    assert seen
    assert hooked.get("/deliveries")["items"]
    move(database, site, world.territories["far-1"])
    hooked.receiver.manner = lambda _: 200
    hooked.work(later=HOUR)
    assert len(hooked.receiver.messages) == seen
    assert hooked.get("/deliveries")["items"] == []


def test_what_moved_here_is_told_from_then_on(
    office: Office, hooked: Hooked, database: Database, world: World
) -> None:
    site = office.broken("far-1", confirmed=False)
    hooked.work()
    assert hooked.receiver.messages == []
    move(database, site, world.territories["near-1"])
    office.adjudicate(site)
    hooked.work()
    assert {m.data["type"] for m in hooked.receiver.messages} == {"violation.confirmed"}


def test_without_the_grant_nothing_is_sent_and_it_says_so(office: Office, hooked: Hooked) -> None:
    office.broken(confirmed=False)
    grants(hooked, revoked=True)
    hooked.work()
    assert hooked.receiver.messages == []
    assert hooked.client.get(f"{HOOKS}/{hooked.id}", headers=hooked.headers).status_code == 404
    grants(hooked, revoked=False)
    assert hooked.get()["disabled_for"] == "grants_lost"
    hooked.work(later=HOUR)
    assert hooked.receiver.messages == []
    hooked.post("/enablements")
    hooked.work(later=HOUR)
    assert {m.id for m in hooked.receiver.taken} == {event for _, event in hooked.happened()}


def test_a_closed_account_is_told_nothing(office: Office, hooked: Hooked) -> None:
    office.broken(confirmed=False)
    person = hooked.world.people[hooked.role, hooked.where]
    disable = text("""update person set disabled_at = case when :off then now() end
        where id = :person""")
    with hooked.database.writing() as session:
        session.execute(disable, {"person": person, "off": True})
    hooked.work()
    assert hooked.receiver.messages == []
    with hooked.database.writing() as session:
        session.execute(disable, {"person": person, "off": False})
    assert hooked.get()["disabled_for"] == "grants_lost"


def test_a_smaller_grant_narrows_what_is_sent(
    office: Office, hooked: Hooked, database: Database, world: World
) -> None:
    grants(hooked, revoked=True)
    with database.writing() as session:
        person = world.people[Role.COORDINATOR, "near"]
        add_grant(session, person, Role.COORDINATOR, "N2", at=datetime.now(UTC))
    outside, inside = office.broken(confirmed=False), office.broken("near-2", confirmed=False)
    hooked.work()
    assert sites_of(hooked.receiver) == {str(inside)}
    assert str(outside) not in str(hooked.get("/deliveries?limit=200"))
    with database.writing() as session:
        session.execute(
            text("delete from person_grant where person_id = :p and territory_id = :t"),
            {"p": person, "t": world.territories["near-2"]},
        )
    grants(hooked, revoked=False)


@pytest.mark.parametrize("role", list(Role))
def test_only_coordinators_and_administrators_have_webhooks(
    client: FlaskClient, world: World, receiver: Receiver, role: Role
) -> None:
    said = {"url": receiver.url, "types": ["violation.opened"]}
    made = client.post(HOOKS, json=said, headers=world.headers(role))
    may = role in (Role.COORDINATOR, Role.ADMINISTRATOR)
    assert made.status_code == (201 if may else 404)
    if may:
        client.delete(f"{HOOKS}/{made.json['id']}", headers=world.headers(role))


def test_nobody_else_sees_a_webhook_or_touches_it(
    client: FlaskClient, world: World, hooked: Hooked
) -> None:
    own = f"{HOOKS}/{hooked.id}"
    nothing = f"{HOOKS}/{UUID(int=7)}"
    for role, where in ((Role.ADMINISTRATOR, "near"), (Role.COORDINATOR, "far")):
        headers = world.headers(role, where)
        assert client.get(HOOKS, headers=headers).json == {"items": []}
        for method, path in (
            ("GET", ""), ("DELETE", ""), ("GET", "/deliveries"), ("POST", "/enablements"),
            ("POST", "/secrets"), ("POST", f"/deliveries/{UUID(int=8)}/retries"),
        ):  # fmt: skip
            json = {} if path == "/secrets" else None
            answers = [
                client.open(address + path, method=method, json=json, headers=headers)
                for address in (own, nothing)
            ]
            assert [answer.status_code for answer in answers] == [404, 404], (method, path)
            assert answers[0].json["detail"] == answers[1].json["detail"]
    assert hooked.get()["id"] == hooked.id


def test_the_secret_is_told_once(client: FlaskClient, hooked: Hooked, database: Database) -> None:
    assert hooked.secret.startswith("whsec_")
    assert hooked.secret not in str(hooked.get())
    assert "secret" not in hooked.get()
    assert "whsec_" not in client.get(HOOKS, headers=hooked.headers).text
    with database.reading() as session:
        kept = session.scalar(text("select sealed from webhook where id = :i"), {"i": hooked.id})
    assert hooked.secret.encode() not in kept


def test_a_person_has_ten_webhooks_at_most(
    client: FlaskClient, world: World, receiver: Receiver
) -> None:
    headers = world.headers(Role.ADMINISTRATOR)
    said = {"url": receiver.url, "types": ["act.issued"]}
    made = [client.post(HOOKS, json=said, headers=headers) for _ in range(11)]
    assert [answer.status_code for answer in made] == [201] * 10 + [422]
    assert len(client.get(HOOKS, headers=headers).json["items"]) == 10
    for answer in made[:10]:
        path = f"{HOOKS}/{answer.json['id']}"
        assert client.delete(path, headers=headers).status_code == 204
        assert client.get(path, headers=headers).status_code == 404


def test_only_the_types_asked_for_are_sent(
    office: Office, client: FlaskClient, database: Database, world: World, receiver: Receiver
) -> None:
    hooked = Hooked(client, database, world, receiver).subscribe(["violation.confirmed"])
    office.broken()
    hooked.work()
    assert {m.data["type"] for m in receiver.messages} == {"violation.confirmed"}
    client.delete(f"{HOOKS}/{hooked.id}", headers=hooked.headers)


def test_the_log_goes_page_by_page(office: Office, hooked: Hooked) -> None:
    office.act(office.broken())
    hooked.work()
    first = hooked.get("/deliveries?limit=2")
    seen = list(first["items"])
    path = first["next"]
    while path:
        page = hooked.client.get(path, headers=hooked.headers).json
        seen += page["items"]
        path = page["next"]
    assert [item["event"] for item in reversed(seen)] == [e for _, e in hooked.happened()]
    attempt = seen[0]["attempts"][0]
    assert (attempt["status"], attempt["error"]) == (200, None)
