"""docs/field-app.md, replayed: every printed request gets the printed answer from a real server."""

import gzip
import hashlib
import http.client
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from audit_api.domain.evidence.receipts import Receipt, is_genuine
from audit_api.domain.vocabulary import OperationStatus
from audit_api.storage.base import Database
from tests.factories import World
from tests.field_app.guide import Exchange, Meanwhile, Unpacked, parts
from tests.field_app.likeness import Likeness, Unlike
from tests.field_app.meanwhile import Elsewhere
from tests.journeys.server import Server

# The photo whose hash the guide prints.
PHOTO = b"\xff\xd8\xff\xe0 a ramp, photographed\n"
PUBLIC = ("/api/v1/devices/enrol", "/api/v1/receipts/keys")
_SIZES = re.compile(r"\d+-\d+/\d+")


@pytest.fixture(scope="module")
def page(project_root: Path) -> Path:
    return project_root / "docs" / "field-app.md"


@dataclass
class Reader:
    """Somebody who does what the page says, word for word."""

    base_url: str
    likeness: Likeness
    token: str | None = None
    files: bytes = b""
    cursor: str = ""
    received: list[Any] = field(default_factory=list)

    def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One request; the body of the answer unpacked."""
        address = urlsplit(self.base_url)
        link = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
        try:
            link.request(method, path, body or None, dict(headers))
            answer = link.getresponse()
            data = answer.read()
        finally:
            link.close()
        if answer.headers.get("Content-Encoding") == "gzip":
            data = gzip.decompress(data)
        return answer.status, answer.headers, data

    def follow(self, exchange: Exchange) -> None:
        """Send the printed request, and compare the answer with the printed one."""
        method, path = self._begin(exchange.request.first)
        headers = {n: self.likeness.as_live(v) for n, v in exchange.request.headers.items()}
        if self.token and not path.startswith(PUBLIC):
            headers["Authorization"] = f"Bearer {self.token}"
        if exchange.request.has_bytes:
            start = int(headers.get("Upload-Offset", 0))
            body = PHOTO[start : start + int(headers["Content-Length"])]
        else:
            body = self.likeness.as_live(exchange.request.body).encode()
        if headers.get("Content-Encoding") == "gzip":
            body = gzip.compress(body)
        status, got, data = self.send(method, path, headers, body)
        printed = exchange.answer
        if int(printed.first[:3]) != status:
            raise Unlike(f"printed {printed.first}, got {status}: {data[:2000].decode()}")
        if printed.has_bytes:
            self.files = data if status == 200 else self.files + data
        elif printed.body:
            said = json.loads(data)
            self.likeness.check(printed.json(), said)
            self.received.append(said)
            self.cursor = said.get("cursor", self.cursor)
            if path.endswith("/enrol"):
                self.token = said["token"]
        elif data:
            raise Unlike(f"printed no body, got {data[:200].decode()}")
        for name, value in printed.headers.items():
            self._check_header(name, value, got.get(name, ""))

    def _begin(self, printed: str) -> tuple[str, str]:
        """Method and path. A cursor that was not printed is the last one that came."""
        cursor = re.search(r"cursor=([^&]+)", printed)
        if cursor and cursor[1] not in self.likeness.live:
            self.likeness.bind(cursor[1], self.cursor)
        method, _, path = self.likeness.as_live(printed).partition(" ")
        return method, path

    def break_off(self) -> None:
        """Of the file that came, only the beginning did."""
        self.files = self.files[:100]

    def pull_on(self) -> None:
        """Pull until nothing is new, without printing it."""
        more = True
        while more:
            path = f"/api/v1/sync/pull?cursor={self.cursor}"
            headers = {"Authorization": f"Bearer {self.token}"}
            status, _, data = self.send("GET", path, headers, b"")
            if status == 304:
                return
            assert status == 200, data
            said = json.loads(data)
            self.cursor, more = said["cursor"], said["more"]

    def _check_header(self, name: str, printed: str, got: str) -> None:
        if name == "Content-Range":
            printed, got = _SIZES.sub("*", printed), _SIZES.sub("*", got)
        self.likeness.check(printed, got, f" header {name}")

    def unpack(self, unpacked: Unpacked) -> None:
        """Compare the lines of the file that came with the printed ones."""
        lines = [json.loads(line) for line in gzip.decompress(self.files).splitlines()]
        self.likeness.check(unpacked.items, lines)


def follow_all(page: Path, server: Server, database: Database, world: World) -> Reader:
    """The whole page; Unlike names the line at which an answer is another than printed."""
    reader = Reader(server.base_url, Likeness())
    elsewhere = Elsewhere(server.base_url, database, world, reader.likeness)
    elsewhere.moves |= {"the line breaks": reader.break_off, "the app pulls on": reader.pull_on}
    for part in parts(page):
        try:
            match part:
                case Meanwhile():
                    elsewhere.moves[part.what]()
                case Unpacked():
                    reader.unpack(part)
                case Exchange():
                    reader.follow(part)
        except Unlike as unlike:
            raise Unlike(f"{page.name}, line {part.line}: {unlike}") from None
    return reader


def test_every_printed_request_gets_the_printed_answer(
    page: Path, server: Server, database: Database, guide_world: World
) -> None:
    reader = follow_all(page, server, database, guide_world)
    assert len(reader.received) >= 15
    # What the page says of receipts holds for those that came, too.
    keys = keys_in(reader.received)
    receipts = receipts_in(reader.received)
    assert len(receipts) >= 8
    assert all(is_genuine(*Receipt.from_json(receipt), keys) for receipt in receipts)


def keys_in(said: Any) -> dict[str, bytes]:
    items = [item for one in said for item in one.get("items", []) if "public_key" in item]
    return {item["key"]: bytes.fromhex(item["public_key"]) for item in items}


def receipts_in(said: Any) -> list[Any]:
    """Every receipt anywhere in some answers."""
    if isinstance(said, list):
        return [receipt for one in said for receipt in receipts_in(one)]
    if not isinstance(said, dict):
        return []
    if "signature" in said:
        return [said]
    return [receipt for one in said.values() for receipt in receipts_in(one)]


def test_printed_receipts_and_hashes_can_be_checked_by_whoever_reads_them(page: Path) -> None:
    exchanges = [part for part in parts(page) if isinstance(part, Exchange)]
    answers = [e.answer.json() for e in exchanges if e.answer.body and not e.answer.has_bytes]
    keys = keys_in(answers)
    receipts = [receipt for receipt in receipts_in(answers) if "…" not in receipt.values()]
    assert {receipt["level"] for receipt in receipts} == {"received", "durable"}
    assert all(is_genuine(*Receipt.from_json(receipt), keys) for receipt in receipts)
    text = page.read_text(encoding="utf-8")
    hashed = re.findall(
        r'"sha256":"([0-9a-f]{64})","prev_sha256":.*\n.*"at":.*\n *"body":(\{.*\})\}', text
    )
    assert len(hashed) >= 5
    for sha256, body in hashed:
        assert hashlib.sha256(body.encode()).hexdigest() == sha256


def test_the_page_says_what_to_do_about_every_status(page: Path) -> None:
    _, _, table = page.read_text(encoding="utf-8").partition("| status | what the app does |")
    told = set(re.findall(r"^\| `([a-z_]+)` \|", table.partition("\n\n")[0], re.MULTILINE))
    assert told == set(OperationStatus)


@pytest.mark.parametrize(
    ("printed", "live"),
    [
        ({"rev": 1}, {"rev": 2}),
        ({"rev": 1}, {"rev": 1, "more": True}),
        ({"rev": 1, "more": True}, {"rev": 1}),
        ({"items": []}, {"items": [1]}),
        ({"items": [1, 2]}, {"items": [1]}),
        ({"status": "applied"}, {"status": "merged"}),
        ({"n": 1}, {"n": True}),
        ({"at": "2026-11-28T00:00:00Z"}, {"at": "yesterday"}),
        ({"detail": "Sent. …"}, {"detail": "Lost. Send it again."}),
        (["0" * 64, "0" * 64], ["0" * 64, "1" * 64]),
    ],
    ids=str,
)
def test_a_difference_is_noticed(printed: Any, live: Any) -> None:
    with pytest.raises(Unlike):
        Likeness().check(printed, live)


def test_more_of_the_same_and_other_ids_are_no_difference() -> None:
    one, other = "a" * 64, "b" * 64
    printed = {"items": [one, "…"], "again": one, "…": "…", "detail": "Sent. …", "until": 7}
    live = {"items": [other, 2, 3], "again": other, "x": 1, "detail": "Sent. Well.", "until": 9}
    Likeness().check(printed, live)
