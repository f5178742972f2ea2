"""An LSG head with a browser alone reports a repair; what is answered reaches a tablet too."""

from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from audit_api.tablet import Tablet
from audit_api.tablet.store import Store
from audit_api.tablet.telling import tell_status
from tests.factories import World
from tests.field_schema.bodies import measurement
from tests.http.merging import Meeting, Pad
from tests.http.populated import photo_bytes
from tests.tablet.conftest import BASE_URL, AppTransport, impatient

WHY = "The photo shows the old ramp."


@pytest.fixture(scope="module")
def meeting(app: Flask, database: Database, world: World) -> Meeting:
    return Meeting(app.test_client(), database, world)


@pytest.fixture
def site(meeting: Meeting) -> UUID:
    return meeting.site()


@pytest.fixture
def task(meeting: Meeting, site: UUID) -> UUID:
    return meeting.task(meeting.pad(), site)


@pytest.fixture
def tablet(meeting: Meeting, transport: AppTransport, tmp_path: Path) -> Tablet:
    """The head's, which nothing is said with."""
    pad: Pad = meeting.pad(Role.LSG_HEAD)
    store = Store(tmp_path / "tablet", new=True)
    with store.writing() as db:
        db.execute(
            """insert into tablet (single, base_url, device, token, name, owner)
            values (1, ?, ?, ?, 'head', 'lsg_head.near')""",
            (BASE_URL, str(pad.device), pad.headers["Authorization"].removeprefix("Bearer ")),
        )
    store.close()
    return Tablet(tmp_path / "tablet", transport=transport, patience=impatient())


def asks(meeting: Meeting, role: Role, path: str, said: Any = None, **sent: Any) -> Any:
    """A request of a person with a session; what was answered."""
    method = "GET" if said is None and not sent else "POST"
    if said is not None:
        sent["json"] = said
    answer = meeting.client.open(
        f"/api/v1{path}", method=method, headers=meeting.world.headers(role), **sent
    )
    assert answer.status_code in (200, 201), answer.text
    return answer.json if answer.is_json else answer.data


def pulled(tablet: Tablet, task: UUID) -> Any:
    tablet.sync()
    return tablet.items("task")["task", str(task)]


def shown(tablet: Tablet) -> str:
    lines: list[str] = []
    tell_status(tablet, lines.append)
    return "\n".join(lines)


def test_a_repair_is_reported_with_a_photo_sent_back_and_the_reason_is_read(
    meeting: Meeting, task: UUID, tablet: Tablet
) -> None:
    head, supervisor, photo = Role.LSG_HEAD, Role.TECHNICAL_SUPERVISOR, photo_bytes(uuid4().int)
    path = f"/tasks/{task}"
    asks(meeting, head, f"{path}/acknowledgements", {"rev": 1})
    asks(meeting, head, f"{path}/estimates", {"rev": 2, "cost_som": 45_000})
    here = asks(meeting, head, f"{path}/photos", data={"photo": (BytesIO(photo), "ramp.jpg")})
    report = {"rev": 3, "photos": [here["sha256"]], "note": "The ramp is wide now."}
    assert asks(meeting, head, f"{path}/reports", report)["state"] == "reported_done"
    assert pulled(tablet, task)["returned"] is None

    seen = asks(meeting, supervisor, path)["events"][-1]
    assert (seen["move"], seen["reason"]) == ("report_done", "The ramp is wide now.")
    (shows,) = seen["photos"]
    assert asks(meeting, supervisor, f"/photos/{shows['sha256']}/original") == photo
    asks(meeting, supervisor, f"{path}/returns", {"rev": 4, "reason": WHY})

    back = asks(meeting, head, path)
    assert (back["state"], back["events"][-1]["reason"]) == ("returned", WHY)
    assert asks(meeting, head, f"/photos/{shows['sha256']}/original") == photo
    doc = pulled(tablet, task)
    assert (doc["state"], doc["cost_som"]) == ("returned", 45_000)
    assert doc["returned"] == {
        "move": "return", "reason": WHY, "by": "Technical_Supervisor.Near",
        "at": back["events"][-1]["at"],
    }  # fmt: skip
    assert f"  task {task} came back, by Technical_Supervisor.Near: {WHY}" in shown(tablet)

    again = asks(meeting, head, f"{path}/photos", data=photo_bytes(uuid4().int),
                 content_type="image/jpeg")  # fmt: skip
    asks(meeting, head, f"{path}/reports", {"rev": 5, "photos": [again["sha256"]]})
    assert pulled(tablet, task)["returned"]["reason"] == WHY
    assert str(task) not in shown(tablet)


def test_a_tablet_hears_of_what_was_measured_outside_the_limits(
    meeting: Meeting, site: UUID, task: UUID, tablet: Tablet
) -> None:
    head, path = Role.LSG_HEAD, f"/tasks/{task}"
    asks(meeting, head, f"{path}/acknowledgements", {"rev": 1})
    photo = asks(meeting, head, f"{path}/photos", data=photo_bytes(uuid4().int),
                 content_type="image/jpeg")  # fmt: skip
    asks(meeting, head, f"{path}/reports", {"rev": 2, "photos": [photo["sha256"]]})
    meeting.visit(meeting.pad(), site, answers={"width_mm": measurement(520)})
    doc = pulled(tablet, task)
    assert (doc["state"], doc["returned"]["move"]) == ("returned", "measured_outside")


def test_a_tablet_hears_of_a_day_that_was_asked_for_and_of_its_answer(
    meeting: Meeting, task: UUID, tablet: Tablet
) -> None:
    path = f"/tasks/{task}"
    for rev, day in enumerate(("2021-11-24", "2021-11-25"), 1):
        said = {"rev": rev, "due_on": day, "reason": f"The mason comes before {day}."}
        asks(meeting, Role.LSG_HEAD, f"{path}/extension-requests", said)
    asked = pulled(tablet, task)["extension"]
    assert (asked["due_on"], asked["reason"], asked["answer"]) == (
        "2021-11-25", "The mason comes before 2021-11-25.", None,
    )  # fmt: skip
    assert f"task {task}: 2021-11-25 was asked for instead; not answered yet" in shown(tablet)
    for rev, day in enumerate(("2021-11-22", "2021-11-23"), 3):
        said = {"rev": rev, "due_on": day, "reason": "Not later."}
        asks(meeting, Role.COORDINATOR, f"{path}/deadlines", said)
    doc = pulled(tablet, task)
    answer = doc["extension"]["answer"]
    assert (answer["due_on"], answer["reason"], answer["by"]) == (
        "2021-11-22", "Not later.", "Coordinator.Near",
    )  # fmt: skip
    assert doc["due_on"] == "2021-11-23"
    assert "2021-11-25 was asked for instead; 2021-11-22, Not later." in shown(tablet)


def test_a_tablet_hears_why_a_task_was_declined(
    meeting: Meeting, task: UUID, tablet: Tablet
) -> None:
    assert pulled(tablet, task)["declined"] is None
    asks(meeting, Role.LSG_HEAD, f"/tasks/{task}/declines", {"rev": 1, "reason": "Not our ramp."})
    declined = pulled(tablet, task)["declined"]
    assert (declined["reason"], declined["by"]) == ("Not our ramp.", "Lsg_Head.Near")
