"""Things that happen in the other district: each one changes what is kept there, nothing near.

What a person near must not notice. New kinds of things get a line in `HAPPENINGS`.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.services.places.import_needs import import_needs
from audit_api.storage.base import Database
from audit_api.storage.places.campaigns import Campaign, Constituency, Milestone, Station
from audit_api.storage.sync import feed
from tests.factories import (
    CAMPAIGN,
    World,
    inspection_of,
    make_device,
    make_person,
    make_site,
    make_territory,
    operation,
    push,
)
from tests.http.access_cells import address
from tests.http.populated import (
    Things,
    assign,
    differ,
    hold,
    inspect,
    photo_bytes,
    with_photo,
)
from tests.http.writing import WRITES


@dataclass
class Far:
    """The other district, and hands to do something there."""

    app: Flask
    database: Database
    world: World
    things: Things

    def __post_init__(self) -> None:
        self.client: FlaskClient = self.app.test_client()
        self.numbers = count(500)

    def site(self, where: str) -> UUID:
        """A new station."""
        with self.database.writing() as session:
            made = make_site(session, self.world.territories[where], 7000 + next(self.numbers))
            feed.publish(session, site=[made])
        return made

    def change(self, statement: str, where: str, **publish: list[UUID]) -> None:
        """Run a statement about `:site`, and publish what it changed."""
        with self.database.writing() as session:
            session.execute(text(statement), {"site": self.world.sites[where]})
            feed.publish(session, **publish)

    def write(self, operation: str, where: str, role: Role) -> None:
        """Do something of `writing.py`; it may have been done before."""
        ids = {kind: at[where] for kind, at in self.things.ids.items() if where in at}
        ids["territory"] = f"F{where[-1]}"
        rule = operation.partition(" ")[2]
        answer = self.client.post(
            address(rule, ids),
            json=WRITES[operation].body(ids),
            headers=self.world.headers(role, "far"),
        )
        assert answer.status_code in (200, 201, 409), answer.text


def _inspected(far: Far, where: str) -> None:
    inspect(far.app, far.world, where, seed=next(far.numbers))


def _held(far: Far, where: str) -> None:
    hold(far.app, far.world, where, seq=next(far.numbers))


def _edited(far: Far, where: str) -> None:
    differ(far.app, far.world, where, seq=next(far.numbers))


def _assigned(far: Far, where: str) -> None:
    world = World(**vars(far.world))
    world.sites = far.world.sites | {where: far.site(where)}
    assign(far.app, world, where)


def _renamed(far: Far, where: str) -> None:
    statement = "update site set name_en = name_en || ' A', lat = lat + 0.01 where id = :site"
    far.change(statement, where, site=[far.world.sites[where]])


def _more_voters(far: Far, where: str) -> None:
    far.change("update station set voters = voters + 7 where site_id = :site", where)


def _violations_moved(far: Far, where: str) -> None:
    far.change("update violation set severity = 'critical' where site_id = :site", where)


def _counted(far: Far, where: str) -> None:
    number = {"far-1": 8003, "far-2": 8004}[where]
    data = f"number,wheelchair,mobility,vision,hearing,intellectual\n{number},9,9,9,9,9\n"
    with far.database.writing() as session:
        import_needs(session, CAMPAIGN, data.encode(), "needs.csv", at=datetime.now(UTC))


def _tasks_moved(far: Far, where: str) -> None:
    statement = "update remediation_task set state = 'acknowledged', rev = rev + 1, due_on = "
    task = UUID(far.things.of("task", where))
    far.change(f"{statement} due_on - 30 where site_id = :site", where, task=[task])


def _read_original(far: Far, where: str) -> None:
    path = f"/api/v1/photos/{far.things.of('sha256', where)}/original"
    answer = far.client.get(path, headers=far.world.headers(Role.PROSECUTOR, "far"))
    assert answer.status_code == 200


def _shown_again(far: Far, where: str) -> None:
    """A photo of the near district is shown, handed in and read here too."""
    data = photo_bytes(1)
    sha256 = hashlib.sha256(data).hexdigest()
    assert sha256 == far.things.of("sha256", "near-1")
    body = with_photo(inspection_of(far.world, where, seed=next(far.numbers)), data)
    push(far.client, far.world, operation(body, seq=next(far.numbers)), where="far")
    path = f"/api/v1/photos/{sha256}"
    headers = far.world.device_headers("far") | {"Content-Type": "image/jpeg"}
    assert far.client.put(path, data=data, headers=headers).status_code == 200
    reader = far.world.headers(Role.PROSECUTOR, "far")
    assert far.client.get(f"{path}/original", headers=reader).status_code == 200


def _handed_in_at_a_desk(far: Far, where: str) -> None:
    """A photo of the near district is handed in for a task here too, by a head without a tablet."""
    task = far.things.of("task", where)
    statement = "update remediation_task set state = 'acknowledged' where site_id = :site"
    far.change(statement, where, task=[UUID(task)])
    answer = far.client.post(
        f"/api/v1/tasks/{task}/photos",
        data=photo_bytes(1),
        headers=far.world.headers(Role.LSG_HEAD, "far") | {"Content-Type": "image/jpeg"},
    )
    assert answer.status_code in (200, 201), answer.text


def _enrolled(far: Far, where: str) -> None:
    with far.database.writing() as session:
        territory = far.world.territories[where]
        name = f"newcomer {next(far.numbers)}"
        person = make_person(session, name, [(Role.INSPECTOR, territory)])
        make_device(session, person, name)


def _founded(far: Far, _where: str) -> None:
    with far.database.writing() as session:
        code = f"F{next(far.numbers)}"
        parent = far.world.territories["far"]
        far.world.territories[code] = make_territory(session, code, "aiyl_aimak", parent, code)
    far.site(code)


def _campaigned(far: Far, where: str) -> None:
    campaign = f"kg-far-{next(far.numbers)}"
    names = {"name_ky": "Алыс", "name_ru": "Дальний", "name_en": "Far"}
    with far.database.writing() as session:
        session.add(
            Campaign(
                id=campaign,
                election_day=date(2021, 11, 28),
                territory_id=far.world.territories["far"],
                profile="kg-demo-2021",
                forms=["ramp/1"],
                **names,
            )
        )
        session.flush()
        session.add(Milestone(campaign_id=campaign, id="remediation_due", days_before=3, **names))
        session.add(Constituency(campaign_id=campaign, number=1, **names))
        session.flush()
        site = far.world.sites[where]
        session.add(
            Station(campaign_id=campaign, number=1, site_id=site, voters=1, constituency_number=1)
        )
        session.flush()
        feed.publish(session, site=[site])


def _written(operation: str, role: Role) -> Callable[[Far, str], None]:
    return lambda far, where: far.write(operation, where, role)


_ROLE_OF = {
    "POST /api/v1/assignments/<uuid:assignment>/withdrawals": Role.COORDINATOR,
    "POST /api/v1/devices/<uuid:device>/revocations": Role.COORDINATOR,
    "POST /api/v1/inspections/<uuid:inspection>/returns": Role.TECHNICAL_SUPERVISOR,
    "POST /api/v1/inspections/<uuid:inspection>/fabrication-flags/<uuid:flag>/decisions": (
        Role.TECHNICAL_SUPERVISOR
    ),
    "POST /api/v1/quarantine/<uuid:operation>/decisions": Role.TECHNICAL_SUPERVISOR,
    "POST /api/v1/reviews/<uuid:review>/decisions": Role.TECHNICAL_SUPERVISOR,
    "POST /api/v1/tasks/<uuid:task>/acknowledgements": Role.LSG_HEAD,
    "POST /api/v1/served-lists": Role.PROSECUTOR,
    "POST /api/v1/acts": Role.PROSECUTOR,
    "POST /api/v1/acts/<uuid:act>/answers": Role.LSG_HEAD,
}
# What people say first: it is said of a thing as it was read.
HAPPENINGS: dict[str, Callable[[Far, str], None]] = {
    operation: _written(operation, role) for operation, role in _ROLE_OF.items()
} | {
    "an inspection with its violations, tasks and a photo": _inspected,
    "an operation is held back": _held,
    "an edit waits for a person": _edited,
    "a station is new, and assigned": _assigned,
    "a site is renamed and moved": _renamed,
    "a station has more voters": _more_voters,
    "violations are graver": _violations_moved,
    "voters with disabilities are counted": _counted,
    "tasks move on": _tasks_moved,
    "an original is read": _read_original,
    "a photo of near is shown and read there too": _shown_again,
    "a photo of near is handed in for a task there too": _handed_in_at_a_desk,
    "a person and a tablet are new": _enrolled,
    "a territory is new": _founded,
    "a campaign is new": _campaigned,
}
