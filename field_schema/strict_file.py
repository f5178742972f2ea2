"""Strict reading of the JSON files: no repeated key, float or unknown key; every text thrice."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

from field_schema.errors import CatalogError

LANGUAGES = ("ky", "ru", "en")
Texts = Mapping[str, str]
"""One text in Kyrgyz, Russian and English."""

_HALF = re.compile("[\ud800-\udfff]")
_ID = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,79}")


def is_storable(text: str) -> bool:
    """Whether UTF-8 and a database can hold a text: it has no half character and no NUL."""
    return "\x00" not in text and not _HALF.search(text)


def _texts_of(value: object) -> Iterator[str]:
    """Every text in a JSON value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts_of(item)
    elif isinstance(value, dict):
        for key, member in value.items():
            yield key
            yield from _texts_of(member)


def read_object(data: bytes, where: str) -> dict[str, Any]:
    """The JSON object in `data`.

    Raises CatalogError for repeated keys, floats, NaN, and texts that cannot be stored.
    """

    def refuse(text: str) -> NoReturn:
        raise CatalogError(
            f"{where}: the number {text} is not an integer; "
            "write lengths in mm and slopes in per mille or as num/den"
        )

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            twins = sorted({key for key, _ in pairs if [k for k, _ in pairs].count(key) > 1})
            raise CatalogError(f"{where}: the key {twins[0]!r} comes twice; keep one of them")
        return members

    try:
        value = json.loads(
            data.decode(), object_pairs_hook=unique, parse_float=refuse, parse_constant=refuse
        )
    except (ValueError, RecursionError) as error:
        raise CatalogError(f"{where}: this is no JSON ({error}); mend the file") from None
    if not isinstance(value, dict):
        raise CatalogError(f"{where}: a JSON object is due here, not {type(value).__name__}")
    for text in _texts_of(value):
        if not is_storable(text):
            raise CatalogError(
                f"{where}: the text {text[:40]!a} holds a NUL or half a character "
                "(\\ud800 to \\udfff alone); remove it"
            )
    return value


def read_file(path: Path, root: Path) -> tuple[dict[str, Any], bytes]:
    """The object in a file and the file's exact bytes. Raises CatalogError when it is not there."""
    where = path.relative_to(root).as_posix()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CatalogError(
            f"{where}: the file cannot be read ({error.strerror}); put it there or mend its rights"
        ) from None
    return read_object(data, where), data


class Fields:
    """The members of one object, each taken once; `done` refuses what nobody took."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise CatalogError(f"{where}: an object is due here, not {type(value).__name__}")
        self.where = where
        self._left = dict(value)

    def fail(self, key: str, why: str) -> NoReturn:
        """Raise CatalogError that names this place."""
        raise CatalogError(f"{self.where}/{key}: {why}")

    def has(self, key: str) -> bool:
        """Whether the member is there and not taken yet."""
        return key in self._left

    def take(self, key: str) -> Any:
        """The member as it is. Raises CatalogError when it is missing."""
        if key not in self._left:
            self.fail(key, "this member is missing; add it")
        return self._left.pop(key)

    def text(self, key: str) -> str:
        """A text that is not empty."""
        value = self.take(key)
        if not isinstance(value, str) or not value.strip():
            self.fail(key, "a text that is not empty is due here")
        return value

    def text_or_null(self, key: str) -> str | None:
        """A text, or null written out: an absent clause number is said, never forgotten."""
        value = self.take(key)
        if value is not None and (not isinstance(value, str) or not value.strip()):
            self.fail(key, "a text or null is due here")
        return value

    def name(self, key: str) -> str:
        """An identifier: letters, digits, dot, dash, underscore."""
        value = self.text(key)
        if not _ID.fullmatch(value):
            self.fail(key, f"{value!r} is no identifier; use letters, digits, '.', '-', '_'")
        return value

    def word(self, key: str, words: tuple[str, ...]) -> str:
        """One word of a closed list."""
        value = self.text(key)
        if value not in words:
            self.fail(key, f"{value!r} is none of {', '.join(words)}")
        return value

    def words(self, key: str, words: tuple[str, ...]) -> tuple[str, ...]:
        """A list, not empty, without twins, of words of a closed list."""
        values = self.items(key)
        known = all(isinstance(value, str) and value in words for value in values)
        if not values or not known or len(set(values)) != len(values):
            self.fail(key, f"a list of different words out of {', '.join(words)} is due here")
        return tuple(values)

    def integer(self, key: str) -> int:
        """An integer."""
        value = self.take(key)
        if type(value) is not int:
            self.fail(key, "an integer is due here")
        return value

    def yes(self, key: str) -> bool:
        """true or false."""
        value = self.take(key)
        if type(value) is not bool:
            self.fail(key, "true or false is due here")
        return value

    def span(self, key: str) -> tuple[int, int]:
        """Two integers, the lower first."""
        value = self.items(key)
        if len(value) != 2 or any(type(v) is not int for v in value) or value[0] > value[1]:
            self.fail(key, "two integers, the lower first, are due here")
        return value[0], value[1]

    def day(self, key: str) -> date:
        """A day as YYYY-MM-DD."""
        value = self.text(key)
        try:
            found = date.fromisoformat(value)
        except ValueError:
            found = None
        if found is None or found.isoformat() != value:  # week dates are read by Python as well
            self.fail(key, f"{value!r} is no day; write YYYY-MM-DD")
        return found

    def day_or_null(self, key: str) -> date | None:
        """A day, or null written out."""
        if self._left.get(key, "") is None:
            return self.take(key)  # type: ignore[no-any-return]
        return self.day(key)

    def items(self, key: str) -> list[Any]:
        """A list."""
        value = self.take(key)
        if not isinstance(value, list):
            self.fail(key, "a list is due here")
        return value

    def fields(self, key: str) -> "Fields":
        """A nested object."""
        return Fields(self.take(key), f"{self.where}/{key}")

    def each(self, key: str) -> "list[Fields]":
        """A list of objects."""
        return [Fields(v, f"{self.where}/{key}/{n}") for n, v in enumerate(self.items(key))]

    def texts(self, key: str) -> Texts:
        """One text in all three languages."""
        inner = self.fields(key)
        found = {language: inner.text(language) for language in LANGUAGES}
        inner.done()
        return found

    def rest_keys(self) -> tuple[str, ...]:
        """The keys not taken yet, in the file's order."""
        return tuple(self._left)

    def done(self) -> None:
        """Raise CatalogError when a member is left that nobody knows."""
        if self._left:
            self.fail(next(iter(self._left)), "this member is not known; remove it or mend it")
