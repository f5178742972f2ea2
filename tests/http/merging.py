"""Helpers for tests in which a tablet's work meets what the server has meanwhile."""

from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import CAMPAIGN, World, make_device, operation, push_body
from tests.field_schema.bodies import measurement, ramp_body
from tests.http.assigning import a_site

_seqs = count(10_000)
SUPERVISOR = Role.TECHNICAL_SUPERVISOR


@dataclass
class Pad:
    """A tablet of somebody, new in each test."""

    client: FlaskClient
    device: UUID
    headers: dict[str, str]

    def push(self, *operations: bytes) -> list[dict[str, Any]]:
        """Push operations; their results."""
        answer = self.client.post(
            "/api/v1/sync/push",
            data=push_body(self.device, operations),
            headers=self.headers | {"Content-Type": "application/json"},
        )
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = answer.json["results"]
        return results

    def one(self, data: bytes) -> dict[str, Any]:
        return self.push(data)[0]

    def edit(self, kind: str, entity: UUID, *, base: Any = None, **fields: Any) -> dict[str, Any]:
        """Push an edit; a field is given as (old, new)."""
        return self.one(edit(kind, entity, base=base, **fields))

    def command(self, task: UUID, command: str, expected: str, **more: Any) -> dict[str, Any]:
        """Push a command to a task."""
        return self.one(task_command(task, command, expected, **more))

    def pulled(self, kind: str) -> dict[str, Any]:
        """What the tablet pulls of a kind, by id."""
        found: dict[str, Any] = {}
        path = "/api/v1/sync/pull?limit=1000"
        while path:
            page = self.client.get(path, headers=self.headers).json
            found |= {item[2]: item[3] for item in page["items"] if item[1] == kind}
            path = f"/api/v1/sync/pull?cursor={page['cursor']}" if page["more"] else ""
        return found


def edit(kind: str, entity: UUID, *, base: Any = None, members: Any = None, **fields: Any) -> bytes:
    """An edit as an operation; a field is given as (old, new)."""
    body = {"fields": {name: {"old": old, "new": new} for name, (old, new) in fields.items()}}
    given = {"seq": next(_seqs)} | (members or {})
    return operation(body, kind=kind, entity=entity, base=base, **given)


def task_command(
    task: UUID, command: str, expected: str, *, members: Any = None, **more: Any
) -> bytes:
    """A command as an operation."""
    body = {"command": command, "if": {"state": expected}, **more}
    given = {"seq": next(_seqs)} | (members or {})
    return operation(body, kind="task", entity=task, **given)


@dataclass
class Meeting:
    """Two inspectors' tablets, an LSG head's, and the desk, around sites of their own."""

    client: FlaskClient
    database: Database
    world: World

    def site(self) -> UUID:
        """A new site of the near district: no address, existing, built 1975, at 40 N 70 E."""
        return a_site(self.database, self.world)

    def pad(self, role: Role = Role.INSPECTOR, where: str = "near") -> Pad:
        """A new tablet of a person."""
        with self.database.writing() as session:
            owner = self.world.people[role, where]
            device, token = make_device(session, owner, f"pad {uuid4().hex[:6]}")
        return Pad(self.client, device, {"Authorization": f"Bearer {token}"})

    def visit(self, pad: Pad, site: UUID, **members: Any) -> dict[str, Any]:
        """Hand in an inspection of the site's one ramp, with breaches; the result."""
        return pad.one(self.ramp(site, **members))

    def ramp(self, site: UUID, *, entity: UUID | None = None, **members: Any) -> bytes:
        """An inspection of the site's ramp as an operation; `answers` and `label` change it."""
        element = {"label": members.pop("label", "main entrance")}
        body = ramp_body(seed=site.int, answers=members.pop("answers", {}), element=element)
        body |= {"site": str(site), "campaign": CAMPAIGN}
        return operation(body, entity=entity, seq=next(_seqs), **members)

    def element(self, pad: Pad, site: UUID) -> UUID:
        """The ramp that an inspection made."""
        result = self.visit(pad, site)
        assert result["status"] == "applied", result
        return UUID(str(self.value("select id from element where site_id = :id", id=site)))

    def task(self, pad: Pad, site: UUID) -> UUID:
        """A task that an inspection made; its state is `assigned`."""
        result = self.visit(pad, site, answers={"width_mm": measurement(500)})
        assert result["status"] == "applied", result
        return UUID(
            str(self.value("select id from remediation_task where site_id = :id limit 1", id=site))
        )

    def value(self, query: str, **values: Any) -> Any:
        """One value of the database."""
        with self.database.reading() as session:
            return session.scalar(text(query), values)

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        with self.database.reading() as session:
            return [tuple(row) for row in session.execute(text(query), values)]

    def now(self, site: UUID, where: str = "near") -> Any:
        """The site as a person reads it."""
        answer = self.client.get(
            f"/api/v1/sites/{site}", headers=self.world.headers(SUPERVISOR, where)
        )
        assert answer.status_code == 200, answer.text
        return answer.json

    def traces(self, entity: UUID) -> list[tuple[Any, ...]]:
        """What changed of a thing: (rev, field, old, new, op), in order."""
        return self.rows(
            "select rev, field, old, new, op from field_change where entity_id = :id order by n",
            id=entity,
        )

    # The desk

    def field_review(self, pad: Pad, site: UUID) -> str:
        """The review of an address that the tablet and another changed differently."""
        self.pad().edit("site", site, address=("", "Left street"))
        review: str = pad.edit("site", site, address=("", "Right street"))["review"]
        return review

    def get(self, path: str = "", where: str = "near", role: Role = SUPERVISOR) -> TestResponse:
        return self.client.get(f"/api/v1/reviews{path}", headers=self.world.headers(role, where))

    def review(self, review: str) -> Any:
        """One review, whole."""
        answer = self.get(f"/{review}")
        assert answer.status_code == 200, answer.text
        return answer.json

    def decide(
        self,
        review: str,
        decision: str,
        *,
        where: str = "near",
        role: Role = SUPERVISOR,
        reason: str = "Both inspectors were asked.",
    ) -> TestResponse:
        return self.client.post(
            f"/api/v1/reviews/{review}/decisions",
            json={"decision": decision, "reason": reason},
            headers=self.world.headers(role, where),
        )
