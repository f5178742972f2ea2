"""Mail to officials: who gets which, in their language, once; whatever the mail server does."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from audit_api.domain.events.mails import Mail, Section, is_address, message
from audit_api.domain.oversight.escalation import EscalationDays
from audit_api.domain.vocabulary import Role
from audit_api.services.events.send_notices import send
from audit_api.services.oversight.sweep_tasks import sweep_tasks
from audit_api.storage.base import Database
from audit_api.storage.people import Person
from tests.events.mailing import DAY, MORNING, Day, MailServer, first_day, head, mail_server, plain
from tests.factories import World
from tests.http.serving import Office


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as made:
        yield made


@pytest.fixture(scope="module")
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="module")
def office(client: FlaskClient, database: Database, world: World) -> Office:
    """Everybody has an address, and reads Russian."""
    with database.writing() as session:
        for (role, where), person in world.people.items():
            found = session.get_one(Person, person)
            found.email, found.language = f"{role.value}.{where}@example.org", "ru"
    return Office(client, database, world)


@pytest.fixture
def day(office: Office, database: Database, server: MailServer) -> Day:
    return first_day(database, server)


def test_a_head_gets_one_mail_a_day_whatever_many_violations(office: Office, day: Day) -> None:
    for _ in range(3):
        office.broken(confirmed=False)
    day.work()
    (mail,) = day.server.to(head())
    said = plain(mail)
    assert "3 новых задания" in said
    assert len(re.findall(r"^- .*срок до 18 ноября 2021", said, re.MULTILINE)) == 3
    office.broken(confirmed=False)
    assert day.work(timedelta(hours=5)) == 0
    assert len(day.server.to(head())) == 1
    day.work(DAY)
    assert "1 новое задание" in plain(day.server.to(head())[1])


def test_who_has_nothing_new_gets_no_mail(office: Office, day: Day) -> None:
    office.broken("far-1")
    day.work()
    assert day.server.to(head("far"))
    assert day.server.to(head()) == []


def test_before_eight_no_daily_mail_is_made(office: Office, day: Day) -> None:
    office.broken()
    day.at = MORNING.replace(hour=1)
    day.work()
    assert day.server.mails == []


def test_escalation_comes_to_those_of_its_step(
    office: Office, day: Day, database: Database
) -> None:
    office.broken()
    with database.writing() as session:
        sweep_tasks(session, EscalationDays(), at=datetime.now(UTC))
    day.work()
    assert "1 задание со сроком" in plain(day.server.to(head())[0])
    for role in ("coordinator", "prosecutor"):
        (mail,) = day.server.to(f"{role}.near@example.org")
        assert "просроченн" in plain(mail), role
        assert day.server.to(f"{role}.far@example.org") == []


def test_technical_supervision_gets_its_queue_in_figures(office: Office, day: Day) -> None:
    office.broken(confirmed=False)
    day.work()
    (mail,) = day.server.to("technical_supervisor.near@example.org")
    assert re.search(r"\d+ нарушени\w+ жд\w+ подтверждения", plain(mail))


def returned(office: Office, site: UUID, reason: str) -> None:
    """A task of the site is reported as done and returned."""
    with office.database.writing() as session:
        task = session.scalar(
            text("select id from remediation_task where site_id = :s limit 1"), {"s": site}
        )
        session.execute(
            text("""insert into task_event (task_id, at, person_id, from_state, to_state, reason,
                move) values (:task, now(), :person, 'reported_done', 'returned', :reason,
                'return')"""),
            {
                "task": task,
                "person": office.world.people[Role.TECHNICAL_SUPERVISOR, "near"],
                "reason": reason,
            },
        )


def test_a_returned_task_is_told_at_once_with_the_reason(office: Office, day: Day) -> None:
    site = office.broken()
    day.work()
    before = len(day.server.to(head()))
    returned(office, site, "The photo shows\r\nBcc: another@example.org <b>door</b>")
    day.work(timedelta(minutes=1))
    mail = day.server.to(head())[before]
    assert mail["Subject"] == "Задание возвращено"
    assert "Причина: The photo shows Bcc: another@example.org <b>door</b>" in plain(mail)
    html = mail.get_body(("html",))
    assert html is not None
    assert "&lt;b&gt;door&lt;/b&gt;" in html.get_content()
    assert mail["Bcc"] is None
    assert day.server.to("another@example.org") == []
    assert day.server.to(head("far")) == []


def test_an_answer_is_told_to_the_prosecutor(office: Office, day: Day) -> None:
    act = office.act()
    office.answer(act["id"])
    day.work()
    mails = day.server.to("prosecutor.near@example.org")
    (mail,) = [mail for mail in mails if mail["Subject"] == "На акт дан ответ"]
    assert f"Акт № {act['number']}" in plain(mail)
    assert not [m for m in day.server.mails if m["To"] == "prosecutor.far@example.org"]


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("ky", "Шайлоо участокторунун жеткиликтүүлүгү: "),
        ("ru", "Доступность избирательных участков: "),
        ("en", "Accessibility of polling stations: "),
    ],
)
def test_each_reads_their_own_language(
    office: Office, day: Day, database: Database, world: World, language: str, subject: str
) -> None:
    person = world.people[Role.LSG_HEAD, "near"]
    with database.writing() as session:
        session.get_one(Person, person).language = language
    site = office.broken()
    day.work()
    (mail,) = day.server.to(head())
    assert mail["Subject"].startswith(subject)
    assert mail["Content-Language"] == language
    with database.reading() as session:
        name = session.scalar(text(f"select name_{language} from site where id = :s"), {"s": site})  # noqa: S608
    assert name in plain(mail)
    with database.writing() as session:
        session.get_one(Person, person).language = "ru"


def test_headers_tell_what_it_is(office: Office, day: Day) -> None:
    office.broken()
    day.work()
    (mail,) = day.server.to(head())
    assert mail["From"] == "audit@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<[0-9a-f-]{36}@example\.org>", mail["Message-ID"])
    assert mail["Date"].datetime == MORNING
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_a_mail_that_the_server_puts_off_comes_later_and_is_the_same(
    office: Office, day: Day
) -> None:
    office.broken()
    answers = iter(["451 try later", "250 lost its answer?"])
    day.server.answer = lambda: next(answers, "250 taken")
    day.server.to_address = lambda a: "250 ok" if a == head() else "550 nobody"
    day.work()
    assert day.server.mails == []
    day.work(timedelta(minutes=1))
    (mail,) = day.server.mails
    with day.database.reading() as session:
        log = session.execute(
            text("""select a.code, a.error from notice_attempt a
            join notice n on n.id = a.notice_id where n.person_id = :p order by a.at"""),
            {"p": office.world.people[Role.LSG_HEAD, "near"]},
        ).all()
    assert [row[0] for row in log] == [451, 250]
    assert mail["Date"].datetime == MORNING


def test_an_address_that_does_not_exist_is_given_up_at_once(office: Office, day: Day) -> None:
    office.broken()
    day.server.to_address = lambda address: "550 no such person" if address == head() else "250 ok"
    day.work()
    assert day.work(timedelta(hours=1)) == 0
    with day.database.reading() as session:
        state = text("""select n.state, a.code from notice n
            join notice_attempt a on a.notice_id = n.id where n.person_id = :p""")
        person = office.world.people[Role.LSG_HEAD, "near"]
        assert session.execute(state, {"p": person}).all() == [("given_up", 550)]


def test_a_server_that_is_away_for_days_is_tried_until_it_is_given_up(
    office: Office, day: Day
) -> None:
    office.broken()
    day.make()
    up, day.server.settings = day.server.settings, replace(day.server.settings, port=1)
    for _ in range(3):
        day.work(timedelta(hours=6))
    day.server.settings = up
    day.work(DAY)
    assert len(day.server.to(head())) == 1
    day.server.settings = replace(up, port=1)
    office.broken()
    for _ in range(50):
        day.at += timedelta(hours=2)
        day.send()
    with day.database.reading() as session:
        assert session.scalar(text("select count(*) from notice where state = 'pending'")) == 0


def test_workers_at_once_send_nothing_twice(office: Office, day: Day) -> None:
    for territory in ("near-1", "far-1"):
        office.broken(territory)
    day.make()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: day.send(), range(4)))
    ids = [mail["Message-ID"] for mail in day.server.mails]
    assert len(ids) > 2
    assert len(set(ids)) == len(ids)


def test_a_worker_that_dies_before_it_noted_sends_the_same_message_again(
    office: Office, day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.broken()
    day.make()

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    monkeypatch.setattr("audit_api.storage.events.notices.note_attempt", die)
    with pytest.raises(Killed):
        day.send()
    monkeypatch.undo()
    day.work(timedelta(minutes=6))
    first, *rest = day.server.mails
    assert [m["Message-ID"] for m in rest].count(first["Message-ID"]) == 1


def test_what_lies_outside_by_then_is_not_told(
    office: Office, day: Day, database: Database, world: World
) -> None:
    site = office.broken()
    returned(office, site, "Not repaired.")
    day.make()
    with database.writing() as session:
        session.execute(
            text("update site set territory_id = :t where id = :s"),
            {"t": world.territories["far-1"], "s": site},
        )
        name = session.scalar(text("select name_ru from site where id = :s"), {"s": site})
    day.send()
    assert [mail for mail in day.server.mails if name in plain(mail)] == day.server.to(head("far"))
    assert day.server.to(head()) == []


@pytest.mark.parametrize("how", ["notices = false", "email = null", "disabled_at = now()"])
def test_who_wants_or_may_have_no_mail_gets_none(
    office: Office, day: Day, database: Database, world: World, how: str
) -> None:
    office.broken()
    day.make()
    person = {"p": world.people[Role.LSG_HEAD, "near"]}
    with database.writing() as session:
        session.execute(text(f"update person set {how} where id = :p"), person)  # noqa: S608
    day.send()
    assert day.server.to(head()) == []
    with database.writing() as session:
        session.execute(
            text("""update person set notices = true, disabled_at = null,
            email = 'lsg_head.near@example.org' where id = :p"""),
            person,
        )


@pytest.mark.parametrize("security", ["smtp", "smtps"])
def test_without_tls_nothing_is_sent_unless_it_was_asked_for(
    server: MailServer, security: str
) -> None:
    said = Mail("A subject", [Section("Something")])
    at = datetime.now(UTC)
    wrapped = message(
        said, notice=uuid4(), sender="audit@example.org", to=head(), language="en", at=at
    )
    sent = send(replace(server.settings, security=security), wrapped)
    assert sent.error
    assert server.mails == []


WRONG = ["", "a", "a@b", "a b@example.org", "a@example.org\nBcc: b@example.org", "a@example.org\n",
         "a@@example.org", "<a@example.org>", "a@example.org,b@example.org", "а@example.org",
         "a@exa mple.org", "a@" + "b" * 250 + ".org"]  # fmt: skip


@pytest.mark.parametrize("address", WRONG)
def test_what_is_no_address_is_refused_here_and_by_the_database(
    database: Database, world: World, address: str
) -> None:
    assert not is_address(address)
    change = text("update person set email = :email where id = :p")
    person = world.people[Role.INSPECTOR, "far"]
    with pytest.raises(IntegrityError), database.writing() as session:
        session.execute(change, {"email": address, "p": person})


def test_an_address_is_taken() -> None:
    assert is_address("aida.o'neil+audit@mail.example.org")


def test_a_notice_that_cannot_be_written_keeps_back_none(
    office: Office, day: Day, database: Database
) -> None:
    office.broken()
    day.make()
    with database.writing() as session:
        session.execute(
            text("""update notice set about = '{}', due_at = due_at - interval '1 hour'
                where person_id <> :p and state = 'pending'"""),
            {"p": office.world.people[Role.LSG_HEAD, "near"]},
        )
    day.send()
    assert len(day.server.to(head())) == 1
    with database.reading() as session:
        errors = set(session.scalars(text("select error from notice_attempt")))
    assert errors == {None, "it could not be written"}
