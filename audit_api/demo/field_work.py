"""Three tablets hand in sixty stations over HTTP, on bad links, with what goes wrong in the field.

They are tablets of `audit_api.tablet`, each in a folder of its own: `audit-api tablet status
--folder …` reads them as it reads any other.
"""

import json
import shutil
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from rich.progress import Progress

from audit_api.demo.bad_link import BadLink
from audit_api.demo.people import INSPECTORS, LSG_HEADS
from audit_api.demo.visits import Visit, make_visit
from audit_api.tablet import LinkDown, Moment, NotEnrolled, Patience, Tablet, TabletError

STATIONS_EACH = 20
BATCH = 5
_NAMESPACE = UUID("6f6c2c1e-2f0b-5a53-9a6f-7d1f3c0f5e21")
_PATIENCE = Patience(first_s=0.02)
_NO_PATIENCE = Patience(tries=1)

Site = dict[str, Any]


class FieldWork:
    """The tablets in their folders, and whether they are done.

    A demonstration that was interrupted goes on with the same tablets: what is captured again
    under the same id is there already, and what is handed in again is answered as before.
    """

    def __init__(self, folder: Path, enrolled: Collection[UUID]) -> None:
        """`enrolled`: the devices that the server knows; the folder of another is forgotten."""
        self._folder = folder
        self._done = folder / "done"
        self.cut = self.lost = 0
        self.statuses: Counter[str] = Counter()
        for person in INSPECTORS + LSG_HEADS:
            own = folder / person.username
            if own.exists() and _device_in(own) not in enrolled:
                shutil.rmtree(own)
                self._done.unlink(missing_ok=True)

    def learn_address(self, base_url: str) -> None:
        """The server may serve at another port than at the start before."""
        for file in self._folder.glob("*/tablet.db"):
            with Tablet(file.parent) as tablet:
                tablet.server_moved(base_url)

    @property
    def done(self) -> bool:
        """True when everything was handed in that gets through."""
        return self._done.exists()

    @property
    def missing_tablets(self) -> list[str]:
        """The inspectors (by username) whose tablet is not enrolled yet."""
        return [i.username for i in INSPECTORS if not (self._folder / i.username).exists()]

    def hand_in(self, base_url: str, codes: Mapping[str, str], progress: Progress) -> None:
        """Enrol the missing tablets with `codes` and hand in `STATIONS_EACH` stations each."""
        for username in self.missing_tablets:
            name = f"Tablet of {username}"
            with Tablet.enrol(self._folder / username, base_url, codes[username], name):
                pass
        bar = progress.add_task("Tablets hand in", total=STATIONS_EACH * len(INSPECTORS))
        unvisited: list[list[Site]] = []
        for inspector in INSPECTORS:
            link = BadLink(base_url)
            folder = self._folder / inspector.username
            with Tablet(folder, transport=link, patience=_PATIENCE) as tablet:
                tablet.sync()
                sites = _by_number(tablet)
                chosen = _spread(sites, STATIONS_EACH)
                unvisited.append([site for site in sites if site not in chosen])
                for first in range(0, len(chosen), BATCH):
                    if first == BATCH:
                        link.worsen()
                    fabricated = inspector is INSPECTORS[0] and first == BATCH
                    _hand_in(tablet, chosen[first : first + BATCH], first, fabricated=fabricated)
                    progress.advance(bar, BATCH)
                if inspector is INSPECTORS[0]:
                    _hand_in_nonsense(tablet)
                elif inspector is INSPECTORS[1]:
                    _break_off(tablet, link, unvisited[1][0])
                else:
                    _inspect_beyond_the_border(tablet, unvisited[0][0])
                self.cut += link.cut
                self.lost += link.lost
                self.statuses.update(operation.state for operation in tablet.operations())
        self._done.touch()


def _device_in(folder: Path) -> UUID | None:
    with suppress(NotEnrolled), Tablet(folder) as tablet:
        return UUID(tablet.store.identity["device"])
    return None


def _by_number(tablet: Tablet) -> list[Site]:
    """The sites that the tablet pulled, by station number."""
    sites = tablet.items("site").values()
    return sorted(sites, key=lambda site: int(site["stations"][0]["number"]))


def _spread(sites: list[Site], count: int) -> list[Site]:
    """`count` of the sites, evenly through the district, so that every constituency has some."""
    return [sites[n * len(sites) // count] for n in range(count)]


def _hand_in(tablet: Tablet, sites: list[Site], first: int, *, fabricated: bool) -> None:
    """Capture the visits of some stations, and sync.

    `fabricated`: the last of them shows the voting room of the first as its own.
    """
    visits = [_visit(site, nth=first + k) for k, site in enumerate(sites)]
    if fabricated:
        nth = first + len(sites) - 1
        visits[-1] = _visit(sites[-1], nth=nth, copied=visits[0].photos[-1])
    ops = {_capture(tablet, visit) for visit in visits}
    tablet.sync()
    for operation in tablet.operations("waiting", "rejected", "conflict", "quarantined"):
        if operation.op in ops:
            raise TabletError(f"not applied: {operation.said}")


def _visit(site: Site, *, nth: int, copied: bytes | None = None) -> Visit:
    return make_visit(site["stations"][0]["number"], site, nth=nth, copied=copied)


def _capture(tablet: Tablet, visit: Visit) -> str:
    tablet.capture(
        visit.body,
        entity=str(visit.inspection),
        originals=visit.photos,
        op=str(visit.op),
        moment=_moment(visit),
    )
    return str(visit.op)


def _moment(visit: Visit) -> Moment:
    return Moment(visit.finished.isoformat(), 0, "demo")


def _expect(tablet: Tablet, op: str, state: str) -> None:
    operation = tablet.find(op)
    if operation.state != state:
        raise TabletError(f"{operation.kind} {op} is {operation.state}, not {state}")


def _hand_in_nonsense(tablet: Tablet) -> None:
    """Something no form knows: it is rejected, kept, and blocks nothing."""
    op = str(uuid5(_NAMESPACE, "nonsense/op"))
    body = b'{"site":"nowhere","form":"station/1","elements":"many"}'
    tablet.capture(body, entity=str(uuid5(_NAMESPACE, "nonsense")), op=op)
    tablet.sync()
    _expect(tablet, op, "rejected")


def _inspect_beyond_the_border(tablet: Tablet, site: Site) -> None:
    """An inspection in another's district: whole and valid, but not the inspector's to make."""
    op = _capture(tablet, _visit(site, nth=STATIONS_EACH))
    tablet.sync()
    _expect(tablet, op, "quarantined")


def _break_off(tablet: Tablet, link: BadLink, site: Site) -> None:
    """A site's building was rebuilt, which a person has to decide on; then the network is gone.

    The inspection that was made there stays on the tablet, and the headquarters see that.
    """
    op = str(uuid5(_NAMESPACE, "rebuilt/op"))
    change = {"old": site["building_status"], "new": "reconstructed"}
    tablet.capture(
        json.dumps({"fields": {"building_status": change}}).encode(),
        entity=site["id"],
        kind="site",
        base={"rev": site["rev"]},
        op=op,
    )
    _capture(tablet, _visit(site, nth=STATIONS_EACH))
    tablet.pusher.max_operations = 1
    tablet.link.patience = _NO_PATIENCE
    link.end_after_posts(1)
    with suppress(LinkDown):
        tablet.sync()
    _expect(tablet, op, "conflict")
