"""What a person does with webhooks of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.access import Actor
from audit_api.domain.errors import Fault, InvalidInput, NotFound
from audit_api.domain.events.sealing import Sealer, new_secret
from audit_api.services.events.posting import is_public
from audit_api.storage import audit_log
from audit_api.storage.events import deliveries, webhooks

MOST_WEBHOOKS: Final = 10
MOST_URL: Final = 500


@dataclass(frozen=True, slots=True)
class Made:
    """A webhook and its secret, which is told this once."""

    webhook: UUID
    secret: str


def add_webhook(
    session: Session,
    actor: Actor,
    sealer: Sealer,
    *,
    url: str,
    types: Sequence[str],
    anywhere: bool,
    at: datetime,
) -> Made:
    """Make a webhook of the actor's. InvalidInput for an address that is never sent to."""
    check_url(url, anywhere=anywhere)
    if len(webhooks.webhooks_of(session, actor.person, at=at)) >= MOST_WEBHOOKS:
        raise InvalidInput(
            f"You have {MOST_WEBHOOKS} webhooks, which is the most; delete one of them first."
        )
    secret = new_secret()
    made = webhooks.add_webhook(
        session, actor.person, url=url, types=types, sealed=sealer.seal(secret), at=at
    )
    audit_log.record(session, "webhook_added", made, at=at, person=actor.person)
    return Made(made, secret)


def rotate_secret(
    session: Session,
    actor: Actor,
    sealer: Sealer,
    webhook: UUID,
    *,
    overlap: timedelta,
    at: datetime,
) -> Made:
    """Give it another secret; for the time of the overlap the one before signs too."""
    hold(session, actor, webhook)
    secret = new_secret()
    webhooks.rotate(session, webhook, sealer.seal(secret), until=at + overlap, at=at)
    audit_log.record(session, "webhook_secret_rotated", webhook, at=at, person=actor.person)
    return Made(webhook, secret)


def enable_webhook(session: Session, actor: Actor, webhook: UUID, *, at: datetime) -> None:
    """Go on where it stopped."""
    hold(session, actor, webhook)
    webhooks.enable(session, webhook, at=at)
    audit_log.record(session, "webhook_enabled", webhook, at=at, person=actor.person)


def delete_webhook(session: Session, actor: Actor, webhook: UUID, *, at: datetime) -> None:
    """Send nothing more, and forget what was sent."""
    hold(session, actor, webhook)
    webhooks.delete_webhook(session, webhook)
    audit_log.record(session, "webhook_deleted", webhook, at=at, person=actor.person)


def send_again(
    session: Session, actor: Actor, webhook: UUID, delivery: UUID, *, at: datetime
) -> None:
    """Send something once more. NotFound for what the actor may not read now."""
    hold(session, actor, webhook)
    if not deliveries.list_deliveries(session, webhook, actor, limit=1, delivery=delivery):
        raise NotFound
    deliveries.send_again(session, delivery, at=at)
    audit_log.record(
        session, "webhook_delivery_retried", delivery, at=at, person=actor.person, webhook=webhook
    )


def hold(session: Session, actor: Actor, webhook: UUID) -> None:
    """Hold a webhook of the actor's; NotFound for anybody else's."""
    if not webhooks.hold_own(session, actor.person, webhook):
        raise NotFound


def check_url(url: str, *, anywhere: bool) -> None:
    """InvalidInput unless it is an https address of a host that may be public.

    The addresses behind a name are looked at each time that something is sent.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise _refused("It is no web address.") from None
    if len(url) > MOST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise _refused(f"It has at most {MOST_URL} characters, all of them printable ASCII.")
    if parts.scheme not in ("https", "http" if anywhere else "https") or not host:
        raise _refused("It begins with https:// and a host's name.")
    if parts.username is not None or parts.fragment:
        raise _refused("It has no user name, password or fragment: the signature tells who sends.")
    if not anywhere and _is_private(host):
        raise _refused("It leads into a network that is not public.")


def _is_private(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return "." not in host.strip(".") or host.rstrip(".").endswith((".local", ".internal"))
    return not is_public(host)


def _refused(why: str) -> InvalidInput:
    return InvalidInput(f"`url`: {why}", faults=[Fault("/url", why)])
