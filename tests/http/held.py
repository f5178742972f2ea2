"""Helpers for tests of what is held back."""

import json
from typing import Any
from uuid import uuid4, uuid5

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from audit_api.domain.vocabulary import Role
from tests.factories import World, operation, push, ramp_of

SUPERVISOR = Role.TECHNICAL_SUPERVISOR


class Desk:
    """What a person does at the desk, as the supervisor of a district unless told otherwise."""

    def __init__(self, client: FlaskClient, world: World) -> None:
        self.client = client
        self.world = world

    def hand_in(self, body: Any, where: str = "near", **members: Any) -> dict[str, Any]:
        """Push one operation; its result."""
        members.setdefault("seq", uuid4().int % 10**9 + 1)
        found: dict[str, Any] = push(
            self.client, self.world, operation(body, **members), where=where
        )["results"][0]
        return found

    def get(self, path: str = "", where: str = "near", role: Role = SUPERVISOR) -> TestResponse:
        """Ask the desk."""
        return self.client.get(f"/api/v1/quarantine{path}", headers=self.world.headers(role, where))

    def read(self, op: str, where: str = "near") -> dict[str, Any]:
        """One held operation."""
        answer = self.get(f"/{op}", where)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json
        return found

    def ops(self, query: str = "", where: str = "near") -> list[str]:
        """Ids of a list, all pages."""
        found: list[str] = []
        path: str | None = f"/api/v1/quarantine?limit=2{query}"
        while path:
            answer = self.client.get(path, headers=self.world.headers(SUPERVISOR, where))
            assert answer.status_code == 200, answer.text
            found += [item["op"] for item in answer.json["items"]]
            path = answer.json["next"]
        return found

    def decide(
        self,
        op: str,
        decision: str,
        *,
        where: str = "near",
        role: Role = SUPERVISOR,
        body: Any = None,
        reason: str = "It was agreed by telephone.",
        **members: Any,
    ) -> TestResponse:
        """Decide on an operation; `body` of a repair may be given as exact bytes."""
        if body is not None and not isinstance(body, bytes):
            members["body"] = body
        data = json.dumps({"decision": decision, "reason": reason, **members}).encode()
        if isinstance(body, bytes):
            data = data[:-1] + b',"body":' + body + b"}"
        return self.client.post(
            f"/api/v1/quarantine/{op}/decisions",
            data=data,
            headers=self.world.headers(role, where) | {"Content-Type": "application/json"},
        )

    def pulled(self, where: str = "near", kind: str = "held") -> dict[str, Any]:
        """What the district's tablet pulls of a kind, by id."""
        found: dict[str, Any] = {}
        path = "/api/v1/sync/pull"
        while path:
            page = self.client.get(path, headers=self.world.device_headers(where)).json
            found |= {item[2]: item[3] for item in page["items"] if item[1] == kind}
            path = f"/api/v1/sync/pull?cursor={page['cursor']}" if page["more"] else ""
        return found


def as_bytes(body: Any) -> bytes:
    """A body as the factories write it."""
    return json.dumps(body, ensure_ascii=False).encode()


def ramp_at(world: World, site: str) -> dict[str, Any]:
    """An inspection of the one ramp of a site."""
    body = ramp_of(world, site)
    body["elements"][0]["id"] = str(uuid5(world.sites[site], "ramp"))
    return body
