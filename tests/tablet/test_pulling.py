"""What a tablet pulls, and what must not keep it from going on."""

import json
from uuid import uuid4

from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from audit_api.tablet import Tablet
from tests.factories import World, ramp_of
from tests.http.populated import with_photo

GRANTS = "update person_grant set revoked_at = {} where person_id = :person"


def test_a_tablet_whose_owner_has_no_grant_still_hands_everything_in(
    tablet: Tablet, world: World, database: Database
) -> None:
    owner = {"person": world.people[Role.INSPECTOR, "near"]}
    photo = b"\xff\xd8\xff" + uuid4().bytes
    body = json.dumps(with_photo(ramp_of(world, "near-1"), photo)).encode()
    tablet.capture(body, entity=str(uuid4()), originals=[photo])
    with database.writing() as session:
        session.execute(text(GRANTS.format("now()")), owner)
    report = tablet.sync()
    assert (report.pushed.statuses, report.photos.count) == ({"quarantined": 1}, 1)
    assert set(tablet.items()) == {("held", tablet.operations()[0].op)}
    with database.writing() as session:
        session.execute(text(GRANTS.format("null")), owner)
    tablet.sync()
    assert (tablet.store.folder / "catalog.json").exists()
