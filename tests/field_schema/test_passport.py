"""Scores in passport words by zone and group, on a day, and the ramp's two facts."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from field_schema.assessment import assess
from field_schema.catalog import load_catalog
from field_schema.errors import CatalogError
from field_schema.inspection import ElementObservation, PhotoRef
from field_schema.ruleset import Rule
from field_schema.scoring import RAMP_CONFORMITY, RAMP_PRESENCE, Score, score
from field_schema.scoring_file import WORDS, load_scoring, parse_scoring
from field_schema.standard import GROUPS
from field_schema.strict_file import read_object
from tests.field_schema.judging import EXISTING, inspection_of, observed, rule_of, ruleset_of

PHOTO = PhotoRef(UUID(int=5), "0" * 64, 1000, "image/jpeg", None, None)
WIDTH = rule_of(severity="critical", id="door.width")
MAJOR = rule_of(severity="major", id="door.major")
GOOD, BAD = {"width_mm": 950}, {"width_mm": 800}
ELECTION = date(2021, 11, 28)


def scored(*elements: ElementObservation, rules: tuple[Rule, ...] = (WIDTH,), **on: date) -> Score:
    return score(assess(inspection_of(*elements), ruleset_of(*rules), EXISTING), **on)


def door(
    number: int, place: str | None, answers: dict[str, Any], **more: Any
) -> ElementObservation:
    return observed("door", answers | ({"place": place} if place else {}), number=number, **more)


REMEDY = door(1, "entrance", GOOD, state="election_day", photos=(PHOTO,))


@pytest.mark.parametrize(
    ("rule", "answers", "day", "word"),
    [
        (WIDTH, GOOD, (), "full"),
        (WIDTH, BAD, (), "none"),
        (WIDTH, BAD, (REMEDY,), "conditional"),
        (WIDTH, {}, (), "unknown"),
        (WIDTH, {"width_mm": 900}, (), "unknown"),
        (MAJOR, BAD, (), "partial"),
        (MAJOR, BAD, (REMEDY,), "partial"),
        (MAJOR, {}, (), "unknown"),
    ],
    ids=["good", "blocked", "relieved", "unmeasured", "borderline", "hindered", "hindered-remedy",
         "major-unmeasured"],
)  # fmt: skip
def test_the_worst_finding_of_a_zone_gives_its_word(
    rule: Rule, answers: dict[str, Any], day: tuple[ElementObservation, ...], word: str
) -> None:
    found = scored(door(1, "entrance", answers), *day, rules=(rule,))
    assert found.zones == {"entrance": {"wheelchair": word}}
    assert found.passport["wheelchair"] == word
    assert found.passport["hearing"] == "unknown"


def test_each_zone_has_its_own_word_and_the_worst_link_decides_over_all() -> None:
    found = scored(door(1, "entrance", GOOD), door(2, "room", BAD), door(3, None, {}))
    assert found.zones == {
        "entrance": {"wheelchair": "full"},
        "target": {"wheelchair": "none"},
        "routes_inside": {"wheelchair": "unknown"},
    }
    assert found.passport["wheelchair"] == "none"


def test_what_is_not_known_in_one_zone_never_passes_for_full() -> None:
    found = scored(door(1, "entrance", GOOD), door(2, "room", {}))
    assert found.passport["wheelchair"] == "unknown"


def rule_for(groups: tuple[str, ...], limit: int, **more: Any) -> Rule:
    return rule_of(
        groups=list(groups), must=[["width_mm", "ge", limit]], id=f"door.x-{limit}", **more
    )


@pytest.mark.parametrize(
    ("rules", "word"),
    [
        ((rule_for(GROUPS, 700),), "full_all"),
        ((rule_for(GROUPS[:4], 700),), "full_some"),
        ((rule_for(GROUPS[:2], 700), rule_for(GROUPS[2:], 999)), "full_some"),
        ((rule_for(GROUPS, 999, severity="major"),), "partial_all"),
        ((rule_for(GROUPS[:2], 999, severity="major"), rule_for(GROUPS[2:], 998)), "partial_some"),
        ((rule_for(GROUPS, 999),), "none"),
    ],
    ids=["full-all", "one-not-assessed", "one-none", "partial-all", "partial-some", "none"],
)
def test_the_site_has_the_word_of_its_best_group_for_all_or_for_some(
    rules: tuple[Rule, ...], word: str
) -> None:
    assert scored(door(1, "entrance", {"width_mm": 800}), rules=rules).site == word


@pytest.mark.parametrize(
    ("days_after", "category", "word", "state"),
    [
        (-30, "conditionally accessible", "conditional", "usable_with_temporary_measures"),
        (0, "conditionally accessible", "conditional", "usable_with_temporary_measures"),
        (1, "not accessible", "none", "not_remediable_in_time"),
    ],
    ids=["before", "on-the-day", "the-day-after"],
)
def test_a_temporary_remedy_counts_on_election_day_and_lapses_the_day_after(
    days_after: int, category: str, word: str, state: str
) -> None:
    found = scored(
        door(1, "entrance", BAD),
        REMEDY,
        on=ELECTION + timedelta(days=days_after),
        election_day=ELECTION,
    )
    assert found.categories["wheelchair"] == category
    assert found.zones["entrance"]["wheelchair"] == word
    assert found.station_state == state
    assert found.violations == 1


def test_a_score_for_a_day_needs_the_election_day() -> None:
    with pytest.raises(TypeError, match="give both"):
        scored(door(1, "entrance", BAD), on=ELECTION)


SLOPE = rule_of("ramp", id="ramp.slope", must=[["runs.rise_mm", "ratio_le", "runs.run_mm", 1, 12]])
RUN_GOOD = {"runs": ({"runs.rise_mm": 100, "runs.run_mm": 2000},)}
RUN_BAD = {"runs": ({"runs.rise_mm": 400, "runs.run_mm": 2000},)}


@pytest.mark.parametrize(
    ("elements", "presence", "conformity"),
    [
        ((observed("ramp", RUN_GOOD),), "present", "conforms"),
        ((observed("ramp", RUN_BAD),), "present", "breaks"),
        ((observed("ramp", {}),), "present", "not_assessed"),
        ((observed("ramp", RUN_GOOD), observed("ramp", RUN_BAD, number=2)), "present", "breaks"),
        ((observed("ramp", RUN_GOOD, state="election_day"),), "not_observed", "not_assessed"),
        ((observed("entrance", {"ramp": "missing"}),), "missing", "no_ramp"),
        ((observed("entrance", {"ramp": "not_needed"}),), "not_needed", "no_ramp"),
        ((observed("entrance", {"ramp": "present"}),), "present", "not_assessed"),
        ((observed("entrance", {}),), "not_observed", "not_assessed"),
        ((), "not_observed", "not_assessed"),
    ],
    ids=["conforms", "breaks", "unmeasured", "one-of-two", "portable-only", "missing",
         "not-needed", "not-inspected", "not-answered", "nothing"],
)  # fmt: skip
def test_having_a_ramp_and_having_one_that_conforms_are_two_facts(
    elements: tuple[ElementObservation, ...], presence: str, conformity: str
) -> None:
    found = scored(*elements, rules=(SLOPE,))
    assert (found.ramp_presence, found.ramp_conformity) == (presence, conformity)
    assert presence in RAMP_PRESENCE
    assert conformity in RAMP_CONFORMITY


def test_a_broken_reference_requirement_does_not_say_that_a_ramp_breaks_what_binds() -> None:
    advice = rule_of("ramp", weight="reference", must=[["width_mm", "ge", 900]], id="ramp.wide")
    found = scored(observed("ramp", RUN_GOOD | {"width_mm": 700}), rules=(SLOPE, advice))
    assert found.ramp_conformity == "conforms"


@pytest.mark.parametrize("form_key", sorted(load_catalog().forms))
def test_every_element_of_every_form_has_a_zone(form_key: str) -> None:
    zone_of = load_scoring().zone_of
    sections = load_catalog().form(form_key).sections
    assert set(sections) <= set(zone_of)
    for element in sections.keys() & zone_of.keys():
        rule = zone_of[element]
        if rule.measure is not None:
            assert set(rule.by_word) <= set(sections[element].measures[rule.measure].choices)


def test_the_words_have_the_signs_of_the_passport_in_three_languages() -> None:
    scoring = load_scoring()
    assert [scoring.signs[word] for word in WORDS] == ["ДП", "ДЧ", "ДУ", "ВНД", None]
    assert all(set(scoring.names[word]) == {"ky", "ru", "en"} for word in WORDS)


def test_the_weights_are_those_of_the_first_file() -> None:
    # The first file stays for what was scored by it; the second one added zones and words.
    first = next(data for kind, name, _, data in load_catalog().documents() if name == "scoring")
    old = read_object(first, "scoring.json")
    scoring = load_scoring()
    assert scoring.cap == old["cap_while_blocked"]
    for weight, by_severity in old["effect"].items():
        for severity, effect in by_severity.items():
            assert scoring.effect[weight, severity] == effect
            points = old["weight_points"][weight] * old["severity_points"][severity]
            assert scoring.points[weight, severity] == points


def test_a_zone_that_is_not_listed_is_refused() -> None:
    data = next(d for kind, name, _, d in load_catalog().documents() if (kind, name) == (
        "scoring", "v2"
    ))  # fmt: skip
    value = read_object(data, "weights/v2.json")
    value["zone_of"]["door"]["by_word"]["room"] = "attic"
    with pytest.raises(CatalogError, match=r"'attic' is none of way_from_stop"):
        parse_scoring(value, "weights/v2.json", "0" * 64)
