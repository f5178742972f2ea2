"""The same push many times at once leaves one inspection and the same answer every time."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from audit_api.storage.base import Database
from tests.factories import World, inspection_of, operation, push_body
from tests.journeys.server import Server, post
from tests.journeys.wholeness import WHOLE, traces

TWINS = 5


def _once(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The results without the word that says whether they were stored before."""
    return [{k: v for k, v in r.items() if k != "replayed"} for r in answer["results"]]


def test_five_pushes_at_once_leave_one_inspection_and_five_identical_answers(
    server: Server, world: World, database: Database
) -> None:
    op, entity = uuid4(), uuid4()
    device, token = world.devices["near"]
    data = push_body(device, [operation(inspection_of(world, "near-1"), op=op, entity=entity)])
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def send(_: int) -> tuple[int, Any]:
        return post(f"{server.base_url}/api/v1/sync/push", data, headers)

    with ThreadPoolExecutor(TWINS) as pool:
        answers = list(pool.map(send, range(TWINS)))
    assert [status for status, _ in answers] == [200] * TWINS
    first = _once(answers[0][1])
    assert first[0]["status"] == "applied"
    assert all(_once(answer) == first for _, answer in answers)
    assert sum("replayed" not in answer["results"][0] for _, answer in answers) == 1
    with database.reading() as session:
        assert traces(session, op=op, inspection=entity, site=world.sites["near-1"]) == WHOLE


def test_batches_that_overlap_in_other_orders_neither_deadlock_nor_double(
    server: Server, world: World, database: Database
) -> None:
    device, token = world.devices["near"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    ops = [
        operation(inspection_of(world, "near-2" if n % 2 else "near-1", seed=100 + n), seq=100 + n)
        for n in range(10)
    ]
    batches = [ops, ops[::-1], ops[5:] + ops[:5], ops[::2] + ops[1::2]]

    def send(batch: list[bytes]) -> tuple[int, Any]:
        return post(f"{server.base_url}/api/v1/sync/push", push_body(device, batch), headers)

    with ThreadPoolExecutor(len(batches)) as pool:
        answers = list(pool.map(send, batches))
    results = [{r["op"]: r for r in _once(answer)} for _, answer in answers]
    assert all(found == results[0] for found in results)
    assert {r["status"] for r in results[0].values()} == {"applied"}


def test_one_element_id_at_two_sites_at_once_belongs_to_one_and_is_rejected_at_the_other(
    server: Server, world: World, database: Database
) -> None:
    headers = {"Content-Type": "application/json"}
    for seed in range(5):
        bodies = [inspection_of(world, site, seed=200 + seed) for site in ("near-1", "near-2")]
        device, token = world.devices["near"]
        pushes = [push_body(device, [operation(body, seq=1000)]) for body in bodies]

        def send(data: bytes, token: str = token) -> str:
            while True:
                _, answer = post(
                    f"{server.base_url}/api/v1/sync/push",
                    data,
                    headers | {"Authorization": f"Bearer {token}"},
                )
                status = str(answer["results"][0]["status"])
                if status != "retry":
                    return status

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(send, pushes)) == ["applied", "rejected"]
    with database.reading() as session:
        stray = session.scalar(
            text("""select count(*) from announced_photo a join inspection i
                on i.id = a.inspection_id and i.rev = a.rev join element e on e.id = a.element_id
                where e.site_id <> i.site_id""")
        )
    assert stray == 0
