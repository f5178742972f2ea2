"""What ODK Collect downloads and hands in, with its marks; and the memory of all server processes.

`python -m bench.openrosa` measures on services of its own and prints it. The marks stand beside
what ODK Central took on the same kind of machine (v2026.2, 4 workers): CPU-s per 1,000 submissions
23, with five photos 96, sent again 28, per 1,000 rounds of downloads 11.5; and 1.6 GB.
"""

import gzip
import http.client
import random
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from lxml import etree
from sqlalchemy import text

from audit_api.services.openrosa_keys import make_key
from audit_api.storage.base import Database, make_engine
from audit_api.storage.people import Person
from bench.cpu import cpu_seconds, tree
from bench.report import Verdict, print_verdicts
from bench.stand import Stand, standing
from field_schema.catalog import load_catalog
from field_schema.xforms import released_xforms
from tests.factories import AT, CAMPAIGN
from tests.field_schema.bodies import station_body
from tests.http.collecting import CONTENT_TYPE, Filled, form_body, without_instruments

PLAIN: Final = 600
WITH_PHOTOS: Final = 2_000
AGAIN: Final = 600
ROUNDS: Final = 1_000
DISTRICT, REGION = 46, 218
"""Polling places of an inspector in the demonstration, and of Batken region."""
PHOTOS, SIZE = 5, 300_000
_THREADS: Final = 2
_WARM: Final = 60
_FORM: Final = "station/1"
_LEAF: Final = re.compile(r"<(\w+)/>")
_CALCULATED: Final = re.compile(r"\w+_c[0-9]+|count_\w+")


def measure(*, photos: int = WITH_PHOTOS) -> tuple[list[Verdict], list[str]]:
    """The lines of the report, on services of its own, and what has to be said of them."""
    with standing() as stand:
        handed_in, notes = _submissions(_Bench(stand), photos)
    with standing(DISTRICT) as few, standing(REGION) as all_of_it:
        downloaded, told = _downloads(_Bench(few), _Bench(all_of_it))
    # What memory there is comes last.
    return [*handed_in[:-1], *downloaded, handed_in[-1]], [*notes, *told]


def _submissions(bench: "_Bench", photos: int) -> tuple[list[Verdict], list[str]]:
    bench.cost(range(_WARM), 0, 201)
    plain = bench.cost(range(_WARM, _WARM + PLAIN), 0, 201)
    first = _WARM + PLAIN
    shown = bench.cost(range(first, first + photos), PHOTOS, 201)
    again = bench.cost(range(first, first + min(AGAIN, photos)), PHOTOS, 202)
    resident = sum(_resident_mb(pid) for pid in tree(bench.stand.server_pid))
    unit = "CPU-s per 1,000"
    verdicts = [
        Verdict("ODK Collect: a submission without photos, scored", plain, unit, 8),
        Verdict(f"the same with {PHOTOS} photos of {SIZE // 1000} kB", shown, unit, 60),
        Verdict("the same sent again, photos and all", again, unit, 14),
        Verdict(
            f"all server processes after {photos:,} with photos: resident", resident, "MB", 350
        ),
    ]
    return verdicts, [
        f"A submission of ODK Collect: `{_FORM}`, {len(bench.xml(0, 0)) // 1000} kB of XML with "
        "every node that a phone saves, in one POST with its photos of random bytes, "
        f"{_THREADS} at once. CPU of the server, PostgreSQL and the object store together.",
        "ODK Central v2026.2 with 4 workers took 23, 96, 28 and 11.5 CPU-s per 1,000 for these, "
        "and held 1.6 GB, on the same kind of machine; it scores nothing. Resident: what several "
        "processes share counts once.",
    ]


def _downloads(few: "_Bench", whole: "_Bench") -> tuple[list[Verdict], list[str]]:
    few.cost(range(DISTRICT), 0, 201)
    whole.cost(range(REGION), 0, 201)
    rounds, size = few.downloads(ROUNDS)
    more, _ = whole.downloads(ROUNDS)
    told = "formList, manifest and form, one round"
    return [Verdict(told, rounds, "CPU-s per 1,000", 5)], [
        "A round is the list of forms, one form's manifest with its lists hashed anew, and that "
        f"form ({size // 1000:,} kB of XML, taken compressed as Collect does), for an inspector "
        f"with {DISTRICT} polling places, each inspected once; with all {REGION} of the region it "
        f"takes {more:.2g} CPU-s per 1,000.",
    ]


class _Bench:
    """A stand with a key of ODK Collect."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self._roots = (stand.server_pid, stand.postgres_pid, stand.store_pid)
        database = Database(make_engine(stand.settings))
        with database.writing() as session:
            owner = text("select owner_id from device where id = :id")
            found: UUID = session.execute(owner, {"id": stand.place.device}).scalar_one()
            person = session.get_one(Person, found)
            made = make_key(session, person, by=person.id, name="bench", at=AT)
        database.engine.dispose()
        self._key = f"/openrosa/key/{made.token}"
        form = released_xforms()["kg-demo-2021", _FORM][-1].data.decode()
        blank = form[form.index("<instance>") : form.index("</instance>")]
        self._beside = {
            element: _saved_beside(blank, element)
            for element in load_catalog().form(_FORM).sections
        }

    def xml(self, seed: int, photos: int) -> bytes:
        """A filled-in form; the same for the same seed."""
        place = self.stand.place
        site = str(place.sites[seed % len(place.sites)])
        body = station_body(seed, photos=False, site=site, campaign=CAMPAIGN)
        names = [f"{seed}-{n}.jpg" for n in range(photos)]
        xml = Filled(without_instruments(body), more=names, instance=f"uuid:bench-{seed}").xml()
        told = xml.decode()
        for element, beside in self._beside.items():
            told = told.replace(f"</shown></{element}>", f"{beside}</shown></{element}>")
        return told.encode()

    def cost(self, seeds: Sequence[int], photos: int, status: int) -> float:
        """CPU seconds per 1,000 submissions; each has to be answered with the status."""
        spent = 0.0
        # The client makes its bodies beforehand, a few at a time: its memory is not measured.
        for start in range(0, len(seeds), 100):
            bodies = [self._body(seed, photos) for seed in seeds[start : start + 100]]
            before = cpu_seconds(*self._roots)
            self._send(bodies, status)
            # What the store still writes belongs to the bill.
            time.sleep(0.2)
            spent += cpu_seconds(*self._roots) - before
        return 1000 * spent / len(seeds)

    def downloads(self, rounds: int) -> tuple[float, int]:
        """CPU seconds per 1,000 rounds of formList, manifest and form, and the form's bytes."""
        before = cpu_seconds(*self._roots)
        with ThreadPoolExecutor(_THREADS) as pool:
            sizes = list(pool.map(self._download, [rounds // _THREADS] * _THREADS))
        return 1000 * (cpu_seconds(*self._roots) - before) / rounds, sizes[0]

    def _download(self, rounds: int) -> int:
        connection = http.client.HTTPConnection(self.stand.address, timeout=60)

        def get(path: str) -> bytes:
            connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != HTTPStatus.OK:
                raise RuntimeError(f"{path.rpartition('/')[2]} answered {answer.status}")
            return said

        form = b""
        for _ in range(rounds):
            listed = etree.fromstring(get(f"{self._key}/formList"))
            entry = listed[0]
            manifest = get(_path(entry, "manifestUrl"))
            form = get(_path(entry, "downloadUrl"))
            if b"<mediaFile>" not in manifest:
                raise RuntimeError("the manifest names no file")
        return len(gzip.decompress(form))

    def _body(self, seed: int, photos: int) -> bytes:
        bytes_of = random.Random(seed).randbytes  # noqa: S311 - test data, not a secret
        files = [
            (f"{seed}-{n}.jpg", b"\xff\xd8\xff\xe0" + bytes_of(SIZE - 4)) for n in range(photos)
        ]
        return form_body(self.xml(seed, photos), files)

    def _send(self, bodies: list[bytes], status: int) -> None:
        def run(share: list[bytes]) -> None:
            send = self._sender(status)
            for body in share:
                send(body)

        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(run, [bodies[n::_THREADS] for n in range(_THREADS)]))

    def _sender(self, status: int) -> Callable[[bytes], None]:
        connection = http.client.HTTPConnection(self.stand.address, timeout=60)

        def send(body: bytes) -> None:
            connection.request(
                "POST", f"{self._key}/submission", body, {"Content-Type": CONTENT_TYPE}
            )
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != status:
                raise RuntimeError(f"a submission answered {answer.status}: {said[:300]!r}")

        return send


def _saved_beside(blank: str, element: str) -> str:
    """What a phone saves of an element beside its answers: all nodes that are relevant, with what
    they calculate or empty. Notes are relevant only where they have something to say.
    """
    found = re.search(rf"<{element}( jr:template=\"\")?>(.*?)</{element}>", blank, re.DOTALL)
    leaves = _LEAF.findall(found[2] if found else "")
    told = {leaf: "" for leaf in leaves if not leaf.startswith(("told_", "unusual_"))}
    told |= {leaf: "1" for leaf in told if _CALCULATED.fullmatch(leaf)}
    told |= {leaf: "not_measured" for leaf in told if leaf.endswith("_verdict")}
    return "".join(f"<{leaf}>{value}</{leaf}>" for leaf, value in told.items())


def _path(entry: Any, name: str) -> str:
    """The path of an address in the list of forms."""
    return urlsplit(entry.findtext(f"{{*}}{name}")).path


def _resident_mb(pid: int) -> float:
    """What a process holds; a page that several share counts once among them."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1000
    return 0.0


def main() -> None:
    """Measure on services of its own and print what came out."""
    print_verdicts(*measure())


if __name__ == "__main__":
    main()
