"""What no requirement looks at is not asked, and what was answered before is not handed in."""

import pytest
from lxml import etree

from field_schema.ruleset import Building
from field_schema.xforms import released_xforms
from tests.openrosa.filled import Fill, site_row

RAMP = released_xforms()["kg-demo-2021", "ramp/2"][-1]
STATION = released_xforms()["kg-demo-2021", "station/2"][-1]
SITES = [site_row("kg-x.1", "7", "kg-x", Building("existing"))]
ABOUT_HANDRAILS = {
    "ramp_handrail_upper_mm/0": "900",
    "ramp_handrail_lower_mm/0": "700",
    "ramp_handrail_extension_mm/0": "300",
    "ramp_handrail_round/0": "no",
    "ramp_handrail_diameter_mm/0": "40",
    "ramp_handrail_perimeter_mm/0": "120",
    "ramp_handrail_gap_mm/0": "50",
    "ramp_wall_rough/0": "yes",
}
HERE = {"polling_place": "kg-x.1", "ramp": "1", "ramp_label/0": "Main", "ramp_width_mm/0": "950"}


def handed_in(saved: "etree._Element") -> set[str]:
    """The answers that a form has."""
    return {str(node.tag) for node in saved.iter() if (node.text or "").strip()}


NAMES = {name.partition("/")[0] for name in ABOUT_HANDRAILS}


@pytest.mark.parametrize(
    ("answered", "asked"),
    [({"ramp_handrail/0": "none"}, set()), ({"ramp_handrail/0": "one_side"}, NAMES), ({}, NAMES)],
    ids=["there are none", "there is one", "nobody said"],
)
def test_where_there_are_no_handrails_nothing_is_asked_about_them(
    fill: Fill, answered: dict[str, str], asked: set[str]
) -> None:
    saved = fill(RAMP, SITES, [], HERE | ABOUT_HANDRAILS | answered)
    assert handed_in(saved) & NAMES == asked
    assert "ramp_width_mm" in handed_in(saved)


def test_an_answer_is_gone_when_its_question_is_asked_no_more(fill: Fill) -> None:
    record = HERE | ABOUT_HANDRAILS | {"ramp_handrail/0": "both_sides"}
    first = fill(RAMP, SITES, [], record)
    assert handed_in(first) >= NAMES
    second = fill(RAMP, SITES, [], record | {"again:ramp_handrail/0": "none"})
    assert second.findtext(".//ramp_handrail") == "none"
    assert not handed_in(second) & NAMES
    never = fill(RAMP, SITES, [], HERE | {"ramp_handrail/0": "none"})
    assert verdicts(second) == verdicts(never)
    assert verdicts(second) != verdicts(first)


def verdicts(saved: "etree._Element") -> dict[str, str | None]:
    found = {str(n.tag): n.text for n in saved.iter() if str(n.tag).endswith("_verdict")}
    assert found
    return found


def test_an_outer_answer_decides_what_the_items_of_a_repeat_are_asked(fill: Fill) -> None:
    flights = {"stairs": "1", "stairs_flights/0": "2", "stairs_label/0": "Main"}
    flights |= {f"stairs_flights__uniform/0/{n}": "yes" for n in range(2)}
    record = {"polling_place": "kg-x.1", "stairs_place/0": "indoor"} | flights
    assert "stairs_flights__uniform" in handed_in(fill(STATION, SITES, [], record))
    outdoor = record | {"again:stairs_place/0": "outdoor"}
    assert "stairs_flights__uniform" not in handed_in(fill(STATION, SITES, [], outdoor))
