"""Temporary tasks: opened for the day, lived like others, verified by the day's measurement."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.oversight.escalation import EscalationDays, EscalationStep
from audit_api.domain.vocabulary import Role
from audit_api.services.oversight.sweep_tasks import TaskSweep, sweep_tasks
from audit_api.storage.base import Database
from tests.factories import World
from tests.http.day_of import FLAT, STEEP, DayOf, in_days
from tests.http.merging import Meeting

HEAD, COORDINATOR, SUPERVISOR = Role.LSG_HEAD, Role.COORDINATOR, Role.TECHNICAL_SUPERVISOR


@pytest.fixture
def day(client: FlaskClient, database: Database, world: World) -> DayOf:
    """Five days before the election."""
    made = DayOf(client, database, world)
    made.election(5)
    return made


@pytest.fixture
def site(day: DayOf) -> UUID:
    """A site with a steep ramp."""
    made = day.site()
    day.visit(made, permanent=STEEP)
    return made


def opened(day: DayOf, site: UUID, role: Role = HEAD, **said: Any) -> Any:
    """Ask for the temporary task of the site's ramp."""
    [task] = day.tasks(site, "permanent")
    return day.post(f"/tasks/{task['id']}/temporary", {"rev": task["rev"]} | said, role)


def task_of(day: DayOf, site: UUID, role: Role = HEAD) -> Any:
    answer = opened(day, site, role, note="A portable ramp is borrowed.")
    assert answer.status_code == 201, answer.text
    return answer.json


def said(day: DayOf, task: Any, word: str, role: Role = HEAD, **more: Any) -> Any:
    """Say a word; the task as it stands then."""
    rev = day.get(f"/tasks/{task['id']}")["rev"]
    return day.post(f"/tasks/{task['id']}/{word}", {"rev": rev} | more, role)


def reported(day: DayOf, task: Any) -> None:
    """The head reports it done; with which photo is no matter here."""
    for word in ("acknowledgements", "starts"):
        assert said(day, task, word).status_code == 200
    with day.database.writing() as session:
        session.execute(
            text("update remediation_task set state = 'reported_done' where id = :id"),
            {"id": task["id"]},
        )


def swept(day: DayOf, days: int) -> TaskSweep:
    with day.database.writing() as session:
        return sweep_tasks(session, EscalationDays(), at=datetime.now(UTC) + timedelta(days=days))


@pytest.mark.parametrize(
    ("role", "move"), [(HEAD, "open_temporary"), (COORDINATOR, "order_temporary")]
)
def test_it_is_opened_about_what_has_a_temporary_remedy_and_tells_those_alone(
    day: DayOf, site: UUID, role: Role, move: str
) -> None:
    task = task_of(day, site, role)
    assert (task["track"], task["state"], task["due_on"]) == (
        "temporary", "assigned", in_days(5).isoformat(),
    )  # fmt: skip
    assert day.steep(site)["id"] in {v["id"] for v in task["violations"]}
    kinds = {r["kind"] for v in task["violations"] for r in v["remedies"]}
    assert kinds == {"temporary"}
    [event] = task["events"]
    assert (event["move"], event["reason"]) == (move, "A portable ramp is borrowed.")
    assert day.steep(site)["task"] != task["id"], "the permanent task keeps its violations"
    assert [t["id"] for t in day.get("/tasks?track=temporary&limit=200")["items"]].count(
        task["id"]
    ) == 1


@pytest.mark.parametrize("role", [SUPERVISOR, Role.PROSECUTOR, Role.ADMINISTRATOR])
def test_nobody_else_opens_one(day: DayOf, site: UUID, role: Role) -> None:
    assert opened(day, site, role).status_code == 404
    assert day.tasks(site) == []


def test_one_outside_is_unknown(day: DayOf, site: UUID, world: World) -> None:
    [task] = day.tasks(site, "permanent")
    answer = day.client.post(
        f"/api/v1/tasks/{task['id']}/temporary",
        json={"rev": task["rev"]},
        headers=world.headers(HEAD, "far"),
    )
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("before", "due_in"), [(3, 2), (9, 5), (None, 5)], ids=["ahead", "past", "none"]
)
def test_it_is_due_at_the_final_check_or_on_the_day(
    day: DayOf, site: UUID, before: int | None, due_in: int
) -> None:
    day.election(5, final_check=before)
    assert task_of(day, site)["due_on"] == in_days(due_in).isoformat()


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["type"].rpartition(":")[2]


def test_a_second_one_is_refused_and_the_first_named(day: DayOf, site: UUID) -> None:
    first = task_of(day, site)
    again = opened(day, site)
    assert refusal(again) == (409, "move-refused")
    assert again.json["task"] == first["id"]


def test_where_no_remedy_is_known_or_all_holds_none_is_opened(day: DayOf, site: UUID) -> None:
    day.visit(site, temporary=FLAT)
    assert [task["state"] for task in day.tasks(site)] == ["verified"]
    assert refusal(opened(day, site)) == (409, "move-refused")


def test_after_the_day_none_is_opened(day: DayOf, site: UUID) -> None:
    day.election(-1)
    answer = opened(day, site)
    assert refusal(answer) == (409, "move-refused")
    assert "No election is ahead" in answer.json["detail"]


def test_of_a_temporary_task_none_is_opened_and_a_stale_rev_is_told(day: DayOf, site: UUID) -> None:
    task = task_of(day, site)
    assert refusal(said(day, task, "temporary")) == (409, "move-refused")
    assert refusal(opened(day, site, rev=7)) == (409, "not-current")


def test_a_measurement_of_the_day_opens_and_verifies_it(day: DayOf, site: UUID) -> None:
    day.visit(site, temporary=FLAT)
    [task] = day.tasks(site)
    found = day.get(f"/tasks/{task['id']}")
    assert [(e["move"], e["to"]) for e in found["events"]] == [
        ("opened", "assigned"), ("verified", "verified"),
    ]  # fmt: skip
    assert {t["state"] for t in day.tasks(site, "permanent")} == {"assigned"}


def test_one_that_was_opened_is_verified_by_it(day: DayOf, site: UUID) -> None:
    task = task_of(day, site)
    reported(day, task)
    assert day.steep(site)["state"] == "open", "a temporary remedy claims nothing for good"
    day.visit(site, temporary=FLAT)
    assert day.get(f"/tasks/{task['id']}")["state"] == "verified"


def test_measured_outside_it_is_returned(day: DayOf, site: UUID) -> None:
    task = task_of(day, site)
    reported(day, task)
    day.visit(site, temporary=STEEP)
    found = day.get(f"/tasks/{task['id']}")
    assert (found["state"], found["events"][-1]["move"]) == ("returned", "measured_outside")


def test_a_remedy_that_holds_no_more_opens_another(day: DayOf, site: UUID) -> None:
    day.visit(site, temporary=FLAT)
    day.visit(site, temporary=STEEP)
    assert sorted(task["state"] for task in day.tasks(site)) == ["assigned", "verified"]


def test_a_permanent_repair_ends_it_too(day: DayOf, site: UUID) -> None:
    task = task_of(day, site)
    day.visit(site, permanent=FLAT)
    found = day.get(f"/tasks/{task['id']}")
    assert (found["state"], found["events"][-1]["reason"]) == (
        "verified", "measured within the limits",
    )  # fmt: skip


def test_a_decline_and_a_day_after_the_election_are_refused(day: DayOf, site: UUID) -> None:
    task = task_of(day, site)
    answer = said(day, task, "declines", reason="No money.")
    assert refusal(answer) == (409, "move-refused")
    assert "Decline the permanent task" in answer.json["detail"]
    late = {"reason": "Later.", "due_on": in_days(6).isoformat()}
    assert said(day, task, "extension-requests", **late).status_code == 422
    assert said(day, task, "deadlines", COORDINATOR, **late).status_code == 422
    sooner = late | {"due_on": in_days(4).isoformat()}
    assert said(day, task, "deadlines", COORDINATOR, **sooner).json["due_on"] == sooner["due_on"]


@pytest.mark.parametrize("state", ["assigned", "reported_done", "verified"])
def test_the_day_after_it_lapses_once_and_the_permanent_one_goes_on(
    day: DayOf, site: UUID, state: str
) -> None:
    task = task_of(day, site)
    if state == "reported_done":
        reported(day, task)
    elif state == "verified":
        day.visit(site, temporary=FLAT)
    assert day.get(f"/tasks/{task['id']}")["state"] == state
    swept(day, 5)
    assert day.get(f"/tasks/{task['id']}")["state"] == state, "election day is not over"
    assert swept(day, 6).lapsed >= 1
    found = day.get(f"/tasks/{task['id']}")
    event = found["events"][-1]
    assert (event["move"], event["from"], event["to"], event["by"]) == (
        "lapsed", state, "lapsed", None,
    )  # fmt: skip
    assert (found["overdue"], found["priority"]) == (False, 0)
    assert swept(day, 6).lapsed == 0
    assert {t["state"] for t in day.tasks(site, "permanent")} == {"assigned"}


def test_an_inspection_after_the_lapse_moves_it_no_more(day: DayOf, site: UUID) -> None:
    task = task_of(day, site)
    day.election(-1)
    swept(day, 0)
    day.visit(site, temporary=FLAT)
    assert [t["state"] for t in day.tasks(site)] == ["lapsed"]
    assert day.get(f"/tasks/{task['id']}")["events"][-1]["move"] == "lapsed"


def test_it_comes_to_everybody_before_the_vote_and_to_nobody_after(day: DayOf, site: UUID) -> None:
    day.election(5, final_check=3)
    task = task_of(day, site)
    taken = {}
    for days in range(8):
        swept(day, days)
        taken[days] = [e["step"] for e in day.get(f"/tasks/{task['id']}")["escalations"]]
    order = [step.value for step in EscalationStep]
    assert [len(taken[days]) for days in range(8)] == [1, 1, 2, 3, 4, 4, 4, 4]
    assert taken[7] == order


def test_nothing_escalates_that_has_lapsed(day: DayOf, site: UUID) -> None:
    task = task_of(day, site)
    swept(day, 30)
    assert day.get(f"/tasks/{task['id']}")["escalations"] == []


def test_its_priority_is_that_of_what_it_relieves(day: DayOf, site: UUID) -> None:
    task = task_of(day, site)
    swept(day, 0)
    found = day.get(f"/tasks/{task['id']}")
    assert found["priority"] == max(
        round(v["priority"]["value"] * v["priority"]["days_left"] / 5, 2)
        for v in day.violations(site)
        if v["id"] in {one["id"] for one in task["violations"]}
    )


def test_tablets_pull_it_with_what_it_relieves_and_say_their_words(
    day: DayOf, site: UUID, client: FlaskClient, database: Database, world: World
) -> None:
    task = task_of(day, site)
    pad = Meeting(client, database, world).pad(HEAD)
    pulled = pad.pulled("task")[task["id"]]
    assert (pulled["track"], pulled["relieves"], pulled["violations"]) == (
        "temporary", sorted(v["id"] for v in task["violations"]), None,
    )  # fmt: skip
    assert pad.command(UUID(task["id"]), "acknowledge", "assigned")["status"] == "applied"
    swept(day, 6)
    late = pad.command(UUID(task["id"]), "start", "acknowledged")
    assert (late["status"], late["unchanged"]) == ("applied", True)
    assert pad.pulled("task")[task["id"]]["state"] == "lapsed"


def test_an_unknown_task_has_none(day: DayOf) -> None:
    assert day.post(f"/tasks/{uuid4()}/temporary", {"rev": 1}, HEAD).status_code == 404
