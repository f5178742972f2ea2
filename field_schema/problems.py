"""What is wrong with an inspection's body: a pointer, a stable code, a text in three languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from field_schema.strict_file import LANGUAGES, read_file

MAX_PROBLEMS: Final = 50


class Refused(Exception):
    """One value is refused; whoever walks the body adds the pointer of its place."""

    def __init__(self, code: str, params: dict[str, Any] | None = None, at: str = "") -> None:
        self.code = code
        self.params = params or {}
        self.at = at
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class BodyProblem:
    """One thing that is wrong. `pointer` is a JSON pointer into the body."""

    pointer: str
    code: str
    texts: dict[str, str]


class InvalidInspection(Exception):
    """The body can never be accepted as it is; `problems` says why, 50 of them at most."""

    def __init__(self, problems: list[BodyProblem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{p.pointer}: {p.texts['en']}" for p in problems[:5]))


class ProblemList:
    """Collects problems up to the cap."""

    def __init__(self) -> None:
        self.found: list[BodyProblem] = []

    def add(self, pointer: str, refused: Refused) -> None:
        """Note one problem; beyond the cap it is dropped, the body is refused anyway."""
        if len(self.found) < MAX_PROBLEMS:
            texts = problem_texts()[refused.code]
            self.found.append(
                BodyProblem(
                    pointer + refused.at,
                    refused.code,
                    {lang: texts[lang].format_map(refused.params) for lang in LANGUAGES},
                )
            )

    def raise_if_any(self) -> None:
        """Raise InvalidInspection when something was noted."""
        if self.found:
            raise InvalidInspection(self.found)


def pointed(token: str) -> str:
    """One token of a JSON pointer, escaped (RFC 6901) and cut to a bearable length."""
    return "/" + token[:80].replace("~", "~0").replace("/", "~1")


def shown(value: object) -> str:
    """A refused value in at most 40 characters, safe to print.

    Of lists and objects only the kind: they may nest deeper than Python can print.
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Mapping):
        return "{…}"
    if isinstance(value, list | tuple):
        return "[…]"
    if isinstance(value, int) and value.bit_length() > 128:
        return hex(value)[:40]  # Python refuses to print integers of 4301 digits in decimal
    return repr(value[:40] if isinstance(value, str) else value)[:40]


@cache
def words() -> dict[str, Any]:
    """The file of ready texts: problems, reasons, units."""
    root = Path(__file__).parent
    return read_file(root / "texts.json", root)[0]


@cache
def problem_texts() -> dict[str, dict[str, str]]:
    """Code -> language -> template."""
    return dict(words()["problems"])
