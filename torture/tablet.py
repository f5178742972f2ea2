"""One tablet of the torture as a process of its own: it works, syncs, misbehaves and takes notes.

`python -m torture.tablet CONFIG LIFE`: works until the file `stop` lies in its folder. `LIFE final`
syncs until nothing is owed. It may be killed at any moment and is started again on its folder.
"""

import json
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from audit_api.tablet import Clock, HttpTransport, Patience, Tablet, TabletError
from torture.bodies import Visit, draw_visit, known_element
from torture.notes import Notes
from torture.outbox import Outbox, push_raw

TIMEOUT_S = 6.0
PATIENT_S = 60.0
"""Over a good link: a machine that is busy with other things is slow, and not wrong."""


class Life:
    """One life of the process: from a start to a kill, or to the end."""

    def __init__(self, config: dict[str, Any], life: str) -> None:
        self.config = config
        self.folder = Path(config["folder"])
        self.rng = random.Random(f"{config['seed']}/{config['name']}/{life}")  # noqa: S311
        self.notes = Notes(self.folder / "notes.jsonl")
        self.clock = timedelta(days=config["clock_days"])
        self.final = life == "final"
        patience = Patience(
            tries=3, first_s=0.2, longest_s=2.0, sleep=lambda s: time.sleep(min(s, 2))
        )
        timeout_s = PATIENT_S if self.final else TIMEOUT_S
        self.tablet = open_tablet(config, self.clock, patience, timeout_s)
        self.outbox = Outbox(self.folder)

    def work(self) -> None:
        """Capture, sync, misbehave, until told to stop."""
        while not (self.folder / "stop").exists():
            for _ in range(self.rng.randint(1, self.config["captures"])):
                self._capture()
            if self._feels("copied"):
                self._copy_a_station()
            if self._feels("twice"):
                self._send_raw("twice", shuffled=False)
            if self._feels("shuffled"):
                self._send_raw("shuffled", shuffled=True)
            self.sync()
            time.sleep(self.rng.uniform(0.0, self.config["pause_s"]))

    def finish(self) -> None:
        """Sync over a good link until nothing is owed; a last whole pull comes with it."""
        end = time.monotonic() + float(self.config["final_s"])
        while True:
            good = self.sync()
            owed = self.outbox.owed()
            if (good and not any(owed.values())) or time.monotonic() > end:
                self.notes.add("finished", good=good, owed=owed)
                return
            time.sleep(0.2)

    def sync(self) -> bool:
        """One session; True when it came to its end."""
        self.notes.add("session")
        problem = None
        try:
            said = self.tablet.sync(delete_durable=True)
            problem = "; ".join(said.pushed.refused) or None
        except TabletError as error:
            problem = f"{type(error).__name__}: {error}"[:300]
        self.notes.add("session ended", problem=problem, states=self.outbox.states())
        return problem is None

    def _feels(self, habit: str) -> bool:
        return self.rng.random() < float(self.config["habits"].get(habit, 0.0))

    def _capture(self) -> None:
        earlier = self.outbox.inspections()
        if earlier and self._feels("corrects"):
            op, entity, site = self.rng.choice(earlier[-20:])
            self._keep(self._draw(site, entity=entity), base={"op": op})
            return
        sites = self.config["foreign" if self._feels("outside") else "sites"]
        self._keep(self._draw(self.rng.choice(sites or self.config["sites"])))

    def _copy_a_station(self) -> None:
        """Two inspections that give one new ramp to two sites, at the same moment: one of them

        on another connection, whose answer is forgotten, while a session hands in both.
        """
        # What else waits would travel with the first: these two have to meet alone.
        self.sync()
        element = known_element(self.config["name"], self.rng.randrange(10**9))
        sites = self.rng.sample(self.config["sites"], 2)
        made = [self._keep(self._draw(site, element=element)) for site in sites]
        record = self.outbox.record(made[1])
        self.notes.add("misbehaves", habit="copied")
        with ThreadPoolExecutor(1) as pool:
            pool.submit(push_raw, self.config["base_url"], self.outbox, [record], TIMEOUT_S)
            time.sleep(self.rng.uniform(0.0, 0.1))
            self.sync()

    def _draw(self, site: str, **chosen: Any) -> Visit:
        return draw_visit(
            self.rng,
            site,
            campaign=self.config["campaign"],
            photos=self.config["photos"],
            photo_bytes=self.config["photo_bytes"],
            clock=self.clock,
            **chosen,
        )

    def _keep(self, visit: Visit, base: dict[str, Any] | None = None) -> str:
        """Note what will be, capture it, note what it is called."""
        photos = [[sha, len(data)] for sha, data in visit.originals().items()]
        self.notes.add("will", entity=visit.entity, sha256=visit.sha256, photos=photos)
        op = capture(self.tablet, visit, base)
        self.notes.add("captured", op=op, entity=visit.entity, sha256=visit.sha256, photos=photos)
        return op

    def _send_raw(self, habit: str, *, shuffled: bool) -> None:
        """The outbox on two connections at once, the second time perhaps in another order."""
        records = self.outbox.waiting()
        if not records:
            return
        other = records.copy()
        if shuffled:
            self.rng.shuffle(other)
        self._parallel([records, other], habit)

    def _parallel(self, batches: list[list[bytes]], habit: str) -> None:
        self.notes.add("misbehaves", habit=habit)
        with ThreadPoolExecutor(len(batches)) as pool:
            for batch in batches:
                pool.submit(push_raw, self.config["base_url"], self.outbox, batch, TIMEOUT_S)


def open_tablet(
    config: dict[str, Any], clock: timedelta, patience: Patience, timeout_s: float
) -> Tablet:
    """The reference client on the folder of this tablet."""
    return Tablet(
        Path(config["folder"]),
        transport=HttpTransport(config["base_url"], timeout_s=timeout_s),
        patience=patience,
        clock=Clock(wall=lambda: datetime.now(UTC) + clock),
    )


def capture(tablet: Tablet, visit: Visit, base: dict[str, Any] | None) -> str:
    """Hand a visit to the client; returns the operation's id."""
    return tablet.capture(visit.body, entity=visit.entity, base=base, originals=visit.photos).op


def main() -> None:
    """Live."""
    path, life = sys.argv[1:]
    living = Life(json.loads(Path(path).read_text()), life)
    if living.final:
        living.finish()
    else:
        living.work()


if __name__ == "__main__":
    main()
