"""Fabrication flags, from what a tablet hands in to what a supervisor reads."""

import hashlib
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from audit_api.storage.base import Database
from tests.factories import World
from tests.field_schema.bodies import measurement
from tests.http.suspect import Suspects, claiming, picture

SAME = {"width_mm": measurement(911), "rise_mm": measurement(433)}


@pytest.fixture(scope="module")
def suspects(app: Flask, database: Database, world: World) -> Suspects:
    return Suspects(app, database, world)


def test_before_anybody_looked_that_is_said(suspects: Suspects) -> None:
    inspection = suspects.visit(suspects.site(), [picture(1)])
    told = suspects.read(inspection)
    assert told == {
        "checked_at": None,
        "photos_announced": None,
        "photos_examined": None,
        "items": [],
    }
    assert inspection in {str(one.inspection) for one in suspects.look()}
    told = suspects.read(inspection)
    assert (told["photos_announced"], told["photos_examined"], told["items"]) == (1, 0, [])
    assert told["checked_at"] is not None


def test_what_is_checked_is_checked_again_only_when_a_photo_was_examined(
    suspects: Suspects,
) -> None:
    one, two = picture(2), picture(3)
    inspection = suspects.visit(suspects.site(), [one, two])
    suspects.look()
    assert suspects.look() == []
    suspects.hand_in(one)
    assert [str(checked.inspection) for checked in suspects.look()] == [inspection]
    assert suspects.look() == []
    suspects.hand_in(two)
    assert [str(checked.inspection) for checked in suspects.look()] == [inspection]
    assert suspects.read(inspection)["photos_examined"] == 2


def test_one_photo_at_two_sites_is_flagged_at_both_before_it_is_even_here(
    suspects: Suspects,
) -> None:
    data = picture(4)
    sha256 = hashlib.sha256(data).hexdigest()
    first_site, second_site = suspects.site(), suspects.site()
    first = suspects.visit(first_site, [data])
    suspects.look()
    second = suspects.visit(second_site, [data])
    suspects.look()
    for mine, theirs, site in ((first, second, second_site), (second, first, first_site)):
        (flag,) = suspects.flags(mine, "same_photo")
        assert (flag["photo"], flag["state"], flag["decision"]) == (sha256, "open", None)
        other = flag["other"]
        assert (other["inspection"], other["site"], other["photo"]) == (theirs, str(site), sha256)
        assert other["current"] is True
        assert "another site" in flag["text"]


def test_one_photo_twice_at_one_site_is_no_sign(suspects: Suspects) -> None:
    data, site = picture(5), suspects.site()
    one, two = suspects.visit(site, [data]), suspects.visit(site, [data])
    suspects.look()
    assert suspects.flags(one, "same_photo") == suspects.flags(two, "same_photo") == []


def test_a_photo_saved_anew_is_alike_at_both_sites(suspects: Suspects) -> None:
    one, two, unlike = picture(6), picture(6, quality=40), picture(7)
    first = suspects.visit(suspects.site(), [one])
    second = suspects.visit(suspects.site(), [two, unlike])
    suspects.look()
    assert suspects.flags(first, "alike_photo") == []
    suspects.hand_in(one)
    suspects.look()
    suspects.hand_in(two, unlike)
    suspects.look()
    (there,), (back,) = (suspects.flags(i, "alike_photo") for i in (first, second))
    assert there["photo"] == back["other"]["photo"] == hashlib.sha256(one).hexdigest()
    assert there["other"]["photo"] == back["photo"] == hashlib.sha256(two).hexdigest()
    assert there["figures"]["bits"] <= there["figures"]["limit_bits"] == 3
    assert suspects.flags(first, "same_photo") == []


@pytest.mark.parametrize(
    ("minutes", "kind"),
    [
        (-58, None),
        (-62, "photo_before_visit"),
        (45 + 58, None),
        (45 + 62, "photo_after_visit"),
    ],
)
@pytest.mark.parametrize("zone", ["", "+06:00"])
def test_a_photo_claims_a_time_outside_the_visit(
    suspects: Suspects, minutes: int, kind: str | None, zone: str
) -> None:
    begun = suspects.day()
    data = claiming(uuid4().int, taken=begun + timedelta(minutes=minutes), zone=zone)
    inspection = suspects.visit(suspects.site(), [data], started=begun)
    suspects.hand_in(data)
    suspects.look()
    found = suspects.read(inspection)["items"]
    assert [flag["kind"] for flag in found] == [kind] * bool(kind)
    for flag in found:
        assert flag["figures"]["zone_assumed"] is not bool(zone)
        assert ("Bishkek time is assumed" in flag["text"]) is not bool(zone)
        assert flag["other"] is None


def test_a_correction_shows_the_photos_of_its_first_visit_without_a_flag(
    suspects: Suspects,
) -> None:
    begun = suspects.day()
    data = claiming(8, taken=begun)
    site = suspects.site()
    inspection = suspects.visit(site, [data], started=begun)
    suspects.hand_in(data)
    suspects.visit(
        site,
        [data],
        started=begun + timedelta(days=90),
        inspection=UUID(inspection),
        base={"rev": 1},
    )
    suspects.look()
    assert suspects.read(inspection)["checked_at"] is not None
    assert suspects.flags(inspection, "photo_before_visit") == []


@pytest.mark.parametrize(("lat", "found"), [(40.0, False), (41.0, True)])
def test_a_photo_claims_to_be_from_elsewhere(suspects: Suspects, lat: float, found: bool) -> None:
    data = claiming(uuid4().int, lat=lat)
    inspection = suspects.visit(suspects.site(), [data])
    suspects.hand_in(data)
    suspects.look()
    flags = suspects.flags(inspection, "photo_far")
    assert len(flags) == found
    for flag in flags:
        assert flag["figures"] == {"distance_m": 111_196, "limit_m": 1000}


@pytest.mark.parametrize(
    ("north_m", "accuracy_m", "found"), [(990, 0, 0), (1010, 0, 1), (1510, 520, 0), (1510, 490, 1)]
)
def test_a_tablet_was_elsewhere(
    suspects: Suspects, north_m: float, accuracy_m: float, found: int
) -> None:
    inspection = suspects.visit(suspects.site(), north_m=north_m, accuracy_m=accuracy_m)
    suspects.look()
    assert len(suspects.flags(inspection, "visit_far")) == found


@pytest.mark.parametrize(("minutes", "found"), [(45 + 7, 0), (45 + 6, 1), (20, 1)])
def test_an_inspector_travels_faster_than_a_car(
    suspects: Suspects, minutes: int, found: int
) -> None:
    begun = suspects.day()
    first = suspects.visit(suspects.site(), started=begun)
    suspects.look()
    second = suspects.visit(
        suspects.site(), started=begun + timedelta(minutes=minutes), north_m=12_000
    )
    suspects.look()
    for mine, theirs in ((first, second), (second, first)):
        flags = suspects.flags(mine, "impossible_travel")
        assert [flag["other"]["inspection"] for flag in flags] == [theirs] * found
        if flags and minutes > 45:
            assert flags[0]["figures"]["speed_kmh"] > 110


def test_a_correction_was_made_when_it_says_so_itself(suspects: Suspects) -> None:
    begun, site = suspects.day(), suspects.site()
    corrected = suspects.visit(site, started=begun)
    again = begun + timedelta(days=3)
    suspects.visit(site, started=again, inspection=UUID(corrected), base={"rev": 1})
    between = suspects.visit(
        suspects.site(), started=begun + timedelta(days=1, hours=9), north_m=30_000
    )
    suspects.look()
    assert suspects.flags(corrected, "impossible_travel") == []
    assert suspects.flags(between, "impossible_travel") == []


def test_two_inspectors_may_be_at_two_places(suspects: Suspects) -> None:
    begun = suspects.day()
    near = suspects.visit(suspects.site(), started=begun)
    far = suspects.visit(suspects.site("far-1"), started=begun, north_m=90_000, where="far")
    suspects.look()
    assert suspects.flags(near, "impossible_travel") == []
    assert suspects.flags(far, "impossible_travel", where="far") == []


def test_the_same_measurements_at_two_sites_of_one_inspector(suspects: Suspects) -> None:
    first = suspects.visit(suspects.site(), answers=SAME)
    other = SAME | {"rise_mm": measurement(434)}
    unlike = suspects.visit(suspects.site(), answers=other)
    theirs = suspects.visit(suspects.site("far-1"), answers=SAME, where="far")
    second = suspects.visit(suspects.site(), answers=SAME)
    suspects.look()
    (there,), (back,) = (suspects.flags(i, "same_measurements") for i in (first, second))
    assert (there["other"]["inspection"], back["other"]["inspection"]) == (second, first)
    assert there["element"] == back["other"]["element"] != back["element"]
    assert there["figures"] == {"element_type": "ramp", "values": 8, "limit_values": 5}
    assert suspects.flags(unlike, "same_measurements") == []
    assert suspects.flags(theirs, "same_measurements", where="far") == []


def test_of_one_photo_used_everywhere_only_a_few_others_are_named(suspects: Suspects) -> None:
    data = picture(9)
    visits = [suspects.visit(suspects.site(), [data]) for _ in range(8)]
    suspects.look()
    named = [f["other"]["inspection"] for f in suspects.flags(visits[-1], "same_photo")]
    assert sorted(named) == sorted(visits[:5])
    assert len(suspects.flags(visits[0], "same_photo")) == 7


def test_a_revision_that_no_longer_has_the_photo_is_flagged_no_more_the_other_still(
    suspects: Suspects,
) -> None:
    data, site = picture(10), suspects.site()
    mended, other = suspects.visit(site, [data]), suspects.visit(suspects.site(), [data])
    suspects.look()
    suspects.visit(site, inspection=UUID(mended), base={"rev": 1})
    suspects.look()
    assert suspects.flags(mended, "same_photo") == []
    (flag,) = suspects.flags(other, "same_photo")
    assert (flag["other"]["rev"], flag["other"]["current"]) == (1, False)


def test_one_that_cannot_be_checked_holds_nothing_up(
    suspects: Suspects, database: Database
) -> None:
    broken, whole = suspects.visit(suspects.site()), suspects.visit(suspects.site(), north_m=5_000)
    with database.writing() as session:
        # As somebody with all rights in the database would do it: revisions are immutable.
        session.execute(text("set local session_replication_role = replica"))
        session.execute(
            text("""update inspection set body = cast(replace(body::text, 'ramp/1', 'ramp/99')
                as json) where id = :id"""),
            {"id": broken},
        )
    assert [str(checked.inspection) for checked in suspects.look()] == [whole]
    assert suspects.read(whole)["items"]
