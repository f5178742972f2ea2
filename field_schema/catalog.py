"""Every released file, read strictly and held in memory: forms, standards, profiles, rulesets."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from field_schema.errors import CatalogError, UnknownForm, UnknownProfile
from field_schema.form import Form, Question, parse_form
from field_schema.profile import Profile, parse_profile
from field_schema.ruleset import Ruleset, build_ruleset
from field_schema.scoring_file import parse_scoring
from field_schema.standard import (
    Measures,
    Requirement,
    Standard,
    parse_requirements,
    parse_standard,
)
from field_schema.strict_file import read_file

__all__ = ["Catalog", "CatalogError", "UnknownForm", "UnknownProfile", "load_catalog"]

_RULESETS_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class _Document:
    kind: str
    id: str
    path: str
    digest: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Catalog:
    """The loaded files. `forms` by "station/1", `standards` by (id, edition), `profiles` by id.

    `measures`: element type -> measure -> question, the closed list of what can be compared.
    `imported`: documents that came later, as in `documents`; `version` counts them. Both are
    filled by `field_schema.imported.extended`, never by the shipped files.
    """

    forms: Mapping[str, Form]
    standards: Mapping[tuple[str, str], Standard]
    profiles: Mapping[str, Profile]
    measures: Mapping[str, Measures]
    _documents: tuple[_Document, ...]
    _published: Mapping[str, str]
    _rulesets: dict[tuple[str, date], Ruleset] = field(default_factory=dict)
    imported: tuple[tuple[str, str, str, bytes], ...] = ()
    version: int = 0

    def form(self, key: str) -> Form:
        """The form of that key. Raises UnknownForm."""
        form = self.forms.get(key)
        if form is None:
            raise UnknownForm(key, tuple(self.forms))
        return form

    def profile(self, name: str) -> Profile:
        """The profile of that id. Raises UnknownProfile."""
        profile = self.profiles.get(name)
        if profile is None:
            raise UnknownProfile(
                f"profile {name!r} is not in the catalog, which has {', '.join(self.profiles)}; "
                "name one of these in the campaign or add the profile's file"
            )
        return profile

    def requirement(self, standard: str, edition: str, name: str) -> Requirement:
        """One requirement. Raises CatalogError when there is none of that name."""
        found = self.standards.get((standard, edition))
        if found is None or name not in found.requirements:
            raise CatalogError(
                f"{standard}/{edition}: there is no requirement {name!r} in the catalog; "
                "a released requirement never goes away, so check the spelling"
            )
        return found.requirements[name]

    def ruleset(self, profile_id: str, on: date) -> Ruleset:
        """What the profile inspects by on that day, compiled.

        Raises UnknownProfile; CatalogError when a standard of the profile has no edition in force
        on that day: the newest one is never taken instead.
        """
        key = (profile_id, on)
        ruleset = self._rulesets.get(key)
        if ruleset is None:
            profile = self.profile(profile_id)
            chosen = []
            for standard in profile.standards:
                adoption = profile.in_force(standard, on)
                if adoption is None:
                    raise CatalogError(
                        f"profiles/{profile_id}.json: no edition of {standard} is in force "
                        f"on {on}; add the adoption that covers this day, "
                        "or correct the election's day"
                    )
                chosen.append((adoption, self.standards[standard, adoption.edition]))
            if len(self._rulesets) >= _RULESETS_KEPT:
                self._rulesets.clear()
            ruleset = self._rulesets[key] = build_ruleset(profile, on, chosen, self.measures)
        return ruleset

    def documents(self) -> list[tuple[str, str, str, bytes]]:
        """Every released file as (kind, id, sha256, bytes), for serving by digest.

        Files first, in the order in which they were read, then what was imported.
        """
        return [*((d.kind, d.id, d.digest, d.data) for d in self._documents), *self.imported]

    def check(self) -> list[str]:
        """What is wrong with the catalog as a whole; empty when it may be released."""
        problems = []
        found = {d.path: d.digest for d in self._documents}
        for path, digest in found.items():
            if path not in self._published:
                problems.append(f"{path}: not in published.json; release it or remove it")
            elif self._published[path] != digest:
                problems.append(
                    f"{path}: differs from its released digest; released files never change, "
                    "so undo the edit and make a new version"
                )
        problems += [
            f"{path}: released, but gone; released files stay for ever"
            for path in self._published
            if path not in found
        ]
        for profile in self.profiles.values():
            problems += _check_profile(self, profile)
        return problems


def _check_profile(catalog: Catalog, profile: Profile) -> list[str]:
    """Problems of compiling the profile on every day that changes it."""
    days = sorted({adoption.since for adoption in profile.adoptions})
    whole = [day for day in days if all(profile.in_force(s, day) for s in profile.standards)]
    problems = []
    # Before all its standards are in force a profile judges nothing; that is no fault of a file.
    for day in whole or days[-1:]:
        try:
            catalog.ruleset(profile.id, day)
        except CatalogError as error:
            problems.append(str(error))
    return problems


def load_catalog(root: Path | None = None) -> Catalog:
    """Read and check all files under `root` (default: those of this package, read once).

    Raises CatalogError that says what, where, why and what to do next.
    """
    return _load_default() if root is None else _load(root)


@cache
def _load_default() -> Catalog:
    return _load(Path(__file__).parent)


def _load(root: Path) -> Catalog:
    documents: list[_Document] = []

    def read(path: Path, kind: str, name: str) -> tuple[dict[str, Any], str, str]:
        value, data = read_file(path, root)
        where, digest = path.relative_to(root).as_posix(), hashlib.sha256(data).hexdigest()
        documents.append(_Document(kind, name, where, digest, data))
        return value, where, digest

    forms = _load_forms(root, read)
    measures = _all_measures(forms)
    standards = _load_standards(root, read, measures)
    profiles = {}
    for path in sorted(root.glob("profiles/*.json")):
        profile = parse_profile(*read(path, "profile", path.stem))
        profiles[profile.id] = profile
        for adoption in profile.adoptions:
            if (adoption.standard, adoption.edition) not in standards:
                raise CatalogError(
                    f"profiles/{path.name}: {adoption.standard}/{adoption.edition} is not in the "
                    "catalog; add its files under standards/ or take it out of the profile"
                )
    if (root / "scoring.json").exists():
        read(root / "scoring.json", "scoring", "scoring")
    for path in sorted(root.glob("weights/v*.json")):
        parse_scoring(*read(path, "scoring", path.stem))
    for path in sorted(root.glob("standards/*/*/examples/*.json")):
        # Kept as they are: nobody needs their cases to judge.
        data, where = path.read_bytes(), path.relative_to(root).as_posix()
        name = where.removeprefix("standards/").removesuffix(".json").replace("/examples/", "/")
        digest = hashlib.sha256(data).hexdigest()
        documents.append(_Document("examples", name, where, digest, data))
    _refuse_strays(root, {document.path for document in documents})
    published = read_file(root / "published.json", root)[0]
    return Catalog(
        MappingProxyType(forms),
        MappingProxyType(standards),
        MappingProxyType(profiles),
        MappingProxyType(measures),
        tuple(documents),
        MappingProxyType(published.get("files", {})),
    )


def _refuse_strays(root: Path, read: set[str]) -> None:
    for folder in ("forms", "standards", "profiles", "weights"):
        for path in sorted((root / folder).rglob("*.json")):
            where = path.relative_to(root).as_posix()
            if where not in read:
                raise CatalogError(
                    f"{where}: nothing reads a file of this name or place, so it would be passed "
                    "over silently; rename it, add what it belongs to, or remove it"
                )


def _load_forms(root: Path, read: Any) -> dict[str, Form]:
    paths = {
        f"{path.parent.name}/{path.stem.removeprefix('v')}": path
        for path in sorted(root.glob("forms/*/v*.json"))
    }
    forms: dict[str, Form] = {}
    opening: list[str] = []

    def form(key: str) -> Form:
        if key in forms:
            return forms[key]
        if key not in paths or key in opening:
            raise CatalogError(
                f"forms: {key!r} is taken over but is not there, or takes itself over"
            )
        opening.append(key)
        value, where, digest = read(paths[key], "form", key)
        forms[key] = parse_form(value, where, digest, form)
        opening.pop()
        return forms[key]

    for key in paths:
        form(key)
    return forms


def _all_measures(forms: Mapping[str, Form]) -> dict[str, dict[str, Any]]:
    """The closed list: element -> measure -> question. One meaning each, in whatever form."""
    measures: dict[str, dict[str, Any]] = {}
    for form in forms.values():
        for element, section in form.sections.items():
            known = measures.setdefault(element, {})
            for key, question in section.measures.items():
                other = known.setdefault(key, question)
                if _meaning(other) != _meaning(question):
                    raise CatalogError(
                        f"forms/{form.key}: {element} {key!r} is asked with another type, unit or "
                        "tolerance elsewhere; a measure has one meaning, so give it another name"
                    )
    return measures


def _meaning(question: Question) -> tuple[str, str | None, int]:
    return question.type, question.unit, question.tolerance


def _load_standards(
    root: Path, read: Any, measures: Mapping[str, Measures]
) -> dict[tuple[str, str], Standard]:
    standards = {}
    for path in sorted(root.glob("standards/*/*/standard.json")):
        folder = path.parent
        name = f"{folder.parent.name}/{folder.name}"
        value, where, digest = read(path, "standard", name)
        about, digests = parse_standard(value, where), [digest]
        requirements: dict[str, Requirement] = {}
        for file in sorted(folder.glob("requirements/*.json")):
            rows, at, digest = read(file, "requirements", f"{name}/{file.stem}")
            digests.append(digest)
            for row in parse_requirements(rows, at, about["id"], about["edition"], measures):
                if row.id in requirements:
                    raise CatalogError(f"{at}: {row.id!r} comes twice; rename one of them")
                requirements[row.id] = row
        standards[about["id"], about["edition"]] = Standard(
            **about, requirements=MappingProxyType(requirements), digests=tuple(digests)
        )
    return standards
