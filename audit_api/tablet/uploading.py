"""A large original on its way: it goes on where the link broke, today or next week (tus 1.0.0).

The address of an unfinished upload is kept, so that nothing that the server has is sent twice.
"""

from base64 import b64encode
from typing import Final

from audit_api.tablet.errors import Garbled, LinkDown, Refused
from audit_api.tablet.link import Answer, Link
from audit_api.tablet.outbox import PhotoFile
from audit_api.tablet.store import Store

_UPLOADS: Final = "/api/v1/uploads"
_VERSION: Final = {"Tus-Resumable": "1.0.0"}
_GONE: Final = (404, 410)


def upload_photo(store: Store, link: Link, photo: PhotoFile, data: bytes) -> None:
    """Bring one original over; returns when the server said that all of it is there and proven.

    Patience is for a link on which nothing goes on: it begins anew whenever some bytes arrived.
    Raises LinkDown, Refused.
    """
    path, offset = _resume(store, link, photo) or _begin(store, link, photo)
    failures = 0
    while offset < photo.bytes:
        try:
            offset = _send(link, path, offset, data)
            failures = 0
            continue
        except (LinkDown, Refused) as error:
            failures += 1
            if failures == link.patience.tries:
                raise
            if isinstance(error, LinkDown):
                link.patience.pause(failures)
        before = offset
        path, offset = _resume(store, link, photo) or _begin(store, link, photo)
        if offset > before:
            failures = 0
    with store.writing() as db:
        db.execute("delete from upload where sha256 = ?", (photo.sha256,))


def _begin(store: Store, link: Link, photo: PhotoFile) -> tuple[str, int]:
    """A new upload: its path, and how much of it the server has."""

    def understand(answer: Answer) -> tuple[str, int]:
        location = answer.headers.get("location", "")
        if answer.status != 201 or not location:
            raise Garbled("The answer names no upload.")
        return f"{_UPLOADS}/{location.rpartition('/')[2]}", _offset(answer, photo)

    pairs = {"sha256": photo.sha256, "content_type": photo.content_type}
    metadata = ",".join(f"{k} {b64encode(v.encode()).decode()}" for k, v in pairs.items())
    headers = _VERSION | {"Upload-Length": str(photo.bytes), "Upload-Metadata": metadata}
    path, offset = link.ask("POST", _UPLOADS, understand, headers=headers)
    with store.writing() as db:
        db.execute(
            """insert into upload (sha256, path) values (?, ?)
            on conflict (sha256) do update set path = excluded.path""",
            (photo.sha256, path),
        )
    return path, offset


def _resume(store: Store, link: Link, photo: PhotoFile) -> tuple[str, int] | None:
    """The upload that was begun before, and how much the server has; None if it has forgotten."""
    path = store.value("select path from upload where sha256 = ?", photo.sha256)
    if path is None:
        return None
    try:
        offset = link.ask("HEAD", path, lambda answer: _offset(answer, photo), headers=_VERSION)
    except Refused as error:
        if error.status in _GONE:
            return None
        raise
    return path, offset


def _send(link: Link, path: str, offset: int, data: bytes) -> int:
    """Send the rest once; the offset that the server then has."""

    def understand(answer: Answer) -> int:
        said = answer.headers.get("upload-offset", "")
        if not said.isdecimal() or not offset < int(said) <= len(data):
            raise Garbled("The answer does not say how much is there.")
        return int(said)

    headers = _VERSION | {
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
    }
    return link.ask_once("PATCH", path, understand, body=data[offset:], headers=headers)


def _offset(answer: Answer, photo: PhotoFile) -> int:
    said = answer.headers.get("upload-offset", "")
    if not said.isdecimal() or int(said) > photo.bytes:
        raise Garbled("The answer does not say how much is there.")
    return int(said)
