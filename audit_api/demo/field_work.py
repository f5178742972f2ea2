"""Three tablets hand in sixty stations over HTTP, on bad links, once with nonsense."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from rich.progress import Progress

from audit_api.demo.http_client import get, sign_in
from audit_api.demo.people import INSPECTORS
from audit_api.demo.tablet import Tablet, TabletError
from audit_api.demo.visits import Visit, make_visit
from audit_api.embedded.secret_file import write_secret

STATIONS_EACH = 20
BATCH = 5
_NONSENSE = uuid5(UUID("6f6c2c1e-2f0b-5a53-9a6f-7d1f3c0f5e21"), "nonsense")


class FieldWork:
    """What the tablets are and whether they are done, kept in a file.

    A demonstration that was interrupted goes on with the same tablets, which hand in the same
    bytes under the same ids from their first operation on: nothing doubles.
    """

    def __init__(self, file: Path, enrolled: Collection[UUID]) -> None:
        """`enrolled`: the devices that the server knows; a file about others is forgotten."""
        self._file = file
        self._said: dict[str, Any] = {"tablets": {}, "done": False}
        if file.exists():
            said = json.loads(file.read_text())
            if {UUID(device) for device, _ in said["tablets"].values()} <= set(enrolled):
                self._said = said

    @property
    def done(self) -> bool:
        """True when everything was handed in."""
        return bool(self._said["done"])

    @property
    def missing_tablets(self) -> list[str]:
        """The inspectors (by username) whose tablet is not enrolled yet."""
        return [i.username for i in INSPECTORS if i.username not in self._said["tablets"]]

    def hand_in(self, base_url: str, codes: Mapping[str, str], progress: Progress) -> None:
        """Enrol the missing tablets with `codes` and hand in `STATIONS_EACH` stations each."""
        for n, username in enumerate(self.missing_tablets):
            enrolled = Tablet.enrol(base_url, codes[username], f"Demo tablet {n + 1}")
            self._said["tablets"][username] = [enrolled.device, enrolled.token]
            self._save()
        bar = progress.add_task("Tablets hand in", total=STATIONS_EACH * len(INSPECTORS))
        for n, inspector in enumerate(INSPECTORS):
            tablet = Tablet(base_url, *self._said["tablets"][inspector.username])
            token = sign_in(base_url, inspector.username, inspector.password)
            sites = _spread(_stations(base_url, token), STATIONS_EACH)
            for first in range(0, len(sites), BATCH):
                visits = [
                    make_visit(site["stations"][0]["number"], site, nth=first + k)
                    for k, site in enumerate(sites[first : first + BATCH])
                ]
                _hand_in(tablet, visits, rough=first == BATCH)
                progress.advance(bar, len(visits))
            if n == 0:
                _hand_in_nonsense(tablet)
            if not tablet.pull_all():
                raise TabletError("The tablet pulled nothing, though its district has sites.")
        self._said["done"] = True
        self._save()

    def _save(self) -> None:
        # Replaced in one step: a half-written file would forget an enrolled tablet.
        write_secret(self._file, json.dumps(self._said))


def _spread(sites: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """`count` of the sites, evenly through the district, so that every constituency has some."""
    return [sites[n * len(sites) // count] for n in range(count)]


def _stations(base_url: str, token: str) -> list[dict[str, Any]]:
    """The inspector's sites by station number."""
    found: list[dict[str, Any]] = []
    path = "/api/v1/sites?limit=200"
    while path:
        page = get(base_url, path, token)
        found += page["items"]
        path = page["next"]
    return sorted(found, key=lambda site: int(site["stations"][0]["number"]))


def _hand_in(tablet: Tablet, visits: list[Visit], *, rough: bool) -> None:
    """A push and the photos it asks for. `rough`: the link breaks, and the push goes out twice."""
    operations = [
        tablet.operation(
            str(visit.op),
            str(visit.inspection),
            visit.body,
            {"wall": visit.finished.isoformat(), "mono_ms": 0, "boot": "demo"},
        )
        for visit in visits
    ]
    answer = tablet.push(operations, cut=rough)
    if rough:
        answer = tablet.push(operations)
    bad = [r for r in answer["results"] if r["status"] != "applied"]
    if bad:
        raise TabletError(f"not applied: {bad[0]}")
    for visit in visits:
        for k, photo in enumerate(visit.photos):
            tablet.send_photo(photo, cut=rough and k == 0)
    if rough:
        tablet.send_photo(visits[0].photos[0])


def _hand_in_nonsense(tablet: Tablet) -> None:
    """Something no form knows: it is rejected, kept, and blocks nothing."""
    body = b'{"site":"nowhere","form":"station/1","elements":"many"}'
    operation = tablet.operation(
        str(uuid5(_NONSENSE, tablet.device)), str(_NONSENSE), body, {"wall": "yesterday"}
    )
    status = tablet.push([operation])["results"][0]["status"]
    if status != "rejected":
        raise TabletError(f"nonsense was {status}")
