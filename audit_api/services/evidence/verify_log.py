"""Verify the log: every leaf, every signed checkpoint, and everything that the leaves speak of.

What this can notice and what it cannot is written down in docs/backups.md.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.evidence.checkpoints import (
    CheckpointBody,
    NoCheckpoint,
    key_of_note,
    origin_of,
    read_note,
)
from audit_api.domain.evidence.merkle import Tree
from audit_api.services.evidence.keep_log import public_keys
from audit_api.storage.base import Database
from audit_api.storage.evidence import evidence_log, photos
from audit_api.storage.evidence.evidence_log import Checkpoint
from audit_api.storage.evidence.photo_store import PhotoStore
from audit_api.storage.openrosa.differing_xml import differing_xml
from audit_api.storage.sync import feed

_MOST_TOLD = 20
_READERS = 8
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification looked at, and what is wrong: nothing, when `faults` is empty."""

    leaves: int
    checkpoints: int
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeptNote:
    """A checkpoint that was printed once and kept elsewhere; `name` is where."""

    name: str
    note: str


@dataclass(frozen=True, slots=True)
class _Said:
    """What somebody signed: a root over that many leaves."""

    who: str
    body: CheckpointBody
    edge: bytes | None = None


def verify_log(session: Session, kept: Sequence[KeptNote] = ()) -> Verified:
    """Hash every stored leaf anew and hold each signed checkpoint against it, `kept` ones too.

    Then each leaf against the operation or photo that it is about, and each operation against the
    bytes that were handed in. Wants one snapshot.
    """
    signed = evidence_log.checkpoints(session)
    said = [
        *((f"checkpoint {checkpoint.n}", checkpoint.note, checkpoint) for checkpoint in signed),
        *((note.name, note.note, None) for note in kept),
    ]
    bodies, faults = _read(said, public_keys(session))
    bodies, other_life = _of_this_log(
        bodies, {c.epoch: c.size for c in signed}, now=feed.epoch(session)
    )
    tree, broken = _compare(session, bodies)
    faults += other_life + broken
    for n, about, gone in evidence_log.differing_leaves(session, most=_MOST_TOLD):
        what = "is gone" if gone else "is stored otherwise than the leaf says"
        faults.append(f"leaf {n}: {about} {what}")
    for op, what in evidence_log.differing_bodies(session, most=_MOST_TOLD):
        faults.append(f"operation {op}: {_BODIES[what]}")
    for op, what in differing_xml(session, most=_MOST_TOLD):
        faults.append(f"operation {op}: {_XML[what]}")
    faults += _without_leaf(session, signed)
    return Verified(tree.size, len(signed), tuple(faults))


_BODIES = {
    "raw": "the bytes that are kept are not the ones that were handed in",
    "body": "the stored body is not the one that was handed in",
    "stored": "the stored body is not the one that was accepted",
    "nowhere": "its body is gone",
}
_XML = {
    "gone": "the XML that ODK Collect handed in is gone",
    "xml": "the XML that is kept is not the one that ODK Collect handed in",
    "named": "the XML that is kept is not the one that its record in the log names",
}


def _read(
    said: Iterable[tuple[str, str, Checkpoint | None]], keys: Sequence[bytes]
) -> tuple[list[_Said], list[str]]:
    """What the notes say that can be read, and what is wrong with notes."""
    bodies, faults = [], []
    for who, note, row in said:
        try:
            body = read_note(note)
            bodies.append(_Said(who, body, row.edge if row else None))
            key_of_note(note, keys)
        except NoCheckpoint as error:
            faults.append(f"{who}: {error}")
            continue
        beside = (origin_of(row.epoch), row.size, row.root) if row else None
        if beside not in (None, (body.origin, body.size, body.root)):
            faults.append(f"{who}: its note does not say what is stored beside it")
    return bodies, faults


def _of_this_log(
    said: Sequence[_Said], lives: dict[UUID, int], *, now: UUID
) -> tuple[list[_Said], list[str]]:
    """What can be held against the leaves here; what was signed in a life that was cut short.

    `lives`: how many leaves each life of the database had at its last stored checkpoint.
    """
    ends = {origin_of(epoch): size for epoch, size in lives.items()}
    here, faults = [], []
    for one in said:
        known = ends.get(one.body.origin, 0)
        if one.body.origin != origin_of(now) and one.body.size > known:
            faults.append(
                f"{one.who}: {one.body.size} leaves were signed in another life of this database, "
                f"{known} of them are here; to restore an older backup does that, nothing else may"
            )
        else:
            here.append(one)
    return here, faults


def _compare(session: Session, said: Iterable[_Said]) -> tuple[Tree, list[str]]:
    """The tree of the leaves that are there, and where it is not the one that was signed."""
    roots: dict[int, list[_Said]] = {}
    for one in said:
        roots.setdefault(one.body.size, []).append(one)
    tree, faults, right = Tree(), [], 0

    def check() -> None:
        nonlocal right
        for one in roots.pop(tree.size, []):
            if tree.root() != one.body.root:
                faults.append(
                    f"{one.who}: the leaves from {right} to {tree.size - 1} are not the ones "
                    "that were signed"
                )
                continue
            right = max(right, tree.size)
            if one.edge not in (None, tree.to_bytes()):
                faults.append(f"{one.who}: the edge that is stored beside it is not the tree's")

    check()
    for n, leaf in evidence_log.leaves(session):
        if n != tree.size:
            faults.append(f"leaf {tree.size} is missing; the next one is {n}")
            break
        tree.append(leaf.encode())
        check()
    if roots:
        size = max(roots)
        faults.append(
            f"the log is cut off: {size} leaves were signed by {roots[size][0].who}, "
            f"{tree.size} are here"
        )
    return tree, faults


def _without_leaf(session: Session, signed: Sequence[Checkpoint]) -> Iterator[str]:
    """What lies below the last checkpoint of this life and is not in the log."""
    if signed and signed[-1].epoch == feed.epoch(session):
        last = signed[-1]
        missing = evidence_log.final_leaves(session, above=0, below=last.below_xid, most=_MOST_TOLD)
        for leaf in missing:
            about = f"operation {leaf.op}" if leaf.op else f"photo {(leaf.photo or b'').hex()}"
            yield f"{about} has no leaf, though checkpoint {last.n} was signed after it came"


def verify_originals(database: Database, store: PhotoStore) -> Iterator[tuple[int, list[str]]]:
    """Read every original from the bucket and hash it; page by page: how many, what is wrong.

    No transaction is open meanwhile. Raises BucketUnavailable.
    """
    after = b""
    with ThreadPoolExecutor(_READERS) as readers:
        while True:
            with database.reading() as session:
                page = photos.photos_after(session, after, limit=_PAGE)
            if not page:
                return
            faults = []
            for sha256, found in zip(page, readers.map(store.stored_sha256, page), strict=True):
                if found is None:
                    faults.append(f"photo {sha256.hex()}: its original is missing in the bucket")
                elif found != sha256:
                    faults.append(f"photo {sha256.hex()}: other bytes lie in its place")
            yield len(page), faults
            after = page[-1]
