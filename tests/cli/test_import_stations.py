"""Stations from files: all of a file or nothing, and every bad line is told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audit_api.settings import Settings
from tests.cli.conftest import Cli, cli_on
from tests.cli.files import (
    CAMPAIGN,
    STATIONS,
    TERRITORIES,
    changed,
    csv,
    feature,
    geojson,
    json,
    station,
)

STORED = """
    select s.number, s.voters, s.constituency_number, t.code, i.name_ky, i.name_ru, i.name_en,
        i.address, i.lat, i.lon, i.building_status, i.built_on::text, i.altered_on::text,
        i.synthetic, i.rev
    from station s join site i on i.id = s.site_id join territory t on t.id = i.territory_id
    order by s.number
"""
DEMO = Path(__file__).parents[2] / "audit_api" / "demo" / "data" / "batken-2021"


def prepare(cli: Cli) -> None:
    cli.done("places", "import-territories", cli.file("territories.csv", csv(TERRITORIES)))
    cli.done("places", "import-campaign", cli.file("campaign.json", json(CAMPAIGN)))


@pytest.fixture
def prepared(cli: Cli) -> Cli:
    """With territories and a campaign."""
    prepare(cli)
    return cli


@pytest.fixture(scope="module")
def seeded(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The module's database with territories, a campaign and stations."""
    with cli_on(settings, tmp_path_factory.mktemp("seed")) as cli:
        prepare(cli)
        import_(cli, csv(STATIONS))
    return settings


@pytest.fixture
def unchanged(seeded: Settings, tmp_path: Path) -> Iterator[Cli]:
    """The command line on that database; the test leaves it as it was."""
    with cli_on(seeded, tmp_path) as cli:
        before = cli.query(STORED)
        yield cli
        assert cli.query(STORED) == before


def import_(cli: Cli, content: bytes, *options: str, name: str = "s.csv") -> str:
    path = cli.file(name, content)
    return cli.done("places", "import-stations", "--campaign", "kg-test", *options, path)


def refused(
    cli: Cli, content: bytes, *options: str, name: str = "s.csv", campaign: str = "kg-test"
) -> str:
    path = cli.file(name, content)
    return cli.refused("places", "import-stations", "--campaign", campaign, *options, path)


def test_a_csv_file_is_imported(prepared: Cli) -> None:
    said = import_(prepared, csv(STATIONS))
    assert said == "s.csv: 3 created, 0 changed, 0 unchanged.\n"


def test_what_was_imported_is_what_the_file_says(unchanged: Cli) -> None:
    assert unchanged.query(STORED)[0] == (
        8001, 1703, 1, "A", "Мектеп № 8001", "Школа № 8001", "School 8001", "улица Ленина, 1",
        39.82951, 69.51415, "existing", "1990-09-01", None, ["voters", "location"], 1,
    )  # fmt: skip


def test_importing_again_changes_nothing(unchanged: Cli) -> None:
    assert "0 created, 0 changed, 3 unchanged" in import_(unchanged, csv(STATIONS))


def test_geojson_says_the_same_as_csv(unchanged: Cli) -> None:
    said = import_(unchanged, geojson([feature(row) for row in STATIONS]), name="s.geojson")
    assert said == "s.geojson: 0 created, 0 changed, 3 unchanged.\n"


def test_geojson_may_list_what_is_synthetic(unchanged: Cli) -> None:
    rows = [feature(row | {"synthetic": ["voters", "location"]}) for row in STATIONS]
    assert "0 changed" in import_(unchanged, geojson(rows), name="s.geojson")


def test_a_dry_run_tells_the_outcome_and_stores_nothing(unchanged: Cli) -> None:
    rows = [*changed(STATIONS, 0, voters="1704"), station(8004)]
    assert import_(unchanged, csv(rows), "--dry-run") == (
        "s.csv: 1 created, 1 changed, 2 unchanged.\nDry run: nothing was stored.\n"
    )


def test_the_demonstration_s_files_change_nothing_when_imported_again(cli: Cli) -> None:
    def load() -> str:
        cli.done("places", "import-territories", str(DEMO / "territories.csv"))
        cli.done("places", "import-campaign", str(DEMO / "campaign.json"))
        path = str(DEMO / "stations.csv")
        return cli.done("places", "import-stations", "--campaign", "kg-jk-2021", path)

    assert [load(), load()] == [
        "stations.csv: 218 created, 0 changed, 0 unchanged.\n",
        "stations.csv: 0 created, 0 changed, 218 unchanged.\n",
    ]


def test_only_a_changed_station_s_site_gets_a_new_revision(prepared: Cli) -> None:
    import_(prepared, csv(STATIONS))
    import_(prepared, csv(changed(STATIONS, 1, voters="1704")))
    assert [(row[0], row[-1]) for row in prepared.query(STORED)] == [
        (8001, 1),
        (8002, 2),
        (8003, 1),
    ]


def test_what_an_import_changes_of_a_site_leaves_a_trace(prepared: Cli) -> None:
    import_(prepared, csv(STATIONS))
    other = changed(STATIONS, 1, address="Somewhere else", built_on="1999-09-01", voters="1704")
    import_(prepared, csv(other))
    assert prepared.query("""
        select s.number, f.rev, f.field, f.old::text, f.new::text, f.op is null from field_change f
        join station s on s.site_id = f.entity_id order by f.field
    """) == [
        (8002, 2, "address", '"улица Ленина, 1"', '"Somewhere else"', True),
        (8002, 2, "built_on", '"1990-09-01"', '"1999-09-01"', True),
    ]


def test_a_station_missing_from_a_later_file_stays(prepared: Cli) -> None:
    import_(prepared, csv(STATIONS))
    import_(prepared, csv(STATIONS[:1]))
    assert len(prepared.query(STORED)) == 3


def test_a_moved_station_leaves_the_feed_of_its_old_territory(prepared: Cli) -> None:
    import_(prepared, csv(STATIONS))
    import_(prepared, csv(changed(STATIONS, 0, territory="C")))
    feed = prepared.query("""
        select t.code, f.doc is null from feed f
        join station s on s.site_id = f.entity_id and s.number = 8001
        join territory t on f.scope = 'territory:' || t.id order by t.code
    """)
    assert feed == [("A", True), ("C", False)]


def test_the_columns_that_may_be_empty_may_be_missing(prepared: Cli) -> None:
    optional = {"address", "lat", "lon", "built_on", "altered_on", "synthetic"}
    rows = [{k: v for k, v in row.items() if k not in optional} for row in STATIONS]
    assert "3 created" in import_(prepared, csv(rows))


def test_a_byte_order_mark_is_read_over(unchanged: Cli) -> None:
    assert "3 unchanged" in import_(unchanged, csv(STATIONS, encoding="utf-8-sig"))


def test_another_encoding_is_refused_with_what_to_do(unchanged: Cli) -> None:
    rows = [row | {"site_name_ky": "Мектеп", "site_name_ru": "УИК"} for row in STATIONS]
    rows = [{k: str(v).replace("№", "N") for k, v in row.items()} for row in rows]
    assert "s.csv: byte" in refused(unchanged, csv(rows, encoding="cp1251"))


def test_a_missing_column_is_told(unchanged: Cli) -> None:
    rows = [{k: v for k, v in row.items() if k != "voters"} for row in STATIONS]
    assert "line 1, voters: this column is missing; add it" in refused(unchanged, csv(rows))


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"voters": "-1"}, "line 3, voters: '-1' is not a whole number from 0 on"),
        ({"voters": "1,5"}, "line 3, voters: '1,5' is not a whole number"),
        ({"voters": "1.5"}, "line 3, voters: '1.5' is not a whole number"),
        ({"voters": "1 703"}, "line 3, voters: '1 703' is not a whole number"),
        ({"voters": "١٧٠٣"}, "line 3, voters: '١٧٠٣' is not a whole number"),
        ({"voters": "9" * 5000}, "line 3, voters: '999"),
        ({"voters": ""}, "line 3, voters: '' is not a whole number"),
        ({"number": "0"}, "line 3, number: '0' is not a whole number from 1 on"),
        ({"number": "8001"}, "line 3, number: 8001 stands on line 2 already"),
        ({"number": "08001"}, "line 3, number: 8001 stands on line 2 already"),
        ({"territory": "X"}, "line 3, territory: 'X' is not known; import the territories first"),
        ({"territory": "D"}, "line 3, territory: D is a district; a site lies in a city or aiyl"),
        ({"territory": ""}, "line 3, territory: is empty; fill it in"),
        ({"constituency": "2"}, "line 3, constituency: 2 is no constituency of the campaign; it"),
        ({"constituency": "first"}, "line 3, constituency: 'first' is not a whole number from 1"),
        ({"lat": "90.1"}, "line 3, lat: '90.1' is not a coordinate between -90 and 90"),
        ({"lon": "200"}, "line 3, lon: '200' is not a coordinate between -180 and 180"),
        ({"lat": ""}, "line 3, lat, lon: give both or none"),
        ({"building_status": "old"}, "line 3, building_status: 'old' is none of: existing, new"),
        ({"built_on": "1990"}, "line 3, built_on: '1990' is not a day like 2021-11-28"),
        ({"altered_on": "0000-00-00"}, "line 3, altered_on: '0000-00-00' is not a day like"),
        ({"site_name_ru": "Школа\n1"}, "site_name_ru: has control characters"),
        ({"address": "x" * 501}, "line 3, address: has control characters or more than 500"),
    ],
)  # fmt: skip
def test_a_bad_line_is_told_and_nothing_is_imported(
    unchanged: Cli, cells: dict[str, Any], told: str
) -> None:
    rows = [*changed(STATIONS, 1, **cells), station(8009)]
    assert told in refused(unchanged, csv(rows))


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"voters": True}, "feature 2, voters: '' is not a whole number"),
        ({"voters": 1.5}, "feature 2, voters: '1.5' is not a whole number"),
        ({"voters": 10**400}, "feature 2, voters: '1000"),
        ({"address": {"street": "Ленина"}}, "feature 2, address: is no text"),
        ({"synthetic": [1]}, "feature 2, synthetic: is no text"),
    ],
)
def test_a_bad_feature_is_told_and_nothing_is_imported(
    unchanged: Cli, cells: dict[str, Any], told: str
) -> None:
    features = [feature(row) for row in STATIONS]
    features[1]["properties"] |= cells
    assert told in refused(unchanged, geojson(features), name="s.geojson")


def test_every_bad_line_is_told_at_once(unchanged: Cli) -> None:
    rows = changed(changed(STATIONS, 0, voters="-1", constituency="9"), 2, territory="X")
    said = refused(unchanged, csv(rows)).splitlines()
    assert [line.split(":")[0] for line in said[:-1]] == [
        "line 2, voters", "line 2, constituency", "line 4, territory",
    ]  # fmt: skip


def test_one_mistake_is_told_once(unchanged: Cli) -> None:
    said = refused(unchanged, csv(changed(STATIONS, 1, territory="?", constituency="")))
    assert "mistakes: 2." in said


def test_stations_of_an_unknown_campaign_are_refused(unchanged: Cli) -> None:
    said = refused(unchanged, csv(STATIONS), campaign="kg-2099")
    assert "There is no campaign 'kg-2099'; make it first." in said
