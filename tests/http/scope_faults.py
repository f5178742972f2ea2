"""Queries without their scope: what the matrix and the non-interference test have to notice."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.http.oversight import inspections as inspection_routes
from audit_api.storage.lists import quarantine, reviews, sites, tasks, violations
from audit_api.storage.places.places import Territory


@dataclass(frozen=True, slots=True)
class Fault:
    """A query of `where` that forgets its scope, and the routes that show it."""

    where: Any
    query: str
    routes: tuple[str, ...]

    @property
    def name(self) -> str:
        """How a test names it."""
        return self.query

    def plant(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the query find what it wants in every territory that there is."""
        honest = getattr(self.where, self.query)

        def forgetful(session: Session, scope: Scope, *rest: Any, **named: Any) -> Any:
            everywhere = frozenset(session.scalars(select(Territory.id)))
            return honest(session, Scope(everywhere, person=scope.person), *rest, **named)

        monkeypatch.setattr(self.where, self.query, forgetful)

    def shows_at(self, address: str) -> bool:
        """Whether an address is one of those routes."""
        path = address.partition("?")[0]
        return any(
            path.startswith(route) and path.removeprefix(route).count("/") == 0
            for route in self.routes
        )


def files_of(listed: str) -> tuple[str, ...]:
    """The addresses at which a list is taken away."""
    return tuple(f"/api/v1/{listed}.{form}" for form in ("csv", "xlsx", "geojson", "gpkg"))


FAULTS = (
    Fault(violations, "list_violations", ("/api/v1/violations", *files_of("violations"))),
    Fault(sites, "list_sites", ("/api/v1/sites", *files_of("sites"))),
    Fault(tasks, "find_task", ("/api/v1/tasks/",)),
    Fault(reviews, "find_review", ("/api/v1/reviews/",)),
    Fault(quarantine, "find_held", ("/api/v1/quarantine/",)),
    Fault(inspection_routes, "find_inspection", ("/api/v1/inspections/",)),
)
