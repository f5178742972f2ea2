"""A world in which both districts have inspections, cases, tasks and photos."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from PIL import Image
from sqlalchemy import text

from audit_api.domain.openrosa.submission import read_submission
from audit_api.domain.oversight.fabrication import Thresholds
from audit_api.domain.vocabulary import Role
from audit_api.imaging import Examiner
from audit_api.services.evidence.examine_photos import examine_photos
from audit_api.services.law.catalogs import CatalogKeeper
from audit_api.services.oversight.check_fabrication import check_fabrication
from audit_api.storage.base import Database
from audit_api.storage.people import Person
from audit_api.storage.places.places import Territory
from tests.factories import CAMPAIGN, World, inspection_of, make_device, operation, push
from tests.field_schema.bodies import measurement
from tests.http.collecting import Filled, key_of, ramp, send

SITES = ("near-1", "near-2", "far-1", "far-2")


@dataclass
class Things:
    """Ids of things by kind and by the site's name."""

    ids: dict[str, dict[str, str]]

    def of(self, kind: str, site: str) -> str:
        """The id of a thing of that kind at that site."""
        return self.ids[kind][site]


def photo_bytes(n: int) -> bytes:
    """A small picture; what it shows does not matter here."""
    made = BytesIO()
    Image.new("RGB", (16, 12), (n % 256, 90, 120)).save(made, "JPEG", comment=f"number {n}")
    return made.getvalue()


def with_photo(body: dict[str, Any], data: bytes) -> dict[str, Any]:
    """The body with its first element showing one photo, and no others."""
    for element in body["elements"]:
        element["photos"] = []
    body["elements"][0]["photos"] = [
        {
            "id": str(uuid4()),
            "sha256": hashlib.sha256(data).hexdigest(),
            "bytes": len(data),
            "content_type": "image/jpeg",
            "question": None,
            "taken": {"wall": "2021-10-20T10:00:00+06:00"},
        }
    ]
    return body


def inspect(app: Flask, world: World, site: str, *, seed: int) -> tuple[str, bytes]:
    """Push an inspection with one photo, hand the photo in; returns (inspection, photo)."""
    client = app.test_client()
    where = site.split("-", maxsplit=1)[0]
    data = photo_bytes(seed)
    body = with_photo(inspection_of(world, site, seed=seed), data)
    answer = push(client, world, operation(body, seq=seed), where=where)
    result = answer["results"][0]
    assert result["status"] == "applied", result
    put = client.put(
        f"/api/v1/photos/{hashlib.sha256(data).hexdigest()}",
        data=data,
        headers=world.device_headers(where) | {"Content-Type": "image/jpeg"},
    )
    assert put.status_code == 201, put.text
    return result["id"], data


def hold(app: Flask, world: World, site: str, *, seq: int) -> str:
    """Push an inspection of a site that is rejected and kept; returns its operation's id."""
    where = site.split("-", maxsplit=1)[0]
    body = inspection_of(world, site, seed=seq) | {"surprise": 1}
    result = push(app.test_client(), world, operation(body, seq=seq), where=where)["results"][0]
    assert result["status"] == "rejected", result
    return str(result["op"])


def differ(app: Flask, world: World, site: str, *, seq: int) -> str:
    """Push an edit of a site that waits for a person; returns its review."""
    where = site.split("-", maxsplit=1)[0]
    body = {"fields": {"built_on": {"old": "1975-01-01", "new": "1974-01-01"}}}
    data = operation(body, kind="site", entity=world.sites[site], seq=seq)
    result = push(app.test_client(), world, data, where=where)["results"][0]
    assert result["status"] == "conflict", result
    return str(result["review"])


def assign(app: Flask, world: World, site: str, due_on: str = "2021-11-01") -> str:
    """Let the district's inspector be assigned to a site; returns the assignment."""
    where = site.split("-", maxsplit=1)[0]
    with app.extensions["database"].reading() as session:
        inspector = session.get_one(Person, world.people[Role.INSPECTOR, where]).username
    line = {
        "campaign": CAMPAIGN,
        "site": str(world.sites[site]),
        "inspector": inspector,
        "due_on": due_on,
    }
    made = app.test_client().post(
        "/api/v1/assignments",
        json={"items": [line]},
        headers=world.headers(Role.COORDINATOR, where),
    )
    assert made.status_code == 201, made.text
    found: str = made.json["items"][0]["id"]
    return found


def subscribe(app: Flask, world: World, site: str) -> str:
    """A webhook of the district's coordinator."""
    made = app.test_client().post(
        "/api/v1/webhooks",
        json={"url": "https://example.org/hook", "types": ["violation.opened"]},
        headers=world.headers(Role.COORDINATOR, site.split("-", maxsplit=1)[0]),
    )
    assert made.status_code == 201, made.text
    found: str = made.json["id"]
    return found


def collect(app: Flask, database: Database, world: World, site: str) -> tuple[str, str]:
    """Hand in a form of ODK Collect, then other answers under its instanceID.

    Returns (operation of the first, SHA-256 of the second).
    """
    key = key_of(database, world, site.split("-", maxsplit=1)[0])
    first = Filled(ramp(world, site))
    other = Filled(ramp(world, site, width_mm=measurement(1100)), instance=first.instance)
    client = app.test_client()
    assert send(client, key, first.xml()).status_code == 201
    assert send(client, key, other.xml()).status_code == 409
    return str(read_submission(first.xml()).op), hashlib.sha256(other.xml()).hexdigest()


def populate(app: Flask, database: Database, world: World, sites: Sequence[str] = SITES) -> Things:
    """An inspection with breaches and a photo at each of these sites of the world."""
    ids: dict[str, dict[str, str]] = {
        "site": {name: str(world.sites[name]) for name in sites},
        "inspection": {},
        "sha256": {},
        "violation": {},
        "task": {},
        "operation": {},
        "review": {},
        "device": {},
        "assignment": {},
        "flag": {},
        "served_list": {},
        "act": {},
        "webhook": {},
        "submission": {},
        "xml_sha256": {},
    }
    for n, site in enumerate(sites, 1):
        inspection, data = inspect(app, world, site, seed=n)
        ids["inspection"][site] = inspection
        ids["sha256"][site] = hashlib.sha256(data).hexdigest()
        ids["operation"][site] = hold(app, world, site, seq=100 + n)
        ids["review"][site] = differ(app, world, site, seq=200 + n)
        ids["assignment"][site] = assign(app, world, site)
        ids["webhook"][site] = subscribe(app, world, site)
    with Examiner() as examiner:
        store = app.extensions["photo_store"]
        list(examine_photos(database, store, examiner, now=lambda: datetime.now(UTC)))
    # The made-up visits were all made at one place, far from the sites.
    list(check_fabrication(database, CatalogKeeper(), Thresholds(), now=lambda: datetime.now(UTC)))
    with database.writing() as session:
        for site in sites:
            owner = world.people[Role.INSPECTOR, site.split("-", maxsplit=1)[0]]
            ids["device"][site] = str(make_device(session, owner, f"spare tablet {site}")[0])
    with database.reading() as session:
        for site in sites:
            flag = text("select id from fabrication_flag where inspection_id = :id order by id")
            found = session.scalar(flag, {"id": ids["inspection"][site]})
            assert isinstance(found, UUID), site
            ids["flag"][site] = str(found)
        for kind, table in (("violation", "violation"), ("task", "remediation_task")):
            for site in sites:
                found = session.scalar(
                    text(f"select id from {table} where site_id = :site order by id limit 1"),  # noqa: S608
                    {"site": world.sites[site]},
                )
                assert isinstance(found, UUID), (kind, site)
                ids[kind][site] = str(found)
    for site in sites:
        ids["served_list"][site] = serve(app, database, world, site, ids)
        ids["act"][site] = issue(app, database, world, site, ids["violation"][site])
        ids["submission"][site], ids["xml_sha256"][site] = collect(app, database, world, site)
    return Things(ids)


def body_of(database: Database, world: World, site: str) -> dict[str, str]:
    """The body of local self-government where a site stands, as an addressee."""
    with database.reading() as session:
        territory = session.get_one(Territory, world.territories[site])
    return {"kind": "lsg_body", "territory": territory.code}


def serve(
    app: Flask, database: Database, world: World, site: str, ids: dict[str, dict[str, str]]
) -> str:
    """Serve one violation of a site, as if confirmed and shown by the photo, to its aimak."""
    where = site.split("-", maxsplit=1)[0]
    violation = ids["violation"][site]
    with database.writing() as session:
        confirmed = text("""update violation set state = 'confirmed', photos = array[:photo]
            where id = :id""")
        session.execute(confirmed, {"id": violation, "photo": ids["sha256"][site]})
    made = app.test_client().post(
        "/api/v1/served-lists",
        json={
            "campaign": CAMPAIGN,
            "addressee": body_of(database, world, site),
            "violations": [violation],
        },
        headers=world.headers(Role.PROSECUTOR, where),
    )
    assert made.status_code == 201, made.text
    found: str = made.json["id"]
    return found


def issue(app: Flask, database: Database, world: World, site: str, violation: str) -> str:
    """Issue an order over a violation of a site to its aimak."""
    where = site.split("-", maxsplit=1)[0]
    made = app.test_client().post(
        "/api/v1/acts",
        json={
            "kind": "order",
            "demand": "Put it right before the election.",
            "campaign": CAMPAIGN,
            "addressee": body_of(database, world, site),
            "violations": [violation],
            "answer_due_on": "2999-01-01",
        },
        headers=world.headers(Role.PROSECUTOR, where),
    )
    assert made.status_code == 201, made.text
    found: str = made.json["id"]
    return found
