"""The demonstration's data agree with every published total."""

import csv
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from audit_api.domain.vocabulary import UserGroup

DATA = Path(__file__).parents[2] / "audit_api" / "demo" / "data" / "batken-2021"


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(newline="") as file:
        return list(csv.DictReader(file))


STATIONS = rows("stations.csv")
TERRITORIES = {row["code"]: row for row in rows("territories.csv")}
CAMPAIGN: dict[str, Any] = json.loads((DATA / "campaign.json").read_text())


def name_of(station: dict[str, str]) -> str:
    return TERRITORIES[station["territory"]]["name_en"]


def test_there_are_218_stations_with_305053_voters() -> None:
    assert len(STATIONS) == 218
    assert sum(int(row["voters"]) for row in STATIONS) == 305_053


@pytest.mark.parametrize(
    ("constituency", "stations", "voters"),
    [("1", 66, 90_075), ("2", 80, 102_010), ("3", 72, 112_968)],
)
def test_each_constituency_has_its_stations_and_voters(
    constituency: str, stations: int, voters: int
) -> None:
    found = [row for row in STATIONS if row["constituency"] == constituency]
    assert (len(found), sum(int(row["voters"]) for row in found)) == (stations, voters)


def test_each_part_of_a_constituency_has_its_stations() -> None:
    parts: dict[tuple[str, str], int] = defaultdict(int)
    leilek, batken = "41705236000000", "41705214000000"
    for row in STATIONS:
        territory = TERRITORIES[row["territory"]]
        if name_of(row) in ("Sulukta city", "Batken city", "Kyzyl-Kiya city"):
            part = name_of(row)
        elif territory["parent"] in (leilek, batken):
            part = TERRITORIES[territory["parent"]]["name_en"]
        else:
            part = "Kadamjai District"
        parts[row["constituency"], part] += 1
    assert parts == {
        ("1", "Leilek District"): 53,
        ("1", "Sulukta city"): 13,
        ("2", "Batken District"): 46,
        ("2", "Batken city"): 10,
        ("2", "Kadamjai District"): 24,
        ("3", "Kyzyl-Kiya city"): 22,
        ("3", "Kadamjai District"): 50,
    }


def test_alga_lies_in_two_constituencies() -> None:
    alga = {row["number"]: row["constituency"] for row in STATIONS if "Alga" in name_of(row)}
    assert alga == {"8145": "2", "8146": "2", "8172": "2", "8202": "2", "8147": "3"}


def test_station_numbers_are_unique() -> None:
    assert max(Counter(row["number"] for row in STATIONS).values()) == 1


def test_every_site_lies_in_a_city_or_an_aiyl_aimak_and_every_such_has_one() -> None:
    with_lsg = {c for c, row in TERRITORIES.items() if row["kind"] in ("city", "aiyl_aimak")}
    assert {row["territory"] for row in STATIONS} == with_lsg


def test_there_are_41_territories_of_2021_and_parents_come_first() -> None:
    assert len(TERRITORIES) == 41
    assert Counter(row["kind"] for row in TERRITORIES.values()) == {
        "region": 1, "district": 3, "city": 6, "aiyl_aimak": 31,
    }  # fmt: skip
    names = {row["name_en"] for row in TERRITORIES.values()}
    assert {"Isfana town", "Markaz Aiyl Aimak"} <= names
    assert not any("Razzakov" in name or "Airybaz" in name for name in names)
    seen = {""}
    for code, row in TERRITORIES.items():
        assert row["parent"] in seen
        seen.add(code)


def test_only_51_stations_are_real_and_all_say_what_is_synthetic() -> None:
    real = [row for row in STATIONS if "number" not in row["synthetic"].split("|")]
    assert len(real) == 51
    assert all({"voters", "location"} <= set(row["synthetic"].split("|")) for row in STATIONS)


def test_the_campaign_counts_back_from_28_november_2021() -> None:
    days = {m["id"]: m["days_before"] for m in CAMPAIGN["milestones"]}
    assert CAMPAIGN["election_day"] == "2021-11-28"
    assert days == {
        "needs_map": 40, "inspection_end": 33, "requests_sent": 28,
        "remediation_due": 10, "final_check": 3,
    }  # fmt: skip


def test_the_needs_map_says_that_it_is_synthetic_and_leaves_some_stations_out() -> None:
    voters = {row["number"]: int(row["voters"]) for row in STATIONS}
    needs = rows("needs.csv")
    assert len(needs) == 207
    assert {row["synthetic"] for row in needs} == {"yes"}
    for row in needs:
        counts = [int(row[group.value]) for group in UserGroup]
        assert sum(counts) < voters[row["number"]] / 10
