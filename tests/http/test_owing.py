"""What a tablet owes, reckoned from what came, and what is wrong with what came."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.storage.base import Database
from tests.factories import World, operation
from tests.http.tablets import Tablet


@pytest.fixture
def tablet(client: FlaskClient, database: Database, world: World) -> Tablet:
    """A new tablet."""
    return Tablet(client, database, world)


# Operations


def test_a_tablet_that_handed_in_everything_owes_nothing(tablet: Tablet) -> None:
    tablet.hand_in(1, 2)
    tablet.put_photos()
    told = tablet.read()
    assert (told["owes_operations"], told["owes_photos"]) == (0, 0)
    assert told["owes"] == {
        "missing": {"operations": 0, "ranges": []}, "photos": [], "photo_bytes": 0,
    }  # fmt: skip


def test_numbers_that_did_not_come_are_told_as_ranges(tablet: Tablet) -> None:
    tablet.hand_in(2, 3, 7, 9)
    told = tablet.read()
    assert told["owes"]["missing"] == {"operations": 5, "ranges": [[1, 1], [4, 6], [8, 8]]}
    assert told["owes_operations"] == 5


def test_what_the_tablet_says_it_gave_out_is_owed_too(tablet: Tablet) -> None:
    tablet.hand_in(1, client={"app": "t/1", "holds": {"last_seq": 4, "operations": 3}})
    told = tablet.read()
    assert told["owes"]["missing"] == {"operations": 3, "ranges": [[2, 4]]}
    assert told["owes_operations"] == 3


def test_what_comes_later_is_owed_no_longer(tablet: Tablet) -> None:
    tablet.hand_in(1, 4)
    tablet.hand_in(2, 3)
    assert tablet.read()["owes"]["missing"] == {"operations": 0, "ranges": []}


def test_what_came_under_a_taken_id_is_not_owed(tablet: Tablet) -> None:
    op = uuid4()
    first, second, third = (
        operation({"form": "none", "n": n}, seq=n, op=op if n < 3 else uuid4()) for n in (1, 2, 3)
    )
    assert tablet.push(first, second, third)[1]["status"] == "op_reused"
    told = tablet.read()
    assert told["owes"]["missing"] == {"operations": 0, "ranges": []}
    assert told["owes_operations"] == 0
    with tablet.database.reading() as session:
        acked = session.scalar(
            text("select acked_seq from device where id = :id"), {"id": tablet.id}
        )
    assert acked == 3


def test_what_is_held_back_is_not_owed(tablet: Tablet) -> None:
    tablet.push(operation({"form": "ramp/9"}, seq=1), operation({"form": "none"}, seq=2))
    told = tablet.read()
    assert told["owes_operations"] == 0
    assert told["held_back"]["quarantined"] + told["held_back"]["rejected"] == 2


@pytest.mark.parametrize(
    "holds",
    [None, 7, [], {}, {"last_seq": "many"}, {"last_seq": -5}, {"last_seq": None},
     {"last_seq": {"last_seq": 9}}, {"last_seq": 0.5}],
    ids=repr,
)  # fmt: skip
def test_nonsense_about_what_it_holds_owes_nothing(tablet: Tablet, holds: Any) -> None:
    tablet.hand_in(1, client={"app": "t/1", "holds": holds})
    assert tablet.read()["owes_operations"] == 0
    assert tablet.listed()["owes_operations"] == 0


def test_an_absurd_number_is_told_as_one_range(tablet: Tablet) -> None:
    last = 2**53 - 1
    tablet.hand_in(1, client={"holds": {"last_seq": last}})
    assert tablet.read()["owes"]["missing"] == {"operations": last - 1, "ranges": [[2, last]]}


def test_ranges_are_cut_but_their_sum_is_whole(tablet: Tablet) -> None:
    broken = [operation({"form": "none"}, seq=2 * n) for n in range(1, 151)]
    tablet.push(*broken)
    tablet.push(*[operation({"form": "none"}, seq=2 * n) for n in range(151, 221)])
    missing = tablet.read()["owes"]["missing"]
    assert (missing["operations"], len(missing["ranges"])) == (220, 200)


# Photos


def test_a_photo_that_is_announced_and_absent_is_named(tablet: Tablet) -> None:
    result = tablet.hand_in(1)[0]
    told = tablet.read()
    [photo] = told["owes"]["photos"]
    assert photo["sha256"] == hashlib.sha256(tablet.photos[0]).hexdigest()
    assert photo["inspection"] == result["id"]
    assert photo["bytes"] == told["owes"]["photo_bytes"] == len(tablet.photos[0])
    assert photo["age_hours"] == 0
    assert photo["site"]
    assert photo["element"]
    assert told["oldest_photo_announced_at"] == photo["announced_at"]


def test_a_photos_age_counts_from_its_announcement(tablet: Tablet) -> None:
    tablet.hand_in(1)
    with tablet.database.engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))
        connection.execute(
            text("update inspection set received_at = received_at - interval '50 hours' "
                 "where device_id = :id"),
            {"id": tablet.id},
        )  # fmt: skip
    assert tablet.read()["owes"]["photos"][0]["age_hours"] == 50


def test_a_correction_without_the_photo_owes_it_no_longer(tablet: Tablet) -> None:
    body = tablet.body()
    entity = uuid4()
    tablet.push(operation(body, seq=1, entity=entity))
    body["elements"][0]["photos"] = []
    tablet.push(operation(body, seq=2, entity=entity, base={"rev": 1}))
    assert tablet.read()["owes_photos"] == 0


# The chain


def chained(bodies: Sequence[dict[str, Any]], names: Sequence[int | None]) -> list[bytes]:
    """Operations 1, 2, … each naming the hash of the body with that index, or of none."""
    hashes = [hashlib.sha256(json.dumps(b, ensure_ascii=False).encode()).hexdigest()
              for b in bodies]  # fmt: skip
    return [
        operation(body, seq=n, **({} if k is None else {"prev_sha256": hashes[k]}))
        for n, (body, k) in enumerate(zip(bodies, names, strict=True), 1)
    ]


def test_a_whole_chain_has_no_breaks(tablet: Tablet) -> None:
    tablet.push(*chained([tablet.body() for _ in range(3)], [None, 0, 1]))
    assert tablet.read()["chain"] == {
        "breaks": {"count": 0, "items": []},
        "doubled": {"count": 0, "items": []},
        "without_link": 0,
    }


def test_an_operation_that_names_another_predecessor_is_a_break(tablet: Tablet) -> None:
    bodies = [tablet.body() for _ in range(3)]
    results = tablet.push(*chained(bodies, [None, 0, 0]))
    breaks = tablet.read()["chain"]["breaks"]
    assert breaks["count"] == 1
    assert breaks["items"][0]["op"] == results[2]["op"]
    assert breaks["items"][0]["seq"] == 3
    assert breaks["items"][0]["names"] not in breaks["items"][0]["held"]


def test_a_gap_is_no_break(tablet: Tablet) -> None:
    operations = chained([tablet.body() for _ in range(3)], [None, 0, 1])
    tablet.push(operations[0], operations[2])
    told = tablet.read()
    assert told["chain"]["breaks"]["count"] == 0
    assert told["owes"]["missing"]["ranges"] == [[2, 2]]


def test_a_number_used_twice_names_both_operations(tablet: Tablet) -> None:
    results = tablet.hand_in(1, 1)
    doubled = tablet.read()["chain"]["doubled"]
    assert doubled["count"] == 1
    assert doubled["items"][0]["seq"] == 1
    assert set(doubled["items"][0]["ops"]) == {result["op"] for result in results}


def test_a_link_to_either_of_two_with_one_number_holds(tablet: Tablet) -> None:
    first, second, third = chained([tablet.body() for _ in range(3)], [None, 0, 1])
    tablet.push(first, operation(tablet.body(), seq=2), second, third)
    told = tablet.read()["chain"]
    assert (told["breaks"]["count"], told["doubled"]["count"]) == (0, 1)


def test_operations_without_a_link_are_counted(tablet: Tablet) -> None:
    tablet.hand_in(1, 2, 3)
    assert tablet.read()["chain"]["without_link"] == 2


def test_an_operation_without_a_number_is_counted(tablet: Tablet) -> None:
    tablet.push(operation({"form": "ramp/1"}, seq=0))
    assert tablet.read()["held_back"]["without_number"] == 1
