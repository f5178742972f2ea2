"""The catalog of a process: the shipped files with what was imported and adopted since."""

from datetime import datetime
from threading import Lock
from typing import Final

from sqlalchemy.orm import Session

from audit_api.storage.law import rulesets
from audit_api.storage.law.documents import all_documents, catalog_version
from field_schema.catalog import Catalog, CatalogError, load_catalog
from field_schema.imported import extended
from field_schema.manifest import manifest_of, ruleset_of
from field_schema.ruleset import Ruleset


class CatalogMoved(Exception):
    """The catalog is newer than the one at hand: undo, take the new one, do it again."""


class CatalogKeeper:
    """Keeps one catalog for a database and reads it again when its version has moved."""

    def __init__(self, shipped: Catalog | None = None) -> None:
        self._shipped = shipped or load_catalog()
        self._newest = self._shipped
        self._lock = Lock()

    @property
    def newest(self) -> Catalog:
        """The newest catalog that this process has read; asks nothing."""
        return self._newest

    def current(self, session: Session) -> Catalog:
        """The catalog as it is: one small query, and the documents only when there are more.

        Raises CatalogError when a document does not fit the shipped files any more.
        """
        return self.at_version(session, catalog_version(session))

    def at_version(self, session: Session, version: int) -> Catalog:
        """The catalog when its version is known already; no query while it has not moved."""
        newest = self._newest
        if newest.version == version:
            return newest
        with self._lock:
            if self._newest.version < version or version == 0:
                documents = all_documents(session)
                self._newest = extended(self._shipped, documents, len(documents))
            return self._newest


_rebuilt: dict[str, Ruleset] = {}
_REBUILT_KEPT: Final = 64


def ruleset_by_digest(session: Session, catalog: Catalog, digest: str) -> Ruleset:
    """The ruleset that a stored assessment names, built from its manifest.

    Raises CatalogError when no manifest is kept, when a file of it is missing, or when it was made
    by another engine.
    """
    ruleset = _rebuilt.get(digest)
    if ruleset is None:
        manifest = rulesets.manifest_by_digest(session, digest)
        if manifest is None:
            raise CatalogError(
                f"no manifest of ruleset {digest} is kept; the assessment was stored by a version "
                "of this program that kept none: judge the inspection again"
            )
        ruleset = ruleset_of(manifest, catalog)
        if ruleset.digest != digest:
            raise CatalogError(
                f"the manifest of ruleset {digest} gives another ruleset, {ruleset.digest}; "
                "restore it from a backup"
            )
        if len(_rebuilt) >= _REBUILT_KEPT:
            _rebuilt.clear()
        _rebuilt[digest] = ruleset
    return ruleset


def keep_ruleset(session: Session, ruleset: Ruleset, catalog: Catalog, at: datetime) -> None:
    """Keep the manifest of a ruleset that judges something; costs nothing once it is kept."""
    if not rulesets.is_kept(session, ruleset.digest):
        rulesets.keep_ruleset(session, ruleset.digest, manifest_of(ruleset, catalog), at)
