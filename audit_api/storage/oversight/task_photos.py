"""Originals that people hand in for a task, without a tablet."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.access import Scope
from audit_api.storage.base import Base, Id, Instant, Sha256


class TaskPhoto(Base):
    """Who handed an original in for which task. A report may show it from then on."""

    __tablename__ = "task_photo"

    task_id: Mapped[Id] = mapped_column(ForeignKey("remediation_task.id"), primary_key=True)
    sha256: Mapped[Sha256] = mapped_column(ForeignKey("photo.sha256"), primary_key=True, index=True)
    person_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    at: Mapped[Instant]


@dataclass(frozen=True, slots=True)
class TakingTask:
    """How a task stands: its state, and how many originals people handed in for it."""

    state: str
    photos: int


_TAKING = text("""
    select t.state, (select count(*) from task_photo h where h.task_id = t.id) as photos
    from remediation_task t join site on site.id = t.site_id
    where t.id = :task and site.territory_id = any(:territories)
""")


def find_taking_task(session: Session, scope: Scope, task: UUID) -> TakingTask | None:
    """The task for which somebody hands a photo in; None outside the scope."""
    values = {"task": task, "territories": list(scope.territories)}
    row = session.execute(_TAKING, values).one_or_none()
    return None if row is None else TakingTask(row.state, row.photos)


_HANDED_IN = text("select at from task_photo where task_id = :task and sha256 = :sha256")


def handed_in_at(session: Session, task: UUID, sha256: bytes) -> datetime | None:
    """When an original was handed in for that task; None when nobody did."""
    found: datetime | None = session.scalar(_HANDED_IN, {"task": task, "sha256": sha256})
    return found


_TIE = text("""
    insert into task_photo (task_id, sha256, person_id, at)
    values (:task, :sha256, :person, :at) on conflict do nothing returning 1
""")


def tie_photo(session: Session, task: UUID, sha256: bytes, *, person: UUID, at: datetime) -> bool:
    """Note for which task an original that is here was handed in; False if it was noted before."""
    values = {"task": task, "sha256": sha256, "person": person, "at": at}
    return session.execute(_TIE, values).first() is not None
