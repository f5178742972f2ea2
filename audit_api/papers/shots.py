"""Photos in a paper: previews where they are here, words where they are not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from audit_api.papers.letters import Exact
from audit_api.words import Words

SIZE: Final = 1280
"""Which preview is shown: pixels of its longer side."""
MOST_EACH: Final = 2
"""Photos shown of one violation."""
MOST: Final = 200
"""Photos shown in one paper; more make no paper that anybody prints."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A photo that a paper names by its SHA-256 (hex); `content` None: no preview is here."""

    sha256: str
    content: bytes | None

    @property
    def file(self) -> str:
        """The name of its file beside the template."""
        return f"{self.sha256}.jpg"


def is_whole_jpeg(content: bytes | None) -> bool:
    """Whether a preview begins and ends as a JPEG does: a cut one would stop the typesetting."""
    return content is not None and content.startswith(b"\xff\xd8") and content.endswith(b"\xff\xd9")


def shots_of(
    say: Words, photos: Sequence[str], shots: Mapping[str, Shot], what: str
) -> dict[str, Any]:
    """The photos of one thing for a template: `shots`, and `more` in words for the others.

    `what` says what they show; it becomes their alternative text.
    """
    named = [sha256 for sha256 in photos if sha256 in shots]
    others = len(photos) - len(named)
    return {
        "shots": [
            _told(say, shots[sha256], what, n, len(named)) for n, sha256 in enumerate(named, 1)
        ],
        "none": None if photos else say("No photo shows it."),
        "more": say.many(
            "{number} more photo is not shown here.",
            "{number} more photos are not shown here.",
            others,
        )
        if others
        else None,
    }


def _told(say: Words, shot: Shot, what: str, n: int, of: int) -> dict[str, Any]:
    here = shot.content is not None
    return {
        "file": Exact(shot.file) if here else None,
        "alt": say("Photo {n} of {of}: {what}", n=n, of=of, what=what),
        "caption": [
            say("SHA-256 of the original:"),
            Exact(shot.sha256[:32]),
            Exact(shot.sha256[32:]),
        ],
        "missing": say("Photo {n} of {of}: no preview is here now.", n=n, of=of),
    }
