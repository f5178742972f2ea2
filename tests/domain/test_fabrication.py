"""Signs of fabrication: each rule hits just beyond its threshold and is silent just within."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_api.domain.oversight.fabrication import (
    Flag,
    PhotoClaims,
    Place,
    Side,
    Thresholds,
    Visit,
    alike_bits,
    alike_photo,
    distance_m,
    impossible_travel,
    mirrored,
    same_measurements,
    same_photo,
    single_flags,
    surely_apart_m,
    tells_something,
)
from audit_api.domain.vocabulary import FlagKind

LIMITS = Thresholds()
SITE = Place(40.0, 70.0)
START = datetime(2021, 10, 20, 4, 0, tzinfo=UTC)
END = START + timedelta(minutes=45)
METRE = 1 / 111_195  # degrees of latitude, on a sphere of the Earth's mean radius
HASH = 0x0F0F_3C3C_55AA_33CC


def side(photo: bytes | None = None) -> Side:
    return Side(uuid4(), 1, photo)


def visit(**members: Any) -> Visit:
    told: dict[str, Any] = {"side": side(), "site": uuid4(), "started": START, "finished": END}
    told |= {"site_place": SITE} | members
    return Visit(**{"photos_from": told["started"], "photos_until": told["finished"]} | told)


def north(metres: float, accuracy_m: float = 0.0) -> Place:
    return Place(40.0 + metres * METRE, 70.0, accuracy_m)


def kinds(flags: Any) -> list[FlagKind]:
    return [flag.kind for flag in flags]


def test_a_degree_of_latitude_is_111_kilometres() -> None:
    assert distance_m(Place(40, 70), Place(41, 70)) == pytest.approx(111_195, abs=1)
    # Batken to Osh, as the crow flies.
    assert distance_m(Place(40.06, 70.82), Place(40.53, 72.80)) == pytest.approx(176_000, rel=0.01)


places = st.builds(
    Place, st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 1_000, allow_nan=False)
)


@given(places, places)
def test_distance_is_the_same_both_ways_and_never_beyond_half_the_earth(
    one: Place, two: Place
) -> None:
    assert distance_m(one, two) == pytest.approx(distance_m(two, one), abs=1e-6)
    assert 0 <= surely_apart_m(one, two) <= distance_m(one, two) <= 20_015_200
    assert distance_m(one, one) == 0


@pytest.mark.parametrize(
    ("metres", "accuracy", "found"),
    [(998, 0, False), (1002, 0, True), (1500, 505, False), (1500, 495, True)],
    ids=["within", "beyond", "maybe within", "surely beyond"],
)
def test_a_visit_is_far_when_even_its_accuracy_does_not_explain_it(
    metres: float, accuracy: float, found: bool
) -> None:
    flags = list(single_flags(visit(position=north(metres, accuracy)), [], LIMITS))
    assert kinds(flags) == [FlagKind.VISIT_FAR] * found
    if found:
        assert flags[0].figures["distance_m"] > flags[0].figures["limit_m"] == 1000


@pytest.mark.parametrize(("metres", "found"), [(998, False), (1002, True)])
def test_a_photo_is_far_by_what_its_file_claims(metres: float, found: bool) -> None:
    photo = PhotoClaims(side(b"p"), place=north(metres))
    assert kinds(single_flags(visit(), [photo], LIMITS)) == [FlagKind.PHOTO_FAR] * found


@pytest.mark.parametrize(
    ("taken", "kind"),
    [
        (START - timedelta(minutes=60), None),
        (START - timedelta(minutes=60, seconds=1), FlagKind.PHOTO_BEFORE_VISIT),
        (END + timedelta(minutes=60), None),
        (END + timedelta(minutes=60, seconds=1), FlagKind.PHOTO_AFTER_VISIT),
    ],
    ids=["just before", "too early", "just after", "too late"],
)
@pytest.mark.parametrize("zoned", [True, False])
def test_a_photo_taken_outside_the_visit(
    taken: datetime, kind: FlagKind | None, zoned: bool
) -> None:
    # Kyrgyzstan is six hours ahead of UTC all year.
    told = (taken + timedelta(hours=6)).replace(tzinfo=None).isoformat()
    photo = PhotoClaims(side(b"p"), taken=told + "+06:00" * zoned)
    flags = list(single_flags(visit(), [photo], LIMITS))
    assert kinds(flags) == [kind] * (kind is not None)
    for flag in flags:
        assert flag.figures["zone_assumed"] is not zoned
        assert (flag.figures["minutes"], flag.figures["limit_minutes"]) == (61, 60)


@pytest.mark.parametrize(
    "taken", ["0000-00-00T00:00:00", "2021-13-45T99:99:99", "", "0001-01-01T00:00:00+14:00"]
)
def test_a_time_that_is_none_raises_no_error(taken: str) -> None:
    photo = PhotoClaims(side(b"p"), taken=taken)
    assert set(kinds(single_flags(visit(), [photo], LIMITS))) <= {FlagKind.PHOTO_BEFORE_VISIT}


def test_what_is_not_told_is_not_judged() -> None:
    nowhere = visit(started=None, finished=None, site_place=None, position=north(90_000))
    photo = PhotoClaims(side(b"p"), "2019-01-01T00:00:00", north(90_000), HASH)
    assert list(single_flags(nowhere, [photo], LIMITS)) == []
    assert list(impossible_travel(nowhere, visit(), LIMITS)) == []
    assert list(alike_photo(photo, PhotoClaims(side(b"q")), LIMITS)) == []


@pytest.mark.parametrize(("bits", "found"), [(3, True), (4, False)])
def test_photos_are_alike_up_to_a_number_of_bits(bits: int, found: bool) -> None:
    one = PhotoClaims(side(b"p"), dhash=HASH)
    two = PhotoClaims(side(b"q"), dhash=HASH ^ (1 << bits) - 1)
    assert bool(list(alike_photo(one, two, LIMITS))) is found
    same_file = replace(two, side=replace(two.side, photo=b"p"))
    assert list(alike_photo(one, same_file, LIMITS)) == []


@pytest.mark.parametrize(
    ("dhash", "tells"),
    [(0, False), (0x7F, False), (0xFF, True), (-1, False), (~0x7F, False), (~0xFF, True)],
)
def test_a_nearly_uniform_picture_tells_nothing(dhash: int, tells: bool) -> None:
    assert tells_something(dhash) is tells
    one, two = PhotoClaims(side(b"p"), dhash=dhash), PhotoClaims(side(b"q"), dhash=dhash)
    assert bool(list(alike_photo(one, two, LIMITS))) is tells


signed = st.integers(-(2**63), 2**63 - 1)


@given(signed, signed, signed)
def test_bits_are_counted_signed_or_not_and_obey_the_triangle(
    one: int, two: int, three: int
) -> None:
    assert alike_bits(one, two) == alike_bits(two, one) == alike_bits(one % 2**64, two % 2**64)
    assert alike_bits(one, three) <= alike_bits(one, two) + alike_bits(two, three)


@pytest.mark.parametrize(
    ("metres", "minutes", "found"),
    [
        (10_900, 6, False),
        (11_100, 6, True),
        (4_900, 1, False),
        (5_100, 1, True),
        (5_100, -20, True),
        (4_900, -20, False),
    ],
    ids=["109 km/h", "111 km/h", "too near", "near enough", "at once", "at once but near"],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_nobody_travels_so_fast(metres: float, minutes: int, found: bool, swapped: bool) -> None:
    one = visit(position=SITE)
    begun = END + timedelta(minutes=minutes)
    two = visit(started=begun, finished=begun + timedelta(hours=1), position=north(metres))
    flags = list(impossible_travel(*((two, one) if swapped else (one, two)), LIMITS))
    assert kinds(flags) == [FlagKind.IMPOSSIBLE_TRAVEL] * found
    for flag in flags:
        assert flag.figures["minutes"] == minutes
        assert (flag.figures["speed_kmh"] is None) is (minutes <= 0)
        assert minutes <= 0 or flag.figures["speed_kmh"] > flag.figures["limit_kmh"]


def test_both_positions_may_be_off_and_the_site_stands_in_for_none() -> None:
    one = visit(site_place=SITE)
    begun = END + timedelta(minutes=6)
    two = visit(started=begun, finished=begun, site_place=north(11_100))
    assert list(impossible_travel(one, two, LIMITS))
    blurred = replace(two, position=north(11_100, 200))
    assert list(impossible_travel(one, blurred, LIMITS)) == []
    assert list(impossible_travel(one, replace(two, site=one.site), LIMITS)) == []


@pytest.mark.parametrize(("values", "found"), [(4, False), (5, True)])
def test_a_few_equal_measurements_are_chance(values: int, found: bool) -> None:
    assert bool(list(same_measurements(side(), side(), "ramp", values, LIMITS))) is found


PAIRS = [
    same_photo(side(b"p"), side(b"p")),
    *alike_photo(PhotoClaims(side(b"p"), dhash=HASH), PhotoClaims(side(b"q"), dhash=HASH), LIMITS),
    *same_measurements(side(), Side(uuid4(), 2, element=uuid4()), "ramp", 9, LIMITS),
]


@pytest.mark.parametrize("flag", PAIRS, ids=[flag.kind for flag in PAIRS])
def test_a_pair_found_from_either_side_is_the_same_two_flags(flag: Flag) -> None:
    assert mirrored(mirrored(flag)) == flag
    assert mirrored(flag).id != flag.id == mirrored(mirrored(flag)).id
    assert (mirrored(flag).side, mirrored(flag).other) == (flag.other, flag.side)


def test_travel_found_from_either_side_is_the_same_two_flags() -> None:
    one, two = visit(position=SITE), visit(position=north(9_000))
    (there,) = impossible_travel(one, two, LIMITS)
    (back,) = impossible_travel(two, one, LIMITS)
    assert mirrored(there) == back
    assert mirrored(there).id == back.id


def test_what_is_about_one_inspection_has_no_other_side() -> None:
    (flag,) = single_flags(visit(position=north(2_000)), [], LIMITS)
    with pytest.raises(ValueError, match="visit_far"):
        mirrored(flag)


def test_flags_of_different_photos_revisions_or_others_are_different() -> None:
    mine = Side(UUID(int=1), 1, b"p")
    flags = [
        same_photo(mine, Side(UUID(int=2), 1, b"p")),
        same_photo(mine, Side(UUID(int=2), 2, b"p")),
        same_photo(mine, Side(UUID(int=3), 1, b"p")),
        same_photo(replace(mine, photo=b"q"), Side(UUID(int=2), 1, b"q")),
        same_photo(replace(mine, rev=2), Side(UUID(int=2), 1, b"p")),
    ]
    assert len({flag.id for flag in flags}) == len(flags)


@given(st.floats(0, 60_000), st.integers(-100, 400), st.integers(-5_000, 5_000), st.data())
def test_a_laxer_threshold_finds_nothing_more(
    metres: float, gap: int, taken: int, data: st.DataObject
) -> None:
    lax = Thresholds(
        photo_minutes=data.draw(st.integers(60, 6_000)),
        far_m=data.draw(st.integers(1_000, 50_000)),
        travel_kmh=data.draw(st.integers(110, 900)),
        travel_least_m=data.draw(st.integers(5_000, 60_000)),
    )
    begun = END + timedelta(minutes=gap)
    one = visit(position=SITE)
    two = visit(started=begun, finished=begun + timedelta(hours=1), position=north(metres))
    photo = PhotoClaims(side(b"p"), (begun + timedelta(minutes=taken)).isoformat(), two.position)

    def found(limits: Thresholds) -> set[FlagKind]:
        flags = [*single_flags(two, [photo], limits), *impossible_travel(one, two, limits)]
        return set(kinds(flags))

    assert found(lax) <= found(LIMITS)
