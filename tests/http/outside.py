"""Things that happen in the other district: each one changes what is kept there, nothing near.

What a person near must not notice. New kinds of things get a line in `HAPPENINGS`.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.oversight.escalation import EscalationDays
from audit_api.domain.vocabulary import Role
from audit_api.domain.working_days import DayKind
from audit_api.services.oversight.sweep_tasks import sweep_tasks
from audit_api.services.places.correct_day import correct_day
from audit_api.services.places.import_needs import import_needs
from audit_api.services.places.move_election_day import move_election_day
from audit_api.storage.base import Database
from audit_api.storage.people import Person
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
    ramp_of,
)
from tests.field_schema.bodies import measurement
from tests.http.access_cells import address
from tests.http.populated import (
    Things,
    assign,
    collect,
    differ,
    hold,
    inspect,
    photo_bytes,
    with_photo,
)
from tests.http.writing import REASON, WRITES


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

    def decide(self, where: str, decision: str, **more: object) -> None:
        """Supervision decides on a violation there that no letter speaks of."""
        found = text("""select id, rev from violation where site_id = :site and id <> :letter
            and state in ('open', 'contested', 'confirmed') order by id limit 1""")
        values = {"site": self.world.sites[where], "letter": self.things.of("violation", where)}
        with self.database.reading() as session:
            row = session.execute(found, values).first()
        if row is not None:
            said = {"decision": decision, "rev": row.rev, "reason": "Seen in the photo."} | more
            self._post(f"violations/{row.id}/adjudications", said, Role.TECHNICAL_SUPERVISOR)

    def say(self, where: str, word: str, role: Role, **said: object) -> None:
        """Somebody says a word about the task there, as it stands."""
        task = self.things.of("task", where)
        with self.database.reading() as session:
            rev = text("select rev from remediation_task where id = :id")
            said["rev"] = session.scalar(rev, {"id": task})
        self._post(f"tasks/{task}/{word}", said, role)

    def _post(self, path: str, said: dict[str, object], role: Role) -> None:
        headers = self.world.headers(role, "far")
        answer = self.client.post(f"/api/v1/{path}", json=said, headers=headers)
        assert answer.status_code in (200, 201, 409), answer.text


def _inspected(far: Far, where: str) -> None:
    inspect(far.app, far.world, where, seed=next(far.numbers))


def _held(far: Far, where: str) -> None:
    hold(far.app, far.world, where, seq=next(far.numbers))


def _collected(far: Far, where: str) -> None:
    collect(far.app, far.database, far.world, where)


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


def _campaigned(far: Far, where: str) -> str:
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
    return campaign


def _day_moved(far: Far, where: str) -> None:
    """A campaign of the other district alone, with a repair, is held a week later."""
    campaign = _campaigned(far, where)
    body = ramp_of(far.world, where, answers={"width_mm": measurement(500)})
    element = body["elements"][0] | {"id": str(uuid4()), "photos": []}
    body |= {"campaign": campaign, "elements": [element]}
    made = operation(body, seq=next(far.numbers))
    result = push(far.client, far.world, made, where="far")["results"][0]
    assert result["status"] == "applied", result
    with far.database.writing() as session:
        who = session.get_one(Person, far.world.people[Role.COORDINATOR, "far"]).username
        moved = move_election_day(
            session,
            campaign,
            date(2021, 12, 5),
            by=who,
            reason="Decision № 1.",
            at=datetime.now(UTC),
        )
        assert moved.tasks


def _day_corrected(far: Far, _where: str) -> None:
    day = date(2030, 1, 1) + timedelta(days=next(far.numbers))
    with far.database.writing() as session:
        who = session.get_one(Person, far.world.people[Role.ADMINISTRATOR, "far"]).username
        kind = DayKind.OFF if day.weekday() < 5 else DayKind.WORKING
        correct_day(session, day, kind, by=who, reason="Announced.", at=datetime.now(UTC))


def _escalated(far: Far, where: str) -> None:
    """A deadline there is another, and the worker sweeps all tasks once more."""
    statement = "update remediation_task set due_on = due_on - 1 where site_id = :site"
    far.change(statement, where, task=[UUID(far.things.of("task", where))])
    with far.database.writing() as session:
        swept = sweep_tasks(session, EscalationDays(), at=datetime.now(UTC))
        assert any(swept.escalated.values())


def _place_renamed(far: Far, where: str) -> None:
    with far.database.writing() as session:
        session.execute(
            text("update territory_version set name_en = name_en || ' B' where territory_id = :id"),
            {"id": far.world.territories[where]},
        )


def _decided(decision: str, **more: object) -> Callable[[Far, str], None]:
    return lambda far, where: far.decide(where, decision, **more)


DAY: dict[str, Any] = {"due_on": "2021-11-26", **REASON}


def _said(word: str, role: Role, **said: object) -> Callable[[Far, str], None]:
    return lambda far, where: far.say(where, word, role, **said)


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
    "POST /api/v1/acts/<uuid:act>/decisions": Role.PROSECUTOR,
}
# What people say first: it is said of a thing as it was read.
HAPPENINGS: dict[str, Callable[[Far, str], None]] = {
    operation: _written(operation, role) for operation, role in _ROLE_OF.items()
} | {
    "an inspection with its violations, tasks and a photo": _inspected,
    "an operation is held back": _held,
    "a form of ODK Collect comes, and another under its number": _collected,
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
    "a campaign is new": lambda far, where: _campaigned(far, where) and None,
    "an election day is moved, and notices are given": _day_moved,
    "a day is corrected": _day_corrected,
    "a task is escalated": _escalated,
    "a territory has another name": _place_renamed,
    "a violation is to be measured again": _decided("remeasure"),
    "a violation is confirmed": _decided("confirm"),
    "a violation is overturned": _decided("overturn"),
    "a repair is estimated": _said("estimates", Role.LSG_HEAD, cost_som=5000),
    "a later day is asked for": _said(
        "extension-requests", Role.LSG_HEAD, due_on="2021-11-27", **REASON
    ),
    "a deadline is set": _said("deadlines", Role.COORDINATOR, due_on="2021-11-26", **REASON),
    "a repair is declined": _said("declines", Role.LSG_HEAD, **REASON),
}
