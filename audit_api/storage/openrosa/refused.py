"""XML that was answered 409: kept beside what it contradicts, for supervision to read."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.sync.operations import Entry
from audit_api.storage import audit_log
from audit_api.storage.base import Base, Id, Instant, Sha256, ask, is_sha256


class OpenRosaRefused(Base):
    """One of them. `op` follows from the XML, so that its hash alone names it.

    `corrects` is the operation that its deprecatedID means, here or not; `site_id` as it says.
    Both are null in rows older than these columns.
    """

    __tablename__ = "openrosa_refused"
    __table_args__ = (
        is_sha256("xml_sha256"),
        CheckConstraint("reason in ('other-xml', 'not-current')", name="reason"),
        CheckConstraint("xml_sha256 = sha256(xml)", name="xml_sha256"),
        Index("ix_openrosa_refused_xml_sha256", "xml_sha256"),
        Index("ix_openrosa_refused_received_at", "received_at"),
    )

    op: Mapped[Id] = mapped_column(primary_key=True)
    xml_sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    form: Mapped[str]
    instance_id: Mapped[str]
    device_id: Mapped[Id] = mapped_column(ForeignKey("device.id"))
    reason: Mapped[str]
    received_at: Mapped[Instant]
    corrects: Mapped[Id | None]
    site_id: Mapped[Id | None]
    xml: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


_REFUSE = f"""
    with kept as (
        insert into openrosa_refused (op, xml_sha256, form, instance_id, device_id, reason,
            received_at, corrects, site_id, xml)
        values (%(op)s, %(xml_sha256)s, %(form)s, %(instance_id)s, %(device)s, %(reason)s, %(at)s,
            %(corrects)s, %(site)s, %(xml)s)
        on conflict do nothing returning op)
    {audit_log.RECORD} where exists (select from kept)
"""


def keep_refused(session: Session, values: dict[str, Any], logged: Entry) -> None:
    """Keep XML that was refused, once; `values` by column."""
    ask(session, _REFUSE, values | {"entries": audit_log.as_values([logged])})
