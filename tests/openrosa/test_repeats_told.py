"""What repeats are called, and what is said where nobody began one."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from field_schema.ruleset import Building
from field_schema.xform_known import ELEMENT_COLUMNS
from field_schema.xforms import released_xforms
from tests.agreement import odk
from tests.openrosa.filled import Fill, compile_driver, fill, site_row

PROFILE = "kg-demo-2021"
HERE = {"polling_place": "kg-x.1", "ramp": "1", "ramp_label/0": "Main"}
RUN = {"ramp_runs/0": "1", "ramp_runs__rise_mm/0/0": "100", "ramp_runs__run_mm/0/0": "1500"}
MODEL = "{http://www.w3.org/2002/xforms}"
WITHOUT = odk.why_not()


def site(status: str) -> dict[str, str]:
    return site_row("kg-x.1", "7", "kg-x", Building(status))


@pytest.mark.parametrize(
    ("record", "status", "told"),
    [
        (HERE, "existing", True),
        (HERE | RUN, "existing", False),
        (HERE, "temporary", False),
        (HERE | {f"again:{name}": value for name, value in RUN.items()}, "existing", False),
        (HERE | RUN | {"again:ramp_runs/0": "0"}, "existing", True),
    ],
    ids=["none", "one", "none that a binding requirement needs", "added later", "deleted again"],
)
def test_where_no_run_was_measured_the_verdicts_say_that_no_slope_is_judged(
    fill: Fill, record: dict[str, str], status: str, told: bool
) -> None:
    saved = fill(released_xforms()[PROFILE, "ramp/2"][-1], [site(status)], [], record)
    assert saved.find(".//warning_ramp") is not None
    assert (saved.find(".//none_ramp_runs") is not None) == told


@pytest.mark.parametrize(("asked", "told"), [("runs.rise_mm", True), ("width_mm", False)])
def test_a_recheck_tells_of_missing_runs_only_if_a_task_needs_them(
    fill: Fill, asked: str, told: bool
) -> None:
    values = ("one", "Main", "7", "ramp", "Main", asked)
    known = dict(zip(ELEMENT_COLUMNS, values, strict=True))
    record = {"polling_place": "kg-x.1", "ramp": "1", "ramp_id/0": "one"}
    recheck = released_xforms()[PROFILE, "recheck/1"][-1]
    saved = fill(recheck, [site("existing")], [known], record)
    assert (saved.find(".//none_ramp_runs") is not None) == told


def test_a_labelled_group_is_all_that_an_element_has() -> None:
    """Collect takes the label of an item from there, and from nowhere else."""
    for xform in (each for releases in released_xforms().values() for each in releases):
        root = ElementTree.fromstring(xform.data)
        repeats = [r for r in root.iter(f"{MODEL}repeat") if r.get("nodeset", "").count("/") == 2]
        assert repeats or xform.form == "readiness"
        for repeat in repeats:
            [group] = repeat
            assert (group.tag, group[0].tag) == (f"{MODEL}group", f"{MODEL}label")


@pytest.mark.skipif(WITHOUT is not None, reason=str(WITHOUT))
def test_collect_lists_the_items_of_a_repeat_by_their_own_labels(tmp_path: Path) -> None:
    compile_driver(tmp_path)
    values = ("known", "Side · open violations: 1", "7", "ramp", "Side", "")
    known = dict(zip(ELEMENT_COLUMNS, values, strict=True))
    record = HERE | {"ramp": "3", "ramp_id/1": "known"}
    fill(released_xforms()[PROFILE, "ramp/2"][-1], tmp_path, [site("existing")], [record], [known])
    labels = (tmp_path / "labels.txt").read_text(encoding="utf-8").splitlines()
    found = [label.strip() for label in labels if label.startswith("пандус")]
    assert found == ["пандус Main", "пандус Side", "пандус"]
