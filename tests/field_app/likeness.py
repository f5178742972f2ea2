"""Whether an answer is the one that the guide prints, but for ids, times, hashes and signatures.

`"…"` in the guide stands for anything; as the last of a list, or as a member's name, for more of
the same. Text that ends in `…` is the beginning of the real one.
"""

import re
from typing import Any

MORE = "…"
_ID = (
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|aad_[\w-]{43}|[0-9a-f]{64}"
    r"|[A-Za-z0-9+/]{86}==|\b[0-9a-f]{16}\b"
)
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"
_VARIES = re.compile(f"(?P<time>{_TIME})|(?P<id>{_ID})")
# Numbers that depend on what else was written before, and sizes of packed files.
_VARYING = re.compile(r"/(until|sum|version|files/\d+/bytes)$")


class Unlike(Exception):
    """Where an answer is not like the printed one."""


class Likeness:
    """What the guide's ids are in this run; each stands for one, and no two for the same."""

    def __init__(self) -> None:
        self.live: dict[str, str] = {}
        self._printed: dict[str, str] = {}

    def bind(self, printed: str, live: str, at: str = "") -> None:
        """The guide's `printed` is `live` here."""
        known = self.live.setdefault(printed, live)
        if known != live:
            raise Unlike(f"{at}: {printed} was {known} before and is {live} now")
        if self._printed.setdefault(live, printed) != printed:
            raise Unlike(f"{at}: {live} is both {self._printed[live]} and {printed}")

    def as_live(self, text: str) -> str:
        """The guide's text with this run's ids."""
        for printed in sorted(self.live, key=len, reverse=True):
            text = text.replace(printed, self.live[printed])
        return text

    def check(self, printed: Any, live: Any, at: str = "") -> None:
        """Raises Unlike unless `live` is what `printed` says."""
        if printed == MORE:
            return
        if type(printed) is not type(live):
            raise Unlike(f"{at}: printed {printed!r}, got {live!r}")
        if isinstance(printed, dict):
            self._check_object(printed, live, at)
        elif isinstance(printed, list):
            self._check_list(printed, live, at)
        elif isinstance(printed, str):
            self._check_text(printed, live, at)
        elif printed != live and not _VARYING.search(at):
            raise Unlike(f"{at}: printed {printed!r}, got {live!r}")

    def _check_object(self, printed: dict[str, Any], live: dict[str, Any], at: str) -> None:
        shown = printed.keys() - {MORE}
        # An id may be a name too: of a scope in a digest.
        names = {name: self.as_live(name) for name in shown}
        missing = set(names.values()) - live.keys()
        added = set() if MORE in printed else live.keys() - set(names.values())
        if missing or added:
            raise Unlike(f"{at}: printed without {sorted(added)}, with {sorted(missing)}")
        for name in printed:
            if name in shown:
                self.check(printed[name], live[names[name]], f"{at}/{name}")

    def _check_list(self, printed: list[Any], live: list[Any], at: str) -> None:
        shown = printed[:-1] if printed and printed[-1] == MORE else printed
        if len(live) < len(shown) or (shown is printed and len(live) != len(shown)):
            raise Unlike(f"{at}: printed {len(shown)} of them, got {len(live)}: {live}")
        is_item = len(shown) == 5 and isinstance(shown[4], int)
        for n, (one, other) in enumerate(zip(shown, live, strict=False)):
            # The fifth of an item of the feed is its version.
            self.check(one, other, f"{at}/{'version' if is_item and n == 4 else n}")

    def _check_text(self, printed: str, live: str, at: str) -> None:
        if at.endswith("/cursor"):
            return self.bind(printed, live, at)
        theirs, ours = list(_VARIES.finditer(printed)), list(_VARIES.finditer(live))
        plain = _VARIES.sub("*", printed), _VARIES.sub("*", live)
        shortened = plain[0].endswith(MORE) and plain[1].startswith(plain[0][: -len(MORE)])
        if plain[0] != plain[1] and not shortened:
            raise Unlike(f"{at}: printed {printed!r}, got {live!r}")
        for one, other in zip(theirs, ours, strict=False):
            if one["id"]:
                self.bind(one["id"], other["id"], at)
        return None
