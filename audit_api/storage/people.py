"""People, their grants and sessions, their devices and the codes that enrol them."""

from datetime import date, datetime
from functools import lru_cache
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Row,
    String,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from audit_api.domain.access import Actor, Grant
from audit_api.domain.events.mails import ADDRESS, MOST_ADDRESS
from audit_api.domain.vocabulary import Language, Role
from audit_api.storage.base import (
    Answered,
    Base,
    Id,
    Instant,
    Json,
    Sha256,
    Word,
    ask,
    is_sha256,
    one_of,
)
from audit_api.storage.places.territory_tree import Tree, tree_of


class Person(Base):
    """Somebody with an account. `notices`: whether mail goes to `email`."""

    __tablename__ = "person"
    __table_args__ = (
        one_of("language", Language),
        CheckConstraint(f"email ~ '{ADDRESS}' and length(email) <= {MOST_ADDRESS}", name="email"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True, default=uuid4)
    username: Mapped[str] = mapped_column(String(100), unique=True)
    full_name: Mapped[str]
    password_hash: Mapped[str]
    language: Mapped[Word] = mapped_column(default=Language.RU)
    created_at: Mapped[Instant]
    disabled_at: Mapped[Instant | None]
    email: Mapped[str | None]
    notices: Mapped[bool] = mapped_column(Boolean, server_default=text("true"), default=True)


class PersonGrant(Base):
    """A role of a person in a territory."""

    __tablename__ = "person_grant"
    __table_args__ = (
        one_of("role", Role),
        CheckConstraint("revoked_at >= granted_at", name="order"),
        Index(
            "uq_person_grant_live",
            "person_id",
            "role",
            "territory_id",
            unique=True,
            postgresql_where=text("revoked_at is null"),
        ),
    )

    id: Mapped[Id] = mapped_column(primary_key=True, default=uuid4)
    person_id: Mapped[Id] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[Word]
    territory_id: Mapped[Id] = mapped_column(ForeignKey("territory.id"))
    granted_at: Mapped[Instant]
    revoked_at: Mapped[Instant | None]


class LoginSession(Base):
    """A server-side session: revocable, and the token itself is not kept."""

    __tablename__ = "login_session"
    __table_args__ = (is_sha256("token_sha256"),)

    token_sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    person_id: Mapped[Id] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    revoked_at: Mapped[Instant | None]


class FailedSignIn(Base):
    """A wrong password, so that guessing can be slowed down."""

    __tablename__ = "failed_sign_in"
    __table_args__ = (Index("ix_failed_sign_in_username_at", "username", "at"),)

    id: Mapped[Id] = mapped_column(primary_key=True, default=uuid4)
    username: Mapped[str] = mapped_column(String(100))
    at: Mapped[Instant]


class Device(Base):
    """An enrolled tablet. `acked_seq`: the highest sequence number without a gap below it.

    `pulled`: how far its last noted pull came, as `audit_api.storage.sync.pull_notes` writes it.
    """

    __tablename__ = "device"
    __table_args__ = (
        is_sha256("token_sha256"),
        CheckConstraint("acked_seq >= 0", name="acked_seq"),
        CheckConstraint("(revoked_by is null) = (revoked_reason is null)", name="revoked"),
        CheckConstraint("channel in ('sync', 'openrosa')", name="channel"),
        Index("ix_device_name_id", "name", "id"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str]
    owner_id: Mapped[Id] = mapped_column(ForeignKey("person.id"), index=True)
    token_sha256: Mapped[Sha256] = mapped_column(unique=True)
    public_key: Mapped[str | None]
    enrolled_at: Mapped[Instant]
    last_contact_at: Mapped[Instant | None]
    app_version: Mapped[str | None]
    clock_offset_ms: Mapped[int | None] = mapped_column(BigInteger)
    acked_seq: Mapped[int] = mapped_column(BigInteger, default=0)
    client: Mapped[Json | None]
    revoked_at: Mapped[Instant | None]
    revoked_by: Mapped[Id | None] = mapped_column(ForeignKey("person.id"))
    revoked_reason: Mapped[str | None]
    pulled_at: Mapped[Instant | None]
    pulled: Mapped[Json | None]
    channel: Mapped[Word] = mapped_column(default="sync", server_default="sync")


class OpenRosaKey(Base):
    """What opens the routes of ODK Collect to one device of channel `openrosa`.

    The token is its only secret and is not kept; the device's own opens nothing.
    """

    __tablename__ = "openrosa_key"
    __table_args__ = (is_sha256("token_sha256"),)

    id: Mapped[Id] = mapped_column(primary_key=True, default=uuid4)
    device_id: Mapped[Id] = mapped_column(ForeignKey("device.id"), unique=True)
    token_sha256: Mapped[Sha256] = mapped_column(unique=True)
    created_at: Mapped[Instant]
    created_by: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    revoked_at: Mapped[Instant | None]


class EnrolmentCode(Base):
    """A one-time code that turns a tablet into a person's device."""

    __tablename__ = "enrolment_code"
    __table_args__ = (
        is_sha256("code_sha256"),
        CheckConstraint("(used_at is null) = (device_id is null)", name="used_with_device"),
        CheckConstraint("expires_at > created_at", name="lifetime"),
    )

    code_sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    person_id: Mapped[Id] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    used_at: Mapped[Instant | None]
    device_id: Mapped[Id | None] = mapped_column(ForeignKey("device.id"))


_ACTOR = """
    select p.id, p.username, p.language, {device}, (select version from territory_tree), (
        select cast(json_agg(json_build_array(role, territory_id) order by role, territory_id)
            as text)
        from person_grant g where g.person_id = p.id and g.revoked_at is null
    )
    from person p join {holder} where {found}
"""
_TABLET = {
    # What a tablet holds is handed in whatever became of it or of its owner.
    "device": "d.id, d.revoked_at is not null or p.disabled_at is not null",
    "holder": "device d on d.owner_id = p.id",
}
_DEVICE_ACTOR = _ACTOR.format(**_TABLET, found="token_sha256 = %(token)s")
_OWNER_ACTOR = _ACTOR.format(**_TABLET, found="d.id = %(device)s")
_KEY_ACTOR = _ACTOR.format(
    device="d.id, k.revoked_at is not null or d.revoked_at is not null "
    "or p.disabled_at is not null",
    holder="device d on d.owner_id = p.id join openrosa_key k on k.device_id = d.id",
    found="k.token_sha256 = %(token)s",
)
_SESSION_ACTOR = _ACTOR.format(
    device="cast(null as uuid), false",
    holder="login_session l on l.person_id = p.id",
    found="token_sha256 = %(token)s and p.disabled_at is null "
    "and l.expires_at > %(at)s and l.revoked_at is null",
)

_PERSON_ACTOR = _ACTOR.format(
    device="cast(null as uuid), false",
    holder="(values (1)) alone on true",
    found="p.id = %(person)s and p.disabled_at is null",
)


def actor_of_session(session: Session, token: bytes, at: datetime, today: date) -> Actor | None:
    """Who holds this session token (given as SHA-256), if it is alive at `at`."""
    return _actor(session, ask(session, _SESSION_ACTOR, {"token": token, "at": at}), today)


def actor_of_device(session: Session, token: bytes, today: date) -> Actor | None:
    """Whose tablet holds this token (given as SHA-256); revoked ones too, marked."""
    return _actor(session, ask(session, _DEVICE_ACTOR, {"token": token}), today)


def actor_of_openrosa_key(session: Session, token: bytes, today: date) -> Actor | None:
    """Whose ODK Collect holds this key (given as SHA-256); revoked ones too, marked."""
    return _actor(session, ask(session, _KEY_ACTOR, {"token": token}), today)


def actor_of_person(session: Session, person: UUID, today: date) -> Actor | None:
    """A person for whom the system does something later; None when the account is closed."""
    return _actor(session, ask(session, _PERSON_ACTOR, {"person": person}), today)


def owner_of_device(session: Session, device: UUID, today: date) -> Actor:
    """Who owns a device, acting through it: what it handed in before is looked at again."""
    actor = _actor(session, ask(session, _OWNER_ACTOR, {"device": device}), today)
    if actor is None:
        raise LookupError(f"no device {device}")
    return actor


def _actor(session: Session, answer: Answered, today: date) -> Actor | None:
    """Who asks, with live grants, each with its whole subtree as of today."""
    row = answer.fetchone()
    if row is None:
        return None
    person, username, language, device, revoked, version, granted = row
    grants = _grants(granted, tree_of(session, version, today)) if granted else ()
    return Actor(person, username, language, grants, device=device, device_revoked=revoked)


@lru_cache(1000)
def _grants(text: str, tree: Tree) -> tuple[Grant, ...]:
    """Grants from their text, as the database gave it just now: reading it is what is saved."""
    return tuple(
        Grant(Role(role), UUID(root), tree.subtree(UUID(root)))
        for role, root in msgspec.json.decode(text)
    )


def person_by_username(session: Session, username: str) -> Person | None:
    """The account with that user name."""
    return session.scalar(select(Person).where(Person.username == username))


def full_name(session: Session, person: UUID) -> str:
    """How a person is named in writing."""
    return str(session.scalar(select(Person.full_name).where(Person.id == person)))


def holds_role(session: Session, person: UUID, role: Role) -> bool:
    """Whether a person has that role anywhere, with an account that is open."""
    granted = (
        select(PersonGrant.id)
        .join(Person, Person.id == PersonGrant.person_id)
        .where(
            PersonGrant.person_id == person,
            PersonGrant.role == role,
            PersonGrant.revoked_at.is_(None),
            Person.disabled_at.is_(None),
        )
    )
    return session.scalar(select(granted.exists())) or False


def failures_since(session: Session, username: str, since: datetime) -> int:
    """How often a sign-in as `username` failed since an instant."""
    counted = select(func.count()).where(
        FailedSignIn.username == username, FailedSignIn.at >= since
    )
    return session.scalar(counted) or 0


def record_failure(session: Session, username: str, at: datetime) -> None:
    """Keep a failed sign-in."""
    session.execute(insert(FailedSignIn).values(id=uuid4(), username=username, at=at))


def revoke_session(session: Session, token: bytes, at: datetime) -> None:
    """End a session; ending it twice is harmless."""
    session.execute(
        update(LoginSession)
        .where(LoginSession.token_sha256 == token, LoginSession.revoked_at.is_(None))
        .values(revoked_at=at)
    )


def usable_code(session: Session, code: bytes, at: datetime) -> Row[UUID] | None:
    """The person an unused, unexpired code (given as SHA-256) is for; locks the code."""
    return session.execute(
        select(EnrolmentCode.person_id)
        .join(Person, Person.id == EnrolmentCode.person_id)
        .where(
            EnrolmentCode.code_sha256 == code,
            EnrolmentCode.used_at.is_(None),
            EnrolmentCode.expires_at > at,
            Person.disabled_at.is_(None),
        )
        .with_for_update(of=EnrolmentCode)
    ).one_or_none()


_CONTACT = """
    update device set last_contact_at = %(at)s,
        app_version = coalesce(%(app)s, app_version),
        client = coalesce(cast(%(client)s as json), client),
        clock_offset_ms = coalesce(cast(%(offset)s as bigint), clock_offset_ms),
        acked_seq = case when exists (
                select from operation where device_id = %(device)s and seq = device.acked_seq + 1)
            or exists (select from reused_operation
                where device_id = %(device)s and seq = device.acked_seq + 1)
            then (select run.seq from (
                    select seq, lead(seq) over (order by seq) as following from (
                        select seq from operation
                        where device_id = %(device)s and seq > device.acked_seq
                        union select seq from reused_operation
                        where device_id = %(device)s and seq > device.acked_seq) came) run
                where run.following is distinct from run.seq + 1 order by run.seq limit 1)
            else acked_seq end
    where id = %(device)s returning acked_seq, (select epoch::text from feed_epoch)
"""


def note_contact(
    session: Session,
    device: UUID,
    *,
    at: datetime,
    app: str | None,
    client: str | None,
    clock_offset_ms: int | None,
) -> Answered:
    """Note that a device was here, and what it said of itself (JSON text).

    `contact_noted` reads what comes of it.
    """
    values = {
        "device": device,
        "at": at,
        "app": app,
        "client": client,
        "offset": clock_offset_ms,
    }
    return ask(session, _CONTACT, values)


def contact_noted(contact: Answered) -> tuple[int, str]:
    """What `note_contact` found: the highest sequence number without a gap below it; the epoch."""
    row = contact.fetchone()
    if row is None:
        raise RuntimeError("the device that pushes is gone")
    return int(row[0]), str(row[1])


_granted = text("""
    select g.role, t.code from person_grant g join territory t on t.id = g.territory_id
    where g.person_id = :person and g.revoked_at is null order by g.role, t.code
""")


def granted_roles(session: Session, person: UUID) -> list[dict[str, str]]:
    """A person's live grants as role and territory code."""
    rows = session.execute(_granted, {"person": person})
    return [{"role": role, "territory": code} for role, code in rows]


def lies_within(session: Session, person: UUID, territories: frozenset[UUID]) -> bool:
    """True when the person has grants, and all of them in these territories."""
    granted = session.scalars(
        select(PersonGrant.territory_id).where(
            PersonGrant.person_id == person, PersonGrant.revoked_at.is_(None)
        )
    ).all()
    return bool(granted) and territories.issuperset(granted)
