"""Text that no spreadsheet runs and every format takes."""

import re
import unicodedata
from typing import Final

REPLACED: Final = "\ufffd"
"""Stands for a character that XML 1.0 refuses."""
_REFUSED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_OPERATORS: Final = frozenset("=+-@\u2212")
# What a spreadsheet may drop or pass over before it looks whether a formula begins.
_PASSED_OVER: Final = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me"})
# Begin no formula, and "" with them.
_OPENING: Final = "{[(«№"
# Where an office's settings make `;` or a tab the separator, a new cell begins behind it.
_INSIDE: Final = re.compile(
    "([;\t\r\n][\\s\"'\u00ad\u200b-\u200f\u2060\ufeff]*)([=+\\-@\u2212\uff1d\uff0b\uff0d\uff20])"
)


def readable(text: str) -> str:
    """The text without what XML 1.0 refuses: control characters, half surrogates, no characters."""
    return text if text.isprintable() else _REFUSED.sub(REPLACED, text)


def begins_formula(text: str) -> bool:
    """Whether a spreadsheet may take a typed text for a formula, once it has tidied it up.

    It tidies blanks and invisible characters away and takes full-width, small and raised twins of
    the operators for them. What begins with a tab or an end of line is held for one too.
    """
    if not text or text[0].isalnum():
        return False
    if text[0] in "\t\r\n":
        return True
    for character in text:
        if character == REPLACED or unicodedata.category(character) in _PASSED_OVER:
            continue
        return unicodedata.normalize("NFKC", character)[0] in _OPERATORS
    return False


def safe_text(text: str) -> str:
    """The text as a cell of a CSV that no spreadsheet runs: an apostrophe before what it might."""
    # Nearly every cell: nothing to look for. Spaces other than the common one are not printable.
    if text.isprintable() and ";" not in text and (text[:1].isalnum() or text[:1] in _OPENING):
        return text
    text = readable(text)
    if begins_formula(text):
        text = f"'{text}"
    return _INSIDE.sub(r"\1'\2", text)
