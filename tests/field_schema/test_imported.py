"""A catalog that grows by documents, and rulesets built again from what their manifests name."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from field_schema.catalog import Catalog, load_catalog
from field_schema.errors import CatalogError
from field_schema.imported import (
    EDITION,
    PROFILE,
    Document,
    document,
    extended,
    parse_edition,
    read_profile,
)
from field_schema.manifest import manifest_of, ruleset_of

SAMPLES = Path(__file__).parents[2] / "docs" / "samples"
ELECTION = date(2021, 11, 28)
FIRST = (SAMPLES / "SAMPLE-DEMO-1.json").read_bytes()
SECOND = (SAMPLES / "SAMPLE-DEMO-2.json").read_bytes()


def edition(data: bytes) -> Document:
    value = json.loads(data)
    return document(EDITION, f"{value['standard']}/{value['edition']}", data)


def profile(*editions: tuple[str, str, str, str | None]) -> Document:
    """The shipped demonstration profile with editions of the sample: edition, weight, from, to."""
    catalog = load_catalog()
    shipped = catalog.profile("kg-demo-2021").digest
    value = json.loads(next(d for _, _, digest, d in catalog.documents() if digest == shipped))
    by = {"ky": "-", "ru": "-", "en": "-"}
    value["editions"] += [
        {
            "standard": "SAMPLE-DEMO",
            "edition": name,
            "weight": weight,
            "in_force": {"from": since, "to": until},
            "decision": {"number": "1", "date": since, "by": by},
        }
        for name, weight, since, until in editions
    ]
    return document(PROFILE, "kg-demo-2021", json.dumps(value, ensure_ascii=False).encode())


def grown() -> Catalog:
    """Both samples, the first adopted in one version of the profile, the second in the next."""
    first = profile(("1", "binding", "2021-11-01", None))
    then = profile(
        ("1", "binding", "2021-11-01", "2021-11-14"), ("2", "binding", "2021-11-15", None)
    )
    return extended(load_catalog(), [edition(FIRST), first, edition(SECOND), then], 4)


def test_an_edition_in_one_file_has_its_requirements_and_names_the_file() -> None:
    found = parse_edition(FIRST, load_catalog().measures)
    assert list(found.requirements) == [
        "ramp.width",
        "ramp.running-slope",
        "ramp.edge",
        "door.width",
    ]
    assert found.digests == (edition(FIRST)[2],)


def test_a_grown_catalog_serves_what_was_added_and_leaves_the_shipped_one_alone() -> None:
    catalog = grown()
    assert catalog.version == 4
    assert ("SAMPLE-DEMO", "2") in catalog.standards
    assert ("SAMPLE-DEMO", "2") not in load_catalog().standards
    assert edition(FIRST) in catalog.documents()
    assert catalog.check() == load_catalog().check() == []


def test_the_newest_version_of_a_profile_counts_and_the_older_ones_stay_readable() -> None:
    catalog = grown()
    versions = [data for kind, _, _, data in catalog.imported if kind == PROFILE]
    assert catalog.profile("kg-demo-2021").digest == read_profile(versions[1]).digest
    rules = catalog.ruleset("kg-demo-2021", ELECTION).rules
    found = {r.requirement.cite.edition for r in rules if r.name.startswith("SAMPLE-DEMO/")}
    assert found == {"2"}


def test_an_edition_that_is_there_is_refused() -> None:
    with pytest.raises(CatalogError, match="in the catalog already"):
        extended(load_catalog(), [edition(FIRST), edition(FIRST)], 2)


def test_a_profile_of_an_edition_that_nobody_imported_is_refused() -> None:
    with pytest.raises(CatalogError, match="import the edition first"):
        extended(load_catalog(), [profile(("1", "binding", "2021-11-01", None))], 1)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        ({"requirements": []}, "a list of requirements is due"),
        ({"requirements": [{"id": "x"}]}, "requirements/0/element"),
        ({"standard": 1}, "standard"),
        ({"more": 1}, "more: this member is not known"),
    ],
)
def test_a_spoilt_edition_is_refused(spoil: dict[str, Any], told: str) -> None:
    data = json.dumps(json.loads(FIRST) | spoil).encode()
    with pytest.raises(CatalogError, match=told):
        parse_edition(data, load_catalog().measures)


def test_a_requirement_that_comes_twice_is_refused() -> None:
    value = json.loads(FIRST)
    value["requirements"].append(value["requirements"][0])
    with pytest.raises(CatalogError, match="comes twice"):
        parse_edition(json.dumps(value).encode(), load_catalog().measures)


def test_a_ruleset_is_built_again_from_its_manifest() -> None:
    catalog = grown()
    ruleset = catalog.ruleset("kg-demo-2021", ELECTION)
    manifest = json.loads(json.dumps(manifest_of(ruleset, catalog)))
    assert ruleset_of(manifest, catalog).digest == ruleset.digest


def test_a_ruleset_of_an_older_version_is_built_again_under_the_newest_one() -> None:
    documents = grown().imported
    older = extended(load_catalog(), documents[:2], 2)
    ruleset = older.ruleset("kg-demo-2021", ELECTION)
    again = ruleset_of(manifest_of(ruleset, older), grown())
    assert again.digest == ruleset.digest
    assert [r.name for r in again.rules] == [r.name for r in ruleset.rules]


def test_a_shipped_ruleset_is_built_again_when_the_catalog_has_grown() -> None:
    shipped = load_catalog()
    ruleset = shipped.ruleset("kg-demo-2021", ELECTION)
    assert ruleset_of(manifest_of(ruleset, shipped), grown()).digest == ruleset.digest


@pytest.mark.parametrize(
    ("member", "value", "told"),
    [
        ("engine", "rules/0", "use a release of the program that still has that engine"),
        ("files", [["standard X", "0" * 64]], "no document with SHA-256 0000"),
        ("files", [], "names no files of"),
        ("scoring", {"file": "weights/v2.json", "sha256": "0"}, "differs from the file"),
    ],
)
def test_a_manifest_that_cannot_be_followed_says_why(member: str, value: Any, told: str) -> None:
    catalog = grown()
    manifest = manifest_of(catalog.ruleset("kg-demo-2021", ELECTION), catalog)
    with pytest.raises(CatalogError, match=told):
        ruleset_of(manifest | {member: value}, catalog)


def test_a_catalog_without_documents_has_version_0() -> None:
    assert load_catalog().version == 0
    assert replace(load_catalog(), version=1).imported == ()
