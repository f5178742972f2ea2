"""The calendar on the command line: shown, and corrected by a named administrator."""

import pytest

from tests.cli.conftest import Cli
from tests.factories import make_world

STORED = "select day::text, kind, reason from day_correction order by n"


@pytest.fixture
def peopled(cli: Cli) -> Cli:
    with cli.database.writing() as session:
        make_world(session)
    return cli


def correct(day: str, kind: str, by: str = "administrator.near") -> list[str]:
    return ["days", "correct", day, kind, "--by", by, "--reason", "The muftiate, 1 March"]


def test_an_announced_ait_is_off_and_taken_back_is_computed_again(peopled: Cli) -> None:
    assert "2027-03-10" not in peopled.done("days", "list", "2027")
    assert peopled.done(*correct("2027-03-10", "off")) == "2027-03-10: off.\n"
    assert "2027-03-10 Wed  corrected" in peopled.done("days", "list", "2027")
    assert peopled.done(*correct("2027-03-10", "off")) == "2027-03-10: off already.\n"
    assert peopled.done(*correct("2027-03-10", "computed")) == "2027-03-10: computed.\n"
    assert "2027-03-10" not in peopled.done("days", "list", "2027")
    assert peopled.query(STORED) == [
        ("2027-03-10", "off", "The muftiate, 1 March"),
        ("2027-03-10", "computed", "The muftiate, 1 March"),
    ]


def test_the_audit_log_says_who_and_what(peopled: Cli) -> None:
    peopled.done(*correct("2027-03-10", "off"))
    assert peopled.query("""
        select a.subject, p.username, a.detail::text from audit_log a
        join person p on p.id = a.person_id where a.what = 'day_corrected'
    """) == [("2027-03-10", "administrator.near", '{"kind":"off"}')]


@pytest.mark.parametrize("by", ["coordinator.near", "nobody"])
def test_only_an_administrator_corrects(peopled: Cli, by: str) -> None:
    assert f"{by!r} is no administrator" in peopled.refused(*correct("2027-03-10", "off", by))
    assert peopled.query(STORED) == []
