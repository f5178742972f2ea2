"""Signing in: one answer to every wrong pair, and patience that ends."""

from datetime import timedelta

import argon2
import pytest
from argon2 import PasswordHasher, extract_parameters
from sqlalchemy import select
from sqlalchemy.orm import Session

from audit_api.domain.errors import TooManyAttempts
from audit_api.domain.vocabulary import Language
from audit_api.services.manage_people import add_person
from audit_api.services.sign_in import (
    FAILURE_WINDOW,
    SignedIn,
    check_patience,
    hash_password,
    sign_in,
)
from audit_api.storage.people import FailedSignIn, LoginSession, Person
from tests.factories import AT, digest

PASSWORD = "correct horse battery"


@pytest.fixture
def aida(session: Session) -> Person:
    made = add_person(
        session, username="aida", full_name="Аида", password=PASSWORD, language=Language.KY, at=AT
    )
    return session.get_one(Person, made)


def attempt(
    session: Session, username: str, password: str, *, after: timedelta = timedelta(0)
) -> SignedIn | None:
    return sign_in(
        session, username, password, lifetime=timedelta(hours=12), prefix="aas_", at=AT + after
    )


def fail(session: Session, times: int, username: str = "aida") -> None:
    for n in range(times):
        session.add(FailedSignIn(username=username, at=AT + timedelta(seconds=n)))
    session.flush()


def test_the_right_pair_opens_a_session(session: Session, aida: Person) -> None:
    signed_in = attempt(session, "aida", PASSWORD)
    assert signed_in is not None
    assert (signed_in.person.id, signed_in.expires_at) == (aida.id, AT + timedelta(hours=12))


def test_only_the_hash_of_the_token_is_stored(session: Session, aida: Person) -> None:
    signed_in = attempt(session, "aida", PASSWORD)
    assert signed_in is not None
    assert session.scalars(
        select(LoginSession.token_sha256).where(LoginSession.person_id == aida.id)
    ).all() == [digest(signed_in.token)]


def test_two_sessions_have_two_tokens(session: Session, aida: Person) -> None:
    first, second = attempt(session, "aida", PASSWORD), attempt(session, "aida", PASSWORD)
    assert first is not None
    assert second is not None
    assert first.token != second.token


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("aida", "wrong"),
        ("aida", ""),
        ("aida", PASSWORD.upper()),
        ("aida", PASSWORD + " "),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("AIDA", PASSWORD),
    ],
)
def test_a_wrong_pair_opens_nothing(
    session: Session, aida: Person, username: str, password: str
) -> None:
    assert attempt(session, username, password) is None


def test_a_disabled_account_opens_nothing(session: Session, aida: Person) -> None:
    aida.disabled_at = AT
    session.flush()
    assert attempt(session, "aida", PASSWORD) is None


@pytest.mark.parametrize("username", ["aida", "nobody"])
def test_every_failure_is_counted(session: Session, aida: Person, username: str) -> None:
    attempt(session, username, "wrong")
    assert session.scalars(select(FailedSignIn.username)).all() == [username]


def test_a_success_is_not_counted_as_a_failure(session: Session, aida: Person) -> None:
    attempt(session, "aida", PASSWORD)
    assert session.scalars(select(FailedSignIn)).all() == []


def test_an_unknown_user_costs_the_same_work_as_a_wrong_password(
    session: Session, aida: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    work: list[argon2.Parameters] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, hashed: str, password: str) -> bool:
        work.append(extract_parameters(hashed))
        return bool(verify(self, hashed, password))

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    attempt(session, "aida", "wrong")
    attempt(session, "nobody", "wrong")
    assert len(work) == 2
    assert work[0] == work[1]


def test_a_password_is_kept_as_argon2id() -> None:
    assert extract_parameters(hash_password(PASSWORD)).type is argon2.Type.ID


def test_a_password_costs_at_least_what_owasp_asks() -> None:
    found = extract_parameters(hash_password(PASSWORD))
    assert (found.memory_cost >= 19 * 1024, found.time_cost >= 2) == (True, True)


def test_the_same_password_is_never_kept_the_same() -> None:
    assert hash_password(PASSWORD) != hash_password(PASSWORD)


def test_nine_failures_are_forgiven(session: Session) -> None:
    fail(session, 9)
    check_patience(session, "aida", AT + timedelta(minutes=1))


def test_ten_failures_are_not(session: Session) -> None:
    fail(session, 10)
    with pytest.raises(TooManyAttempts) as refused:
        check_patience(session, "aida", AT + timedelta(minutes=1))
    assert refused.value.extra == {"retry_after": FAILURE_WINDOW.seconds}


def test_an_unknown_user_is_refused_as_a_known_one(session: Session) -> None:
    fail(session, 10, "nobody")
    with pytest.raises(TooManyAttempts):
        check_patience(session, "nobody", AT + timedelta(minutes=1))


def test_another_user_s_failures_do_not_count(session: Session) -> None:
    fail(session, 10, "bek")
    check_patience(session, "aida", AT + timedelta(minutes=1))


def test_patience_comes_back_after_ten_minutes(session: Session) -> None:
    fail(session, 10)
    check_patience(session, "aida", AT + timedelta(seconds=9, minutes=10, milliseconds=1))
