"""A needs map from a file: all of it or nothing, and every bad line is told."""

import pytest

from tests.cli.conftest import Cli
from tests.cli.files import CAMPAIGN, STATIONS, TERRITORIES, csv, json

HEADER = "number,wheelchair,mobility,vision,hearing,intellectual,synthetic\n"
GOOD = HEADER + "8001,3,20,4,2,1,yes\n8002,0,9,0,1,0,yes\n"
STORED = """
    select number, wheelchair, mobility, vision, hearing, intellectual, synthetic
    from needs_map order by number
"""


@pytest.fixture
def prepared(cli: Cli) -> Cli:
    """With territories, a campaign and its stations."""
    cli.done("places", "import-territories", cli.file("territories.csv", csv(TERRITORIES)))
    cli.done("places", "import-campaign", cli.file("campaign.json", json(CAMPAIGN)))
    stations = cli.file("stations.csv", csv(STATIONS))
    cli.done("places", "import-stations", "--campaign", "kg-test", stations)
    return cli


def words(cli: Cli, content: str, *options: str, campaign: str = "kg-test") -> list[str]:
    path = cli.file("n.csv", content.encode())
    return ["places", "import-needs", "--campaign", campaign, *options, path]


def test_a_map_is_imported_and_the_same_again_changes_nothing(prepared: Cli) -> None:
    said = prepared.done(*words(prepared, GOOD))
    assert said == "n.csv: 2 created, 0 changed, 0 unchanged.\n"
    stored = prepared.query(STORED)
    assert stored == [(8001, 3, 20, 4, 2, 1, True), (8002, 0, 9, 0, 1, 0, True)]
    when = prepared.query("select imported_at from needs_map")
    said = prepared.done(*words(prepared, GOOD))
    assert said == "n.csv: 0 created, 0 changed, 2 unchanged.\n"
    assert prepared.query(STORED) == stored
    assert prepared.query("select imported_at from needs_map") == when


def test_a_changed_line_changes_its_station_alone(prepared: Cli) -> None:
    prepared.done(*words(prepared, GOOD))
    said = prepared.done(*words(prepared, HEADER + "8002,0,9,5,1,0,no\n"))
    assert said == "n.csv: 0 created, 1 changed, 0 unchanged.\n"
    assert prepared.query(STORED) == [(8001, 3, 20, 4, 2, 1, True), (8002, 0, 9, 5, 1, 0, False)]


def test_a_dry_run_stores_nothing(prepared: Cli) -> None:
    said = prepared.done(*words(prepared, GOOD, "--dry-run"))
    assert said == ("n.csv: 2 created, 0 changed, 0 unchanged.\nDry run: nothing was stored.\n")
    assert prepared.query(STORED) == []


def test_every_bad_line_is_told_and_nothing_stored(prepared: Cli) -> None:
    bad = HEADER + "8001,3,20,4,2,1,\n9999,1,1,1,1,1,\n8002,1,5000,x,1,1,\n8001,1,1,1,1,1,\n"
    said = prepared.refused(*words(prepared, bad))
    assert "line 3, number: 9999 is no station of kg-test; import the stations first" in said
    assert "line 4, vision: 'x' is not a whole number from 0 on" in said
    assert "line 4, mobility: 5000 are more than the station's 1703 voters" in said
    assert "line 5, number: 8001 stands on line 2 already" in said
    assert "mistakes: 4. Nothing was imported" in said
    assert prepared.query(STORED) == []


def test_a_campaign_that_is_not_there_is_named(prepared: Cli) -> None:
    said = prepared.refused(*words(prepared, GOOD, campaign="kg-none"))
    assert "There is no campaign 'kg-none'" in said


def test_the_import_is_in_the_audit_log_without_counts(prepared: Cli) -> None:
    prepared.done(*words(prepared, GOOD))
    [(detail,)] = prepared.query(
        "select detail::text from audit_log where what = 'needs_map_imported'"
    )
    assert detail == '{"campaign":"kg-test","created":2,"changed":0}'
