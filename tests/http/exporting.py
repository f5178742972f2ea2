"""Helpers for tests in which somebody asks for files."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from audit_api.domain.vocabulary import Role
from audit_api.services.exports.making import Tools
from audit_api.services.exports.run import run_export
from audit_api.storage.base import Database
from tests.factories import World, make_person, make_session_token

EXPORTS = "/api/v1/exports"


def tools_of(app: Flask) -> Tools:
    """What the worker would have."""
    found = app.extensions
    return Tools(
        found["database"],
        found["catalogs"],
        found["photo_store"],
        found["file_store"],
        found["settings"].secret_key,
    )


@dataclass
class Asking:
    """Somebody who asks for files; prosecutor of the near district if nobody is named."""

    app: Flask
    client: FlaskClient
    database: Database
    world: World

    def ask(
        self, kind: str, role: Role = Role.PROSECUTOR, where: str = "near", **said: Any
    ) -> TestResponse:
        body = {"kind": kind, "format": "pdf", "language": "en"} | said
        return self.client.post(EXPORTS, json=body, headers=self.world.headers(role, where))

    def asked(
        self, kind: str, role: Role = Role.PROSECUTOR, where: str = "near", **said: Any
    ) -> str:
        """The id of an export that waits for the worker."""
        answer = self.ask(kind, role, where, **said)
        assert answer.status_code == 202, answer.text
        assert answer.json["state"] == "queued"
        return str(answer.json["id"])

    def run(self, export: str) -> None:
        """What the worker's job does."""
        run_export(tools_of(self.app), UUID(export), now=lambda: datetime.now(UTC))

    def get(
        self, export: str, path: str = "", role: Role = Role.PROSECUTOR, where: str = "near"
    ) -> TestResponse:
        headers = self.world.headers(role, where)
        return self.client.get(f"{EXPORTS}/{export}{path}", headers=headers)

    def done(
        self, kind: str, role: Role = Role.PROSECUTOR, where: str = "near", **said: Any
    ) -> Any:
        """An export that is made."""
        export = self.asked(kind, role, where, **said)
        self.run(export)
        found = self.get(export, "", role, where).json
        assert found["state"] == "done", found["problem"]
        return found

    def file(self, made: Any, role: Role = Role.PROSECUTOR, where: str = "near") -> bytes:
        """Its bytes, compared with its hash."""
        answer = self.get(made["id"], "/file", role, where)
        assert answer.status_code == 200, answer.text
        assert hashlib.sha256(answer.data).hexdigest() == made["file"]["sha256"]
        return answer.data

    def somebody(self, name: str) -> tuple[dict[str, str], str]:
        """A prosecutor of the near district whose grant a test may take away: headers, id."""
        with self.database.writing() as session:
            near = self.world.territories["near"]
            person = make_person(session, name, [(Role.PROSECUTOR, near)])
            token = make_session_token(session, person)
        return {"Authorization": f"Bearer {token}"}, str(person)

    def asked_as(self, headers: dict[str, str]) -> str:
        """The id of a list that somebody asked for."""
        body = {"kind": "violations", "format": "pdf", "language": "en"}
        return str(self.client.post(EXPORTS, json=body, headers=headers).json["id"])

    def execute(self, statement: str, **values: Any) -> Any:
        with self.database.writing() as session:
            found = session.execute(text(statement), values)
            return found.all() if found.returns_rows else None
