"""The application on copies of one database, and everything that those near are answered."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from flask import Flask
from sqlalchemy import create_engine, text
from werkzeug.test import TestResponse

from audit_api.app import create_app
from audit_api.domain.oversight.escalation import EscalationDays
from audit_api.domain.vocabulary import Role
from audit_api.http.sync.pull_notes import PullNotes
from audit_api.services.oversight.sweep_tasks import sweep_tasks
from audit_api.settings import Settings
from audit_api.storage.base import Database, make_engine
from audit_api.storage.sync import feed
from tests.factories import CAMPAIGN, World, make_device, make_world
from tests.http.access_cells import address, told
from tests.http.exported import content, is_export
from tests.http.outside import Far
from tests.http.populated import Things, populate
from tests.http.test_scope import ITEMS, LISTS

TIME_AND_TRANSACTIONS = ("server_time", "until")
"""Members of what a tablet pulls that count for the whole server: the clock, and transactions."""
Answers = dict[tuple[str, str], Any]


class Twins:
    """The application on one copy after another of the same database."""

    def __init__(self, first: Settings) -> None:
        self.first = first
        self.app: Flask = create_app(first)
        database: Database = self.app.extensions["database"]
        with database.writing() as session:
            self.world: World = make_world(session)
            head = self.world.people[Role.LSG_HEAD, "near"]
            self.tablets = {
                "inspector's tablet": self.world.device_headers(),
                "LSG head's tablet": {
                    "Authorization": f"Bearer {make_device(session, head, 'of the head')[1]}"
                },
            }
            feed.publish(session, site=list(self.world.sites.values()))
        self.things: Things = populate(self.app, database, self.world)
        with database.writing() as session:
            # What a sweep finds near is done, so that a later one does nothing there.
            sweep_tasks(session, EscalationDays(), at=datetime.now(UTC))
        database.engine.dispose()
        server, _, self.name = first.database_url.rpartition("/")
        self._server = server
        self._admin = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")

    @contextmanager
    def copy(self) -> Iterator[Database]:
        """The application has a copy of the first database for a while."""
        name = f"twin_{uuid4().hex[:12]}"
        with self._admin.connect() as connection:
            connection.execute(text(f'create database "{name}" template "{self.name}"'))
        own = replace(self.first, database_url=f"{self._server}/{name}")
        database = Database(make_engine(own))
        self.turn_to(database)
        try:
            yield database
        finally:
            database.engine.dispose()
            with self._admin.connect() as connection:
                connection.execute(text(f'drop database "{name}" with (force)'))

    def turn_to(self, database: Database) -> None:
        """Let the application have that copy from now on."""
        self.app.extensions |= {"database": database, "pull_notes": PullNotes()}

    def close(self) -> None:
        """Let go of the server."""
        self._admin.dispose()

    def far(self, database: Database) -> Far:
        """The other district in a copy."""
        return Far(self.app, database, replace(self.world), self.things)

    def seen_by(self, people: Sequence[Role]) -> Answers:
        """What these people near are answered without leaving a trace, by who asks and where."""
        client = self.app.test_client()
        return {
            (role.value, path): _told(path, client.get(path, headers=self.world.headers(role)))
            for role in people
            for path in self._addresses()
        }

    def answers(self, people: Sequence[Role] = tuple(Role)) -> Answers:
        """What these people near and the tablets are answered, by who asks and the address."""
        found = self.seen_by(people)
        client = self.app.test_client()
        # Last, since they leave traces: a reading in the custody, a tablet's newest contact.
        for role in people:
            path = f"/api/v1/photos/{self.things.of('sha256', 'near-1')}/original"
            found[role.value, path] = told(client.get(path, headers=self.world.headers(role)))
        for who in self.tablets:
            found |= self._pulled(who)
        return found

    def _addresses(self) -> Iterator[str]:
        yield "/api/v1/sessions/current"
        for listed, names in LISTS.items():
            paged = "/statistics/" not in listed and "." not in listed.rpartition("/")[2]
            asked = f"{listed}?campaign={CAMPAIGN}" if names == ("campaign",) else listed
            # As much as a page holds: what is outside must not lie behind the first page.
            yield f"{asked}?limit=200" if paged else asked
            if names and names != ("campaign",):
                # Where the next page begins is told too.
                narrowed = f"{asked}{'&' if '?' in asked else '?'}territory=N"
                yield f"{narrowed}&limit=2" if paged else narrowed
        for where in ("near-1", "far-2"):
            ids = {kind: at[where] for kind, at in self.things.ids.items()}
            for rule in ITEMS:
                if not rule.endswith("/original"):
                    yield address(rule, ids)

    def _pulled(self, who: str) -> Answers:
        """Everything a tablet reads: pull, what is new behind it, resync, files, receipts."""
        client, headers = self.app.test_client(), self.tablets[who]
        found: Answers = {}

        def keep(path: str, answer: Any) -> Any:
            assert answer.status_code in (200, 304), answer.text
            body = {
                name: value
                for name, value in (answer.json or {}).items()
                if name not in TIME_AND_TRANSACTIONS
            }
            body.get("digest", {}).pop("until", None)
            found[who, path] = (answer.status_code, answer.headers.get("ETag"), body)
            return body

        pulled = keep("pull", client.get("/api/v1/sync/pull", headers=headers))
        path = f"/api/v1/sync/pull?cursor={pulled['cursor']}"
        keep("pull again", client.get(path, headers=headers))
        answer = client.post("/api/v1/sync/resync", json={"have": []}, headers=headers)
        keep("resync", answer)
        files = keep("snapshots", client.get("/api/v1/sync/snapshots", headers=headers))["files"]
        for file in files:
            packed = client.get(file["address"], headers=headers)
            found[who, file["address"]] = (packed.status_code, packed.data)
        keep("receipts", client.get("/api/v1/sync/receipts", headers=headers))
        return found


def _told(path: str, answer: TestResponse) -> tuple[Any, ...]:
    """Everything that is told; of a file what it holds, since it says when it was made."""
    if not (is_export(path) and answer.status_code == 200):
        return told(answer)
    dated = ("content-length",)
    status, headers, data = told(answer)
    kept = [(name, value) for name, value in headers if name.lower() not in dated]
    return status, kept, content(path, data)


def differences(one: Answers, other: Answers) -> list[tuple[str, str]]:
    """Who sees that the databases differ, and where."""
    return sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))
