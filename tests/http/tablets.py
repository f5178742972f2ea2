"""A tablet of its own for a test, and what the headquarters are told of it."""

import hashlib
from itertools import count
from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import CAMPAIGN, World, make_device, operation, push_body
from tests.field_schema.bodies import ramp_body
from tests.http.assigning import a_site
from tests.http.populated import photo_bytes, with_photo

API = "/api/v1/devices"
_seeds = count(1000)


class Tablet:
    """A tablet of the near district's inspector, new in each test."""

    def __init__(self, client: FlaskClient, database: Database, world: World) -> None:
        self.client, self.database, self.world = client, database, world
        owner = world.people[Role.INSPECTOR, "near"]
        with database.writing() as session:
            self.id, token = make_device(session, owner, f"tablet {uuid4().hex[:6]}")
        self.headers = {"Authorization": f"Bearer {token}"}
        self.photos: list[bytes] = []

    def body(self) -> dict[str, Any]:
        """A new inspection with one photo, which is remembered."""
        seed = next(_seeds)
        site = a_site(self.database, self.world)
        self.photos.append(photo_bytes(seed))
        body = ramp_body(seed=seed) | {"site": str(site), "campaign": CAMPAIGN}
        return with_photo(body, self.photos[-1])

    def push(self, *operations: bytes, **members: Any) -> list[Any]:
        answer = self.client.post(
            "/api/v1/sync/push",
            data=push_body(self.id, operations, **members),
            headers=self.headers | {"Content-Type": "application/json"},
        )
        assert answer.status_code == 200, answer.text
        results: list[Any] = answer.json["results"]
        return results

    def hand_in(self, *numbers: int, **members: Any) -> list[Any]:
        """One inspection under each number."""
        return self.push(*[operation(self.body(), seq=n) for n in numbers], **members)

    def put_photos(self) -> None:
        for data in self.photos:
            answer = self.client.put(
                f"/api/v1/photos/{hashlib.sha256(data).hexdigest()}",
                data=data,
                headers=self.headers | {"Content-Type": "image/jpeg"},
            )
            assert answer.status_code == 201

    def read(self, role: Role = Role.COORDINATOR) -> Any:
        answer = self.client.get(f"{API}/{self.id}", headers=self.world.headers(role))
        assert answer.status_code == 200, answer.text
        return answer.json

    def listed(self, query: str = "") -> Any:
        """The tablet in the coordinator's list; None if it is not there."""
        address = f"{API}?limit=200&{query}"
        page = self.client.get(address, headers=self.world.headers(Role.COORDINATOR)).json
        return next((item for item in page["items"] if item["id"] == str(self.id)), None)
