"""What nobody can use any more goes; evidence and what explains it stays."""

import hashlib
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from audit_api.domain.vocabulary import Role
from audit_api.services.sweep import sweep
from audit_api.storage.evidence.photo_store import PhotoStore
from audit_api.storage.evidence.photos import Photo
from audit_api.storage.people import EnrolmentCode, FailedSignIn, LoginSession
from audit_api.storage.sync.uploads import Upload, UploadSegment
from audit_api.storage.tables import Base
from tests.factories import AT, World, client_of, digest, inspection_of, operation, push
from tests.http.tus import Tus, photo

SWEPT = {
    table.__tablename__
    for table in (LoginSession, EnrolmentCode, FailedSignIn, Upload, UploadSegment)
}
MONTH = timedelta(days=30)
MOMENT = timedelta(seconds=1)


@pytest.fixture
def person(session: Session, world: World) -> UUID:
    for table in (LoginSession, EnrolmentCode, FailedSignIn):
        session.query(table).delete()
    return world.people[Role.INSPECTOR, "near"]


def login(session: Session, person: UUID, ended: timedelta, *, revoked: bool = False) -> None:
    """A session that ended that long ago (negative: will end)."""
    session.add(
        LoginSession(
            token_sha256=digest(uuid4().hex),
            person_id=person,
            created_at=AT - timedelta(days=100),
            expires_at=AT - ended,
            revoked_at=AT - timedelta(days=90) if revoked else None,
        )
    )
    session.flush()


def code(session: Session, person: UUID, ended: timedelta, *, device: UUID | None = None) -> None:
    """A code that ended that long ago; with a device it was used."""
    session.add(
        EnrolmentCode(
            code_sha256=digest(uuid4().hex),
            person_id=person,
            created_at=AT - timedelta(days=100),
            expires_at=AT - ended,
            used_at=AT - timedelta(days=99) if device else None,
            device_id=device,
        )
    )
    session.flush()


def upload(
    session: Session, world: World, ended: timedelta, *, complete: bool = False, attempt: int = 0
) -> UUID:
    """An upload of 10 bytes, 5 of them here, that expired that long ago (negative: will)."""
    added = Upload(
        id=uuid4(),
        device_id=world.devices["near"][0],
        sha256=digest(uuid4().hex),
        content_type="image/jpeg",
        metadata_="",
        length=10,
        received=10 if complete else 5,
        attempt=attempt,
        created_at=AT - timedelta(days=100),
        expires_at=AT - ended,
        completed_at=AT - timedelta(days=8) if complete else None,
    )
    session.add(added)
    session.flush()
    return added.id


def segment(session: Session, upload: UUID, age: timedelta, *, attempt: int = 0) -> None:
    """Bytes of an attempt that came that long ago."""
    session.add(
        UploadSegment(
            upload_id=upload, attempt=attempt, start=0, bytes=b"12345", received_at=AT - age
        )
    )
    session.flush()


def left(session: Session, table: type[Base]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize(
    ("ended", "stays"),
    [(MONTH + MOMENT, 0), (MONTH, 1), (timedelta(days=1), 1), (-timedelta(hours=8), 1)],
    ids=["more than a month ago", "a month ago", "yesterday", "not yet"],
)
def test_a_session_goes_a_month_after_its_end(
    session: Session, person: UUID, ended: timedelta, stays: int
) -> None:
    login(session, person, ended)
    sweep(session, at=AT)
    assert left(session, LoginSession) == stays


def test_a_revoked_session_stays_until_a_month_after_its_end(
    session: Session, person: UUID
) -> None:
    login(session, person, MONTH, revoked=True)
    sweep(session, at=AT)
    assert left(session, LoginSession) == 1


@pytest.mark.parametrize(
    ("ended", "stays"),
    [(MONTH + MOMENT, 0), (MONTH, 1), (-timedelta(minutes=5), 1)],
    ids=["more than a month ago", "a month ago", "not yet"],
)
def test_an_unused_code_goes_a_month_after_its_end(
    session: Session, person: UUID, ended: timedelta, stays: int
) -> None:
    code(session, person, ended)
    sweep(session, at=AT)
    assert left(session, EnrolmentCode) == stays


def test_a_used_code_stays_for_ever(session: Session, person: UUID, world: World) -> None:
    code(session, person, timedelta(days=99), device=world.devices["near"][0])
    sweep(session, at=AT)
    assert left(session, EnrolmentCode) == 1


@pytest.mark.parametrize(
    ("age", "stays"),
    [(timedelta(days=1) + MOMENT, 0), (timedelta(days=1), 1), (timedelta(minutes=9), 1)],
    ids=["older than a day", "a day old", "still counting"],
)
def test_a_failed_sign_in_goes_after_a_day(
    session: Session, person: UUID, age: timedelta, stays: int
) -> None:
    session.add(FailedSignIn(username="aida", at=AT - age))
    session.flush()
    sweep(session, at=AT)
    assert left(session, FailedSignIn) == stays


@pytest.mark.parametrize("complete", [False, True])
@pytest.mark.parametrize(
    ("ended", "stays"),
    [(MOMENT, 0), (timedelta(0), 1), (-timedelta(minutes=5), 1)],
    ids=["expired", "expires now", "not yet"],
)
def test_an_upload_goes_with_its_bytes_when_it_has_expired(
    session: Session, world: World, complete: bool, ended: timedelta, stays: int
) -> None:
    segment(session, upload(session, world, ended, complete=complete), timedelta(days=7))
    sweep(session, at=AT)
    assert (left(session, Upload), left(session, UploadSegment)) == (stays, stays)


@pytest.mark.parametrize(
    ("age", "stays"),
    [(timedelta(days=1) + MOMENT, 0), (timedelta(days=1), 1), (timedelta(minutes=5), 1)],
    ids=["older than a day", "a day old", "just now"],
)
def test_refused_bytes_stay_for_a_day_and_the_upload_beyond(
    session: Session, world: World, age: timedelta, stays: int
) -> None:
    refused = upload(session, world, -timedelta(days=3), attempt=1)
    segment(session, refused, age, attempt=0)
    segment(session, refused, timedelta(days=3), attempt=1)
    sweep(session, at=AT)
    assert (left(session, Upload), left(session, UploadSegment)) == (1, 1 + stays)


def test_an_original_outlives_its_upload(session: Session, world: World, app: Flask) -> None:
    tus = Tus.near(client_of(app), world)
    data = photo("outlives its upload")
    tus.patch(tus.begun(data), 0, data)
    sweep(session, at=AT + timedelta(days=36_500))
    assert left(session, Upload) == 0
    assert left(session, Photo) == 1
    store: PhotoStore = app.extensions["photo_store"]
    assert store.size(hashlib.sha256(data).digest()) == len(data)


def test_it_tells_how_many_rows_went(session: Session, person: UUID) -> None:
    login(session, person, MONTH * 2)
    login(session, person, MONTH * 2, revoked=True)
    code(session, person, MONTH * 2)
    session.add(FailedSignIn(username="aida", at=AT - MONTH))
    session.flush()
    assert sweep(session, at=AT) == 4


def test_a_second_sweep_finds_nothing(session: Session, person: UUID) -> None:
    login(session, person, MONTH * 2)
    sweep(session, at=AT)
    assert sweep(session, at=AT) == 0


def test_evidence_and_all_else_stays_however_old_it_is(
    app: Flask, session: Session, person: UUID, world: World
) -> None:
    push(client_of(app), world, operation(inspection_of(world, "near-1")))

    def count() -> dict[str, int | None]:
        return {
            table.name: session.scalar(select(func.count()).select_from(table))
            for table in Base.metadata.sorted_tables
            if table.name not in SWEPT
        }

    before = count()
    sweep(session, at=AT + timedelta(days=36_500))
    assert count() == before
    assert before["inspection"] == 1
