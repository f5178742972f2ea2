"""A catalog that grew: editions in one file each, and later versions of profiles.

The shipped files stay as they are. What a lawyer adds comes as documents in memory: an edition is
one object with the members of standard.json and its `requirements` in one list; a profile's
document is a whole new version of that profile.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from field_schema.catalog import Catalog
from field_schema.errors import CatalogError
from field_schema.profile import Profile, parse_profile
from field_schema.standard import (
    Measures,
    Requirement,
    Standard,
    parse_requirements,
    parse_standard,
)
from field_schema.strict_file import read_object

EDITION: Final = "edition"
"""The kind of a document that holds an edition in one file."""
PROFILE: Final = "profile"

Document = tuple[str, str, str, bytes]
"""Kind, id ("STANDARD/EDITION" or the profile's id), SHA-256 in hex, the exact bytes."""


def document(kind: str, name: str, data: bytes) -> Document:
    """A document with its digest."""
    return (kind, name, hashlib.sha256(data).hexdigest(), data)


def parse_edition(data: bytes, measures: Mapping[str, Measures]) -> Standard:
    """Read an edition that is one file. `measures`: element -> the questions forms ask about it.

    Raises CatalogError for the first thing that is wrong; `field_schema.proofreading` tells all.
    Its requirements are grouped by element, in the file's order.
    """
    value = read_object(data, "edition")
    return edition_of(value, hashlib.sha256(data).hexdigest(), measures)


def edition_of(value: Mapping[str, Any], digest: str, measures: Mapping[str, Measures]) -> Standard:
    """The edition that a read file says. Raises CatalogError as `parse_edition`."""
    rows = value.get("requirements")
    if not isinstance(rows, list) or not rows:
        raise CatalogError("edition/requirements: a list of requirements is due here; add it")
    head = {key: member for key, member in value.items() if key != "requirements"}
    folder = f"standards/{head.get('standard')}/{head.get('edition')}"
    about = parse_standard(head, f"{folder}/standard.json")
    by_element: dict[str, list[Any]] = {}
    for n, row in enumerate(rows):
        element = row.get("element") if isinstance(row, dict) else None
        if not isinstance(element, str):
            raise CatalogError(f"edition/requirements/{n}/element: the element's type is due here")
        by_element.setdefault(element, []).append(row)
    requirements: dict[str, Requirement] = {}
    for element, members in by_element.items():
        part = {"element": element, "ky_status": head["ky_status"], "requirements": members}
        where = f"{folder}/requirements/{element}.json"
        for row in parse_requirements(part, where, about["id"], about["edition"], measures):
            if row.id in requirements:
                raise CatalogError(f"{where}: {row.id!r} comes twice; rename one of them")
            requirements[row.id] = row
    return Standard(**about, requirements=MappingProxyType(requirements), digests=(digest,))


def read_profile(data: bytes) -> Profile:
    """Read a version of a profile. Raises CatalogError."""
    value = read_object(data, PROFILE)
    return parse_profile(
        value, f"profiles/{value.get('profile')}.json", hashlib.sha256(data).hexdigest()
    )


def extended(catalog: Catalog, documents: Iterable[Document], version: int) -> Catalog:
    """The catalog with documents that came later, in the order in which they came.

    The newest version of a profile is the one that counts. An edition that a later release ships
    too stays the imported one: decisions rest on it. Raises CatalogError when an edition comes
    twice, or when a profile adopts one that is not there.
    """
    came = {(kind, name) for kind, name, *_ in catalog.imported}
    standards = dict(catalog.standards)
    profiles = dict(catalog.profiles)
    added = tuple(documents)
    for kind, name, digest, data in added:
        if kind == EDITION:
            edition = edition_of(read_object(data, name), digest, catalog.measures)
            if (kind, name) in came:
                raise CatalogError(
                    f"{name}: this edition is in the catalog already; make a new one"
                )
            came.add((kind, name))
            standards[edition.id, edition.edition] = edition
        else:
            profile = read_profile(data)
            for adoption in profile.adoptions:
                if (adoption.standard, adoption.edition) not in standards:
                    raise CatalogError(
                        f"profile {profile.id}: {adoption.standard}/{adoption.edition} is not in "
                        "the catalog; import the edition first"
                    )
            profiles[profile.id] = profile
    return replace(
        catalog,
        standards=MappingProxyType(standards),
        profiles=MappingProxyType(profiles),
        _rulesets={},
        imported=catalog.imported + added,
        version=version,
    )


def changed_documents(catalog: Catalog) -> list[str]:
    """The imported documents whose bytes are not those of their digest; empty when all are."""
    return [
        f"{kind} {name}: its bytes are not those of its digest {digest}; restore it from a backup"
        for kind, name, digest, data in catalog.imported
        if hashlib.sha256(data).hexdigest() != digest
    ]
