"""Files are made with the grants of then, once, whatever befalls the worker."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.orm import Session

from audit_api.domain.vocabulary import Role
from audit_api.services.exports import kinds_of_files, run
from audit_api.services.exports.making import Made, Making
from audit_api.storage.base import Database
from audit_api.storage.evidence.photo_store import BucketUnavailable
from audit_api.storage.jobs import enqueue
from tests.http.exporting import EXPORTS, Asking
from tests.http.serving import Office

REVOKE = "update person_grant set revoked_at = now() where person_id = :person"


def test_a_grant_lost_before_it_is_made_fails_it(asking: Asking) -> None:
    headers, person = asking.somebody("loser.1")
    export = asking.asked_as(headers)
    asking.execute(REVOKE, person=person)
    asking.run(export)
    found = asking.client.get(f"{EXPORTS}/{export}", headers=headers).json
    assert found["state"] == "failed"
    assert found["problem"]["type"] == "urn:audit-api:problem:scope-gone"
    assert found["file"] is None


def test_a_narrower_grant_makes_a_narrower_file(asking: Asking, office: Office) -> None:
    office.broken("near-1")
    office.broken("near-2")
    headers, person = asking.somebody("loser.2")
    export = asking.asked_as(headers)
    asking.execute(
        "update person_grant set territory_id = :there where person_id = :person",
        there=asking.world.territories["near-2"],
        person=person,
    )
    asking.run(export)
    found = asking.client.get(f"{EXPORTS}/{export}", headers=headers).json
    seen = asking.client.get("/api/v1/violations?limit=200", headers=headers).json["items"]
    assert found["state"] == "done"
    assert found["total"] == len(seen)


def test_a_grant_lost_afterwards_closes_the_file(asking: Asking) -> None:
    headers, person = asking.somebody("loser.3")
    export = asking.asked_as(headers)
    asking.run(export)
    assert asking.client.get(f"{EXPORTS}/{export}/file", headers=headers).status_code == 200
    asking.execute(REVOKE, person=person)
    assert asking.client.get(f"{EXPORTS}/{export}/file", headers=headers).status_code == 404


def test_running_it_again_changes_nothing(asking: Asking) -> None:
    made = asking.done("violations")
    asking.run(made["id"])
    assert asking.get(made["id"]).json == made
    entries = "select count(*) from audit_log where what = 'exported' and subject = :id"
    assert asking.execute(entries, id=made["id"]) == [(1,)]


def test_every_file_stands_in_the_audit_log(asking: Asking) -> None:
    made = asking.done("violations")
    [(person, detail)] = asking.execute(
        "select person_id, detail from audit_log where what = 'exported' and subject = :id",
        id=made["id"],
    )
    assert person == asking.world.people[Role.PROSECUTOR, "near"]
    assert detail["sha256"] == made["file"]["sha256"]
    assert detail["rows"] == made["total"]


@pytest.fixture
def with_maker(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets another maker stand for the list's."""

    def install(maker: Any) -> None:
        kind = kinds_of_files.KINDS["violations"]
        changed = kinds_of_files.Kind(kind.noun, {"pdf": maker}, filters=kind.filters)
        monkeypatch.setitem(kinds_of_files.KINDS, "violations", changed)

    return install


def test_a_maker_that_breaks_fails_the_export_and_says_what_to_do(
    asking: Asking, with_maker: Any
) -> None:
    def broken(making: Making) -> Made:
        raise ZeroDivisionError("a secret of the server")

    with_maker(broken)
    export = asking.asked("violations")
    asking.run(export)
    found = asking.get(export).json
    assert found["state"] == "failed"
    assert found["problem"]["type"] == "urn:audit-api:problem:internal"
    assert export in found["problem"]["detail"]
    assert "secret" not in str(found)
    assert asking.get(export, "/file").status_code == 409


def test_what_passes_is_tried_again_and_given_up_after_the_third_time(
    asking: Asking, with_maker: Any
) -> None:
    def away(making: Making) -> Made:
        raise BucketUnavailable("503")

    with_maker(away)
    export = asking.asked("violations")
    for _ in range(run.MOST_ATTEMPTS - 1):
        with pytest.raises(BucketUnavailable):
            asking.run(export)
        assert asking.get(export).json["state"] == "running"
    asking.run(export)
    problem = asking.get(export).json["problem"]
    assert problem["type"] == "urn:audit-api:problem:not-reachable"


def test_an_attempt_that_was_overtaken_leaves_no_trace(asking: Asking, with_maker: Any) -> None:
    original = kinds_of_files.KINDS["violations"].makers["pdf"]
    export = asking.asked("violations")
    inner = []

    def slow(making: Making) -> Made:
        made = original(making)
        if not inner:
            # Another worker took it for dead and made it meanwhile.
            inner.append(True)
            asking.run(export)
        return made

    with_maker(slow)
    asking.run(export)
    found = asking.get(export).json
    assert found["state"] == "done"
    [(attempts, key)] = asking.execute(
        "select attempts, file_key from export where id = :id", id=export
    )
    assert (attempts, key) == (2, f"exports/{export}-2")
    entries = "select count(*) from audit_log where what = 'exported' and subject = :id"
    assert asking.execute(entries, id=export) == [(1,)]
    asking.file(found)


JOBS = "select count(*) from procrastinate_jobs where task_name = 'make_export'"


def test_a_job_comes_with_the_request_and_goes_with_its_rollback(
    asking: Asking, database: Database
) -> None:
    [(before,)] = asking.execute(JOBS)
    asking.asked("violations")
    assert asking.execute(JOBS) == [(before + 1,)]
    with database.engine.connect() as connection, Session(connection) as session:
        enqueue(session, "make_export", lock="x", export=str(uuid4()))
        session.rollback()
    assert asking.execute(JOBS) == [(before + 1,)]
