"""What the pages of the catalog are made from: released documents, found by what is in them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from audit_api.http.law.catalog import catalog
from field_schema.catalog import Catalog

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A document: its kind, id and SHA-256, and its content as JSON."""

    kind: str
    id: str
    sha256: str
    content: Document

    @property
    def as_json(self) -> dict[str, str]:
        """How pages name it. The address answers the bytes, for ever the same."""
        address = f"/api/v1/catalog/{self.sha256}"
        return {"kind": self.kind, "id": self.id, "sha256": self.sha256, "address": address}


@dataclass(slots=True)
class Released:
    """The documents of one catalog. `pages` keeps what was made of them; it never goes stale."""

    catalog: Catalog
    sources: list[Source]
    pages: dict[tuple[str, ...], Any] = field(default_factory=dict)
    _by_kind: dict[tuple[str, str], list[Source]] = field(default_factory=dict)
    _rows: dict[tuple[str, str, str], Source] = field(default_factory=dict)
    _cases: dict[tuple[str, str, str], tuple[Source, Document]] = field(default_factory=dict)

    def of(self, kind: str, name: str) -> list[Source]:
        """The documents of that kind and id, oldest first."""
        return self._by_kind.get((kind, name), [])

    def edition(self, standard: str, edition: str) -> Source:
        """What says of an edition what it is: its standard.json, or the one file that it is."""
        name = f"{standard}/{edition}"
        return [*self.of("standard", name), *self.of("edition", name)][0]

    def files_of(self, standard: str, edition: str) -> Iterator[Source]:
        """Every document of an edition."""
        name = f"{standard}/{edition}"
        for source in self.sources:
            itself = source.kind in ("standard", "edition") and source.id == name
            beside = source.kind in ("requirements", "examples")
            if itself or (beside and source.id.startswith(f"{name}/")):
                yield source

    def document_of(self, standard: str, edition: str, requirement: str) -> Source:
        """The document that a requirement stands in."""
        return self._rows[standard, edition, requirement]

    def examples_of(
        self, standard: str, edition: str, requirement: str
    ) -> tuple[Source, Document] | None:
        """The document with a requirement's worked examples, and these; None without any."""
        return self._cases.get((standard, edition, requirement))


_newest: list[Released] = []


def released() -> Released:
    """The documents of the catalog that holds now; read once for each catalog."""
    now = catalog()
    if not _newest or _newest[0].catalog is not now:
        _newest[:] = [_read(now)]
    return _newest[0]


def _read(now: Catalog) -> Released:
    sources = [Source(k, n, digest, json.loads(data)) for k, n, digest, data in now.documents()]
    found = Released(now, sources)
    for source in sources:
        found._by_kind.setdefault((source.kind, source.id), []).append(source)
        if source.kind in ("requirements", "edition"):
            standard, edition = source.id.split("/")[:2]
            for row in source.content["requirements"]:
                found._rows[standard, edition, row["id"]] = source
        elif source.kind == "examples":
            standard, edition = source.id.split("/")[:2]
            for requirement, block in source.content["examples"].items():
                found._cases[standard, edition, requirement] = (source, block)
    return found
