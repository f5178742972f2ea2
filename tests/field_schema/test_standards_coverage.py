"""Every row of the facts table is a requirement or has a reason why not; each with its source."""

import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from field_schema.assessment import assess
from field_schema.catalog import CatalogError, load_catalog
from field_schema.inspection import read_inspection
from field_schema.profile import BINDING
from field_schema.ruleset import Building, build_ruleset, group_of, measures_of
from field_schema.standard import CONFIDENCES, RECALLED
from tests.field_schema.bodies import station_body
from tests.field_schema.judging import DAY, EXISTING
from tests.field_schema.test_catalog import REQUIREMENTS, ROOT, copy

__all__ = ["copy"]

PAGE = (ROOT.parent / "docs/standards-coverage.md").read_text()
ALL = "kg-demo-2026"
MORE = "standards/RU-SP59-2012/2012/requirements/ramp.more.json"


def part(title: str) -> str:
    """The text of one chapter of the page."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def table(title: str) -> list[list[str]]:
    """The cells of the chapter's table, without its head."""
    lines = [line for line in part(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


ROWS = {
    row: re.match(r"- ([\w.-]+):", line)[1]  # type: ignore[index]
    for line in part("All rows").replace("\n  ", " ").splitlines()
    if line.startswith("- ")
    for row in re.findall(r"`([^`]+)`", line)
}
REFUSED = {cells[0] for cells in table("Not loaded")}
LOADED = {fact for requirement in REQUIREMENTS for fact in requirement.cite.facts}


def test_the_page_lists_all_rows_of_the_facts_table() -> None:
    assert len(ROWS) == 285
    assert "has 285 rows and 4 gaps" in PAGE.replace("\n", " ")


def test_every_row_is_loaded_or_has_a_reason_and_never_both() -> None:
    assert set(ROWS) - LOADED == REFUSED
    assert LOADED - set(ROWS) == set()


def test_every_refused_row_has_a_reason() -> None:
    assert all(len(cells) == 4 and all(cells) for cells in table("Not loaded"))


def test_a_gap_is_no_rule() -> None:
    gaps = {cells[0] for cells in table("Gaps")}
    assert len(gaps) == 4
    assert not gaps & LOADED


def test_what_is_loaded_in_part_is_loaded() -> None:
    assert {cells[0] for cells in table("Loaded in part")} <= LOADED


def test_the_page_counts_the_rows_and_requirements_of_every_standard() -> None:
    rows, loaded = Counter(ROWS.values()), Counter(ROWS[row] for row in LOADED)
    sure = {row: r.cite.confidence for r in REQUIREMENTS for row in r.cite.facts}
    kinds = Counter((ROWS[row], sure[row]) for row in LOADED)
    made = Counter(r.cite.standard for r in REQUIREMENTS)
    *told, total = table("Rows by standard")
    assert {cells[0] for cells in told} == set(rows)
    for name, *numbers in told:
        confidences = [kinds[name, word] for word in CONFIDENCES]
        assert [int(n) for n in numbers] == [rows[name], loaded[name], *confidences, made[name]]
    sums = [sum(int(cells[n]) for cells in told) for n in range(1, 7)]
    assert [int(n) for n in total[1:]] == sums


def test_a_row_is_loaded_under_its_own_standard_and_with_one_confidence() -> None:
    for requirement in REQUIREMENTS:
        assert {ROWS[row] for row in requirement.cite.facts} == {requirement.cite.standard}
    told = {(row, r.cite.confidence) for r in REQUIREMENTS for row in r.cite.facts}
    assert len(told) == len(LOADED)


def test_every_requirement_speaks_of_one_repeat_and_of_what_a_station_is_asked() -> None:
    sections = load_catalog().form("station/2").sections
    for requirement in REQUIREMENTS:
        group_of(requirement)
        assert set(measures_of(requirement)) <= set(sections[requirement.element].measures)


def test_the_whole_demonstration_holds_every_edition_and_binds_by_the_same_two() -> None:
    catalog = load_catalog()
    whole, old = catalog.profile(ALL), catalog.profile("kg-demo-2021")
    assert {(a.standard, a.edition) for a in whole.adoptions} == set(catalog.standards)
    assert whole.warning == old.warning
    binding = {a.standard for a in whole.adoptions if a.weight == BINDING}
    assert binding == {"KZ-SPRK-3.06-101-2012", "RU-SP59-2012"}
    assert {a.decision_number for a in whole.adoptions} == {"none: demonstration only"}


def test_what_is_recalled_binds_nobody_even_in_a_binding_edition() -> None:
    catalog = load_catalog()
    profile = catalog.profile(ALL)
    chosen = [
        (adoption, catalog.standards[adoption.standard, adoption.edition])
        for adoption in profile.adoptions
    ]
    rules = build_ruleset(profile, DAY, chosen, catalog.measures).rules
    recalled = [rule for rule in rules if rule.requirement.cite.confidence == RECALLED]
    assert len(recalled) > 70
    assert not [rule.name for rule in recalled if rule.weight == BINDING]


@pytest.mark.parametrize(
    "building", [EXISTING, Building("new", date(2020, 1, 1))], ids=["existing", "new"]
)
def test_a_station_that_is_asked_everything_leaves_nothing_unmeasured(building: Building) -> None:
    catalog = load_catalog()
    ruleset = catalog.ruleset(ALL, DAY)
    for seed in range(20):
        body = station_body(seed, form="station/2", breaches=0, unmeasured=0)
        inspection = read_inspection(body, catalog)
        findings = assess(inspection, ruleset, building).findings
        assert not [f.requirement for f in findings if f.verdict == "not_measured"]
        assert not [
            f.requirement for f in findings if f.verdict == "violation" and f.weight == BINDING
        ]


def test_a_station_2_body_answers_every_measure_of_the_form() -> None:
    body = station_body(1, form="station/2", unmeasured=0)
    answered = {element["type"]: element["answers"] for element in body["elements"]}
    sections = load_catalog().form("station/2").sections
    assert set(answered) == set(sections)
    for name, section in sections.items():
        asked = [q.key for q in section.questions.values() if q.type != "text"]
        assert set(answered[name]) == {*asked, *section.groups}
        for group in section.groups.values():
            for item in answered[name][group.id]:
                assert set(item) == set(group.questions)


def test_facts_are_added_to_a_released_edition_in_a_file_of_their_own(copy: Path) -> None:
    text = (copy / MORE).read_text()
    (copy / MORE).rename(copy / MORE.replace(".more", ".found-in-2027"))
    edition = load_catalog(copy).standards["RU-SP59-2012", "2012"]
    assert "ramp.end-landings-busy" in edition.requirements
    (copy / MORE).write_text(text)
    with pytest.raises(CatalogError, match=r"'ramp\.end-landings-busy' comes twice"):
        load_catalog(copy)


@pytest.mark.parametrize("name", ["door.more", "ramp.More", "ramp.a.b", "ramps", "ramp."])
def test_a_requirements_file_is_named_by_its_element_and_a_word(copy: Path, name: str) -> None:
    (copy / MORE).rename(copy / MORE.replace("ramp.more", name))
    with pytest.raises(CatalogError, match=r"does not match the file's name; write it ramp\.json"):
        load_catalog(copy)
