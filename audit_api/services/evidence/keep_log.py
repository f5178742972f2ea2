"""Keep the log: add what has become final, and sign checkpoints of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from audit_api.domain.errors import LogBroken
from audit_api.domain.evidence.checkpoints import (
    CheckpointBody,
    NoCheckpoint,
    key_of_note,
    origin_of,
    read_note,
    signed_note,
)
from audit_api.domain.evidence.merkle import Tree
from audit_api.domain.evidence.signing import Signer
from audit_api.storage.evidence import evidence_log, receipt_keys
from audit_api.storage.evidence.evidence_log import Checkpoint
from audit_api.storage.sync import feed

BATCH = 20_000
"""Leaves in one transaction: a long one would hold back the feed."""


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
        key_of_note(last.note, public_keys(session))
        body = read_note(last.note)
        tree = Tree.from_bytes(last.size, last.edge)
    except (NoCheckpoint, ValueError) as error:
        raise LogBroken(f"Checkpoint {last.n} cannot be followed: {error} {_NEXT}") from None
    if (tree.size, tree.root()) != (body.size, body.root):
        raise LogBroken(f"Checkpoint {last.n} does not say what is stored beside it. {_NEXT}")
    return tree


_NEXT = "Run `audit-api checkpoint verify`, and keep this database as it is for whoever looks."


def public_keys(session: Session) -> list[bytes]:
    """Every key that ever signed here."""
    return [known.public_key for known in receipt_keys.known_keys(session)]
