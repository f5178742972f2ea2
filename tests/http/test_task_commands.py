"""Commands to tasks: an LSG head's tablet says what was done; repeating one is harmless."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import World
from tests.http.merging import Meeting, Pad, task_command
from tests.http.populated import photo_bytes

PICTURE = photo_bytes(4711)
PHOTO = {
    "sha256": hashlib.sha256(PICTURE).hexdigest(),
    "bytes": len(PICTURE),
    "content_type": "image/jpeg",
}


@pytest.fixture(scope="module")
def meeting(client: FlaskClient, database: Database, world: World) -> Meeting:
    return Meeting(client, database, world)


@pytest.fixture
def task(meeting: Meeting) -> UUID:
    return meeting.task(meeting.pad(), meeting.site())


@pytest.fixture
def head(meeting: Meeting) -> Pad:
    """The tablet of the near district's LSG head."""
    return meeting.pad(Role.LSG_HEAD)


def state(meeting: Meeting, task: UUID) -> Any:
    return meeting.value("select state from remediation_task where id = :id", id=task)


def put(meeting: Meeting, task: UUID, to: str) -> None:
    """The task in another state, as if supervision had moved it."""
    with meeting.database.writing() as session:
        session.connection().exec_driver_sql(
            "update remediation_task set state = %s, rev = rev + 1 where id = %s", (to, task)
        )


def test_a_task_goes_from_assigned_to_reported_done(
    meeting: Meeting, head: Pad, task: UUID
) -> None:
    first = head.command(task, "acknowledge", "assigned")
    assert (first["status"], first["id"], first["rev"]) == ("applied", str(task), 2)
    assert head.command(task, "start", "acknowledged", note="Mason hired.")["rev"] == 3
    done = head.command(task, "report_done", "in_progress", photos=[PHOTO])
    assert (done["status"], done["need_photos"]) == ("applied", [PHOTO["sha256"]])
    assert head.pulled("task")[str(task)]["state"] == "reported_done"
    events = meeting.rows(
        """select from_state, to_state, reason, op, photos from task_event
        where task_id = :id and op is not null order by n""",
        id=task,
    )
    assert [row[:3] for row in events] == [
        ("assigned", "acknowledged", ""),
        ("acknowledged", "in_progress", "Mason hired."),
        ("in_progress", "reported_done", ""),
    ]
    assert (str(events[2][3]), events[2][4]) == (done["op"], [PHOTO])


def test_a_photo_that_is_here_is_in_the_receipt(meeting: Meeting, head: Pad, task: UUID) -> None:
    answer = meeting.client.put(
        f"/api/v1/photos/{PHOTO['sha256']}",
        data=PICTURE,
        headers=head.headers | {"Content-Type": "image/jpeg"},
    )
    assert answer.status_code in (200, 201)
    head.command(task, "acknowledge", "assigned")
    done = head.command(task, "report_done", "acknowledged", photos=[PHOTO])
    assert (done["status"], done["need_photos"]) == ("applied", [])
    assert done["receipt"]["photos_held"] == [PHOTO["sha256"]]


def test_the_inspectors_tablets_see_it(meeting: Meeting, head: Pad, task: UUID) -> None:
    head.command(task, "acknowledge", "assigned")
    assert meeting.pad().pulled("task")[str(task)]["state"] == "acknowledged"


def test_a_command_that_was_carried_out_is_harmless_from_another_tablet(
    meeting: Meeting, head: Pad, task: UUID
) -> None:
    head.command(task, "acknowledge", "assigned")
    again = meeting.pad(Role.LSG_HEAD).command(task, "acknowledge", "assigned")
    assert (again["status"], again["rev"], again["unchanged"]) == ("applied", 2, True)
    count = "select count(*) from task_event where task_id = :id and op is not null"
    assert meeting.value(count, id=task) == 1


def test_commands_at_once_are_carried_out_once(app: Flask, meeting: Meeting, task: UUID) -> None:
    pads = [meeting.pad(Role.LSG_HEAD) for _ in range(3)]
    for pad in pads:
        pad.client = app.test_client()
    with ThreadPoolExecutor(3) as all_of_them:
        results = list(
            all_of_them.map(lambda pad: pad.command(task, "acknowledge", "assigned"), pads)
        )
    assert [r["status"] for r in results] == ["applied"] * 3
    assert sum("unchanged" in r for r in results) == 2
    assert {r["rev"] for r in results} == {2}


def test_a_command_whose_precondition_is_gone_waits_for_a_person(
    meeting: Meeting, head: Pad, task: UUID
) -> None:
    head.command(task, "acknowledge", "assigned")
    put(meeting, task, "returned")
    result = head.command(task, "report_done", "acknowledged", photos=[PHOTO])
    assert result["status"] == "conflict"
    assert result["conflicts"] == [
        {"field": "state", "mine": "reported_done", "server": "returned"}
    ]
    review = meeting.review(result["review"])
    assert (review["kind"], review["entity"]) == ("task", str(task))
    assert state(meeting, task) == "returned"


def test_a_report_without_a_photo_is_rejected(meeting: Meeting, head: Pad, task: UUID) -> None:
    head.command(task, "acknowledge", "assigned")
    result = head.command(task, "report_done", "acknowledged")
    assert [p["pointer"] for p in result["problems"]] == ["/body/photos"]
    assert state(meeting, task) == "acknowledged"


@pytest.mark.parametrize(
    ("role", "where"),
    [(Role.INSPECTOR, "near"), (Role.LSG_HEAD, "far"), (Role.PROSECUTOR, "near")],
)
def test_only_the_head_of_that_territory_gives_commands(
    meeting: Meeting, task: UUID, role: Role, where: str
) -> None:
    result = meeting.pad(role, where).command(task, "acknowledge", "assigned")
    assert (result["status"], result["reason"]) == ("quarantined", "out-of-scope")
    assert state(meeting, task) == "assigned"


def test_a_task_that_is_not_there_is_held_like_one_outside(meeting: Meeting, task: UUID) -> None:
    far = meeting.pad(Role.LSG_HEAD, "far")
    results = [far.command(one, "acknowledge", "assigned") for one in (task, uuid4())]
    assert results[0]["detail"] == results[1]["detail"]


def test_a_command_from_elsewhere_is_released_by_a_supervisor(meeting: Meeting, task: UUID) -> None:
    op = meeting.pad().command(task, "acknowledge", "assigned")["op"]
    headers = meeting.world.headers(Role.TECHNICAL_SUPERVISOR)
    held = meeting.client.get(f"/api/v1/quarantine/{op}", headers=headers).json
    assert held["site"] == str(
        meeting.value("select site_id from remediation_task where id = :id", id=task)
    )
    answer = meeting.client.post(
        f"/api/v1/quarantine/{op}/decisions",
        json={"decision": "release", "reason": "The head said so by telephone."},
        headers=headers,
    )
    assert answer.json["decision"]["outcome"] == "applied"
    assert state(meeting, task) == "acknowledged"


def test_commands_of_a_group_follow_each_other(meeting: Meeting, head: Pad, task: UUID) -> None:
    members = {"group": str(uuid4())}
    results = head.push(
        task_command(task, "acknowledge", "assigned", members=members),
        task_command(task, "start", "acknowledged", members=members),
        task_command(task, "report_done", "in_progress", members=members, photos=[PHOTO]),
    )
    assert [(r["status"], r["rev"]) for r in results] == [
        ("applied", 2), ("applied", 3), ("applied", 4),
    ]  # fmt: skip


def test_an_lsg_heads_tablet_corrects_no_site_and_hands_in_no_inspection(
    meeting: Meeting, head: Pad
) -> None:
    site = meeting.site()
    for result in (
        head.edit("site", site, address=("", "Elsewhere")),
        meeting.visit(head, site),
    ):
        assert (result["status"], result["reason"]) == ("quarantined", "out-of-scope")
