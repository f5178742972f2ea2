"""Released XForms: there for every form and profile, never changed, complete in three languages."""

import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from audit_api.cli import main
from audit_api.commands import openrosa as commands
from field_schema.catalog import load_catalog
from field_schema.errors import CatalogError
from field_schema.xform import LANGUAGES, xform_texts
from field_schema.xforms import (
    FOLDER,
    PUBLISHED,
    XForm,
    form_key,
    newest_on,
    read_releases,
    released_xforms,
)

QUICK = ("--form", "readiness/1")
MODEL = "{http://www.w3.org/2002/xforms}"


def test_every_form_is_released_for_every_profile() -> None:
    catalog = load_catalog()
    assert released_xforms().keys() == {(p, key) for p in catalog.profiles for key in catalog.forms}


def every() -> list[XForm]:
    return [xform for releases in released_xforms().values() for xform in releases]


def release(profile: str, day: date) -> list[str]:
    """What the command says, line by line."""
    words = ["openrosa", "release-forms", profile, "--on", day.isoformat(), *QUICK]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what is released, in which a test may release."""
    folder = tmp_path / "xforms"
    shutil.copytree(FOLDER, folder)
    monkeypatch.setattr(commands, "FOLDER", folder)
    return folder


def test_releasing_again_changes_nothing_and_says_so(copy: Path) -> None:
    before = (copy / PUBLISHED).read_bytes()
    for profile in load_catalog().profiles:
        newest = released_xforms()[profile, "readiness/1"][-1]
        later = newest.on + timedelta(days=1)
        assert release(profile, later) == [
            f"{profile}/readiness/v1.{later:%Y%m%d}.xml: says the same as {newest.version}, "
            "which stays"
        ]
    assert (copy / PUBLISHED).read_bytes() == before


def test_other_content_is_another_release_beside_the_older_and_never_in_its_place(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ("kg-demo-2021", "readiness/1")
    older = released_xforms()[key][-1]
    monkeypatch.setitem(xform_texts(), "goodbye", dict.fromkeys(("ky", "ru", "en"), "Thank you."))
    words = ["openrosa", "release-forms", older.profile, "--on", older.on.isoformat(), *QUICK]
    refused = CliRunner().invoke(main, words)
    assert refused.exit_code == 1
    assert "never changes" in refused.output
    release(older.profile, older.on + timedelta(days=3))
    two = read_releases(copy)[key]
    assert [(x.id, x.version) for x in two] == [
        ("readiness.kg-demo-2021", "1.20211128"),
        ("readiness.kg-demo-2021", "1.20211201"),
    ]
    assert two[0].data == older.data
    assert b"Thank you." in two[1].data
    assert b'version="1.20211201"' in two[1].data


def test_the_newest_law_of_a_day_is_offered_and_before_all_of_them_the_earliest() -> None:
    xform = every()[0]
    releases = [replace(xform, on=date(2021, month, 1)) for month in (3, 6, 9)]
    for day, month in (("2021-01-01", 3), ("2021-05-31", 3), ("2021-06-01", 6), ("2022-01-01", 9)):
        found = newest_on(releases, date.fromisoformat(day))
        assert found is not None
        assert found.on.month == month
    assert newest_on([], date(2021, 1, 1)) is None


def test_a_form_that_is_not_there_is_not_released(copy: Path) -> None:
    words = ["openrosa", "release-forms", "kg-demo-2021", "--on", "2021-11-28", "--form", "x/1"]
    refused = CliRunner().invoke(main, words)
    assert (refused.exit_code, "x/1" in refused.output) == (1, True)


def test_a_changed_file_is_refused(copy: Path) -> None:
    path = next((copy / "kg-demo-2021" / "ramp").iterdir())
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(CatalogError, match="differs from its released digest"):
        read_releases(copy)


def test_every_text_is_there_in_three_languages_and_the_warning_stands_at_the_verdicts() -> None:
    for xform in every():
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


def test_a_form_names_profile_and_law_and_both_are_read_back_out() -> None:
    for xform in every():
        root = ElementTree.fromstring(xform.data)
        instance = root.find(f".//{MODEL}instance")
        assert instance is not None
        told = (instance[0].get("id"), instance[0].get("version"))
        assert told == (xform.id, xform.version)
        assert form_key(xform.id, xform.version) == xform.key
        profile = load_catalog().profiles[xform.profile]
        assert profile.title["ru"] in (root.findtext(".//{*}title") or "")
