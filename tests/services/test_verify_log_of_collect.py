"""The signed log speaks of the XML that ODK Collect handed in: whoever changes it is found out."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text

from audit_api.app import create_app
from audit_api.domain.vocabulary import Role
from audit_api.settings import Settings
from tests.factories import World
from tests.field_schema.bodies import measurement
from tests.http.collecting import Filled, jpeg, key_of, ramp, send
from tests.services.logged import Logged


class Collected(Logged):
    """What ODK Collect may hand in, each in its own way, under a checkpoint."""

    def collect(self) -> None:
        """Whole; in two pieces; corrected; waiting; rejected and repaired; rejected."""
        world: World = self.world
        self.key = key_of(self.database, world)
        self.whole = Filled(ramp(world) | {"position": {"lat": 40.0, "lon": 70.0, "accuracy_m": 5}})
        pieces = Filled(ramp(world), {"width_mm": "a.jpg", "handrail": "й.jpg"})
        self._send(self.whole, 201)
        self._send(pieces, 201, {"a.jpg": jpeg(91)})
        self._send(pieces, 201, {"й.jpg": jpeg(92)})
        self._send(Filled(ramp(world), deprecated=pieces.instance), 201)
        self._send(Filled(ramp(world, "far-1")), 201)
        never = Filled(ramp(world, width_mm=measurement(99_999_999)), {"width_mm": "c.jpg"})
        self._send(never, 422)
        self._repair(never)
        self._send(never, 201, {"c.jpg": jpeg(93)})
        self.waits = Filled(ramp(world, width_mm=measurement(99_999_998)))
        self._send(self.waits, 422)
        self._send(Filled(ramp(world), deprecated=self.waits.instance), 201)

    def _send(self, filled: Filled, status: int, files: dict[str, bytes] | None = None) -> None:
        assert send(self.client, self.key, filled.xml(), files).status_code == status

    def op_of(self, filled: Filled) -> str:
        """The operation of a form."""
        found = text("select op from openrosa_instance where instance_id = :id")
        with self.database.reading() as session:
            return str(session.scalar(found, {"id": filled.instance}))

    def _repair(self, filled: Filled) -> None:
        path = f"/api/v1/quarantine/{self.op_of(filled)}"
        headers = self.world.headers(Role.TECHNICAL_SUPERVISOR)
        body = json.loads(self.client.get(path, headers=headers).json["body"])
        body["elements"][0]["answers"]["width_mm"]["value"] = 910
        decided = self.client.post(
            f"{path}/decisions",
            json={"decision": "repair", "reason": "A zero too many.", "body": body},
            headers=headers,
        )
        assert decided.status_code == 200, decided.text


@pytest.fixture
def collected(new_settings: Callable[[], Settings]) -> Iterator[Collected]:
    app = create_app(new_settings())
    made = Collected(app)
    made.collect()
    made.hand_in(1)
    made.sign()
    assert made.verify() == ()
    yield made
    app.extensions["database"].engine.dispose()


UNCHECKED = "alter table openrosa_instance drop constraint ck_openrosa_instance_xml_sha256"
XML = "update openrosa_instance set xml = xml || ' '::bytea where instance_id = :id"
BOTH = """update openrosa_instance set xml = xml || ' '::bytea,
    xml_sha256 = sha256(xml || ' '::bytea) where instance_id = :id"""
GONE = "delete from openrosa_instance where instance_id = :id"
PLANTED = {
    "XML": ((UNCHECKED, XML), "operation {op}: the XML that is kept is not the one that ODK .*"),
    "XML and the hash beside it": (
        (BOTH,),
        "operation {op}: the XML that is kept is not the one that its record in the log names",
    ),
    "XML gone": ((GONE,), "operation {op}: the XML that ODK Collect handed in is gone"),
}


@pytest.mark.parametrize("which", ["whole", "waits"])
@pytest.mark.parametrize("planted", PLANTED)
def test_changed_xml_is_found_out(collected: Collected, planted: str, which: str) -> None:
    statements, told = PLANTED[planted]
    filled = getattr(collected, which)
    op = collected.op_of(filled)
    collected.tamper(*statements, id=filled.instance)
    [fault] = collected.verify()
    assert re.fullmatch(told.format(op=op), fault)


def test_whoever_has_xml_and_body_needs_nobodys_word(collected: Collected) -> None:
    """The record as docs/odk-submissions.md spells it, from public answers to the log's leaf."""
    op = collected.op_of(collected.whole)
    with collected.database.reading() as session:
        found = "select inspection_id from openrosa_instance where op = :op"
        inspection = session.scalar(text(found), {"op": op})
        leaf = str(session.scalar(text("select leaf from log_leaf where op = :op"), {"op": op}))
    headers = collected.world.headers(Role.PROSECUTOR)

    def get(path: str) -> Any:
        return collected.client.get(f"/api/v1/{path}", headers=headers)

    [told] = get(f"inspections/{inspection}/submissions").json["items"]
    answer = get(f"inspections/{inspection}").text
    body = answer[answer.index('"body" : ') + len('"body" : ') : answer.rindex(',"day_after":')]
    xml = get(f"openrosa/submissions/{op}.xml").data
    assert told["xml_sha256"] == hashlib.sha256(xml).hexdigest()
    record = {
        "at": {"wall": json.loads(body)["finished"]["wall"]},
        "base": None,
        "form": json.loads(body)["form"],
        "id": str(inspection),
        "kind": "inspection",
        "op": op,
        "sha256": hashlib.sha256(body.encode()).hexdigest(),
        "xml_sha256": hashlib.sha256(xml).hexdigest(),
    }
    spelled = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    whole = f'{spelled[:-1]},"body":{body}}}'
    assert f"record {hashlib.sha256(whole.encode()).hexdigest()}\n" in leaf
