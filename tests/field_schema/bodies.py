"""Inspection bodies as a tablet sends them: plain dicts, the same for the same seed."""

import hashlib
import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tests.field_schema.plan_station_2 import PLAN_2

Json = dict[str, Any]

# Per element: question -> (values that meet the binding requirements, values that break one).
# Measures end in _mm, _permille or _s; every other value is a word, a count or a yes.
PLAN: dict[str, dict[str, tuple[Sequence[Any], Sequence[Any]]]] = {
    "station": {
        "public_entrances": ((1, 2), (4,)),
        "accessible_entrances": ((1,), (0,)),
    },
    "parking": {
        "spaces": ((20, 25), (60,)),
        "accessible_spaces": ((2, 3), (1,)),
        "space_width_mm": ((3700, 3800), (2500,)),
        "space_length_mm": ((6100, 6200), (5000,)),
        "distance_mm": ((20000, 40000), (90000,)),
        "ground_mark": ((True,), (False,)),
        "sign": ((True,), (False,)),
    },
    "route": {
        "width_mm": ((1600, 2000), (1100,)),
        "slope_permille": ((20, 35), (90,)),
        "cross_slope_permille": ((5, 10), (40,)),
        "step_mm": ((0, 10), (140,)),
        "headroom_mm": ((2400, 2600), (1900,)),
        "turning_mm": ((1600, 1700), (1200, 1300)),
        "kerb": ((True,), (True,)),
        "kerb_step_mm": ((5, 10), (60,)),
    },
    "entrance": {
        "ramp": (("present",), ("present",)),
        "platform_short_mm": ((2250, 2300), (1500, 1800)),
        "platform_long_mm": ((2400, 2600), (2000,)),
        "canopy": ((True,), (False,)),
        "vestibule": ((True,), (True,)),
        "vestibule_depth_mm": ((2500, 2600), (1400, 2000)),
        "vestibule_width_mm": ((1600, 1700), (1200,)),
        "call_button": ((True,), (False,)),
        "call_button_sign": ((True,), (False,)),
    },
    "ramp": {
        "place": (("outdoor",), ("outdoor",)),
        "constrained": ((True,), (True, False)),
        "evacuation": ((False,), (False,)),
        "width_mm": ((920, 960), (700, 800)),
        "landing_top_mm": ((1600, 1800), (900, 1200)),
        "landing_bottom_mm": ((1600, 2000), (1000,)),
        "landing_middle": ((False,), (False,)),
        "handrail": (("both_sides",), ("both_sides", "one_side", "none")),
        "handrail_upper_mm": ((880, 900), (700, 1100)),
        "handrail_lower_mm": ((699, 700, 701), (500,)),
        "edge_mm": ((60, 100), (0,)),
        "surface_firm": ((True,), (False,)),
        "surface_grip": ((True,), (False,)),
    },
    "door": {
        "place": (("entrance",), ("entrance",)),
        "width_mm": ((1250, 1300), (780, 850)),
        "threshold_mm": ((0, 10), (30, 60)),
        "evacuation": ((True,), (True,)),
        "push_depth_mm": ((1300, 1500), (900,)),
        "pull_depth_mm": ((1600, 1800), (1100,)),
        "space_width_mm": ((1600, 1800), (1200,)),
        "glazed": ((False,), (False,)),
    },
    "corridor": {
        "width_mm": ((1900, 2200), (1200, 1400)),
        "two_way": ((True, False), (True,)),
        "turning_mm": ((1600, 1900), (1300,)),
        "dead_end": ((False,), (False,)),
    },
    "toilet": {
        "universal": ((True,), (True,)),
        "cabin_short_mm": ((2250, 2300), (1100, 1300)),
        "cabin_long_mm": ((2300, 2400), (1500,)),
        "washbasin": ((True,), (True,)),
        "grab_bars": (("both_sides",), ("none",)),
    },
    "voting_room": {
        "aisle_mm": ((1000, 1200), (700,)),
        "turning_mm": ((1600, 1800), (1200,)),
        "table_mm": ((720, 760), (900,)),
        "knee_mm": ((710, 730), (600,)),
        "approach": (("side", "front"), ("front",)),
        "slot_mm": ((800, 1000), (1450,)),
        "braille_stencil": ((True,), (False,)),
        "magnifier": ((True,), (False,)),
    },
    "information": {"direction_signs": ((True,), (False,))},
}
UNITS = {
    "_mm": "mm",
    "_permille": "permille",
    "_s": "s",
    "_n": "N",
    "_nmm": "Nmm",
    "_lux": "lux",
}
PLAN_OF = {
    "station/1": PLAN,
    "station/2": {
        kind: {**PLAN.get(kind, {}), **PLAN_2.get(kind, {})} for kind in {**PLAN, **PLAN_2}
    },
}
PHOTOGRAPHED = ("width_mm", "handrail", "slot_mm", "door_help")
RUNS_GOOD = [(300, 4200), (250, 3600), (400, 5500), (150, 2200)]
RUNS_BAD = [(450, 4200), (600, 3600), (300, 1800), (500, 2500)]


def uuid_of(rng: random.Random) -> str:
    """A version 4 UUID out of the seeded generator."""
    return str(UUID(int=rng.getrandbits(128), version=4))


def measurement(value: int, unit: str = "mm", instrument: str = "tape-07") -> Json:
    """A measured answer."""
    return {"value": value, "unit": unit, "instrument": instrument}


def photo(rng: random.Random, question: str | None = None, wall: str | None = None) -> Json:
    """An announced photo; its bytes do not exist."""
    photo_id = uuid_of(rng)
    found: Json = {
        "id": photo_id,
        "sha256": hashlib.sha256(photo_id.encode()).hexdigest(),
        "bytes": rng.randrange(150_000, 450_000),
        "content_type": "image/jpeg",
        "taken": {"wall": wall or "2021-10-20T09:15:00+06:00"},
    }
    return found | ({"question": question} if question else {})


def ramp_body(**overrides: Any) -> Json:
    """The one-ramp form, 450 mm over 4200 mm and handrails; `answers` are merged in."""
    rng = random.Random(overrides.pop("seed", 7))  # noqa: S311 - test data, not a secret
    answers = {
        "rise_mm": measurement(450),
        "place": "outdoor",
        "constrained": False,
        "evacuation": False,
        "width_mm": measurement(950),
        "landing_top_mm": measurement(1600),
        "landing_bottom_mm": measurement(1600),
        "landing_middle": False,
        "handrail": "both_sides",
        "handrail_upper_mm": measurement(900),
        "handrail_lower_mm": measurement(700),
        "runs": [{"rise_mm": measurement(450), "run_mm": measurement(4200)}],
    }
    answers |= overrides.pop("answers", {})
    element: Json = {
        "id": uuid_of(rng),
        "type": "ramp",
        "label": "main entrance",
        "state": "permanent",
        "answers": {k: v for k, v in answers.items() if v is not None},
        "not_measured": {},
        "photos": [photo(rng, "handrail")],
    }
    element |= overrides.pop("element", {})
    body = _envelope(rng, "ramp/1", [element])
    return body | overrides


def station_body(
    seed: int,
    *,
    breaches: float = 0.15,
    unmeasured: float = 0.03,
    photos: bool = True,
    site: str | None = None,
    campaign: str = "kg-jk-2021",
    day: str = "2021-10-20",
    form: str = "station/1",
    **overrides: Any,
) -> Json:
    """The whole station, about 65 answers. `breaches`, `unmeasured`: shares of the answers.

    `form="station/2"`: every measure of that form, about 250 answers.
    With `breaches=0` nothing binding is broken in an existing building.
    """
    rng = random.Random(seed)  # noqa: S311 - test data, not a secret
    elements = []
    for kind, questions in PLAN_OF[form].items():
        answers: Json = {}
        not_measured: Json = {}
        for name, (good, bad) in questions.items():
            if "." in name:
                continue
            value = rng.choice(bad if rng.random() < breaches else good)
            unit = next((u for end, u in UNITS.items() if name.endswith(end)), None)
            if unit and rng.random() < unmeasured:
                not_measured[name] = "covered by snow"
            else:
                answers[name] = measurement(value, unit) if unit else value
        if kind == "ramp":
            _add_runs(rng, answers, breaches)
        if kind == "stairs":
            _add_flights(rng, answers, breaches)
        shown = [q for q in PHOTOGRAPHED if q in answers]
        elements.append(
            {
                "id": uuid_of(rng),
                "type": kind,
                "label": f"{kind} 1",
                "state": "permanent",
                "answers": answers,
                "not_measured": not_measured,
                "photos": [photo(rng, q, f"{day}T09:20:00+06:00") for q in shown] if photos else [],
            }
        )
    body = _envelope(rng, form, elements, day)
    body["campaign"] = campaign
    if site is not None:
        body["site"] = site
    return body | overrides


def _add_runs(rng: random.Random, answers: Json, breaches: float) -> None:
    runs = []
    for _ in range(rng.choice((1, 2))):
        rise, run = rng.choice(RUNS_BAD if rng.random() < breaches else RUNS_GOOD)
        runs.append({"rise_mm": measurement(rise), "run_mm": measurement(run)})
    answers["runs"] = runs
    answers["rise_mm"] = measurement(sum(run["rise_mm"]["value"] for run in runs))


def _add_flights(rng: random.Random, answers: Json, breaches: float) -> None:
    flights = []
    for _ in range(rng.choice((1, 2))):
        flight: Json = {}
        for key, (good, bad) in PLAN_2["stairs"].items():
            name = key.removeprefix("flights.")
            if name != key:
                value = rng.choice(bad if rng.random() < breaches else good)
                flight[name] = measurement(value) if name.endswith("_mm") else value
        flights.append(flight)
    answers["flights"] = flights


def _envelope(rng: random.Random, form: str, elements: list[Json], day: str = "2021-10-20") -> Json:
    return {
        "site": uuid_of(rng),
        "campaign": "kg-jk-2021",
        "form": form,
        "started": {"wall": f"{day}T09:12:11.120+06:00", "mono_ms": 0, "boot": "b41"},
        "finished": {"wall": f"{day}T09:58:02.004+06:00", "mono_ms": 2750884, "boot": "b41"},
        "position": {"lat": 40.06, "lon": 70.82, "accuracy_m": 8},
        "elements": elements,
    }
