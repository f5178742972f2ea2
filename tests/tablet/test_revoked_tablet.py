"""What a revoked tablet does with work that is more than it may hand in: it keeps it."""

import json
from uuid import uuid4

import pytest
from sqlalchemy import text

from audit_api.services.sync import hand_in_quota
from audit_api.services.sync.hand_in_quota import Quota
from audit_api.storage.base import Database
from audit_api.tablet import Tablet
from tests.factories import World, inspection_of
from tests.tablet.conftest import AppTransport


@pytest.fixture
def revoked(
    tablet: Tablet, database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> Tablet:
    """A tablet with five inspections, revoked a moment ago, that may hand in three."""
    for _ in range(5):
        body = json.dumps(inspection_of(world, "near-1"), ensure_ascii=False).encode()
        tablet.capture(body, entity=str(uuid4()))
    with database.writing() as session:
        session.execute(
            text("update device set revoked_at = now() where id = :id"),
            {"id": world.devices["near"][0]},
        )
    monkeypatch.setattr(hand_in_quota, "OPERATIONS", Quota(3, 10**6))
    return tablet


def test_what_the_quota_takes_is_handed_in_and_the_rest_stays(
    revoked: Tablet, transport: AppTransport
) -> None:
    report = revoked.sync()
    assert [o.state for o in revoked.operations()] == ["quarantined"] * 3 + ["waiting"] * 2
    assert len(report.pushed.refused) == 2
    assert all("Delete nothing on the tablet" in told for told in report.pushed.refused)
    assert report.revoked
    # A hopeless queue does not keep the link busy: few tries, and no waiting for hours.
    assert sum(path.endswith("/push") for _, path, _ in transport.requests) <= 12


def test_the_rest_goes_when_the_headquarters_allow_it(
    revoked: Tablet, database: Database, world: World
) -> None:
    revoked.sync()
    with database.writing() as session:
        session.execute(
            text("update device set revoked_at = null where id = :id"),
            {"id": world.devices["near"][0]},
        )
    assert revoked.sync().pushed.statuses == {"applied": 2}
