"""Looks into a tablet's own file, past its program: what waits, what was answered, the picture."""

import gzip
import http.client
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

ANSWERED = ("applied", "merged", "conflict", "quarantined", "rejected", "op_reused", "mended")


class Outbox:
    """The file of one tablet; every look is a connection of its own."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "tablet.db"

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a query; none while the file is not made."""
        if not self._path.exists():
            return []
        with closing(sqlite3.connect(self._path, timeout=30)) as db:
            return db.execute(sql, values).fetchall()

    def identity(self) -> tuple[str, str]:
        """Device and token."""
        device, token = self.rows("select device, token from tablet")[0]
        return str(device), str(token)

    def waiting(self) -> list[bytes]:
        """The operations that still have to go, as they go over the wire, oldest first."""
        rows = self.rows(
            "select record from operation where state = 'waiting' order by seq limit 100"
        )
        return [row[0] for row in rows]

    def record(self, op: str) -> bytes:
        """One operation as it goes over the wire."""
        found: bytes = self.rows("select record from operation where op = ?", op)[0][0]
        return found

    def inspections(self) -> list[tuple[str, str, str]]:
        """Newest operation of each inspection that may be corrected: op, inspection, site."""
        rows = self.rows(
            """select op, entity, json_extract(body, '$.site'), max(seq) from operation
            where state in ('waiting', 'applied') group by entity order by max(seq)"""
        )
        return [(op, entity, site) for op, entity, site, _ in rows]

    def states(self) -> dict[str, int]:
        """How many operations are in which state."""
        return dict(self.rows("select state, count(*) from operation group by state"))

    def owed(self) -> dict[str, int]:
        """What the tablet still has to hand in."""
        operations = self.rows("select count(*) from operation where state = 'waiting'")
        photos = self.rows("select count(*) from photo where state = 'wanted'")
        return {
            "operations": operations[0][0] if operations else 0,
            "photos": photos[0][0] if photos else 0,
        }

    def operations(self) -> list[tuple[str, str, str, str]]:
        """All operations: op, inspection, state, hash of the body."""
        return self.rows("select op, entity, state, sha256 from operation order by seq")

    def photos(self) -> dict[str, str]:
        """The state of each photo by its hash."""
        return dict(self.rows("select sha256, state from photo"))

    def picture(self) -> dict[tuple[str, str, str], Any]:
        """What the tablet shows: documents by scope, kind and id."""
        rows = self.rows("select scope, kind, id, doc from item")
        return {(scope, kind, key): json.loads(doc) for scope, kind, key, doc in rows}

    def differed(self) -> int:
        """How often the tablet found, by the server's digest, that a pull had left it wrong."""
        return int(self.rows("select count(*) from note where what = 'picture differs'")[0][0])

    def acknowledged(self) -> list[tuple[str, str]]:
        """Every receipt that the tablet noted when it came: op, `received_at`."""
        return self.rows(
            """select about, json_extract(detail, '$.receipt.received_at') from note
            where what = 'settled' and json_extract(detail, '$.receipt') is not null"""
        )

    def restored(self) -> int:
        """How often the tablet was told that the server's database was an older one."""
        return int(self.rows("select count(*) from note where what = 'restored server'")[0][0])

    def scopes(self) -> set[str]:
        """The scopes that the tablet believes it has."""
        return {row[0] for row in self.rows("select name from scope")}


def push_raw(base_url: str, outbox: Outbox, records: Sequence[bytes], timeout_s: float) -> None:
    """Push operations and forget the answer, as a tablet does that is switched off meanwhile."""
    device, token = outbox.identity()
    head = json.dumps({"device": device, "batch": str(uuid4()), "client": {"app": "torture/1"}})
    body = gzip.compress(head.encode()[:-1] + b',"ops":[' + b",".join(records) + b"]}")
    address = urlsplit(base_url)
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
    }
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=timeout_s)
    try:
        connection.request("POST", "/api/v1/sync/push", body, headers)
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return
    finally:
        connection.close()
