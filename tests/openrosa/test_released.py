"""Released XForms: there for every form and profile, never changed, complete in three languages."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from audit_api.cli import main
from field_schema import xforms
from field_schema.catalog import load_catalog
from field_schema.errors import CatalogError
from field_schema.xform import LANGUAGES
from field_schema.xform_visit import visit_of
from field_schema.xforms import FOLDER, PUBLISHED, released_xforms

MODEL = "{http://www.w3.org/2002/xforms}"


def test_every_form_that_asks_everything_is_released_for_every_profile() -> None:
    catalog = load_catalog()
    asked = {key for key, form in catalog.forms.items() if not form.only_required}
    assert released_xforms().keys() == {(p, key) for p in catalog.profiles for key in asked}


def test_releasing_again_changes_nothing() -> None:
    before = (FOLDER / PUBLISHED).read_bytes()
    for profile in load_catalog().profiles:
        day = next(x.on for x in released_xforms().values() if x.profile == profile)
        done = CliRunner().invoke(main, ["openrosa", "release-forms", profile, "--on", day])
        assert (done.exit_code, done.output) == (0, "")
    assert (FOLDER / PUBLISHED).read_bytes() == before


def test_a_changed_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "xforms"
    shutil.copytree(FOLDER, copy)
    path = copy / "kg-demo-2021" / "ramp" / "v2.xml"
    path.write_bytes(path.read_bytes() + b" ")
    monkeypatch.setattr(xforms, "FOLDER", copy)
    with pytest.raises(CatalogError, match="differs from its released digest"):
        released_xforms.__wrapped__()


def test_every_text_is_there_in_three_languages_and_the_warning_stands_at_the_verdicts() -> None:
    for xform in released_xforms().values():
        root = ElementTree.fromstring(xform.data)
        told = {}
        for translation in root.iter(f"{MODEL}translation"):
            told[translation.get("lang")] = {text.get("id") for text in translation}
            assert all("".join(text.itertext()).strip() for text in translation)
        assert told.keys() == set(LANGUAGES.values())
        (texts,) = {frozenset(ids) for ids in told.values()}
        warned = {str(text) for text in texts if "/warning_" in str(text)}
        shown = {str(text) for text in texts if "/counted_" in str(text)}
        assert len(warned) == len(shown)


def test_a_form_for_a_task_alone_has_no_xform() -> None:
    catalog = load_catalog()
    with pytest.raises(ValueError, match="asks what a task needs"):
        visit_of(catalog.form("recheck/1"), (), catalog.measures)


def test_the_index_says_of_each_which_day_its_law_is_of() -> None:
    index = json.loads((FOLDER / PUBLISHED).read_bytes())
    for xform in released_xforms().values():
        said = index["files"][f"{xform.profile}/{xform.form}/v{xform.version}.xml"]
        assert (said["on"], said["sha256"]) == (xform.on, xform.sha256)
