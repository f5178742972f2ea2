"""Made-up visits: what an inspector might have measured at a station, with drawn photos.

Everything is synthetic, deterministic by the station's number, and plausible rather than extreme.
"""

import hashlib
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from audit_api.demo.answers import answers_of, kinds_of
from audit_api.demo.drawing import draw_element, draw_ramp

_NAMESPACE = UUID("6f6c2c1e-2f0b-5a53-9a6f-7d1f3c0f5e21")
_ZONE = ZoneInfo("Asia/Bishkek")
_FIRST_DAY = datetime(2021, 10, 4, 9, 0, tzinfo=_ZONE)

_LABELS = {
    "station": "polling station",
    "route": "from the gate to the entrance",
    "entrance": "main entrance",
    "ramp": "ramp at the main entrance",
    "door": "door of the main entrance",
    "corridor": "corridor to the voting room",
    "toilet": "toilet on the ground floor",
    "voting_room": "voting room",
    "information": "signs",
}
_PHOTOGRAPHED = {
    "entrance": "platform_short_mm",
    "ramp": "handrail",
    "door": "width_mm",
    "corridor": "width_mm",
    "toilet": "cabin_short_mm",
    "voting_room": "slot_mm",
}
"""What is photographed, and to which question."""
_NARROW = {
    "corridor": {"width_mm": 1800, "turning_mm": 1500},
    "toilet": {"cabin_short_mm": 1600, "cabin_long_mm": 1800},
}
_WITHOUT = 7


@dataclass(frozen=True, slots=True)
class Visit:
    """An inspection as the tablet keeps it: its id, its body to the byte, its originals."""

    inspection: UUID
    op: UUID
    body: bytes
    finished: datetime
    photos: tuple[bytes, ...]


def make_visit(
    station: int,
    site: Mapping[str, Any],
    *,
    nth: int,
    copied: bytes | None = None,
    repaired: Mapping[str, Mapping[str, Any]] | None = None,
) -> Visit:
    """The made-up visit of a station; `site` is its item of the API, `nth` orders the visits.

    `copied`: a photo of another place, which stands here for that of the voting room. `repaired`:
    a later visit, in which these answers of some elements (by sort) have changed and nothing else.
    """
    which = f"{station}" if repaired is None else f"{station}/again"
    chance = random.Random(station)  # noqa: S311 - made-up data, not secrets
    # Three a day: from one end of a district to the other it takes a while.
    started = _FIRST_DAY + timedelta(days=nth // 3, minutes=150 * (nth % 3))
    finished = started + timedelta(minutes=chance.randint(28, 55))
    photos: list[bytes] = []
    elements = []
    for kind in kinds_of(chance):
        answers = answers_of(kind, chance) | dict((repaired or {}).get(kind, {}))
        element: dict[str, Any] = {
            "id": str(uuid5(_NAMESPACE, f"{station}/{kind}")),
            "type": kind,
            "label": _LABELS[kind],
            "state": "permanent",
            "answers": answers,
            "photos": [],
        }
        if _shown(kind, answers, station):
            photo = _draw(kind, answers, station, finished, site["location"])
            if kind == "voting_room" and copied is not None:
                photo = copied
            photos.append(photo)
            element["photos"] = [_announce(photo, kind, which, finished)]
        if kind == "ramp" and chance.random() < 0.2:
            del answers["landing_top_mm"]
            element["not_measured"] = {"landing_top_mm": "covered by building material"}
        elements.append(element)
    location = site["location"]
    body = {
        "site": site["id"],
        "campaign": site["stations"][0]["campaign"],
        "form": "station/2",
        "started": _clock(started),
        "finished": _clock(finished),
        "position": {
            "lat": round(location["lat"] + chance.uniform(-2e-4, 2e-4), 6),
            "lon": round(location["lon"] + chance.uniform(-2e-4, 2e-4), 6),
            "accuracy_m": chance.randint(4, 15),
        },
        "elements": elements,
    }
    return Visit(
        uuid5(_NAMESPACE, f"{which}/inspection"),
        uuid5(_NAMESPACE, f"{which}/op"),
        json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
        finished,
        tuple(photos),
    )


def _shown(kind: str, answers: Mapping[str, Any], station: int) -> bool:
    """Whether the inspector photographed this: a corridor or toilet where it is narrow.

    At every seventh station the photo of the entrance was forgotten.
    """
    if kind == "entrance":
        return station % _WITHOUT != 2
    if kind in _NARROW:
        return any(answers[name]["value"] < limit for name, limit in _NARROW[kind].items())
    return kind in _PHOTOGRAPHED


def _clock(at: datetime) -> dict[str, Any]:
    since = at - _FIRST_DAY
    return {"wall": at.isoformat(), "mono_ms": round(since.total_seconds() * 1000), "boot": "demo"}


def _draw(
    kind: str,
    answers: Mapping[str, Any],
    station: int,
    taken_at: datetime,
    location: Mapping[str, float],
) -> bytes:
    caption = f"Station {station}, {_LABELS[kind]}, {taken_at:%d.%m.%Y}"
    place = {"taken_at": taken_at, "lat": location["lat"], "lon": location["lon"]}
    seed = int.from_bytes(hashlib.sha256(caption.encode()).digest()[:4])
    if kind == "ramp":
        run = answers["runs"][0]
        return draw_ramp(
            rise_mm=run["rise_mm"]["value"],
            run_mm=run["run_mm"]["value"],
            width_mm=answers["width_mm"]["value"],
            caption=caption,
            seed=seed,
            **place,  # type: ignore[arg-type]
        )
    shown = {q: a["value"] for q, a in answers.items() if isinstance(a, dict)}
    return draw_element(kind, shown, caption=caption, seed=seed, **place)  # type: ignore[arg-type]


def _announce(photo: bytes, kind: str, which: str, taken_at: datetime) -> dict[str, Any]:
    return {
        "id": str(uuid5(_NAMESPACE, f"{which}/{kind}/photo")),
        "sha256": hashlib.sha256(photo).hexdigest(),
        "bytes": len(photo),
        "content_type": "image/jpeg",
        "question": _PHOTOGRAPHED[kind],
        "taken": {"wall": taken_at.isoformat()},
    }
