"""Made-up visits: the same for the same station, and no wilder than told."""

import hashlib
import json
from datetime import datetime
from itertools import pairwise
from typing import Any

from audit_api.demo.visits import make_visit
from audit_api.domain.oversight.fabrication import Thresholds

BATKEN = {"lat": 40.06, "lon": 70.82}
FARTHEST_KM = 75
"""About as far as two stations lie apart that a tablet of the demonstration visits in a row."""


def site(location: dict[str, float]) -> dict[str, Any]:
    return {"id": "s", "stations": [{"campaign": "kg-jk-2021"}], "location": location}


def test_a_copied_photo_stands_for_the_voting_room_alone() -> None:
    own = make_visit(8055, site(BATKEN), nth=0)
    copied = make_visit(8055, site(BATKEN), nth=0, copied=b"of another place")
    assert copied.photos == (*own.photos[:-1], b"of another place")
    announced = [
        photo["sha256"]
        for element in json.loads(copied.body)["elements"]
        for photo in element["photos"]
    ]
    assert announced == [hashlib.sha256(photo).hexdigest() for photo in copied.photos]


def test_between_two_visits_there_is_time_to_drive() -> None:
    bodies = [json.loads(make_visit(8055 + n, site(BATKEN), nth=n).body) for n in range(20)]
    gaps = [
        datetime.fromisoformat(later["started"]["wall"])
        - datetime.fromisoformat(earlier["finished"]["wall"])
        for earlier, later in pairwise(bodies)
    ]
    assert FARTHEST_KM / (min(gaps).total_seconds() / 3600) < Thresholds().travel_kmh / 2
