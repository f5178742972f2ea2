"""A flag in words: three languages, and of what lies outside no figure."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from audit_api.domain.oversight.fabrication import (
    Flag,
    PhotoClaims,
    Place,
    Side,
    Thresholds,
    Visit,
    alike_photo,
    impossible_travel,
    same_measurements,
    same_photo,
    single_flags,
)
from audit_api.domain.oversight.fabrication_words import PAIRS, flag_in_words
from audit_api.domain.vocabulary import FlagKind, Language
from field_schema.problems import words

LIMITS = Thresholds()
AT = datetime(2021, 10, 20, 4, 0, tzinfo=UTC)
SITE, AWAY = Place(40.0, 70.0), Place(40.5, 70.0)


def visit(position: Place, started: datetime = AT) -> Visit:
    finished = started + timedelta(hours=1)
    times = (started, finished, started, finished)
    return Visit(Side(uuid4(), 1), uuid4(), *times, True, position, SITE)


def every_flag() -> list[Flag]:
    """One flag of every kind, and both kinds of travel."""
    one, two = Side(uuid4(), 1, b"p"), Side(uuid4(), 1, b"q")
    hashed = [PhotoClaims(one, dhash=0xFFFF), PhotoClaims(two, dhash=0xFFFE)]
    early = PhotoClaims(one, "2021-10-19T10:00:00", AWAY)
    late = PhotoClaims(two, "2021-10-21T10:00:00+06:00")
    return [
        same_photo(one, two),
        *alike_photo(hashed[0], hashed[1], LIMITS),
        *single_flags(visit(AWAY), [early, late], LIMITS),
        *impossible_travel(visit(SITE), visit(AWAY), LIMITS),
        *impossible_travel(visit(SITE), visit(AWAY, AT + timedelta(minutes=70)), LIMITS),
        *same_measurements(one, two, "ramp", 8, LIMITS),
    ]


FLAGS = every_flag()


def test_there_is_one_of_every_kind() -> None:
    assert {flag.kind for flag in FLAGS} == set(FlagKind)
    assert {flag.kind for flag in FLAGS if flag.other} == PAIRS


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("flag", FLAGS, ids=[flag.kind for flag in FLAGS])
def test_a_flag_reads_in_every_language(flag: Flag, language: str) -> None:
    sentence = flag_in_words(flag.kind, flag.figures, language)
    assert not re.search(r"[{}]|None", sentence)
    for name in ("distance_m", "speed_kmh", "bits", "taken", "values"):
        if flag.figures.get(name) is not None:
            assert str(flag.figures[name]) in sentence
    notes = words()["fabrication_flags"]
    for note in ("zone_assumed", "clock_off"):
        assert (notes[note][language] in sentence) is bool(flag.figures.get(note))


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", sorted(PAIRS))
def test_of_what_lies_outside_no_figure_is_told(kind: FlagKind, language: str) -> None:
    sentence = flag_in_words(kind, {}, language, outside=True)
    assert not re.search(r"[0-9{}]", sentence)
    assert words()["fabrication_flags"]["outside"][language] in sentence
