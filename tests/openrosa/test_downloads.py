"""The list of forms, the forms and the list of sites, read as strictly as Collect reads them."""

import csv
import gzip
import hashlib
import io
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from audit_api.storage.oversight.assignments import Assignment
from field_schema.catalog import load_catalog
from field_schema.xform_known import ELEMENT_COLUMNS, ELEMENTS
from field_schema.xform_visit import SITE_COLUMNS, SITES
from tests.factories import AT, CAMPAIGN, World, make_person, make_site
from tests.http.wire import watched
from tests.openrosa.conftest import new_key

LIST = "{http://openrosa.org/xforms/xformsList}"
RAMP, STATION = "ramp.kg-demo-2021", "station.kg-demo-2021"
HERE = f"forms/{STATION}/1.20211128"
MANIFEST = "{http://openrosa.org/xforms/xformsManifest}"


def fetched(client: FlaskClient, address: str, **headers: str) -> TestResponse:
    """An answer to an address as Collect asks it: with its device's id behind it."""
    parts = urlsplit(address)
    assert parts.scheme in ("", "http", "https")
    asked = {"X-OpenRosa-Version": "1.0", **headers}
    return client.get(f"{parts.path}?deviceID=collect%3Aabc", headers=asked)


def parsed(answer: TestResponse, root: str) -> ElementTree.Element:
    assert answer.status_code == 200
    assert "text/xml" in answer.headers["Content-Type"]
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    tree = ElementTree.fromstring(answer.data)
    assert tree.tag == root
    return tree


def listed(client: FlaskClient, at: str) -> dict[str, dict[str, str]]:
    tree = parsed(fetched(client, f"{at}/formList"), f"{LIST}xforms")
    found = {}
    for entry in tree:
        assert entry.tag == f"{LIST}xform"
        told = {child.tag.removeprefix(LIST): (child.text or "") for child in entry}
        assert all(told[name] for name in ("formID", "name", "version", "hash", "downloadUrl"))
        found[told["formID"]] = told
    return found


def lists_of(client: FlaskClient, entry: dict[str, str]) -> dict[str, list[dict[str, str]]]:
    """The lists beside a form, by name."""
    tree = parsed(fetched(client, entry["manifestUrl"]), f"{MANIFEST}manifest")
    found = {}
    for file in tree:
        assert file.tag == f"{MANIFEST}mediaFile"
        told = {child.tag.removeprefix(MANIFEST): child.text or "" for child in file}
        answer = fetched(client, told["downloadUrl"])
        assert answer.status_code == 200
        assert told["hash"] == f"md5:{hashlib.md5(answer.data).hexdigest()}"
        rows = list(csv.DictReader(io.StringIO(answer.data.decode(), newline="")))
        columns = {SITES: SITE_COLUMNS, ELEMENTS: ELEMENT_COLUMNS}[told["filename"]]
        assert answer.data.decode().split("\r\n")[0] == ",".join(columns)
        assert all(tuple(row) == columns for row in rows)
        found[told["filename"]] = rows
    assert list(found) == [SITES, ELEMENTS]
    return found


def sites_of(client: FlaskClient, entry: dict[str, str]) -> list[dict[str, str]]:
    return lists_of(client, entry)[SITES]


def test_the_list_has_each_form_of_the_campaign_with_all_that_collect_asks(
    client: FlaskClient, at: str
) -> None:
    forms = listed(client, at)
    assert forms.keys() == {"ramp.kg-demo-2021", "station.kg-demo-2021"}
    for form_id, told in forms.items():
        form = load_catalog().form(f"{form_id.partition('.')[0]}/1")
        assert (told["version"], told["name"]) == ("1.20211128", form.title["en"])
        assert told["downloadUrl"].startswith("http")


def test_the_list_can_be_asked_for_one_form(client: FlaskClient, at: str) -> None:
    answer = client.get(f"{at}/formList?formID={RAMP}&deviceID=x")
    (entry,) = ElementTree.fromstring(answer.data)
    assert entry.findtext(f"{LIST}formID") == RAMP


def test_a_hash_is_that_of_the_exact_bytes_however_they_travel(
    client: FlaskClient, at: str
) -> None:
    for told in listed(client, at).values():
        plain = fetched(client, told["downloadUrl"])
        assert told["hash"] == f"md5:{hashlib.md5(plain.data).hexdigest()}"
        packed = fetched(client, told["downloadUrl"], **{"Accept-Encoding": "gzip"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert len(packed.data) < len(plain.data) / 5
        assert gzip.decompress(packed.data) == plain.data
        head = ElementTree.fromstring(plain.data)
        assert head.tag == "{http://www.w3.org/1999/xhtml}html"
        same = fetched(client, told["downloadUrl"], **{"If-None-Match": plain.headers["ETag"]})
        assert (same.status_code, same.data) == (304, b"")


def test_the_form_names_itself_as_the_list_does(client: FlaskClient, at: str) -> None:
    for told in listed(client, at).values():
        root = ElementTree.fromstring(fetched(client, told["downloadUrl"]).data)
        model = "{http://www.w3.org/2002/xforms}"
        instance = root.find(f".//{model}model/{model}instance")
        assert instance is not None
        assert instance[0].get("id") == told["formID"]
        assert instance[0].get("version") == told["version"]


def test_the_list_of_sites_is_of_the_owners_grants_alone(
    client: FlaskClient, world: World, at: str
) -> None:
    near = sites_of(client, listed(client, at)[STATION])
    assert {row["site"] for row in near} == {str(world.sites[n]) for n in ("near-1", "near-2")}
    assert {row["campaign"] for row in near} == {CAMPAIGN}
    assert near[0] == {
        "name": f"{CAMPAIGN}.8001",
        "label": "№ 8001 · School 8001",
        "title": "№ 8001 · School 8001",
        "site": str(world.sites["near-1"]),
        "campaign": CAMPAIGN,
        "building_status": "existing",
        "deciding_day": "19750101",
    }
    other = f"/openrosa/key/{new_key(client, world, 'far')['token']}"
    far = sites_of(client, listed(client, other)[STATION])
    assert {row["site"] for row in far} == {str(world.sites[n]) for n in ("far-1", "far-2")}


@pytest.mark.parametrize("name", [SITES, ELEMENTS])
def test_a_list_has_an_etag(client: FlaskClient, at: str, name: str) -> None:
    address = f"{at}/{HERE}/media/{name}"
    first = fetched(client, address)
    again = fetched(client, address, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    packed = fetched(client, address, **{"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.data) == first.data


def test_assigned_sites_come_first_with_their_day_and_names_cannot_break_the_list(
    client: FlaskClient, world: World, database: Database, at: str
) -> None:
    hash_before = fetched(client, f"{at}/{HERE}/manifest").data
    with database.writing() as session:
        session.add(
            Assignment(
                campaign_id=CAMPAIGN,
                site_id=world.sites["near-2"],
                inspector_id=world.people[Role.INSPECTOR, "near"],
                due_on=date(2021, 11, 10),
                assigned_by=world.people[Role.COORDINATOR, "near"],
                assigned_at=AT,
            )
        )
        session.execute(
            text("update site set name_en = :name where id = :id"),
            {"name": 'The "old", school;\nnew\twing', "id": world.sites["near-2"]},
        )
    first, second = sites_of(client, listed(client, at)[STATION])
    assert first["site"] == str(world.sites["near-2"])
    assert first["label"] == '★ № 8002 · The "old", school; new wing · → 10.11.2021'
    assert first["title"] == '№ 8002 · The "old", school; new wing'
    assert not second["label"].startswith("★")
    assert fetched(client, f"{at}/{HERE}/manifest").data != hash_before


@pytest.mark.parametrize(
    "path",
    [
        "forms/nothing/1.xml",
        "forms/station.kg-demo-2021/9.20211128.xml",
        "forms/station.kg-demo-2021/2.20211128.xml",
        "forms/station.kg-demo-2026/1.20261128.xml",
        "forms/station/1.xml",
        "forms/station.kg-demo-2021/1.20211127.xml",
        f"forms/{RAMP}/7.20211128/manifest",
        f"{HERE}/media/other.csv",
        f"forms/{RAMP}/9.20211128/media/sites.csv",
    ],
)
def test_what_is_not_offered_is_404_with_a_message(client: FlaskClient, at: str, path: str) -> None:
    answer = client.get(f"{at}/{path}")
    assert answer.status_code == 404
    told(answer, "There is nothing here for this key")


def told(answer: TestResponse, words: str) -> None:
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    root = ElementTree.fromstring(answer.data)
    assert root.tag == "{http://openrosa.org/http/response}OpenRosaResponse"
    assert words in (root.findtext("{http://openrosa.org/http/response}message") or "")


def test_each_route_asks_the_database_three_times_however_many_sites(
    client: FlaskClient, world: World, database: Database, at: str, tmp_path: Path
) -> None:
    addresses = ["formList", *(f"{HERE}{rest}" for rest in (".xml", "/manifest"))]
    addresses += [f"{HERE}/media/{name}" for name in (SITES, ELEMENTS)]

    def asked() -> list[int]:
        found = []
        for address in addresses:
            client.get(f"{at}/{address}")
            before = wire.sent()
            assert client.get(f"{at}/{address}").status_code == 200
            found.append(wire.sent() - before)
        return found

    with watched(database, tmp_path) as wire:
        few = asked()
        with database.writing() as session:
            for number in range(100, 150):
                make_site(session, world.territories["near-1"], number)
        assert len(sites_of(client, listed(client, at)[STATION])) == 52
        assert asked() == few
        assert max(few) <= 3


@pytest.mark.parametrize("token", ["0" * 64, "x", "%00", "é" * 64, "a" * 3000])
def test_a_bad_key_is_403_and_never_401(client: FlaskClient, token: str) -> None:
    answer = client.get(f"/openrosa/key/{token}/formList")
    assert answer.status_code == 403
    for words in ("unknown or revoked", "неизвестен или отозван", "жокко чыгарылган"):
        told(answer, words)


def test_a_revoked_key_reads_nothing(client: FlaskClient, world: World) -> None:
    key = new_key(client, world)
    at = f"/openrosa/key/{key['token']}"
    assert client.get(f"{at}/formList").status_code == 200
    client.post(
        f"/api/v1/devices/{key['device']}/revocations",
        json={"reason": "lost"},
        headers=world.headers(Role.ADMINISTRATOR),
    )
    for path in ("formList", f"{HERE}.xml", f"{HERE}/manifest"):
        assert client.get(f"{at}/{path}").status_code == 403
    assert client.get(f"{at}/{HERE}/media/{SITES}").status_code == 403


def test_a_closed_campaign_is_not_offered(client: FlaskClient, database: Database, at: str) -> None:
    def close(at: datetime | None) -> None:
        with database.writing() as session:
            session.execute(text("update campaign set closed_at = :at"), {"at": at})

    close(AT)
    assert listed(client, at) == {}
    close(None)
    assert listed(client, at) != {}


def test_a_key_without_grants_gets_an_empty_list(
    client: FlaskClient, world: World, database: Database
) -> None:
    with database.writing() as session:
        territory = world.territories["near"]
        person = make_person(session, "leaver", [(Role.INSPECTOR, territory)])
    answer = client.post(
        "/api/v1/openrosa/keys",
        json={"username": "leaver"},
        headers=world.headers(Role.ADMINISTRATOR),
    )
    with database.writing() as session:
        session.execute(
            text("update person_grant set revoked_at = now() where person_id = :id"),
            {"id": person},
        )
    assert listed(client, f"/openrosa/key/{answer.json['token']}") == {}
