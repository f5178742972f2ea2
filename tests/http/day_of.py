"""Helpers for tests about temporary remedies: a ramp of the near district before election day."""

import hashlib
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from audit_api.domain.deadlines import today
from audit_api.domain.vocabulary import Role
from audit_api.http.auth import now
from audit_api.storage.base import Database
from tests.factories import CAMPAIGN, World, make_site, operation, push
from tests.field_schema.bodies import measurement, ramp_body
from tests.http.populated import photo_bytes, with_photo

_numbers = count(30_000)
_seqs = count(80_000)
STEEP = {"runs": [{"rise_mm": measurement(450), "run_mm": measurement(2250)}]}
"""1:5, as the ramp is."""
FLAT = {"runs": [{"rise_mm": measurement(450), "run_mm": measurement(9000)}]}
"""1:20, as a portable ramp makes it."""


def in_days(days: int) -> date:
    """A day counted from today in Kyrgyzstan."""
    return today(now()) + timedelta(days=days)


@dataclass
class DayOf:
    """The near district in the days before an election."""

    client: FlaskClient
    database: Database
    world: World

    def election(self, days: int, *, final_check: int | None = None) -> None:
        """Vote in so many days from today; the clock of the tests does not move, so this does."""
        with self.database.writing() as session:
            session.execute(
                text("update campaign set election_day = :day where id = :campaign"),
                {"day": in_days(days), "campaign": CAMPAIGN},
            )
            session.execute(
                text("delete from milestone where campaign_id = :c and id = 'final_check'"),
                {"c": CAMPAIGN},
            )
            if final_check is not None:
                session.execute(
                    text("""insert into milestone (campaign_id, id, days_before, name_ky, name_ru,
                        name_en) values (:c, 'final_check', :days, '-', '-', '-')"""),
                    {"c": CAMPAIGN, "days": final_check},
                )

    def site(self, territory: str = "near-1") -> UUID:
        """A new station."""
        with self.database.writing() as session:
            return make_site(session, self.world.territories[territory], next(_numbers))

    def visit(
        self,
        site: UUID,
        *,
        permanent: dict[str, Any] | None = None,
        temporary: dict[str, Any] | None = None,
        photo: bool = True,
        **members: Any,
    ) -> dict[str, Any]:
        """Hand in a visit to the site's one ramp: as it is, and as a remedy makes it, or one."""
        data = photo_bytes(next(_seqs))
        body = ramp_body(seed=site.int, answers=permanent or temporary)
        body = with_photo(body | {"site": str(site), "campaign": CAMPAIGN}, data)
        [element] = body["elements"]
        if temporary is not None:
            other = element
            if permanent is not None:
                other = deepcopy(element)
                body["elements"].append(other)
                element["photos"] = []
            other["answers"] |= temporary
            other["state"] = "election_day"
            if not photo:
                other["photos"] = []
        made = operation(body, seq=next(_seqs), **members)
        result: dict[str, Any] = push(self.client, self.world, made)["results"][0]
        assert result["status"] == "applied", result
        for sha256 in result["need_photos"]:
            if sha256 == hashlib.sha256(data).hexdigest():
                headers = self.world.device_headers("near") | {"Content-Type": "image/jpeg"}
                put = self.client.put(f"/api/v1/photos/{sha256}", data=data, headers=headers)
                assert put.status_code == 201, put.text
        return result

    def get(self, path: str, role: Role = Role.PROSECUTOR) -> Any:
        """What a role reads."""
        answer = self.client.get(f"/api/v1{path}", headers=self.world.headers(role))
        assert answer.status_code == 200, answer.text
        return answer.json

    def post(self, path: str, said: dict[str, Any], role: Role) -> TestResponse:
        """What a role says."""
        return self.client.post(f"/api/v1{path}", json=said, headers=self.world.headers(role))

    def violations(self, site: UUID, more: str = "") -> list[Any]:
        """The violations of a site."""
        found: list[Any] = self.get(f"/violations?site={site}&limit=200{more}")["items"]
        return found

    def steep(self, site: UUID) -> Any:
        """The violation of the ramp's slope."""
        [one] = [v for v in self.violations(site) if "runs.rise_mm" in v["measured"]]
        return one

    def tasks(self, site: UUID, track: str = "temporary") -> list[Any]:
        """The tasks of a site on one track."""
        found = self.get(f"/tasks?site={site}&limit=200")["items"]
        return [task for task in found if task["track"] == track]
