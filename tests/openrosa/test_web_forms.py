"""Released forms in the engine of ODK Web Forms: loaded, filled in, saved, the same verdicts."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from field_schema.catalog import load_catalog
from field_schema.form import Form
from field_schema.ruleset import Building
from field_schema.xform_visit import ONCE, visit_of
from field_schema.xforms import released_xforms
from tests.agreement.records import Generator, Record
from tests.openrosa.filled import answers_of, fill_in_node, site_row
from tests.openrosa.test_javarosa import law_of, local, verdicts

PLACE = "kg-x.1"
EVERY_TYPE = {"string", "int", "geopoint", "select", "upload"}
FILLED = "kg-demo-2021"
RELEASED = {(x.id, x.version): x for releases in released_xforms().values() for x in releases}


def observed(form: Form, generator: Generator) -> dict[str, list[Record]]:
    """One of each element, two ramps, all in one building."""
    visit = {}
    building = generator.record("ramp").building
    for element in form.sections:
        if element in generator.elements:
            many = 2 if element == "ramp" else 1
            records = [generator.record(element) for _ in range(many)]
            visit[element] = [Record(replace(r.inspection, form=form), building) for r in records]
    return visit


@pytest.mark.parametrize("key", RELEASED, ids="-".join)
def test_the_engine_of_web_forms_fills_it_with_the_verdicts_of_the_server(
    key: tuple[str, str], tmp_path: Path
) -> None:
    xform = RELEASED[key]
    form = load_catalog().form(xform.key)
    rules = law_of(xform)
    told = visit_of(form, rules, load_catalog().measures, load_catalog().standards).told
    # Of the other profile the same makes the forms: it is enough that the engine takes them.
    # A recheck asks only what is known: tests/openrosa/test_recheck.py.
    whole = xform.profile == FILLED and not form.only_required
    visit = observed(form, Generator(rules, seed=3)) if whole else {}
    building = next((r.building for records in visit.values() for r in records), None)
    site = site_row(PLACE, "7", "kg-x", building or Building("existing"))
    saved = fill_in_node(tmp_path, xform, [site], answers_of(form, PLACE, visit))
    root = ElementTree.fromstring(saved["xml"])
    assert (root.get("id"), root.get("version")) == (xform.id, xform.version)
    assert root.findtext("campaign") == "kg-x"
    for element, records in visit.items():
        nodes = [node for node in root if local(node) == element]
        assert len(nodes) == len(records) or element in ONCE
        for node, record in zip(nodes, records, strict=True):
            shown = {local(child): child.text for child in node.iter()}
            for rule, verdict in verdicts(form, record, rules).items():
                assert shown[told[rule]] == verdict, (element, rule, record.as_json())
    if visit:
        assert set(saved["asked"]) >= EVERY_TYPE
        assert len(saved["files"]) == sum(map(len, visit.values()))
