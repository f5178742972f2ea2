"""Queries without their scope: what the matrix and the non-interference test have to notice."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.domain.vocabulary import Role
from audit_api.http.oversight import burn_up as burn_up_routes
from audit_api.http.oversight import inspections as inspection_routes
from audit_api.http.oversight import photos as photo_routes
from audit_api.http.oversight import statistics as statistics_routes
from audit_api.services.oversight import tell_burn_up
from audit_api.storage.lists import (
    acts,
    adjudications,
    assignments,
    devices,
    fabrication,
    quarantine,
    reviews,
    served_lists,
    sites,
    submissions,
    tasks,
    violations,
)
from audit_api.storage.places.places import Territory


@dataclass(frozen=True, slots=True)
class Fault:
    """A query of `where` that forgets its scope, and the routes that show it.

    `reader`: who is asked for to see it. `frozen`: what it finds never changes, so that only the
    matrix can tell. `summed`: it gives sums or pictures, of which only non-interference can.
    """

    where: Any
    query: str
    routes: tuple[str, ...]
    reader: Role = Role.TECHNICAL_SUPERVISOR
    frozen: bool = False
    summed: bool = False

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


_COORDINATOR = Role.COORDINATOR
FAULTS = (
    Fault(violations, "list_violations", ("/api/v1/violations",)),
    Fault(violations, "find_violation", ("/api/v1/violations/",)),
    Fault(violations, "list_recommendations", ("/api/v1/recommendations",)),
    Fault(sites, "list_sites", ("/api/v1/sites",)),
    Fault(sites, "find_site", ("/api/v1/sites/",)),
    Fault(sites, "list_territories", ("/api/v1/territories",)),
    Fault(tasks, "list_tasks", ("/api/v1/tasks",)),
    Fault(tasks, "find_task", ("/api/v1/tasks/",)),
    Fault(reviews, "list_reviews", ("/api/v1/reviews",)),
    Fault(reviews, "find_review", ("/api/v1/reviews/",)),
    Fault(quarantine, "list_held", ("/api/v1/quarantine",)),
    Fault(quarantine, "find_held", ("/api/v1/quarantine/",)),
    Fault(inspection_routes, "find_inspection", ("/api/v1/inspections/",)),
    Fault(submissions, "submissions_of", ("/api/v1/inspections/",), frozen=True),
    Fault(submissions, "find_submission", ("/api/v1/openrosa/submissions/",), frozen=True),
    Fault(submissions, "list_refused", ("/api/v1/openrosa/refused",)),
    Fault(submissions, "find_refused", ("/api/v1/openrosa/refused/",), frozen=True),
    Fault(fabrication, "list_flagged", ("/api/v1/inspections/flagged",)),
    Fault(adjudications, "list_queue", ("/api/v1/adjudications/queue",)),
    Fault(acts, "list_acts", ("/api/v1/acts",)),
    Fault(acts, "find_act", ("/api/v1/acts/",)),
    Fault(served_lists, "list_served", ("/api/v1/served-lists",)),
    Fault(served_lists, "find_served", ("/api/v1/served-lists/",)),
    Fault(photo_routes, "photo_facts", ("/api/v1/photos/",)),
    Fault(photo_routes, "find_shown_photo", ("/api/v1/photos/",), frozen=True),
    Fault(statistics_routes, "progress", ("/api/v1/statistics/progress",)),
    Fault(statistics_routes, "task_figures", ("/api/v1/statistics/tasks",)),
    Fault(burn_up_routes, "station_points", ("/api/v1/statistics/map.svg",), summed=True),
    Fault(
        tell_burn_up,
        "what_happened",
        ("/api/v1/statistics/burn-up", "/api/v1/statistics/burn-up.svg"),
        summed=True,
    ),
    Fault(assignments, "list_assignments", ("/api/v1/assignments",), _COORDINATOR),
    Fault(assignments, "find_assignments", ("/api/v1/assignments/",), _COORDINATOR),
    Fault(devices, "list_devices", ("/api/v1/devices",), _COORDINATOR),
    Fault(devices, "find_device", ("/api/v1/devices/",), _COORDINATOR),
)
"""Every query of `storage/lists` that answers a reader; a test holds this to be all."""

NOT_PLANTED = {
    "device_seen": "a filter: its cells ask for a tablet outside",
    "inspector_of": "who decides on a flag: test_fabrication_readers.py",
    "flags_of": "beside an inspection that was found: test_fabrication_readers.py",
    "violations_to_print": "what a paper has is the list: test_exports_hold_the_list.py",
    "violations_of_task": "a task that was found: test_exports.py",
    "violations_to_serve": "answers who serves: test_served_lists.py",
}
"""The others that take a scope, and what asks them from outside."""
