"""Send what is due to webhooks. No transaction is open while a receiver is waited for."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from random import random
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from audit_api.domain.access import Noun, scope_of
from audit_api.domain.deadlines import today
from audit_api.domain.events.retries import FAILING_ENDS, MOST_PATIENCE, wait_after
from audit_api.domain.events.sealing import Sealer, Unreadable, signed_headers
from audit_api.services.events.make_notices import tell_owner
from audit_api.services.events.posting import Posted, post
from audit_api.storage import audit_log, people
from audit_api.storage.base import Database
from audit_api.storage.events import deliveries, webhooks
from audit_api.storage.events.deliveries import Claimed, DeliveryState
from audit_api.storage.events.notices import NoticeKind
from audit_api.storage.events.webhooks import DisabledFor, Receiver

LEASE: Final = timedelta(seconds=90)
"""Longer than an exchange can take: a worker that is alive keeps its claim."""
AT_ONCE: Final = 8
_HEADERS: Final = {"Content-Type": "application/json", "User-Agent": "audit_api-webhooks/1"}
_THROTTLED: Final = (
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)


@dataclass(frozen=True, slots=True)
class Deliverer:
    """What sending needs. `anywhere`: private networks and plain HTTP too."""

    database: Database
    sealer: Sealer
    now: Callable[[], datetime]
    anywhere: bool = False
    seconds: float = 20

    def deliver(self, *, until: datetime) -> int:
        """Send everything that is due, until an instant; returns how many attempts were made.

        Each webhook has one thread: a slow receiver keeps back nobody else.
        """
        with self.database.reading() as session:
            ready = webhooks.ready_webhooks(session, self.now())
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return sum(pool.map(lambda webhook: self._to(webhook, until), ready))

    def _to(self, webhook: UUID, until: datetime) -> int:
        made = 0
        while self.now() < until:
            with self.database.writing() as session:
                claimed = self._next(session, webhook)
            if claimed is None:
                return made
            to, one = claimed
            if one.readable:
                self._send(to, one)
                made += 1
        return made

    def _next(self, session: Session, webhook: UUID) -> tuple[Receiver, Claimed] | None:
        at = self.now()
        to = webhooks.receiver(session, webhook, at)
        if to is None:
            return None
        owner = people.actor_of_person(session, to.owner, today(at))
        if owner is None or scope_of(owner, Noun.WEBHOOKS).empty:
            disable(session, webhook, DisabledFor.GRANTS_LOST, at=at)
            return None
        deliveries.fan_out(session, webhook, to.types, owner, at=at)
        one = deliveries.claim_next(session, webhook, owner, at=at, lease=LEASE)
        if one is None:
            return None
        if not one.readable:
            deliveries.note_withheld(session, one, at=at)
        return to, one

    def _send(self, to: Receiver, one: Claimed) -> None:
        body = msgspec.json.encode(one.payload).decode()
        try:
            keys = [self.sealer.unseal(sealed) for sealed in (to.sealed, to.old_sealed) if sealed]
        except Unreadable:
            with self.database.writing() as session:
                disable(session, to.id, DisabledFor.KEY_CHANGED, at=self.now())
            return
        headers = signed_headers(str(one.event), body, self.now(), *keys)
        posted = post(
            to.url,
            body.encode(),
            _HEADERS | headers,
            anywhere=self.anywhere,
            seconds=self.seconds,
        )
        with self.database.writing() as session:
            self._note(session, to, one, posted)

    def _note(self, session: Session, to: Receiver, one: Claimed, posted: Posted) -> None:
        at = self.now()
        state, due_at = _outcome(one, posted, at)
        deliveries.note_attempt(
            session,
            one,
            at=at,
            state=state,
            status=posted.status,
            ms=posted.ms,
            error=posted.error,
            due_at=due_at,
        )
        well = state is DeliveryState.DELIVERED
        asked = _asked(posted)
        resume_at = None if asked is None else at + asked
        since = deliveries.note_health(session, to.id, well=well, at=at, resume_at=resume_at)
        if posted.status == HTTPStatus.GONE:
            disable(session, to.id, DisabledFor.GONE, at=at)
        elif since is not None and at - since >= FAILING_ENDS:
            disable(session, to.id, DisabledFor.FAILING, at=at)
        if state is DeliveryState.GIVEN_UP:
            audit_log.record(
                session, "webhook_delivery_given_up", one.id, at=at, webhook=str(to.id)
            )
            tell_owner(session, to.owner, NoticeKind.WEBHOOK_GIVEN_UP, to.id, "", at=at)


def _outcome(one: Claimed, posted: Posted, at: datetime) -> tuple[DeliveryState, datetime | None]:
    if posted.error is None:
        return DeliveryState.DELIVERED, None
    if posted.status == HTTPStatus.GONE:
        # Waits for whoever enables the webhook again.
        return DeliveryState.PENDING, at
    wait = wait_after(one.attempts, random())  # noqa: S311 - spreads load, guards nothing
    if wait is None:
        return DeliveryState.GIVEN_UP, None
    return DeliveryState.PENDING, at + max(wait, _asked(posted) or wait)


def _asked(posted: Posted) -> timedelta | None:
    """How long a receiver that is overloaded asks to be left alone."""
    if posted.status not in _THROTTLED or posted.retry_after is None:
        return None
    return min(timedelta(seconds=posted.retry_after), MOST_PATIENCE)


def disable(session: Session, webhook: UUID, why: DisabledFor, *, at: datetime) -> None:
    """Send nothing more to a webhook, and say so in the audit log."""
    owner = webhooks.disable(session, webhook, why, at=at)
    if owner is not None:
        audit_log.record(session, "webhook_disabled", webhook, at=at, why=why.value)
        tell_owner(session, owner, NoticeKind.WEBHOOK_DISABLED, webhook, why.value, at=at)
