"""A running server, and the sites that docs/field-app.md speaks of."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from audit_api.domain.vocabulary import Role
from audit_api.services.enrol_device import issue_code
from audit_api.settings import Settings
from audit_api.storage.base import Database
from audit_api.storage.people import person_by_username
from audit_api.storage.sync import feed
from tests.factories import World, make_person, make_site, make_territory
from tests.journeys.server import Server

# As the guide prints them: bodies name them, hashes of bodies are printed, and lists are in their
# order.
AIMAK = UUID("3c7e9d10-4b52-4d8e-9f06-1a2b3c4d5e60")
SITE = UUID("5d0b2c6e-3b0a-4f43-9a3e-0a4b8f1c7a11")
SITE_THAT_MOVES = UUID("6e1c3d7f-4c1b-4054-8b4f-1b5c902d8b33")
FAR_SITE = UUID("8c1f7a52-6a57-4e0c-b1d1-7a2f4c9e3b22")
INSPECTOR = "inspector.guide"


@pytest.fixture(scope="module")
def server(
    settings: Settings, world: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The shipped server, serving the module's world."""
    running = Server(settings, tmp_path_factory.mktemp("web") / "web.log")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def guide_world(database: Database, world: World) -> World:
    """The world with an aiyl aimak of the guide's inspector, published to tablets."""
    with database.writing() as session:
        near = world.territories["near"]
        make_territory(session, "N9", "aiyl_aimak", near, "Guide", territory_id=AIMAK)
        make_person(session, INSPECTOR, [(Role.INSPECTOR, AIMAK)])
        for number, site in enumerate((SITE, SITE_THAT_MOVES), 8100):
            make_site(session, AIMAK, number, site_id=site)
        make_site(session, world.territories["far-1"], 8102, site_id=FAR_SITE)
        feed.publish(session, site=[SITE, SITE_THAT_MOVES, FAR_SITE])
    return world


def new_code(database: Database) -> str:
    """An enrolment code for the guide's inspector."""
    with database.writing() as session:
        owner = person_by_username(session, INSPECTOR)
        assert owner is not None
        return issue_code(session, owner.id, lifetime=timedelta(hours=1), at=datetime.now(UTC))
