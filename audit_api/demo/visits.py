"""Made-up visits: what an inspector might have measured at a station, with drawn photos.

Everything is synthetic, deterministic by the station's number, and plausible rather than extreme:
about a third of the stations has a ramp, and few of those conform (the finding of 2017).
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

from audit_api.demo.drawing import draw_element, draw_ramp

_NAMESPACE = UUID("6f6c2c1e-2f0b-5a53-9a6f-7d1f3c0f5e21")
_ZONE = ZoneInfo("Asia/Bishkek")
_FIRST_DAY = datetime(2021, 10, 4, 9, 0, tzinfo=_ZONE)

# question -> (usual value, spread); a measure is drawn around the usual value.
_MEASURES: dict[str, dict[str, tuple[int, int]]] = {
    "route": {
        "width_mm": (1700, 300),
        "slope_permille": (30, 25),
        "cross_slope_permille": (12, 10),
        "step_mm": (12, 30),
        "headroom_mm": (2500, 200),
        "turning_mm": (1700, 250),
    },
    "entrance": {
        "platform_short_mm": (2000, 400),
        "platform_long_mm": (2300, 350),
        "vestibule_depth_mm": (2300, 300),
        "vestibule_width_mm": (1700, 250),
    },
    "ramp": {
        "landing_top_mm": (1550, 250),
        "landing_bottom_mm": (1700, 250),
        "handrail_upper_mm": (890, 40),
        "handrail_lower_mm": (700, 30),
        "edge_mm": (55, 30),
    },
    "door": {
        "width_mm": (1180, 130),
        "threshold_mm": (14, 14),
        "push_depth_mm": (1400, 200),
        "pull_depth_mm": (1550, 200),
        "space_width_mm": (1550, 150),
    },
    "corridor": {"width_mm": (2000, 350), "turning_mm": (1800, 250)},
    "toilet": {
        "cabin_short_mm": (1500, 350),
        "cabin_long_mm": (1900, 350),
        "grab_bar_mm": (850, 60),
    },
    "voting_room": {
        "aisle_mm": (1050, 200),
        "turning_mm": (1650, 200),
        "table_mm": (770, 40),
        "knee_mm": (710, 30),
        "slot_mm": (1050, 130),
    },
}
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
_PHOTOGRAPHED = {"ramp": "handrail", "door": "width_mm", "voting_room": "slot_mm"}


@dataclass(frozen=True, slots=True)
class Visit:
    """An inspection as the tablet keeps it: its id, its body to the byte, its originals."""

    inspection: UUID
    op: UUID
    body: bytes
    finished: datetime
    photos: tuple[bytes, ...]


def make_visit(
    station: int, site: Mapping[str, Any], *, nth: int, copied: bytes | None = None
) -> Visit:
    """The made-up visit of a station; `site` is its item of the API, `nth` orders the visits.

    `copied`: a photo of another place, which stands here for that of the voting room.
    """
    chance = random.Random(station)  # noqa: S311 - made-up data, not secrets
    # Three a day: from one end of a district to the other it takes a while.
    started = _FIRST_DAY + timedelta(days=nth // 3, minutes=150 * (nth % 3))
    finished = started + timedelta(minutes=chance.randint(28, 55))
    photos: list[bytes] = []
    elements = []
    for kind in _kinds(chance):
        answers = _answers(kind, chance)
        element: dict[str, Any] = {
            "id": str(uuid5(_NAMESPACE, f"{station}/{kind}")),
            "type": kind,
            "label": _LABELS[kind],
            "state": "permanent",
            "answers": answers,
            "photos": [],
        }
        if kind in _PHOTOGRAPHED:
            photo = _draw(kind, answers, station, finished, site["location"])
            if kind == "voting_room" and copied is not None:
                photo = copied
            photos.append(photo)
            element["photos"] = [_announce(photo, kind, station, finished)]
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
        uuid5(_NAMESPACE, f"{station}/inspection"),
        uuid5(_NAMESPACE, f"{station}/op"),
        json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
        finished,
        tuple(photos),
    )


def _kinds(chance: random.Random) -> list[str]:
    ramp = ["ramp"] if chance.random() < 0.6 else []
    toilet = ["toilet"] if chance.random() < 0.7 else []
    return [
        "station", "route", "entrance", *ramp, "door", "corridor", *toilet,
        "voting_room", "information",
    ]  # fmt: skip


def _answers(kind: str, chance: random.Random) -> dict[str, Any]:
    answers: dict[str, Any] = {
        question: _measured(question, max(1, round(chance.gauss(usual, spread / 2))))
        for question, (usual, spread) in _MEASURES.get(kind, {}).items()
    }
    if kind == "station":
        answers["public_entrances"] = chance.randint(1, 3)
        answers["accessible_entrances"] = int(chance.random() < 0.6)
    elif kind == "entrance":
        answers["ramp"] = chance.choice(["present", "present", "not_needed", "missing"])
        answers["canopy"] = chance.random() < 0.7
        answers["vestibule"] = True
        answers["call_button"] = chance.random() < 0.5
        answers["call_button_sign"] = answers["call_button"]
    elif kind == "ramp":
        rise = chance.randint(180, 620)
        run = round(rise * chance.uniform(7.5, 13.5))
        answers["runs"] = [{"rise_mm": _measured("", rise), "run_mm": _measured("", run)}]
        answers["rise_mm"] = _measured("", rise)
        answers["place"] = "outdoor"
        answers["constrained"] = chance.random() < 0.5
        answers["evacuation"] = False
        answers["width_mm"] = _measured("", chance.randint(860, 1040))
        answers["landing_middle"] = False
        answers["busy"] = False
        answers["handrail"] = chance.choice(["both_sides", "both_sides", "one_side", "none"])
        answers["surface_firm"] = chance.random() < 0.9
        answers["surface_grip"] = chance.random() < 0.8
    elif kind == "door":
        answers["place"] = "entrance"
        answers["evacuation"] = True
        answers["glazed"] = False
    elif kind == "corridor":
        answers["two_way"] = chance.random() < 0.5
        answers["dead_end"] = False
    elif kind == "toilet":
        answers["universal"] = chance.random() < 0.3
        answers["washbasin"] = True
        answers["grab_bars"] = chance.choice(["both_sides", "one_side", "none"])
    elif kind == "voting_room":
        answers["approach"] = chance.choice(["side", "front"])
        answers["booth_reachable"] = chance.random() < 0.7
        answers["braille_stencil"] = chance.random() < 0.6
        answers["magnifier"] = chance.random() < 0.6
        answers["gym"] = False
    elif kind == "information":
        answers["direction_signs"] = chance.random() < 0.5
    return answers


def _measured(question: str, value: int) -> dict[str, Any]:
    unit = "permille" if question.endswith("_permille") else "mm"
    return {"value": value, "unit": unit, "instrument": "demo-tape-1"}


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
    caption = f"Station {station}, {_LABELS[kind]}"
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


def _announce(photo: bytes, kind: str, station: int, taken_at: datetime) -> dict[str, Any]:
    return {
        "id": str(uuid5(_NAMESPACE, f"{station}/{kind}/photo")),
        "sha256": hashlib.sha256(photo).hexdigest(),
        "bytes": len(photo),
        "content_type": "image/jpeg",
        "question": _PHOTOGRAPHED[kind],
        "taken": {"wall": taken_at.isoformat()},
    }
