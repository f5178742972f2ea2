"""Territories from files: all of a file or nothing, and every bad line is told."""

from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.cli.files import TERRITORIES, changed, csv, feature, geojson, territory

STORED = """
    select t.code, t.kind, p.code, v.valid_from::text, v.name_ky, v.name_ru, v.name_en, t.lat, t.lon
    from territory_version v join territory t on t.id = v.territory_id
    left join territory p on p.id = v.parent_id order by t.code, v.valid_from
"""


def import_(cli: Cli, content: bytes, *options: str, name: str = "t.csv") -> str:
    return cli.done("places", "import-territories", *options, cli.file(name, content))


def refused(cli: Cli, content: bytes, *, name: str = "t.csv") -> str:
    """What is said of a file that is refused; nothing of it is stored."""
    before = cli.query(STORED)
    said = cli.refused("places", "import-territories", cli.file(name, content))
    assert cli.query(STORED) == before
    return said


def test_a_csv_file_is_imported(cli: Cli) -> None:
    assert import_(cli, csv(TERRITORIES)) == "t.csv: 4 created, 0 changed, 0 unchanged.\n"


def test_what_was_imported_is_what_the_file_says(cli: Cli) -> None:
    import_(cli, csv(TERRITORIES))
    assert cli.query(STORED)[2] == (
        "D", "district", "R", "0001-01-01", "Өңүр D", "Регион D", "Place D", 40.0604, 70.8193,
    )  # fmt: skip


def test_geojson_says_the_same_as_csv(cli: Cli) -> None:
    import_(cli, csv(TERRITORIES))
    said = import_(cli, geojson([feature(row) for row in TERRITORIES]), name="t.geojson")
    assert said == "t.geojson: 0 created, 0 changed, 4 unchanged.\n"


def test_importing_again_changes_nothing(cli: Cli) -> None:
    import_(cli, csv(TERRITORIES))
    assert "0 created, 0 changed, 4 unchanged" in import_(cli, csv(TERRITORIES))


def test_a_dry_run_tells_the_outcome(shared: Cli) -> None:
    assert import_(shared, csv(TERRITORIES), "--dry-run") == (
        "t.csv: 4 created, 0 changed, 0 unchanged.\nDry run: nothing was stored.\n"
    )


def test_a_dry_run_stores_nothing(shared: Cli) -> None:
    import_(shared, csv(TERRITORIES), "--dry-run")
    assert shared.query("select code from territory union all select what from audit_log") == []


def test_a_dry_run_refuses_what_the_import_would(shared: Cli) -> None:
    path = shared.file("t.csv", csv(changed(TERRITORIES, 1, kind="oblast")))
    assert "line 3, kind" in shared.refused("places", "import-territories", "--dry-run", path)


def test_an_import_is_in_the_audit_log(cli: Cli) -> None:
    import_(cli, csv(TERRITORIES))
    assert cli.query("select what, subject, detail from audit_log") == [
        ("territories_imported", "t.csv", {"created": 4, "changed": 0})
    ]


def test_a_new_name_changes_one_territory(cli: Cli) -> None:
    import_(cli, csv(TERRITORIES))
    said = import_(cli, csv(changed(TERRITORIES, 2, name_ru="Другое имя")))
    assert "0 created, 1 changed, 3 unchanged" in said


def test_a_later_version_keeps_the_earlier_one(cli: Cli) -> None:
    import_(cli, csv(TERRITORIES))
    later = territory("A", "aiyl_aimak", "D", valid_from="2022-01-01", name_ru="Новое")
    import_(cli, csv([later]))
    stored = [row[3:6:2] for row in cli.query(STORED) if row[0] == "A"]
    assert stored == [("0001-01-01", "Регион A"), ("2022-01-01", "Новое")]


def test_two_versions_in_one_file_change_nothing_when_imported_again(cli: Cli) -> None:
    both = csv([*TERRITORIES, territory("A", "aiyl_aimak", "D", valid_from="2022-01-01")])
    import_(cli, both)
    assert "0 created, 0 changed, 5 unchanged" in import_(cli, both)


@pytest.mark.parametrize(
    "content",
    [
        csv(TERRITORIES, encoding="utf-8-sig"),
        csv(TERRITORIES, lines_end="\r\n"),
        csv(TERRITORIES, lines_end="\r"),
        csv(TERRITORIES) + b"\n,,,,,,,,\n\n",
        csv([{name: row[name] for name in reversed(row)} for row in TERRITORIES]),
    ],
    ids=["byte order mark", "Windows", "old Mac", "empty lines at the end", "other order"],
)
def test_what_spreadsheets_write_is_read(cli: Cli, content: bytes) -> None:
    assert "4 created" in import_(cli, content)


@pytest.mark.parametrize("encoding", ["cp1251", "utf-16"])
def test_another_encoding_is_refused_with_what_to_do(shared: Cli, encoding: str) -> None:
    rows = [row | {"name_ky": "Баткен"} for row in TERRITORIES]
    said = refused(shared, csv(rows, encoding=encoding))
    assert "is not UTF-8; save it as UTF-8" in said


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "t.csv has no lines"),
        (b"\n\n", "t.csv has no lines"),
        (csv(TERRITORIES).splitlines()[0], "t.csv has no lines"),
        (csv([{k: v for k, v in row.items() if k != "name_ru"} for row in TERRITORIES]),
         "line 1, name_ru: this column is missing; add it"),
        (csv([row | {"nmae_en": "x"} for row in TERRITORIES]),
         "line 1, nmae_en: unknown column; known are code, kind,"),
        (csv(TERRITORIES).replace(b"name_ru", b"name_ky", 1), "line 1, name_ky: comes twice"),
        (csv(TERRITORIES).replace(b",", b";"), "line 1, code: this column is missing"),
        (csv(TERRITORIES).replace(b"Place D", b"Place, D"), "line 3: 10 cells, not 9"),
        (csv(TERRITORIES)[:-12], "line 5: 8 cells, not 9"),
        (csv(TERRITORIES).replace(b"Place D", b'"Place D'), "see whether all quotes are closed"),
        (csv(TERRITORIES).replace(b"Place D", b"x" * 200_000), "t.csv, line 3: field larger"),
    ],
    ids=["empty", "blank", "header alone", "column missing", "column unknown", "column twice",
         "semicolons", "too many cells", "cut short", "open quote", "endless cell"],
)  # fmt: skip
def test_a_file_of_another_shape_is_refused(shared: Cli, content: bytes, told: str) -> None:
    assert told in refused(shared, content)


def test_an_unknown_column_is_told_once(shared: Cli) -> None:
    said = refused(shared, csv([row | {"note": "x"} for row in TERRITORIES]))
    assert said.count("unknown column") == 1


@pytest.mark.parametrize(
    ("n", "cells", "told"),
    [
        (1, {"code": ""}, "line 3, code: is empty; fill it in"),
        (1, {"code": "D 1"}, "line 3, code: 'D 1' is not a code of digits, letters and hyphens"),
        (1, {"kind": "oblast"}, "line 3, kind: 'oblast' is none of: region, district, city"),
        (1, {"name_ky": " "}, "line 3, name_ky: is empty; fill it in"),
        (1, {"name_ru": "ы" * 501}, "line 3, name_ru: has control characters or more than 500"),
        (1, {"name_ru": "a\x00b"}, "line 3, name_ru: has control characters"),
        (1, {"name_ru": "a\x85b"}, "line 3, name_ru: has control characters"),
        (1, {"lat": "91"}, "line 3, lat: '91' is not a coordinate between -90 and 90 (WGS 84)"),
        (1, {"lon": "-180.5"}, "line 3, lon: '-180.5' is not a coordinate between -180 and 180"),
        (1, {"lat": "39,8"}, "line 3, lat: '39,8' is not a coordinate"),
        (1, {"lat": "nan"}, "line 3, lat: 'nan' is not a coordinate"),
        (1, {"lat": "٤٠"}, "line 3, lat: '٤٠' is not a coordinate"),
        (1, {"lon": ""}, "line 3, lat, lon: give both or none"),
        (1, {"valid_from": "28.11.2021"}, "line 3, valid_from: '28.11.2021' is not a day like"),
        (1, {"valid_from": "20211128"}, "line 3, valid_from: '20211128' is not a day like"),
        (1, {"valid_from": "2021-02-29"}, "line 3, valid_from: '2021-02-29' is not a day like"),
        (2, {"parent": "X"}, "line 4, parent: 'X' is not known on or above this line; parents"),
        (2, {"parent": "A"}, "line 4, parent: 'A' is not known on or above this line; parents"),
        (2, {"parent": ""}, "line 4, parent: is empty; a aiyl_aimak lies in a district or region"),
        (0, {"parent": "R"}, "line 2, parent: a region has no parent; leave it empty"),
        (3, {"parent": "A"}, "line 5, parent: A is a aiyl_aimak and has no parts"),
        (3, {"parent": "D", "kind": "district"}, "line 5, parent: D is a district; a district"),
        (3, {"code": "A"}, "line 5, kind: A is a aiyl_aimak; a territory keeps its kind"),
        (3, TERRITORIES[2], "line 5, code: A stands on line 4 already"),
        (3, TERRITORIES[2] | {"valid_from": "2022-01-01", "lat": "41"},
         "line 5, lat, lon: A lies elsewhere on line 4; it has one place"),
    ],
)  # fmt: skip
def test_a_bad_line_is_told_and_nothing_is_imported(
    shared: Cli, n: int, cells: dict[str, Any], told: str
) -> None:
    assert told in refused(shared, csv(changed(TERRITORIES, n, **cells)))


def test_every_bad_line_is_told_at_once(shared: Cli) -> None:
    rows = changed(changed(TERRITORIES, 1, lat="91"), 3, name_en="", parent="X")
    said = refused(shared, csv(rows)).splitlines()
    assert [line.split(":")[0] for line in said[:-1]] == [
        "line 3, lat", "line 5, name_en", "line 5, parent",
    ]  # fmt: skip
    assert said[-1].endswith("mistakes: 3. Nothing was imported; mend them and import again.")


def test_one_mistake_is_told_once(shared: Cli) -> None:
    said = refused(shared, csv(changed(TERRITORIES, 1, kind="oblast")))
    assert "mistakes: 1." in said


def test_a_territory_cannot_become_its_own_parent(cli: Cli) -> None:
    import_(cli, csv(TERRITORIES))
    said = refused(cli, csv([territory("D", "district", "D")]))
    assert "line 2, parent: 'D' is not known on or above this line" in said


def test_a_territory_keeps_its_kind(cli: Cli) -> None:
    import_(cli, csv(TERRITORIES))
    said = refused(cli, csv([territory("C", "aiyl_aimak", "D")]))
    assert "line 2, kind: C is a city; a territory keeps its kind" in said


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"code,kind", "t.geojson is no JSON"),
        (b"[" * 100_000, "t.geojson is no JSON"),
        (b"[]", "t.geojson is no GeoJSON FeatureCollection"),
        (geojson([]), "t.geojson has no lines"),
        (geojson([7]), "feature 1: is no GeoJSON feature with properties"),
        (geojson([feature(TERRITORIES[0]), {"type": "Feature", "properties": None}]),
         "feature 2: is no GeoJSON feature with properties"),
        (geojson([feature(TERRITORIES[0]) | {"geometry": {"type": "Polygon", "coordinates": []}}]),
         "feature 1, geometry: is no Point"),
        (geojson([feature(TERRITORIES[0]) | {"geometry": {"type": "Point", "coordinates": [7]}}]),
         "feature 1, geometry: is no Point"),
        (geojson([feature(TERRITORIES[0] | {"lat": "91"})]), "feature 1, lat: '91.0' is not"),
        (geojson([feature(TERRITORIES[0] | {"lat": "NaN"})]), "feature 1, lat: 'nan' is not"),
        (geojson([feature(TERRITORIES[0] | {"name_ru": ["a"]})]), "name_ru: is no text"),
        (geojson([feature(TERRITORIES[0] | {"fid": 1})]), "feature 1, fid: unknown column"),
        (geojson([feature(TERRITORIES[0])]).replace("Регион R".encode(), b"\\ud800"),
         "feature 1, name_ru: has control characters"),
    ],
    ids=["CSV", "too deep", "a list", "nothing", "a number", "no properties", "polygon",
         "half a point", "beyond the pole", "NaN", "list as text", "unknown member",
         "half a letter"],
)  # fmt: skip
def test_bad_geojson_is_told_and_nothing_is_imported(
    shared: Cli, content: bytes, told: str
) -> None:
    assert told in refused(shared, content, name="t.geojson")


def test_coordinates_of_a_gis_program_are_read(cli: Cli) -> None:
    point = {"type": "Point", "coordinates": [69.514150000000001, 0.00001, 1200.5]}
    import_(cli, geojson([feature(TERRITORIES[0]) | {"geometry": point}]), name="t.geojson")
    assert cli.query("select lon, lat from territory") == [(69.51415, 0.00001)]


def test_a_territory_without_a_point_is_imported(cli: Cli) -> None:
    import_(cli, geojson([feature(TERRITORIES[0]) | {"geometry": None}]), name="t.geojson")
    assert cli.query("select lon, lat from territory") == [(None, None)]


def test_a_file_that_is_not_there_is_told(shared: Cli) -> None:
    outcome = shared("places", "import-territories", str(shared.folder / "missing.csv"))
    assert (outcome.exit_code, "does not exist" in outcome.output) == (2, True)
