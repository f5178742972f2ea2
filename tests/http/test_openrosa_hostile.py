"""Broken and hostile submissions: a message for the inspector, nothing stored, no worker harmed."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.storage.base import Database
from tests.factories import World
from tests.http.collecting import (
    BOUNDARY,
    CONTENT_TYPE,
    Filled,
    form_body,
    jpeg,
    key_of,
    message,
    ramp,
    send,
)

RAMP = 'id="ramp.kg-demo-2021" version="1.20211128"'
META = "<meta><instanceID>uuid:hostile</instanceID></meta>"


def _before(n: int) -> str:
    return f"&l{n - 1};" * 10 if n else "ha"


LAUGHS = "".join(f'<!ENTITY l{n} "{_before(n)}">' for n in range(10))
HOSTILE = {
    "XXE": f'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d {RAMP}>'
    f"<site>&x;</site>{META}</d>",
    "billion laughs": f"<!DOCTYPE d [{LAUGHS}]><d {RAMP}>&l9;{META}</d>",
    "a DTD from elsewhere": f'<!DOCTYPE d SYSTEM "http://localhost:1/d.dtd"><d {RAMP}>{META}</d>',
    "an empty DTD": f"<!DOCTYPE d><d {RAMP}>{META}</d>",
    "an entity of nobody": f"<d {RAMP}><site>&x;</site>{META}</d>",
    "depth": f"<d {RAMP}>" + "<a>" * 100 + "</a>" * 100 + META + "</d>",
    "great depth": f"<d {RAMP}>" + "<a>" * 60_000 + "</a>" * 60_000 + "</d>",
    "attributes": f"<d {RAMP} " + " ".join(f'a{n}="1"' for n in range(90_000)) + f">{META}</d>",
    "one attribute twice": f'<d id="ramp" {RAMP}>{META}</d>',
    "no end": f"<d {RAMP}><site>",
    "two roots": f"<d {RAMP}>{META}</d><d/>",
    "nothing": "",
    "no XML": "GIF89a",
    "NUL": f"<d {RAMP}><site>\0</site>{META}</d>",
    "a name of nobody": f"<x:d {RAMP}>{META}</x:d>",
}


@pytest.fixture(scope="module")
def key(database: Database, world: World) -> str:
    return key_of(database, world)


@pytest.fixture(autouse=True)
def _nothing_is_stored(database: Database) -> object:
    count = text("""select (select count(*) from openrosa_instance)
        + (select count(*) from operation) + (select count(*) from photo)""")
    with database.reading() as session:
        before = session.scalar(count)
    yield
    with database.reading() as session:
        assert session.scalar(count) == before


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_xml_is_400_with_a_message(client: FlaskClient, key: str, name: str) -> None:
    answer = send(client, key, HOSTILE[name].encode(), {"a.jpg": jpeg(1)})
    assert (answer.status_code, bool(message(answer))) == (400, True)


def test_a_dtd_is_refused_in_any_encoding(client: FlaskClient, key: str) -> None:
    xml = "<?xml version='1.0' encoding='utf-16'?>" + HOSTILE["an empty DTD"]
    answer = send(client, key, xml.encode("utf-16"))
    assert (answer.status_code, bool(message(answer))) == (400, True)


@pytest.mark.parametrize(
    ("xml", "status"),
    [
        ("<d>" + META + "</d>", 404),
        ('<d id="unheard.kg-demo-2021" version="1.20211128">' + META + "</d>", 404),
        (f"<d {RAMP}/>", 422),
        (f"<d {RAMP}><meta><instanceID> </instanceID></meta></d>", 422),
        (f"<d {RAMP}>" + META + " " * 1_000_000 + "</d>", 413),
    ],
    ids=["no form", "unknown form", "no instanceID", "an empty one", "over a megabyte"],
)
def test_what_names_no_form_or_is_too_large(
    client: FlaskClient, key: str, xml: str, status: int
) -> None:
    answer = send(client, key, xml.encode())
    assert (answer.status_code, bool(message(answer))) == (status, True)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", CONTENT_TYPE),
        (b"no form at all", CONTENT_TYPE),
        (form_body(None), CONTENT_TYPE),
        (form_body(None, [("a.jpg", b"x")]), CONTENT_TYPE),
        (b"{}", "application/json"),
        (b"{}", "multipart/form-data"),
        (b"a" * 700_000, CONTENT_TYPE),
        (f"--{BOUNDARY}\r\n{'a' * 700_000}".encode(), CONTENT_TYPE),
        (f"--{BOUNDARY}\r\nX: y\r\n\r\nbody\r\n--{BOUNDARY}--".encode(), CONTENT_TYPE),
        (f"--{BOUNDARY}\r\nContent-Disposition: \xff\r\n\r\n".encode("latin-1"), CONTENT_TYPE),
        ((f"--{BOUNDARY}\r\n" + 'Content-Disposition: form-data; name="a"\r\n\r\n\r\n').encode()
         * 2_000 + f"--{BOUNDARY}--".encode(), CONTENT_TYPE),
    ],
    ids=[
        "empty", "no multipart", "no parts", "no XML", "JSON", "no boundary", "no line",
        "endless headers", "no name", "no UTF-8", "2,000 parts",
    ],
)  # fmt: skip
def test_what_is_no_form_is_400(client: FlaskClient, key: str, body: bytes, kind: str) -> None:
    answer = client.post(f"{key}/submission", data=body, content_type=kind)
    assert (answer.status_code, bool(message(answer))) == (400, True)


def test_a_photo_over_the_limit_is_413(app: Flask, world: World, key: str) -> None:
    most = app.extensions["settings"].max_photo_bytes
    filled = Filled(ramp(world), {None: "a.jpg"})
    answer = send(app.test_client(), key, filled.xml(), {"a.jpg": jpeg(1, most + 1)})
    assert (answer.status_code, str(most) in message(answer)) == (413, True)


@pytest.mark.parametrize("key_", ["/openrosa/key/" + "0" * 64, "/openrosa/key/x"])
def test_a_bad_key_is_403(client: FlaskClient, world: World, key_: str) -> None:
    answer = send(client, key_, Filled(ramp(world)).xml())
    assert (answer.status_code, bool(message(answer))) == (403, True)
    assert client.head(f"{key_}/submission").status_code == 403
