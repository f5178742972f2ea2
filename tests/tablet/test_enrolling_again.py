"""A tablet that is enrolled again keeps its work, and hands it in as the person who did it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.services.enrol_device import issue_code
from audit_api.storage.base import Database
from audit_api.storage.sync import feed
from audit_api.tablet import Answer, LinkDown, NotEnrolled, Operation, Refused, Tablet
from audit_api.tablet.errors import CannotCapture
from tests.backups import Backups
from tests.factories import World, inspection_of, ramp_of
from tests.http.populated import with_photo
from tests.tablet.conftest import AppTransport, put_into

PHOTO = b"\xff\xd8\xff\xe0 a ramp"


@pytest.fixture(autouse=True)
def _as_it_was(database: Database, world: World) -> Any:
    """Each test begins with the sites in the feed and the world's tablet as it was enrolled."""
    with database.writing() as session:
        feed.publish(session, site=list(world.sites.values()))
    yield
    with database.writing() as session:
        session.execute(text("update device set revoked_at = null"))


def code_for(database: Database, world: World, where: str = "near") -> str:
    with database.writing() as session:
        owner = world.people[Role.INSPECTOR, where]
        return issue_code(session, owner, lifetime=timedelta(hours=1), at=datetime.now(UTC))


def captured(tablet: Tablet, world: World, where: str = "near-1", **members: Any) -> Operation:
    # Elements of another site are other ones, and no two bodies are alike.
    body = inspection_of(world, where, seed=list(world.sites).index(where))
    body["started"]["boot"] = str(uuid4())
    body = json.dumps(body, ensure_ascii=False).encode()
    return tablet.capture(body, **{"entity": str(uuid4())} | members)


def revoke(database: Database, tablet: Tablet) -> None:
    with database.writing() as session:
        session.execute(
            text("update device set revoked_at = now() where id = cast(:device as uuid)"),
            {"device": tablet.store.identity["device"]},
        )


def revisions(database: Database, operation: Operation) -> list[tuple[str, str, str]]:
    """What the server has of an inspection: device, inspector and body of each revision."""
    with database.reading() as session:
        rows = session.execute(
            text("""select i.device_id::text, p.username, i.body::text from inspection i
                join person p on p.id = i.inspector_id where i.id = cast(:id as uuid)
                order by i.rev"""),
            {"id": operation.entity},
        )
        return [(device, person, body) for device, person, body in rows]


def test_unsent_work_of_a_revoked_tablet_goes_out_under_the_new_device(
    tablet: Tablet, database: Database, world: World
) -> None:
    tablet.sync()
    made = [captured(tablet, world) for _ in range(2)]
    revoke(database, tablet)
    again = tablet.enrol_again(code_for(database, world))
    assert (again.goes_along, again.stays) == (2, 0)
    assert again.device != again.formerly
    assert tablet.sync().pushed.statuses == {"applied": 2}
    for operation in made:
        body = operation.body.decode()
        assert revisions(database, operation) == [(again.device, "inspector.near", body)]


def test_the_new_device_counts_from_one_and_chains_anew(
    tablet: Tablet, database: Database, world: World
) -> None:
    captured(tablet, world)
    tablet.sync()
    made = [captured(tablet, world) for _ in range(2)]
    tablet.enrol_again(code_for(database, world))
    made.append(captured(tablet, world))
    records = [json.loads(tablet.find(operation.op).record) for operation in made]
    assert [record["seq"] for record in records] == [1, 2, 3]
    links = [record["prev_sha256"] for record in records]
    assert links == [None, *(operation.sha256 for operation in made[:-1])]
    assert [record["at"] for record in records] == [json.loads(o.record)["at"] for o in made]
    assert tablet.holds()["last_seq"] == 3


def test_what_came_before_its_answer_was_lost_is_there_once(
    tablet: Tablet, transport: AppTransport, database: Database, world: World
) -> None:
    first = captured(tablet, world)

    def lost(method: str, path: str, answer: Answer) -> Answer:
        raise ConnectionResetError("cut")

    transport.after = lost
    with pytest.raises(LinkDown):
        tablet.sync()
    transport.after = lambda method, path, answer: answer
    correction = captured(tablet, world, entity=first.entity, base={"op": first.op})
    formerly = tablet.enrol_again(code_for(database, world)).formerly
    tablet.sync()
    assert [o.state for o in tablet.operations()] == ["mended", "applied", "applied"]
    found = revisions(database, first)
    assert [device for device, _, _ in found] == [formerly, tablet.store.identity["device"]]
    assert [body for _, _, body in found] == [first.body.decode(), correction.body.decode()]
    # A server that was restored may know the first only by the id under which it came again.
    assert database.begin_epoch("restored in a test")
    tablet.sync()
    anew, edit = tablet.operations("applied")
    assert anew.body == first.body
    assert (edit.body, json.loads(edit.record)["base"]) == (correction.body, {"op": anew.op})
    assert revisions(database, first) == found


def test_work_of_another_person_is_neither_handed_in_nor_lost(
    tablet: Tablet, transport: AppTransport, database: Database, world: World
) -> None:
    tablet.sync()
    theirs = captured(tablet, world)
    again = tablet.enrol_again(code_for(database, world, "far"))
    assert (again.former_owner, again.owner) == ("inspector.near", "inspector.far")
    assert (again.goes_along, again.stays) == (0, 1)
    mine = captured(tablet, world, "far-1")
    transport.requests.clear()
    assert tablet.sync().pushed.statuses == {"applied": 1}
    assert revisions(database, theirs) == []
    assert [person for _, person, _ in revisions(database, mine)] == ["inspector.far"]
    assert tablet.holds()["operations"] == 0
    assert tablet.find(theirs.op).state == "waiting"
    back = tablet.enrol_again(code_for(database, world))
    assert (back.goes_along, back.stays) == (1, 0)
    assert tablet.sync().pushed.statuses == {"applied": 1}
    body = theirs.body.decode()
    assert revisions(database, theirs) == [(back.device, "inspector.near", body)]


def test_another_person_does_not_see_the_picture_of_the_one_before(
    tablet: Tablet, database: Database, world: World
) -> None:
    tablet.sync()
    near = set(tablet.items("site"))
    assert near
    tablet.enrol_again(code_for(database, world, "far"))
    assert tablet.items() == {}
    tablet.sync()
    assert tablet.items("site")
    assert not near & set(tablet.items("site"))


def test_nobody_mends_the_rejected_work_of_another_person(
    tablet: Tablet, database: Database, world: World
) -> None:
    good = json.dumps(inspection_of(world, "near-1")).encode()
    wrong = tablet.capture(good.replace(b'"elements"', b'"elephants"'), entity=str(uuid4()))
    assert tablet.sync().pushed.statuses == {"rejected": 1}
    tablet.enrol_again(code_for(database, world, "far"))
    with pytest.raises(CannotCapture, match=r"is the work of inspector\.near"):
        tablet.mend(wrong.op, good)
    tablet.enrol_again(code_for(database, world))
    tablet.mend(wrong.op, good)
    assert tablet.sync().pushed.statuses == {"applied": 1}


def test_a_photo_of_another_persons_work_waits_with_it(
    tablet: Tablet, transport: AppTransport, database: Database, world: World
) -> None:
    photo = PHOTO + uuid4().bytes
    body = json.dumps(with_photo(ramp_of(world, "near-1"), photo)).encode()
    sha256 = json.loads(body)["elements"][0]["photos"][0]["sha256"]
    tablet.capture(body, entity=str(uuid4()), originals=[photo])
    tablet.pusher.push()
    tablet.enrol_again(code_for(database, world, "far"))
    assert tablet.holds()["photos"] == 0
    assert tablet.sync().photos.count == 0
    tablet.enrol_again(code_for(database, world))
    assert tablet.holds()["photos"] == 1
    assert tablet.sync().photos.count == 1
    assert (tablet.store.photos / sha256).read_bytes() == photo


def test_originals_handed_in_under_the_former_device_become_durable_too(
    tablet: Tablet, database: Database, world: World
) -> None:
    photo = PHOTO + uuid4().bytes
    body = json.dumps(with_photo(ramp_of(world, "near-1"), photo)).encode()
    tablet.capture(body, entity=str(uuid4()), originals=[photo])
    tablet.sync()
    revoke(database, tablet)
    tablet.enrol_again(code_for(database, world))
    assert tablet.sync(delete_durable=True).deleted == []
    Backups(database).make()
    report = tablet.sync(delete_durable=True)
    assert (report.durable, len(report.deleted)) == (1, 1)


def test_receipts_of_anothers_device_are_not_shown(
    tablet: Tablet, transport: AppTransport, world: World
) -> None:
    stranger, _ = world.devices["far"]
    with pytest.raises(Refused) as refused:
        tablet.link.ask("GET", f"/api/v1/sync/receipts?device={stranger}", Answer.json)
    assert refused.value.status == 404


@pytest.mark.parametrize("code", ["ABCDE-ABCDE", "x"])
def test_a_code_that_is_none_changes_nothing(
    tablet: Tablet, database: Database, world: World, code: str
) -> None:
    before = captured(tablet, world)
    with pytest.raises((NotEnrolled, Refused)):
        tablet.enrol_again(code)
    assert tablet.find(before.op) == before
    assert tablet.sync().pushed.statuses == {"applied": 1}


def test_a_server_that_was_restored_to_before_the_enrolment_gets_all_of_it_again(
    tablet: Tablet, database: Database, world: World
) -> None:
    tablet.sync()
    tablet.enrol_again(code_for(database, world))
    made = captured(tablet, world, "far-1")
    assert tablet.sync().pushed.statuses == {"quarantined": 1}
    forget(database, tablet, made)
    with pytest.raises(Refused) as refused:
        tablet.sync()
    assert refused.value.status == 401
    again = tablet.enrol_again(code_for(database, world))
    assert tablet.sync().pushed.statuses == {"quarantined": 1}
    with database.reading() as session:
        kept = session.execute(
            text("""select device_id::text, convert_from(raw, 'UTF8') from operation
                where op = cast(:op as uuid)"""),
            {"op": made.op},
        ).one()
    assert tuple(kept) == (again.device, tablet.find(made.op).record.decode())


def forget(database: Database, tablet: Tablet, made: Operation) -> None:
    """What a backup from before the enrolment leaves: no device, none of its work, a new epoch."""
    gone = {"device": tablet.store.identity["device"], "op": made.op}
    with database.writing() as session:
        for statement in (
            "set session_replication_role = replica",
            "delete from held_operation where op = cast(:op as uuid)",
            "delete from operation where op = cast(:op as uuid)",
            "delete from enrolment_code where device_id = cast(:device as uuid)",
            "delete from device where id = cast(:device as uuid)",
            "set session_replication_role = origin",
        ):
            wanted = {name: value for name, value in gone.items() if f":{name}" in statement}
            session.execute(text(statement), wanted)
    assert database.begin_epoch("restored in a test")


def test_a_folder_of_the_first_version_is_taken_over(
    transport: AppTransport, database: Database, world: World, tmp_path: Any
) -> None:
    put_into(tmp_path / "old", world)
    tablet = Tablet(tmp_path / "old", transport=transport)
    made = captured(tablet, world)
    as_version_1(tablet)
    tablet.store.close()
    again = Tablet(tmp_path / "old", transport=transport)
    assert again.find(made.op) == made
    assert again.sync().pushed.statuses == {"applied": 1}


def as_version_1(tablet: Tablet) -> None:
    """Take away what version 2 added."""
    with tablet.store.writing() as db:
        for statement in _TO_1.split(";"):
            db.execute(statement)


_TO_1 = """
alter table operation rename to operation_2;
alter table photo_use rename to photo_use_2;
drop index operation_state;
create table operation (
    op text primary key, seq integer not null unique, kind text not null, entity text not null,
    base text, group_id text, body blob not null, sha256 text not null, record blob not null,
    state text not null default 'waiting' check (state in ('waiting', 'applied', 'merged',
        'conflict', 'quarantined', 'rejected', 'op_reused', 'mended')),
    said text, receipt text, durable text, replaced_by text
) strict;
create index operation_state on operation (state, seq);
create table photo_use (
    op text not null references operation, sha256 text not null references photo,
    primary key (op, sha256)
) strict;
insert into operation select op, seq, kind, entity, base, group_id, body, sha256, record, state,
    said, receipt, durable, replaced_by from operation_2;
insert into photo_use select * from photo_use_2;
drop table photo_use_2;
drop table operation_2;
drop table upload;
pragma user_version = 1
"""
