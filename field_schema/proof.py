"""What a proofreader notes in a file: every mistake with its place, its reason and what to do."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from typing import Any, Final

from field_schema.placed_json import Path
from field_schema.strict_file import LANGUAGES, is_storable

_ID: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,79}")
_CYRILLIC: Final = re.compile(r"[\u0400-\u04ff]")
_OTHER_DAY: Final = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
_LANGUAGE_NAMES: Final = {"ky": "Kyrgyz", "ru": "Russian", "en": "English"}


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One thing that is wrong. `line` 0: it has no place in the file.

    `where` is the way to the value in words, `what` what is wrong and why, `then` what to do.
    A doubt does not keep the file out: it may be right, and a person should look again.
    """

    line: int
    column: int
    where: str
    what: str
    then: str
    doubt: bool = False

    def __str__(self) -> str:
        place = f"line {self.line}, column {self.column}, " if self.line else ""
        return f"{place}{self.where}: {self.what}; {self.then}"


def near(word: object, words: Iterable[str]) -> str:
    """ "did you mean …? " for a word that is almost one of the list; else empty."""
    if not isinstance(word, str):
        return ""
    lower = {known.lower(): known for known in words}
    found = get_close_matches(word.lower(), lower, n=3, cutoff=0.6)
    return f"did you mean {' or '.join(repr(lower[f]) for f in found)}? " if found else ""


def letters(word: str) -> str:
    """Says so when Cyrillic letters stand in a word that has to be Latin."""
    found = _CYRILLIC.findall(word)
    return (
        f" ({', '.join(dict.fromkeys(found))}: Cyrillic letters that look alike)" if found else ""
    )


@dataclass(slots=True)
class Proof:
    """The mistakes noted so far, and the places of the file's values."""

    places: Mapping[Path, tuple[int, int]]
    names: dict[Path, str] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def note(self, path: Path, what: str, then: str, *, doubt: bool = False) -> None:
        """Note a mistake at a value, or at the nearest one around a value that is not there."""
        known = path
        while known and known not in self.places:
            known = known[:-1]
        line, column = self.places.get(known, (0, 0))
        self.mistakes.append(Mistake(line, column, self.where(path), what, then, doubt))

    def where(self, path: Path) -> str:
        """The way to a value in words: "requirements[2] ramp.width / cite / url"."""
        words: list[str] = []
        for n, step in enumerate(path):
            if isinstance(step, int):
                words[-1] += f"[{step + 1}]"
            else:
                words.append(step)
            name = self.names.get(path[: n + 1])
            if name:
                words[-1] += f" {name}"
        return " / ".join(words) or "the file"

    def members(
        self, value: Any, path: Path, needed: Mapping[str, str], other: Sequence[str]
    ) -> Any:
        """The object when it is one; notes members that are missing or not known.

        `needed`: member -> what to write there.
        """
        if not isinstance(value, dict):
            self.note(path, "an object is due here", "write its members in { }")
            return None
        for key, then in needed.items():
            if key not in value:
                self.note((*path, key), "this member is missing", then)
        for key in value:
            if key not in needed and key not in other:
                hint = near(key, [*needed, *other])
                told = f"the member {key!r} is not known here{letters(key)}"
                self.note((*path, key), told, f"{hint}mend its name, or remove it")
        return value

    def text(self, value: Any, path: Path, key: str, *, null: bool = False) -> str | None:
        """The text of a member, None when it is null, missing or wrong."""
        if key not in value or (null and value[key] is None):
            return None
        found = value[key]
        if isinstance(found, str) and not is_storable(found):
            told = "the text holds a NUL or half a character"
            self.note((*path, key), told, "remove the \\u… that stands for it")
            return None
        if isinstance(found, str) and found.strip():
            return found
        told = "null" if found is None else "an empty text" if found == "" else "no text"
        also = ", or null where it is not known" if null else ""
        self.note((*path, key), f"{told} stands here", f'write it as a text in "…"{also}')
        return None

    def name(self, value: Any, path: Path, key: str) -> str | None:
        """An identifier."""
        found = self.text(value, path, key)
        if found is not None and not _ID.fullmatch(found):
            self.note(
                (*path, key),
                f"{found!r} is no identifier{letters(found)}",
                "use Latin letters, digits, '.', '-' and '_', no spaces, 80 at most",
            )
            return None
        return found

    def word(self, value: Any, path: Path, key: str, words: Sequence[str]) -> str | None:
        """One word of a closed list."""
        found = self.text(value, path, key)
        if found is not None and found not in words:
            self.note(
                (*path, key),
                f"{found!r} is none of the words of this list{letters(found)}",
                f"{near(found, words)}write one of: {'; '.join(words)}",
            )
            return None
        return found

    def words(self, value: Any, path: Path, key: str, words: Sequence[str]) -> None:
        """A list of different words of a closed list."""
        if key not in value:
            return
        found = value[key]
        then = f'write a list of different words, as ["{words[0]}"], out of: {"; ".join(words)}'
        if not isinstance(found, list) or not found:
            self.note((*path, key), "a list that is not empty is due here", then)
            return
        for n, word in enumerate(found):
            if word not in words:
                told = f"{word!r} is none of the words of this list"
                self.note((*path, key, n), told, near(word, words) + then)
            elif word in found[:n]:
                self.note((*path, key, n), f"{word!r} comes twice", "keep one of them")

    def texts(self, value: Any, path: Path, key: str) -> None:
        """One text in three languages."""
        if key not in value:
            return
        inner, at = value[key], (*path, key)
        if isinstance(inner, str):
            self.note(
                at, "one text stands where three are due", 'write {"ky": "…", "ru": "…", "en": "…"}'
            )
            return
        needed = {k: f"add the {n} text" for k, n in _LANGUAGE_NAMES.items()}
        if self.members(inner, at, needed, ()) is None:
            return
        found = {key: self.text(inner, at, key) for key in LANGUAGES}
        if found["ky"] and found["ky"] == found["ru"] and " " in found["ky"]:
            told = "the Kyrgyz text is the Russian one"
            self.note((*at, "ky"), told, "translate it, or leave it if it is a name", doubt=True)
        if found["en"] and _CYRILLIC.search(found["en"]):
            self.note(
                (*at, "en"), "the English text has Cyrillic letters", "translate it", doubt=True
            )

    def day(self, value: Any, path: Path, key: str) -> date | None:
        """A day as YYYY-MM-DD."""
        found = self.text(value, path, key)
        if found is None:
            return None
        try:
            day = date.fromisoformat(found)
        except ValueError:
            day = None
        if day is not None and day.isoformat() == found:
            return day
        other = _OTHER_DAY.fullmatch(found)
        hint = f'write "{other[3]}-{other[2]:0>2}-{other[1]:0>2}"' if other else "write YYYY-MM-DD"
        self.note((*path, key), f"{found!r} is no day of the calendar", hint)
        return None
