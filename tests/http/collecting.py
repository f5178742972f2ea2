"""Filled-in forms as ODK Collect writes them, and its POSTs."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4
from xml.sax.saxutils import escape

from flask.testing import FlaskClient
from lxml import etree
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from audit_api.domain.vocabulary import Role
from audit_api.services.openrosa_keys import make_key
from audit_api.storage.base import Database
from audit_api.storage.people import Person
from field_schema.catalog import load_catalog
from field_schema.xform_expressions import name_of, word_of
from tests.factories import World, ramp_of

BOUNDARY = "--------------a-boundary-of-okhttp"
PROFILE = "kg-demo-2021"
Files = Mapping[str, bytes]


def key_of(database: Database, world: World, where: str = "near") -> str:
    """A new key of that district's inspector: the address under it."""
    with database.writing() as session:
        return f"/openrosa/key/{_token(session, world.people[Role.INSPECTOR, where], world)}"


def _token(session: Session, person: UUID, world: World) -> str:
    admin = world.people[Role.ADMINISTRATOR, "near"]
    owner = session.get_one(Person, person)
    return make_key(session, owner, by=admin, name=None, at=owner.created_at).token


@dataclass
class Filled:
    """A filled-in form. `photos`: question (None: the element) -> file name, of the first element.
    `more`: names of further photos of it. `known`: the ids that were chosen, element by element.

    Written by the body of an inspection: what reads it has to give that body again.
    """

    body: Mapping[str, Any]
    photos: Mapping[str | None, str] = field(default_factory=dict)
    instance: str = field(default_factory=lambda: f"uuid:{uuid4()}")
    deprecated: str | None = None
    law: str = "20211128"
    more: Sequence[str] = ()
    known: Sequence[str] = ()

    def xml(self) -> bytes:
        form, version = self.body["form"].split("/")
        meta = f"<instanceID>{self.instance}</instanceID>"
        if self.deprecated:
            meta += f"<deprecatedID>{self.deprecated}</deprecatedID>"
        inner = "".join(self._element(n, e) for n, e in enumerate(self.body["elements"]))
        where = self.body.get("position")
        position = f"{where['lat']} {where['lon']} 0 {where['accuracy_m']}" if where else ""
        return (
            "<?xml version='1.0' ?>"
            f'<data id="{form}.{PROFILE}" version="{version}.{self.law}" '
            'xmlns:orx="http://openrosa.org/xforms">'
            f"<started>{self.body['started']['wall']}</started>"
            f"<finished>{self.body['finished']['wall']}</finished>"
            f"<where><site>{self.body['site']}</site><campaign>{self.body['campaign']}</campaign>"
            f"<position>{position}</position></where>{inner}"
            f"<orx:meta>{meta.replace('<', '<orx:').replace('<orx:/', '</orx:')}</orx:meta></data>"
        ).encode()

    def _element(self, n: int, element: Mapping[str, Any]) -> str:
        kind = element["type"]
        section = load_catalog().form(self.body["form"]).sections[kind]
        known = self.known[n] if n < len(self.known) else ""
        # A known element has its label from the list.
        label = f"{kind}_known_label" if known else f"{kind}_label"
        nodes = f"<{kind}_id>{escape(known)}</{kind}_id>"
        nodes += f"<{label}>{escape(element['label'])}</{label}>"
        nodes += f"<{kind}_state>{element['state']}</{kind}_state>"
        for key, value in element["answers"].items():
            if isinstance(value, list):
                name = name_of(section, key)
                for item in value:
                    inner = "".join(
                        _node(name_of(section, f"{key}.{k}"), v) for k, v in item.items()
                    )
                    nodes += f"<{name}>{inner}</{name}>"
            else:
                nodes += _node(name_of(section, key), value)
        for key, reason in element["not_measured"].items():
            nodes += _node(f"{name_of(section, key)}_not_measured", reason)
        if n == 0:
            for question, name in self.photos.items():
                node = kind if question is None else name_of(section, question)
                nodes += f"<{node}_photo>{escape(name)}</{node}_photo>"
            nodes += "".join(f"<{kind}_photo>{name}</{kind}_photo>" for name in self.more)
        return f"<{kind}><shown>{nodes}</shown></{kind}>"


def _node(name: str, value: Any) -> str:
    if isinstance(value, dict):
        value = value["value"]
    word = word_of(value) if isinstance(value, bool | str) else str(value)
    return f"<{name}>{escape(word)}</{name}>"


def ramp(world: World, site: str = "near-1", **answers: Any) -> dict[str, Any]:
    """The body of one ramp, without ids and photos."""
    return without_instruments(ramp_of(world, site, answers=answers))


def without_instruments(body: dict[str, Any]) -> dict[str, Any]:
    """A body that a form of Collect can say: it asks for no instruments; photos come by name."""
    for element in body["elements"]:
        element["photos"] = []
        answers = element["answers"]
        items = [item for value in answers.values() if isinstance(value, list) for item in value]
        for answer in (value for some in (answers, *items) for value in some.values()):
            if isinstance(answer, dict):
                answer.pop("instrument", None)
    return body


def jpeg(n: int, size: int = 4_000) -> bytes:
    """What begins as a JPEG does, other bytes for every `n`."""
    block = hashlib.sha256(str(n).encode()).digest()
    return b"\xff\xd8\xff\xe0" + (block * (size // 32 + 1))[: size - 4]


def form_body(
    xml: bytes | None,
    files: Iterable[tuple[str, bytes]] = (),
    *,
    more: bool = False,
    xml_last: bool = False,
) -> bytes:
    """The body of a POST as OkHttp writes it."""
    parts = [_part(name, name, data, "image/jpeg") for name, data in files]
    if xml is not None:
        part = _part("xml_submission_file", "form.xml", xml, "text/xml")
        parts.insert(len(parts) if xml_last else 0, part)
    if more:
        parts.append(_part("*isIncomplete*", None, b"yes", "text/plain"))
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def _part(name: str, file: str | None, data: bytes, kind: str) -> bytes:
    shown = "" if file is None else f'; filename="{file}"'
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{shown}\r\n'
        f"Content-Type: {kind}\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data + b"\r\n"


CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def send(
    client: FlaskClient, key: str, xml: bytes | None, files: Files | None = None, **how: Any
) -> TestResponse:
    """POST a form with files."""
    return client.post(
        f"{key}/submission?deviceID=collect%3Aabc",
        data=form_body(xml, (files or {}).items(), **how),
        content_type=CONTENT_TYPE,
    )


def message(answer: TestResponse) -> str:
    """What Collect shows; fails when it is no OpenRosaResponse."""
    assert answer.headers["X-OpenRosa-Version"] == "1.0"
    assert "Location" not in answer.headers
    root = etree.fromstring(answer.data)
    assert root.tag == "{http://openrosa.org/http/response}OpenRosaResponse"
    found = root.findtext("{http://openrosa.org/http/response}message")
    assert found
    return str(found)
