"""The territory tree of a day, kept in memory for as long as the database says it is the same.

Who asks needs the subtree of each grant with every request; the tree changes a few times a year.
`territory_tree` has one row, whose version a trigger renews with every change of a territory, in
the same transaction: what is kept under a version can never be older than it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from threading import Lock
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Uuid, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.storage.base import Base, ask


class TerritoryTree(Base):
    """Which state of the tree this is."""

    __tablename__ = "territory_tree"
    __table_args__ = (CheckConstraint("single", name="single"),)

    single: Mapped[bool] = mapped_column(Boolean, primary_key=True, default=True)
    version: Mapped[UUID] = mapped_column(Uuid)


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """Children by parent, as of a day."""

    children: Mapping[UUID, tuple[UUID, ...]]

    def subtree(self, root: UUID) -> frozenset[UUID]:
        """A territory and all below it."""
        found = {root}
        waiting = [root]
        while waiting:
            below = [c for c in self.children.get(waiting.pop(), ()) if c not in found]
            found.update(below)
            waiting += below
        return frozenset(found)


MOST_KEPT = 8
_kept: dict[tuple[UUID, date], Tree] = {}
_lock = Lock()

_PARENTS = """
    select distinct on (territory_id) territory_id, parent_id from territory_version
    where valid_from <= %(today)s order by territory_id, valid_from desc
"""


def tree_of(session: Session, version: UUID, today: date) -> Tree:
    """The tree of a day. `version` is what `territory_tree` had in this session or before."""
    tree = _kept.get((version, today))
    if tree is None:
        tree = _read(session, today)
        with _lock:
            while len(_kept) >= MOST_KEPT:
                del _kept[next(iter(_kept))]
            _kept[version, today] = tree
    return tree


def _read(session: Session, today: date) -> Tree:
    children: dict[UUID, list[UUID]] = {}
    for territory, parent in ask(session, _PARENTS, {"today": today}):
        if parent is not None:
            children.setdefault(parent, []).append(territory)
    return Tree({parent: tuple(below) for parent, below in children.items()})


_root = text("select territory.id, t.version from territory, territory_tree t where code = :code")


def subtree_of(session: Session, code: str, today: date) -> frozenset[UUID]:
    """The territory with that code and all below it as of `today`; empty if there is none."""
    row = session.execute(_root, {"code": code}).one_or_none()
    return tree_of(session, row.version, today).subtree(row.id) if row else frozenset()
