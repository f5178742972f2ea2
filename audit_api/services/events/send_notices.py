"""Send the notices that are due, by SMTP. No transaction is open while the server is waited for."""

import smtplib
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from random import random
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, scope_of
from audit_api.domain.deadlines import today
from audit_api.domain.events import mails
from audit_api.domain.events.mails import Mail
from audit_api.domain.events.retries import wait_after
from audit_api.settings import MailSettings
from audit_api.storage import people
from audit_api.storage.base import Database
from audit_api.storage.events import digest, notices
from audit_api.storage.events.notices import ClaimedNotice, NoticeKind, NoticeState
from audit_api.words import words_in

log = structlog.get_logger()
LEASE: Final = timedelta(minutes=5)
SECONDS: Final = 20
TOO_LATE: Final = timedelta(days=7)
"""Longer than all attempts take; older are notices of a time when no mail was sent."""


@dataclass(frozen=True, slots=True)
class Sent:
    """How it ended: the server's code, or what went wrong in fixed words. `for_good`: no retry."""

    code: int | None
    ms: int
    error: str | None
    for_good: bool = False


@dataclass(frozen=True, slots=True)
class Postman:
    """What sending needs."""

    database: Database
    mail: MailSettings
    now: Callable[[], datetime]

    def send_due(self, *, until: datetime) -> int:
        """Send what is due, until an instant; returns how many attempts were made."""
        made = 0
        while self.now() < until:
            with self.database.writing() as session:
                one = notices.claim_notice(session, at=self.now(), lease=LEASE)
            if one is None:
                return made
            sent = self._sent(one)
            with self.database.writing() as session:
                self._note(session, one, sent)
            made += sent is not None
        return made

    def _sent(self, one: ClaimedNotice) -> Sent | None:
        """How it went; None when there is nothing to say to anybody."""
        try:
            with self.database.reading() as session:
                wrapped = self._written(session, one)
        except Exception:
            # One that cannot be written must not keep back those behind it.
            log.exception("notice_not_written", notice=str(one.id), kind=one.kind.value)
            return Sent(None, 0, "it could not be written")
        return None if wrapped is None else send(self.mail, wrapped)

    def _written(self, session: Session, one: ClaimedNotice) -> EmailMessage | None:
        if one.to is None or self.now() - one.made_at > TOO_LATE:
            return None
        actor = people.actor_of_person(session, one.person, today(self.now()))
        mail = None if actor is None else write(session, actor, one)
        if mail is None:
            return None
        return mails.message(
            mail,
            notice=one.id,
            sender=self.mail.sender,
            to=one.to.email,
            language=one.to.language,
            at=one.made_at,
        )

    def _note(self, session: Session, one: ClaimedNotice, sent: Sent | None) -> None:
        at = self.now()
        if sent is None:
            return notices.end_notice(session, one, NoticeState.WITHHELD, at=at)
        notices.note_attempt(session, one, at=at, code=sent.code, ms=sent.ms, error=sent.error)
        if sent.error is None:
            return notices.end_notice(session, one, NoticeState.SENT, at=at)
        wait = wait_after(one.attempts, random())  # noqa: S311 - spreads load, guards nothing
        if sent.for_good or wait is None:
            return notices.end_notice(session, one, NoticeState.GIVEN_UP, at=at)
        return notices.end_notice(session, one, NoticeState.PENDING, at=at, due_at=at + wait)


def write(session: Session, actor: Actor, one: ClaimedNotice) -> Mail | None:
    """What a notice says, within what its reader may read now; None: nothing."""
    say, about = words_in(actor.language), one.about
    if one.kind is NoticeKind.DAILY:
        facts = digest.daily_facts(session, actor, about["after"], about["upto"])
        return mails.daily_mail(say, today(one.made_at).isoformat(), facts)
    if one.kind is NoticeKind.TASK_RETURNED:
        scope = scope_of(actor, Noun.TASKS, "acknowledge")
        row = digest.returned_task(session, scope, UUID(about["event"]))
        return None if row is None else mails.returned_mail(say, row[0], row[1])
    if one.kind is NoticeKind.ACT_ANSWERED:
        scope = scope_of(actor, Noun.ACTS, "write")
        act = digest.answered_act(session, scope, UUID(about["event"]))
        return None if act is None else mails.answered_mail(say, act)
    if one.kind is NoticeKind.WEBHOOK_GIVEN_UP:
        return mails.given_up_mail(say)
    return mails.disabled_mail(say, about["why"])


def send(to: MailSettings, wrapped: EmailMessage) -> Sent:
    """One attempt. Never raises for what the server does."""
    began = time.monotonic()

    def ended(code: int | None, error: str | None, *, for_good: bool = False) -> Sent:
        return Sent(code, round((time.monotonic() - began) * 1000), error, for_good)

    try:
        with _connected(to) as server:
            server.send_message(wrapped)
        return ended(250, None)
    except smtplib.SMTPRecipientsRefused as refused:
        code = next(iter(refused.recipients.values()))[0]
        return ended(code, "the server refused the address", for_good=code >= 500)
    except (smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as refused:
        code = int(refused.smtp_code)
        of_mail = isinstance(refused, smtplib.SMTPDataError)
        return ended(code, "the server refused the mail", for_good=of_mail and code >= 500)
    except smtplib.SMTPResponseException as refused:
        return ended(int(refused.smtp_code), "the server refused to talk")
    except ssl.SSLError:
        return ended(None, "TLS failed")
    except (OSError, smtplib.SMTPException):
        return ended(None, "the server could not be reached, or broke off")


def _connected(to: MailSettings) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if to.security == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(to.host, to.port, timeout=SECONDS, context=context)
    else:
        server = smtplib.SMTP(to.host, to.port, timeout=SECONDS)
    try:
        if to.security == "smtp":
            # Without TLS nothing is sent, whatever the server offers.
            server.starttls(context=context)
        if to.user:
            server.login(to.user, to.password)
    except BaseException:
        server.close()
        raise
    return server
