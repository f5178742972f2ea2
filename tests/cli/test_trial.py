"""A law tried on what is stored: differences by requirement and case, and judging once more."""

import csv
import io

import pytest
from sqlalchemy import text

from tests.cli.conftest import Cli
from tests.cli.lawful import FIRST, SECOND, Lawful


@pytest.fixture
def law(law: Cli) -> Cli:
    """The command line on a world in which both samples are imported."""
    law.done("standards", "import", str(FIRST))
    law.done("standards", "import", str(SECOND))
    return law


def test_a_difference_is_shown_by_requirement_and_case_by_case(law: Cli, lawful: Lawful) -> None:
    lawful.ramp("near-1", 850)
    lawful.ramp("near-2", 910)
    lawful.ramp("far-1", 1000)
    path = law.folder / "cases.csv"
    said = law.done("standards", "diff", "SAMPLE-DEMO/1", "SAMPLE-DEMO/2", "--csv", str(path))
    (line,) = [line for line in said.splitlines() if "ramp.width" in line]
    assert line.split()[-4:] == ["1", "0", "0", "3"]
    assert "3 inspections compared" in said
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    (row,) = [row for row in rows if row["requirement"] == "ramp.width"]
    assert row["site"] == str(lawful.world.sites["near-2"])
    told = ("change", "old_verdict", "new_verdict", "measured", "old_threshold", "new_threshold")
    assert [row[name] for name in told] == [
        "becomes a violation",
        "compliant",
        "violation",
        "width_mm 910",
        "width_mm ge 900",
        "width_mm ge 930",
    ]


def test_a_requirement_that_the_new_edition_lacks_stops_being_broken(
    law: Cli, lawful: Lawful
) -> None:
    lawful.ramp("near-1", 1000, edge=20)
    said = law.done("standards", "diff", "SAMPLE-DEMO/1", "SAMPLE-DEMO/2")
    (line,) = [line for line in said.splitlines() if "ramp.edge" in line]
    assert line.split()[2:] == ["1.3", "-", "0", "1", "0", "1"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["SAMPLE-DEMO/1", "SAMPLE-DEMO/3"], "did you mean 'SAMPLE-DEMO/"),
        (["SAMPLE-DEMO/1", "KZ-DOSKAZ/2021"], "two editions of one"),
        (["SAMPLE-DEMO/1", "SAMPLE-DEMO/2", "--campaign", "none"], "No campaign is selected"),
    ],
)
def test_a_difference_that_cannot_be_is_refused(law: Cli, words: list[str], told: str) -> None:
    assert told in law.refused("standards", "diff", *words)


def test_a_changed_assessment_is_found_by_a_rerun(law: Cli, lawful: Lawful) -> None:
    entity = lawful.ramp("near-1", 850)
    assert "none differ" in law.done("standards", "rerun", "--inspection", str(entity))
    with law.database.writing() as session:
        session.execute(text("alter table assessment disable trigger user"))
        session.execute(
            text(
                "update assessment set findings = "
                "cast(replace(findings::text, ' v ', ' c ') as json)"
            )
        )
    said = law.refused("standards", "rerun", "--all")
    assert f"{entity} rev 1" in said
    assert "findings differ" in said


def test_an_assessment_is_rerun_with_the_building_as_it_was_judged(
    law: Cli, lawful: Lawful
) -> None:
    lawful.ramp("near-1", 850)
    with law.database.writing() as session:
        session.execute(text("update site set building_status = 'new', built_on = '2020-01-01'"))
    assert "none differ" in law.done("standards", "rerun", "--all")


def test_a_rerun_needs_to_be_told_of_what(law: Cli) -> None:
    assert law("standards", "rerun").exit_code == 2


def test_inspections_without_packed_measures_are_packed_first(law: Cli, lawful: Lawful) -> None:
    lawful.ramp("near-1", 910)
    with law.database.writing() as session:
        session.execute(text("delete from packed_inspection"))
    said = law.done("standards", "diff", "SAMPLE-DEMO/1", "SAMPLE-DEMO/2")
    assert "1 inspections compared" in said
    assert law.query("select count(*) from packed_inspection") == [(1,)]


def test_a_correction_replaces_the_packed_measures(law: Cli, lawful: Lawful) -> None:
    entity = lawful.ramp("near-1", 910)
    lawful.ramp("near-1", 1000, entity, base={"rev": 1})
    assert law.query("select rev, count(*) over () from packed_inspection") == [(2, 1)]
