"""Keep the log: add what has become final, sign checkpoints, verify all of it on demand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from audit_api.domain.checkpoints import (
    CheckpointBody,
    NoCheckpoint,
    key_of_note,
    origin_of,
    read_note,
    signed_note,
)
from audit_api.domain.errors import LogBroken
from audit_api.domain.merkle import Tree
from audit_api.domain.signing import Signer
from audit_api.storage import evidence_log, feed, receipt_keys
from audit_api.storage.evidence_log import Checkpoint

BATCH = 20_000
"""Leaves in one transaction: a long one would hold back the feed."""
_MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Signed:
    """The newest checkpoint. `added` leaves are new under it; `more` are waiting."""

    n: int
    size: int
    note: str
    added: int
    more: bool


def take_checkpoint(session: Session, signer: Signer, *, at: datetime, most: int = BATCH) -> Signed:
    """Add up to `most` final operations and photos to the log and sign what it is then.

    Nothing new: the last checkpoint. Call it again while `more` (in a transaction of its own).
    Raises LogBroken when the last checkpoint is not one that this log can follow.
    """
    # Before anything is written: what is below commits no more, and our own number is above.
    horizon = feed.horizon(session)
    evidence_log.hold_log(session)
    receipt_keys.note_key(session, signer, at=at)
    epoch = feed.epoch(session)
    last = evidence_log.last_checkpoint(session)
    tree = _tree_of(session, last)
    # Another epoch: transactions are counted anew, and what has no leaf is looked for everywhere.
    above = last.below_xid if last is not None and last.epoch == epoch else 0
    found = evidence_log.final_leaves(session, above=above, below=horizon, most=most + 1)
    leaves, more = found[:most], len(found) > most
    if last is not None and not leaves and last.epoch == epoch:
        return Signed(last.n, last.size, last.note, 0, False)
    evidence_log.add_leaves(session, tree.size, leaves)
    for leaf in leaves:
        tree.append(leaf.leaf.encode())
    body = CheckpointBody(origin_of(epoch), tree.size, tree.root())
    made = Checkpoint(
        size=tree.size,
        root=body.root,
        edge=tree.to_bytes(),
        epoch=epoch,
        below_xid=above if more else horizon,
        signed_at=at,
        note=signed_note(signer, body),
    )
    session.add(made)
    session.flush()
    return Signed(made.n, made.size, made.note, len(leaves), more)


def _tree_of(session: Session, last: Checkpoint | None) -> Tree:
    """The tree that the last checkpoint speaks of, if that can be believed."""
    if last is None:
        return Tree()
    try:
        key_of_note(last.note, _public_keys(session))
        body = read_note(last.note)
        tree = Tree.from_bytes(last.size, last.edge)
    except (NoCheckpoint, ValueError) as error:
        raise LogBroken(f"Checkpoint {last.n} cannot be followed: {error} {_NEXT}") from None
    if (tree.size, tree.root()) != (body.size, body.root):
        raise LogBroken(f"Checkpoint {last.n} does not say what is stored beside it. {_NEXT}")
    return tree


_NEXT = "Run `audit-api checkpoint verify`, and keep this database as it is for whoever looks."


def _public_keys(session: Session) -> list[bytes]:
    return [known.public_key for known in receipt_keys.known_keys(session)]


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification looked at, and what is wrong: nothing, when `faults` is empty."""

    leaves: int
    checkpoints: int
    faults: tuple[str, ...]


def verify_log(session: Session) -> Verified:
    """Hash every stored leaf anew and hold each signed checkpoint against it.

    Then each leaf against the operation or photo that it is about. Wants one snapshot.
    """
    signed = evidence_log.checkpoints(session)
    faults = list(_unsigned(session, signed))
    tree, broken = _compare(session, signed)
    faults += broken
    for n, about, gone in evidence_log.differing_leaves(session, most=_MOST_TOLD):
        what = "is gone" if gone else "is stored otherwise than the leaf says"
        faults.append(f"leaf {n}: {about} {what}")
    return Verified(tree.size, len(signed), tuple(faults))


def _unsigned(session: Session, signed: Sequence[Checkpoint]) -> Iterator[str]:
    public_keys = _public_keys(session)
    for checkpoint in signed:
        try:
            key_of_note(checkpoint.note, public_keys)
        except NoCheckpoint as error:
            yield f"checkpoint {checkpoint.n}: {error}"


def _compare(session: Session, signed: Sequence[Checkpoint]) -> tuple[Tree, list[str]]:
    """The tree of the leaves that are there, and where it is not the one that was signed."""
    roots = _said(signed)
    tree, faults, right = Tree(), [], 0

    def check() -> None:
        nonlocal right
        for n, root in roots.pop(tree.size, []):
            if tree.root() == root:
                right = max(right, tree.size)
            else:
                faults.append(
                    f"checkpoint {n}: the leaves from {right} to {tree.size - 1} are not the ones "
                    "that were signed"
                )

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
            f"the log is cut off: {size} leaves were signed by checkpoint {roots[size][0][0]}, "
            f"{tree.size} are here"
        )
    return tree, faults


def _said(signed: Sequence[Checkpoint]) -> dict[int, list[tuple[int, bytes]]]:
    """What the notes say of each size: number of the checkpoint, root."""
    said: dict[int, list[tuple[int, bytes]]] = {}
    for checkpoint in signed:
        try:
            body = read_note(checkpoint.note)
        except NoCheckpoint:
            continue
        said.setdefault(body.size, []).append((checkpoint.n, body.root))
    return said
