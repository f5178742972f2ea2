"""What LSG heads' tablets report as repaired, with a drawn photo, and what inspectors measure then.

Nothing is placed for election day alone: that day is over, so no temporary task is opened any more.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from audit_api.demo.answers import measured
from audit_api.demo.drawing import draw_element
from audit_api.demo.visits import make_visit
from audit_api.tablet import Moment, Patience, Tablet, TabletError

_NAMESPACE = UUID("0d0a4a4c-7b52-5a0e-8f0b-6f1f2a3c9d11")
_REPAIRED_AT = datetime(2021, 11, 12, 10, 0, tzinfo=ZoneInfo("Asia/Bishkek"))
_PATIENCE = Patience(first_s=0.02)
_REVISIT = 120
"""Beyond every first visit, of which there are three a day: 13 November."""


class Repairs:
    """The tablets in their folders, by the username of their owner."""

    def __init__(self, folder: Path, base_url: str, code_for: Callable[[str], str]) -> None:
        self._folder = folder
        self._base_url = base_url
        self._code_for = code_for

    def report(
        self, head: str, task: dict[str, Any], station: int, shown: Mapping[str, int]
    ) -> None:
        """A head reports a task that is in progress as done; the photo shows these measures."""
        if any(event["move"] == "report_done" for event in task["events"]):
            return
        with self._tablet_of(head) as tablet:
            tablet.sync()
            photo = _photo(station, task["element_type"], shown, _site(tablet, station))
            announced = {
                "sha256": hashlib.sha256(photo).hexdigest(),
                "bytes": len(photo),
                "content_type": "image/jpeg",
            }
            said = {
                "command": "report_done",
                "if": {"state": "in_progress"},
                "note": "Demonstration: repaired, see the photo.",
                "photos": [announced],
            }
            op = str(uuid5(_NAMESPACE, f"{station}/{task['element_type']}/done"))
            tablet.capture(
                json.dumps(said).encode(),
                entity=task["id"],
                kind="task",
                originals=[photo],
                op=op,
                moment=Moment(_REPAIRED_AT.isoformat(), 0, "demo"),
            )
            _hand_in(tablet, op)

    def measure_again(self, inspector: str, station: int, element: str, **found_mm: int) -> None:
        """An inspector visits a station once more and finds these readings of an element."""
        with self._tablet_of(inspector) as tablet:
            answers = {name: measured(name, value) for name, value in found_mm.items()}
            visit = make_visit(
                station, _site(tablet, station), nth=_REVISIT, repaired={element: answers}
            )
            tablet.capture(
                visit.body,
                entity=str(visit.inspection),
                originals=visit.photos,
                op=str(visit.op),
                moment=Moment(visit.finished.isoformat(), 0, "demo"),
            )
            _hand_in(tablet, str(visit.op))

    def _tablet_of(self, username: str) -> Tablet:
        own = self._folder / username
        if not own.exists():
            code, name = self._code_for(username), f"Tablet of {username}"
            return Tablet.enrol(own, self._base_url, code, name, patience=_PATIENCE)
        return Tablet(own, patience=_PATIENCE)


def _site(tablet: Tablet, station: int) -> dict[str, Any]:
    for site in tablet.items("site").values():
        if site["stations"][0]["number"] == station:
            found: dict[str, Any] = site
            return found
    raise TabletError(f"the tablet knows no station {station}")


def _hand_in(tablet: Tablet, op: str) -> None:
    tablet.sync()
    operation = tablet.find(op)
    if operation.state != "applied":
        raise TabletError(f"not applied: {operation.said}")


def _photo(station: int, element: str, shown: Mapping[str, int], site: Mapping[str, Any]) -> bytes:
    caption = f"Station {station}, {element} after the repair"
    return draw_element(
        element,
        shown,
        caption=caption,
        seed=int.from_bytes(hashlib.sha256(caption.encode()).digest()[:4]),
        taken_at=_REPAIRED_AT,
        lat=site["location"]["lat"],
        lon=site["location"]["lon"],
    )
