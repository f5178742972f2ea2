"""A campaign from a JSON file: made whole or refused with all that is wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audit_api.settings import Settings
from tests.cli.conftest import Cli, cli_on
from tests.cli.files import CAMPAIGN, TERRITORIES, csv, json

STORED = """
    select c.id, c.name_ky, c.election_day::text, t.code, c.profile, c.forms,
        (select array_agg((m.id, m.days_before)::text) from milestone m),
        (select array_agg((k.number, k.name_en)::text) from constituency k)
    from campaign c join territory t on t.id = c.territory_id
"""


def with_territories(cli: Cli) -> None:
    cli.done("places", "import-territories", cli.file("territories.csv", csv(TERRITORIES)))


@pytest.fixture
def prepared(cli: Cli) -> Cli:
    with_territories(cli)
    return cli


@pytest.fixture(scope="module")
def seeded(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    with cli_on(settings, tmp_path_factory.mktemp("seed")) as cli:
        with_territories(cli)
    return settings


@pytest.fixture
def empty(seeded: Settings, tmp_path: Path) -> Iterator[Cli]:
    """Territories only, and nothing more after the test."""
    with cli_on(seeded, tmp_path) as cli:
        yield cli
        assert cli.query(STORED) == []


def made(cli: Cli, said: Any) -> str:
    return cli.done("places", "import-campaign", cli.file("c.json", json(said)))


def test_a_campaign_is_made_as_the_file_says(prepared: Cli) -> None:
    made(prepared, CAMPAIGN)
    assert prepared.query(STORED) == [
        ("kg-test", "Шайлоо", "2021-11-28", "R", "kg-demo-2021", ["ramp/1", "station/1"],
         ["(remediation_due,10)"], ["(1,Leilek)"])
    ]  # fmt: skip


def test_a_campaign_that_is_there_is_not_changed_and_that_is_told(prepared: Cli) -> None:
    made(prepared, CAMPAIGN)
    before = prepared.query(STORED)
    said = made(prepared, CAMPAIGN | {"election_day": "2021-12-05"})
    assert prepared.query(STORED) == before
    assert "kg-test: was there and stays as it is" in said


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"id": "KG 2021"}, "campaign, id: 'KG 2021' is not 1 to 40 small letters"),
        ({"id": None}, "campaign, id: is empty"),
        ({"name": {"ky": "Шайлоо"}}, "campaign, name, ru: is empty"),
        ({"name": "Выборы"}, "campaign, name: is no object with ky, ru and en"),
        ({"election_day": "soon"}, "campaign, election_day: 'soon' is not a day"),
        ({"election_day": None}, "campaign, election_day: is empty"),
        ({"territory": "X"}, "campaign, territory: 'X' is not known; import the territories"),
        ({"profile": ""}, "campaign, profile: is empty"),
        ({"profile": "kg-none"}, "campaign, profile: 'kg-none' is not in the catalog"),
        ({"forms": ["ramp/99"]}, "campaign, forms: 'ramp/99' is not in the catalog"),
        ({"forms": "ramp/1"}, "campaign, forms: is no list of forms"),
        ({"forms": []}, "campaign, forms: is no list of forms"),
        ({"milestones": [{"id": "m", "days_before": 1, "working_days": "yes",
                          "name": CAMPAIGN["name"]}]},
         "milestones/0, working_days: 'yes' is neither true nor false"),
        ({"milestones": None}, "campaign, milestones: is no list of objects"),
        ({"milestones": [{"id": "m", "days_before": -1, "name": CAMPAIGN["name"]}]},
         "milestones/0, days_before: '-1' is not a whole number from 0"),
        ({"milestones": [{"id": "m" * 41, "days_before": 1, "name": CAMPAIGN["name"]}]},
         "milestones/0, id: has control characters or more than 40"),
        ({"constituencies": [{"number": "one", "name": CAMPAIGN["name"]}]},
         "constituencies/0, number: 'one' is not a whole number from 1"),
        ({"constituencies": [{"number": 1}]}, "constituencies/0, name: is no object"),
    ],
)  # fmt: skip
def test_a_wrong_member_is_told_and_nothing_is_made(
    empty: Cli, members: dict[str, Any], told: str
) -> None:
    path = empty.file("c.json", json(CAMPAIGN | members))
    assert told in empty.refused("places", "import-campaign", path)


def test_all_that_is_missing_is_told_at_once(empty: Cli) -> None:
    said = empty.refused("places", "import-campaign", empty.file("c.json", b"{}"))
    assert [line.split(":")[0].split(", ")[1] for line in said.splitlines()[:-1]] == [
        "id", "election_day", "forms", "name", "territory", "profile", "milestones",
        "constituencies",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "c.json is no JSON"),
        ("{}".encode("utf-16"), "c.json is no JSON"),
        (b"[" * 100_000, "c.json is no JSON"),
        (b"[]", "c.json holds no JSON object"),
    ],
    ids=["cut short", "UTF-16", "too deep", "a list"],
)
def test_what_is_no_json_object_is_refused(empty: Cli, content: bytes, told: str) -> None:
    assert told in empty.refused("places", "import-campaign", empty.file("c.json", content))
