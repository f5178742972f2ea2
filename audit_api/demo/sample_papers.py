"""What each role takes away from the demonstration, as files: asked for over HTTP, as they would.

What is there already stays as it is: papers are views at an instant.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from audit_api.demo.desk import Desk
from audit_api.demo.people import KARA_BAK

PATIENCE_S: Final = 30.0
"""A worker that has not made them by then is not waited for."""
SERVED, ORDER = 2, 1
"""The numbers of the served list and of the order that are shown."""
SHEET: Final = (8068, "ramp")
"""The station and the sort of element of the task sheet."""
NOTE: Final = "README.txt"
_NOTE: Final = Path(__file__).parent / "data" / "sample-papers.txt"


@dataclass(frozen=True, slots=True)
class Paper:
    """A PDF that the worker makes for a person; `asked` finds what is asked for."""

    name: str
    reader: str
    language: str
    asked: Callable[[Desk, str], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class File:
    """What the web server answers at once; `path` may name the `{campaign}`."""

    name: str
    reader: str
    path: str


def _confirmed(_: Desk, campaign: str) -> dict[str, Any]:
    return {"kind": "violations", "filters": {"campaign": campaign, "state": "confirmed"}}


def _served(desk: Desk, _: str) -> dict[str, Any]:
    return {"kind": "served_list", "id": _numbered(desk, "/served-lists", SERVED)}


def _order(desk: Desk, _: str) -> dict[str, Any]:
    return {"kind": "act", "id": _numbered(desk, "/acts?kind=order", ORDER)}


def _sheet(desk: Desk, _: str) -> dict[str, Any]:
    return {"kind": "task", "id": desk.task(*SHEET)["id"]}


def _briefing(_: Desk, campaign: str) -> dict[str, Any]:
    return {"kind": "briefing", "filters": {"campaign": campaign}}


def _numbered(desk: Desk, path: str, number: int) -> str:
    items = desk.get(path)["items"]
    found: str = next((item["id"] for item in items if item["number"] == number), "")
    return found


PAPERS: Final = (
    Paper("violations-ru.pdf", "prosecutor", "ru", _confirmed),
    Paper("served-list-2-ru.pdf", "prosecutor", "ru", _served),
    Paper("order-1-ru.pdf", "prosecutor", "ru", _order),
    Paper("task-sheet-ky.pdf", "lsg.kara-bak", "ky", _sheet),
    Paper("briefing-ky.pdf", "headquarters", "ky", _briefing),
    Paper("briefing-ru.pdf", "headquarters", "ru", _briefing),
    Paper("briefing-en.pdf", "headquarters", "en", _briefing),
)
_OF: Final = "campaign={campaign}&language=ru"
FILES: Final = (
    File("violations.csv", "prosecutor", f"/violations.csv?{_OF}"),
    File("violations.xlsx", "prosecutor", f"/violations.xlsx?{_OF}"),
    File("violations.geojson", "prosecutor", f"/violations.geojson?{_OF}"),
    File("violations.gpkg", "prosecutor", f"/violations.gpkg?{_OF}"),
    File("progress.svg", "headquarters", f"/statistics/progress.svg?{_OF}"),
    File("burn-up.svg", "headquarters", f"/statistics/burn-up.svg?{_OF}"),
    File("map.svg", "headquarters", f"/statistics/map.svg?{_OF}"),
)


class SamplePapers:
    """The folder of them, and what is still being made for it."""

    def __init__(self, base_url: str, campaign: str, folder: Path) -> None:
        self.folder = folder
        self._campaign = campaign
        self._making: dict[str, tuple[Desk, str]] = {}
        self._desk = cache(lambda reader: Desk(base_url, reader))
        folder.mkdir(exist_ok=True)
        note = _NOTE.read_text().replace("{address}", base_url)
        (folder / NOTE).write_text(note)

    @property
    def missing(self) -> list[str]:
        """Names of what is not there."""
        wanted = (sample.name for sample in (*PAPERS, *FILES))
        return [name for name in wanted if not (self.folder / name).exists()]

    def photos(self) -> Iterator[bytes]:
        """Hashes of what the papers show: their previews have to be made before them."""
        if "order-1-ru.pdf" in self.missing or "task-sheet-ky.pdf" in self.missing:
            path = f"/violations?territory={KARA_BAK}&state=confirmed&limit=200"
            items = self._desk("prosecutor").get(path)["items"]
            yield from sorted({bytes.fromhex(name) for item in items for name in item["photos"]})

    def ask(self) -> None:
        """Have the worker make the papers that are missing."""
        for paper in PAPERS:
            if paper.name in self.missing:
                desk = self._desk(paper.reader)
                said = {"format": "pdf", "language": paper.language}
                said |= paper.asked(desk, self._campaign)
                self._making[paper.name] = (desk, desk.post("/exports", said)["id"])

    def fetch(self) -> None:
        """Take what is answered at once, then the papers as they are done, with patience."""
        for file in FILES:
            if file.name in self.missing:
                path = file.path.format(campaign=self._campaign)
                self._keep(file.name, self._desk(file.reader).fetch(path))
        end = time.monotonic() + PATIENCE_S
        while self._making and time.monotonic() < end:
            for name, (desk, export) in list(self._making.items()):
                state = desk.get(f"/exports/{export}")["state"]
                if state == "done":
                    self._keep(name, desk.fetch(f"/exports/{export}/file"))
                if state in ("done", "failed"):
                    del self._making[name]
            time.sleep(0.1)

    def _keep(self, name: str, content: bytes) -> None:
        """Whole or not at all."""
        half = self.folder / f".{name}"
        half.write_bytes(content)
        half.rename(self.folder / name)
