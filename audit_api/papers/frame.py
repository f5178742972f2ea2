"""What every paper says around its body: title, office, parameters, and how it is verified."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from audit_api.papers.codes import grouped
from audit_api.papers.letters import shown
from audit_api.words import Words


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper in words, before it has a code.

    `day`: ISO 8601, of the document, never of the clock. `office`: who issues or asks, where.
    `parameters`: names and values. `body`: what its template takes. `files`: the pictures
    that the body names.
    """

    template: str
    title: str
    day: str
    office: str
    parameters: Sequence[tuple[str, str]]
    body: Mapping[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seal:
    """By what a paper is known: code, address of its page, SHA-256 (hex) of its content."""

    code: str
    url: str
    sha256: str


def framed(say: Words, paper: Paper, seal: Seal) -> dict[str, Any]:
    """What the template of a paper reads as `data.json`."""
    texts = shown(
        {
            "title": paper.title,
            "author": paper.office,
            "office": paper.office,
            "foot": paper.title,
            "parameters": [list(row) for row in paper.parameters],
            "body": paper.body,
        }
    )
    note = say("□ stands for a character that this paper cannot show.") if texts.replaced else None
    return {
        **texts.value,
        "language": say.language,
        "day": paper.day,
        "note": note,
        "pages": say("Page {page} of {pages}"),
        "verify": {
            "url": seal.url,
            "code": grouped(seal.code),
            "sha256": seal.sha256,
            "label": say("code"),
            "alt": say("QR code with the address of the page that verifies this paper"),
            "how": say("Is it genuine? Scan the code, or open {url}", url=_address(seal.url)),
            "hash_of": say("SHA-256 of the content:"),
        },
    }


def _address(url: str) -> str:
    """The address without the code, with places to break it."""
    return url.rpartition("/")[0].replace("/", "/\u200b") + "/\u200b…"
