"""A code enrols one tablet, once, within its time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from audit_api.domain.errors import CodeNotUsable
from audit_api.domain.vocabulary import Role
from audit_api.services.enrol_device import Enrolled, enrol_device, issue_code
from audit_api.storage.audit_log import AuditEntry
from audit_api.storage.base import Database
from audit_api.storage.people import Device, EnrolmentCode, Person
from tests.factories import AT, World, digest

LIFETIME = timedelta(minutes=10)


@pytest.fixture
def owner(world: World) -> UUID:
    return world.people[Role.INSPECTOR, "near"]


@pytest.fixture
def code(session: Session, owner: UUID) -> str:
    return issue_code(session, owner, lifetime=LIFETIME, at=AT)


def enrol(session: Session, code: str, *, after: timedelta = timedelta(minutes=1)) -> Enrolled:
    return enrol_device(
        session, code, name="tablet 7", public_key="PEM", prefix="aad_", at=AT + after
    )


def refusal(session: Session, code: str, *, after: timedelta = timedelta(minutes=1)) -> str:
    with pytest.raises(CodeNotUsable) as refused:
        enrol(session, code, after=after)
    return refused.value.detail


def test_a_code_makes_a_device_of_its_person(session: Session, owner: UUID, code: str) -> None:
    device = enrol(session, code).device
    assert (device.owner_id, device.name, device.public_key, device.acked_seq) == (
        owner, "tablet 7", "PEM", 0,
    )  # fmt: skip


@pytest.mark.parametrize(
    "typed",
    [str.lower, lambda code: code.replace("-", ""), lambda code: f" {' '.join(code)} "],
    ids=["small letters", "without the hyphen", "with spaces"],
)
def test_a_code_works_however_it_is_typed(
    session: Session, code: str, typed: Callable[[str], str]
) -> None:
    assert enrol(session, typed(code))


def test_a_code_works_once(session: Session, code: str) -> None:
    enrol(session, code)
    assert refusal(session, code)


def test_a_code_works_until_its_time_is_up(session: Session, code: str) -> None:
    assert enrol(session, code, after=LIFETIME - timedelta(seconds=1))


@pytest.mark.parametrize("after", [LIFETIME, LIFETIME + timedelta(days=400)])
def test_an_expired_code_is_refused(session: Session, code: str, after: timedelta) -> None:
    assert refusal(session, code, after=after)


@pytest.mark.parametrize("wrong", ["AAAAA-AAAAA", "", "-----", "' or 1=1 --", "Ж" * 10])
def test_a_wrong_code_is_refused(session: Session, code: str, wrong: str) -> None:
    assert refusal(session, wrong)


def test_a_code_of_a_disabled_person_is_refused(session: Session, owner: UUID, code: str) -> None:
    session.get_one(Person, owner).disabled_at = AT
    session.flush()
    assert refusal(session, code)


def test_the_refusal_does_not_say_what_was_wrong(session: Session, code: str) -> None:
    unknown = refusal(session, "AAAAA-AAAAA")
    expired = refusal(session, code, after=LIFETIME)
    enrol(session, code)
    assert {unknown, expired, refusal(session, code)} == {unknown}


def test_a_wrong_guess_does_not_use_up_the_code(session: Session, code: str) -> None:
    refusal(session, "AAAAA-AAAAA")
    assert enrol(session, code)


def test_every_code_of_a_person_works(session: Session, owner: UUID, code: str) -> None:
    second = issue_code(session, owner, lifetime=LIFETIME, at=AT)
    assert enrol(session, second).device.id != enrol(session, code).device.id


def test_a_code_can_be_read_aloud(code: str) -> None:
    assert len(code) == 11
    assert set(code[:5] + code[6:]) <= set("ABCDEFGHJKMNPQRSTUVWXYZ23456789")


def test_neither_code_nor_token_is_stored(session: Session, code: str) -> None:
    enrolled = enrol(session, code)
    stored = session.scalars(select(EnrolmentCode.code_sha256)).all()
    assert digest(code.replace("-", "")) in stored
    assert enrolled.device.token_sha256 == digest(enrolled.token)


def test_a_used_code_tells_when_and_for_which_device(session: Session, code: str) -> None:
    device = enrol(session, code).device.id
    row = session.get_one(EnrolmentCode, digest(code.replace("-", "")))
    session.refresh(row)
    assert (row.used_at, row.device_id) == (AT + timedelta(minutes=1), device)


def test_issuing_and_enrolling_are_in_the_audit_log(
    session: Session, owner: UUID, code: str
) -> None:
    device = enrol(session, code).device.id
    entries = session.execute(
        select(AuditEntry.what, AuditEntry.person_id, AuditEntry.device_id).order_by(AuditEntry.n)
    ).all()
    assert [tuple(entry) for entry in entries[-2:]] == [
        ("enrolment_code_issued", owner, None),
        ("device_enrolled", owner, device),
    ]


def test_of_two_who_use_a_code_at_the_same_time_one_wins(database: Database, owner: UUID) -> None:
    with database.writing() as session:
        code = issue_code(session, owner, lifetime=LIFETIME, at=AT)
        before = session.scalar(select(func.count()).select_from(Device))

    def use(_: int) -> bool:
        try:
            with database.writing() as session:
                enrol(session, code)
        except CodeNotUsable:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        wins = sum(pool.map(use, range(6)))
    with database.reading() as session:
        after = session.scalar(select(func.count()).select_from(Device))
    assert (wins, (after or 0) - (before or 0)) == (1, 1)
