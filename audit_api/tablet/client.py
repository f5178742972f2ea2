"""A tablet as a whole: enrol it, capture work on it, sync it, ask what it owes."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from audit_api.tablet import outbox, photos
from audit_api.tablet.clock import Clock, Moment
from audit_api.tablet.errors import Garbled, LinkDown, NotEnrolled, Refused, TabletError
from audit_api.tablet.link import Answer, HttpTransport, Link, Patience, Transport
from audit_api.tablet.outbox import Operation, PhotoFile
from audit_api.tablet.photos import SentPhotos
from audit_api.tablet.pulling import Pulled, Puller
from audit_api.tablet.pushing import Pushed, Pusher, holds
from audit_api.tablet.receipts import Keys, take_durable
from audit_api.tablet.store import Store

APP = "audit-api-tablet/1.0.0"
ENROL = "/api/v1/devices/enrol"


@dataclass(slots=True)
class SyncReport:
    """What one sync did. `revoked`: the server takes this tablet's work, and shows it nothing."""

    pushed: Pushed = field(default_factory=Pushed)
    photos: SentPhotos = field(default_factory=SentPhotos)
    pulled: Pulled = field(default_factory=Pulled)
    durable: int = 0
    deleted: list[str] = field(default_factory=list)
    revoked: bool = False


class Tablet:
    """An enrolled tablet in its folder. `transport` and `clock` are for tests; apps leave them."""

    def __init__(
        self,
        folder: Path,
        *,
        transport: Transport | None = None,
        patience: Patience | None = None,
        clock: Clock | None = None,
        app: str = APP,
    ) -> None:
        self.store = Store(folder)
        identity = self.store.identity
        self.clock = clock or Clock()
        self.link = Link(
            transport or HttpTransport(identity["base_url"]),
            identity["token"],
            patience or Patience(),
        )
        self._keys = Keys(self.store)
        self.pusher = Pusher(self.store, self.link, self.clock, self._keys, app)
        self.puller = Puller(self.store, self.link)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.link.hang_up()
        self.store.close()

    @classmethod
    def enrol(
        cls,
        folder: Path,
        base_url: str,
        code: str,
        name: str,
        *,
        transport: Transport | None = None,
        patience: Patience | None = None,
        clock: Clock | None = None,
        app: str = APP,
    ) -> Self:
        """Turn a one-time code into a tablet in `folder`, with a key of its own if it can.

        Asked once only: a code whose answer was lost is used up. Raises NotEnrolled with what to
        do, also if the folder holds a tablet already.
        """
        wire = transport or HttpTransport(base_url)
        store = Store(folder, new=True)
        try:
            if store.value("select device from tablet") is not None:
                raise NotEnrolled(f"{folder} holds a tablet already; take another folder.")
            private, public = _make_key()
            said = {"code": code, "name": name} | ({"public_key": public} if public else {})
            answer = _ask_to_enrol(Link(wire, None, Patience(tries=1)), said)
            with store.writing() as db:
                db.execute(
                    """insert into tablet (single, base_url, device, token, name, owner,
                        private_key) values (1, ?, ?, ?, ?, ?, ?)""",
                    (base_url, answer["device"], answer["token"], name, answer["owner"], private),
                )
        finally:
            wire.close()
            store.close()
        tablet = cls(folder, transport=transport, patience=patience, clock=clock, app=app)
        tablet._keys.fetch(tablet.link)
        return tablet

    def capture(
        self,
        body: bytes,
        *,
        entity: str,
        kind: str = "inspection",
        originals: Sequence[bytes] = (),
        base: dict[str, Any] | None = None,
        group: str | None = None,
        op: str | None = None,
        moment: Moment | None = None,
    ) -> Operation:
        """Keep an operation with the originals that its body announces; safe when this returns.

        `body` is JSON and goes out byte for byte. The same `op` with the same body may be captured
        again. Raises CannotCapture.
        """
        return outbox.capture(
            self.store,
            moment or self.clock.read(),
            kind=kind,
            entity=entity,
            body=body,
            photos=self._keep(originals),
            base=base,
            group=group,
            op=op,
        )

    def mend(self, op: str, body: bytes, *, originals: Sequence[bytes] = ()) -> Operation:
        """Put a mended body in the place of a rejected operation, under a new id and number.

        `originals`: those that the mended body announces and the rejected one did not.
        """
        return outbox.mend(self.store, self.clock.read(), op, body, self._keep(originals))

    def _keep(self, originals: Sequence[bytes]) -> list[PhotoFile]:
        files = []
        for data in originals:
            digest = outbox.keep_original(self.store, data)
            content_type = photos.content_type_of(data) or "application/octet-stream"
            files.append(PhotoFile(digest, len(data), content_type))
        return files

    def sync(self, *, delete_durable: bool = False) -> SyncReport:
        """Hand in, hand over, pull, take receipts, in this order: answers first, photos later.

        Raises LinkDown when the link does not hold; all that was done until then stays done.
        """
        report = SyncReport()
        self._hand_in(report)
        try:
            report.pulled = self.puller.pull()
            if report.pulled.restored:
                self._hand_in(report)
            _add(report.photos, photos.send_photos(self.store, self.link))
            report.durable = take_durable(self.store, self.link, self._keys)
        except Refused as error:
            if error.slug != "device-revoked":
                raise
            report.revoked = True
            # Every pull is refused; the answer to a push tells that the server was restored, too.
            if self.pusher.ask_epoch():
                self._hand_in(report)
        with self.store.writing() as db:
            db.execute("update tablet set revoked = ?", (int(report.revoked),))
        if delete_durable:
            report.deleted = photos.delete_durable(self.store)
        return report

    def _hand_in(self, report: SyncReport) -> None:
        pushed = self.pusher.push()
        for status, count in pushed.statuses.items():
            report.pushed.statuses[status] = report.pushed.statuses.get(status, 0) + count
        report.pushed.refused += pushed.refused
        _add(report.photos, photos.send_photos(self.store, self.link))

    def operations(self, *states: str) -> list[Operation]:
        """What was captured and is in any of these states; everything without one."""
        return outbox.operations(self.store, *states)

    def find(self, op: str) -> Operation:
        """An operation by its id. Raises TabletError when it is not of this tablet."""
        found = outbox.find(self.store, op)
        if found is None:
            raise TabletError(f"There is no operation {op}; see `audit-api tablet status`.")
        return found

    def holds(self) -> dict[str, int]:
        """What it still has to hand in."""
        return holds(self.store)

    def items(self, kind: str | None = None) -> dict[tuple[str, str], dict[str, Any]]:
        """The picture: the newest document of each (kind, id) that any scope gives."""
        rows = self.store.rows(
            "select kind, id, doc from item where kind = coalesce(?, kind) order by version", kind
        )
        return {(row["kind"], row["id"]): json.loads(row["doc"]) for row in rows}

    def notes(self) -> list[sqlite3.Row]:
        """Everything that the tablet wrote down: `at`, `what`, `about`, `detail` (JSON)."""
        return self.store.rows("select * from note order by n")


def _add(total: SentPhotos, more: SentPhotos) -> None:
    total.count += more.count
    total.bytes += more.bytes
    total.refused = more.refused


def _ask_to_enrol(link: Link, said: dict[str, Any]) -> dict[str, Any]:
    def understand(answer: Answer) -> dict[str, Any]:
        enrolled = answer.json()
        if not all(isinstance(enrolled.get(n), str) for n in ("device", "token", "owner")):
            raise Garbled("The answer to the enrolment lacks a part.")
        return enrolled

    headers = {"Content-Type": "application/json"}
    body = json.dumps(said).encode()
    try:
        return link.ask("POST", ENROL, understand, body=body, headers=headers)
    except LinkDown as error:
        raise NotEnrolled(
            f"No answer to the enrolment: {error.reason}. Try once more; if the code is used up "
            "then, ask the coordinator for another and to revoke the tablet that nobody has."
        ) from None


def _make_key() -> tuple[str | None, str | None]:
    """A P-256 key as PEM, private and public; (None, None) without `cryptography`."""
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        return None, None
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()
