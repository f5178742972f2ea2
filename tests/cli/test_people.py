"""Accounts, grants and codes from the command line."""

from datetime import UTC, datetime, timedelta

import pytest

from audit_api.domain.errors import CodeNotUsable
from audit_api.services.enrol_device import enrol_device
from audit_api.services.sign_in import sign_in
from audit_api.storage.people import Device
from tests.cli.conftest import Cli
from tests.cli.files import TERRITORIES, csv

PASSWORD = "correct horse battery"


def add(cli: Cli, username: str = "aida", *, password: str = PASSWORD, name: str = "Аида") -> str:
    typed = f"{password}\n{password}\n"
    return cli.done("people", "add", username, "--name", name, typed=typed)


def signs_in(cli: Cli, username: str, password: str) -> bool:
    lifetime, at = timedelta(hours=1), datetime.now(UTC)
    with cli.database.writing() as session:
        return bool(sign_in(session, username, password, lifetime=lifetime, prefix="a", at=at))


def enrol(cli: Cli, code: str, at: datetime) -> Device:
    with cli.database.writing() as session:
        enrolled = enrol_device(session, code, name="tablet", public_key=None, prefix="aad_", at=at)
        return enrolled.device


def test_an_account_can_sign_in(cli: Cli) -> None:
    add(cli)
    assert signs_in(cli, "aida", PASSWORD)


def test_an_account_speaks_russian_unless_told_otherwise(cli: Cli) -> None:
    add(cli)
    assert cli.query("select username, full_name, language from person") == [("aida", "Аида", "ru")]


def test_the_password_is_not_shown(shared: Cli) -> None:
    assert PASSWORD not in add(shared, "unshown")


def test_adding_an_account_again_sets_its_password(cli: Cli) -> None:
    add(cli)
    add(cli, password="another password")
    assert [signs_in(cli, "aida", PASSWORD), signs_in(cli, "aida", "another password")] == [
        False, True,
    ]  # fmt: skip


def test_a_short_password_is_refused(shared: Cli) -> None:
    said = shared.refused("people", "add", "short", "--name", "A", typed="short\nshort\n")
    assert "A password has at least 10 characters." in said


def test_two_different_passwords_are_asked_for_again(shared: Cli) -> None:
    typed = f"{PASSWORD}\nother\n{PASSWORD}\n{PASSWORD}\n"
    said = shared.done("people", "add", "typist", "--name", "A", typed=typed)
    assert "do not match" in said


def test_a_user_name_that_is_too_long_is_refused_in_words(shared: Cli) -> None:
    typed = f"{PASSWORD}\n{PASSWORD}\n"
    said = shared.refused("people", "add", "a" * 101, "--name", "A", typed=typed)
    assert "The database refused: value too long for type character varying(100)" in said


def test_a_role_is_granted_in_a_territory_once(cli: Cli) -> None:
    cli.done("places", "import-territories", cli.file("t.csv", csv(TERRITORIES)))
    add(cli)
    for _ in range(2):
        assert cli.done("people", "grant", "aida", "inspector", "A") == "aida: inspector in A.\n"
    assert cli.query("""
        select g.role, t.code from person_grant g join territory t on t.id = g.territory_id
    """) == [("inspector", "A")]


def test_a_role_in_an_unknown_territory_is_refused(shared: Cli) -> None:
    add(shared, "homeless")
    said = shared.refused("people", "grant", "homeless", "inspector", "X")
    assert "There is no territory 'X'; import the territories first." in said


def test_an_unknown_role_is_refused(shared: Cli) -> None:
    outcome = shared("people", "grant", "aida", "king", "A")
    assert (outcome.exit_code, "'king' is not one of 'inspector'" in outcome.output) == (2, True)


@pytest.mark.parametrize("command", [("grant", "ghost", "inspector", "A"), ("code", "ghost")])
def test_an_unknown_person_is_told(shared: Cli, command: tuple[str, ...]) -> None:
    assert "There is no person 'ghost'." in shared.refused("people", *command)


def test_a_code_enrols_a_tablet_of_its_person(shared: Cli) -> None:
    add(shared, "owner")
    code = shared.done("people", "code", "owner").strip()
    device = enrol(shared, code, datetime.now(UTC))
    owners = dict(shared.query("select id, username from person"))
    assert owners[device.owner_id] == "owner"


def test_a_code_lasts_ten_minutes(shared: Cli) -> None:
    add(shared, "late")
    code = shared.done("people", "code", "late").strip()
    with pytest.raises(CodeNotUsable):
        enrol(shared, code, datetime.now(UTC) + timedelta(minutes=10, seconds=1))


def test_a_code_may_be_made_to_last_longer(shared: Cli) -> None:
    add(shared, "far")
    code = shared.done("people", "code", "far", "--minutes", "1440").strip()
    assert enrol(shared, code, datetime.now(UTC) + timedelta(hours=23))


@pytest.mark.parametrize("minutes", ["0", "-5", "many", "100000"])
def test_a_nonsense_lifetime_is_refused(shared: Cli, minutes: str) -> None:
    assert shared("people", "code", "aida", "--minutes", minutes).exit_code == 2
