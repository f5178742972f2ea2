"""Stored findings: a few letters made whole again, and all of them in words."""

import json
import re
from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from field_schema.assessment import Assessment, assess
from field_schema.catalog import CatalogError, load_catalog
from field_schema.findings import as_stored, read_stored
from field_schema.inspection import read_inspection
from field_schema.logic import VERDICTS
from field_schema.problems import words
from field_schema.reasons import render
from field_schema.ruleset import Building
from field_schema.strict_file import LANGUAGES
from tests.field_schema.bodies import Json, measurement, ramp_body, station_body
from tests.field_schema.judging import (
    DOSKAZ,
    EXISTING,
    KZ,
    RU12,
    RU20,
    demo_ruleset,
    judge,
)

BUILDINGS = [
    EXISTING,
    Building("existing", None),
    Building("existing", date(1980, 1, 1), date(2020, 1, 1)),
    Building("new", date(2020, 1, 1)),
    Building("reconstructed", date(1980, 1, 1)),
    Building("temporary", date(2021, 11, 1)),
]
SEEDS = range(36)
AT_THE_LIMIT: dict[str, Json] = {
    "door": {"width_mm": measurement(900), "threshold_mm": measurement(15)},
    "ramp": {
        "width_mm": measurement(899),
        "rise_mm": measurement(152),
        "handrail": "none",
        "runs": [{"rise_mm": measurement(200), "run_mm": measurement(2200)}],
    },
}


def assessment_of(seed: int) -> Assessment:
    """A body of that seed, ever more broken and unmeasured, some at the limits, half of them with
    an election day.
    """
    body = station_body(seed, breaches=(seed % 9) / 8, unmeasured=(seed % 4) / 6)
    if seed % 3 == 0:
        for element in body["elements"]:
            at_the_limit = deepcopy(AT_THE_LIMIT.get(element["type"], {}))
            element["answers"] |= at_the_limit
            for question in at_the_limit:
                element["not_measured"].pop(question, None)
    if seed % 2:
        body["elements"] += [
            element | {"state": "election_day", "photos": []} for element in body["elements"]
        ]
    if seed % 5 == 0:
        ramp = next(e for e in body["elements"] if e["type"] == "ramp")
        ramp["answers"]["runs"][0].pop("run_mm")
        ramp["not_measured"]["runs.run_mm"] = "covered"
    inspection = read_inspection(body, load_catalog())
    return assess(inspection, demo_ruleset(), BUILDINGS[seed % len(BUILDINGS)])


def stored_and_read(assessment: Assessment) -> Assessment:
    """What comes back after the findings were stored as JSON."""
    document = json.loads(json.dumps(as_stored(assessment)))
    return read_stored(document, assessment.inspection, assessment.ruleset, assessment.building)


@pytest.mark.parametrize("seed", SEEDS)
def test_stored_findings_come_back_whole_and_exact(seed: int) -> None:
    assessment = assessment_of(seed)
    assert [finding.as_json() for finding in stored_and_read(assessment).findings] == [
        finding.as_json() for finding in assessment.findings
    ]


def test_reading_stored_findings_judges_nothing_anew() -> None:
    assessment = assessment_of(1)
    document = as_stored(assessment)
    first = document["elements"][0]
    first["outcomes"] = " ".join(["m"] * len(first["outcomes"].split()))
    found = read_stored(document, assessment.inspection, assessment.ruleset, assessment.building)
    assert {outcome.verdict for outcome in found.judged[0][1]} == {"not_measured"}


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [("c", "belong to another ruleset or building"), (None, "'x' is no outcome")],
    ids=["too-few", "no-outcome"],
)
def test_findings_that_do_not_fit_are_an_error(outcomes: str | None, said: str) -> None:
    assessment = assessment_of(1)
    document = as_stored(assessment)
    first = document["elements"][0]
    first["outcomes"] = outcomes or " ".join("x" for _ in first["outcomes"].split())
    with pytest.raises(CatalogError, match=said):
        read_stored(document, assessment.inspection, assessment.ruleset, assessment.building)


def test_the_seeded_bodies_show_every_verdict_in_both_states() -> None:
    seen = {(f.verdict, f.state) for seed in SEEDS for f in assessment_of(seed).findings}
    assert seen == {(v, s) for v in VERDICTS for s in ("permanent", "election_day")}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_finding_becomes_a_sentence_without_leftovers(seed: int, language: str) -> None:
    for finding in assessment_of(seed).findings:
        sentence = render(finding.as_json(), language)
        assert len(sentence) > 5
        assert sentence == sentence.strip()
        assert not re.search(r"[{}\[\]_]|None|True|False|  |: *$|; *$|\( *\)|^[;,]", sentence)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_that_a_finding_can_have_is_in_the_texts(language: str) -> None:
    codes = {f.reason["code"] for seed in SEEDS for f in assessment_of(seed).findings}
    assert codes == {
        "complies",
        "breaks",
        "within_tolerance",
        "condition_within_tolerance",
        "missing",
        "build_date_unknown",
        "other_state",
        "other_building",
        "other_build_date",
        "condition_not_met",
    }
    assert all(words()["reasons"][code][language] for code in codes)


def run(rise: int, length: int) -> Json:
    return {"runs": ({"runs.rise_mm": rise, "runs.run_mm": length},)}


SENTENCES: list[tuple[str, str, Json, str]] = [
    (
        KZ,
        "door.room-width",
        {"place": "room", "width_mm": 880},
        "clear width 880 mm; required ≥ 900 mm",
    ),
    (
        KZ,
        "door.room-width",
        {"place": "room", "width_mm": 899},
        "clear width 899 mm; required ≥ 900 mm; the limit lies within the tolerance, "
        "measure again: clear width +1 ± 3 mm",
    ),
    (KZ, "door.room-width", {"place": "room"}, "not measured: clear width"),
    (
        KZ,
        "door.room-width",
        {"place": "entrance"},
        "the requirement's condition is not met, so it does not apply",
    ),
    (
        KZ,
        "ramp.running-slope-existing",
        run(450, 4200),
        "no. 1: rise 450 mm over 4200 mm is 1:9.3; allowed 1:12",
    ),
    (
        KZ,
        "ramp.running-slope-existing",
        run(990, 12000),
        "no. 1: rise 990 mm over 12000 mm is 1:12.1; allowed 1:12; "
        "within rounding of the printed 8 %",
    ),
    (KZ, "ramp.running-slope-existing", run(0, 900), "no. 1: rise 0 mm; allowed 1:12"),
    (
        RU20,
        "ramp.running-slope-existing",
        run(450, 4200),
        "no. 1: rise 450 mm over 4200 mm is 1:9.3; allowed 1:12 (row b)",
    ),
    (
        RU12,
        "ramp.handrail-upper",
        {"handrail": "one_side", "handrail_upper_mm": 1000},
        "upper handrail height 1000 mm; required 850–920 mm",
    ),
    (
        RU12,
        "ramp.end-landings",
        {"landing_top_mm": 1000},
        "top landing 1000 mm; bottom landing not measured; "
        "required top landing ≥ 1500 mm, required bottom landing ≥ 1500 mm",
    ),
    (
        DOSKAZ,
        "parking.share",
        {"spaces": 60, "accessible_spaces": 1},
        "spaces 60, accessible spaces 1; required at least 1 for every 25",
    ),
]


@pytest.mark.parametrize(
    ("standard", "requirement", "answers", "sentence"),
    SENTENCES,
    ids=[f"{n}-{row[1]}" for n, row in enumerate(SENTENCES)],
)
def test_a_reason_says_what_was_read_and_what_had_to_hold(
    standard: str, requirement: str, answers: dict[str, Any], sentence: str
) -> None:
    assert render(judge(standard, requirement, answers).as_json(), "en") == sentence


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("ky", "№ 1: көтөрүлүү бийиктиги 450 мм, узундугу 4200 мм, бул 1:9,3; чек 1:12"),
        ("ru", "№ 1: подъём 450 мм на 4200 мм, это 1:9,3; допускается 1:12"),
        ("en", "no. 1: rise 450 mm over 4200 mm is 1:9.3; allowed 1:12"),
    ],
)
def test_a_reason_is_given_in_the_language_asked_for(language: str, sentence: str) -> None:
    finding = judge(KZ, "ramp.running-slope-existing", run(450, 4200))
    assert render(finding.as_json(), language) == sentence


@pytest.mark.parametrize(
    ("language", "why"),
    [
        ("ky", "кар, муз же жүк каптап турат"),
        ("ru", "закрыто снегом, льдом или вещами"),
        ("en", "covered by snow, ice or goods"),
    ],
)
def test_a_reason_code_of_the_form_is_told_in_words(language: str, why: str) -> None:
    finding = judge(RU12, "ramp.end-landings", {}, not_measured={"landing_top_mm": "covered"})
    assert f"({why})" in render(finding.as_json(), language)


def test_the_inspectors_own_words_are_told_as_they_are_even_with_braces() -> None:
    said = "snow {0} {measured}"
    finding = judge(RU12, "ramp.end-landings", {}, not_measured={"landing_top_mm": said})
    assert f"top landing ({said})" in render(finding.as_json(), "en")


def test_a_language_that_is_not_there_is_an_error() -> None:
    finding = judge(KZ, "door.room-width", {"place": "room", "width_mm": 950})
    with pytest.raises(KeyError):
        render(finding.as_json(), "de")


def test_a_stored_body_read_again_gives_the_stored_findings() -> None:
    body = ramp_body(answers={"width_mm": measurement(899)})
    documents = [
        as_stored(assess(read_inspection(body, load_catalog()), demo_ruleset(), EXISTING))
        for _ in range(2)
    ]
    assert json.dumps(documents[0]) == json.dumps(documents[1])
