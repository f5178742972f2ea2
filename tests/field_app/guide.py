"""docs/field-app.md as the test reads it: exchanges, unpacked files, and what happens meanwhile."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PART = re.compile(
    r"<!-- meanwhile: (?P<meanwhile>[a-z ]+) -->"
    r"|```http\n(?P<exchange>.*?)\n```"
    r"|```jsonl\n(?P<unpacked>.*?)\n```",
    re.DOTALL,
)
_STATUS = re.compile(r"\n\n(?=\d{3}(?: .*)?$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer as it is printed: first line, headers, body."""

    first: str
    headers: dict[str, str]
    body: str

    @property
    def has_bytes(self) -> bool:
        """Whether the page only says of what kind the body is: `(34 bytes: …)`."""
        return self.body.startswith("(")

    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request with its answer."""

    line: int
    request: Message
    answer: Message


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The lines of the file that the exchanges before it brought."""

    line: int
    items: list[Any]


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Something that others do between two exchanges."""

    line: int
    what: str


def parts(page: Path) -> Iterator[Exchange | Unpacked | Meanwhile]:
    """What the page has to be replayed, in its order."""
    text = page.read_text(encoding="utf-8")
    for found in _PART.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        if found["meanwhile"]:
            yield Meanwhile(line, found["meanwhile"])
        elif found["unpacked"]:
            yield Unpacked(line, [json.loads(row) for row in found["unpacked"].split("\n")])
        else:
            request, answer = _STATUS.split(found["exchange"])
            yield Exchange(line, _message(request), _message(answer))


def _message(text: str) -> Message:
    head, _, body = text.partition("\n\n")
    first, *lines = head.split("\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return Message(first, headers, body)
