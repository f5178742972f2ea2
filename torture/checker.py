"""The checker: what the tablets' users know, against what the servers hold. It trusts neither."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from torture.findings import Findings
from torture.held import (
    Bucket,
    Connection,
    HeldOperation,
    feed_of,
    held_operations,
    held_photos,
    scopes_of,
    unauthorised,
)
from torture.notes import read_notes
from torture.outbox import ANSWERED, Outbox
from torture.wholeness import DUPLICATED, HALF

_SENT_ANEW = ("mended", "op_reused")


@dataclass(frozen=True, slots=True)
class Checked:
    """A tablet as the checker knows it: its folder, and whose it is."""

    name: str
    folder: Path
    device: str
    person: UUID

    def kept(self) -> set[str]:
        """Hashes of the originals that are still on the tablet."""
        return {file.name for file in (self.folder / "photos").iterdir()}


@dataclass
class Told:
    """What a tablet's user noted."""

    captured: dict[str, tuple[str, str]] = field(default_factory=dict)
    """op -> inspection, hash of the body."""
    meant: set[str] = field(default_factory=set)
    """Hashes of all bodies that ever were to be captured."""
    photos: dict[str, int] = field(default_factory=dict)
    finished: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def by(cls, tablet: Checked) -> "Told":
        """Read a tablet's notes."""
        told = cls()
        for note in read_notes(tablet.folder / "notes.jsonl"):
            if note["what"] in ("will", "captured"):
                told.meant.add(note["sha256"])
                told.photos |= dict(note["photos"])
            if note["what"] == "captured":
                told.captured[note["op"]] = (note["entity"], note["sha256"])
            if note["what"] == "finished":
                told.finished = note
        return told


@dataclass
class Checker:
    """`revoked`: devices (ids) that may no longer read; `margin_s`: how long a request lasts."""

    connection: Connection
    bucket: Bucket
    tablets: Sequence[Checked]
    revoked: set[str]
    margin_s: float
    findings: Findings = field(default_factory=Findings)

    def check(self) -> Findings:
        """Look at everything."""
        told = {tablet.name: Told.by(tablet) for tablet in self.tablets}
        operations = held_operations(self.connection)
        self._wholeness()
        for tablet in self.tablets:
            own = [o for o in operations if o.device == tablet.device]
            self._check_operations(tablet, told[tablet.name], own)
            self.findings.add("lost", lost_meanwhile(tablet, own))
            self._check_picture(tablet)
        self._check_phantoms(told, operations)
        self._check_photos(told)
        return self.findings

    def _wholeness(self) -> None:
        for category, checks in (("duplicated", DUPLICATED), ("half", HALF)):
            for name, sql in checks.items():
                rows = self.connection.execute(sql).fetchall()
                self.findings.add(category, (f"{name}: {row[0]}" for row in rows))
        found = unauthorised(self.connection, self.margin_s)
        self.findings.add("unauthorised", (f"{name}: {op}" for name, op in found))

    def _check_operations(self, tablet: Checked, told: Told, held: list[HeldOperation]) -> None:  # noqa: C901 - a list of checks
        by_op = {o.op: o for o in held}
        copies = Counter(o.sha256 for o in held)
        kept = {op: (state, sha256) for op, _, state, sha256 in Outbox(tablet.folder).operations()}
        lost, altered, duplicated = [], [], []
        for op, (_, sha256) in told.captured.items():
            if op not in kept:
                lost.append(f"{tablet.name}: {op} was captured and is not on the tablet")
            if copies[sha256] > 1:
                duplicated.append(
                    f"{tablet.name}: the work of {op} is there {copies[sha256]} times"
                )
        for op, (state, sha256) in kept.items():
            found = by_op.get(op)
            if state not in ANSWERED:
                lost.append(f"{tablet.name}: {op} could not be handed in over a good link")
            elif state in _SENT_ANEW:
                continue
            elif found is None:
                lost.append(f"{tablet.name}: {op} was answered `{state}` and is not on the server")
            elif found.status != state:
                altered.append(f"{tablet.name}: {op} was answered `{state}`, is `{found.status}`")
            if found is not None and found.read_sha256 != sha256:
                altered.append(f"{tablet.name}: the body of {op} reads {found.read_sha256}")
        if not told.finished.get("good"):
            lost.append(f"{tablet.name} could not sync over a good link: {told.finished}")
        self.findings.add("lost", lost)
        self.findings.add("altered", altered)
        self.findings.add("duplicated", duplicated)

    def _check_picture(self, tablet: Checked) -> None:
        # The digest is the net under the feed: a feed that needs it has a hole.
        if differed := Outbox(tablet.folder).differed():
            sentence = f"{tablet.name} found its picture wrong after a pull, {differed} times"
            self.findings.add("picture", [sentence])
        if tablet.device in self.revoked:
            return
        scopes = scopes_of(self.connection, tablet.person)
        self.findings.add("picture", _differences(tablet, scopes, self.connection))

    def _check_phantoms(self, told: dict[str, Told], operations: Iterable[HeldOperation]) -> None:
        meant: dict[str, set[str]] = defaultdict(set)
        for tablet in self.tablets:
            meant[tablet.device] = told[tablet.name].meant
        self.findings.add(
            "phantom",
            (
                f"{o.op} ({o.status}) of device {o.device}: nobody made a body {o.sha256}"
                for o in operations
                if o.sha256 not in meant[o.device]
            ),
        )
        rows = self.connection.execute("select op, device_id from reused_operation").fetchall()
        self.findings.add("phantom", (f"other bytes under {op} of {device}" for op, device in rows))

    def _check_photos(self, told: dict[str, Told]) -> None:
        announced = {sha: size for one in told.values() for sha, size in one.photos.items()}
        held = held_photos(self.connection)
        for sha256, data in self.bucket.read_all(held):
            if sha256 not in announced:
                self.findings.add("phantom", [f"photo {sha256} is of nobody"])
            if data is None:
                self.findings.add("half", [f"photo {sha256} has a row and no object"])
            elif hashlib.sha256(data).hexdigest() != sha256 or len(data) != held[sha256]:
                self.findings.add("altered", [f"photo {sha256} reads as other bytes"])
        for tablet in self.tablets:
            states = Outbox(tablet.folder).photos()
            missing = [s for s, state in states.items() if s not in held and state in _HANDED_OVER]
            self.findings.add(
                "lost", (f"{tablet.name}: photo {s} was acknowledged, is not here" for s in missing)
            )
            kept = tablet.kept()
            gone = [s for s, state in states.items() if state != "deleted" and s not in kept]
            self.findings.add(
                "lost", (f"{tablet.name}: photo {s} is no longer on the tablet" for s in gone)
            )
            owed = [s for s, state in states.items() if state == "wanted"]
            self.findings.add(
                "lost", (f"{tablet.name}: photo {s} could not be handed in" for s in owed)
            )


def lost_meanwhile(tablet: Checked, held: list[HeldOperation]) -> Iterator[str]:
    """What is here only because a tablet noticed that it was gone; nobody restores anything."""
    outbox = Outbox(tablet.folder)
    if times := outbox.restored():
        yield f"{tablet.name} learnt {times}x that the database is an older one"
    kept = {op: state for op, _, state, _ in outbox.operations()}
    here = {o.op: o.received_at for o in held}
    for op, received_at in outbox.acknowledged():
        if kept[op] not in _SENT_ANEW and here.get(op, received_at) != received_at:
            yield f"{tablet.name}: {op}, received {received_at}, was handed in again {here[op]}"


_HANDED_OVER = ("handed_over", "durable", "deleted")


def _differences(tablet: Checked, scopes: set[str], connection: Connection) -> Iterator[str]:
    """Where a tablet's picture is another than the server's, in words."""
    outbox = Outbox(tablet.folder)
    believed = outbox.scopes()
    if believed != scopes:
        yield f"{tablet.name} believes in scopes {sorted(believed ^ scopes)} otherwise"
    shown = outbox.picture()
    feed = feed_of(connection, scopes)
    for key in feed.keys() - shown.keys():
        yield f"{tablet.name} does not show {key}"
    for key in shown.keys() - feed.keys():
        yield f"{tablet.name} shows {key}, which is not there"
    for key in feed.keys() & shown.keys():
        if shown[key] != feed[key]:
            yield f"{tablet.name} shows {key} as it was: {_first_difference(shown[key], feed[key])}"


def _first_difference(shown: Any, held: Any) -> str:
    names = [name for name in held if shown.get(name) != held[name]]
    return f"{names[:1]}: {str(shown.get(names[0]))[:80] if names else shown}"
