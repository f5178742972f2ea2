"""Accounts and grants."""

from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from audit_api.domain.errors import InvalidInput
from audit_api.domain.vocabulary import Language, Role
from audit_api.services.manage_people import add_grant, add_person
from audit_api.storage.audit_log import AuditEntry
from audit_api.storage.people import Person, PersonGrant, granted_roles
from tests.factories import AT, World

PASSWORD = "correct horse"


def add(session: Session, *, username: str = "aida", password: str = PASSWORD) -> UUID:
    return add_person(
        session, username=username, full_name="Аида", password=password, language=Language.KY, at=AT
    )


def test_an_account_is_made_once(session: Session, world: World) -> None:
    assert add(session) == add(session)


def test_saving_an_account_again_changes_its_password(session: Session, world: World) -> None:
    person = session.get_one(Person, add(session))
    before = person.password_hash
    add(session, password="another horse")
    assert person.password_hash != before


@pytest.mark.parametrize("password", ["", "nine char"])
def test_a_password_has_ten_characters(session: Session, world: World, password: str) -> None:
    with pytest.raises(InvalidInput, match="at least 10 characters"):
        add(session, password=password)


def test_a_grant_is_given_once(session: Session, world: World) -> None:
    person = add(session)
    for _ in range(2):
        add_grant(session, person, Role.PROSECUTOR, "N", at=AT)
    assert granted_roles(session, person) == [{"role": "prosecutor", "territory": "N"}]


def test_giving_a_grant_twice_is_logged_once(session: Session, world: World) -> None:
    person = add(session)
    for _ in range(2):
        add_grant(session, person, Role.PROSECUTOR, "N", at=AT)
    logged = select(AuditEntry.detail).where(
        AuditEntry.what == "granted", AuditEntry.subject == str(person)
    )
    assert session.scalars(logged).all() == [{"role": "prosecutor", "territory": "N"}]


def test_a_revoked_grant_can_be_given_again(session: Session, world: World) -> None:
    person = add(session)
    add_grant(session, person, Role.PROSECUTOR, "N", at=AT)
    session.execute(
        update(PersonGrant).where(PersonGrant.person_id == person).values(revoked_at=AT)
    )
    add_grant(session, person, Role.PROSECUTOR, "N", at=AT)
    assert granted_roles(session, person) == [{"role": "prosecutor", "territory": "N"}]


def test_a_grant_in_an_unknown_territory_is_refused(session: Session, world: World) -> None:
    with pytest.raises(InvalidInput, match="There is no territory 'X'"):
        add_grant(session, add(session), Role.PROSECUTOR, "X", at=AT)
