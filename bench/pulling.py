"""Measure pulls: nothing new, 1,000 inspections, the first sync of 3,000 sites over the wire."""

import gzip
import json
import random
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from audit_api.storage.places.campaigns import Station
from audit_api.storage.places.places import Element, Site
from audit_api.storage.sync import feed
from bench.client import Caller, Figures, measure
from tests.factories import (
    AT,
    CAMPAIGN,
    make_device,
    make_person,
    make_territory,
    operation,
    push_body,
)
from tests.field_schema.bodies import station_body

SITES, AIMAKS = 3_000, 20
INSPECTIONS = 1_000
FULL_PULLS, EMPTY_PULLS = 40, 1_000
_FIRST_NUMBER = 20_000
_FIRST_SEED = 100_000
"""Bodies of other seeds have other elements: nobody else's lie at other sites."""
_NAMES = (
    ("{p} атындагы орто мектеби", "Средняя школа им. {p}", "{p} Secondary School"),
    ("№ {n} {p} орто мектеби", "Средняя школа № {n} {p}", "Secondary School No. {n}, {p}"),
    ("{p} айылындагы маданият үйү", "Дом культуры с. {p}", "{p} House of Culture"),
    ("{p} айыл клубу", "Сельский клуб с. {p}", "{p} Village Club"),
    ("{p} балдар бакчасы", "Детский сад «{p}»", "{p} Kindergarten"),
    ("{p} үй-бүлөлүк дарыгерлер тобу", "ГСВ {p}", "{p} Family Medicine Centre"),
)
_FIRST = ("Ак", "Кара", "Кызыл", "Кок", "Сары", "Жаны", "Тоо", "Чон", "Кичи", "Таш", "Орто", "Уч")
_LAST = ("Суу", "Таш", "Булак", "Дөбө", "Кыр", "Арык", "Тектир", "Турпак", "Коргон", "Башат", "Сай")
_ELEMENTS = ("ramp", "door", "route", "toilet", "voting_room", "parking")


@dataclass(frozen=True, slots=True)
class Land:
    """Territories, sites and a tablet that were made to be pulled."""

    region: UUID
    sites: list[UUID]
    inspector: UUID
    device: UUID
    token: str


@dataclass(frozen=True, slots=True)
class Pulling:
    """What was measured: bytes on the wire both ways, and what pulls cost.

    `first_sync_bytes` by snapshot files, `pulled_bytes` by pulls alone; `with_elements_bytes` when
    each site has six elements. `inspections`: pulls of 1,000; `packed`: the same with gzip.
    """

    first_sync_bytes: int
    first_sync_requests: int
    with_elements_bytes: int
    pulled_bytes: int
    nothing_new_bytes: int
    nothing_new: Figures
    inspections: Figures
    packed: Figures


def make_land(session: Session) -> Land:
    """A region of 20 aiyl aimaks with 3,000 stations, named as such places are, and a tablet."""
    region = make_territory(session, "PR", "region", None, "Pulled")
    aimaks = [
        make_territory(session, f"P{n:02}", "aiyl_aimak", region, f"Pulled {n}")
        for n in range(AIMAKS)
    ]
    rng = random.Random(1)  # noqa: S311 - the same land every time
    sites = [uuid4() for _ in range(SITES)]
    session.execute(
        insert(Site), [_site(rng, site, aimaks[n % AIMAKS]) for n, site in enumerate(sites)]
    )
    session.execute(
        insert(Station),
        [
            {
                "campaign_id": CAMPAIGN,
                "number": _FIRST_NUMBER + n,
                "site_id": site,
                "voters": rng.randint(150, 2700),
                "constituency_number": 1,
            }
            for n, site in enumerate(sites)
        ],
    )
    inspector = make_person(session, "pulled.inspector", [(Role.INSPECTOR, region)])
    device, token = make_device(session, inspector, "pulling")
    feed.publish(session, site=sites)
    return Land(region, sites, inspector, device, token)


def _site(rng: random.Random, site: UUID, territory: UUID) -> dict[str, Any]:
    place, number = (
        rng.choice(_FIRST) + rng.choice(["-", ""]) + rng.choice(_LAST),
        rng.randint(1, 90),
    )
    ky, ru, en = (name.format(p=place, n=number) for name in rng.choice(_NAMES))
    return {
        "id": site,
        "name_ky": ky,
        "name_ru": ru,
        "name_en": en,
        "address": f"{place} а., {rng.choice(_LAST)} көч. {rng.randint(1, 120)}",
        "lat": round(rng.uniform(39.6, 40.3), 5),
        "lon": round(rng.uniform(69.3, 72.2), 5),
        "territory_id": territory,
        "building_status": rng.choice(["existing"] * 9 + ["new"]),
        "built_on": date(rng.randint(1950, 2015), 1, 1),
        "synthetic": [],
        "updated_at": AT,
        "rev": 1,
    }


def add_elements(session: Session, land: Land) -> None:
    """Six elements in every site."""
    session.execute(
        insert(Element),
        [
            {"id": uuid4(), "site_id": site, "type": kind, "label": kind, "created_at": AT}
            for site in land.sites
            for kind in _ELEMENTS
        ],
    )
    feed.publish(session, site=land.sites)


class Wire:
    """One connection that counts every byte both ways."""

    def __init__(self, address: str, token: str) -> None:
        self._host = address
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=60)
        self._token = token
        self.bytes = 0
        self.requests = 0

    def get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of one GET."""
        sent = (
            f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\nAuthorization: Bearer {self._token}\r\n"
            "Accept-Encoding: gzip\r\n\r\n"
        ).encode()
        self._socket.sendall(sent)
        got = b""
        while b"\r\n\r\n" not in got:
            got += self._more()
        head, _, body = got.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        while len(body) < length:
            body += self._more()
        self.bytes += len(sent) + len(head) + 4 + len(body)
        self.requests += 1
        return int(status.split()[1]), headers, body

    def _more(self) -> bytes:
        got = self._socket.recv(65_536)
        if not got:
            raise ConnectionError("the server closed the connection")
        return got

    def close(self) -> None:
        """End the connection."""
        self._socket.close()


def _json(answer: tuple[int, dict[str, str], bytes]) -> Any:
    status, headers, body = answer
    if status != 200:
        raise RuntimeError(f"{status}: {body[:300]!r}")
    return json.loads(gzip.decompress(body) if "content-encoding" in headers else body)


def first_sync(address: str, token: str) -> tuple[Wire, str]:
    """Load all files and pull what is behind them; the counts, and the cursor."""
    wire = Wire(address, token)
    listing = _json(wire.get("/api/v1/sync/snapshots"))
    found = 0
    for file in listing["files"]:
        found += len(gzip.decompress(wire.get(file["address"])[2]).splitlines()) - 1
    cursor, more = listing["cursor"], True
    while more:
        page = _json(wire.get(f"/api/v1/sync/pull?limit=1000&cursor={cursor}"))
        found, cursor, more = found + len(page["items"]), page["cursor"], page["more"]
    if found < SITES:
        raise RuntimeError(f"{found} items of {SITES} came")
    wire.close()
    return wire, cursor


def first_pull(address: str, token: str) -> int:
    """Bytes of a first sync by pull alone."""
    wire = Wire(address, token)
    page = _json(wire.get("/api/v1/sync/pull?limit=1000"))
    while page["more"]:
        page = _json(wire.get(f"/api/v1/sync/pull?limit=1000&cursor={page['cursor']}"))
    wire.close()
    return wire.bytes


def measure_pulling(
    database: Database, land: Land, address: str, server_pid: int, postgres_pid: int
) -> Pulling:
    """Measure on a land that was just made; its inspector has no grant left afterwards."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))

    def run(
        path: str, pulls: int, status: int, items: int | None = None, packed: bool = False
    ) -> Figures:
        headers = {"Authorization": f"Bearer {land.token}"}
        if packed:
            headers["Accept-Encoding"] = "gzip"

        def make() -> Callable[[Any], None]:
            caller = Caller(address, headers, status)

            def call(_: Any) -> None:
                data = caller("GET", path)
                if items is not None and not packed and data.count(b'"inspection"') != items:
                    raise RuntimeError("not what was to be pulled")

            return call

        return measure(
            range(pulls), make, each=1, threads=2, server=server_pid, postgres=postgres_pid
        )

    files, cursor = first_sync(address, land.token)
    pulled = first_pull(address, land.token)
    idle = Wire(address, land.token)
    path = f"/api/v1/sync/pull?cursor={cursor}"
    if idle.get(path)[0] != 304:
        raise RuntimeError("something was new")
    run(path, 200, 304)
    nothing = run(path, EMPTY_PULLS, 304)
    with database.writing() as session:
        add_elements(session, land)
    grown, _ = first_sync(address, land.token)
    _push(address, land)
    # Without a grant the tablet has nothing but its own inspections.
    with database.writing() as session:
        session.execute(
            text("update person_grant set revoked_at = now() where person_id = :p"),
            {"p": land.inspector},
        )
    run("/api/v1/sync/pull?limit=1000", 4, 200, INSPECTIONS)
    inspections = run("/api/v1/sync/pull?limit=1000", FULL_PULLS, 200, INSPECTIONS)
    packed = run("/api/v1/sync/pull?limit=1000", FULL_PULLS, 200, packed=True)
    return Pulling(
        files.bytes, files.requests, grown.bytes, pulled, idle.bytes, nothing, inspections, packed
    )


def _push(address: str, land: Land) -> None:
    caller = Caller(
        address, {"Authorization": f"Bearer {land.token}", "Content-Type": "application/json"}
    )
    seq = count(1)
    for first in range(0, INSPECTIONS, 50):
        operations = [
            operation(station_body(n) | {"site": str(site), "campaign": CAMPAIGN}, seq=next(seq))
            for n, site in enumerate(land.sites[first : first + 50], _FIRST_SEED + first)
        ]
        answer = json.loads(caller("POST", "/api/v1/sync/push", push_body(land.device, operations)))
        bad = [r for r in answer["results"] if r["status"] != "applied"]
        if bad:
            raise RuntimeError(str(bad[0]))
