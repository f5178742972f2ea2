"""Making accounts and grants; what the administrator's command line uses."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from audit_api.domain.errors import InvalidInput
from audit_api.domain.events.mails import is_address
from audit_api.domain.vocabulary import Language, Role
from audit_api.services.sign_in import hash_password
from audit_api.storage import audit_log
from audit_api.storage.people import Person, PersonGrant
from audit_api.storage.places.places import Territory


def add_person(
    session: Session,
    *,
    username: str,
    full_name: str,
    password: str,
    language: Language,
    at: datetime,
) -> UUID:
    """Make an account, or set the password and name of the one there is; returns its id."""
    if len(password) < 10:
        raise InvalidInput("A password has at least 10 characters.")
    person = session.scalar(select(Person).where(Person.username == username))
    if person is None:
        person = Person(id=uuid4(), username=username, created_at=at)
        session.add(person)
    person.full_name = full_name
    person.language = language.value
    person.password_hash = hash_password(password)
    session.flush()
    audit_log.record(session, "person_saved", person.id, at=at)
    return person.id


def add_grant(session: Session, person: UUID, role: Role, territory: str, *, at: datetime) -> None:
    """Give a role in a territory (SOATE code); giving it twice is harmless."""
    found = session.scalar(select(Territory.id).where(Territory.code == territory))
    if found is None:
        raise InvalidInput(f"There is no territory {territory!r}; import the territories first.")
    added = session.execute(
        insert(PersonGrant)
        .values(id=uuid4(), person_id=person, role=role.value, territory_id=found, granted_at=at)
        .on_conflict_do_nothing()
        .returning(PersonGrant.id)
    ).first()
    if added is not None:
        audit_log.record(session, "granted", person, at=at, role=role.value, territory=territory)


def set_email(
    session: Session, person: Person, email: str | None, *, wanted: bool, at: datetime
) -> None:
    """Where notices go, None: nowhere; `wanted`: whether they do. The log keeps no address."""
    if email is not None and not is_address(email):
        raise InvalidInput(f"{email[:60]!r} is no e-mail address; write it like a.b@example.org.")
    person.email = email
    person.notices = wanted
    session.flush()
    audit_log.record(session, "email_set", person.id, at=at, given=email is not None, wanted=wanted)
