"""What a tablet hands in arrives once, whatever the link does to requests and answers."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from audit_api.storage.base import Database
from audit_api.tablet import Answer, LinkDown, Operation, Tablet
from tests.factories import World, inspection_of
from tests.tablet.conftest import AppTransport, impatient

Spoil = Callable[[str, str, Answer], Answer]


def captured(tablet: Tablet, world: World, **members: Any) -> Operation:
    body = json.dumps(inspection_of(world, "near-1"), ensure_ascii=False).encode()
    return tablet.capture(body, entity=str(uuid4()), **members)


def stored(database: Database, operation: Operation) -> list[str]:
    """The bodies that the server holds for an operation's inspection."""
    with database.reading() as session:
        return list(
            session.scalars(
                text("select body::text from inspection where id = cast(:id as uuid)"),
                {"id": operation.entity},
            )
        )


def states(tablet: Tablet) -> list[str]:
    return [operation.state for operation in tablet.operations()]


def test_an_inspection_leaves_the_outbox_when_its_result_came(
    tablet: Tablet, world: World, database: Database
) -> None:
    operation = captured(tablet, world)
    assert states(tablet) == ["waiting"]
    assert tablet.sync().pushed.statuses == {"applied": 1}
    assert states(tablet) == ["applied"]
    assert stored(database, operation) == [operation.body.decode()]


def test_numbers_have_no_gaps_and_each_names_the_body_before(tablet: Tablet, world: World) -> None:
    made = [captured(tablet, world) for _ in range(3)]
    records = [json.loads(operation.record) for operation in made]
    first = records[0]["seq"]
    assert [record["seq"] for record in records] == [first, first + 1, first + 2]
    assert [r["prev_sha256"] for r in records[1:]] == [r["sha256"] for r in records[:-1]]


def on_push(spoil: Spoil) -> Spoil:
    """Spoil the answers to pushes alone."""
    return lambda method, path, answer: (
        spoil(method, path, answer) if path.endswith("/push") else answer
    )


def lost(method: str, path: str, answer: Answer) -> Answer:
    raise ConnectionResetError("cut")


def half(method: str, path: str, answer: Answer) -> Answer:
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def about_others(method: str, path: str, answer: Answer) -> Answer:
    said = json.loads(answer.body)
    said["results"][0]["op"] = str(uuid4())
    return replace(answer, body=json.dumps(said).encode())


def no_results(method: str, path: str, answer: Answer) -> Answer:
    return replace(answer, body=json.dumps(json.loads(answer.body) | {"results": []}).encode())


def other_body(method: str, path: str, answer: Answer) -> Answer:
    said = json.loads(answer.body)
    said["results"][0]["receipt"]["sha256"] = "0" * 64
    return replace(answer, body=json.dumps(said).encode())


def strange_status(method: str, path: str, answer: Answer) -> Answer:
    return replace(answer, body=answer.body.replace(b'"applied"', b'"bpplied"'))


def without_receipt(method: str, path: str, answer: Answer) -> Answer:
    said = json.loads(answer.body)
    del said["results"][0]["receipt"]
    return replace(answer, body=json.dumps(said).encode())


def busy(method: str, path: str, answer: Answer) -> Answer:
    return Answer(503, {"retry-after": "1"}, b"")


def wrong_digest(method: str, path: str, answer: Answer) -> Answer:
    return replace(answer, headers={**answer.headers, "content-digest": "sha-256=:AAAA:"})


SPOILED: list[Spoil] = [
    lost, half, about_others, no_results, other_body, strange_status, without_receipt, busy,
    wrong_digest,
]  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILED, ids=lambda spoil: spoil.__name__)
def test_an_answer_that_cannot_be_believed_leaves_the_work_in_the_outbox(
    tablet: Tablet, transport: AppTransport, world: World, spoil: Spoil
) -> None:
    captured(tablet, world)
    transport.after = on_push(spoil)
    with pytest.raises(LinkDown):
        tablet.sync()
    assert states(tablet) == ["waiting"]


@pytest.mark.parametrize("spoil", SPOILED, ids=lambda spoil: spoil.__name__)
def test_after_such_an_answer_the_same_bytes_arrive_once(
    tablet: Tablet, transport: AppTransport, world: World, database: Database, spoil: Spoil
) -> None:
    operation = captured(tablet, world)
    answers = iter([spoil])
    transport.after = on_push(lambda *said: next(answers, lambda *plain: plain[2])(*said))
    tablet.sync()
    pushes = [body for _, path, body in transport.requests if path.endswith("/push")]
    assert len(pushes) == 2
    assert states(tablet) == ["applied"]
    assert stored(database, operation) == [operation.body.decode()]


def damage(tablet: Tablet, operation: Operation) -> None:
    """Let it be damaged on its way, as by a link that turns bits."""
    with tablet.store.writing() as db:
        db.execute(
            "update operation set record = ? where op = ?",
            (operation.record.replace(b'"finished"', b'"fynished"'), operation.op),
        )


def test_what_was_damaged_on_its_way_goes_out_anew_under_another_id(
    tablet: Tablet, world: World, database: Database
) -> None:
    operation = captured(tablet, world)
    damage(tablet, operation)
    tablet.sync()
    assert states(tablet) == ["mended", "applied"]
    assert stored(database, operation) == [operation.body.decode()]


def edit_of(tablet: Tablet, world: World, first: Operation) -> Operation:
    body = json.dumps(inspection_of(world, "near-1", seed=2)).encode()
    return tablet.capture(body, entity=first.entity, base={"op": first.op})


@pytest.mark.parametrize("captured_before", [True, False])
def test_an_edit_of_what_was_sent_anew_goes_with_its_new_id(
    tablet: Tablet, world: World, captured_before: bool
) -> None:
    tablet.pusher.max_operations = 1
    first = captured(tablet, world)
    damage(tablet, first)
    edit = edit_of(tablet, world, first) if captured_before else None
    tablet.sync()
    edit = edit or edit_of(tablet, world, first)
    tablet.sync()
    anew = next(o for o in tablet.operations("applied") if o.op != edit.op)
    assert json.loads(tablet.find(edit.op).record)["base"] == {"op": anew.op}
    assert states(tablet) == (["mended", "applied", "applied"])


def test_a_rejected_operation_stays_visible_until_it_is_mended(
    tablet: Tablet, world: World
) -> None:
    good = inspection_of(world, "near-1")
    wrong = tablet.capture(json.dumps(good | {"elements": 3}).encode(), entity=str(uuid4()))
    assert tablet.sync().pushed.statuses == {"rejected": 1}
    assert tablet.operations("rejected")[0].said is not None
    mended = tablet.mend(wrong.op, json.dumps(good).encode())
    assert (mended.seq, mended.entity) == (wrong.seq + 1, wrong.entity)
    assert tablet.sync().pushed.statuses == {"applied": 1}
    assert states(tablet) == ["mended", "applied"]


def test_one_that_cannot_be_read_does_not_keep_the_others(tablet: Tablet, world: World) -> None:
    captured(tablet, world)
    with tablet.store.writing() as db:
        db.execute("update operation set record = ?", (b"{]",))
    captured(tablet, world)
    report = tablet.sync()
    assert report.pushed.statuses == {"applied": 1}
    assert len(report.pushed.refused) == 1
    assert states(tablet) == ["waiting", "applied"]


def test_an_edit_of_one_that_has_not_come_waits_and_goes_with_it(
    tablet: Tablet, world: World
) -> None:
    tablet.pusher.max_operations = 1
    first = captured(tablet, world)
    body = json.dumps(inspection_of(world, "near-1", seed=2)).encode()
    tablet.capture(body, entity=first.entity, base={"op": first.op})
    with tablet.store.writing() as db:
        # Out of order, as if the earlier one had been captured by another process.
        db.execute("update operation set seq = 99 where op = ?", (first.op,))
    tablet.sync()
    assert states(tablet) == ["applied", "applied"]


def test_a_tablet_goes_on_where_another_process_left_it(
    tablet: Tablet, transport: AppTransport, world: World
) -> None:
    captured(tablet, world)
    tablet.store.close()
    again = Tablet(tablet.store.folder, transport=transport, patience=impatient())
    assert again.sync().pushed.statuses == {"applied": 1}


def test_the_same_operation_captured_again_is_the_same(tablet: Tablet, world: World) -> None:
    op = str(uuid4())
    body = json.dumps(inspection_of(world, "near-1")).encode()
    made = [tablet.capture(body, entity=str(uuid4()), op=op) for _ in range(2)]
    assert made[0] == made[1]
    assert len(tablet.operations()) == 1


def test_the_file_and_the_token_in_it_are_nobody_elses(tablet: Tablet) -> None:
    path: Path = tablet.store.folder / "tablet.db"
    assert path.stat().st_mode & 0o077 == 0
