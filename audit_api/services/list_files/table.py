"""What a list is as a file: its columns, and what the file says of itself."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from audit_api.services.list_files.speaking import Row, Speaker

Pages = Iterable[Sequence[Row]]
"""A list's rows as its JSON has them, a page at a time: no more than one page is held."""


class Kind(Enum):
    """What a cell holds: text, a whole number, a number, an ISO day, an ISO instant, yes or no."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    DAY = "day"
    INSTANT = "instant"
    YES_NO = "yes or no"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `name` never changes and is not translated; `heading` is what people read.

    `told` gives the cell of a row: text, a number, an ISO day or instant as text, a bool or None.
    `code`: for programs; a spreadsheet for people leaves it out. `width` in characters.
    """

    name: str
    heading: str
    told: Callable[[Row, Speaker], Any]
    kind: Kind = Kind.TEXT
    width: int = 16
    code: bool = False

    def headed(self, speak: Speaker) -> str:
        """The heading in the language; a code's column adds its name."""
        said = speak.say(self.heading)
        return f"{said} [{self.name}]" if self.code else said


@dataclass(frozen=True, slots=True)
class Table:
    """A list as a file. `placed`: its rows have a `location` (or null) and can be drawn.

    `readable`: the columns of a spreadsheet for people, made of the others.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    placed: bool = False
    readable: tuple[Column, ...] = field(init=False)

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.name}: a column's name stands twice in {names}")
        told = [column for column in self.columns if not column.code]
        # People look for the place first, programs for the identifier.
        readable = tuple(sorted(told, key=lambda column: column.name == "id"))
        object.__setattr__(self, "readable", readable)


@dataclass(frozen=True, slots=True)
class About:
    """What a file says of itself. `parameters`: the filters as they were asked, by name."""

    title: str
    parameters: Mapping[str, str]
    as_of: datetime
    by: str
    language: str
