"""A mail to an official: what it says, in their language, and its headers.

Subjects hold nothing that a person wrote, and an address is checked before it is stored: no header
can be broken by what somebody enters.
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any, Final
from uuid import UUID, uuid5

from audit_api.words import words_in
from audit_api.words.words import Words, to_say

_NOTICES = UUID("9d1a7f7e-5f0c-4f8e-8c63-6b0b7c5a2a11")
MOST_LINES: Final = 20
ADDRESS: Final = r"^[A-Za-z0-9.!#$%&''*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
"""An address as it is stored: ASCII, one @, nothing that separates headers; as SQL writes it."""
MOST_ADDRESS: Final = 254

_WHY_DISABLED: Final[Mapping[str, str]] = {
    "gone": to_say("its receiver said that it wants nothing more"),
    "failing": to_say("its receiver took nothing for 60 hours"),
    "grants_lost": to_say("your grants no longer allow webhooks"),
    "key_changed": to_say("the server's key has changed: rotate the secret"),
}


def is_address(address: str) -> bool:
    """Whether something may be stored as an address."""
    return len(address) <= MOST_ADDRESS and bool(
        re.fullmatch(ADDRESS.replace("''", "'"), address, re.ASCII)
    )


def notice_id(person: UUID, kind: str, key: str) -> UUID:
    """The same for the same notice: a repeated mail is recognised by its Message-ID."""
    return uuid5(_NOTICES, f"{person} {kind} {key}")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and lines below it."""

    heading: str
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says."""

    subject: str
    sections: Sequence[Section]


def returned_mail(say: Words, task: Mapping[str, Any], reason: str) -> Mail:
    """To a head of local self-government: what was said to be repaired is not."""
    lines = [_of_task(say, task), say("Reason: {reason}", reason=reason)]
    subject = say("A task was returned")
    return Mail(subject, [Section(say("What was reported as repaired is not."), lines)])


def answered_mail(say: Words, act: Mapping[str, Any]) -> Mail:
    """To a prosecutor: an act was answered."""
    line = say("Act № {number} of {day}", number=act["number"], day=say.day(act["issued_on"]))
    return Mail(
        say("An act was answered"),
        [Section(say("The answer waits for your decision."), [line])],
    )


def disabled_mail(say: Words, why: str) -> Mail:
    """To the owner of a webhook that is sent to no more."""
    reason = say("Reason: {reason}", reason=say(_WHY_DISABLED[why]))
    heading = say("Nothing more is sent until you enable it again; nothing is lost meanwhile.")
    return Mail(say("A webhook was disabled"), [Section(heading, [reason])])


def given_up_mail(say: Words) -> Mail:
    """To the owner of a webhook that did not take an event in days."""
    heading = say("Some events were not taken for days and are not tried again.")
    line = say("They stand in the webhook's list of deliveries, where you can send them again.")
    return Mail(say("A webhook did not take everything"), [Section(heading, [line])])


def daily_mail(say: Words, day: str, found: Mapping[str, Sequence[Any] | int]) -> Mail | None:
    """What is new since the last one, as `storage.events.digest` found it; None: nothing is."""
    sections = []
    assigned, due, overdue = (_rows(found, name) for name in ("assigned", "reminded", "escalated"))
    if assigned:
        heading = say.many("{number} new task", "{number} new tasks", len(assigned))
        sections.append(Section(heading, _tasks(say, assigned)))
    if due:
        heading = say.many("{number} task is due soon", "{number} tasks are due soon", len(due))
        sections.append(Section(heading, _tasks(say, due)))
    if overdue:
        heading = say.many(
            "{number} task is overdue and has come to you",
            "{number} tasks are overdue and have come to you",
            len(overdue),
        )
        sections.append(Section(heading, _tasks(say, overdue)))
    sections += _queue(say, found)
    if not sections:
        return None
    return Mail(say("Accessibility of polling stations: {day}", day=say.day(day)), sections)


def _queue(say: Words, found: Mapping[str, Any]) -> list[Section]:
    """What waits for technical supervision, in figures."""
    told = []
    if found.get("open"):
        told.append(
            say.many(
                "{number} violation waits to be confirmed",
                "{number} violations wait to be confirmed",
                found["open"],
            )
        )
    if found.get("contested"):
        told.append(
            say.many(
                "{number} contested violation waits for a decision",
                "{number} contested violations wait for a decision",
                found["contested"],
            )
        )
    return [Section(say("Waiting for technical supervision"), told)] if told else []


def _rows(found: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    return found.get(name) or ()


def _tasks(say: Words, tasks: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [_of_task(say, task) for task in tasks[:MOST_LINES]]
    if len(tasks) > MOST_LINES:
        lines.append(say("and {number} more", number=say.number(len(tasks) - MOST_LINES)))
    return lines


def _of_task(say: Words, task: Mapping[str, Any]) -> str:
    return say(
        "{site}: {element}, due by {day}",
        site=say.of(task["site_name"]),
        element=task["element_label"],
        day=say.day(task["due_on"]),
    )


def message(
    mail: Mail,
    *,
    notice: UUID,
    sender: str,
    to: str,
    language: str,
    at: datetime,
) -> EmailMessage:
    """The mail as it is sent. Sent again it has the same Message-ID and Date (`at`)."""
    say = words_in(language)
    closing = (
        say("This message was made by a program; answers to it are not read."),
        say("It comes because of your role; the administrator turns such messages off for you."),
    )
    made = EmailMessage(policy=SMTP)
    made["From"] = sender
    made["To"] = to
    made["Subject"] = mail.subject
    made["Date"] = format_datetime(at)
    made["Message-ID"] = f"<{notice}@{sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(_as_text(mail, closing))
    made.add_alternative(_as_html(mail, closing, language), subtype="html")
    # Last: a mail that becomes one of several parts gives headers of content away to the first.
    made["Content-Language"] = language
    return made


def _as_text(mail: Mail, closing: Sequence[str]) -> str:
    parts = [
        "\n".join([section.heading, *(f"- {_flat(line)}" for line in section.lines)])
        for section in mail.sections
    ]
    return "\n\n".join([*parts, "-- \n" + "\n".join(closing)]) + "\n"


def _as_html(mail: Mail, closing: Sequence[str], language: str) -> str:
    parts = [f"<title>{html.escape(mail.subject)}</title>"]
    for section in mail.sections:
        lines = "".join(f"<li>{html.escape(_flat(line))}</li>" for line in section.lines)
        parts.append(f"<h2>{html.escape(section.heading)}</h2><ul>{lines}</ul>")
    parts += [f"<p><small>{html.escape(line)}</small></p>" for line in closing]
    body = "\n".join(parts)
    return f'<!doctype html>\n<html lang="{language}"><meta charset="utf-8">\n{body}\n</html>\n'


def _flat(line: str) -> str:
    """One line, whatever somebody wrote."""
    return " ".join(line.split())
