"""A tablet that is switched off in the middle: an operation is whole or absent, a photo never half;

numbers stay without gaps, and each body names the one before, over all restarts.
"""

import hashlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from audit_api.tablet import Operation, Tablet
from audit_api.tablet.errors import CannotCapture
from tests.factories import World, inspection_of
from tests.tablet.conftest import AppTransport, impatient, put_into
from tests.tablet.dying_capture import body_of, photo_of

ROOT = Path(__file__).parents[2]


def chain(operations: list[Operation]) -> list[tuple[int, str | None]]:
    """Number and named predecessor of each, as they go over the wire."""
    records = [json.loads(operation.record) for operation in operations]
    return [(record["seq"], record["prev_sha256"]) for record in records]


def whole_chain(operations: list[Operation]) -> list[tuple[int, str | None]]:
    """The chain that these operations must have."""
    before = [None, *(operation.sha256 for operation in operations)]
    return list(enumerate(before[:-1], 1))


def test_a_kill_at_any_line_of_a_capture_leaves_it_whole_or_absent(
    world: World, tmp_path: Path
) -> None:
    put_into(tmp_path, world)
    said = subprocess.run(
        [sys.executable, "-m", "tests.tablet.dying_capture", tmp_path],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    died = int(said.stdout)
    assert died > 50
    with Tablet(tmp_path) as tablet:
        kept = {operation.body: operation for operation in tablet.operations()}
        # Killed early: absent. Killed behind the commit, and not killed: whole.
        assert 1 <= len(kept) < died
        assert body_of(died) in kept
        assert chain(list(kept.values())) == whole_chain(list(kept.values()))
        announced = {
            row["op"]: row["sha256"] for row in tablet.store.rows("select * from photo_use")
        }
        for life in range(died + 1):
            operation = kept.pop(body_of(life), None)
            if operation is not None:
                sha256 = hashlib.sha256(photo_of(life)).hexdigest()
                assert announced[operation.op] == sha256
                assert (tablet.store.photos / sha256).read_bytes() == photo_of(life)
        assert kept == {}
        for path in tablet.store.photos.iterdir():
            if not path.name.startswith("."):
                assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name


def captured(tablet: Tablet, world: World, **changes: Any) -> Operation:
    body = inspection_of(world, "near-1") | changes
    return tablet.capture(json.dumps(body).encode(), entity=str(uuid4()))


def test_the_chain_goes_on_over_restarts_and_mendings(
    transport: AppTransport, world: World, tmp_path: Path
) -> None:
    put_into(tmp_path, world)
    for _ in range(3):
        with Tablet(tmp_path, transport=transport, patience=impatient()) as tablet:
            captured(tablet, world)
    with Tablet(tmp_path, transport=transport, patience=impatient()) as tablet:
        wrong = captured(tablet, world, elements=3)
        assert tablet.sync().pushed.statuses == {"applied": 3, "rejected": 1}
    with Tablet(tmp_path, transport=transport, patience=impatient()) as tablet:
        tablet.mend(wrong.op, json.dumps(inspection_of(world, "near-1")).encode())
        operations = tablet.operations()
        assert chain(operations) == whole_chain(operations)
        assert len(operations) == 5


def test_what_cannot_be_captured_uses_no_number(tablet: Tablet, world: World) -> None:
    for body in (b"[]", b"{", b"x" * 3_000_000):
        with pytest.raises(CannotCapture):
            tablet.capture(body, entity=str(uuid4()))
    assert chain([captured(tablet, world)]) == [(1, None)]


def test_two_programs_on_one_folder_number_one_after_the_other(
    world: World, tmp_path: Path
) -> None:
    put_into(tmp_path, world)

    def work(n: int) -> None:
        with Tablet(tmp_path) as tablet:
            for k in range(10):
                tablet.capture(json.dumps({"of": n, "k": k}).encode(), entity="e")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    with Tablet(tmp_path) as tablet:
        operations = tablet.operations()
        assert len(operations) == 40
        assert chain(operations) == whole_chain(operations)
