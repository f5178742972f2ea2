"""A ruleset by name: from which exact files it is built, and building it again from these.

A manifest names the profile's version, the day and every file by its SHA-256. Files and imported
documents never change, so the same manifest gives the same ruleset for ever.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from field_schema.catalog import Catalog
from field_schema.errors import CatalogError
from field_schema.imported import EDITION, edition_of, read_profile
from field_schema.ruleset import ENGINE, Ruleset, build_ruleset
from field_schema.scoring_file import Scoring, load_scoring
from field_schema.standard import Requirement, Standard, parse_requirements, parse_standard
from field_schema.strict_file import read_object

Files = Mapping[str, tuple[str, str, bytes]]
"""SHA-256 in hex -> kind, id, bytes."""
_STANDARD: Final = "standard"


def manifest_of(ruleset: Ruleset, catalog: Catalog) -> dict[str, Any]:
    """From what a ruleset is built, as a JSON-able object.

    `files` has kind and id before each digest, so that a person can read it.
    """
    known = _files(catalog)
    digests: list[str] = []
    for standard in ruleset.profile.standards:
        adoption = ruleset.profile.in_force(standard, ruleset.on)
        if adoption is not None:
            digests += catalog.standards[standard, adoption.edition].digests
    return {
        "engine": ENGINE,
        "profile": {"id": ruleset.profile.id, "sha256": ruleset.profile.digest},
        "on": ruleset.on.isoformat(),
        "files": [[" ".join(known[digest][:2]), digest] for digest in digests],
        "scoring": {"file": ruleset.scoring.file, "sha256": ruleset.scoring.sha256},
    }


def ruleset_of(manifest: Mapping[str, Any], catalog: Catalog) -> Ruleset:
    """The ruleset of a manifest, built again from exactly the files that it names.

    Raises CatalogError for a file that the catalog does not hold, and for another engine.
    """
    if manifest["engine"] != ENGINE:
        raise CatalogError(
            f"the ruleset was made by {manifest['engine']!r}, this program judges by {ENGINE!r}; "
            "use a release of the program that still has that engine"
        )
    known = _files(catalog)
    named = manifest["profile"]
    profile = read_profile(_held(known, f"profile {named['id']}", named["sha256"])[2])
    on = date.fromisoformat(manifest["on"])
    files = [_held(known, name, digest) for name, digest in manifest["files"]]
    editions = _editions(files, catalog)
    chosen = []
    for standard in profile.standards:
        adoption = profile.in_force(standard, on)
        if adoption is None or (standard, adoption.edition) not in editions:
            raise CatalogError(
                f"the manifest of profile {profile.id} names no files of {standard} for {on}; "
                "it is damaged: restore it from a backup"
            )
        chosen.append((adoption, editions[standard, adoption.edition]))
    return build_ruleset(profile, on, chosen, catalog.measures, _scoring(manifest["scoring"]))


def _scoring(named: Mapping[str, str]) -> Scoring:
    """The file of weights. Raises CatalogError when it is not the one that the manifest names."""
    scoring = load_scoring(named["file"])
    if scoring.sha256 != named["sha256"]:
        raise CatalogError(
            f"{named['file']} differs from the file that the ruleset was scored by; released files "
            "never change, so restore it"
        )
    return scoring


def _files(catalog: Catalog) -> Files:
    return {digest: (kind, name, data) for kind, name, digest, data in catalog.documents()}


def _held(known: Files, name: str, digest: str) -> tuple[str, str, bytes, str]:
    if digest not in known:
        raise CatalogError(
            f"{name}: no document with SHA-256 {digest} is in the catalog; released and imported "
            "files stay for ever, so restore it from the release or the backup that had it"
        )
    return (*known[digest], digest)


def _editions(
    files: Sequence[tuple[str, str, bytes, str]], catalog: Catalog
) -> dict[tuple[str, str], Standard]:
    """The editions that the files hold: a folder's standard.json is followed by its others."""
    found: dict[tuple[str, str], Standard] = {}
    parts: dict[tuple[str, str], tuple[dict[str, Any], list[str], dict[str, Requirement]]] = {}
    for kind, name, data, digest in files:
        value = read_object(data, name)
        if kind == EDITION:
            edition = edition_of(value, digest, catalog.measures)
            found[edition.id, edition.edition] = edition
        elif kind == _STANDARD:
            about = parse_standard(value, f"standards/{name}/standard.json")
            parts[about["id"], about["edition"]] = (about, [digest], {})
        else:
            standard, edition_name, rest = name.split("/", 2)
            about, digests, requirements = parts[standard, edition_name]
            where = f"standards/{standard}/{edition_name}/requirements/{rest}.json"
            digests.append(digest)
            for row in parse_requirements(value, where, standard, edition_name, catalog.measures):
                requirements[row.id] = row
    for key, (about, digests, requirements) in parts.items():
        found[key] = Standard(
            **about, requirements=MappingProxyType(requirements), digests=tuple(digests)
        )
    return found
