"""A receiver in whatever state is told every event at least once, in order, and signed."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import groupby

import pytest
from sqlalchemy import text

from audit_api.settings import Settings
from audit_api.storage.base import Database
from tests.events.hooked import Hooked, now
from tests.events.receiver import Message
from tests.http.serving import NARROW, WIDE, Office

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def settings(new_settings: Callable[[], Settings]) -> Settings:
    return replace(new_settings(), webhooks_anywhere=True)


def much(office: Office) -> None:
    """Things happen near and far, several to the same objects."""
    for territory in ("near-1", "far-1"):
        where = territory.partition("-")[0]
        site = office.broken(territory)
        office.visit(site, WIDE, where=where)
        office.visit(site, NARROW, where=where)
        office.act(office.broken(territory), territory=where[0].upper() + "1") if (
            where == "near"
        ) else None


def whole(hooked: Hooked) -> None:
    """Everything that happened near was taken, in order per object, each signed; nothing else."""
    taken = hooked.receiver.taken
    happened = hooked.happened()
    assert {message.id for message in taken} == {event for _, event in happened}
    for message in hooked.receiver.messages:
        message.verify(hooked.secret)
    order = sorted(happened, key=lambda row: row[0])
    for about, events in groupby(order, key=lambda row: row[0]):
        first_seen = list(dict.fromkeys(m.id for m in taken if m.object == about))
        assert first_seen == [event for _, event in events]


def test_a_receiver_that_is_well_gets_everything_once(office: Office, hooked: Hooked) -> None:
    much(office)
    hooked.work()
    assert len(hooked.receiver.messages) > 15
    assert len({m.id for m in hooked.receiver.messages}) == len(hooked.receiver.messages)
    whole(hooked)


@pytest.mark.parametrize(
    "manner", [500, 302, 404, 429, "hang", "drip", "close", "midway", "reset", "nonsense"]
)
def test_what_was_not_taken_is_sent_again_with_the_same_id_and_body(
    office: Office, hooked: Hooked, manner: int | str
) -> None:
    office.broken(confirmed=False)
    first: list[str] = []

    def once(message: Message) -> int | str:
        if not first:
            first.append(message.id)
            return manner
        return 200

    hooked.receiver.manner = once
    hooked.receiver.extra = {"Location": "http://127.0.0.1:1/elsewhere"}
    hooked.work()
    log = {entry["event"]: entry for entry in hooked.get("/deliveries?limit=200")["items"]}
    failed = log[first[0]]["attempts"][0]
    assert failed["error"]
    assert failed["status"] == (manner if isinstance(manner, int) else None)
    assert failed["ms"] < 5_000
    hooked.work(later=HOUR)
    whole(hooked)
    again = [m for m in hooked.receiver.messages if m.id == first[0]]
    assert len(again) == 2
    assert again[0].body == again[1].body


def test_a_receiver_that_fails_at_random_gets_everything_in_order(
    office: Office, hooked: Hooked
) -> None:
    much(office)
    dice = random.Random(20211128)  # noqa: S311 - the same in every run
    manners = [*[200] * 7, 500, 503, "close", "midway", "reset", "nonsense"]
    hooked.receiver.manner = lambda _: dice.choice(manners)
    hooked.work()
    hooked.work_for_days()
    assert hooked.pending() == 0
    assert len(hooked.receiver.messages) > len(hooked.receiver.taken)
    whole(hooked)


def test_an_event_waits_for_the_one_before_it_of_the_same_object_alone(
    office: Office, hooked: Hooked
) -> None:
    much(office)
    stuck: list[str] = []

    def one_object_fails(message: Message) -> int:
        if not stuck and message.data["type"] == "violation.opened":
            stuck.append(message.object)
        return 500 if message.object in stuck else 200

    hooked.receiver.manner = one_object_fails
    hooked.work()
    of_stuck = [m for m in hooked.receiver.messages if m.object == stuck[0]]
    assert {m.data["type"] for m in of_stuck} == {"violation.opened"}
    others = {event for about, event in hooked.happened() if about != stuck[0]}
    assert {m.id for m in hooked.receiver.taken} == others
    hooked.receiver.manner = lambda _: 200
    hooked.work(later=HOUR)
    whole(hooked)


def test_what_is_never_taken_is_given_up_and_the_next_of_the_object_goes_on(
    office: Office, hooked: Hooked
) -> None:
    site = office.broken()
    hooked.receiver.manner = lambda m: 500 if m.data["type"] == "violation.opened" else 200
    hooked.work()
    # Something else is taken now and then: the webhook itself does not fail.
    for _ in range(10):
        office.act(site)
        for _ in range(11):
            hooked.work(later=HOUR)
    items = hooked.get("/deliveries?state=given_up&limit=200")["items"]
    assert {item["type"] for item in items} == {"violation.opened"}
    assert {item["object"] for item in items} == set(office.violations(site))
    assert {len(item["attempts"]) for item in items} == {10}
    assert "violation.confirmed" in {m.data["type"] for m in hooked.receiver.taken}
    assert hooked.get()["disabled_at"] is None
    hooked.receiver.manner = lambda _: 200
    for item in items:
        again = hooked.post(f"/deliveries/{item['id']}/retries")
        assert again["state"] == "pending"
    hooked.work()
    assert {m.id for m in hooked.receiver.taken} == {event for _, event in hooked.happened()}


def test_410_disables_and_enabling_goes_on_with_nothing_lost(
    office: Office, hooked: Hooked
) -> None:
    much(office)
    hooked.receiver.manner = lambda _: 410
    hooked.work()
    assert len(hooked.receiver.messages) == 1
    assert hooked.get()["disabled_for"] == "gone"
    much(office)
    hooked.work(later=HOUR)
    assert len(hooked.receiver.messages) == 1
    hooked.receiver.manner = lambda _: 200
    assert hooked.post("/enablements")["disabled_for"] is None
    hooked.work()
    whole(hooked)


def test_one_that_takes_nothing_for_days_is_disabled_before_anything_is_given_up(
    office: Office, hooked: Hooked
) -> None:
    much(office)
    hooked.receiver.manner = lambda _: 503
    hooked.work()
    hooked.work_for_days(5)
    assert hooked.get()["disabled_for"] == "failing"
    assert hooked.get("/deliveries?state=given_up")["items"] == []
    attempts = len(hooked.receiver.messages)
    assert attempts < 1_500
    hooked.receiver.manner = lambda _: 200
    hooked.post("/enablements")
    hooked.work()
    whole(hooked)


def test_retry_after_is_kept_to(office: Office, hooked: Hooked) -> None:
    office.broken(confirmed=False)
    hooked.receiver.manner = lambda _: 503
    hooked.receiver.extra = {"Retry-After": "1800"}
    hooked.work()
    assert len(hooked.receiver.messages) == 1
    hooked.work(later=timedelta(minutes=29))
    assert len(hooked.receiver.messages) == 1
    hooked.receiver.manner = lambda _: 200
    hooked.work(later=timedelta(minutes=10))
    whole(hooked)


def test_workers_at_once_send_nothing_twice(office: Office, hooked: Hooked) -> None:
    much(office)
    hooked.derive()
    until = now() + timedelta(seconds=30)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: hooked.worker().deliver(until=until), range(4)))
    hooked.work()
    assert len({m.id for m in hooked.receiver.messages}) == len(hooked.receiver.messages)
    whole(hooked)


def test_a_worker_that_dies_before_it_noted_sends_again_under_the_same_id(
    office: Office, hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.broken(confirmed=False)

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    monkeypatch.setattr("audit_api.storage.events.deliveries.note_attempt", die)
    with pytest.raises(Killed):
        hooked.work()
    monkeypatch.undo()
    (sent,) = hooked.receiver.messages
    hooked.work()
    assert sent.id not in [m.id for m in hooked.receiver.messages[1:]]
    hooked.work(later=timedelta(minutes=2))
    assert [m.id for m in hooked.receiver.messages].count(sent.id) == 2
    whole(hooked)


def test_a_rotated_secret_signs_beside_the_one_before_until_the_overlap_ends(
    office: Office, hooked: Hooked
) -> None:
    new = hooked.post("/secrets", {"overlap_hours": 2})["secret"]
    office.broken(confirmed=False)
    hooked.work()
    for message in hooked.receiver.messages:
        message.verify(hooked.secret)
        message.verify(new)
    before = len(hooked.receiver.messages)
    office.broken(confirmed=False)
    hooked.work(later=timedelta(hours=3))
    after = hooked.receiver.messages[before:]
    assert after
    assert {m.headers["webhook-signature"].count("v1,") for m in after} == {1}


def test_a_webhook_whose_secret_another_key_sealed_says_so(
    office: Office, hooked: Hooked, database: Database
) -> None:
    with database.writing() as session:
        session.execute(text("update webhook set sealed = 'x' where id = :id"), {"id": hooked.id})
    office.broken(confirmed=False)
    hooked.work()
    assert hooked.get()["disabled_for"] == "key_changed"
    assert hooked.receiver.messages == []
    secret = hooked.post("/secrets", {"overlap_hours": 0})["secret"]
    hooked.post("/enablements")
    hooked.work(later=HOUR)
    whole(replace(hooked, secret=secret))


def test_a_webhook_that_is_deleted_while_it_is_sent_to_breaks_nothing(
    office: Office, hooked: Hooked
) -> None:
    office.broken()

    def delete(_: Message) -> int:
        path = f"/api/v1/webhooks/{hooked.id}"
        assert hooked.client.delete(path, headers=hooked.headers).status_code == 204
        return 200

    hooked.receiver.manner = delete
    hooked.work()
    assert len(hooked.receiver.messages) == 1
    assert hooked.pending() == 0
