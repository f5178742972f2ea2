"""A small region with people and tablets, again and again on one running server.

What the headquarters do to it goes the product's own way where there is one. `Carried` is a tablet
and what its person knows of it: every word that was ever captured on it.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.services.enrol_device import issue_code
from audit_api.services.manage_people import add_grant
from audit_api.services.places.import_places import import_stations
from audit_api.settings import Settings
from audit_api.storage.base import Database
from audit_api.storage.sync import feed
from audit_api.tablet import Answer, HttpTransport, Operation, Patience, Tablet
from tests.backups import Backups
from tests.factories import (
    CAMPAIGN,
    make_person,
    make_session_token,
    make_site,
    make_territory,
)
from tests.field_schema.bodies import measurement, ramp_body
from tests.journeys.restoring import dump, renew_database, restore
from tests.journeys.server import Server, post
from torture.bodies import known_element

AIMAKS = ("near-1", "near-2", "far-1")
DISTRICTS = {"near-1": "near", "near-2": "near", "far-1": "far"}
PLACES = ("near", *AIMAKS)
INSPECTORS = ("aida", "bakyt")
_NUMBERS = count(9001)
_REGIONS = count(1)


class BadTransport(HttpTransport):
    """The real network; when told so, it treats the next push badly."""

    mishap: str | None = None

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        mishap = self.mishap if path.endswith("/push") else None
        if mishap == "turned away":
            return Answer(503, {"retry-after": "1"}, b"")
        answer = super().__call__(method, path, headers, body)
        if mishap == "answer lost":
            raise ConnectionResetError(mishap)
        return answer


@dataclass(frozen=True, slots=True)
class Captured:
    """What was captured, by whom, and the hashes of its originals."""

    operation: Operation
    person: str
    photos: tuple[str, ...] = ()


@dataclass
class Carried:
    """A tablet in its folder, and all that was ever captured on it."""

    folder: Path
    tablet: Tablet
    transport: BadTransport
    person: str
    captured: list[Captured] = field(default_factory=list)

    @property
    def device(self) -> str:
        """Which device it is now."""
        return str(self.tablet.store.identity["device"])

    def keep(self, operation: Operation, photos: tuple[bytes, ...] = ()) -> None:
        """Remember what was captured."""
        hashes = tuple(hashlib.sha256(photo).hexdigest() for photo in photos)
        self.captured.append(Captured(operation, self.person, hashes))

    def own(self, kind: str) -> list[Operation]:
        """What its present owner captured of a kind, the oldest first."""
        return [
            c.operation
            for c in self.captured
            if c.person == self.person and c.operation.kind == kind
        ]

    def differed(self) -> int:
        """How often the server's digest told it that a pull had left it wrong."""
        return sum(row["what"] == "picture differs" for row in self.tablet.notes())


def _announced(data: bytes) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "content_type": "image/jpeg",
        "taken": {"wall": "2021-10-20T09:15:00+06:00"},
    }


class Region:
    """Districts `near` and `far`, three aiyl aimaks with a station each, and their people."""

    def __init__(self, database: Database, server: Server, folder: Path) -> None:
        self.database, self.server, self.folder = database, server, folder
        self._words = count(1)
        self.name = f"m{next(_REGIONS)}"
        self.tablets: list[Carried] = []
        self.territories: dict[str, UUID] = {}
        self.sites: dict[str, UUID] = {}
        self.stations: dict[str, int] = {}
        self.people: dict[str, UUID] = {}
        self.tokens: dict[str, str] = {}
        with database.writing() as session:
            region = make_territory(session, self.name, "region", None, "Region")
            for district in ("near", "far"):
                code = self.code(district)
                made = make_territory(session, code, "district", region, district)
                self.territories[district] = made
            for aimak in AIMAKS:
                above = self.territories[DISTRICTS[aimak]]
                made = make_territory(session, self.code(aimak), "aiyl_aimak", above, aimak)
                self.territories[aimak] = made
                self.stations[aimak] = next(_NUMBERS)
                self.sites[aimak] = make_site(session, made, self.stations[aimak])
            for person, grants in {
                "aida": [(Role.INSPECTOR, self.territories["near"])],
                "bakyt": [
                    (Role.INSPECTOR, self.territories["far-1"]),
                    (Role.LSG_HEAD, self.territories["near-2"]),
                ],
                "supervisor": [(Role.TECHNICAL_SUPERVISOR, region)],
                "administrator": [(Role.ADMINISTRATOR, region)],
            }.items():
                self.people[person] = make_person(session, f"{self.name}.{person}", grants)
                self.tokens[person] = make_session_token(session, self.people[person])
            feed.publish(session, site=list(self.sites.values()))

    def code(self, place: str) -> str:
        """A territory's code: of this region alone."""
        return f"{self.name}-{place}"

    def close(self) -> None:
        """Put the tablets away."""
        for carried in self.tablets:
            carried.tablet.__exit__(None, None, None)

    def _code_for(self, person: str) -> str:
        with self.database.writing() as session:
            hour = timedelta(hours=1)
            return issue_code(session, self.people[person], lifetime=hour, at=datetime.now(UTC))

    def enrol(self, person: str) -> Carried:
        """A new tablet for somebody."""
        transport = BadTransport(self.server.base_url)
        folder = self.folder / f"{self.name}-{len(self.tablets)}"
        tablet = Tablet.enrol(
            folder,
            self.server.base_url,
            self._code_for(person),
            "tablet",
            transport=transport,
            patience=self._patience(),
        )
        carried = Carried(folder, tablet, transport, person)
        self.tablets.append(carried)
        return carried

    def _patience(self) -> Patience:
        # After a restore the pools of the server find their connections dead.
        return Patience(tries=8, sleep=lambda s: time.sleep(min(s, 0.05)))

    def enrol_again(self, carried: Carried, person: str) -> None:
        """The headquarters give the tablet a new code, perhaps for somebody else."""
        carried.tablet.enrol_again(self._code_for(person))
        carried.person = person

    def restart(self, carried: Carried) -> None:
        """Switch the tablet off and on."""
        carried.tablet.__exit__(None, None, None)
        carried.transport = BadTransport(self.server.base_url)
        carried.tablet = Tablet(
            carried.folder, transport=carried.transport, patience=self._patience()
        )

    def visit(
        self, carried: Carried, aimak: str, *, width_mm: int, photo: bool, corrects: bool
    ) -> None:
        """An inspection of a station's ramp, or a correction of this person's newest one."""
        earlier = carried.own("inspection") if corrects else []
        site, entity, base = str(self.sites[aimak]), str(uuid4()), None
        if earlier:
            site = json.loads(earlier[-1].body)["site"]
            entity, base = earlier[-1].entity, {"op": earlier[-1].op}
        photos = (b"\xff\xd8\xff\xe0" + uuid4().bytes,) if photo else ()
        body = ramp_body(
            site=site,
            campaign=CAMPAIGN,
            answers={"width_mm": measurement(width_mm)},
            element={
                "id": known_element(site, width_mm % 2),
                "label": self._word("пандус"),
                "photos": [_announced(data) for data in photos],
            },
        )
        operation = carried.tablet.capture(
            json.dumps(body, ensure_ascii=False).encode(),
            entity=entity,
            originals=photos,
            base=base,
        )
        carried.keep(operation, photos)

    def edit(self, carried: Carried, aimak: str, kind: str) -> None:
        """Change what the tablet shows of a site, or of an element of it; it may be old."""
        site = str(self.sites[aimak])
        seen = carried.tablet.items("site").get(("site", site), {})
        base = {"rev": seen["rev"]} if seen else None
        if kind == "element" and seen.get("elements"):
            element = seen["elements"][-1]
            fields = {"label": {"old": element["label"], "new": self._word("пандус")}}
            self._keep_edit(carried, "element", element["id"], None, fields)
            return
        fields = {"address": {"old": seen.get("address", ""), "new": self._word("ул. Школьная")}}
        if kind == "status":
            was = seen.get("building_status", "existing")
            fields["building_status"] = {"old": was, "new": "reconstructed"}
        self._keep_edit(carried, "site", site, base, fields)

    def _keep_edit(
        self, carried: Carried, kind: str, entity: str, base: Any, fields: dict[str, Any]
    ) -> None:
        body = json.dumps({"fields": fields}, ensure_ascii=False).encode()
        carried.keep(carried.tablet.capture(body, entity=entity, kind=kind, base=base))

    def _word(self, said: str) -> str:
        """A text that nothing had before."""
        return f"{said} {next(self._words)}"

    def command(self, carried: Carried) -> None:
        """Say of a task on the tablet that it is acknowledged, or that work has begun."""
        steps = {"assigned": "acknowledge", "acknowledged": "start"}
        tasks = [(d["id"], d["state"]) for d in carried.tablet.items("task").values()]
        open_ones = [(entity, state) for entity, state in tasks if state in steps]
        if open_ones:
            entity, state = open_ones[-1]
            body = json.dumps({"command": steps[state], "if": {"state": state}}).encode()
            carried.keep(carried.tablet.capture(body, entity=entity, kind="task"))

    def push_all_again(self, carried: Carried) -> int:
        """Everything that this device numbered, the same bytes once more; the answer is dropped."""
        records = [o.record for o in carried.tablet.operations() if o.device == carried.device]
        head = json.dumps({"device": carried.device, "batch": str(UUID(int=1)), "client": {}})
        body = head.encode()[:-1] + b',"ops":[' + b",".join(records) + b"]}"
        token = carried.tablet.store.identity["token"]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        status, _ = post(f"{self.server.base_url}/api/v1/sync/push", body, headers)
        return status

    def move(self, site: str, to: str) -> None:
        """A station's site comes to lie in another aiyl aimak: a line of an imported file."""
        columns = {
            "number": self.stations[site],
            "voters": 1000,
            "constituency": 1,
            "territory": self.code(to),
            "site_name_ky": f"Мектеп {site}",
            "site_name_ru": f"Школа {site}",
            "site_name_en": f"School {site}",
            "building_status": "existing",
            "address": "",
            "lat": 40.25,
            "lon": 70,
        }
        lines = [",".join(columns), ",".join(map(str, columns.values()))]
        with self.database.writing() as session:
            data = "\n".join(lines).encode()
            import_stations(session, CAMPAIGN, data, "moved.csv", at=datetime.now(UTC))

    def grant(self, person: str, role: Role, place: str) -> None:
        """Let somebody work in a territory."""
        with self.database.writing() as session:
            add_grant(session, self.people[person], role, self.code(place), at=datetime.now(UTC))

    def take_grants(self, person: str, place: str) -> None:
        """Somebody may work in a territory no longer."""
        self._write(
            "update person_grant set revoked_at = now() where person_id = :person "
            "and territory_id = :place and revoked_at is null",
            person=self.people[person],
            place=self.territories[place],
        )

    def _write(self, statement: str, **values: Any) -> None:
        with self.database.writing() as session:
            session.execute(text(statement), values)

    def ask(self, who: str, path: str, said: Mapping[str, Any]) -> tuple[int, Any]:
        """What somebody at a desk sends; the status and the answer."""
        headers = {
            "Authorization": f"Bearer {self.tokens[who]}",
            "Content-Type": "application/json",
        }
        url = f"{self.server.base_url}/api/v1{path}"
        for _ in range(20):
            status, answer = post(url, json.dumps(said).encode(), headers)
            if status != 503:
                break
            time.sleep(0.05)
        return status, answer


@dataclass
class Backup:
    """The newest dump, and how to put it back over the running server's database."""

    settings: Settings
    database: Database
    file: Path
    made: bool = False

    def make(self) -> None:
        """As docs/backups.md says: a checkpoint, the dump, the mark."""
        backups = Backups(self.database)
        token = backups.begin()
        self.file.unlink(missing_ok=True)
        dump(self.settings, self.file)
        backups.done(token)
        self.made = True

    def put_back(self) -> None:
        """All that came since is gone."""
        renew_database(self.settings)
        restore(self.settings, self.file)
