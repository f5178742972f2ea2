"""The catalog of a process: the shipped files with what was imported and adopted since."""

from datetime import datetime
from threading import Lock

from sqlalchemy.orm import Session

from audit_api.storage.law import rulesets
from audit_api.storage.law.documents import all_documents, catalog_version
from field_schema.catalog import Catalog, load_catalog
from field_schema.imported import extended
from field_schema.manifest import manifest_of
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


def keep_ruleset(session: Session, ruleset: Ruleset, catalog: Catalog, at: datetime) -> None:
    """Keep the manifest of a ruleset that judges something; costs nothing once it is kept."""
    if not rulesets.is_kept(session, ruleset.digest):
        rulesets.keep_ruleset(session, ruleset.digest, manifest_of(ruleset, catalog), at)
