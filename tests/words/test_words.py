"""Words, days and numbers in three languages, and the order of names."""

from datetime import UTC, date, datetime

import pytest

from audit_api.words import name_key, words_in
from audit_api.words.words import UnknownWords

PLAIN = str.maketrans("\u00a0\u202f", "  ")


@pytest.mark.parametrize(
    ("language", "said"),
    [("ky", "2021-ж., 28-ноябрь"), ("ru", "28 ноября 2021 г."), ("en", "28 November 2021")],
)
def test_a_day_is_said_as_the_language_says_it(language: str, said: str) -> None:
    words = words_in(language)
    assert words.day(date(2021, 11, 28)).translate(PLAIN) == said
    assert words.day("2021-11-28") == words.day(date(2021, 11, 28))
    assert words.day(None) == ""


def test_an_instant_is_told_in_the_time_of_bishkek() -> None:
    late = datetime(2021, 11, 27, 20, 5, tzinfo=UTC)
    assert words_in("ru").instant(late) == "28.11.2021 02:05"
    assert words_in("ru").instant(late.isoformat()) == "28.11.2021 02:05"


@pytest.mark.parametrize(
    ("language", "number", "percent"),
    [("ky", "305 053,5", "34%"), ("ru", "305 053,5", "34 %"), ("en", "305,053.5", "34%")],
)
def test_numbers_have_the_signs_of_the_language(language: str, number: str, percent: str) -> None:
    words = words_in(language)
    assert words.number(305053.5).translate(PLAIN) == number
    assert words.percent(0.34).translate(PLAIN) == percent


def test_a_text_without_a_translation_is_told_and_not_shown_in_english() -> None:
    with pytest.raises(
        UnknownWords, match=r"audit_api/words/ky has a translation of 'Nobody said'"
    ):
        words_in("ky")("Nobody said")


def test_another_language_is_refused() -> None:
    with pytest.raises(UnknownWords, match="'uz' is none of ky, ru, en"):
        words_in("uz")


def test_names_stand_in_the_order_of_the_kyrgyz_alphabet() -> None:
    names = (
        "12 школа", "Ак-Суу", "Еловка", "Ёлка", "Жаңы-Жер", "Нариман", "Ноокат", "Ңаа", "Олмо",
        "Өзгөн", "Пүлгөн", "Сумбула", "Сүлүктү", "Учкун", "Үч-Коргон", "Фергана", "Яккатут",
    )  # fmt: skip
    assert tuple(sorted(set(names), key=name_key)) == names
    assert tuple(sorted(names)) != names
