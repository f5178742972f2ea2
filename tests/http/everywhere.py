"""A world with the same things in every territory, and people whose one grant can be moved.

country ─ region ─┬─ near ─┬─ near-1
        │         │        └─ near-2
        │         └─ far ──── far-1, far-2
        └ other ─── other-1
"""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from flask import Flask
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from audit_api.storage.places.campaigns import Campaign, Constituency, Milestone, Station
from tests.factories import (
    World,
    make_device,
    make_person,
    make_session_token,
    make_site,
    make_territory,
    make_world,
)
from tests.http.populated import Things, populate

PLACES = ("region", "near", "near-1", "near-2", "far", "far-1", "other-1")
CODES = {
    "region": "R", "near": "N", "near-1": "N1", "near-2": "N2",
    "far": "F", "far-1": "F1", "other-1": "O1",
}  # fmt: skip
PARENTS = {
    "region": "country", "other": "country", "near": "region", "far": "region", "near-1": "near",
    "near-2": "near", "far-1": "far", "other-1": "other",
}  # fmt: skip
AUTHOR = "author"
"""An inspector who made all inspections; every other person made none."""


def above(place: str) -> set[str]:
    """A place and all places that it lies in."""
    found = {place}
    while place in PARENTS:
        place = PARENTS[place]
        found.add(place)
    return found


def relation(grant: str, place: str) -> str:
    """What a place is to the territory of a grant."""
    if place == grant:
        return "own"
    if grant in above(place):
        return "child"
    if place in above(grant):
        return "parent"
    return "sibling" if PARENTS[place] == PARENTS[grant] else "none"


@dataclass
class Everywhere:
    """The application on such a world. `people` and `tokens` are by role, or `author`."""

    app: Flask
    database: Database
    world: World
    things: Things
    people: dict[str, UUID] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    tablets: dict[str, tuple[UUID, str]] = field(default_factory=dict)

    def ids(self, place: str) -> dict[str, str]:
        """What lies at a place: kind -> id."""
        return {kind: at[place] for kind, at in self.things.ids.items() if place in at}

    def move(self, who: str, place: str) -> None:
        """Let somebody's one grant lie in a territory."""
        with self.database.writing() as session:
            session.execute(
                text("update person_grant set territory_id = :there where person_id = :who"),
                {"there": self.world.territories[place], "who": self.people[who]},
            )

    def headers(self, who: str) -> dict[str, str]:
        """Authorization of a person."""
        return {"Authorization": f"Bearer {self.tokens[who]}"}

    def tablet_headers(self, who: str) -> dict[str, str]:
        """Authorization of a person's tablet."""
        return {"Authorization": f"Bearer {self.tablets[who][1]}"}


def make_everywhere(app: Flask, database: Database) -> Everywhere:
    """Make it: an inspection with breaches, a photo, a held operation and so on at every place."""
    with database.writing() as session:
        world = make_world(session)
        land = world.territories
        land["country"] = make_territory(session, "C", "region", None, "Country")
        land["other"] = make_territory(session, "O", "region", land["country"], "Other")
        land["other-1"] = make_territory(session, "O1", "aiyl_aimak", land["other"], "Other-1")
        session.execute(
            text("update territory_version set parent_id = :c where territory_id = :r"),
            {"c": land["country"], "r": land["region"]},
        )
        # Only what an LSG heads has sites; cities have aiyl aimaks below them.
        session.execute(text("update territory set kind = 'city' where code in ('R', 'N', 'F')"))
        for n, place in enumerate(PLACES):
            if place not in world.sites:
                world.sites[place] = make_site(session, land[place], 8100 + n)
        author = make_person(session, AUTHOR, [(Role.INSPECTOR, land["country"])])
        chief = make_person(session, "chief", [(Role.COORDINATOR, land["country"])])
        tablet = make_device(session, author, "tablet of the author")
        token = make_session_token(session, chief)
        # Letters are of the nearest office: one in each place.
        offices = [(Role.PROSECUTOR, land[place]) for place in PLACES]
        prosecutor = make_person(session, "chief p", offices)
        from_above = make_session_token(session, prosecutor)
        for where in ("region", "near", "far", "other"):
            world.devices[where] = tablet
            world.people[Role.INSPECTOR, where] = author
            world.tokens[Role.COORDINATOR, where] = token
            world.tokens[Role.PROSECUTOR, where] = from_above
    things = populate(app, database, world, PLACES)
    made = Everywhere(app, database, world, things, {AUTHOR: author})
    things.ids["territory"] = CODES
    things.ids["inspector"] = {place: f"holder.{place}" for place in PLACES}
    things.ids["campaign"] = {place: f"kg-{place}-2021" for place in PLACES}
    with database.writing() as session:
        made.tokens[AUTHOR] = make_session_token(session, author)
        made.tablets[AUTHOR] = make_device(session, author, "another of the author")
        for n, place in enumerate(PLACES):
            holder = make_person(session, f"holder.{place}", [(Role.INSPECTOR, land[place])])
            things.ids["device"][place] = str(make_device(session, holder, f"held {place}")[0])
            names = {f"name_{language}": place for language in ("ky", "ru", "en")}
            campaign = things.of("campaign", place)
            session.add(
                Campaign(
                    id=campaign,
                    election_day=date(2021, 11, 28),
                    territory_id=land[place],
                    profile="kg-demo-2021",
                    forms=["ramp/1"],
                    **names,
                )
            )
            session.flush()
            session.add(
                Milestone(campaign_id=campaign, id="remediation_due", days_before=10, **names)
            )
            session.add(Constituency(campaign_id=campaign, number=1, **names))
            session.flush()
            session.add(
                Station(
                    campaign_id=campaign,
                    number=8500 + n,
                    site_id=world.sites[place],
                    voters=10,
                    constituency_number=1,
                )
            )
        for role in Role:
            person = make_person(session, f"the {role.value}", [(role, land["near"])])
            made.people[role.value] = person
            made.tokens[role.value] = make_session_token(session, person)
            made.tablets[role.value] = make_device(session, person, f"tablet of {role.value}")
    return made
