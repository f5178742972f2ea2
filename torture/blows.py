"""Carries out the schedule: each blow at its moment, to whom the dice say."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Timer

import psycopg
from sqlalchemy.exc import DBAPIError

from torture.headquarters import Headquarters
from torture.proxy import Link, Mode, Proxy
from torture.schedule import Blow, Event
from torture.servers import Cluster, Web
from torture.tablets import TabletProcess

_BUCKET_MODES = (Mode.CLOSED, Mode.ERROR_500, Mode.ERROR_503)
BUCKET_AWAY_S = (1.0, 5.0)


@dataclass
class Blows:
    """`struck`: when which blow fell, seconds since the epoch. Runs in the thread that started

    PostgreSQL, because that dies with it.
    """

    cluster: Cluster
    web: Web
    proxy: Proxy
    bucket: Link
    tablets: list[TabletProcess]
    headquarters: Headquarters
    struck: list[tuple[float, float, Blow]] = field(default_factory=list)
    """Beginning, end, which."""
    done: Counter[Blow] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    _returning: Timer | None = None
    _others: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4))

    def carry_out(self, schedule: list[Event], seconds: float) -> None:
        """Strike for so long."""
        start = time.monotonic()
        for event in schedule:
            time.sleep(max(0.0, start + event.at - time.monotonic()))
            if time.monotonic() - start > seconds:
                break
            began = time.time()
            self.done[event.blow] += self._strike(event)
            if event.blow not in (Blow.RENAME, Blow.BACKUP):
                self.struck.append((began, time.time(), event.blow))
            for tablet in self.tablets:
                words = tablet.crashed()
                if words:
                    self.failed.append(f"{tablet.name} ended by itself: {words}")
                    tablet.start()
        time.sleep(max(0.0, start + seconds - time.monotonic()))

    def end(self) -> None:
        """Nothing strikes any more; the headquarters end what they have begun."""
        self._others.shutdown(cancel_futures=True)
        if self._returning is not None:
            self._returning.cancel()
        self._give_bucket_back()

    def _strike(self, event: Event) -> int:  # noqa: C901 - a case for each blow
        tablet = self.tablets[int(event.dice * len(self.tablets))]
        match event.blow:
            case Blow.WORKER:
                return self.web.kill(event.dice)
            case Blow.WORKERS:
                return self.web.kill(event.dice, every=True)
            case Blow.BACKEND:
                return self.cluster.kill_backend(event.dice)
            case Blow.IMMEDIATE:
                self.cluster.stop_immediately()
            case Blow.BUCKET:
                self._take_bucket_away(event.dice)
            case Blow.TABLET:
                tablet.kill()
                tablet.start()
            case Blow.GRANT:
                # Those whose device may be revoked keep their grants: one reason at a time.
                self._at_headquarters(self.headquarters.change_grant, tablet.inspector, event.dice)
            case Blow.DEVICE:
                self._at_headquarters(self.headquarters.revoke_device, tablet.device)
            case Blow.RENAME:
                self._others.submit(self._at_headquarters, self.headquarters.rename, event.dice)
            case Blow.BACKUP:
                self._others.submit(self._at_headquarters, self.headquarters.mark_backup)
        return 1

    def _at_headquarters(self, work, *args) -> None:  # type: ignore[no-untyped-def]
        for _ in range(50):
            try:
                work(*args)
            except (psycopg.OperationalError, DBAPIError):
                time.sleep(0.2)
            except Exception as error:
                self.failed.append(f"the headquarters could not work: {error!r}")
                return
            else:
                return

    def _take_bucket_away(self, dice: float) -> None:
        # In turns: a run of any length has as many kinds as it has times.
        mode = _BUCKET_MODES[self.done[Blow.BUCKET] % len(_BUCKET_MODES)]
        self.proxy.take_away(self.bucket, mode)
        least, most = BUCKET_AWAY_S
        seconds = least + (most - least) * dice
        now = time.time()
        self.struck.append((now, now + seconds, Blow.BUCKET))
        if self._returning is not None:
            self._returning.cancel()
        self._returning = Timer(seconds, self._give_bucket_back)
        self._returning.start()

    def _give_bucket_back(self) -> None:
        self.bucket.mode = Mode.OPEN
