"""Made-up answers: what an inspector might have measured at a station, drawn by chance.

About a third of the stations has a ramp, and few of those conform (the finding of 2017).
"""

import random
from typing import Any

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


def kinds_of(chance: random.Random) -> list[str]:
    """The sorts of elements that a station has, in the order of the visit."""
    ramp = ["ramp"] if chance.random() < 0.6 else []
    toilet = ["toilet"] if chance.random() < 0.7 else []
    return [
        "station", "route", "entrance", *ramp, "door", "corridor", *toilet,
        "voting_room", "information",
    ]  # fmt: skip


def answers_of(kind: str, chance: random.Random) -> dict[str, Any]:
    """The answers about one element, in the notation of the form."""
    answers: dict[str, Any] = {
        question: measured(question, max(1, round(chance.gauss(usual, spread / 2))))
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
        answers["runs"] = [{"rise_mm": measured("", rise), "run_mm": measured("", run)}]
        answers["rise_mm"] = measured("", rise)
        answers["place"] = "outdoor"
        answers["constrained"] = chance.random() < 0.5
        answers["evacuation"] = False
        answers["width_mm"] = measured("", chance.randint(860, 1040))
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


def measured(question: str, value: int) -> dict[str, Any]:
    """A reading in mm, or in per mille where the question's name says so."""
    unit = "permille" if question.endswith("_permille") else "mm"
    return {"value": value, "unit": unit, "instrument": "demo-tape-1"}
