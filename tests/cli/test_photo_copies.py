"""Originals are copied into a folder and put back, each proven on its way."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from audit_api.app import create_app
from audit_api.settings import Settings
from audit_api.storage.evidence.photo_store import PhotoStore
from tests.cli.conftest import Cli, cli_on
from tests.journeys.restoring import empty_bucket, originals
from tests.services.logged import Logged

COPIED = "{0} originals, {1} of them copied now; all have the bytes that their hash says.\n"


@pytest.fixture
def logged(new_settings: Callable[[], Settings]) -> Iterator[Logged]:
    app = create_app(new_settings())
    yield Logged(app)
    app.extensions["database"].engine.dispose()


@pytest.fixture
def cli(logged: Logged, tmp_path: Path) -> Iterator[Cli]:
    settings: Settings = logged.client.application.extensions["settings"]
    with cli_on(settings, tmp_path) as made:
        yield made


def files(folder: Path) -> dict[str, bytes]:
    """What lies in a copy, by the key that it has in the bucket."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_second_copy_adds_what_is_new(logged: Logged, cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    assert cli.done("backup", "photos", str(folder)) == COPIED.format(0, 0)
    hashes = [logged.hand_over(), logged.hand_over()]
    assert cli.done("backup", "photos", str(folder)) == COPIED.format(2, 2)
    hashes.append(logged.hand_over())
    assert cli.done("backup", "photos", str(folder)) == COPIED.format(3, 1)
    settings: Settings = logged.client.application.extensions["settings"]
    bucket = originals(settings.s3)
    assert files(folder).items() <= bucket.items()
    assert {key.rsplit("/", 1)[1] for key in files(folder)} == {h.hex() for h in hashes}


def test_a_copy_that_was_broken_off_is_no_original(
    logged: Logged, cli: Cli, tmp_path: Path
) -> None:
    logged.hand_over()
    cli.done("backup", "photos", str(tmp_path))
    (original,) = tmp_path.rglob("originals/sha256/*/*/*")
    original.with_name(f".{original.name}.0a1b2c3d").write_bytes(original.read_bytes()[:5])
    # The bucket has it: nothing is written over.
    assert cli.done("backup", "put-back", str(tmp_path)) == COPIED.format(1, 0)


EXAMINED = """
    insert into photo_examination (sha256, examined_at, refused)
    select sha256, now(), 'not a photo' from photo
"""


def test_what_was_put_back_is_examined_again_since_its_previews_are_gone(
    logged: Logged, cli: Cli, tmp_path: Path
) -> None:
    there, gone = logged.hand_over(), logged.hand_over()
    cli.done("backup", "photos", str(tmp_path))
    logged.tamper(EXAMINED)
    settings: Settings = logged.client.application.extensions["settings"]
    empty_bucket(settings.s3, PhotoStore.key(gone))
    assert cli.done("backup", "put-back", str(tmp_path)) == COPIED.format(2, 1)
    assert cli.query("select sha256 from photo_examination") == [(there,)]
    assert PhotoStore.key(gone) in originals(settings.s3)


def test_a_folder_that_is_no_copy_is_refused_in_words(cli: Cli, tmp_path: Path) -> None:
    said = cli.refused("backup", "put-back", str(tmp_path))
    assert "has no folder `originals`: it is no copy of the bucket" in said


def test_a_bucket_that_does_not_answer_is_told_in_words(logged: Logged, tmp_path: Path) -> None:
    logged.hand_over()
    settings: Settings = logged.client.application.extensions["settings"]
    away = replace(settings, s3=replace(settings.s3, endpoint_url="http://127.0.0.1:1"))
    with cli_on(away, tmp_path) as cli:
        said = cli.refused("backup", "photos", str(tmp_path))
    assert "The bucket does not answer (EndpointConnectionError)" in said
    assert "Run it again" in said
