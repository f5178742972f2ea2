"""Hand in what was done: the outbox, in batches, until each operation has its own result."""

import gzip
import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import uuid4

from audit_api.tablet.clock import Clock, Moment
from audit_api.tablet.errors import Garbled, Refused
from audit_api.tablet.link import Answer, Link
from audit_api.tablet.outbox import (
    MAX_BYTES,
    MAX_OPERATIONS,
    Operation,
    batches,
    find,
    follow,
    replace,
    unsent,
)
from audit_api.tablet.pace import Pace
from audit_api.tablet.receipts import RECEIVED, Keys
from audit_api.tablet.restored import check_epoch
from audit_api.tablet.store import Store, note

PUSH = "/api/v1/sync/push"
MAX_ANCHORS = 20
_ANCHOR_EVERY_MS = 60_000
_KEPT = {"applied", "merged", "conflict", "rejected", "quarantined"}
_STAYS = {"blocked", "retry"}
# The operation as it left the tablet is in order, as its hash says: it was damaged on its way, and
# the damaged bytes took its id.
_DAMAGED = "hash-mismatch"
_QUOTA_SPENT = "hand-in-quota-spent"


@dataclass(slots=True)
class Pushed:
    """What a push of the whole outbox came to: operations by status, and what could not be sent."""

    statuses: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Pusher:
    """Pushes one tablet's outbox. `app` is what the server is told of this program."""

    store: Store
    link: Link
    clock: Clock
    keys: Keys
    app: str
    forms: Sequence[str] = ()
    max_operations: int = MAX_OPERATIONS
    max_bytes: int = MAX_BYTES
    after_batch: Callable[[], None] = lambda: None
    pace: Pace = field(default_factory=lambda: Pace(MAX_OPERATIONS))

    def push(self) -> Pushed:
        """Send everything that waits, again while it helps. Raises LinkDown, Refused.

        `blocked` comes again in the same push as long as others make headway, `retry` after the
        time that the server asked for.
        """
        pushed = Pushed()
        refused: dict[str, str] = {}
        stays: dict[str, str] = {}
        pauses = 0
        while waiting := [o for o in unsent(self.store) if o.op not in refused]:
            settled, stays, wait_s = self._round(waiting, pushed, refused)
            pauses = 0 if settled else pauses + 1
            if not settled and (not wait_s or pauses >= self.link.patience.tries):
                break
            if wait_s:
                self.link.patience.pause(max(pauses, 1), wait_s)
        for status in stays.values():
            pushed.statuses[status] = pushed.statuses.get(status, 0) + 1
        pushed.refused = [f"{op}: {reason}" for op, reason in refused.items()]
        return pushed

    def ask_epoch(self) -> bool:
        """Push nothing, for the epoch in the answer; True when the server was restored."""
        known = self.store.identity["epoch"]
        self._send([])
        return known is not None and self.store.identity["epoch"] != known

    def _round(
        self, waiting: list[Operation], pushed: Pushed, refused: dict[str, str]
    ) -> tuple[bool, dict[str, str], float]:
        """One try of everything: whether any was settled, what stays with its status, and the
        pause (s) that the server asked for."""
        settled = False
        stays: dict[str, str] = {}
        wait_s = 0.0
        halves: list[list[Operation]] = []
        while halves or waiting:
            batch = halves.pop(0) if halves else self._take(waiting)
            began = monotonic()
            try:
                answer = self._send(batch)
            except Refused as error:
                spent = error.slug == _QUOTA_SPENT
                if error.status not in (400, 413, 422) and not spent:
                    raise
                if len(batch) > 1:
                    # One that cannot be read must not keep the others from arriving; of a quota
                    # the last bit is used.
                    half = len(batch) // 2
                    halves[:0] = [batch[:half], batch[half:]]
                    continue
                refused[batch[0].op] = str(error)
                if spent:
                    later = [*(o for half in halves for o in half), *waiting]
                    refused |= {o.op: str(error) for o in later}
                    break
                continue
            self.pace.went(len(batch), monotonic() - began)
            for result in answer["results"]:
                status = result["status"]
                if status in _STAYS:
                    stays[result["op"]] = status
                    wait_s = max(wait_s, _seconds(result.get("retry_after")))
                else:
                    settled = True
                    pushed.statuses[status] = pushed.statuses.get(status, 0) + 1
            self.after_batch()
        return settled, stays, wait_s

    def _take(self, waiting: list[Operation]) -> list[Operation]:
        """The next push, taken off what waits."""
        most = min(self.pace.operations, self.max_operations)
        batch = batches(waiting, max_operations=most, max_bytes=self.max_bytes)[0]
        taken = {operation.op for operation in batch}
        waiting[:] = [operation for operation in waiting if operation.op not in taken]
        # As it stands now: what it edits may have been sent anew by the push before.
        fresh = (find(self.store, operation.op) for operation in batch)
        return [operation for operation in fresh if operation and operation.state == "waiting"]

    def _send(self, batch: list[Operation]) -> dict[str, Any]:
        """One push, until an answer to it can be believed; its results are on the disk then."""
        device = self.store.identity["device"]
        body = gzip.compress(self._envelope(device, batch))
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}

        def understand(answer: Answer) -> dict[str, Any]:
            said = answer.json()
            self._check(said, batch)
            return said

        said = self.link.ask("POST", PUSH, understand, body=body, headers=headers)
        with self.store.writing() as db:
            check_epoch(db, said.get("epoch"))
            _add_anchor(db, said["server_time"], self.clock.read())
            for operation, result in zip(batch, said["results"], strict=True):
                self._settle(db, operation, result)
            # Only now: what was answered along with it was made from the old one, and is settled.
            follow(db)
            db.execute(
                "update tablet set acked_seq = ?, last_contact = ? where device = ?",
                (said["acked_seq"], said["server_time"], device),
            )
        return said

    def _envelope(self, device: str, batch: list[Operation]) -> bytes:
        anchors = [
            {"server_time": a["server_time"], "mono_ms": a["mono_ms"], "boot": a["boot"]}
            for a in self.store.rows("select * from anchor order by n")
        ]
        head = {
            "device": device,
            "batch": str(uuid4()),
            "client": {"app": self.app, "forms": list(self.forms), "holds": holds(self.store)},
            "clock": self.clock.read().as_json() | {"anchors": anchors},
        }
        # The operations go in byte for byte: their hashes are their proof.
        records = b",".join(operation.record for operation in batch)
        return json.dumps(head).encode()[:-1] + b',"ops":[' + records + b"]}"

    def _check(self, said: dict[str, Any], batch: list[Operation]) -> None:
        """Raise Garbled unless the answer is one to exactly this batch."""
        results = said.get("results")
        if not isinstance(results, list) or len(results) != len(batch):
            raise Garbled("The answer does not have a result for each operation.")
        if not isinstance(said.get("server_time"), str) or type(said.get("acked_seq")) is not int:
            raise Garbled("The answer lacks the server's time or acked_seq.")
        for operation, result in zip(batch, results, strict=True):
            if not isinstance(result, dict) or result.get("op") != operation.op:
                raise Garbled("The answer is about other operations.")
            status = result.get("status")
            if status not in _KEPT | _STAYS | {"op_reused"}:
                raise Garbled(f"The answer has a status that is none: {status!r}.")
            # The receipt of damaged bytes speaks of those; nothing is made of it.
            if status in _KEPT and not _was_damaged(result):
                self._check_receipt(result.get("receipt"), operation)

    def _check_receipt(self, receipt: Any, operation: Operation) -> None:
        key = receipt.get("key") if isinstance(receipt, dict) else None
        if isinstance(key, str) and self.keys.known(key) is None:
            self.keys.fetch(self.link)
        self.keys.check(receipt, operation, RECEIVED)

    def _settle(self, db: sqlite3.Connection, operation: Operation, result: dict[str, Any]) -> None:
        """Note what became of an operation, unless a sync at the same time already did."""
        op, status = operation.op, result["status"]
        row = db.execute(
            "select * from operation where op = ? and state = 'waiting'", (op,)
        ).fetchone()
        if row is None or (row["record"] != operation.record):
            return
        said = json.dumps(result, ensure_ascii=False)
        if status in _STAYS:
            db.execute("update operation set said = ? where op = ?", (said, op))
            return
        receipt = json.dumps(result["receipt"]) if "receipt" in result else None
        db.execute(
            "update operation set state = ?, said = ?, receipt = ? where op = ?",
            (status, said, receipt, op),
        )
        note(db, "settled", op, status=status, receipt=result.get("receipt"))
        if row["replaced_by"] is not None and status not in ("applied", "merged"):
            db.execute("update operation set state = 'mended' where op = ?", (op,))
        elif status == "op_reused" or _was_damaged(result):
            made = replace(db, self.clock.read(), row, operation.body, "mended")
            note(db, "sent anew", op, by=made)
        _note_photos(db, op, result)


def holds(store: Store) -> dict[str, int]:
    """What the tablet still has to hand in, as the headquarters are told with every push."""
    photos = store.rows(
        """select count(*) n, coalesce(sum(bytes), 0) size from photo p
        where state in ('announced', 'wanted') and exists (select 1 from photo_use u
            join operation o on o.op = u.op join tablet t on t.owner = o.owner
            where u.sha256 = p.sha256)"""
    )[0]
    return {
        "last_seq": store.value("select seq from tablet"),
        "operations": len(unsent(store)),
        "photos": photos["n"],
        "photo_bytes": photos["size"],
    }


def _was_damaged(result: dict[str, Any]) -> bool:
    problems = result.get("problems")
    return result["status"] == "rejected" and any(
        isinstance(problem, dict) and problem.get("code") == _DAMAGED for problem in problems or ()
    )


def _note_photos(db: sqlite3.Connection, op: str, result: dict[str, Any]) -> None:
    """Of the photos that the operation announces: which the server has, which it wants.

    It has those that the receipt names, which is signed; to be missing in `need_photos`, which is
    not, proves nothing.
    """
    if result["status"] not in ("applied", "merged"):
        return
    held = set(result["receipt"]["photos_held"])
    for (sha256,) in db.execute("select sha256 from photo_use where op = ?", (op,)).fetchall():
        db.execute(
            "update photo set state = ? where sha256 = ? and state = 'announced'",
            ("handed_over" if sha256 in held else "wanted", sha256),
        )


def _add_anchor(db: sqlite3.Connection, server_time: str, moment: Moment) -> None:
    """Keep a server time with what the running clock said; one a minute is enough."""
    last = db.execute("select * from anchor order by n desc limit 1").fetchone()
    fresh = last is None or last["boot"] != moment.boot
    if fresh or moment.mono_ms - last["mono_ms"] >= _ANCHOR_EVERY_MS:
        db.execute(
            "insert into anchor (server_time, mono_ms, boot) values (?, ?, ?)",
            (server_time, moment.mono_ms, moment.boot),
        )
        db.execute("delete from anchor where n <= (select max(n) from anchor) - ?", (MAX_ANCHORS,))


def _seconds(said: Any) -> float:
    return float(min(said, 600)) if type(said) in (int, float) and said > 0 else 0.0
