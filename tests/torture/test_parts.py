"""The torture's own parts: the schedule, the notes, the targets."""

import random
from pathlib import Path
from uuid import uuid4

import pytest

from audit_api.tablet import Tablet
from audit_api.tablet.store import Store, note
from torture.bugs import BUGS
from torture.checker import Checked, lost_meanwhile
from torture.findings import OTHERS, ZEROS, Findings
from torture.held import HeldOperation
from torture.notes import Notes, read_notes
from torture.proxy import UP, Fault, draw_plan
from torture.schedule import STORM, Blow, draw_schedule
from torture.targets import TARGETS


def test_a_seed_decides_the_schedule() -> None:
    assert draw_schedule("a", STORM, 60) == draw_schedule("a", STORM, 60)
    assert draw_schedule("a", STORM, 60) != draw_schedule("b", STORM, 60)


def test_every_kind_of_blow_falls_in_a_minute() -> None:
    assert {event.blow for event in draw_schedule("a", STORM, 60)} == set(Blow)


def test_five_minutes_bring_what_was_promised() -> None:
    for seed in map(str, range(20)):
        blows = [event.blow for event in draw_schedule(seed, STORM, 300)]
        assert blows.count(Blow.BACKEND) + blows.count(Blow.IMMEDIATE) >= 18
        assert blows.count(Blow.WORKER) + 2 * blows.count(Blow.WORKERS) >= 50


def test_a_seed_decides_what_happens_to_a_connection() -> None:
    def draw(seed: str) -> list[object]:
        rng = random.Random(seed)  # noqa: S311 - a schedule, not a secret
        return [draw_plan(rng, STORM.link) for _ in range(50)]

    assert draw("a") == draw("a")
    assert draw("a") != draw("b")


def test_a_side_belongs_to_a_cut() -> None:
    assert draw_plan(random.Random(1), {Fault.CUT_UP: 1.0}).side == UP  # noqa: S311


def test_half_a_note_of_a_killed_tablet_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    Notes(path).add("session")
    with path.open("ab") as file:
        file.write(b'{"t": 17, "what": "ca')
    Notes(path).add("captured", op="x")
    with path.open("ab") as file:
        file.write(b'{"t": 18, "wh{"t": 19,')
    assert [note["what"] for note in read_notes(path)] == ["session", "captured"]


def test_every_planted_bug_has_its_weather() -> None:
    assert TARGETS.keys() == BUGS.keys()
    assert {target.category for target in TARGETS.values()} <= {*ZEROS, *OTHERS}


@pytest.mark.parametrize("bug", TARGETS)
def test_nothing_found_is_not_caught(bug: str) -> None:
    assert not TARGETS[bug].caught(Findings())


def test_found_for_another_reason_is_not_caught() -> None:
    findings = Findings()
    findings.add("lost", ["tablet-0 could not sync over a good link"])
    assert findings.bad == ["lost"]
    assert not TARGETS["async-commit"].caught(findings)


@pytest.fixture
def acknowledged(tmp_path: Path) -> tuple[Checked, str]:
    """A tablet that noted a receipt, and the operation that it is for."""
    store = Store(tmp_path, new=True)
    with store.writing() as db:
        db.execute(
            """insert into tablet (single, base_url, device, token, name, owner)
            values (1, 'http://nowhere.test', ?, 'x', 'tablet', 'inspector')""",
            (str(uuid4()),),
        )
    with Tablet(tmp_path) as tablet:
        op = tablet.capture(b"{}", entity=str(uuid4())).op
    with store.writing() as db:
        note(db, "settled", op, status="applied", receipt={"received_at": "09:00"})
    store.close()
    return Checked("tablet", tmp_path, "device", uuid4()), op


def kept(op: str, received_at: str) -> HeldOperation:
    return HeldOperation(op, "device", None, "applied", "", None, received_at)


def test_what_is_there_since_its_receipt_was_never_lost(acknowledged: tuple[Checked, str]) -> None:
    tablet, op = acknowledged
    assert list(lost_meanwhile(tablet, [kept(op, "09:00")])) == []


def test_what_a_tablet_had_to_bring_again_was_lost(acknowledged: tuple[Checked, str]) -> None:
    tablet, op = acknowledged
    assert list(lost_meanwhile(tablet, [kept(op, "09:07")])) == [
        f"tablet: {op}, received 09:00, was handed in again 09:07"
    ]


def test_an_older_database_is_a_loss(acknowledged: tuple[Checked, str]) -> None:
    tablet, op = acknowledged
    store = Store(tablet.folder)
    with store.writing() as db:
        note(db, "restored server")
    store.close()
    assert list(lost_meanwhile(tablet, [kept(op, "09:00")])) == [
        "tablet learnt 1x that the database is an older one"
    ]
