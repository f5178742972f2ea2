"""A mail server for tests, and the worker at an hour of a day."""

import email
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from sqlalchemy import text

from audit_api.domain.oversight.escalation import EscalationDays
from audit_api.services.events.make_notices import make_notices
from audit_api.services.events.send_notices import Postman
from audit_api.services.oversight.sweep_tasks import sweep_tasks
from audit_api.settings import MailSettings
from audit_api.storage.base import Database
from tests.events.test_outbox import derive

MORNING = datetime.now(UTC).replace(hour=4, minute=0, second=0, microsecond=0)
"""Ten o'clock in Kyrgyzstan, today."""
DAY = timedelta(days=1)


@dataclass
class MailServer:
    """A mail server that answers what it is told, and keeps what it took."""

    answer: Callable[[], str] = lambda: "250 taken"
    to_address: Callable[[str], str] = lambda _: "250 ok"
    mails: list[EmailMessage] = field(default_factory=list)
    settings: MailSettings = field(default_factory=lambda: MailSettings("", 0, "", ""))

    async def handle_RCPT(  # noqa: N802 - as the library calls it
        self, _s: Any, _e: Any, envelope: Any, address: str, _o: Any
    ) -> str:
        said = self.to_address(address)
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, _s: Any, _e: Any, envelope: Any) -> str:  # noqa: N802
        said = self.answer()
        if said.startswith("250"):
            made = email.message_from_bytes(envelope.content, policy=default)
            assert isinstance(made, EmailMessage)
            self.mails.append(made)
        return said

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"] == address]


@contextmanager
def mail_server() -> Iterator[MailServer]:
    made = MailServer()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(made, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        made.settings = MailSettings("127.0.0.1", port, "smtp+plain", "audit@example.org")
        yield made
    finally:
        controller.stop()


@dataclass
class Day:
    """The worker at an hour of a day; each test has a day of its own."""

    database: Database
    server: MailServer
    at: datetime

    def make(self) -> None:
        derive(self.database)
        with self.database.writing() as session:
            make_notices(session, at=self.at)

    def send(self) -> int:
        postman = Postman(self.database, self.server.settings, lambda: self.at)
        return postman.send_due(until=self.at + timedelta(seconds=1))

    def work(self, later: timedelta = timedelta(0)) -> int:
        self.at += later
        self.make()
        return self.send()


def first_day(database: Database, server: MailServer) -> Day:
    """A morning on which nobody has got a mail yet, and all that was before is told."""
    with database.writing() as session:
        sweep_tasks(session, EscalationDays(), at=datetime.now(UTC))
        session.execute(text("truncate notice_attempt, notice"))
    derive(database)
    with database.writing() as session:
        # The day before, so that all that is from before is told.
        make_notices(session, at=MORNING - DAY)
        session.execute(
            text("""update notice set state = 'withheld', key = '2020-01-01',
                about = json_build_object('after', 0,
                    'upto', (select coalesce(max(n), 0) from outbox_event))""")
        )
        session.execute(
            text("""insert into outbox_source (source, top, gaps)
                values ('notices', (select coalesce(max(n), 0) from outbox_event), '[]')
                on conflict (source) do update set top = excluded.top""")
        )
    return Day(database, server, MORNING)


def plain(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def head(where: str = "near") -> str:
    return f"lsg_head.{where}@example.org"
