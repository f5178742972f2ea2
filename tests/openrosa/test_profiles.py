"""One form for several profiles and by several laws: which one Collect is offered."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.storage.base import Database
from audit_api.storage.places.campaigns import Campaign, Constituency
from field_schema import xforms
from field_schema.catalog import load_catalog
from field_schema.xforms import released_xforms
from tests.factories import CAMPAIGN, World, make_site
from tests.openrosa.test_downloads import MANIFEST, STATION, fetched, listed, parsed, sites_of

NEXT = "kg-test-next"


def test_one_form_for_two_profiles_is_two_forms_and_each_says_which(
    client: FlaskClient, world: World, database: Database, at: str
) -> None:
    with database.writing() as session:
        session.add(
            Campaign(
                id=NEXT,
                name_ky="Шайлоо",
                name_ru="Выборы",
                name_en="Elections",
                election_day=date(2026, 12, 1),
                territory_id=world.territories["region"],
                profile="kg-demo-2026",
                forms=["station/1"],
            )
        )
        session.flush()
        names = {"name_ky": "1", "name_ru": "1", "name_en": "1"}
        session.add(Constituency(campaign_id=NEXT, number=1, **names))
        session.flush()
        make_site(session, world.territories["near-1"], 9_900, campaign=NEXT)
    forms = listed(client, at)
    other = "station.kg-demo-2026"
    title = load_catalog().form("station/1").title["en"]
    for form_id in (STATION, other):
        profile = load_catalog().profiles[form_id.partition(".")[2]]
        assert forms[form_id]["name"] == f"{title} · {profile.title['en']}"
    assert forms[other]["version"] == "1.20261128"
    assert {row["campaign"] for row in sites_of(client, forms[other])} == {NEXT}
    assert {row["campaign"] for row in sites_of(client, forms[STATION])} == {CAMPAIGN}
    assert forms[STATION]["hash"] != forms[other]["hash"]


@pytest.fixture
def two_releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Of the station, a second release by the law of the day before election day."""
    folder = tmp_path / "xforms"
    shutil.copytree(xforms.FOLDER, folder)
    index = json.loads((folder / xforms.PUBLISHED).read_bytes())
    newer = released_xforms()["kg-demo-2021", "station/1"][-1]
    older = newer.data.replace(newer.version.encode(), b"1.20211127", 1)
    name = xforms.file_of("station", 1, newer.profile, date(2021, 11, 27))
    (folder / name).write_bytes(older)
    index["files"][name] = hashlib.sha256(older).hexdigest()
    (folder / xforms.PUBLISHED).write_text(json.dumps(index))
    monkeypatch.setattr(xforms, "FOLDER", folder)
    released_xforms.cache_clear()
    yield
    released_xforms.cache_clear()


@pytest.mark.usefixtures("two_releases")
def test_the_law_of_election_day_is_offered_and_what_a_phone_began_with_stays(
    client: FlaskClient, database: Database, at: str
) -> None:
    assert listed(client, at)[STATION]["version"] == "1.20211128"
    older = f"{at}/forms/{STATION}/1.20211127"
    assert b'version="1.20211127"' in fetched(client, f"{older}.xml").data
    manifest = parsed(fetched(client, f"{older}/manifest"), f"{MANIFEST}manifest")
    for address in manifest.iter(f"{MANIFEST}downloadUrl"):
        assert f"/{STATION}/1.20211127/" in str(address.text)
        assert fetched(client, str(address.text)).status_code == 200
    day = text("update campaign set election_day = :day where id = :id")
    with database.writing() as session:
        session.execute(day, {"day": date(2021, 11, 27), "id": CAMPAIGN})
    assert listed(client, at)[STATION]["version"] == "1.20211127"
    with database.writing() as session:
        session.execute(day, {"day": date(2021, 11, 28), "id": CAMPAIGN})
