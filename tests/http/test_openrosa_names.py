"""Names of files are text, never paths, and whatever stands in them."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.storage.base import Database
from tests.factories import World
from tests.http.collecting import Filled, jpeg, key_of, ramp, send

NAMES = {
    "parent": "../../etc/passwd.jpg",
    "absolute": "/etc/passwd.jpg",
    "right to left": "a\u202egpj.exe.jpg",
    "long": "ы" * 2_000 + ".jpg",
    "Kyrgyz": "эшик ңөү.jpg",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_kept_as_text(
    client: FlaskClient, world: World, database: Database, name: str
) -> None:
    filled = Filled(ramp(world), {None: NAMES[name]})
    answer = send(client, key_of(database, world), filled.xml(), {NAMES[name]: jpeg(len(name))})
    assert answer.status_code == 201, answer.text
    found = text("""select f.name from openrosa_file f join openrosa_instance i on i.op = f.op
        where i.instance_id = :id and not exists (select from awaited_photo a
            where a.inspection_id = i.inspection_id)""")
    with database.reading() as session:
        assert session.scalar(found, {"id": filled.instance}) == NAMES[name][:250]
