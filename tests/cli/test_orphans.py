"""Originals that no row knows: listed, and deleted by a named decision alone."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO

import boto3
import pytest
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.services.evidence import orphans
from audit_api.settings import Settings
from audit_api.storage.evidence import photos
from audit_api.storage.evidence.photo_store import PhotoStore
from tests.cli.conftest import Cli
from tests.factories import make_device, make_person, make_territory

ORPHAN, KNOWN = b"\xff\xd8 nobody knows", b"\xff\xd8 has a row"


@pytest.fixture
def store(cli: Cli, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[PhotoStore]:
    """A bucket of its own, with an orphan and an original that has its row."""
    s3 = replace(settings.s3, bucket="orphans")
    client = boto3.client(
        "s3",
        endpoint_url=s3.endpoint_url,
        region_name=s3.region,
        aws_access_key_id=s3.access_key,
        aws_secret_access_key=s3.secret_key,
    )
    client.create_bucket(Bucket=s3.bucket)
    monkeypatch.setenv("S3_BUCKET", s3.bucket)
    made = PhotoStore(s3)
    with cli.database.writing() as session:
        region = make_territory(session, "R", "region", None, "Region")
        make_person(session, "admin", [(Role.ADMINISTRATOR, region)])
        inspector = make_person(session, "inspector", [(Role.INSPECTOR, region)])
        device, _ = make_device(session, inspector, "tablet")
        photos.add_photo(
            session,
            hashlib.sha256(KNOWN).digest(),
            size=len(KNOWN),
            content_type="image/jpeg",
            person=inspector,
            device=device,
            at=datetime.now(UTC),
        )
    for data in (ORPHAN, KNOWN):
        digest = hashlib.sha256(data).digest()
        made.put(digest, BytesIO(data), size=len(data), content_type="image/jpeg")
    yield made
    for page in made.originals():
        for one in page:
            made.delete_orphan(one.sha256)
    client.delete_bucket(Bucket=s3.bucket)
    client.close()


def a_week_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let objects of just now be old."""
    monkeypatch.setattr(orphans, "KEPT", timedelta(seconds=-60))


def test_what_is_younger_than_a_week_is_no_orphan_yet(cli: Cli, store: PhotoStore) -> None:
    assert cli.done("photos", "orphans") == "0 orphans, 0 bytes.\n"


def test_an_orphan_is_listed_and_stays(
    cli: Cli, store: PhotoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_week_later(monkeypatch)
    digest = hashlib.sha256(ORPHAN).digest()
    said = cli.done("photos", "orphans")
    assert digest.hex() in said
    assert said.endswith(f"1 orphans, {len(ORPHAN)} bytes.\n")
    assert store.size(digest) == len(ORPHAN)


def test_deleting_is_an_administrators_decision_and_stands_in_the_audit_log(
    cli: Cli, store: PhotoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_week_later(monkeypatch)
    assert cli("photos", "orphans", "--delete").exit_code == 2
    decided = ("photos", "orphans", "--delete", "--reason", "Uploads of the trial.", "--by")
    assert "no administrator" in cli.refused(*decided, "inspector")
    assert "no administrator" in cli.refused(*decided, "nobody")
    digest = hashlib.sha256(ORPHAN).digest()
    assert store.size(digest) is not None
    assert "deleted" in cli.done(*decided, "admin")
    assert store.size(digest) is None
    assert store.size(hashlib.sha256(KNOWN).digest()) == len(KNOWN)
    with cli.database.reading() as session:
        [entry] = session.execute(
            text("select subject, detail from audit_log where what = 'orphan_deleted'")
        ).all()
    assert (entry.subject, entry.detail["reason"]) == (digest.hex(), "Uploads of the trial.")
