"""A file that is no JSON at all is told by line and column, with what a person did."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from field_schema.catalog import load_catalog
from field_schema.errors import CatalogError
from field_schema.placed_json import BrokenJson, read_placed
from field_schema.proofreading import proofread
from field_schema.strict_file import read_object

SAMPLE = Path(__file__).parents[2] / "docs" / "samples" / "SAMPLE-DEMO-1.json"
TODAY = date(2026, 12, 1)
BROKEN: dict[str, tuple[bytes, int, int, str, str]] = {
    "a byte order mark": (b"\xef\xbb\xbf{}", 1, 1, "byte order mark", "without BOM"),
    "UTF-16": ("{}".encode("utf-16"), 1, 1, "UTF-16", "UTF-8"),
    "Windows-1251": ('{\n "title": "Пандус"}'.encode("cp1251"), 2, 12, "Windows-1251", "UTF-8"),
    "other bytes": (b'{\n "a": "ramp with edges \xe9"}', 2, 24, "no UTF-8", "UTF-8"),
    "a Word file": (b"PK\x03\x04", 1, 1, "Word", "plain text"),
    "an old Word file": (b"\xd0\xcf\x11\xe0", 1, 1, "Word", "plain text"),
    "a PDF": (b"%PDF-1.7", 1, 1, "PDF", "JSON"),
    "nothing": (b" \n", 0, 0, "empty", "sample"),
    "too much": (b" " * 4_000_001, 0, 0, "more than 4,000,000 bytes", "right file"),
    "a comma too many": (b'{\n "a": 1,\n}', 3, 1, "comma before", "remove the comma"),
    "a comma too many in a list": (b'{"a": [1, 2, ]}', 1, 14, "comma before", "remove"),
    "a comma missing": (b'{"a": 1\n "b": 2}', 2, 2, "comma is missing", "put a comma"),
    "a decimal comma": (b'{"a": 0,9}', 1, 9, "name in quotation marks", "decimal comma"),
    "a colon missing": (b'{"a" 1}', 1, 6, "colon", '"name": value'),
    "smart quotes": ("{“a”: 1}".encode(), 1, 2, "“ is not the one", "smart quotes"),
    "guillemets": ('{"a": «Пандус»}'.encode(), 1, 7, "« is not the one", 'write "'),
    "single quotes": (b"{'a': 1}", 1, 2, "' is not the one", 'write "'),
    "a comment": (b'{"a": 1 // wide\n}', 1, 9, "no comments", "note"),
    "a comment first": (b"# my file\n{}", 1, 1, "no comments", "note"),
    "True": (b'{"a": True}', 1, 7, "'True' is no value", "small letters"),
    "a unit behind a number": (b'{"a": 900mm}', 1, 10, "behind a number", "alone"),
    "a per cent sign": (b'{"a": 8%}', 1, 8, "behind a number", "alone"),
    "a zero in front": (b'{"a": 0900}', 1, 7, "begins with 0", "zeros"),
    "a word without quotes": (b'{"a": ramp}', 1, 7, "'ramp' stands", '"…"'),
    "a line break in a text": (b'{"a": "wide\nramp"}', 1, 7, "not closed", "line break"),
    "a backslash": (b'{"a": "c:\\ramp\\d"}', 1, 15, "backslash", "twice"),
    "a wrong bracket": (b'{"a": [1, 2}', 1, 12, "'}' closes what '['", "put ']'"),
    "an open bracket": (b'{"a": {"b": 1', 1, 14, "of line 1, column 7, is open", "whole"),
    "a value missing": (b'{"a": }', 1, 7, "value is missing", "null"),
    "something behind the end": (b"{}\n{}", 2, 1, "after the end", "remove"),
    "brackets without end": (b"[" * 100_000, 1, 42, "too deeply", "close"),
}


@pytest.mark.parametrize(
    ("data", "line", "column", "what", "then"), BROKEN.values(), ids=BROKEN.keys()
)
def test_a_broken_file_is_told_by_line_and_column(
    data: bytes, line: int, column: int, what: str, then: str
) -> None:
    (found,) = proofread(data, load_catalog(), today=TODAY)
    assert (found.line, found.column) == (line, column)
    assert what in found.what
    assert then in found.then


def test_a_member_that_comes_twice_is_told_with_both_lines() -> None:
    data = b'{\n "standard": "A",\n "edition": "1",\n "standard": "B"\n}'
    found = proofread(data, load_catalog(), today=TODAY)
    (twin,) = [m for m in found if "twice" in m.what]
    assert "lines 2 and 4" in twin.what
    assert twin.line == 4


def test_a_file_that_holds_a_list_is_refused() -> None:
    (found,) = proofread(b"[]", load_catalog(), today=TODAY)
    assert found.what == "an object is due here"


def test_every_value_has_the_line_and_column_where_it_begins() -> None:
    placed = read_placed('{\n "a": [10,\n  {"b": "x"}]\n}')
    assert placed.places == {
        (): (1, 1),
        ("a",): (2, 7),
        ("a", 0): (2, 8),
        ("a", 1): (3, 3),
        ("a", 1, "b"): (3, 9),
    }


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES, st.sampled_from([None, 1, 4]), st.booleans())
def test_whole_json_is_read_as_python_reads_it(
    value: Any, indent: int | None, ascii_: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_)
    assert read_placed(text).value == value


@given(VALUES, st.data())
def test_what_python_cannot_read_is_refused_too(value: Any, data: st.DataObject) -> None:
    text = json.dumps(value, ensure_ascii=False)
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 2))
    broken = (
        text[:at] + data.draw(st.sampled_from(["", ",", "]", '"', "x", "0"])) + text[at + cut :]
    )
    try:
        expected = json.loads(broken)
    except ValueError:
        with pytest.raises(BrokenJson):
            read_placed(broken)
    else:
        assert read_placed(broken).value == expected


@pytest.mark.parametrize("bad", ["\x00", "\ud800"])
def test_a_text_that_no_database_can_hold_is_refused_at_its_place(bad: str) -> None:
    file = json.loads(SAMPLE.read_bytes())
    file["requirements"][0]["title"]["en"] += bad
    data = json.dumps(file).encode()
    (mistake,) = proofread(data, load_catalog(), today=TODAY)
    assert "title / en" in mistake.where
    assert "half a character" in mistake.what
    with pytest.raises(CatalogError, match="half a character"):
        read_object(data, "edition")


def test_the_places_of_one_long_line_are_counted_once() -> None:
    class Counted(str):
        """A text that says how much of it is searched for line ends."""

        __slots__ = ()
        searched = 0

        def count(self, *args: Any) -> int:
            Counted.searched += args[2] - args[1]
            return super().count(*args)

    text = Counted(json.dumps([[n, {"a": n}] for n in range(2000)]))
    placed = read_placed(text)
    assert placed.places[1999,] == (1, text.index("[1999") + 1)
    assert Counted.searched <= len(text)
