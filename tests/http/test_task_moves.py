"""What people say about tasks: each role its words, each word an event; no word verifies."""

import hashlib
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from audit_api.domain.access import WHO_MAY_WHAT, Noun
from audit_api.domain.vocabulary import Role
from audit_api.services.oversight.move_task import VERBS, TaskWord
from audit_api.storage.base import Database
from tests.factories import World, make_session_token
from tests.field_schema.bodies import measurement
from tests.http.merging import Meeting, Pad
from tests.http.populated import photo_bytes
from tests.http.test_task_commands import PHOTO, PICTURE

HEAD, SUPERVISOR, COORDINATOR = Role.LSG_HEAD, Role.TECHNICAL_SUPERVISOR, Role.COORDINATOR
WHY = "The school has no money before spring."
NARROW = {"width_mm": measurement(500)}
PATHS = {
    TaskWord.ACKNOWLEDGE: "acknowledgements",
    TaskWord.START: "starts",
    TaskWord.REPORT_DONE: "reports",
    TaskWord.ESTIMATE: "estimates",
    TaskWord.ASK_EXTENSION: "extension-requests",
    TaskWord.DECLINE: "declines",
    TaskWord.RETURN: "returns",
    TaskWord.SET_DEADLINE: "deadlines",
}
NEEDED: dict[TaskWord, dict[str, Any]] = {
    TaskWord.ACKNOWLEDGE: {},
    TaskWord.START: {"note": "Mason hired."},
    TaskWord.REPORT_DONE: {"photos": [PHOTO["sha256"]]},
    TaskWord.ESTIMATE: {"cost_som": 45_000},
    TaskWord.ASK_EXTENSION: {"reason": WHY, "due_on": "2021-11-25"},
    TaskWord.DECLINE: {"reason": WHY},
    TaskWord.RETURN: {"reason": WHY},
    TaskWord.SET_DEADLINE: {"reason": WHY, "due_on": "2021-11-22"},
}
WHO = dict.fromkeys(TaskWord, HEAD) | {
    TaskWord.RETURN: SUPERVISOR,
    TaskWord.SET_DEADLINE: COORDINATOR,
}


@pytest.fixture(scope="module")
def meeting(client: FlaskClient, database: Database, world: World) -> Meeting:
    made = Meeting(client, database, world)
    answer = client.put(
        f"/api/v1/photos/{PHOTO['sha256']}",
        data=PICTURE,
        headers=made.pad(HEAD).headers | {"Content-Type": "image/jpeg"},
    )
    assert answer.status_code == 201
    return made


@pytest.fixture
def pad(meeting: Meeting) -> Pad:
    return meeting.pad()


@pytest.fixture
def site(meeting: Meeting) -> UUID:
    return meeting.site()


@pytest.fixture
def task(meeting: Meeting, pad: Pad, site: UUID) -> UUID:
    """A task of the site's ramp, which is too narrow."""
    return meeting.task(pad, site)


def read(meeting: Meeting, task: UUID, role: Role = HEAD) -> Any:
    answer = meeting.client.get(f"/api/v1/tasks/{task}", headers=meeting.world.headers(role))
    assert answer.status_code == 200, answer.text
    return answer.json


def say(
    meeting: Meeting,
    task: UUID,
    word: TaskWord,
    *,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> TestResponse:
    """Say a word as whoever has it, of the task as it stands."""
    rev = meeting.value("select rev from remediation_task where id = :id", id=task)
    return meeting.client.post(
        f"/api/v1/tasks/{task}/{PATHS[word]}",
        json={"rev": rev or 1} | NEEDED[word] | more,
        headers=headers or meeting.world.headers(WHO[word]),
    )


def said(meeting: Meeting, task: UUID, *words: TaskWord) -> Any:
    """Say words one after the other; the last answer."""
    for word in words:
        answer = say(meeting, task, word)
        assert answer.status_code == 200, answer.text
    return answer.json


def problem(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.json["type"].rpartition(":")[2]


def states(meeting: Meeting, task: UUID) -> set[str]:
    rows = meeting.rows("select state from violation where task_id = :id", id=task)
    return {state for (state,) in rows}


REPORTED = (TaskWord.ACKNOWLEDGE, TaskWord.START, TaskWord.REPORT_DONE)


def test_a_task_goes_from_assigned_to_reported_done_with_its_events(
    meeting: Meeting, task: UUID
) -> None:
    found = said(meeting, task, *REPORTED)
    assert (found["state"], found["rev"]) == ("reported_done", 4)
    assert found == read(meeting, task)
    assert [(e["move"], e["from"], e["to"], e["reason"], e["by"]) for e in found["events"]] == [
        ("opened", None, "assigned", "found by an inspection", "Inspector.Near"),
        ("acknowledge", "assigned", "acknowledged", "", "Lsg_Head.Near"),
        ("start", "acknowledged", "in_progress", "Mason hired.", "Lsg_Head.Near"),
        ("report_done", "in_progress", "reported_done", "", "Lsg_Head.Near"),
    ]
    assert found["events"][-1]["photos"] == [PHOTO]
    logged = meeting.rows(
        """select detail ->> 'move' from audit_log where what = 'task_moved' and subject = :id
        order by n""",
        id=str(task),
    )
    assert [move for (move,) in logged] == ["acknowledge", "start", "report_done"]


def test_tablets_hear_of_it(meeting: Meeting, pad: Pad, task: UUID) -> None:
    said(meeting, task, TaskWord.ACKNOWLEDGE)
    assert pad.pulled("task")[str(task)]["state"] == "acknowledged"


def test_a_tablets_command_and_a_persons_word_make_the_same_event(
    meeting: Meeting, task: UUID
) -> None:
    said(meeting, task, TaskWord.ACKNOWLEDGE)
    done = meeting.pad(HEAD).command(task, "report_done", "acknowledged", photos=[PHOTO])
    assert done["status"] == "applied"
    event = read(meeting, task)["events"][-1]
    assert (event["move"], event["to"], event["photos"]) == (
        "report_done", "reported_done", [PHOTO],
    )  # fmt: skip
    assert states(meeting, task) == {"remedied"}


def test_what_is_reported_done_is_claimed_and_a_return_puts_it_back(
    meeting: Meeting, task: UUID
) -> None:
    confirmed = meeting.value(
        "select id from violation where task_id = :id order by id limit 1", id=task
    )
    answer = meeting.client.post(
        f"/api/v1/violations/{confirmed}/adjudications",
        json={"decision": "confirm", "rev": 1, "reason": "Seen."},
        headers=meeting.world.headers(SUPERVISOR),
    )
    assert answer.status_code == 201
    said(meeting, task, *REPORTED)
    assert states(meeting, task) == {"remedied"}
    found = said(meeting, task, TaskWord.RETURN)
    assert (found["state"], found["events"][-1]["reason"]) == ("returned", WHY)
    after = dict(meeting.rows("select id, state from violation where task_id = :id", id=task))
    assert after.pop(confirmed) == "confirmed"
    assert set(after.values()) == {"open"}


def test_what_is_measured_outside_though_reported_done_is_returned_and_open_again(
    meeting: Meeting, pad: Pad, site: UUID, task: UUID
) -> None:
    said(meeting, task, *REPORTED)
    meeting.visit(pad, site, answers={"width_mm": measurement(520)})
    assert read(meeting, task)["state"] == "returned"
    event = read(meeting, task)["events"][-1]
    assert (event["move"], event["reason"]) == ("measured_outside", "measured outside the limits")
    assert "open" in states(meeting, task)


def test_a_cost_is_told_on_the_task_and_the_newest_counts(meeting: Meeting, task: UUID) -> None:
    assert read(meeting, task)["cost_som"] is None
    assert said(meeting, task, TaskWord.ESTIMATE)["cost_som"] == 45_000
    found = say(meeting, task, TaskWord.ESTIMATE, cost_som=60_000).json
    assert (found["cost_som"], found["state"]) == (60_000, "assigned")
    assert [e["cost_som"] for e in found["events"]] == [None, 45_000, 60_000]


def test_asking_moves_no_deadline_and_a_coordinator_sets_it_with_a_notice(
    meeting: Meeting, task: UUID
) -> None:
    found = said(meeting, task, TaskWord.ASK_EXTENSION)
    assert (found["due_on"], found["state"]) == ("2021-11-18", "assigned")
    asked = found["extension_asked"]
    assert (asked["due_on"], asked["reason"], asked["by"]) == ("2021-11-25", WHY, "Lsg_Head.Near")
    assert str(task) in waiting_for_a_day(meeting)
    found = said(meeting, task, TaskWord.SET_DEADLINE)
    assert (found["due_on"], found["extension_asked"]) == ("2021-11-22", None)
    assert str(task) not in waiting_for_a_day(meeting)
    event = found["events"][-1]
    assert (event["move"], event["due_on"], event["by"]) == (
        "set_deadline", "2021-11-22", "Coordinator.Near",
    )  # fmt: skip
    days = meeting.rows("select distinct due_on::text from violation where task_id = :t", t=task)
    assert days == [("2021-11-22",)]
    logged = meeting.value(
        """select detail ->> 'was_due_on' from audit_log where subject = :id
        and detail ->> 'move' = 'set_deadline'""",
        id=str(task),
    )
    assert logged == "2021-11-18"


def waiting_for_a_day(meeting: Meeting) -> set[str]:
    answer = meeting.client.get(
        "/api/v1/tasks?extension_asked=true&limit=200", headers=meeting.world.headers(COORDINATOR)
    )
    return {item["id"] for item in answer.json["items"]}


@pytest.mark.parametrize(
    ("word", "day"),
    [(TaskWord.ASK_EXTENSION, "2021-11-18"), (TaskWord.ASK_EXTENSION, "2021-11-01"),
     (TaskWord.SET_DEADLINE, "2021-11-18")],
)  # fmt: skip
def test_a_day_that_changes_nothing_is_refused(
    meeting: Meeting, task: UUID, word: TaskWord, day: str
) -> None:
    answer = say(meeting, task, word, due_on=day)
    assert problem(answer) == (422, "invalid-input")
    assert answer.json["errors"][0]["pointer"] == "/due_on"


def test_what_an_lsg_head_declines_is_contested_and_waits_for_supervision(
    meeting: Meeting, site: UUID, task: UUID
) -> None:
    found = said(meeting, task, TaskWord.DECLINE)
    assert (found["state"], found["events"][-1]["reason"]) == ("assigned", WHY)
    assert states(meeting, task) == {"contested"}
    queue = meeting.client.get(
        f"/api/v1/adjudications/queue?site={site}&kind=contested",
        headers=meeting.world.headers(SUPERVISOR),
    ).json["items"]
    assert {(i["reason"], i["since"]) for i in queue} == {(WHY, found["events"][-1]["at"])}
    again = say(meeting, task, TaskWord.DECLINE)
    assert problem(again) == (409, "move-refused")
    assert "extension" in again.json["detail"]


def test_a_photo_that_no_tablet_of_the_head_handed_in_is_refused(
    meeting: Meeting, pad: Pad, task: UUID
) -> None:
    said(meeting, task, TaskWord.ACKNOWLEDGE)
    others = photo_bytes(uuid4().int)
    known = hashlib.sha256(others).hexdigest()
    put = meeting.client.put(
        f"/api/v1/photos/{known}", data=others,
        headers=pad.headers | {"Content-Type": "image/jpeg"},
    )  # fmt: skip
    assert put.status_code == 201
    theirs = say(meeting, task, TaskWord.REPORT_DONE, photos=[known])
    nowhere = say(meeting, task, TaskWord.REPORT_DONE, photos=["0" * 64])
    assert problem(theirs) == problem(nowhere) == (422, "invalid-input")
    assert theirs.json == nowhere.json
    assert theirs.json["errors"][0]["pointer"] == "/photos/0"


@pytest.mark.parametrize(
    ("word", "missing"),
    [(word, name) for word, needed in NEEDED.items() for name in needed if name != "note"],
)
def test_what_a_word_needs_has_to_be_there(
    meeting: Meeting, task: UUID, word: TaskWord, missing: str
) -> None:
    rest = {name: value for name, value in NEEDED[word].items() if name != missing}
    answer = meeting.client.post(
        f"/api/v1/tasks/{task}/{PATHS[word]}",
        json={"rev": 1} | rest,
        headers=meeting.world.headers(WHO[word]),
    )
    assert problem(answer) == (422, "invalid-input")
    assert answer.json["errors"][0]["pointer"] == f"/{missing}"


REFUSED = [
    (TaskWord.START, ()),
    (TaskWord.REPORT_DONE, ()),
    (TaskWord.RETURN, (TaskWord.ACKNOWLEDGE,)),
    (TaskWord.ACKNOWLEDGE, (TaskWord.ACKNOWLEDGE,)),
    (TaskWord.DECLINE, REPORTED),
    (TaskWord.ASK_EXTENSION, REPORTED),
    (TaskWord.ESTIMATE, REPORTED),
]


@pytest.mark.parametrize(("word", "before"), REFUSED)
def test_a_word_that_the_table_does_not_have_is_refused(
    meeting: Meeting, task: UUID, word: TaskWord, before: tuple[TaskWord, ...]
) -> None:
    if before:
        said(meeting, task, *before)
    was = read(meeting, task)
    assert problem(say(meeting, task, word)) == (409, "move-refused")
    assert read(meeting, task) == was


def test_who_speaks_of_an_older_task_is_told_the_newer(meeting: Meeting, task: UUID) -> None:
    said(meeting, task, TaskWord.ACKNOWLEDGE)
    answer = say(meeting, task, TaskWord.START, rev=1)
    assert (*problem(answer), answer.json["rev"]) == (409, "not-current", 2)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("word", TaskWord)
def test_each_word_belongs_to_one_role(
    meeting: Meeting, world: World, task: UUID, word: TaskWord, role: Role
) -> None:
    may = VERBS[word] in WHO_MAY_WHAT[Noun.TASKS][role]
    assert may is (role is WHO[word])
    if not may:
        assert say(meeting, task, word, headers=world.headers(role)).status_code == 404


@pytest.mark.parametrize("word", TaskWord)
def test_one_outside_is_not_there(
    meeting: Meeting, world: World, task: UUID, word: TaskWord
) -> None:
    far = world.headers(WHO[word], "far")
    # A rev that is not the task's: what lies outside is not told to have another.
    outside = say(meeting, task, word, headers=far, rev=999)
    unknown = say(meeting, uuid4(), word, headers=far, rev=999)
    assert (outside.status_code, outside.data) == (404, unknown.data)


def test_who_measured_does_not_return(
    meeting: Meeting, database: Database, world: World, task: UUID
) -> None:
    said(meeting, task, *REPORTED)
    person = world.people[Role.INSPECTOR, "near"]
    with database.writing() as session:
        session.execute(
            text("""insert into person_grant (id, person_id, role, territory_id, granted_at)
                values (:id, :person, 'technical_supervisor', :territory, now())"""),
            {"id": uuid4(), "person": person, "territory": world.territories["near"]},
        )
        own = {"Authorization": f"Bearer {make_session_token(session, person)}"}
    try:
        answer = say(meeting, task, TaskWord.RETURN, headers=own)
        assert problem(answer) == (403, "four-eyes")
    finally:
        with database.writing() as session:
            session.execute(
                text("""delete from person_grant where person_id = :person
                    and role = 'technical_supervisor'"""),
                {"person": person},
            )


def test_who_may_read_the_task_sees_the_photo_of_its_report_and_nobody_else(
    meeting: Meeting, world: World, task: UUID
) -> None:
    data = photo_bytes(uuid4().int)
    sha256 = hashlib.sha256(data).hexdigest()
    head = meeting.pad(HEAD)
    put = {"Content-Type": "image/jpeg"} | head.headers
    assert meeting.client.put(f"/api/v1/photos/{sha256}", data=data, headers=put).status_code == 201

    def looks(role: Role, where: str = "near", part: str = "") -> TestResponse:
        path = f"/api/v1/photos/{sha256}{part}"
        return meeting.client.get(path, headers=world.headers(role, where))

    assert looks(SUPERVISOR).status_code == 404, "shown by nothing yet"
    said(meeting, task, TaskWord.ACKNOWLEDGE)
    assert say(meeting, task, TaskWord.REPORT_DONE, photos=[sha256]).status_code == 200
    facts = looks(SUPERVISOR).json
    assert [(one["task"], one["move"]) for one in facts["shown_for"]] == [
        (str(task), "report_done")
    ]
    assert (facts["shown_in"], facts["custody"][0]["what"]) == ([], "photo_received")
    assert looks(SUPERVISOR, part="/original").data == data
    assert looks(HEAD, part="/original").data == data
    assert looks(SUPERVISOR, "far").status_code == 404
    assert looks(HEAD, "far", "/original").status_code == 404
