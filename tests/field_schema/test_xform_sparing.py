"""What a form's calculates come to when those that are not needed are left out."""

from collections import Counter

import pytest

from field_schema.catalog import load_catalog
from field_schema.xform_sparing import MOST_NESTED, spare
from field_schema.xform_visit import visit_of
from field_schema.xforms import released_xforms
from tests.openrosa.test_javarosa import law_of

Rows = dict[str | None, list[dict[str, str]]]


def rows(**calculations: str) -> Rows:
    """Outside of all groups; a name "items.x" is one in a group."""
    found: Rows = {None: []}
    for name, calculation in calculations.items():
        group, _, inner = name.rpartition("__")
        line = {"type": "calculate", "name": inner, "calculation": calculation}
        found.setdefault(group or None, []).append(line)
    return found


def spared(made: Rows, *helpers: str) -> dict[str, str]:
    return {
        line["name"]: line["calculation"]
        for lines in spare(made, set(helpers)).values()
        for line in lines
    }


def test_what_nobody_asks_is_left_out_with_what_it_alone_asked() -> None:
    made = rows(c0="${a} + 1", c1="${c0} + ${c0}", told="${a}")
    assert spared(made, "c0", "c1") == {"told": "${a}"}


def test_what_one_asks_is_written_into_it() -> None:
    made = rows(c0="${a} - 1", c1="if(${c0} = 2, 1, 0)", told="10 - ${c1} * 2")
    assert spared(made, "c0", "c1") == {"told": "10 - if((${a} - 1) = 2, 1, 0) * 2"}


def test_what_two_ask_stays() -> None:
    made = rows(c0="${a} - 1", one="${c0}", two="${c0}")
    assert spared(made, "c0") == {"c0": "${a} - 1", "one": "${c0}", "two": "${c0}"}


@pytest.mark.parametrize(
    "made",
    [
        rows(c0="${a} - 1", told="max(${items}[./x = ${c0}]/x)"),
        rows(c0="count(${items})", told="${c0} + 1"),
        rows(items__c0="${a} - 1", told="max(${items}/c0)"),
        rows(c0="${a} - 1", items__told="${c0} + 1"),
        rows(c0="(" * MOST_NESTED + "1" + ")" * MOST_NESTED, told="${c0}"),
    ],
    ids=["predicate", "count", "by-path", "other-group", "deep"],
)
def test_where_it_would_mean_something_else_it_stays(made: Rows) -> None:
    assert spared(made, "c0") == {
        line["name"]: line["calculation"] for lines in made.values() for line in lines
    }


def test_a_name_that_is_not_a_helper_stays() -> None:
    assert spared(rows(x="${a}", told="${x}")) == {"x": "${a}", "told": "${x}"}


def test_few_calculates_are_left_for_each_requirement() -> None:
    xform = released_xforms()["kg-demo-2021", "station/2"][-1]
    law, catalog = law_of(xform), load_catalog()
    form = catalog.form("station/2")
    survey = visit_of(form, law, catalog.measures, catalog.standards).workbook["survey"]
    kinds = Counter(line["type"] for line in survey)
    judged = [rule for rule in law.rules if rule.requirement.element in form.sections]
    assert kinds["calculate"] < 4 * len(judged)
