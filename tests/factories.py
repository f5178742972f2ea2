"""A small legal world, and tokens for those who live in it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from audit_api.domain.place_rows import SINCE_EVER
from audit_api.domain.vocabulary import Role
from audit_api.storage.people import Device, LoginSession, Person, PersonGrant
from audit_api.storage.places.campaigns import Campaign, Constituency, Milestone, Station
from audit_api.storage.places.places import Site, Territory, TerritoryVersion
from tests.field_schema.bodies import ramp_body, station_body

AT = datetime(2021, 10, 20, 4, 0, tzinfo=UTC)
CAMPAIGN = "kg-test-2021"


@dataclass
class World:
    """Ids and tokens by name. `near` is the first district, `far` the second."""

    territories: dict[str, UUID] = field(default_factory=dict)
    sites: dict[str, UUID] = field(default_factory=dict)
    people: dict[tuple[Role, str], UUID] = field(default_factory=dict)
    tokens: dict[tuple[Role, str], str] = field(default_factory=dict)
    devices: dict[str, tuple[UUID, str]] = field(default_factory=dict)

    def headers(self, role: Role, where: str = "near") -> dict[str, str]:
        """Authorization of a person with that role in that district."""
        return {"Authorization": f"Bearer {self.tokens[role, where]}"}

    def device_headers(self, where: str = "near") -> dict[str, str]:
        """Authorization of the tablet of that district's inspector."""
        return {"Authorization": f"Bearer {self.devices[where][1]}"}


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def make_territory(
    session: Session,
    code: str,
    kind: str,
    parent: UUID | None,
    name: str,
    *,
    territory_id: UUID | None = None,
) -> UUID:
    territory = Territory(id=territory_id or uuid4(), code=code, kind=kind, lat=40.0, lon=70.0)
    session.add(territory)
    session.flush()
    session.add(
        TerritoryVersion(
            territory_id=territory.id,
            valid_from=SINCE_EVER,
            parent_id=parent,
            name_ky=name,
            name_ru=name,
            name_en=name,
        )
    )
    session.flush()
    return territory.id


def make_site(
    session: Session,
    territory: UUID,
    number: int,
    *,
    voters: int = 1000,
    constituency: int = 1,
    campaign: str = CAMPAIGN,
    built_on: date | None = date(1975, 1, 1),
    site_id: UUID | None = None,
) -> UUID:
    site = Site(
        id=site_id or uuid4(),
        name_ky=f"Мектеп {number}",
        name_ru=f"Школа {number}",
        name_en=f"School {number}",
        address="",
        lat=40.0,
        lon=70.0,
        territory_id=territory,
        building_status="existing",
        built_on=built_on,
        synthetic=["name"],
        updated_at=AT,
        rev=1,
    )
    session.add(site)
    session.flush()
    session.add(
        Station(
            campaign_id=campaign,
            number=number,
            site_id=site.id,
            voters=voters,
            constituency_number=constituency,
        )
    )
    session.flush()
    return site.id


def make_person(session: Session, username: str, grants: Sequence[tuple[Role, UUID]]) -> UUID:
    person = Person(
        id=uuid4(),
        username=username,
        full_name=username.title(),
        password_hash="!",
        language="en",
        created_at=AT,
    )
    session.add(person)
    session.flush()
    for role, territory in grants:
        session.add(
            PersonGrant(
                id=uuid4(),
                person_id=person.id,
                role=role.value,
                territory_id=territory,
                granted_at=AT,
            )
        )
    session.flush()
    return person.id


def make_session_token(session: Session, person: UUID) -> str:
    token = f"aas_{uuid4().hex}{uuid4().hex}"
    now = datetime.now(UTC)
    session.add(
        LoginSession(
            token_sha256=digest(token),
            person_id=person,
            created_at=now,
            expires_at=now + timedelta(hours=8),
        )
    )
    session.flush()
    return token


def make_device(session: Session, owner: UUID, name: str) -> tuple[UUID, str]:
    token = f"aad_{uuid4().hex}{uuid4().hex}"
    device = Device(
        id=uuid4(),
        name=name,
        owner_id=owner,
        token_sha256=digest(token),
        enrolled_at=AT,
        acked_seq=0,
    )
    session.add(device)
    session.flush()
    return device.id, token


def make_world(session: Session) -> World:
    """Region; districts `near` and `far`; two aiyl aimaks each; a station in every aimak."""
    world = World()
    region = world.territories["region"] = make_territory(session, "R", "region", None, "Region")
    for where, code in (("near", "N"), ("far", "F")):
        district = world.territories[where] = make_territory(
            session, code, "district", region, where.title()
        )
        for n in (1, 2):
            name = f"{where}-{n}"
            world.territories[name] = make_territory(
                session, f"{code}{n}", "aiyl_aimak", district, name.title()
            )
    session.add(
        Campaign(
            id=CAMPAIGN,
            name_ky="Шайлоо",
            name_ru="Выборы",
            name_en="Elections",
            election_day=date(2021, 11, 28),
            territory_id=region,
            profile="kg-demo-2021",
            forms=["ramp/1", "station/1"],
        )
    )
    session.flush()
    names = {"name_ky": "Текшерүү", "name_ru": "Проверка", "name_en": "Check"}
    session.add(Milestone(campaign_id=CAMPAIGN, id="remediation_due", days_before=10, **names))
    for constituency in (1, 2):
        session.add(Constituency(campaign_id=CAMPAIGN, number=constituency, **names))
    session.flush()
    for n, name in enumerate(("near-1", "near-2", "far-1", "far-2"), 1):
        world.sites[name] = make_site(
            session, world.territories[name], 8000 + n, constituency=1 if n < 3 else 2
        )
    for role in Role:
        for where in ("near", "far"):
            person = make_person(
                session, f"{role.value}.{where}", [(role, world.territories[where])]
            )
            world.people[role, where] = person
            world.tokens[role, where] = make_session_token(session, person)
    for where in ("near", "far"):
        world.devices[where] = make_device(
            session, world.people[Role.INSPECTOR, where], f"tablet {where}"
        )
    return world


def operation(
    body: dict[str, Any] | bytes,
    *,
    seq: int = 1,
    op: UUID | None = None,
    entity: UUID | None = None,
    **members: Any,
) -> bytes:
    """One operation of a push as JSON; `body` given as bytes goes in as it is."""
    data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    head = {
        "op": str(op or uuid4()),
        "seq": seq,
        "kind": "inspection",
        "id": str(entity or uuid4()),
        "base": None,
        "sha256": hashlib.sha256(data).hexdigest(),
        "at": {"wall": "2021-10-20T10:00:00+06:00", "mono_ms": 1, "boot": "b"},
    } | members
    return json.dumps(head).encode()[:-1] + b',"body":' + data + b"}"


def push_body(device: UUID, operations: Sequence[bytes], **members: Any) -> bytes:
    """A push as JSON."""
    head = {"device": str(device), "batch": str(uuid4()), "client": {"app": "test/1"}} | members
    return json.dumps(head).encode()[:-1] + b',"ops":[' + b",".join(operations) + b"]}"


def push(
    client: FlaskClient, world: World, *operations: bytes, where: str = "near"
) -> dict[str, Any]:
    """Push operations with a district's tablet; returns the answer."""
    answer = client.post(
        "/api/v1/sync/push",
        data=push_body(world.devices[where][0], operations),
        headers=world.device_headers(where) | {"Content-Type": "application/json"},
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def inspection_of(
    world: World, site: str, *, breaches: bool = True, seed: int = 1
) -> dict[str, Any]:
    """A whole station inspection of a site of the world."""
    body: dict[str, Any] = station_body(seed, breaches=0.4 if breaches else 0.0)
    return body | {"site": str(world.sites[site]), "campaign": CAMPAIGN}


def ramp_of(world: World, site: str, **overrides: Any) -> dict[str, Any]:
    """An inspection of one ramp of a site of the world."""
    body: dict[str, Any] = ramp_body(**overrides)
    return body | {"site": str(world.sites[site]), "campaign": CAMPAIGN}


def client_of(app: Flask) -> FlaskClient:
    return app.test_client()
