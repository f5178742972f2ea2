"""A tablet as a whole: enrol it, capture work on it, sync it, ask what it owes."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from audit_api.tablet import enrolling, outbox, photos
from audit_api.tablet.clock import Clock, Moment
from audit_api.tablet.enrolling import EnrolledAgain, enrol_first
from audit_api.tablet.errors import Refused, TabletError
from audit_api.tablet.link import HttpTransport, Link, Patience, Transport
from audit_api.tablet.outbox import Operation, PhotoFile
from audit_api.tablet.photos import SentPhotos
from audit_api.tablet.pulling import Pulled, Puller
from audit_api.tablet.pushing import Pushed, Pusher, holds
from audit_api.tablet.receipts import Keys, take_durable
from audit_api.tablet.store import Store

APP = "audit-api-tablet/1.0.0"


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
        try:
            enrol_first(folder, wire, base_url, code, name)
        finally:
            wire.close()
        tablet = cls(folder, transport=transport, patience=patience, clock=clock, app=app)
        tablet._keys.fetch(tablet.link)
        return tablet

    def enrol_again(self, code: str, *, name: str | None = None) -> EnrolledAgain:
        """Go on as another device: after a revocation, for another owner, on a restored server.

        What waits goes out under the new device; the work of another person stays and waits for
        them. Asked once only. Raises NotEnrolled, and then nothing has changed.
        """
        again = enrolling.enrol_again(self.store, self.link.transport, code, name)
        self.link.token = self.store.identity["token"]
        return again

    def server_moved(self, base_url: str) -> None:
        """The server has moved: from the next time this folder is opened, it is at `base_url`."""
        with self.store.writing() as db:
            db.execute("update tablet set base_url = ?", (base_url,))

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
            more = photos.send_photos(self.store, self.link)
            _add(report.photos, more)
            if report.pulled.restored or more.count:
                # What came only behind the pull changes what there is to see.
                report.pulled.items += self.puller.pull().items
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
