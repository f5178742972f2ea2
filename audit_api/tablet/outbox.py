"""What was done on the tablet, as operations with fixed bytes, and what became of each.

An operation's bytes are made once, when it is captured, with its running number; whatever happens
later, the same bytes go out. It leaves the outbox only when its own result came.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from audit_api.tablet.clock import Moment
from audit_api.tablet.errors import CannotCapture, TabletError
from audit_api.tablet.store import Store, note

MAX_OPERATIONS = 200
MAX_BYTES = 2_000_000
# What a push has around its operations: ids, clocks, anchors.
_ENVELOPE_BYTES = 8_000
_BODY = b',"body":'


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """An original that an operation announces."""

    sha256: str
    bytes: int
    content_type: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. `record` is what goes over the wire, `body` the part that is evidence.

    `owner` did it, and `device` numbered it `seq`.
    """

    op: str
    owner: str
    device: str
    seq: int
    kind: str
    entity: str
    group: str | None
    body: bytes
    sha256: str
    record: bytes
    state: str
    said: dict[str, Any] | None


def capture(
    store: Store,
    moment: Moment,
    *,
    kind: str,
    entity: str,
    body: bytes,
    photos: Sequence[PhotoFile] = (),
    base: dict[str, Any] | None = None,
    group: str | None = None,
    op: str | None = None,
) -> Operation:
    """Keep a new operation; it is safe when this returns. Photos must be in the folder already.

    An `op` that is there already with the same body is returned as it is, whatever else is said.
    Raises CannotCapture for what no push could carry.
    """
    _check_body(body)
    with store.writing() as db:
        if op is not None and (row := _find(db, op)) is not None:
            found = _operation(row)
            if found.body != body:
                raise CannotCapture(f"Operation {op} is there already with another body.")
            return found
        made = _add(db, moment, kind, entity, body, base, group, op or str(uuid4()))
        for photo in photos:
            _announce(db, made, photo)
        return _get(db, made)


def mend(
    store: Store, moment: Moment, op: str, body: bytes, photos: Sequence[PhotoFile] = ()
) -> Operation:
    """A new operation in the place of a rejected one, which stays as it was handed in.

    It announces the photos of the old one, and `photos`, which must be in the folder already.
    """
    _check_body(body)
    with store.writing() as db:
        row = _find(db, op)
        if row is None or row["state"] != "rejected":
            raise CannotCapture(f"{op} is no rejected operation; see `audit-api tablet status`.")
        (owner,) = db.execute("select owner from tablet").fetchone()
        if row["owner"] != owner:
            raise CannotCapture(
                f"{op} is the work of {row['owner']}; this tablet is {owner}'s now. Only "
                f"{row['owner']} can mend it, with a tablet of that name."
            )
        made = replace(db, moment, row, body, "mended")
        follow(db)
        for photo in photos:
            _announce(db, made, photo)
        return _get(db, made)


def replace(
    db: sqlite3.Connection, moment: Moment, row: sqlite3.Row, body: bytes, state: str
) -> str:
    """A new operation that does what `row` should have done; `state` is what becomes of the old.

    Returns the new operation's id.
    """
    base = json.loads(row["base"]) if row["base"] else None
    made = _add(db, moment, row["kind"], row["entity"], body, base, row["group_id"], str(uuid4()))
    db.execute(
        "insert into photo_use (op, sha256) select ?, sha256 from photo_use where op = ?",
        (made, row["op"]),
    )
    db.execute(
        "update operation set state = ?, replaced_by = ? where op = ?", (state, made, row["op"])
    )
    return made


def _check_body(body: bytes) -> None:
    if len(body) > MAX_BYTES - 2 * _ENVELOPE_BYTES:
        raise CannotCapture(
            f"The body has {len(body)} bytes; a push carries {MAX_BYTES}. Make two inspections."
        )
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise CannotCapture(f"The body is no JSON: {error}.") from None
    if not isinstance(value, dict):
        raise CannotCapture("The body is a JSON object.")


def _add(
    db: sqlite3.Connection,
    moment: Moment,
    kind: str,
    entity: str,
    body: bytes,
    base: dict[str, Any] | None,
    group: str | None,
    op: str,
) -> str:
    """Number an operation and keep it. The number and the operation become true together."""
    base = _standing(db, base)
    digest = hashlib.sha256(body).hexdigest()
    (owner, device) = db.execute("select owner, device from tablet").fetchone()
    seq, previous = _next_number(db, digest)
    head = {
        "op": op,
        "seq": seq,
        "kind": kind,
        "id": entity,
        "base": base,
        "sha256": digest,
        "prev_sha256": previous,
        "at": moment.as_json(),
    }
    if group is not None:
        head["group"] = group
    from_base = json.dumps(base) if base else None
    db.execute(
        """insert into operation
            (op, owner, device, seq, kind, entity, base, group_id, body, sha256, record)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (op, owner, device, seq, kind, entity, from_base, group, body, digest, _record(head, body)),
    )
    note(db, "captured", op, seq=seq, kind=kind, id=entity, sha256=digest)
    return op


def _standing(db: sqlite3.Connection, base: dict[str, Any] | None) -> dict[str, Any] | None:
    """The same base, by the id under which it was sent last."""
    while base and "op" in base and (row := _find(db, base["op"])) and row["replaced_by"]:
        base = {"op": row["replaced_by"]}
    return base


def _next_number(db: sqlite3.Connection, digest: str) -> tuple[int, str | None]:
    """The next number of this device, for a body of that hash, and the hash of the body before."""
    (seq, previous) = db.execute("select seq + 1, last_sha256 from tablet").fetchone()
    db.execute("update tablet set seq = ?, last_sha256 = ?", (seq, digest))
    return seq, previous


def _record(head: dict[str, Any], body: bytes) -> bytes:
    return json.dumps(head).encode()[:-1] + _BODY + body + b"}"


def renumber(db: sqlite3.Connection) -> int:
    """Let what waits of this owner go out under this device, if another one numbered it.

    Ids, bodies and times of doing stay; only numbers and chain are the new device's. What waits
    of other owners stays as it is. Returns how many it were.
    """
    rows = db.execute(
        """select o.* from operation o join tablet t on t.owner = o.owner
        where o.state = 'waiting' and o.device <> t.device order by o.n"""
    ).fetchall()
    for row in rows:
        seq, previous = _next_number(db, row["sha256"])
        db.execute(
            """update operation set device = (select device from tablet), seq = ?, record = ?
            where op = ?""",
            (seq, _rewritten(row, seq=seq, prev_sha256=previous), row["op"]),
        )
        note(db, "numbered anew", row["op"], seq=seq, before=row["seq"])
    return len(rows)


def _rewritten(row: sqlite3.Row, **members: Any) -> bytes:
    """The record of an operation with other members around its body."""
    head = json.loads(row["record"][: -len(_BODY + row["body"] + b"}")] + b"}")
    return _record(head | members, row["body"])


def follow(db: sqlite3.Connection) -> None:
    """Let what waits edit the operation that took the place of the one it was made from."""
    for row in db.execute(
        """select o.* from operation o join operation b on b.op = json_extract(o.base, '$.op')
        where o.state = 'waiting' and b.replaced_by is not null"""
    ).fetchall():
        base = _standing(db, json.loads(row["base"]))
        db.execute(
            "update operation set base = ?, record = ? where op = ?",
            (json.dumps(base), _rewritten(row, base=base), row["op"]),
        )


def _announce(db: sqlite3.Connection, op: str, photo: PhotoFile) -> None:
    db.execute(
        "insert into photo (sha256, bytes, content_type) values (?, ?, ?) on conflict do nothing",
        (photo.sha256, photo.bytes, photo.content_type),
    )
    db.execute("insert into photo_use values (?, ?) on conflict do nothing", (op, photo.sha256))


def keep_original(store: Store, data: bytes) -> str:
    """Put an original into the folder under its SHA-256 (hex, returned); safe when this returns."""
    digest = hashlib.sha256(data).hexdigest()
    path = store.photos / digest
    if not path.exists():
        written = path.with_name(f".{digest}.{uuid4()}")
        with written.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        written.replace(path)
        _sync_folder(store.photos)
    return digest


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _find(db: sqlite3.Connection, op: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = db.execute("select * from operation where op = ?", (op,)).fetchone()
    return row


def _get(db: sqlite3.Connection, op: str) -> Operation:
    row = _find(db, op)
    if row is None:
        raise TabletError(f"There is no operation {op}.")
    return _operation(row)


def _operation(row: sqlite3.Row) -> Operation:
    return Operation(
        row["op"],
        row["owner"],
        row["device"],
        row["seq"],
        row["kind"],
        row["entity"],
        row["group_id"],
        row["body"],
        row["sha256"],
        row["record"],
        row["state"],
        json.loads(row["said"]) if row["said"] else None,
    )


def find(store: Store, op: str) -> Operation | None:
    """An operation by its id; None when it is not of this tablet."""
    rows = store.rows("select * from operation where op = ?", op)
    return _operation(rows[0]) if rows else None


def operations(store: Store, *states: str) -> list[Operation]:
    """The operations in any of these states, all without one, in the order of their doing."""
    every = "select * from operation order by n"
    some = "select * from operation where state in (select value from json_each(?)) order by n"
    rows = store.rows(some, json.dumps(states)) if states else store.rows(every)
    return [_operation(row) for row in rows]


def unsent(store: Store) -> list[Operation]:
    """What this device has to hand in, by its running numbers; of no former owner."""
    rows = store.rows(
        """select o.* from operation o join tablet t on t.device = o.device
        where o.state = 'waiting' order by o.seq"""
    )
    return [_operation(row) for row in rows]


def batches(
    queue: Iterable[Operation],
    *,
    max_operations: int = MAX_OPERATIONS,
    max_bytes: int = MAX_BYTES,
) -> list[list[Operation]]:
    """The outbox cut into pushes: in order, within the limits, a group's members together."""
    together: dict[str, list[Operation]] = {}
    for operation in queue:
        together.setdefault(operation.group or operation.op, []).append(operation)
    made: list[list[Operation]] = []
    room = 0
    for members in together.values():
        size = sum(len(operation.record) + 1 for operation in members)
        if not made or size > room or len(made[-1]) + len(members) > max_operations:
            made.append([])
            room = max_bytes - _ENVELOPE_BYTES
        made[-1] += members
        room -= size
    return made
