"""A ruleset by its manifest: exactly the files that it was made of, and nothing later."""

import copy as copies
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import field_schema
from field_schema.assessment import assess
from field_schema.catalog import Catalog, CatalogError, load_catalog
from field_schema.findings import as_stored
from field_schema.manifest import manifest_of, ruleset_of
from field_schema.ruleset import ENGINE, Ruleset
from field_schema.scoring import score
from tests.field_schema.drawing import drawn_building, drawn_inspection, rulesets
from tests.field_schema.judging import DAY, RU12, requirement_json

ROOT = Path(field_schema.__file__).parent


def manifest(ruleset: Ruleset, catalog: Catalog | None = None) -> dict[str, Any]:
    """As it comes back from where it is stored."""
    found: dict[str, Any] = json.loads(json.dumps(manifest_of(ruleset, catalog or load_catalog())))
    return found


@pytest.mark.parametrize("ruleset", rulesets(), ids=lambda ruleset: ruleset.profile.id)
def test_a_manifest_gives_the_same_ruleset_again(ruleset: Ruleset) -> None:
    again = ruleset_of(manifest(ruleset), load_catalog())
    assert again.digest == ruleset.digest
    assert again.requirements == ruleset.requirements
    assert [rule.weight for rule in again.rules] == [rule.weight for rule in ruleset.rules]
    inspection, building = drawn_inspection(5), drawn_building(5)
    one, two = (assess(inspection, each, building) for each in (ruleset, again))
    assert as_stored(one) == as_stored(two)
    assert score(one) == score(two)


def test_a_manifest_names_engine_profile_day_files_and_weights() -> None:
    ruleset = load_catalog().ruleset("kg-demo-2021", DAY)
    found = manifest(ruleset)
    assert (found["engine"], found["on"]) == (ENGINE, "2021-11-28")
    assert found["profile"] == {"id": "kg-demo-2021", "sha256": ruleset.profile.digest}
    assert found["scoring"] == {
        "file": ruleset.scoring.file,
        "sha256": ruleset.scoring.sha256,
    }
    known = {digest for _, _, digest, _ in load_catalog().documents()}
    assert {digest for _, digest in found["files"]} <= known


@pytest.fixture
def grown(tmp_path: Path) -> Catalog:
    """A later catalog: an edition has got a file of requirements that it did not have."""
    for folder in ("forms", "standards", "profiles", "weights"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for name in ("scoring.json", "published.json"):
        shutil.copy(ROOT / name, tmp_path / name)
    row = requirement_json("corridor", must=[["width_mm", "ge", 1200]])
    row["cite"]["standard"] = RU12
    value = {"element": "corridor", "ky_status": "made up", "requirements": [row]}
    path = tmp_path / f"standards/{RU12}/2012/requirements/corridor.json"
    assert not path.exists()
    path.write_text(json.dumps(value))
    return load_catalog(tmp_path)


def test_a_catalog_that_has_got_more_files_gives_the_old_ruleset(grown: Catalog) -> None:
    old = load_catalog().ruleset("kg-demo-2021", DAY)
    newer = grown.ruleset("kg-demo-2021", DAY)
    assert len(newer.rules) == len(old.rules) + 1
    assert newer.digest != old.digest
    again = ruleset_of(manifest(old), grown)
    assert (again.digest, len(again.rules)) == (old.digest, len(old.rules))
    assert ruleset_of(manifest(newer, grown), grown).digest == newer.digest


def test_a_catalog_that_lacks_a_file_says_which_and_what_to_do(grown: Catalog) -> None:
    newer = grown.ruleset("kg-demo-2021", DAY)
    with pytest.raises(
        CatalogError, match=rf"requirements {RU12}/2012/corridor: no document .* restore it"
    ):
        ruleset_of(manifest(newer, grown), load_catalog())


@pytest.mark.parametrize(
    ("member", "value", "said"),
    [
        ("engine", "rules/1", r"made by 'rules/1', this program judges by .* use a release"),
        ("files", [], r"names no files of .* damaged: restore it from a backup"),
        ("profile", {"id": "kg-demo-2021", "sha256": "0" * 64}, r"profile kg-demo-2021: no doc"),
        ("scoring", {"file": "weights/v2.json", "sha256": "0" * 64}, r"weights/v2\.json differs"),
    ],
    ids=["another-engine", "no-files", "another-profile", "other-weights"],
)
def test_a_manifest_that_cannot_be_followed_is_refused(member: str, value: Any, said: str) -> None:
    found = copies.deepcopy(manifest(load_catalog().ruleset("kg-demo-2021", DAY)))
    found[member] = value
    with pytest.raises(CatalogError, match=said):
        ruleset_of(found, load_catalog())
