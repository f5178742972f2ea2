"""What others do between the exchanges of the guide: the office, the operator, another tablet."""

import json
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from audit_api.storage.sync import feed
from tests.backups import Backups
from tests.factories import CAMPAIGN, World, operation, push_body
from tests.field_app.conftest import INSPECTOR, SITE, SITE_THAT_MOVES, new_code
from tests.field_app.likeness import Likeness

# What the guide prints of a code; its own is used up.
PRINTED_CODE = "K7QPM-3XR9T"
INSPECTION = "0198f3a2-5f0c-7c3e-9d51-2f6a8b7c9d01"


@dataclass
class Elsewhere:
    """Everybody but the tablet of the guide."""

    base_url: str
    database: Database
    world: World
    likeness: Likeness
    moves: dict[str, Callable[[], object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.moves = {
            "a code is read out": self._code,
            "the headquarters assign the station": self._assign,
            "technical supervision returns the inspection": self._return,
            "technical supervision refuses what was out of scope": self._refuse,
            "somebody else writes the address": self._address,
            "a site moves to the other district": self._move,
            "a backup is made": lambda: Backups(self.database).make(),
            "the server is restored from a backup": self._restore,
            "the headquarters revoke the tablet": self._revoke,
        }

    def post(self, role: Role, path: str, said: Any) -> Any:
        token = self.world.headers(role)["Authorization"]
        return self._send(path, json.dumps(said).encode(), token)

    def _send(self, path: str, data: bytes, token: str) -> Any:
        headers = {"Authorization": token, "Content-Type": "application/json"}
        address = f"{self.base_url}/api/v1{path}"
        request = urllib.request.Request(address, data, headers)  # noqa: S310 - our own server
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def _code(self) -> None:
        self.likeness.bind(PRINTED_CODE, new_code(self.database))

    def _assign(self) -> None:
        line = {"campaign": CAMPAIGN, "site": str(SITE), "inspector": INSPECTOR}
        line |= {"due_on": "2021-11-01", "note": "Ask for the key at the school office"}
        self.post(Role.COORDINATOR, "/assignments", {"items": [line]})

    def _return(self) -> None:
        said = {"rev": 2, "reason": "Measure the width between the handrails."}
        self.post(Role.TECHNICAL_SUPERVISOR, f"/inspections/{INSPECTION}/returns", said)

    def _refuse(self) -> None:
        op = self._value("select op from operation where status = 'quarantined'")
        said = {"decision": "refuse", "reason": "This school is another inspector's."}
        self.post(Role.TECHNICAL_SUPERVISOR, f"/quarantine/{op}/decisions", said)

    def _address(self) -> None:
        device, token = self.world.devices["near"]
        body = {"fields": {"address": {"old": "", "new": "ул. Школьная, 4"}}}
        edit = operation(body, kind="site", entity=SITE, base={"rev": 1})
        said = self._send("/sync/push", push_body(device, [edit]), f"Bearer {token}")
        assert said["results"][0]["status"] == "applied", said

    def _move(self) -> None:
        there = self.world.territories["far-1"]
        with self.database.writing() as session:
            session.execute(
                text("update site set territory_id = :there where id = :id"),
                {"there": there, "id": SITE_THAT_MOVES},
            )
            feed.publish(session, site=[SITE_THAT_MOVES])
            feed.withdraw(session, [SITE_THAT_MOVES], kept_in=feed.territory_scope(there))

    def _restore(self) -> None:
        self.database.begin_epoch("put back by hand")

    def _revoke(self) -> None:
        device = self._value("select id from device where name = 'Tablet 7'")
        self.post(Role.COORDINATOR, f"/devices/{device}/revocations", {"reason": "Left on a bus"})

    def _value(self, query: str) -> UUID:
        with self.database.reading() as session:
            found: UUID = session.execute(text(query)).scalar_one()
            return found
