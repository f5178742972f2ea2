"""Text as the papers' font can show it: what it lacks is replaced, and the paper says so."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Final

_RANGES: Final = (
    (0x20, 0x7E), (0xA0, 0xFF), (0x131, 0x131), (0x152, 0x153), (0x400, 0x45F), (0x462, 0x463),
    (0x472, 0x475), (0x490, 0x49D), (0x4A0, 0x4FF), (0x2009, 0x200B), (0x2010, 0x2015),
    (0x2018, 0x201E), (0x2020, 0x2022), (0x2026, 0x2026), (0x202F, 0x2030), (0x2032, 0x2033),
    (0x2039, 0x203A), (0x2070, 0x2071), (0x2074, 0x208E), (0x2090, 0x209C), (0x20AC, 0x20AC),
    (0x20BD, 0x20BD), (0x2116, 0x2116), (0x2122, 0x2122), (0x2190, 0x2193), (0x2212, 0x2212),
    (0x221A, 0x221A), (0x2248, 0x2248), (0x2260, 0x2260), (0x2264, 0x2265), (0x25A0, 0x25A1),
    (0x25B2, 0x25B3), (0x25BC, 0x25BC), (0x25CB, 0x25CB), (0x25CF, 0x25CF), (0x26A0, 0x26A0),
    (0x2713, 0x2713), (0x2717, 0x2717),
)  # fmt: skip
LETTERS: Final = frozenset(chr(n) for first, last in _RANGES for n in range(first, last + 1))
"""What the font has; a test compares it with the font's own table."""
STAND_IN: Final = "□"
_LONGEST: Final = 20
_PIECE: Final = 10
_LONG: Final = re.compile(rf"[^\s\u200b]{{{_LONGEST + 1},}}")
# Parts of a sign that was replaced already, and what steers the direction of writing.
_SILENT: Final = ("Mn", "Me", "Cf")


class Exact(str):
    """A text of our own that stays as it is: a hash, the name of a file."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """A JSON value whose every text can be shown; `replaced`: something could not."""

    value: Any
    replaced: bool


def shown(value: Any) -> Shown:
    """A JSON value with its texts (not its names) as the font can show them.

    Unknown signs become □; words of more than 20 signs may be broken every 10.
    """
    found = _Cleaner()
    return Shown(found.cleaned(value), found.replaced)


class _Cleaner:
    def __init__(self) -> None:
        self.replaced = False

    def cleaned(self, value: Any) -> Any:
        if isinstance(value, Exact):
            return value
        if isinstance(value, str):
            return _LONG.sub(_broken, self._text(value))
        if isinstance(value, dict):
            return {name: self.cleaned(inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.cleaned(inner) for inner in value]
        return value

    def _text(self, text: str) -> str:
        text = unicodedata.normalize("NFC", text)
        if LETTERS.issuperset(text):
            return text
        return "".join(self._sign(sign) for sign in text)

    def _sign(self, sign: str) -> str:
        if sign in LETTERS or sign == "\n":
            return sign
        if sign.isspace():
            return " "
        self.replaced = True
        return "" if unicodedata.category(sign) in _SILENT else STAND_IN


def _broken(found: re.Match[str]) -> str:
    word = found.group()
    return "\u200b".join(word[n : n + _PIECE] for n in range(0, len(word), _PIECE))
