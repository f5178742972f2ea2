"""Released forms in ODK's own engine: accepted, filled in, saved, with the server's verdicts."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID
from xml.etree import ElementTree

import pytest

from field_schema.assessment import assess
from field_schema.catalog import load_catalog
from field_schema.form import Form
from field_schema.inspection import ElementObservation
from field_schema.ruleset import Building, Ruleset
from field_schema.xform_visit import ONCE, visit_of
from field_schema.xforms import XForm, released_xforms
from tests.agreement import odk
from tests.agreement.records import Generator, Record
from tests.openrosa.filled import answers_of, compile_driver, fill, left_out, site_row

WITHOUT = odk.why_not()
needs_java = pytest.mark.skipif(WITHOUT is not None, reason=str(WITHOUT))
KEY = ("kg-demo-2021", "station/2")
VISITS = 12
SITE = str(UUID(int=7))
Visit = dict[str, list[Record]]


def law_of(xform: XForm) -> Ruleset:
    return load_catalog().ruleset(xform.profile, xform.on)


def drawn(form: Form, rules: Ruleset) -> list[Visit]:
    """Visits with two of each element and one of what there is one of, all of one building."""
    generator = Generator(rules, seed=11)
    visits = []
    for _ in range(VISITS):
        visit: Visit = {}
        building = None
        for element in form.sections:
            if element not in generator.elements:
                continue
            records = [generator.record(element) for _ in range(1 if element in ONCE else 2)]
            building = building or records[0].building
            visit[element] = [Record(replace(r.inspection, form=form), building) for r in records]
        visits.append(visit)
    return visits


def asked(form: Form, observation: ElementObservation) -> ElementObservation:
    """Without the answers that this form does not ask for."""
    measures = form.sections[observation.type].measures
    answers = {
        key: tuple({k: v for k, v in item.items() if k in measures} for item in value)
        if isinstance(value, tuple)
        else value
        for key, value in observation.answers.items()
        if isinstance(value, tuple) or key in measures
    }
    return replace(observation, answers=answers)


def verdicts(form: Form, record: Record, rules: Ruleset) -> dict[str, str]:
    observation = asked(form, record.element)
    inspection = replace(record.inspection, elements=(observation,))
    order = {
        (r.requirement.cite.standard, r.requirement.cite.edition, r.requirement.id): r.name
        for r in rules.rules
    }
    return {
        order[f.standard, f.edition, f.requirement]: f.verdict
        for f in assess(inspection, rules, record.building).findings
    }


def local(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2]


@needs_java
def test_odk_validate_accepts_every_released_form() -> None:
    paths = [xform.path for releases in released_xforms().values() for xform in releases]
    assert odk.validate(paths).count("Xform is valid") == len(paths)


@needs_java
def test_javarosa_fills_whole_visits_with_the_verdicts_of_the_server(tmp_path: Path) -> None:
    xform, form = released_xforms()[KEY][-1], load_catalog().form(KEY[1])
    rules = law_of(xform)
    told = visit_of(form, rules, load_catalog().measures, load_catalog().standards).told
    visits = drawn(form, rules)
    compile_driver(tmp_path)
    sites = [
        site_row(f"kg-x.{n}", SITE, "kg-x", visit["ramp"][0].building)
        for n, visit in enumerate(visits)
    ]
    records = [answers_of(form, f"kg-x.{n}", visit) for n, visit in enumerate(visits)]
    compared = unasked = 0
    for visit, saved in zip(visits, fill(xform, tmp_path, sites, records), strict=True):
        root = ElementTree.fromstring(saved)
        assert (root.get("id"), root.get("version")) == (xform.id, xform.version)
        assert root.findtext("site") == SITE
        assert root.findtext("campaign") == "kg-x"
        for element, observed in visit.items():
            nodes = [node for node in root if local(node) == element]
            assert len(nodes) == len(observed)
            for node, record in zip(nodes, observed, strict=True):
                shown = {child.tag: child.text for child in node.iter()}
                unasked += left_out(form.sections[element], record, node)
                for rule, verdict in verdicts(form, record, rules).items():
                    assert shown[told[rule]] == verdict, (element, rule, record.as_json())
                    compared += 1
    assert compared > 3000
    assert unasked > 300, "the server judges these records with what the form did not ask"


@needs_java
def test_the_second_form_brings_along_the_instruments_of_the_first(tmp_path: Path) -> None:
    xform = released_xforms()["kg-demo-2021", "ramp/1"][-1]
    compile_driver(tmp_path)
    sites = [site_row("kg-x.1", SITE, "kg-x", Building("existing"))]
    here = {"polling_place": "kg-x.1"}

    def instruments(saved: bytes) -> str | None:
        return ElementTree.fromstring(saved).findtext("instruments")

    [nobodys] = fill(xform, tmp_path, sites, [here])
    assert not instruments(nobodys)
    [first] = fill(xform, tmp_path, sites, [here | {"instruments": "tape 7, level 3"}])
    second, corrected = fill(
        xform, tmp_path, sites, [here, here | {"instruments": "tape 9"}], last_saved=first
    )
    assert (instruments(second), instruments(corrected)) == ("tape 7, level 3", "tape 9")
