"""The font has every character of every text that a paper can say."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fontTools.ttLib import TTFont

import audit_api
import field_schema
from audit_api.papers.letters import LETTERS, STAND_IN, Exact, shown
from audit_api.words.words import HERE, read_catalog

PACKAGE = Path(audit_api.__file__).parent
FONTS = sorted((PACKAGE / "papers" / "fonts").glob("*.otf"))
SCHEMA = Path(field_schema.__file__).parent
DEMO = PACKAGE / "demo" / "data"


@pytest.mark.parametrize("font", FONTS, ids=lambda path: path.stem)
def test_the_letters_are_those_of_the_font(font: Path) -> None:
    assert set(map(ord, LETTERS)) == set(TTFont(font).getBestCmap())


def texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts(inner)


def sources() -> Iterator[tuple[str, list[str]]]:
    """Every file with texts for people, and its texts."""
    for path in sorted(HERE.rglob("*.po")):
        said = [message.string for message in read_catalog(path) if message.id]
        yield (
            path.parent.name + "/" + path.name,
            [text for one in said for text in ((one,) if isinstance(one, str) else one)],
        )
    yield "glossary.json", list(texts(json.loads((HERE / "glossary.json").read_text())["terms"]))
    for path in sorted(SCHEMA.rglob("*.json")):
        yield str(path.relative_to(SCHEMA)), list(texts(json.loads(path.read_text())))
    for path in sorted(DEMO.rglob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield path.name, [cell for row in csv.reader(file) for cell in row]
    for path in sorted(DEMO.rglob("*.json")):
        yield path.name, list(texts(json.loads(path.read_text())))


ALL = dict(sources())


@pytest.mark.parametrize("source", ALL)
def test_the_font_has_every_character_of(source: str) -> None:
    found = {sign for text in ALL[source] for sign in text if sign not in "\n\r\t"}
    assert {f"{sign} U+{ord(sign):04X}" for sign in found - LETTERS} == set()


def test_there_are_texts_to_look_at() -> None:
    assert len(ALL) > 20
    assert sum(map(len, ALL.values())) > 5000


def test_what_the_font_lacks_is_replaced_and_told() -> None:
    found = shown({"name": ["Ң ok", "日 🏫", {"x": "\u202eabc"}]})
    assert found.replaced
    assert found.value == {"name": ["Ң ok", f"{STAND_IN} {STAND_IN}", {"x": "abc"}]}
    assert not shown(["Ң Ө Ү ≤ ≥", 3, None, True]).replaced


def test_a_decomposed_letter_is_put_together() -> None:
    assert shown("й").value == "й"


def test_a_long_word_may_be_broken_and_a_hash_may_not() -> None:
    assert shown("x" * 25).value == "x" * 10 + "\u200b" + "x" * 10 + "\u200b" + "x" * 5
    assert shown("x" * 20).value == "x" * 20
    assert shown([Exact("x" * 25)]).value == ["x" * 25]
