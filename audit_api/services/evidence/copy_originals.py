"""Copies of the originals in a folder: made beside a dump, and put back into a bucket.

A file lies under the key that it has in the bucket, so that any program that copies a bucket to a
folder makes and reads the same. No transaction is open while bytes move.
"""

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from audit_api.storage.base import Database
from audit_api.storage.evidence import examinations, photos
from audit_api.storage.evidence.photo_store import PhotoStore

_ORIGINALS = "originals"
_WORKERS = 8
_PAGE = 500
_CONTENT_TYPE = "application/octet-stream"
"""What an original is called in the bucket again; what it is stands in its row."""


@dataclass(frozen=True, slots=True)
class Copied:
    """One page: originals looked at, how many of them were copied now, and what is wrong."""

    looked_at: int
    copied: int
    faults: tuple[str, ...]


def copy_originals(database: Database, store: PhotoStore, folder: Path) -> Iterator[Copied]:
    """Copy what the folder lacks of all originals that the database knows; tells after each page.

    Every copied byte is hashed on its way: a file is there under its name only if it is right.
    Files that were there are not read again; `put_back` does. Raises BucketUnavailable.
    """
    after = b""
    (folder / _ORIGINALS).mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(_WORKERS) as workers:
        while True:
            with database.reading() as session:
                page = photos.photos_after(session, after, limit=_PAGE)
            if not page:
                return
            outcomes = list(workers.map(lambda sha256: _copy(store, sha256, folder), page))
            yield _page(outcomes)
            after = page[-1]


def put_back(database: Database, store: PhotoStore, folder: Path) -> Iterator[Copied]:
    """Put every file of such a folder into the bucket unless it is there; tells after each page.

    Each file is hashed first, and one that is not what its name says is left out and told. What
    was not there has no previews there either: the worker examines it again. Raises
    BucketUnavailable.
    """
    found = (path for path in (folder / _ORIGINALS).rglob("*") if path.is_file())
    # What begins with a dot is a copy that was broken off.
    files = sorted(path for path in found if not path.name.startswith("."))
    with ThreadPoolExecutor(_WORKERS) as workers:
        for start in range(0, len(files), _PAGE):
            page = files[start : start + _PAGE]
            outcomes = list(workers.map(lambda path: _put(store, path, folder), page))
            put = [
                bytes.fromhex(path.name)
                for path, outcome in zip(page, outcomes, strict=True)
                if outcome == _DONE
            ]
            with database.writing() as session:
                examinations.forget_examinations(session, put)
            yield _page(outcomes)


_DONE, _THERE = "copied", "there"


def _page(outcomes: Iterable[str]) -> Copied:
    said = list(outcomes)
    faults = tuple(one for one in said if one not in (_DONE, _THERE))
    return Copied(len(said), said.count(_DONE), faults)


def _copy(store: PhotoStore, sha256: bytes, folder: Path) -> str:
    path = folder / store.key(sha256)
    if path.exists():
        return _THERE
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with part.open("xb") as file:
            found = store.stored_sha256(sha256, file)
            file.flush()
            os.fsync(file.fileno())
        if found is None:
            return f"photo {sha256.hex()}: its original is missing in the bucket"
        if found != sha256:
            return f"photo {sha256.hex()}: other bytes lie in its place in the bucket"
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
    return _DONE


def _put(store: PhotoStore, path: Path, folder: Path) -> str:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").digest()
        if path != folder / store.key(sha256):
            return f"{path.relative_to(folder)}: its bytes are not what its name says"
        size = file.tell()
        file.seek(0)
        stored = store.put(sha256, file, size=size, content_type=_CONTENT_TYPE)
    return _DONE if stored else _THERE
