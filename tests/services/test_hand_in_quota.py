"""How much a revoked tablet may still hand in."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor
from audit_api.domain.errors import HandInQuotaSpent
from audit_api.domain.sync.operations import ReceivedOperation
from audit_api.domain.vocabulary import Role
from audit_api.services.sync.hand_in_quota import Quota, check_operations
from tests.factories import World, make_device

ROOMY = 10**9


@pytest.fixture
def actor(session: Session, world: World) -> Actor:
    """A tablet that was revoked an hour ago."""
    owner = world.people[Role.INSPECTOR, "near"]
    device, _ = make_device(session, owner, "lost")
    session.execute(
        text("update device set revoked_at = now() - interval '1 hour' where id = :id"),
        {"id": device},
    )
    return Actor(owner, "inspector.near", "en", (), device=device, device_revoked=True)


def record(raw: bytes, op: UUID | None = None) -> ReceivedOperation:
    sha256 = hashlib.sha256(raw).digest()
    return ReceivedOperation(
        op=op or uuid4(),
        seq=1,
        kind="inspection",
        entity=uuid4(),
        base=None,
        body={},
        body_bytes=b"{}",
        body_sha256=hashlib.sha256(b"{}").digest(),
        raw=raw,
        raw_sha256=sha256,
    )


def keep(session: Session, actor: Actor, said: ReceivedOperation, at: datetime) -> None:
    """The operation lies in quarantine since `at`."""
    session.execute(
        text("""insert into operation (op, device_id, seq, sha256, envelope_sha256, received_at,
            status, result, raw, clock_off)
            values (:op, :device, :seq, :sha256, :envelope, :at, 'quarantined', '{}', :raw, false)
        """),
        {
            "op": said.op,
            "device": actor.device,
            "seq": said.seq,
            "sha256": said.body_sha256,
            "envelope": said.raw_sha256,
            "at": at,
            "raw": said.raw,
        },
    )


def test_within_its_quota_nothing_is_said(session: Session, actor: Actor) -> None:
    check_operations(session, actor, [record(b"a" * 50)] * 2, quota=Quota(2, 100))


def test_one_operation_too_many_is_refused(session: Session, actor: Actor) -> None:
    keep(session, actor, record(b"a"), datetime.now(UTC))
    said = [record(b"b"), record(b"c")]
    check_operations(session, actor, said, quota=Quota(3, ROOMY))
    with pytest.raises(HandInQuotaSpent, match="Delete nothing on the tablet"):
        check_operations(session, actor, said, quota=Quota(2, ROOMY))


def test_one_byte_too_many_is_refused(session: Session, actor: Actor) -> None:
    keep(session, actor, record(b"a" * 60), datetime.now(UTC))
    said = [record(b"b" * 40)]
    check_operations(session, actor, said, quota=Quota(9, 100))
    with pytest.raises(HandInQuotaSpent, match="99 bytes"):
        check_operations(session, actor, said, quota=Quota(9, 99))


def test_a_repeat_of_what_is_kept_costs_nothing(session: Session, actor: Actor) -> None:
    kept = record(b"a" * 60)
    keep(session, actor, kept, datetime.now(UTC))
    check_operations(session, actor, [kept], quota=Quota(1, 60))


def test_other_bytes_under_a_kept_id_cost(session: Session, actor: Actor) -> None:
    kept = record(b"a" * 60)
    keep(session, actor, kept, datetime.now(UTC))
    with pytest.raises(HandInQuotaSpent):
        check_operations(session, actor, [record(b"b" * 60, kept.op)], quota=Quota(1, ROOMY))


def test_bytes_kept_under_a_reused_id_count(session: Session, actor: Actor) -> None:
    kept, other = record(b"a"), record(b"b" * 99)
    keep(session, actor, kept, datetime.now(UTC))
    session.execute(
        text("""insert into reused_operation (id, op, device_id, envelope_sha256, received_at, raw)
            values (:id, :op, :device, :sha256, now(), :raw)"""),
        {
            "id": uuid4(),
            "op": kept.op,
            "device": actor.device,
            "sha256": other.raw_sha256,
            "raw": other.raw,
        },
    )
    check_operations(session, actor, [], quota=Quota(2, 100))
    with pytest.raises(HandInQuotaSpent):
        check_operations(session, actor, [], quota=Quota(2, 99))
    again = replace(other, op=kept.op)
    check_operations(session, actor, [again], quota=Quota(2, 100))


def test_what_came_before_the_revocation_counts_for_nothing(session: Session, actor: Actor) -> None:
    keep(session, actor, record(b"a"), datetime.now(UTC) - timedelta(hours=2))
    check_operations(session, actor, [record(b"b")], quota=Quota(1, ROOMY))


def test_a_closed_account_revokes_its_tablets_too(
    session: Session, actor: Actor, world: World
) -> None:
    session.execute(
        text("update device set revoked_at = null where id = :id"), {"id": actor.device}
    )
    session.execute(
        text("update person set disabled_at = now() - interval '1 hour' where id = :id"),
        {"id": world.people[Role.INSPECTOR, "near"]},
    )
    keep(session, actor, record(b"a"), datetime.now(UTC))
    with pytest.raises(HandInQuotaSpent):
        check_operations(session, actor, [record(b"b")], quota=Quota(1, ROOMY))


def test_a_tablet_that_is_not_revoked_has_no_quota(session: Session, actor: Actor) -> None:
    said = [record(b"a"), record(b"b")]
    check_operations(session, replace(actor, device_revoked=False), said, quota=Quota(1, 1))
