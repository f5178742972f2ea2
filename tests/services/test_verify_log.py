"""Whoever changes what was acknowledged, with all rights in the database, is found out.

What cannot be found out stands here too, and in docs/backups.md.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from sqlalchemy import text

from audit_api.app import create_app
from audit_api.domain.evidence.checkpoints import read_note, signed_note
from audit_api.services.evidence.verify_log import KeptNote, verify_originals
from audit_api.settings import Settings
from audit_api.storage.evidence.photo_store import PhotoStore
from tests.cli.conftest import cli_on
from tests.services.logged import FOREIGN, SIGNER, Logged


@pytest.fixture
def logged(new_settings: Callable[[], Settings]) -> Iterator[Logged]:
    """Four operations and a photo under two checkpoints; the last operation waits for a person."""
    app = create_app(new_settings())
    made = Logged(app)
    made.hand_in(1)
    made.sign()
    made.hand_in(2)
    made.hand_in_unknown()
    made.hand_over()
    made.sign()
    assert made.verify() == ()
    yield made
    app.extensions["database"].engine.dispose()


BODY = """update inspection set body = replace(body::text, '"ramp/1"', '"ramp/1" ')::json
    where op = (select op from operation where seq = 2)"""
ITS_HASH = """update inspection set body_sha256 = sha256(convert_to(body::text, 'UTF8'))
    where op = (select op from operation where seq = 2)"""
OPERATION = """update operation o set sha256 = i.body_sha256 from inspection i
    where i.op = o.op and o.seq = 2"""
LEAF = """update log_leaf l set leaf = regexp_replace(leaf, 'sha256 [0-9a-f]+',
    'sha256 ' || encode(o.sha256, 'hex')) from operation o where o.op = l.op and o.seq = 2"""
CLOSE = "update log_leaf set n = n - 1 where n > 1"
REMOVE = (
    "delete from inspection where op = (select op from operation where seq = {0})",
    "delete from operation where seq = {0}",
)
SWAP = (
    "update log_leaf set n = 100 where n = 1",
    "update log_leaf set n = 1 where n = 2",
    "update log_leaf set n = 2 where n = 100",
)
PLANTED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "a body": ((BODY,), ("operation .*: the stored body is not the one that was handed in",)),
    "a body and the hash beside it": (
        (BODY, ITS_HASH),
        ("operation .*: the stored body is not the one that was handed in",),
    ),
    "a body and both its hashes": (
        (BODY, ITS_HASH, OPERATION),
        ("leaf 1: .* is stored otherwise than the leaf says",),
    ),
    "a body, its hashes and its leaf": (
        (BODY, ITS_HASH, OPERATION, LEAF),
        ("checkpoint 2: the leaves from 1 to 4 are not the ones that were signed",),
    ),
    "the hash beside a body": (
        (
            "update inspection set body_sha256 = sha256('other') where op = "
            "(select op from operation where seq = 2)",
        ),
        ("operation .*: the stored body is not the one that was accepted",),
    ),
    "bytes that wait for a person": (
        ("update operation set raw = raw || ' '::bytea where seq = 4",),
        ("operation .*: the bytes that are kept are not the ones that were handed in",),
    ),
    "an inspection gone": ((REMOVE[0].format(2),), ("operation .*: its body is gone",)),
    "an operation gone": (
        tuple(statement.format(2) for statement in REMOVE),
        ("leaf 1: .* is gone",),
    ),
    "a leaf changed": (
        ("update log_leaf set leaf = replace(leaf, 'seq 2', 'seq 9') where n = 1",),
        ("checkpoint 2: the leaves from 1 to 4 are not", "leaf 1: .* is stored otherwise"),
    ),
    "a leaf taken out": (
        ("delete from log_leaf where n = 1",),
        (
            "leaf 1 is missing; the next one is 2",
            "the log is cut off: 5 leaves were signed by checkpoint 2, 1 are here",
            "operation .* has no leaf, though checkpoint 2 was signed after it came",
        ),
    ),
    "a leaf taken out and the gap closed": (
        ("delete from log_leaf where n = 1", CLOSE),
        (
            "the log is cut off: 5 leaves were signed by checkpoint 2, 4 are here",
            "operation .* has no leaf, though checkpoint 2 was signed after it came",
        ),
    ),
    "an operation and its leaf taken out and the gap closed": (
        (*(statement.format(2) for statement in REMOVE), "delete from log_leaf where n = 1", CLOSE),
        ("the log is cut off: 5 leaves were signed by checkpoint 2, 4 are here",),
    ),
    "leaves swapped": (
        SWAP,
        ("checkpoint 2: the leaves from 1 to 4 are not the ones that were signed",),
    ),
    "the log cut off behind the first checkpoint": (
        ("delete from log_leaf where n >= 1",),
        (
            "the log is cut off: 5 leaves were signed by checkpoint 2, 1 are here",
            *["operation .* has no leaf, though checkpoint 2 was signed after it came"] * 3,
            "photo .* has no leaf, though checkpoint 2 was signed after it came",
        ),
    ),
    "an operation slipped in": (
        (
            """insert into operation select (jsonb_populate_record(o, jsonb_build_object(
            'op', gen_random_uuid(), 'seq', 99))).* from operation o where seq = 4""",
        ),
        ("operation .* has no leaf, though checkpoint 2 was signed after it came",),
    ),
    "a photo's row gone": (("delete from photo",), ("leaf .: .* is gone",)),
    "another root beside a checkpoint": (
        ("update checkpoint set root = sha256('other') where n = 2",),
        ("checkpoint 2: its note does not say what is stored beside it",),
    ),
    "another size beside a checkpoint": (
        ("update checkpoint set size = 4 where n = 2",),
        ("checkpoint 2: its note does not say what is stored beside it",),
    ),
    "another edge beside a checkpoint": (
        ("update checkpoint set edge = edge || edge where n = 2",),
        ("checkpoint 2: the edge that is stored beside it is not the tree's",),
    ),
    "a note that cannot be read": (
        ("update checkpoint set note = 'nothing' where n = 2",),
        ("checkpoint 2: It does not have the three lines of a checkpoint.",),
    ),
}


def assert_told(found: tuple[str, ...], told: tuple[str, ...]) -> None:
    """Every fault is one that was to be told, in that order."""
    assert len(found) == len(told), found
    for words, pattern in zip(found, told, strict=True):
        assert re.search(pattern, words), words


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found_and_told_apart(logged: Logged, fault: str) -> None:
    statements, told = PLANTED[fault]
    logged.tamper(*statements)
    assert_told(logged.verify(), told)


def _signed_by(signer: Any, **changed: Any) -> Callable[[Logged], None]:
    return lambda logged: logged.sign_otherwise(signer, **changed)


def _unsigned(logged: Logged) -> None:
    """Another root in a note, under the signature that was there."""
    note = last_note(logged)
    body = read_note(note)
    other = note.replace(body.text(), replace(body, root=bytes(32)).text())
    logged.tamper("update checkpoint set note = :note where n = 2", note=other)


NOTES = {
    "by a key that is not ours": (
        _signed_by(FOREIGN),
        ("checkpoint 2: It is signed by a key that this server does not know.",),
    ),
    "another root by nobody": (
        _unsigned,
        (
            f"checkpoint 2: The signature is not the one of key {SIGNER.key}.",
            "checkpoint 2: the leaves from 1 to 4 are not the ones that were signed",
        ),
    ),
    "another root by our own key": (
        _signed_by(SIGNER, root=bytes(32)),
        (
            "checkpoint 2: its note does not say what is stored beside it",
            "checkpoint 2: the leaves from 1 to 4 are not the ones that were signed",
        ),
    ),
}


@pytest.mark.parametrize("fault", NOTES)
def test_a_checkpoint_that_was_signed_otherwise_is_told_apart(logged: Logged, fault: str) -> None:
    plant, told = NOTES[fault]
    plant(logged)
    assert_told(logged.verify(), told)


def last_note(logged: Logged) -> str:
    with logged.database.reading() as session:
        return str(session.scalar(text("select note from checkpoint order by n desc limit 1")))


FORGET = (
    "delete from log_leaf where n >= 1",
    "delete from checkpoint where n = 2",
    "delete from photo",
    "delete from held_operation",
    *(statement.format(seq) for seq in (2, 3, 4) for statement in REMOVE),
)


def test_the_end_of_the_log_taken_away_whole_is_found_by_a_note_kept_elsewhere_alone(
    logged: Logged,
) -> None:
    kept = KeptNote("kept.txt", last_note(logged))
    logged.tamper(*FORGET)
    # This is what nobody can notice from inside the database.
    assert logged.verify() == ()
    assert logged.verify(kept) == (
        "the log is cut off: 5 leaves were signed by kept.txt, 1 are here",
    )


def test_a_kept_note_of_a_life_that_a_restore_ended_says_so(logged: Logged) -> None:
    kept = KeptNote("kept.txt", last_note(logged))
    logged.tamper(*FORGET)
    logged.database.begin_epoch("restored in a test")
    assert_told(
        logged.verify(kept),
        ("kept.txt: 5 leaves were signed in another life .*, 1 of them are here",),
    )


def test_a_kept_note_that_is_forged_is_no_witness(logged: Logged) -> None:
    forged = signed_note(FOREIGN, read_note(last_note(logged)))
    assert logged.verify(KeptNote("kept.txt", forged)) == (
        "kept.txt: It is signed by a key that this server does not know.",
    )


class Kept:
    """The bucket, for somebody who may write there."""

    def __init__(self, settings: Settings) -> None:
        s3 = settings.s3
        self.store = PhotoStore(s3)
        self.bucket = s3.bucket
        self.client: Any = boto3.client(
            "s3",
            endpoint_url=s3.endpoint_url,
            region_name=s3.region,
            aws_access_key_id=s3.access_key,
            aws_secret_access_key=s3.secret_key,
        )

    def remove(self, sha256: bytes) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=self.store.key(sha256))

    def exchange(self, sha256: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=self.store.key(sha256), Body=b"other")


ORIGINALS = {
    "removed": (Kept.remove, "its original is missing in the bucket"),
    "exchanged": (Kept.exchange, "other bytes lie in its place"),
}


@pytest.mark.parametrize("fault", ORIGINALS)
def test_an_original_that_is_missing_or_other_is_found(
    new_settings: Callable[[], Settings], tmp_path: Path, fault: str
) -> None:
    plant, told = ORIGINALS[fault]
    settings = new_settings()
    app = create_app(settings)
    logged, kept = Logged(app), Kept(settings)
    whole, other = logged.hand_over(), logged.hand_over()
    logged.sign()
    assert list(verify_originals(logged.database, kept.store)) == [(2, [])]
    with cli_on(settings, tmp_path) as cli:
        assert cli.done("checkpoint", "verify") == (
            "2 leaves under 1 checkpoints, 2 originals in the bucket: all as they were signed.\n"
        )
        plant(kept, other)
        assert list(verify_originals(logged.database, kept.store)) == [
            (2, [f"photo {other.hex()}: {told}"])
        ]
        said = cli.refused("checkpoint", "verify")
        assert f"photo {other.hex()}: {told}" in said
        assert whole.hex() not in said
        # The database alone is as it was.
        assert "all as they were signed" in cli.done("checkpoint", "verify", "--no-photos")
        note = cli.file("kept.txt", last_note(logged).encode())
        assert "all as they" in cli.done("checkpoint", "verify", "--no-photos", "--note", note)
    app.extensions["database"].engine.dispose()
