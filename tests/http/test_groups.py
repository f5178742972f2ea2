"""Operations that go together: all of a group is applied, or none of it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.storage.base import Database
from tests.factories import World, inspection_of, operation, push

GROUP = str(uuid4())


def sound(world: World, seq: int, *, seed: int = 1, **members: Any) -> bytes:
    return operation(inspection_of(world, "near-1", seed=seed), seq=seq, group=GROUP, **members)


def statuses(answer: dict[str, Any]) -> list[str]:
    return [result["status"] for result in answer["results"]]


def is_stored(database: Database, inspection: UUID) -> bool:
    with database.reading() as session:
        found = session.scalar(
            text("select count(*) from inspection where id = :id"), {"id": inspection}
        )
        return bool(found)


def test_a_group_is_applied_together(client: FlaskClient, world: World) -> None:
    assert statuses(push(client, world, sound(world, 1), sound(world, 2))) == ["applied"] * 2


def test_a_repeated_group_answers_the_same(client: FlaskClient, world: World) -> None:
    group = [sound(world, 1), sound(world, 2)]
    first = push(client, world, *group)["results"]
    again = push(client, world, *group)["results"]
    assert again == [result | {"replayed": True} for result in first]


def test_one_rejected_keeps_its_group_on_the_tablet(
    client: FlaskClient, world: World, database: Database
) -> None:
    op, entity = uuid4(), uuid4()
    bad = operation({"form": "station/1"}, seq=2, group=GROUP, op=op)
    answer = push(client, world, sound(world, 1, entity=entity), bad, sound(world, 3))
    assert statuses(answer) == ["blocked", "rejected", "blocked"]
    assert [r.get("waits_for") for r in answer["results"]] == [str(op), None, str(op)]
    assert {r.get("reason") for r in answer["results"]} == {"group", None}
    assert not is_stored(database, entity)


def test_a_mended_group_is_applied(client: FlaskClient, world: World) -> None:
    first, last = sound(world, 1), sound(world, 3)
    bad = operation({"form": "station/1"}, seq=2, group=GROUP)
    push(client, world, first, bad, last)
    again = push(client, world, first, bad, last)
    assert statuses(again) == ["blocked", "rejected", "blocked"]
    mended = push(client, world, first, sound(world, 4), last)
    assert statuses(mended) == ["applied"] * 3


def test_beside_what_a_person_decides_the_group_is_kept(
    client: FlaskClient, world: World, database: Database
) -> None:
    op, entity = uuid4(), uuid4()
    strange = operation(inspection_of(world, "far-1"), seq=2, group=GROUP, op=op)
    answer = push(client, world, sound(world, 1, entity=entity), strange)
    assert statuses(answer) == ["quarantined", "quarantined"]
    assert answer["results"][0]["reason"] == "group"
    assert answer["results"][0]["waits_for"] == str(op)
    assert answer["results"][1]["reason"] == "out-of-scope"
    assert not is_stored(database, entity)


def test_an_edit_of_a_fellow_is_applied(client: FlaskClient, world: World) -> None:
    op, entity = uuid4(), uuid4()
    answer = push(
        client,
        world,
        sound(world, 1, op=op, entity=entity),
        sound(world, 2, entity=entity, base={"op": str(op)}),
    )
    assert [(r["status"], r["rev"]) for r in answer["results"]] == [("applied", 1), ("applied", 2)]


def test_fellows_that_contradict_each_other_are_told_so(
    client: FlaskClient, world: World, database: Database
) -> None:
    entity = uuid4()
    other = sound(world, 2, seed=2, entity=entity)
    answer = push(client, world, sound(world, 1, entity=entity), other)
    assert statuses(answer) == ["quarantined", "rejected"]
    assert answer["results"][1]["problems"][0]["pointer"] == "/group"
    assert not is_stored(database, entity)


def test_what_waits_for_an_operation_blocks_its_group(client: FlaskClient, world: World) -> None:
    waiting = sound(world, 2, base={"op": str(uuid4())})
    assert statuses(push(client, world, sound(world, 1), waiting)) == ["blocked", "blocked"]


def test_two_groups_of_one_push_do_not_depend_on_each_other(
    client: FlaskClient, world: World
) -> None:
    bad = operation({"form": "station/1"}, seq=1, group=str(uuid4()))
    alone = operation(inspection_of(world, "near-2", seed=2), seq=3)
    assert statuses(push(client, world, bad, sound(world, 2), alone)) == [
        "rejected",
        "applied",
        "applied",
    ]


@pytest.mark.parametrize("group", ["near", 7, [], {}])
def test_a_group_is_named_by_a_uuid(client: FlaskClient, world: World, group: Any) -> None:
    data = operation(inspection_of(world, "near-1"), seq=1, group=group)
    result = push(client, world, data)["results"][0]
    assert (result["status"], result["problems"][0]["pointer"]) == ("rejected", "/group")


def test_a_group_of_a_revoked_device_is_kept_one_by_one(
    client: FlaskClient, world: World, database: Database
) -> None:
    revoke = text("update device set revoked_at = :at where id = :id")
    device = world.devices["far"][0]
    with database.writing() as session:
        session.execute(revoke, {"at": datetime.now(UTC), "id": device})
    answer = push(client, world, sound(world, 1), sound(world, 2), where="far")
    with database.writing() as session:
        session.execute(revoke, {"at": None, "id": device})
    assert [r["reason"] for r in answer["results"]] == ["device-revoked"] * 2


def test_a_runs_operations_each_have_their_own_row(
    client: FlaskClient, world: World, database: Database
) -> None:
    ops = [uuid4(), uuid4()]
    data = [
        operation(inspection_of(world, site, seed=2 + n), seq=n, op=op, prev_sha256="ab" * 32)
        for n, (op, site) in enumerate(zip(ops, ("near-1", "near-2"), strict=True), 1)
    ]
    answer = push(client, world, *data)
    assert statuses(answer) == ["applied"] * 2
    with database.reading() as session:
        rows = session.execute(
            text("""select o.op, o.seq, o.kind, o.status, o.prev_sha256, o.result->>'op',
                i.body_sha256 = o.sha256, (select count(*) from audit_log a
                    where a.subject = i.id::text and a.device_id = o.device_id)
                from operation o join inspection i on i.op = o.op where o.op = any(:ops)
                order by o.seq"""),
            {"ops": ops},
        ).all()
    assert [tuple(row) for row in rows] == [
        (op, n, "inspection", "applied", b"\xab" * 32, str(op), True, 1)
        for n, op in enumerate(ops, 1)
    ]


def test_a_run_with_one_odd_operation_goes_one_by_one(client: FlaskClient, world: World) -> None:
    data = [
        operation(inspection_of(world, site, seed=5 + n), seq=n)
        for n, site in enumerate(("near-1", "far-1", "near-2"), 1)
    ]
    answer = push(client, world, *data)
    assert statuses(answer) == ["applied", "quarantined", "applied"]
    assert [UUID(r["op"]) for r in answer["results"]] == [
        UUID(result["op"]) for result in push(client, world, *data)["results"]
    ]
