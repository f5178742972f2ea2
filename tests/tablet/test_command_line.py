"""`audit-api tablet` as a person types it, over a real socket."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.services.enrol_device import issue_code
from audit_api.storage.base import Database
from audit_api.storage.sync import feed
from audit_api.tablet.cli import tablet
from tests.factories import World, ramp_of

Type = Callable[..., Result]


def code_for(database: Database, world: World, where: str = "near") -> str:
    with database.writing() as session:
        owner = world.people[Role.INSPECTOR, where]
        return issue_code(session, owner, lifetime=timedelta(hours=1), at=datetime.now(UTC))


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Types `audit-api tablet …` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(tablet, words, catch_exceptions=False)


@pytest.fixture
def enrolled(typed: Type, base_url: str, database: Database, world: World) -> Type:
    """The same with a tablet in its folder."""
    with database.writing() as session:
        feed.publish(session, site=list(world.sites.values()))
    said = typed("enrol", base_url, code_for(database, world), "--name", "by hand")
    assert said.exit_code == 0, said.output
    return typed


def write_ramp(world: World, where: str = "near-1", **members: Any) -> Path:
    """An inspection as a person writes it: with a photo file, without ids and times."""
    photo = BytesIO()
    Image.effect_noise((32, 32), 80).save(photo, "PNG")
    Path("ramp.png").write_bytes(photo.getvalue())
    body = ramp_of(world, where)
    del body["started"], body["finished"], body["elements"][0]["id"]
    body["elements"][0]["photos"] = [{"file": "ramp.png", "question": "handrail"}]
    path = Path("ramp.json")
    path.write_text(json.dumps(body | members))
    return path


def kept(said: Result) -> str:
    found = re.search(r"operation ([0-9a-f-]{36})", said.output)
    assert found is not None, said.output
    return found[1]


def test_an_inspection_with_a_photo_goes_from_a_file_to_the_server(
    enrolled: Type, world: World, database: Database
) -> None:
    op = kept(enrolled("capture", str(write_ramp(world))))
    assert "Owed: 1 operation, 1 photo (" in enrolled("status").output
    said = enrolled("sync").output
    assert "Handed in: 1 applied." in said
    assert "Photos handed over: 1 (" in said
    assert "Owed: nothing." in said
    with database.reading() as session:
        stored = session.scalar(
            text("select status from operation where op = cast(:op as uuid)"), {"op": op}
        )
    assert stored == "applied"


def test_status_for_a_program_is_json(enrolled: Type) -> None:
    enrolled("sync")
    said = json.loads(enrolled("status", "--json").output)
    assert said["owes"] == {"last_seq": 0, "operations": 0, "photos": 0, "photo_bytes": 0}
    assert said["held"]["site"] == 2


def test_a_rejected_inspection_is_shown_mended_and_applied(enrolled: Type, world: World) -> None:
    op = kept(enrolled("capture", str(write_ramp(world, campaign=7))))
    assert "1 rejected" in enrolled("sync").output
    assert f"audit-api tablet show {op} > mended.json" in enrolled("status").output
    body = json.loads(enrolled("show", op).output)
    mended = body | {"campaign": ramp_of(world, "near-1")["campaign"]}
    Path("mended.json").write_text(json.dumps(mended))
    again = kept(enrolled("mend", op, "mended.json"))
    assert "Handed in: 1 applied." in enrolled("sync").output
    assert json.loads(enrolled("show", again).output) == mended


def test_a_file_written_anew_mends_too_and_keeps_the_times_of_the_first(
    enrolled: Type, world: World
) -> None:
    op = kept(enrolled("capture", str(write_ramp(world, campaign=7))))
    enrolled("sync")
    again = kept(enrolled("mend", op, str(write_ramp(world))))
    assert "Handed in: 1 applied." in enrolled("sync").output
    bodies = [json.loads(enrolled("show", made).output) for made in (op, again)]
    assert bodies[0]["started"] == bodies[1]["started"]


def test_what_came_back_for_correction_is_told_with_its_reason(
    enrolled: Type, world: World, database: Database
) -> None:
    said = enrolled("capture", str(write_ramp(world))).output
    enrolled("sync")
    entity = said.rpartition("inspection ")[2].strip(" .\n")
    with database.writing() as session:
        session.execute(
            text("""insert into inspection_return (inspection_id, rev, reason, returned_by,
                returned_at) select cast(:id as uuid), 1, 'Measure the handrail.', :by, now()"""),
            {"id": entity, "by": world.people[Role.TECHNICAL_SUPERVISOR, "near"]},
        )
        feed.publish(session, inspection=[entity])
    enrolled("sync")
    assert f"inspection {entity} came back for correction" in enrolled("status").output
    assert "Measure the handrail." in enrolled("status").output


@pytest.mark.parametrize("words", [("status",), ("sync",), ("capture", "ramp.json")])
def test_a_folder_without_a_tablet_is_left_as_it_is(
    typed: Type, world: World, words: tuple[str, ...]
) -> None:
    write_ramp(world)
    said = typed(*words, "--folder", "elsewhere")
    assert said.exit_code == 1
    assert "elsewhere holds no enrolled tablet" in said.output
    assert not Path("elsewhere").exists()


@pytest.mark.parametrize("address", ["foo", "ftp://x", "http://", "http://x:y"])
def test_an_address_that_is_none_is_said_to_be_none(typed: Type, address: str) -> None:
    said = typed("enrol", address, "CODE", "--name", "x")
    assert said.exit_code == 1
    assert "is no address of a server" in said.output


def test_an_enrolment_without_an_answer_says_what_to_do(typed: Type) -> None:
    said = typed("enrol", "http://127.0.0.1:1", "CODE", "--name", "x")
    assert said.exit_code == 1
    assert "ask the coordinator for another" in said.output


def test_a_revoked_tablet_is_enrolled_again_with_a_new_code(
    enrolled: Type, world: World, database: Database
) -> None:
    op = kept(enrolled("capture", str(write_ramp(world))))
    with database.writing() as session:
        session.execute(text("update device set revoked_at = now() where name = 'by hand'"))
    said = enrolled("enrol-again", code_for(database, world)).output
    assert "Enrolled again for inspector.near" in said
    assert "Unsent work goes along: 1 operation. Next: sync." in said
    assert "Handed in: 1 applied." in enrolled("sync").output
    assert json.loads(enrolled("status", "--json").output)["waits_for_others"] == {}
    assert json.loads(enrolled("show", op).output)["site"] == str(world.sites["near-1"])


def test_work_of_the_person_before_is_told_and_stays(
    enrolled: Type, world: World, database: Database
) -> None:
    enrolled("capture", str(write_ramp(world)))
    said = enrolled("enrol-again", code_for(database, world, "far"), "--name", "next").output
    assert "It was inspector.near's." in said
    assert "1 operation of inspector.near, whose tablet this was: kept" in said
    assert "Handed in: nothing was waiting." in enrolled("sync").output
    told = json.loads(enrolled("status", "--json").output)
    assert (told["owner"], told["waits_for_others"]) == ("inspector.far", {"inspector.near": 1})
