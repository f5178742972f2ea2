"""Every mistake that a lawyer could make in an edition is told with its place and what to do."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from field_schema.catalog import Catalog, load_catalog
from field_schema.errors import CatalogError
from field_schema.imported import EDITION, document, extended, parse_edition
from field_schema.proof import Mistake
from field_schema.proofreading import proofread

SAMPLES = Path(__file__).parents[2] / "docs" / "samples"
TODAY = date(2026, 12, 1)
Spoil = Callable[[dict[str, Any]], Any]

SAMPLE = json.loads((SAMPLES / "SAMPLE-DEMO-2.json").read_bytes())
RAMP, SLOPE, DOOR, CORRIDOR = range(4)


def catalog_with_edition_1() -> Catalog:
    data = (SAMPLES / "SAMPLE-DEMO-1.json").read_bytes()
    return extended(load_catalog(), [document(EDITION, "SAMPLE-DEMO/1", data)], 1)


def mistakes_of(value: Any) -> list[Mistake]:
    data = json.dumps(value, ensure_ascii=False, indent=1).encode()
    return proofread(data, catalog_with_edition_1(), today=TODAY)


def spoilt(spoil: Spoil) -> dict[str, Any]:
    value: dict[str, Any] = deepcopy(SAMPLE)
    spoil(value)
    return value


def put(*path: str | int, to: Any) -> Spoil:
    """Write a value at a path, under `requirements` where the path begins with a number."""

    def spoil(value: dict[str, Any]) -> None:
        inner: Any = value if isinstance(path[0], str) else value["requirements"]
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = to

    return spoil


def drop(*path: str | int) -> Spoil:
    def spoil(value: dict[str, Any]) -> None:
        inner: Any = value if isinstance(path[0], str) else value["requirements"]
        for step in path[:-1]:
            inner = inner[step]
        del inner[path[-1]]

    return spoil


def must(n: int, *comparisons: Any) -> Spoil:
    def spoil(value: dict[str, Any]) -> None:
        value["requirements"][n].pop("first", None)
        value["requirements"][n].pop("printed", None)
        value["requirements"][n]["must"] = list(comparisons)

    return spoil


def rows(*found: tuple[str | None, Any]) -> Spoil:
    """A table in place of the slope's."""
    table = [
        ({} if name is None else {"row": name})
        | ({"when": when} if when else {})
        | {"must": [["width_mm", "ge", 900]]}
        for name, when in found
    ]
    return put(SLOPE, "first", to=table)


LE = ["runs.rise_mm", "le", 300]
CASES: dict[str, tuple[Spoil, str, str, str]] = {
    "no title": (drop("title"), "title", "missing", "three languages"),
    "an unknown member": (put("remark", to="x"), "remark", "not known here", "remove it"),
    "a member misspelt": (put(RAMP, "tittle", to={}), "tittle", "not known", "mean 'title'"),
    "a member in Cyrillic letters": (put(RAMP, "сite", to={}), "сite", "Cyrillic", "'cite'"),
    "a standard with a space": (put("standard", to="SAMPLE DEMO"), "standard", "no identifier",
        "no spaces"),
    "a standard in Cyrillic": (put("standard", to="КG-1"), "standard", "К: Cyrillic", "Latin"),
    "an edition that exists": (put("edition", to="1"), "edition", "in the catalog already",
        "another name"),
    "an empty text": (put("source", to=""), "source", "an empty text", "write it"),
    "null for a text": (put("status", to=None), "status", "null", "write it as a text"),
    "a day in another order": (put("checked_on", to="25.11.2026"), "checked_on", "no day",
        '"2026-11-25"'),
    "a day that does not exist": (put("checked_on", to="2026-02-30"), "checked_on", "no day",
        "YYYY-MM-DD"),
    "a day in the future": (put("checked_on", to="2027-01-01"), "checked_on", "in the future",
        "looked"),
    "no requirements": (put("requirements", to=[]), "requirements", "not empty", "add"),
    "a requirement that is a text": (put(RAMP, to="ramp"), "requirements[1]", "object", "{ }"),
    "no language": (drop(RAMP, "title", "ky"), "ramp.width / title / ky", "missing", "Kyrgyz"),
    "one language only": (put(RAMP, "title", to="Width"), "title", "three are due", '"ky"'),
    "a text of a remedy missing": (drop(RAMP, "remedies", 0, "text", "en"),
        "remedies[1] / text / en", "missing", "English"),
    "an element nobody knows": (put(RAMP, "element", to="rampp"), "element", "none of",
        "mean 'ramp'"),
    "an id of another element": (put(RAMP, "id", to="door.wide"), "id", "named ramp.something",
        '"ramp.wide"'),
    "an id twice": (put(CORRIDOR, "id", to="ramp.width"), "id", "[1] already", "of its own"),
    "an id that meant another element": (lambda v: v["requirements"][CORRIDOR].update(
        {"id": "door.width", "element": "corridor"}), "id", "on 'door'", "another name"),
    "no provenance": (drop(RAMP, "cite"), "cite", "missing", "without its source"),
    "no url": (drop(RAMP, "cite", "url"), "cite / url", "missing", "can be read"),
    "no facts": (put(RAMP, "cite", "facts", to=[]), "facts", "not empty", "name what"),
    "no clause member": (drop(RAMP, "cite", "clause"), "clause", "missing", "null"),
    "read, yet without a clause": (put(RAMP, "cite", "clause", to=None), "clause",
        "no clause is named", "lower the confidence"),
    "another standard cited": (put(RAMP, "cite", "standard", to="RU-SP59-2020"), "standard",
        "not the standard of this file", "note"),
    "a wrong confidence": (put(RAMP, "cite", "confidence", to="read in the source"), "confidence",
        "none of the words", "mean 'read in source text'"),
    "recalled, yet to bind": (lambda v: (put(RAMP, "cite", "confidence",
        to="recalled, not verified")(v), put(RAMP, "weight", to="binding")(v)), "weight",
        "never bind", "remove it"),
    "a weight": (put(RAMP, "weight", to="reference"), "weight", "adopted", "--weight"),
    "a group nobody knows": (put(RAMP, "groups", to=["wheelchairs"]), "groups[1]", "none of",
        "mean 'wheelchair'"),
    "a group twice": (put(RAMP, "groups", to=["vision", "vision"]), "groups[2]", "twice", "keep"),
    "no severity basis": (drop(RAMP, "severity_basis"), "severity_basis", "missing", "who judged"),
    "a wrong severity": (put(RAMP, "severity", to="high"), "severity", "none of", "critical"),
    "a building nobody knows": (put(RAMP, "applies", "building", to=["old"]), "building[1]",
        "none of", "existing"),
    "no building": (put(RAMP, "applies", to={}), "building", "missing", "existing"),
    "build dates reversed": (put(RAMP, "applies", to={"building": ["new"],
        "built_from": "2020-01-01", "built_before": "2010-01-01"}), "built_from", "no day",
        "swap"),
    "a temporary state misspelt": (put(RAMP, "applies", "state", to=["electionday"]), "state[1]",
        "none of", "mean 'election_day'"),
    "nothing demanded": (drop(RAMP, "must"), "must", "nothing is demanded", "add"),
    "a list and a table": (put(SLOPE, "must", to=[["width_mm", "ge", 900]]), "must", "not both",
        "keep"),
    "a comparison not in a list": (put(RAMP, "must", to=["width_mm", "ge", 900]), "must",
        "a list of them", "[ ]"),
    "a comparison without a threshold": (must(RAMP, ["width_mm", "ge"]), "must[1]",
        "no comparison", "threshold"),
    "a measure nobody asks": (must(RAMP, ["witdh_mm", "ge", 900]), "must[1][1]", "no form asks",
        "mean 'width_mm'"),
    "a measure of another element": (must(CORRIDOR, ["threshold_mm", "le", 14]), "must[1][1]",
        "no form asks", "measure of door"),
    "a repeated measure without its repeat": (must(RAMP, ["run_mm", "ge", 900]), "must[1][1]",
        "no form asks", "'runs.run_mm'"),
    "a sign for a comparison": (must(RAMP, ["width_mm", "≥", 900]), "must[1][2]", "'≥'",
        "write 'ge'"),
    "a comparison misspelt": (must(RAMP, ["width_mm", "betwen", 1, 2]), "must[1][2]", "'betwen'",
        "mean 'between'"),
    "a number in quotation marks": (must(RAMP, ["width_mm", "ge", "900"]), "must[1][3]",
        "quotation marks", "write 900"),
    "a number with its unit": (must(RAMP, ["width_mm", "ge", "900 mm"]), "must[1][3]", "a text",
        "in mm"),
    "a float": (must(RAMP, ["width_mm", "ge", 0.9]), "must[1][3]", "not a whole number", "in mm"),
    "metres": (must(RAMP, ["width_mm", "ge", 1]), "must[1][3]", "100 to 10000", "metres"),
    "centimetres": (must(RAMP, ["width_mm", "ge", 90]), "must[1][3]", "no answer", "centimetres"),
    "beyond the hard limits": (must(RAMP, ["width_mm", "le", 10_001]), "must[1][3]", "outside",
        "in mm"),
    "a percentage in words": (must(CORRIDOR, ["width_mm", "ge", 1500], ["width_mm", "le", "5 %"]),
        "must[2][3]", "a text", "in mm"),
    "a ratio of a slope": (put(RAMP, to=SAMPLE["requirements"][RAMP] | {"id": "route.slope",
        "element": "route", "must": [["slope_permille", "ratio_le", "width_mm", 1, 12]]}),
        "must[1]", "a slope already", "83"),
    "a slope as a ratio in words": (put(RAMP, to=SAMPLE["requirements"][RAMP] | {
        "id": "route.slope", "element": "route", "must": [["slope_permille", "le", "1:12"]]}),
        "must[1][3]", "is a ratio", "83 per mille"),
    "a slope in per cent": (put(RAMP, to=SAMPLE["requirements"][RAMP] | {
        "id": "route.slope", "element": "route", "must": [["slope_permille", "le", "5 %"]]}),
        "must[1][3]", "percentage", "5 % is 50"),
    "a length as a ratio": (must(SLOPE, ["runs.rise_mm", "le", "1:12"]), "must[1][3]", "is a ratio",
        "ratio_le"),
    "a ratio the wrong way round": (must(SLOPE, ["runs.rise_mm", "ratio_le", "runs.run_mm", 12, 1]),
        "must[1]", "45 degrees", "1, 12"),
    "a ratio of two units": (must(SLOPE, ["runs.rise_mm", "ratio_le", "handrail", 1, 12]),
        "must[1]", "one unit", "two lengths"),
    "a ratio without its measure": (must(SLOPE, ["runs.rise_mm", "ratio_le", 1, 12]), "must[1]",
        "two numbers", "runs.run_mm"),
    "from more to less": (must(RAMP, ["width_mm", "between", 950, 850]), "must[1]", "no value",
        "lower one first"),
    "demands that exclude each other": (must(RAMP, ["width_mm", "ge", 950],
        ["width_mm", "le", 900]), "must", "no width_mm can meet", "mend a threshold"),
    "yes in quotation marks": (must(RAMP, ["surface_grip", "is", "true"]), "must[1][3]",
        "no answer", "without quotation marks"),
    "a word that is no choice": (must(RAMP, ["handrail", "is", "both"]), "must[1][3]",
        "no answer", "both_sides"),
    "a limit of words": (must(RAMP, ["handrail", "ge", 1]), "must[1][2]", "no 'ge'", "'is'"),
    "words for a number": (must(RAMP, ["width_mm", "is", True]), "must[1][2]", "no 'is'", "'ge'"),
    "a free text": (must(RAMP, ["note", "is", "ok"]), "must[1][2]", "free text", "be judged"),
    "two repeats": (must(RAMP, ["runs.rise_mm", "le", 300], ["flights.steps", "le", 3]),
        "must[2][1]", "no form asks", "stairs"),
    "an empty condition": (put(RAMP, "when", to=[]), "when", "at least one", "leave"),
    "a table of one row": (rows(("a", None)), "first", "two rows", '"must"'),
    "a row without a name": (rows((None, [LE]), ("b", None)), "first[1] / row", "missing", '"a"'),
    "two rows of one name": (rows(("a", [LE]), ("a", None)), "first[2] / row", "there already",
        "of its own"),
    "a row that hides the others": (rows(("a", None), ("b", [LE])), "first[1]", "hides the rows",
        "last"),
    "a row that is never reached": (rows(("a", [LE]), ("b", [["runs.rise_mm", "le", 200]]),
        ("c", None)), "first[2]", "never reached", "narrower"),
    "a percentage in numbers with a point": (put(SLOPE, "printed", "num", to="8"), "printed / num",
        "positive whole", "write 8"),
    "remedies that are no list": (put(RAMP, "remedies", to={}), "remedies", "a list", "[ ]"),
    "a kind of remedy nobody knows": (put(RAMP, "remedies", 0, "kind", to="final"),
        "remedies[1] / kind", "none of", "permanent"),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "where", "what", "then"), CASES.values(), ids=CASES.keys())
def test_a_mistake_is_told_with_its_place_and_what_to_do(
    spoil: Spoil, where: str, what: str, then: str
) -> None:
    found = mistakes_of(spoilt(spoil))
    told = [m for m in found if where in m.where and what in m.what and then in m.then]
    assert told, "\n".join(map(str, found))
    assert all(m.line > 0 for m in told)
    assert not told[0].doubt


DOUBTS: dict[str, tuple[Spoil, str]] = {
    "centimetres within the limits": (must(CORRIDOR, ["turning_mm", "ge", 140]), "centimetres"),
    "per cent within the limits": (put(RAMP, to=SAMPLE["requirements"][RAMP] | {
        "id": "route.slope", "element": "route", "must": [["slope_permille", "le", 5]]}),
        "per cent"),
    "far too much": (must(DOOR, ["threshold_mm", "le", 400]), "far above"),
    "a percentage that rounds nothing": (put(SLOPE, "printed", "num", to=5), "rounding of no"),
    "Russian for Kyrgyz": (put(RAMP, "title", "ky", to="Ширина пандуса (выдумано)"),
        "the Russian one"),
    "a standard almost known": (put("standard", to="RU-SP59-2021"), "almost the name"),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "what"), DOUBTS.values(), ids=DOUBTS.keys())
def test_what_may_be_right_is_a_doubt_and_not_a_mistake(spoil: Spoil, what: str) -> None:
    found = [m for m in mistakes_of(spoilt(spoil)) if what in m.what]
    assert [m.doubt for m in found] == [True]


def test_the_samples_have_no_mistake() -> None:
    assert mistakes_of(SAMPLE) == []


def test_all_mistakes_of_a_file_are_told_together_in_the_order_of_its_lines() -> None:
    value = deepcopy(SAMPLE)
    for spoil, *_ in [CASES[name] for name in ("no url", "metres", "a wrong severity", "no title")]:
        spoil(value)
    found = mistakes_of(value)
    assert len(found) == 4
    assert found == sorted(found)


@pytest.mark.parametrize("name", CASES)
def test_what_the_strict_reader_refuses_has_a_mistake(name: str) -> None:
    value = spoilt(CASES[name][0])
    data = json.dumps(value, ensure_ascii=False).encode()
    try:
        parse_edition(data, load_catalog().measures)
    except CatalogError:
        assert any(not m.doubt for m in mistakes_of(value))


def test_a_requirement_taken_away_member_by_member_is_never_passed_over() -> None:
    for member in SAMPLE["requirements"][RAMP]:
        found = mistakes_of(spoilt(drop(RAMP, member)))
        assert any(not m.doubt for m in found), member
