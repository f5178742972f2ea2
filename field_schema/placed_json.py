"""JSON read with the place of every value, and told in words where it is broken.

Python's own reader says neither the line of a value nor what a person did wrong. This one reads
the same language (a test compares them) and is for files that people write by hand.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

Path = tuple[str | int, ...]
"""The way to a value: keys and positions from the whole file down."""

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_TEXT: Final = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_WORD: Final = re.compile(r"\w+")
_WORDS: Final[Mapping[str, object]] = {"true": True, "false": False, "null": None}
_QUOTES: Final = "“”„«»‘’‚'`"
_MAX_DEPTH: Final = 40


class BrokenJson(Exception):
    """The text is no JSON: what is wrong at which line and column, and what to do."""

    def __init__(self, line: int, column: int, what: str, then: str) -> None:
        self.line = line
        self.column = column
        self.what = what
        self.then = then
        super().__init__(f"line {line}, column {column}: {what}; {then}")


@dataclass(frozen=True, slots=True)
class Twin:
    """A key that comes twice in one object: the later one, and where the first one stands."""

    path: Path
    line: int
    first_line: int


@dataclass(slots=True)
class Placed:
    """A read text: its value, the line and column of each value, and what must not be there."""

    value: Any = None
    places: dict[Path, tuple[int, int]] = field(default_factory=dict)
    twins: list[Twin] = field(default_factory=list)
    floats: list[tuple[Path, str]] = field(default_factory=list)


def read_placed(text: str) -> Placed:
    """Read a text. A number with a fraction or exponent stays a float and is noted in `floats`.

    Raises BrokenJson for the first place where it is no JSON.
    """
    reader = _Reader(text)
    reader.placed.value = reader.value((), 0)
    reader.space()
    if reader.at < len(text):
        reader.fail(
            "something follows after the end of the file's object",
            "remove it, or move it inside the last bracket",
        )
    return reader.placed


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.placed = Placed()
        self._line, self._line_at = 1, 0  # a line that began before `at`, and where
        self._counted = 0  # up to where line ends are counted

    def place(self, at: int) -> tuple[int, int]:
        """Line and column of a position, both counted from 1."""
        if at < self._counted:
            self._line, self._line_at, self._counted = 1, 0, 0
        self._line += self.text.count("\n", self._counted, at)
        last = self.text.rfind("\n", self._counted, at)
        self._line_at = last + 1 if last >= 0 else self._line_at
        self._counted = at
        return self._line, at - self._line_at + 1

    def fail(self, what: str, then: str, at: int | None = None) -> NoReturn:
        raise BrokenJson(*self.place(self.at if at is None else at), what, then)

    def space(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    @property
    def next(self) -> str:
        """The next character; empty at the end."""
        return self.text[self.at : self.at + 1]

    def value(self, path: Path, depth: int) -> Any:
        self.space()
        self.placed.places[path] = self.place(self.at)
        if depth > _MAX_DEPTH:
            self.fail("brackets stand in brackets too deeply", "close the brackets of each member")
        if self.next == "{":
            return self._object(path, depth)
        if self.next == "[":
            return self._list(path, depth)
        if self.next == '"':
            return self.string()
        number = _NUMBER.match(self.text, self.at)
        if number:
            return self._number(number, path)
        word = _WORD.match(self.text, self.at)
        if word and word[0] in _WORDS:
            self.at = word.end()
            return _WORDS[word[0]]
        return self._no_value(word[0] if word else "")

    def _number(self, number: re.Match[str], path: Path) -> int | float:
        after = self.text[number.end() : number.end() + 1]
        if after.isdigit():
            self.fail("a number begins with 0", "leave the leading zeros out")
        if after.isalpha() or after in ("%", "‰"):
            self.fail(
                "something is written right behind a number",
                "write the number alone: the measure's name says the unit",
                number.end(),
            )
        self.at = number.end()
        if number[1] or number[2]:
            self.placed.floats.append((path, number[0]))
            return float(number[0])
        return int(number[0]) if len(number[0]) < 400 else 10**400

    def _no_value(self, word: str) -> NoReturn:
        if not self.next:
            self.fail("the file ends where a value is due", "check that the file is whole")
        if self.next in "]},":
            before = self.text[: self.at].rstrip()[-1:]
            if before == ",":
                self.fail(
                    f"there is a comma before {self.next!r}",
                    "remove the comma behind the last item",
                )
            self.fail("a value is missing here", "write it, or null where it is not known")
        if self.next in _QUOTES:
            self._quotes()
        if word.lower() in ("true", "false", "none", "null", "nan", "да", "нет"):
            self.fail(f"{word!r} is no value", "write true, false or null, in small letters")
        self._comment()
        self.fail(f"{self.next + word[1:]!r} stands where a value is due", 'put texts into "…"')

    def _quotes(self) -> NoReturn:
        self.fail(
            f"the quotation mark {self.next} is not the one of JSON",
            'write " on both sides; switch off "smart quotes" in the editor',
        )

    def _comment(self) -> None:
        if self.text.startswith(("//", "/*", "#"), self.at):
            self.fail("JSON has no comments", 'remove it, or say it in a member "note"')

    def string(self) -> str:
        found = _TEXT.match(self.text, self.at)
        if found is None:
            self._broken_text()
        self.at = found.end()
        return str(json.loads(found[0]))

    def _broken_text(self) -> NoReturn:
        end = self.at + 1
        while (c := self.text[end : end + 1]) and c != '"' and c >= " ":
            if c == "\\":
                if self.text[end + 1 : end + 2] not in ('"', "\\", *"/bfnrtu"):
                    self.fail("a single backslash stands in a text", "write it twice: \\\\", end)
                end += 1
            end += 1
        if c == '"':
            self.fail("a text has a broken \\u in it", "write \\u and four digits, or the letter")
        self.fail(
            "the text that begins here is not closed on its line",
            'put " at its end; write \\n for a line break inside',
        )

    def _object(self, path: Path, depth: int) -> dict[str, Any]:
        opened = self.at
        found: dict[str, Any] = {}
        lines: dict[str, int] = {}
        self.at += 1
        self.space()
        while self.next != "}" or found:
            self.space()
            if self.next != '"':
                self._no_key(opened)
            line, _ = self.place(self.at)
            key = self.string()
            if key in found:
                self.placed.twins.append(Twin((*path, key), line, lines[key]))
            lines.setdefault(key, line)
            self.space()
            if self.next != ":":
                self.fail(f"a colon is missing behind {key!r}", 'write "name": value')
            self.at += 1
            found[key] = self.value((*path, key), depth + 1)
            if self._ends("}", opened):
                break
        self.at += 1
        return found

    def _no_key(self, opened: int) -> NoReturn:
        if not self.next:
            self._open_end(opened)
        if self.next == "}":
            self.fail("there is a comma before '}'", "remove the comma behind the last member")
        if self.next in _QUOTES:
            self._quotes()
        self._comment()
        self.fail(
            "a member's name in quotation marks is due here",
            'write "name": value; in numbers there is no decimal comma',
        )

    def _list(self, path: Path, depth: int) -> list[Any]:
        opened = self.at
        found: list[Any] = []
        self.at += 1
        self.space()
        while self.next != "]" or found:
            found.append(self.value((*path, len(found)), depth + 1))
            if self._ends("]", opened):
                break
        self.at += 1
        return found

    def _ends(self, bracket: str, opened: int) -> bool:
        """Whether the bracket closes here; a comma is stepped over."""
        self.space()
        if self.next == bracket:
            return True
        if self.next != ",":
            self._no_end(bracket, opened)
        self.at += 1
        return False

    def _no_end(self, bracket: str, opened: int) -> NoReturn:
        if not self.next:
            self._open_end(opened)
        self._comment()
        if self.next in "]}":
            line, _ = self.place(opened)
            self.fail(
                f"{self.next!r} closes what {self.text[opened]!r} in line {line} opened",
                f"put {bracket!r} here, or look for a bracket too many before it",
            )
        self.fail("a comma is missing before this", "put a comma behind the value before it")

    def _open_end(self, opened: int) -> NoReturn:
        line, column = self.place(opened)
        self.fail(
            f"the file ends, but {self.text[opened]!r} of line {line}, column {column}, is open",
            "close it, and check that the file is whole",
        )
