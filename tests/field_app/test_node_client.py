"""The client in docs/field-app.md's own words, in another language, against the real server."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from audit_api.storage.base import Database
from tests.backups import Backups
from tests.factories import CAMPAIGN, World
from tests.field_app.conftest import SITE, new_code
from tests.field_app.forgetful import link_that_cuts, records_in
from tests.field_schema.bodies import ramp_body
from tests.journeys.server import Server

NODE = shutil.which("node")
CLIENT = Path(__file__).parent / "client.mjs"
PHOTO = b"\xff\xd8\xff\xe0 a ramp, photographed by node\n" + bytes(5000)

pytestmark = pytest.mark.skipif(
    NODE is None, reason="node is not on this machine, so the guide's client is not tried"
)

Type = Callable[..., None]


@pytest.fixture
def app_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    return folder


@pytest.fixture
def typed(app_folder: Path, server: Server, database: Database, guide_world: World) -> Type:
    """Types `node client.mjs FOLDER …`; enrolled already."""

    def call(*words: str) -> None:
        done = subprocess.run(
            [str(NODE), str(CLIENT), str(app_folder), *words],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr

    call("enrol", server.base_url, new_code(database), "Tablet with node")
    return call


@pytest.fixture
def kept(app_folder: Path) -> Callable[[], Any]:
    """What the app keeps."""
    return lambda: json.loads((app_folder / "app.json").read_bytes())


def write_ramp(folder: Path, seed: int) -> tuple[str, str]:
    """An inspection and its photo as files, and another one in each test."""
    body = ramp_body(seed=seed) | {"site": str(SITE), "campaign": CAMPAIGN}
    del body["started"], body["finished"]
    (folder / "ramp.json").write_text(json.dumps(body))
    (folder / "ramp.jpg").write_bytes(PHOTO + bytes([seed]))
    return str(folder / "ramp.json"), str(folder / "ramp.jpg")


def handed_in(database: Database, device: str) -> list[tuple[Any, ...]]:
    """Inspections of a device as the server has them: operation, body, photos that are missing."""
    query = text("""select o.op::text, i.body::text, (select count(*) from announced_photo a
            where a.inspection_id = i.id and not exists
                (select from photo p where p.sha256 = a.sha256)) as missing
        from operation o join inspection i on i.op = o.op where o.device_id = :device""")
    with database.reading() as session:
        return [tuple(row) for row in session.execute(query, {"device": UUID(device)})]


def test_a_hundred_lines_are_enough() -> None:
    assert len(CLIENT.read_text().splitlines()) <= 100


def test_an_inspection_goes_from_node_to_the_server_and_its_receipts_are_verified(
    typed: Type, kept: Callable[[], Any], tmp_path: Path, database: Database
) -> None:
    typed("sync")
    assert any(key.split()[1] == "site" for key in kept()["items"])
    typed("capture", *write_ramp(tmp_path, 1))
    [operation] = kept()["operations"]
    typed("sync")
    app = kept()
    [done] = app["operations"]
    assert (done["state"], done["receipt"]["level"]) == ("applied", "received")
    assert list(app["photos"].values()) == ["sent"]
    [(op, body, missing)] = handed_in(database, app["device"])
    assert (op, missing) == (operation["op"], 0)
    assert operation["record"].endswith(f',"body":{body}}}')
    assert any(key.endswith(str(done["receipt"]["id"])) for key in app["items"])
    Backups(database).make()
    typed("sync")
    [safe] = kept()["operations"]
    assert safe["durable"]["photos_held"] == done["photos"]


def test_after_a_cut_answer_the_same_bytes_go_out_again_and_count_once(
    typed: Type, kept: Callable[[], Any], tmp_path: Path, server: Server, database: Database
) -> None:
    typed("capture", *write_ramp(tmp_path, 2))
    with link_that_cuts(server.base_url) as link:
        typed("sync", link.base_url)
    app = kept()
    [operation] = app["operations"]
    assert link.cut == ["POST push", f"PUT {operation['photos'][0]}", "GET pull"]
    assert [records_in(push) for push in link.pushes] == [operation["record"].encode()] * 2
    assert operation["state"] == "applied"
    assert [(row[0], row[2]) for row in handed_in(database, app["device"])] == [
        (operation["op"], 0)
    ]
