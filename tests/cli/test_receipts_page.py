"""docs/receipts.md as a court's expert follows it: openssl, sha256sum, and nothing of ours."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from audit_api.settings import Settings
from audit_api.storage.base import Database
from tests.backups import Backups
from tests.factories import World, operation, push, ramp_of
from tests.http.populated import with_photo
from tests.pages import Page

PHOTO = b"\xff\xd8\xff\xe0 the ramp " + uuid4().bytes
CHECK = "printf '%s' \"$signature\""
VERIFIED = "Signature Verified Successfully"


@pytest.fixture
def page(project_root: Path, tmp_path: Path, settings: Settings) -> Page:
    url = settings.database_url.replace("+psycopg", "")
    return Page(project_root / "docs" / "receipts.md", tmp_path, {"DATABASE_URL": url})


@pytest.fixture(scope="module")
def handed_in(app: Flask, database: Database, world: World) -> dict[str, Any]:
    """An inspection with a photo, in the log and in a backup; its durable receipt."""
    client = app.test_client()
    body = with_photo(ramp_of(world, "near-1"), PHOTO)
    assert push(client, world, operation(body))["results"][0]["status"] == "applied"
    headers = world.device_headers() | {"Content-Type": "image/jpeg"}
    path = f"/api/v1/photos/{hashlib.sha256(PHOTO).hexdigest()}"
    assert client.put(path, data=PHOTO, headers=headers).status_code == 201
    Backups(database).make()
    answer = client.get("/api/v1/sync/receipts", headers=world.device_headers())
    (receipt,) = answer.json["items"]
    return dict(receipt)


@pytest.fixture
def public_key(app: Flask) -> str:
    (item,) = app.test_client().get("/api/v1/receipts/keys").json["items"]
    return str(item["public_key"])


def written(page: Page, receipt: dict[str, Any]) -> str:
    """Step 1: the page's eleven lines with the receipt's members."""

    def member(match: re.Match[str]) -> str:
        value = receipt.get(match[1])
        return " ".join(sorted(value)) or "-" if isinstance(value, list) else str(value or "-")

    return re.sub(r"<(\w+)>", member, page.block("audit_api receipt", "text"))


def test_a_receipt_is_checked_by_hand(
    page: Page, handed_in: dict[str, Any], public_key: str
) -> None:
    (page.folder / "receipt.txt").write_text(written(page, handed_in))
    named = page.run('printf "$(printf', public_key=public_key)
    assert named == f"{handed_in['key']}\n"
    assert VERIFIED in page.run(CHECK, signature=handed_in["signature"])


@pytest.mark.parametrize("line", range(11))
def test_a_receipt_with_any_line_changed_is_refused(
    page: Page, handed_in: dict[str, Any], public_key: str, line: int
) -> None:
    lines = written(page, handed_in).splitlines(keepends=True)
    lines[line] = lines[line].replace("\n", "0\n")
    (page.folder / "receipt.txt").write_text("".join(lines))
    page.run('printf "$(printf', public_key=public_key)
    outcome = page.outcome(page.block(CHECK), signature=handed_in["signature"])
    assert outcome.returncode != 0
    assert VERIFIED not in outcome.stdout


def test_the_body_and_the_photo_are_the_receipts(page: Page, handed_in: dict[str, Any]) -> None:
    page.run("psql", op=handed_in["op"])
    (page.folder / "photo.jpg").write_bytes(PHOTO)
    body, size, photo = page.run("sha256sum").splitlines()
    assert (body.split()[0], int(size)) == (handed_in["sha256"], handed_in["bytes"])
    assert [photo.split()[0]] == handed_in["photos_held"]
    # What the server answers for is an inspection that can be read.
    assert json.loads((page.folder / "body.json").read_text())["form"] == "ramp/1"


def test_a_checkpoint_is_checked_by_hand(
    page: Page, app: Flask, handed_in: dict[str, Any], public_key: str
) -> None:
    note = app.test_client().get("/log/checkpoint").text
    assert int(note.splitlines()[1]) >= handed_in["checkpoint"]
    page.run('printf "$(printf', public_key=public_key)
    (page.folder / "checkpoint.txt").write_text(note)
    assert VERIFIED in page.run("head -n 3")
    (page.folder / "checkpoint.txt").write_text(note.replace("\n2\n", "\n3\n", 1))
    assert page.outcome(page.block("head -n 3")).returncode != 0
