"""What must hold for any input: hypothesis looks for the one that breaks it."""

import copy
import functools
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from field_schema.assessment import assess
from field_schema.catalog import UnknownForm, load_catalog
from field_schema.findings import as_stored
from field_schema.inspection import BodyProblem, InvalidInspection, read_inspection
from field_schema.logic import COMPLIANT
from field_schema.ruleset import Building
from field_schema.scoring import score
from field_schema.standard import BUILDINGS
from field_schema.strict_file import LANGUAGES
from tests.field_schema.bodies import Json, ramp_body, station_body
from tests.field_schema.judging import EXISTING, demo_ruleset, inspection_of, observed

CALM = settings(
    max_examples=200,
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=2**53, max_value=2**4000)
    | st.floats()
    | st.text(max_size=80)
    | st.sampled_from(["1,5", "1.5", "٩٥٠", "mm", "ramp", "permanent", "\u0000", "\udc80", "{}"])
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
BODIES = [ramp_body(), station_body(5), ramp_body(form="ramp/7")]


UNPRINTABLE: dict[str, Any] = {
    "5000-digits": 10**5000,
    "list-of-5000-digits": [10**5000],
    "nested-900-deep": functools.reduce(lambda inner, _: [inner], range(900), []),
}


def places_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value, the root left out."""
    members = value.items() if isinstance(value, dict) else ()
    members = enumerate(value) if isinstance(value, list) else members
    found = []
    for key, inner in members:
        found += [(*path, key), *places_of(inner, (*path, key))]
    return found


PLACES = [places_of(body) for body in BODIES]


def assert_read_or_refused(body: Any) -> None:
    """Accepted, of an unknown form, or refused with a place and a text for each problem."""
    problems: list[BodyProblem] | None = None
    try:
        read_inspection(body, load_catalog())
    except UnknownForm:
        return
    except InvalidInspection as invalid:
        problems = invalid.problems
    if problems is not None:
        assert 0 < len(problems) <= 50
        assert all(not p.pointer or p.pointer.startswith("/") for p in problems)
        assert all(p.texts[language] for p in problems for language in LANGUAGES)


@CALM
@given(ANY_JSON)
def test_arbitrary_json_is_read_or_refused_and_never_breaks_the_reader(value: Any) -> None:
    assert_read_or_refused(value)


@CALM
@given(st.data(), ANY_JSON, st.sampled_from(range(len(BODIES))))
def test_a_body_spoilt_in_any_place_is_read_or_refused(
    data: st.DataObject, value: Any, number: int
) -> None:
    body = copy.deepcopy(BODIES[number])
    for path in data.draw(st.lists(st.sampled_from(PLACES[number]), min_size=1, max_size=3)):
        inner: Any = body
        for step in path[:-1]:
            inner = inner[step] if _has(inner, step) else {}
        if _has(inner, path[-1]):
            inner[path[-1]] = value
    assert_read_or_refused(body)


@pytest.mark.parametrize("number", range(len(BODIES)), ids=["ramp", "station", "unknown-form"])
@pytest.mark.parametrize("value", UNPRINTABLE.values(), ids=UNPRINTABLE)
def test_what_python_cannot_print_breaks_the_reader_in_no_place(value: Any, number: int) -> None:
    for path in PLACES[number]:
        body = copy.deepcopy(BODIES[number])
        inner: Any = body
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = value
        assert_read_or_refused(body)


def _has(value: Any, step: Any) -> bool:
    if isinstance(value, dict):
        return step in value
    return isinstance(value, list) and isinstance(step, int) and step < len(value)


ELEMENTS = load_catalog().form("station/1").sections
LIMITS = sorted(
    {
        limit + offset
        for rule in demo_ruleset().rules
        for row in rule.requirement.rows
        for comparison in row.must
        if type(limit := comparison.value) is int
        for offset in (-4, -3, -1, 0, 1, 3, 4)
    }
)


def answers_for(element: str, data: st.DataObject) -> dict[str, Any]:
    """Canonical answers about one element, thick around the limits of the requirements."""
    section = ELEMENTS[element]
    answers: dict[str, Any] = {}
    for key, question in section.questions.items():
        value = data.draw(_value(question), label=key)
        if value is not None:
            answers[key] = value
    for group in section.groups.values():
        items = []
        for _ in range(data.draw(st.integers(0, 3), label=group.id)):
            drawn = {q.key: data.draw(_value(q), label=q.key) for q in group.questions.values()}
            items.append({key: value for key, value in drawn.items() if value is not None})
        if items:
            answers[group.id] = tuple(items)
    return answers


def _value(question: Any) -> st.SearchStrategy[Any]:
    if question.type == "yes_no":
        return st.none() | st.booleans()
    if question.type == "choice":
        return st.none() | st.sampled_from(question.choices)
    if question.type == "text":
        return st.none()
    return st.none() | st.sampled_from(LIMITS) | st.integers(0, 3000)


def verdicts_of(element: str, answers: dict[str, Any], building: Building) -> dict[Any, str]:
    inspection = inspection_of(observed(element, answers))
    findings = assess(inspection, demo_ruleset(), building).findings
    return {(f.standard, f.requirement): f.verdict for f in findings}


BUILDING = st.sampled_from(BUILDINGS).map(Building) | st.just(EXISTING)
ELEMENT = st.sampled_from([name for name in ELEMENTS if name != "station"])


@CALM
@given(st.data(), ELEMENT, BUILDING)
def test_removing_an_answer_never_makes_compliant_what_was_not(
    data: st.DataObject, element: str, building: Building
) -> None:
    answers = answers_for(element, data)
    before = verdicts_of(element, answers, building)
    for key, value in answers.items():
        fewer = {k: v for k, v in answers.items() if k != key}
        poorer = [fewer]
        if isinstance(value, tuple):
            poorer += [
                answers | {key: (*value[:n], {k: v for k, v in item.items() if k != inner}, *rest)}
                for n, item in enumerate(value)
                for rest in (value[n + 1 :],)
                for inner in item
            ]
        for left in poorer:
            after = verdicts_of(element, left, building)
            assert all(before[rule] == COMPLIANT for rule in after if after[rule] == COMPLIANT)


@CALM
@given(st.data(), ELEMENT, BUILDING)
def test_the_order_of_answers_and_runs_changes_no_verdict(
    data: st.DataObject, element: str, building: Building
) -> None:
    answers = answers_for(element, data)
    turned = {
        key: tuple(reversed(value)) if isinstance(value, tuple) else value
        for key, value in reversed(answers.items())
    }
    assert verdicts_of(element, answers, building) == verdicts_of(element, turned, building)


@CALM
@given(st.data(), ELEMENT)
def test_a_compliant_finding_has_every_measure_that_it_was_judged_by(
    data: st.DataObject, element: str
) -> None:
    inspection = inspection_of(observed(element, answers_for(element, data)))
    for finding in assess(inspection, demo_ruleset(), EXISTING).findings:
        if finding.verdict == COMPLIANT:
            row = finding.rule.requirement.rows[finding.row_number]
            needed = {measure for comparison in row.must for measure in comparison.measures}
            assert needed <= set(finding.measured)


@CALM
@given(st.integers(0, 2**32), st.floats(0, 1), st.floats(0, 1), BUILDING)
def test_an_assessment_is_the_same_every_time(
    seed: int, breaches: float, unmeasured: float, building: Building
) -> None:
    body = station_body(seed, breaches=breaches, unmeasured=unmeasured)
    shuffled = _shuffled(body, random.Random(seed))  # noqa: S311 - test data, not a secret
    found = [
        assess(read_inspection(each, load_catalog()), demo_ruleset(), building)
        for each in (body, body, shuffled)
    ]
    documents = [as_stored(assessment) for assessment in found]
    assert documents[0] == documents[1] == documents[2]
    assert score(found[0]) == score(found[1]) == score(found[2])


def _shuffled(value: Any, rng: random.Random) -> Any:
    """The same JSON with its members in another order; lists keep theirs."""
    if isinstance(value, list):
        return [_shuffled(inner, rng) for inner in value]
    if not isinstance(value, dict):
        return value
    members = list(value.items())
    rng.shuffle(members)
    shuffled: Json = {key: _shuffled(inner, rng) for key, inner in members}
    return shuffled
