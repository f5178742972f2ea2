"""Editions are checked, imported and adopted by a named decision, or refused with a reason."""

import pytest

from tests.cli.conftest import Cli
from tests.cli.lawful import FIRST, LAWYER, SECOND, Lawful, adoption, spoilt

DOCUMENTS = "select n, kind, id from catalog_document order by n"
ADOPTIONS = "select standard, edition, replaces, weight, in_force_from::text from adoption"


def imported(cli: Cli) -> None:
    cli.done("standards", "import", str(FIRST))
    cli.done("standards", "import", str(SECOND))


def test_the_shipped_catalog_is_as_it_was_released(shared: Cli) -> None:
    said = shared.done("standards", "check")
    assert "KZ-DOSKAZ" in said
    assert "each as it was released" in said


def test_a_file_is_checked_without_a_database(monkeypatch: pytest.MonkeyPatch, shared: Cli) -> None:
    monkeypatch.delenv("DATABASE_URL")
    said = shared.done("standards", "check", str(FIRST))
    assert "No database at hand" in said
    assert "no mistakes, no doubts" in said


def test_every_mistake_is_told_with_file_line_and_column(shared: Cli) -> None:
    file = shared.file("mine.json", spoilt(FIRST, edition_note="", checked_on="25.11.2026"))
    said = shared.refused("standards", "check", file)
    assert said.count("mistake\n") == 2
    assert "mine.json:1:" in said
    assert '-> write "2026-11-25"' in said
    assert "mine.json: 2 mistakes" in said


def test_an_edition_is_imported_once_and_again_without_effect(law: Cli) -> None:
    assert "SAMPLE-DEMO/1: imported; 4 requirements" in law.done(
        "standards", "import", str(FIRST), "--recorded-by", LAWYER
    )
    assert "was there already, unchanged" in law.done("standards", "import", str(FIRST))
    assert law.query(DOCUMENTS) == [(1, "edition", "SAMPLE-DEMO/1")]


def test_a_dry_run_imports_nothing(law: Cli) -> None:
    assert "Dry run" in law.done("standards", "import", str(FIRST), "--dry-run")
    assert law.query(DOCUMENTS) == []


def test_other_bytes_of_an_edition_that_is_there_are_refused(law: Cli) -> None:
    law.done("standards", "import", str(FIRST))
    said = law.refused("standards", "import", law.file("x.json", spoilt(FIRST, status="other")))
    assert "editions never change" in said
    assert "an edition of its own" in said
    assert len(law.query(DOCUMENTS)) == 1


def test_a_file_with_mistakes_is_not_imported_and_all_are_told(law: Cli) -> None:
    file = law.file("x.json", spoilt(FIRST, status="", source=None))
    said = law.refused("standards", "import", file)
    assert "status" in said
    assert "source" in said
    assert law.query(DOCUMENTS) == []


def test_an_adoption_makes_a_new_version_of_the_profile_with_the_decision_in_it(law: Cli) -> None:
    imported(law)
    said = law.done(*adoption("1"))
    assert "adopted as binding in kg-demo-2021 from 2021-11-01 by decision 1" in said
    assert "kg-test-2021" in said
    assert law.query(ADOPTIONS) == [("SAMPLE-DEMO", "1", None, "binding", "2021-11-01")]
    (data,) = law.query("select data from catalog_document where kind = 'profile'")[0]
    assert '"number": "1"' in data.decode()
    assert law.query("select what, subject from audit_log where what = 'edition_adopted'") == [
        ("edition_adopted", "SAMPLE-DEMO/1")
    ]


def test_an_edition_that_is_replaced_ends_the_day_before(law: Cli) -> None:
    imported(law)
    law.done(*adoption("1"))
    law.done(*adoption("2", replaces="1", since="2021-11-15", number="2"))
    (data,) = law.query("select data from catalog_document where n = 4")[0]
    assert '"from": "2021-11-01",\n    "to": "2021-11-14"' in data.decode()


def test_the_same_adoption_again_changes_nothing(law: Cli) -> None:
    imported(law)
    law.done(*adoption("1"))
    assert "by this decision already" in law.done(*adoption("1"))
    assert len(law.query(ADOPTIONS)) == 1


def test_a_dry_run_adopts_nothing_and_shows_what_would_change(law: Cli, lawful: Lawful) -> None:
    lawful.ramp("near-1", 850)
    imported(law)
    said = law.done(*adoption("1"), "--dry-run")
    assert "Dry run: nothing was stored" in said
    assert "SAMPLE-DEMO ramp.width" in said
    assert law.query(ADOPTIONS) == []


REFUSED: dict[str, tuple[list[str], str]] = {
    "an edition nobody imported": (adoption("3"), "SAMPLE-DEMO/3 is not in the catalog"),
    "a profile nobody knows": (
        [w if w != "kg-demo-2021" else "kg-demo-2012" for w in adoption("1")],
        "did you mean 'kg-demo-2026' or 'kg-demo-2021'?",
    ),
    "an empty number": (adoption("1", number=" "), "--number: is empty"),
    "a person nobody knows": (
        [w if w != LAWYER else "nobody" for w in adoption("1")],
        "There is no person 'nobody'",
    ),
    "nothing to replace": (adoption("2", replaces="1"), "is not in force on 2021-11-01"),
    "a day after the election": (adoption("1", since="2021-12-01"), "nothing could be judged"),
}


@pytest.mark.parametrize(("words", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_an_adoption_that_cannot_be_is_refused_with_its_reason(
    law: Cli, words: list[str], told: str
) -> None:
    imported(law)
    assert told in law.refused(*words)
    assert law.query(ADOPTIONS) == []


AFTER_THE_FIRST: dict[str, tuple[list[str], str]] = {
    "the other edition is in force": (adoption("2"), "say --replaces 1"),
    "replaced from its own first day": (adoption("2", replaces="1"), "choose a later day"),
    "the same edition again": (
        adoption("1", replaces="1", since="2021-11-20", number="9"),
        "in force as binding already",
    ),
    "before the one that is adopted": (
        adoption("2", since="2021-10-01", number="9"),
        "adopt in the order of the days",
    ),
}


@pytest.mark.parametrize(("words", "told"), AFTER_THE_FIRST.values(), ids=AFTER_THE_FIRST.keys())
def test_two_editions_are_never_in_force_on_one_day(law: Cli, words: list[str], told: str) -> None:
    imported(law)
    law.done(*adoption("1"))
    assert told in law.refused(*words)


def test_what_is_recalled_from_memory_cannot_be_adopted_as_binding(law: Cli) -> None:
    data = FIRST.read_bytes().replace(b"read in source text", b"recalled, not verified")
    law.done("standards", "import", law.file("recalled.json", data))
    assert "what nobody has read cannot bind" in law.refused(*adoption("1"))


@pytest.mark.parametrize(
    "statement",
    [
        f"{verb} {table}{rest}"
        for table in ("catalog_document", "adoption", "ruleset")
        for verb, rest in (("delete from", ""), ("truncate", " cascade"))
    ],
)
def test_what_decisions_rest_on_only_grows(law: Cli, statement: str) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    imported(law)
    law.done(*adoption("1"))
    with pytest.raises(DBAPIError, match="append-only"), law.database.writing() as session:
        session.execute(text(statement))
