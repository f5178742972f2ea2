"""A device's clock never makes a body invalid; photos are announced by hash."""

from datetime import UTC, datetime
from typing import Any

import pytest

from field_schema.catalog import load_catalog
from field_schema.device_time import parse_wall
from field_schema.inspection import MAX_PHOTOS, read_inspection
from tests.field_schema.bodies import Json, measurement, ramp_body, station_body
from tests.field_schema.test_reading_answers import problems_of

PHOTO = "/elements/0/photos/0"

ABSURD = {
    "no-zone": ("2021-10-20T09:12:11", "time_without_zone"),
    "a-day": ("2021-10-20", "time_without_zone"),
    "year-9999-with-offset": ("9999-12-31T23:59:59-12:00", "time_out_of_range"),
    "year-1-with-offset": ("0001-01-01T00:00:00+14:00", "time_out_of_range"),
    "1970": ("1970-01-01T00:00:00+00:00", "time_out_of_range"),
    "end-of-2019": ("2019-12-31T23:59:59+00:00", "time_out_of_range"),
    "2099": ("2099-01-01T00:00:00+00:00", "time_out_of_range"),
    "2100": ("2100-06-01T00:00:00Z", "time_out_of_range"),
    "30-february": ("2021-02-30T09:00:00Z", "time_unreadable"),
    "offset-of-a-day": ("2021-10-20T09:00:00+24:00", "time_unreadable"),
    "arabic-digits": ("٢٠٢١-١٠-٢٠T09:00:00Z", "time_unreadable"),
    "lone-surrogate": ("2021-10-20T09:00:00\udc80", "time_unreadable"),
    "words": ("yesterday", "time_unreadable"),
    "empty": ("", "time_unreadable"),
}


@pytest.mark.parametrize(("wall", "flag"), ABSURD.values(), ids=ABSURD)
def test_an_absurd_time_is_kept_as_text_and_flagged(wall: str, flag: str) -> None:
    body = ramp_body(started={"wall": wall}, finished={"wall": wall})
    body["elements"][0]["photos"][0]["taken"] = {"wall": wall}
    read = read_inspection(body, load_catalog())
    taken = read.elements[0].photos[0].taken
    assert taken is not None
    for time in (read.started, read.finished, taken):
        assert (time.wall, time.at, time.flag) == (wall, None, flag)
    assert read.flags == (f"{flag} /started", f"{flag} /finished", f"{flag} {PHOTO}/taken")


@pytest.mark.parametrize(
    ("wall", "at"),
    [
        ("2021-10-20T09:12:11.120+06:00", datetime(2021, 10, 20, 3, 12, 11, 120000, UTC)),
        ("2021-10-20T03:12:11Z", datetime(2021, 10, 20, 3, 12, 11, tzinfo=UTC)),
        ("2020-01-01T00:00:00+00:00", datetime(2020, 1, 1, tzinfo=UTC)),
        ("2098-12-31T23:59:59+00:00", datetime(2098, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
    ids=["offset", "zulu", "earliest", "latest"],
)
def test_a_plausible_time_becomes_an_instant(wall: str, at: datetime) -> None:
    assert parse_wall(wall) == (at, None)


def test_the_range_of_years_is_told_in_utc() -> None:
    assert parse_wall("2020-01-01T05:59:59+06:00")[1] == "time_out_of_range"
    assert parse_wall("2019-12-31T20:00:00-06:00")[1] is None


def test_a_finish_before_the_start_is_kept_as_it_was_sent() -> None:
    body = ramp_body(finished={"wall": "2021-10-19T09:00:00+06:00", "mono_ms": 5, "boot": "b42"})
    read = read_inspection(body, load_catalog())
    assert (read.finished.mono_ms, read.finished.boot, read.flags) == (5, "b42", ())


@pytest.mark.parametrize(
    ("time", "problem"),
    [
        (None, ("", "not_object")),
        ("2021-10-20T09:00:00Z", ("", "not_object")),
        ({}, ("/wall", "not_text")),
        ({"wall": 1634699531}, ("/wall", "not_text")),
        ({"wall": "2" * 65}, ("/wall", "not_text")),
        ({"wall": "2021-10-20T09:00:00Z", "mono_ms": 1.5}, ("/mono_ms", "not_integer")),
        ({"wall": "2021-10-20T09:00:00Z", "mono_ms": True}, ("/mono_ms", "not_integer")),
        ({"wall": "2021-10-20T09:00:00Z", "boot": 41}, ("/boot", "not_text")),
        ({"wall": "2021-10-20T09:00:00Z", "boot": "b" * 65}, ("/boot", "not_text")),
    ],
    ids=[
        "null",
        "bare-text",
        "no-wall",
        "a-number",
        "a-long-text",
        "mono-float",
        "mono-bool",
        "boot-number",
        "boot-long",
    ],
)
def test_a_time_of_the_wrong_type_is_refused_at_its_place(
    time: Any, problem: tuple[str, str]
) -> None:
    assert problems_of(ramp_body(started=time)) == [(f"/started{problem[0]}", problem[1])]


def with_photo(**changes: Any) -> Json:
    body = ramp_body()
    photo = body["elements"][0]["photos"][0]
    for key, value in changes.items():
        if value is ...:
            del photo[key]
        else:
            photo[key] = value
    return body


def test_an_announced_photo_is_read_with_what_it_shows() -> None:
    photo = read_inspection(ramp_body(), load_catalog()).elements[0].photos[0]
    assert (photo.question, photo.content_type, len(photo.sha256)) == ("handrail", "image/jpeg", 64)
    assert photo.taken is not None
    assert photo.taken.at is not None


@pytest.mark.parametrize("member", ["question", "taken"])
@pytest.mark.parametrize("value", [None, ...], ids=["null", "absent"])
def test_a_photo_need_not_say_its_question_or_time(member: str, value: Any) -> None:
    photo = read_inspection(with_photo(**{member: value}), load_catalog()).elements[0].photos[0]
    assert getattr(photo, member) is None


def test_a_photo_may_show_a_question_of_a_repeat() -> None:
    assert problems_of(with_photo(question="runs.rise_mm")) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"sha256": ...}, ("/sha256", "not_sha256")),
        ({"sha256": "A" * 64}, ("/sha256", "not_sha256")),
        ({"sha256": "a" * 63}, ("/sha256", "not_sha256")),
        ({"sha256": "a" * 64 + "\n"}, ("/sha256", "not_sha256")),
        ({"bytes": ...}, ("/bytes", "not_integer")),
        ({"bytes": "300000"}, ("/bytes", "not_integer")),
        ({"bytes": 1.5}, ("/bytes", "not_integer")),
        ({"bytes": 0}, ("/bytes", "out_of_range")),
        ({"bytes": 2**63}, ("/bytes", "out_of_range")),
        ({"content_type": ...}, ("/content_type", "not_content_type")),
        ({"content_type": "image"}, ("/content_type", "not_content_type")),
        ({"content_type": "image/jpeg\r\nX: y"}, ("/content_type", "not_content_type")),
        ({"question": "colour"}, ("/question", "unknown_question")),
        ({"question": ["handrail"]}, ("/question", "unknown_question")),
        ({"taken": "2021-10-20T09:00:00Z"}, ("/taken", "not_object")),
    ],
    ids=lambda part: "-".join(map(str, part))[:24] if isinstance(part, dict) else "",
)
def test_a_wrong_announcement_is_refused_at_its_place(
    changes: Json, problem: tuple[str, str]
) -> None:
    assert problems_of(with_photo(**changes)) == [(PHOTO + problem[0], problem[1])]


def test_one_photo_id_twice_is_refused_even_at_another_element() -> None:
    body = station_body(1)
    shown = [e for e in body["elements"] if e["photos"]]
    shown[1]["photos"][0]["id"] = shown[0]["photos"][0]["id"].upper()
    at = body["elements"].index(shown[1])
    assert problems_of(body) == [(f"/elements/{at}/photos/0/id", "twice")]


def test_two_photos_with_broken_ids_are_not_called_twins() -> None:
    body = with_photo(id="broken")
    body["elements"][0]["photos"] *= 2
    assert [code for _, code in problems_of(body)] == ["not_uuid", "not_uuid"]


def test_more_photos_than_a_visit_can_need_are_refused() -> None:
    body = ramp_body()
    photo = body["elements"][0]["photos"][0]
    numbered = [photo | {"id": f"{n:08x}-8b86-4011-b42d-00c04fc964ff"} for n in range(MAX_PHOTOS)]
    body["elements"][0]["photos"] = numbered
    assert problems_of(body) == []
    body["elements"][0]["photos"] = [*numbered, photo]
    assert problems_of(body) == [("/elements/0/photos", "too_many")]


@pytest.mark.parametrize(
    ("answers", "photos", "missing"),
    [
        ({"handrail": "none"}, [], ["/elements/0/answers/handrail"]),
        ({"handrail": None}, [], []),
    ],
    ids=["answered", "not-answered"],
)
def test_a_photo_that_a_question_demands_is_flagged_when_it_is_not_announced(
    answers: Json, photos: list[Json], missing: list[str]
) -> None:
    body = ramp_body(answers=answers, element={"photos": photos})
    read = read_inspection(body, load_catalog())
    assert read.flags == tuple(f"photo_missing {at}" for at in missing)


def test_saying_that_no_ramp_is_needed_demands_a_photo() -> None:
    for ramp, flags in (("not_needed", 1), ("present", 0), ("missing", 0)):
        body = station_body(1, photos=True, breaches=0)
        entrance = next(e for e in body["elements"] if e["type"] == "entrance")
        entrance["answers"] = {"ramp": ramp, "platform_short_mm": measurement(2250)}
        read = read_inspection(body, load_catalog())
        assert sum(flag.startswith("photo_missing") for flag in read.flags) == flags
