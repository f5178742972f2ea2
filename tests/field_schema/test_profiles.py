"""By which editions a campaign inspects, and with which weight."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from field_schema.assessment import assess
from field_schema.catalog import CatalogError, load_catalog
from field_schema.profile import BINDING, REFERENCE, Profile, parse_profile
from field_schema.scoring import score
from field_schema.standard import RECALLED
from tests.field_schema.bodies import Json
from tests.field_schema.judging import (
    DAY,
    EXISTING,
    RU12,
    inspection_of,
    judge,
    observed,
    requirement_of,
    rule_of,
    ruleset_of,
)
from tests.field_schema.test_catalog import copy

__all__ = ["copy"]

NAME = "kg-demo-2021"
WORDS = {"ky": "сөз", "ru": "слово", "en": "word"}


def edition(standard: str, name: str, since: str, to: str | None = None, **changes: Any) -> Json:
    return {
        "standard": standard,
        "edition": name,
        "weight": "binding",
        "in_force": {"from": since, "to": to},
        "decision": {"number": "1", "date": "2026-01-01", "by": WORDS},
    } | changes


def profile_json(*editions: Json) -> Json:
    return {
        "profile": "made-up",
        "title": WORDS,
        "warning": WORDS,
        "ky_status": "made up",
        "editions": list(editions),
    }


def profile_of(*editions: Json) -> Profile:
    return parse_profile(profile_json(*editions), "profiles/made-up.json", "0" * 64)


def test_the_demonstration_says_that_its_standards_are_stand_ins() -> None:
    profile = load_catalog().profile(NAME)
    assert "stand-ins" in profile.warning["en"]
    assert "no public body has adopted it" in profile.adoptions[0].decided_by["en"]


def test_a_number_from_memory_never_binds_though_its_standard_is_binding() -> None:
    ruleset = load_catalog().ruleset(NAME, DAY)
    recalled = [r for r in ruleset.rules if r.requirement.cite.confidence == RECALLED]
    assert recalled
    assert {rule.weight for rule in recalled} == {REFERENCE}
    binding = {r.requirement.cite.standard for r in ruleset.rules if r.weight == BINDING}
    assert RU12 in binding & {rule.requirement.cite.standard for rule in recalled}


def test_a_recalled_finding_is_marked_wherever_it_shows() -> None:
    finding = judge(RU12, "ramp.total-rise", {"rise_mm": 9000})
    assert (finding.verdict, finding.weight, finding.confidence) == (
        "violation",
        REFERENCE,
        RECALLED,
    )
    assert finding.as_json()["confidence"] == RECALLED


def test_a_profile_that_binds_everything_still_binds_nothing_recalled(copy: Path) -> None:
    path = copy / f"profiles/{NAME}.json"
    value = json.loads(path.read_text())
    for adopted in value["editions"]:
        adopted["weight"] = "binding"
    path.write_text(json.dumps(value))
    for rule in load_catalog(copy).ruleset(NAME, DAY).rules:
        recalled = rule.requirement.cite.confidence == RECALLED
        assert rule.weight == (REFERENCE if recalled else BINDING)


def test_a_recalled_number_counts_in_no_score() -> None:
    cite = requirement_of().cite
    recalled = {
        "standard": "X",
        "clause": None,
        "clause_hint": None,
        "url": cite.url,
        "confidence": RECALLED,
        "checked_on": "2026-11-23",
        "facts": ["X-001"],
    }
    rule = rule_of(weight=REFERENCE, cite=recalled)
    assessment = assess(
        inspection_of(observed(answers={"width_mm": 500})), ruleset_of(rule), EXISTING
    )
    assert assessment.findings[0].verdict == "violation"
    found = score(assessment)
    assert (found.index, found.coverage_permille, found.violations) == (None, None, 0)
    assert found.categories["wheelchair"] == "not assessed"


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2019, 12, 31), None),
        (date(2020, 1, 1), "2012"),
        (date(2021, 6, 30), "2012"),
        (date(2021, 7, 1), "2020"),
        (date(2030, 1, 1), "2020"),
    ],
    ids=["before-any", "first-day", "last-day", "next-edition", "open-end"],
)
def test_the_edition_in_force_on_the_day_is_taken_with_both_ends_included(
    day: date, name: str | None
) -> None:
    profile = profile_of(
        edition("S", "2012", "2020-01-01", "2021-06-30"), edition("S", "2020", "2021-07-01")
    )
    found = profile.in_force("S", day)
    assert (found.edition if found else None) == name


def test_a_day_without_an_edition_in_force_is_an_error_and_never_the_newest_one() -> None:
    with pytest.raises(CatalogError, match=r"no edition of KZ-SPRK.* is in force on 2020-12-31"):
        load_catalog().ruleset(NAME, date(2020, 12, 31))


def test_a_ruleset_is_compiled_once_a_day_and_has_the_digest_of_its_files() -> None:
    catalog = load_catalog()
    assert catalog.ruleset(NAME, DAY) is catalog.ruleset(NAME, DAY)
    later = catalog.ruleset(NAME, date(2022, 1, 1))
    assert later.digest == catalog.ruleset(NAME, DAY).digest


def spoil_weight(value: Json) -> None:
    value["editions"][0]["weight"] = "advisory"


def spoil_edition(value: Json) -> None:
    value["editions"][0]["edition"] = "1999"


def spoil_decision(value: Json) -> None:
    del value["editions"][0]["decision"]["number"]


def spoil_overlap(value: Json) -> None:
    value["editions"].append(value["editions"][0])


def spoil_dates(value: Json) -> None:
    value["editions"][0]["in_force"] = {"from": "2022-01-01", "to": "2021-01-01"}


def spoil_end(value: Json) -> None:
    del value["editions"][0]["in_force"]["to"]


def spoil_name(value: Json) -> None:
    value["profile"] = "kg-demo-2022"


def spoil_all(value: Json) -> None:
    value["editions"] = []


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoil_weight, "editions/0/weight: 'advisory' is none of binding, reference"),
        (spoil_edition, "KZ-SPRK-3.06-101-2012/1999 is not in the catalog; add its files"),
        (spoil_decision, "editions/0/decision/number: this member is missing; add it"),
        (spoil_overlap, "two editions of KZ-SPRK-3.06-101-2012 are in force on one day"),
        (spoil_dates, "in_force/to: 2021-01-01 is before 2022-01-01; swap them"),
        (spoil_end, "in_force/to: this member is missing; add it"),
        (spoil_name, "'kg-demo-2022' does not match the file's name"),
        (spoil_all, "at least one adopted edition is due here"),
    ],
    ids=["weight", "edition", "decision", "overlap", "dates", "silent-end", "name", "nothing"],
)
def test_a_profile_that_cannot_be_followed_is_refused(
    copy: Path, spoil: Callable[[Json], None], said: str
) -> None:
    path = copy / f"profiles/{NAME}.json"
    value = json.loads(path.read_text())
    spoil(value)
    path.write_text(json.dumps(value))
    with pytest.raises(CatalogError) as caught:
        load_catalog(copy)
    assert f"profiles/{NAME}.json" in str(caught.value)
    assert said in str(caught.value)


RU12_FROM_2022 = edition("RU-SP59-2012", "2012", "2022-01-01")
RU20_IN_2021 = edition("RU-SP59-2020", "2020", "2021-01-01", "2021-12-31")
RU20_FROM_2021 = edition("RU-SP59-2020", "2020", "2021-01-01")


@pytest.mark.parametrize(
    ("editions", "problems"),
    [((RU12_FROM_2022, RU20_FROM_2021), 0), ((RU12_FROM_2022, RU20_IN_2021), 1)],
    ids=["meet-later", "never-meet"],
)
def test_a_profile_whose_standards_are_never_in_force_together_is_reported(
    copy: Path, editions: tuple[Json, ...], problems: int
) -> None:
    value = json.dumps(profile_json(*editions))
    (copy / "profiles/made-up.json").write_text(value)
    found = [p for p in load_catalog(copy).check() if "not in published.json" not in p]
    assert len(found) == problems
    assert all("is in force on 2022-01-01" in problem for problem in found)
