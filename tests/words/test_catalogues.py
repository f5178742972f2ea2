"""The catalogues are whole: each text that something says is there, in each language, once."""

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

import audit_api
from audit_api.words.words import HERE, LANGUAGES, read_catalog

PLACE = re.compile(r"\{[^}]*\}")
KEYWORDS = {"say": None, "to_say": None, "many": (1, 2)}
LANGUAGES_WITH_FILES = tuple(language for language in LANGUAGES if language != "en")


@cache
def said_in_the_code() -> frozenset[str | tuple[str, ...]]:
    """Every text that code hands to the words."""
    # A tablet has words of its own.
    files = [("tablet/**", "ignore"), ("**.py", "python")]
    found = extract_from_dir(str(Path(audit_api.__file__).parent), files, keywords=KEYWORDS)
    return frozenset(message for _, _, message, _, _ in found if message)


def written(language: str) -> Iterator[tuple[Path, str | tuple[str, ...], str | tuple[str, ...]]]:
    """Each message of a language: file, English, translation."""
    for path in sorted((HERE / language).glob("*.po")):
        for message in read_catalog(path):
            if message.id:
                yield path, message.id, message.string


@pytest.mark.parametrize("language", LANGUAGES_WITH_FILES)
def test_every_text_of_the_code_is_translated(language: str) -> None:
    there = {english for _, english, _ in written(language)}
    assert sorted(map(str, said_in_the_code() - there)) == []


@pytest.mark.parametrize("language", LANGUAGES_WITH_FILES)
def test_no_catalogue_has_what_nothing_says(language: str) -> None:
    there = {english for _, english, _ in written(language)}
    assert sorted(map(str, there - said_in_the_code())) == []


@pytest.mark.parametrize("language", LANGUAGES_WITH_FILES)
def test_a_translation_is_there_and_has_the_places_of_its_text(language: str) -> None:
    for path, english, translation in written(language):
        originals = (english,) if isinstance(english, str) else english
        translations = (translation,) if isinstance(translation, str) else translation
        forms = {"ru": 3, "ky": 2}[language] if len(originals) == 2 else 1
        assert len(translations) == forms, (path, english)
        for text in translations:
            assert text.strip(), (path, english)
            assert set(PLACE.findall(text)) == set(PLACE.findall(originals[-1])), (path, english)


@pytest.mark.parametrize("language", LANGUAGES_WITH_FILES)
def test_a_text_stands_once(language: str) -> None:
    texts = sorted(str(english) for _, english, _ in written(language))
    assert [one for one, following in pairwise(texts) if one == following] == []


@pytest.mark.parametrize("language", LANGUAGES_WITH_FILES)
def test_the_words_of_the_glossary_are_used(language: str) -> None:
    terms = json.loads((HERE / "glossary.json").read_text())["terms"].values()
    wanted = {term["en"].casefold(): term[language].casefold() for term in terms}
    wrong = [
        (english, translation, wanted[english.casefold()])
        for _, english, translation in written(language)
        if isinstance(english, str)
        and isinstance(translation, str)
        and english.casefold() in wanted
        and translation.casefold() != wanted[english.casefold()]
    ]
    assert wrong == []
