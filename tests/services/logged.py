"""An application with work handed in, its log, and somebody with all rights who changes things."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import text

from audit_api.domain.evidence.checkpoints import CheckpointBody, read_note, signed_note
from audit_api.domain.evidence.signing import Signer
from audit_api.services.evidence.keep_log import Signed, take_checkpoint
from audit_api.services.evidence.verify_log import KeptNote, verify_log
from audit_api.storage.base import Database
from tests.conftest import SIGNING_KEY
from tests.factories import World, make_world, operation, push, ramp_of

SIGNER = Signer(SIGNING_KEY)
FOREIGN = Signer(bytes(range(32)))
# As somebody with all rights in the database would do it.
UNLOCKED = "set session_replication_role = replica"
LOCKED = "set session_replication_role = origin"


class Logged:
    """An application with some operations handed in, and its log."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        self.database: Database = app.extensions["database"]
        with self.database.writing() as session:
            self.world: World = make_world(session)
        self.seq = 0

    def hand_in(self, count: int) -> list[UUID]:
        """Operations; each is one leaf."""
        ops = [uuid4() for _ in range(count)]
        for op in ops:
            self.seq += 1
            body = ramp_of(self.world, "near-1")
            push(self.client, self.world, operation(body, seq=self.seq, op=op))
        return ops

    def hand_in_unknown(self) -> UUID:
        """An operation of an unknown form: its bytes are kept as they are."""
        self.seq += 1
        op = uuid4()
        body = ramp_of(self.world, "near-1") | {"form": "ramp/99"}
        push(self.client, self.world, operation(body, seq=self.seq, op=op))
        return op

    def hand_over(self) -> bytes:
        """A photo; one leaf. Returns its SHA-256."""
        data = b"\xff\xd8\xff\xe0" + uuid4().bytes
        sha256 = hashlib.sha256(data)
        headers = self.world.device_headers() | {"Content-Type": "image/jpeg"}
        path = f"/api/v1/photos/{sha256.hexdigest()}"
        assert self.client.put(path, data=data, headers=headers).status_code == 201
        return sha256.digest()

    def sign(self, signer: Signer = SIGNER, **options: Any) -> Signed:
        """A checkpoint."""
        with self.database.writing() as session:
            return take_checkpoint(session, signer, at=datetime.now(UTC), **options)

    def tamper(self, *statements: str, **values: Any) -> None:
        """Change the database as somebody with all rights can."""
        with self.database.writing() as session:
            for statement in (UNLOCKED, *statements, LOCKED):
                session.execute(text(statement), values)

    def sign_otherwise(self, signer: Signer, **changed: Any) -> None:
        """Put another note in the place of the last checkpoint's, and what it says beside it."""
        with self.database.reading() as session:
            note = session.scalar(text("select note from checkpoint order by n desc limit 1"))
        body: CheckpointBody = replace(read_note(note), **changed)
        self.tamper(
            "update checkpoint set note = :note where n = (select max(n) from checkpoint)",
            note=signed_note(signer, body),
        )

    def leaves(self) -> list[tuple[int, UUID]]:
        """Number and operation of every leaf."""
        with self.database.reading() as session:
            found = session.execute(text("select n, op from log_leaf order by n"))
            return [(row.n, row.op) for row in found]

    def verify(self, *kept: KeptNote) -> tuple[str, ...]:
        """What a verification finds wrong."""
        with self.database.snapshot() as session:
            return verify_log(session, kept).faults
