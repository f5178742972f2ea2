"""The tablets' processes, seen from outside: started, killed, started again, asked to finish."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from audit_api.tablet import HttpTransport, Patience, Tablet
from tests.factories import CAMPAIGN
from tests.journeys.server import ROOT
from torture.notes import read_notes
from torture.outbox import Outbox
from torture.place import Inspector
from torture.proxy import Link
from torture.schedule import Weather

CLOCKS_DAYS = (0, -2200, 11000, 0, 1, -1, 0, 25000)
"""By how much the tablets' clocks are off, in turns."""
FINISH_S = 150


@dataclass
class TabletProcess:
    """One tablet over all its lives."""

    name: str
    folder: Path
    inspector: Inspector
    link: Link
    lives: int = 0
    device: str = ""
    clock_days: int = 0
    """By how much its clock is off."""
    _process: "subprocess.Popen[bytes] | None" = field(default=None)

    @property
    def outbox(self) -> Outbox:
        """Its own file."""
        return Outbox(self.folder)

    def enrol(self, seed: str, weather: Weather, number: int, pause_s: float) -> None:
        """Make it a tablet, while the link is still good."""
        self.folder.mkdir(parents=True)
        base_url = f"http://127.0.0.1:{self.link.port}"
        with Tablet.enrol(
            self.folder,
            base_url,
            self.inspector.code,
            self.name,
            transport=HttpTransport(base_url),
            patience=Patience(tries=3),
        ):
            pass
        self.device = self.outbox.identity()[0]
        self.clock_days = CLOCKS_DAYS[number % len(CLOCKS_DAYS)]
        config = {
            "name": self.name,
            "folder": str(self.folder),
            "base_url": base_url,
            "seed": seed,
            "campaign": CAMPAIGN,
            "clock_days": self.clock_days,
            "sites": [str(site) for site in self.inspector.sites],
            "foreign": [str(site) for site in self.inspector.foreign],
            "captures": weather.captures,
            "photos": weather.photos,
            "photo_bytes": weather.photo_bytes,
            "habits": dict(weather.habits),
            "pause_s": pause_s,
            "final_s": weather.final_s,
        }
        (self.folder / "config.json").write_text(json.dumps(config))

    def start(self, life: str | None = None) -> None:
        """Begin a life; the last one is called `final`."""
        self.lives += 1
        with (self.folder / "words.log").open("ab") as words:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "torture.tablet",
                    str(self.folder / "config.json"),
                    life or str(self.lives),
                ],
                cwd=ROOT,
                stdout=words,
                stderr=words,
            )

    def kill(self) -> None:
        """As a battery does it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def tell_to_stop(self) -> None:
        """Ask it to end after its present session."""
        (self.folder / "stop").touch()

    def wait(self, seconds: float) -> bool:
        """True when it ended by itself and well; else it is killed."""
        if self._process is None:
            return True
        try:
            return self._process.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            self.kill()
            return False

    def crashed(self) -> str | None:
        """Its last words if it ended where it should not have."""
        if self._process is None or self._process.poll() in (None, 0, -signal.SIGKILL):
            return None
        return (self.folder / "words.log").read_text(errors="replace")[-1500:]


@dataclass(frozen=True, slots=True)
class Session:
    """One sync of a tablet, from its notes; `end` is when it ended or was killed."""

    begin: float
    end: float
    problem: str | None


def sessions(tablet: TabletProcess) -> list[Session]:
    """All syncs of a tablet."""
    found: list[Session] = []
    begin: float | None = None
    for note in read_notes(tablet.folder / "notes.jsonl"):
        if note["what"] == "session":
            if begin is not None:
                found.append(Session(begin, note["t"], "killed"))
            begin = note["t"]
        elif note["what"] == "session ended" and begin is not None:
            found.append(Session(begin, note["t"], note["problem"]))
            begin = None
    if begin is not None:
        found.append(Session(begin, time.time(), "killed"))
    return found
