"""Originals: which go, and how one goes. The hash in the address is the proof of arrival."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from audit_api.tablet.errors import Garbled, Refused
from audit_api.tablet.link import Answer, Link
from audit_api.tablet.outbox import PhotoFile
from audit_api.tablet.store import Store, note
from audit_api.tablet.uploading import upload_photo

_MAGIC = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
}
# In ISO media files the brand stands behind the first box's size and name.
_BRANDS = {
    b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heif", b"msf1": "image/heif",
}  # fmt: skip


# What a link of 5 kB/s carries in ten seconds goes in one request; more of it could be cut.
_AT_ONCE: Final = 50_000


@dataclass(slots=True)
class SentPhotos:
    """How many originals were handed over, with their bytes, and what was refused."""

    count: int = 0
    bytes: int = 0
    refused: int = 0


def content_type_of(data: bytes) -> str | None:
    """The type of an image by its first bytes; None for what no inspection may announce."""
    for magic, content_type in _MAGIC.items():
        if data.startswith(magic):
            return content_type
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12])
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def send_photos(store: Store, link: Link) -> SentPhotos:
    """Hand over what the server wants, then what belongs to work that it holds back."""
    sent = SentPhotos()
    for photo in _to_send(store):
        data = read_original(store, photo.sha256)
        if data is None:
            _complain(store, photo, "The file on the tablet is missing or damaged.")
            sent.refused += 1
            continue
        try:
            send_original(store, link, photo, data)
        except Refused as error:
            _complain(store, photo, str(error))
            sent.refused += 1
            continue
        with store.writing() as db:
            db.execute(
                """update photo set state = 'handed_over', problem = null
                where sha256 = ? and state in ('announced', 'wanted')""",
                (photo.sha256,),
            )
            note(db, "photo handed over", photo.sha256)
        sent.count += 1
        sent.bytes += photo.bytes
    return sent


def send_original(store: Store, link: Link, photo: PhotoFile, data: bytes) -> None:
    """Bring one original over; returns when the server said that it has exactly these bytes.

    Raises LinkDown, Refused.
    """
    if photo.bytes > _AT_ONCE:
        upload_photo(store, link, photo, data)
    else:
        put_photo(link, photo, data)


def put_photo(link: Link, photo: PhotoFile, data: bytes) -> None:
    """Bring a small original over in one request. Raises LinkDown, Refused."""

    def understand(answer: Answer) -> None:
        said = answer.json()
        if said.get("sha256") != photo.sha256 or said.get("bytes") != photo.bytes:
            raise Garbled("The answer is about another photo.")

    path = f"/api/v1/photos/{photo.sha256}"
    link.ask("PUT", path, understand, body=data, headers={"Content-Type": photo.content_type})


def read_original(store: Store, sha256: str) -> bytes | None:
    """An original from the tablet's folder; None when it is not there as it was."""
    try:
        data = (store.photos / sha256).read_bytes()
    except FileNotFoundError:
        return None
    return data if hashlib.sha256(data).hexdigest() == sha256 else None


def _to_send(store: Store) -> Iterator[PhotoFile]:
    """First what was asked for; then photos of operations that wait for somebody's decision, and
    of inspections which, as pulled, still miss some. None of a former owner's work."""
    rows = store.rows(
        """select distinct p.* from photo p join photo_use u on u.sha256 = p.sha256
        join operation o on o.op = u.op join tablet t on t.owner = o.owner
        where p.state = 'wanted' or (p.state = 'announced'
            and (o.state in ('conflict', 'quarantined') or exists (select 1 from item i
                where i.kind = 'inspection' and i.id = o.entity
                and json_extract(i.doc, '$.photos_missing') > 0)))
        order by p.state desc, o.seq"""
    )
    for row in rows:
        yield PhotoFile(row["sha256"], row["bytes"], row["content_type"])


def _complain(store: Store, photo: PhotoFile, problem: str) -> None:
    with store.writing() as db:
        db.execute("update photo set problem = ? where sha256 = ?", (problem, photo.sha256))
        note(db, "photo not handed over", photo.sha256, problem=problem)


def delete_durable(store: Store) -> list[str]:
    """Delete the originals whose durable receipt was verified; returns their hashes.

    The row goes first: a switched-off tablet may keep a file too many, never a promise too many.
    """
    with store.writing() as db:
        found = [
            row["sha256"]
            for row in db.execute(
                """select sha256 from photo p where state = 'durable' and not exists (
                    select 1 from photo_use u join operation o on o.op = u.op
                    where u.sha256 = p.sha256 and o.durable is null)"""
            ).fetchall()
        ]
        for sha256 in found:
            db.execute("update photo set state = 'deleted' where sha256 = ?", (sha256,))
            note(db, "deleted", sha256)
    for sha256 in found:
        (store.photos / sha256).unlink(missing_ok=True)
    return found
