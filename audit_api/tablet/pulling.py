"""What the tablet may know: pulled page by page, each page and its cursor in one transaction.

The picture is kept as the server says it: one row for each scope, kind and id, with its version.
The last page says what must be there now; if it is not, the tablet says what it has and gets the
differences.
"""

import gzip
import hashlib
import json
import sqlite3
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from audit_api.tablet.errors import Garbled, Refused
from audit_api.tablet.link import Answer, Link
from audit_api.tablet.restored import begin_again, check_epoch
from audit_api.tablet.store import Store, note

PULL = "/api/v1/sync/pull"
RESYNC = "/api/v1/sync/resync"
SNAPSHOTS = "/api/v1/sync/snapshots"
CATALOG = "/api/v1/catalog"
PAGE = 500
_MAX_RESYNCS = 3
_MAX_UNPACKED = 200_000_000


@dataclass(slots=True)
class Pulled:
    """What a pull brought: items that came or went, resyncs it needed, whether all was served."""

    items: int = 0
    resyncs: int = 0
    restored: bool = False


@dataclass(slots=True)
class Puller:
    """Pulls for one tablet. `files`: take the first sync from snapshot files if there are any."""

    store: Store
    link: Link
    page: int = PAGE
    files: bool = True

    def pull(self) -> Pulled:
        """Everything up to now. Raises LinkDown, and Refused for a device that was revoked."""
        pulled = Pulled()
        known = self.store.identity
        if self.files and known["cursor"] is None and not known["resync"]:
            self._take_files(pulled)
        while True:
            if self.store.identity["resync"]:
                self._resync(pulled)
            try:
                while self._take_page(pulled):
                    pass
            except Refused as error:
                if error.status == 410:
                    with self.store.writing() as db:
                        begin_again(db)
                    pulled.restored = True
                elif error.status == 400:
                    with self.store.writing() as db:
                        db.execute("update tablet set cursor = null, resync = 1")
                else:
                    raise
            if not self.store.identity["resync"] or pulled.resyncs >= _MAX_RESYNCS:
                return pulled

    def _take_page(self, pulled: Pulled) -> bool:
        """One page from the cursor on; True when another follows."""
        cursor = self.store.identity["cursor"]
        query = {"limit": self.page} | ({"cursor": cursor} if cursor else {})
        # The cursor is the server's ETag: what did not change costs no body.
        headers = {"If-None-Match": f'"{cursor}"'} if cursor else {}
        page = self.link.ask(
            "GET", f"{PULL}?{urlencode(query)}", _read_page, headers=headers | _GZIP
        )
        if page is None:
            return False
        return self._apply(page, cursor, pulled)

    def _resync(self, pulled: Pulled) -> None:
        """Say what is here, and take the differences."""
        cursor = self.store.identity["cursor"]
        have = [
            [row["scope"], row["kind"], row["id"], row["version"]]
            for row in self.store.rows("select scope, kind, id, version from item")
        ]
        body = gzip.compress(json.dumps({"have": have}).encode())
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"} | _GZIP
        pulled.resyncs += 1
        try:
            page = self.link.ask("POST", RESYNC, _read_page, body=body, headers=headers)
        except Refused as error:
            if error.status not in (404, 413):
                raise
            # Too much for one question, or an older server: begin the picture anew.
            with self.store.writing() as db:
                db.execute("delete from item")
                db.execute("update tablet set cursor = null, resync = 0")
            return
        if page is None:
            raise Garbled("A resync was answered without a page.")
        self._apply(page, cursor, pulled, resynced=True)

    def _apply(
        self, page: dict[str, Any], asked: str | None, pulled: Pulled, *, resynced: bool = False
    ) -> bool:
        """Store a page with its cursor, unless another sync went on from `asked` meanwhile."""
        with self.store.writing() as db:
            (cursor,) = db.execute("select cursor from tablet").fetchone()
            if cursor != asked:
                return True
            if check_epoch(db, page["epoch"]):
                pulled.restored = True
                return False
            scopes = [(scope,) for scope in page["scopes"]]
            db.execute("delete from scope")
            db.executemany("insert into scope values (?)", scopes)
            db.execute("delete from item where scope not in (select name from scope)")
            for item in page["items"]:
                _store_item(db, item)
            db.execute(
                """update tablet set cursor = ?, resync = iif(?, 0, resync),
                    last_contact = coalesce(?, last_contact)""",
                (page["cursor"], resynced, page.get("server_time")),
            )
            pulled.items += len(page["items"])
            if page["more"]:
                return True
            wrong = differing(db, page.get("digest") or {})
            if wrong:
                db.execute("update tablet set resync = 1")
                note(db, "picture differs", None, scopes=wrong)
            note(db, "pulled", page["cursor"], items=len(page["items"]))
        if page.get("catalog") is not None:
            self._take_catalog(page["catalog"])
        return False

    def _take_catalog(self, digest: str) -> None:
        """The list of forms, standards and profiles, when it is another than the kept one."""
        path = self.store.folder / "catalog.json"
        if _sha256_of(path) == digest:
            return
        try:
            data = self.link.ask("GET", CATALOG, lambda answer: answer.body)
        except Refused as error:
            if error.status != 404:
                raise
            return  # nobody without a grant has a use for it; the next pull asks again
        if hashlib.sha256(data).hexdigest() == digest:
            written = path.with_suffix(".new")
            written.write_bytes(data)
            written.replace(path)

    def _take_files(self, pulled: Pulled) -> None:
        """The first picture from files, if the server has some; a pull goes on from there."""
        try:
            listed = self.link.ask("GET", SNAPSHOTS, lambda answer: answer.json())
            files = [(file, self._fetch(file)) for file in listed["files"]]
        except (Garbled, KeyError, TypeError):
            return  # a pull from the beginning brings the same
        except Refused as error:
            if error.status == 404:
                return
            raise
        with self.store.writing() as db:
            if db.execute("select cursor from tablet").fetchone()[0] is not None:
                return
            if check_epoch(db, listed["epoch"]):
                pulled.restored = True
            db.execute("delete from item")
            for _, path in files:
                with gzip.open(path) as lines:
                    next(lines)
                    for line in lines:
                        _store_item(db, json.loads(line))
                        pulled.items += 1
            db.execute("update tablet set cursor = ?", (listed["cursor"],))
            note(db, "first picture from files", listed["cursor"], files=len(files))
        for _, path in files:
            path.unlink(missing_ok=True)

    def _fetch(self, file: dict[str, Any]) -> Path:
        """One file, whole and as it was listed; what was there of it is not fetched again."""
        path = self.store.folder / f"snapshot-{file['sha256']}"
        while True:
            have = path.stat().st_size if path.exists() else 0
            if have == file["bytes"] and _sha256_of(path) == file["sha256"]:
                return path
            if have >= file["bytes"]:
                path.unlink()
                raise Garbled("A file is not what was listed.")
            asked = {"Range": f"bytes={have}-", "If-Range": f'"{file["sha256"]}"'} if have else {}
            part = self.link.ask("GET", file["address"], lambda answer: answer, headers=asked)
            with path.open("ab" if part.status == 206 else "wb") as opened:
                opened.write(part.body)


_GZIP = {"Accept-Encoding": "gzip"}


def _sha256_of(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None


def _store_item(db: sqlite3.Connection, item: list[Any]) -> None:
    # An older server says no version: then no digest either, which would need one.
    scope, kind, entity, doc, version = item if len(item) == 5 else [*item, 0]
    if doc is None:
        db.execute(
            "delete from item where scope = ? and kind = ? and id = ?", (scope, kind, entity)
        )
        return
    db.execute(
        "insert or replace into item (scope, kind, id, version, doc) values (?, ?, ?, ?, ?)",
        (scope, kind, entity, version, json.dumps(doc, ensure_ascii=False)),
    )


def differing(db: sqlite3.Connection, digest: dict[str, Any]) -> list[str]:
    """The scopes of which the tablet holds something else than the server says it must."""
    held = {
        scope: {"count": count, "sum": total}
        for scope, count, total in db.execute(
            "select scope, count(*), sum(version) from item group by scope"
        ).fetchall()
    }
    nothing = {"count": 0, "sum": 0}
    return sorted(scope for scope, said in digest.items() if held.get(scope, nothing) != said)


def _read_page(answer: Answer) -> dict[str, Any] | None:
    """A page as JSON; None for 304. Garbled unless every part of it has the shape it must have."""
    if answer.status == 304:
        return None
    page = _unpacked(answer).json()
    items = page.get("items")
    wanted = {"epoch": str, "scopes": list, "items": list, "cursor": str, "more": bool}
    if any(not isinstance(page.get(name), kind) for name, kind in wanted.items()):
        raise Garbled("The page lacks a part.")
    for item in items or ():
        if (
            not isinstance(item, list)
            or len(item) not in (4, 5)
            or not all(isinstance(name, str) for name in item[:3])
            or not (item[3] is None or isinstance(item[3], dict))
        ):
            raise Garbled("The page has an item that cannot be read.")
    return page


def _unpacked(answer: Answer) -> Answer:
    if answer.headers.get("content-encoding") != "gzip":
        return answer
    unpack = zlib.decompressobj(31)
    try:
        body = unpack.decompress(answer.body, _MAX_UNPACKED)
    except zlib.error:
        raise Garbled("The packed page was damaged.") from None
    if not unpack.eof:
        raise Garbled("The packed page was cut.")
    return Answer(answer.status, answer.headers, body)
