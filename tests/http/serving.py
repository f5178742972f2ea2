"""Helpers for tests in which a prosecutor writes to somebody."""

import hashlib
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import CAMPAIGN, World, make_site, operation, push
from tests.field_schema.bodies import measurement, ramp_body
from tests.http.populated import photo_bytes, with_photo

LISTS = "/api/v1/served-lists"
ACTS = "/api/v1/acts"
DEMAND = "Widen the ramp before the election."
_seqs = count(50_000)
_numbers = count(20_000)
NARROW = {"width_mm": measurement(500)}
WIDE = {"width_mm": measurement(1500)}


@dataclass
class Office:
    """A prosecutor of the near district, with sites that have violations."""

    client: FlaskClient
    database: Database
    world: World

    def site(self, territory: str = "near-1") -> UUID:
        """A new station."""
        with self.database.writing() as session:
            return make_site(session, self.world.territories[territory], next(_numbers))

    def broken(self, territory: str = "near-1", *, confirmed: bool = True) -> UUID:
        """A site with a narrow ramp, its photo here; technical supervision has confirmed it."""
        site = self.site(territory)
        where = territory.partition("-")[0]
        self.visit(site, NARROW, where=where)
        if confirmed:
            self.adjudicate(site)
        return site

    def adjudicate(self, site: UUID) -> None:
        """Technical supervision confirms the open violations of a site."""
        headers = self.world.headers(Role.TECHNICAL_SUPERVISOR, self._where(site))
        path = f"/api/v1/violations?state=open&site={site}"
        for case in self.client.get(path, headers=headers).json["items"]:
            address = f"/api/v1/violations/{case['id']}"
            rev = self.client.get(address, headers=headers).json["rev"]
            said = {"decision": "confirm", "rev": rev, "reason": "Seen in the photo."}
            made = self.client.post(f"{address}/adjudications", json=said, headers=headers)
            assert made.status_code == 201, made.text

    def _where(self, site: UUID) -> str:
        """The district of a site."""
        with self.database.reading() as session:
            found = text("""select t.code from site s join territory t on t.id = s.territory_id
                where s.id = :site""")
            return "near" if session.scalar(found, {"site": site})[0] == "N" else "far"

    def visit(
        self,
        site: UUID,
        answers: dict[str, Any],
        *,
        where: str = "near",
        photo: bool = True,
        held: bool = True,
    ) -> None:
        """Hand in an inspection of the site's one ramp, and its photo."""
        data = photo_bytes(next(_seqs))
        body = ramp_body(seed=site.int, answers=answers, element={"label": "main entrance"})
        body |= {"site": str(site), "campaign": CAMPAIGN}
        body = with_photo(body, data)
        if not photo:
            body["elements"][0]["photos"] = []
        made = operation(body, seq=next(_seqs))
        result = push(self.client, self.world, made, where=where)["results"][0]
        assert result["status"] == "applied", result
        if photo and held:
            put = self.client.put(
                f"/api/v1/photos/{hashlib.sha256(data).hexdigest()}",
                data=data,
                headers=self.world.device_headers(where) | {"Content-Type": "image/jpeg"},
            )
            assert put.status_code == 201, put.text

    def confirm(self, site: UUID, state: str = "confirmed") -> None:
        """Set the state of a site's violations, whatever led there."""
        with self.database.writing() as session:
            session.execute(
                text("""update violation set state = cast(:state as text), rev = rev + 1,
                    ended_at = case when cast(:state as text) in
                        ('closed', 'overturned', 'superseded') then now() end
                    where site_id = :site"""),
                {"site": site, "state": state},
            )

    def violations(self, site: UUID) -> list[str]:
        """The ids of a site's violations."""
        with self.database.reading() as session:
            found = text("select cast(id as text) from violation where site_id = :site order by id")
            return list(session.scalars(found, {"site": site}))

    def post(
        self,
        site: UUID | None = None,
        path: str = "",
        *,
        where: str = "near",
        role: Role = Role.PROSECUTOR,
        **changes: Any,
    ) -> TestResponse:
        """Serve what a site has to its owner, or whatever `changes` say."""
        said: dict[str, Any] = {"campaign": CAMPAIGN, "addressee": owner("N1", "Owner")}
        if site is not None:
            said["filters"] = {"site": str(site)}
        headers = self.world.headers(role, where)
        return self.client.post(f"{LISTS}{path}", json=said | changes, headers=headers)

    def served(self, site: UUID | None = None, **changes: Any) -> Any:
        """A list that was served."""
        answer = self.post(site, **changes)
        assert answer.status_code == 201, answer.text
        return answer.json

    def issue(
        self, *, role: Role = Role.PROSECUTOR, where: str = "near", **said: Any
    ) -> TestResponse:
        """Issue an order, with a day for the answer, or whatever is said."""
        act = {"kind": "order", "demand": DEMAND, "answer_due_on": "2999-01-01"} | said
        return self.client.post(ACTS, json=act, headers=self.world.headers(role, where))

    def act(self, site: UUID | None = None, territory: str = "N1", **said: Any) -> Any:
        """An act over what a site has, to the body of its territory."""
        over = {
            "campaign": CAMPAIGN,
            "addressee": body_of(territory),
            "violations": self.violations(site or self.broken()),
        }
        answer = self.issue(**over | said)
        assert answer.status_code == 201, answer.text
        return answer.json

    def answer(self, act: str, role: Role = Role.LSG_HEAD, where: str = "near") -> TestResponse:
        """The head of the body answers."""
        return self.client.post(
            f"{ACTS}/{act}/answers",
            json={"answer": "A portable ramp stands there since Monday."},
            headers=self.world.headers(role, where),
        )

    def decide(
        self,
        act: str,
        decision: str,
        *,
        role: Role = Role.PROSECUTOR,
        where: str = "near",
        **said: Any,
    ) -> TestResponse:
        """The prosecutor decides."""
        return self.client.post(
            f"{ACTS}/{act}/decisions",
            json={"decision": decision, "reason": "Because it is so."} | said,
            headers=self.world.headers(role, where),
        )

    def get(self, path: str, role: Role = Role.PROSECUTOR, where: str = "near") -> TestResponse:
        return self.client.get(path, headers=self.world.headers(role, where))


def owner(territory: str, name: str) -> dict[str, Any]:
    """An owner of buildings in a territory."""
    return {"kind": "building_owner", "territory": territory, "name": name}


def somebody(territory: str = "N1") -> dict[str, Any]:
    """An owner nobody wrote to yet."""
    return owner(territory, f"Owner {uuid4().hex[:8]}")


def body_of(territory: str) -> dict[str, Any]:
    """The body of local self-government of a territory."""
    return {"kind": "lsg_body", "territory": territory}
