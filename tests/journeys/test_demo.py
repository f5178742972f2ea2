"""`make demo` as a visitor sees it: from an empty folder to the published figures, and again."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import pytest

from audit_api.demo.http_client import get, sign_in
from audit_api.demo.people import INSPECTORS
from audit_api.embedded.child import free_port
from audit_api.settings import Settings
from audit_api.tablet import HttpTransport, Tablet
from audit_api.tablet.inspection_file import read_inspection
from tests.journeys.by_the_book import backed_up, restored
from tests.journeys.restoring import moved_to, new_cluster

CAMPAIGN = "kg-jk-2021"
PATIENCE_S = 240


class Demo:
    """The demonstration as a process, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self.said: dict[str, Any] = {}

    def start(self) -> None:
        """Run it until it serves."""
        with (self.folder.parent / "demo.log").open("ab") as log:
            self.process = self._run(log)
        end = time.monotonic() + PATIENCE_S
        while not (self.folder / "demo.json").exists() or "Unused enrolment codes" not in self.log:
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(self.log)
            time.sleep(0.2)
        self.said = json.loads((self.folder / "demo.json").read_text())

    def _run(self, log: IO[bytes]) -> "subprocess.Popen[bytes]":
        command = "from audit_api.cli import main; main()"
        return subprocess.Popen(
            [sys.executable, "-c", command, "demo", "--folder", str(self.folder), "--port",
             str(free_port())],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=os.environ | {"COLUMNS": "200"},
            # As a shell starts what it puts into the background: Ctrl-C has to end it all the same.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        )  # fmt: skip

    @property
    def log(self) -> str:
        """What it printed."""
        return (self.folder.parent / "demo.log").read_text()

    def stop(self) -> int:
        """Ctrl-C."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    def get(self, role: str, path: str) -> Any:
        """GET as the demonstration's person of that role."""
        user = next(u for u in self.said["users"] if u["role"] == role)
        token = sign_in(self.said["base_url"], user["username"], user["password"])
        return get(self.said["base_url"], f"/api/v1{path}", token)

    def everything(self, role: str, path: str) -> list[Any]:
        """All items of a list."""
        found: list[Any] = []
        following: str | None = path
        while following:
            page = self.get(role, following)
            found += page["items"]
            following = page["next"] and page["next"].removeprefix("/api/v1")
        return found


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demonstration that serves."""
    running = Demo(tmp_path_factory.mktemp("demo") / "var")
    running.folder.mkdir()
    running.start()
    yield running
    if running.process is not None and running.process.poll() is None:
        running.stop()


def test_the_published_figures_come_out_of_the_api(demo: Demo) -> None:
    answer = demo.get("coordinator", f"/statistics/progress?campaign={CAMPAIGN}&by=constituency")
    told = [(g["constituency"], g["stations"], g["voters"]) for g in answer["items"]]
    assert told == [(1, 66, 90_075), (2, 80, 102_010), (3, 72, 112_968)]
    total = answer["total"]
    assert (total["stations"], total["voters"], total["inspected"]) == (218, 305_053, 60)
    assert total["open_violations"] > 0
    assert total["awaiting_photos"] == 0
    assert (total["assigned"], total["assigned_inspected"]) == (173, 60)


def test_one_inspection_went_back_for_correction(demo: Demo) -> None:
    [violation] = demo.get("technical_supervisor", "/violations?limit=1")["items"]
    inspection = demo.get("technical_supervisor", f"/inspections/{violation['inspection']}")
    assert inspection["state"] == "returned"
    assert inspection["returns"][0]["by"] == "Demo technical supervisor"


def test_two_lists_were_served_and_an_order_issued_over_the_second(demo: Demo) -> None:
    first, second = demo.get("prosecutor", "/served-lists")["items"]
    assert [first["number"], second["number"]] == [1, 2]
    since = demo.get("prosecutor", f"/served-lists/{second['id']}")["document"]["since"]
    assert since["number"] == 1
    assert len(since["new"]) == second["violations"] - first["violations"] > 0
    assert len(since["unchanged"]) == first["violations"]
    [act] = demo.get("lsg_head", "/acts")["items"]
    assert (act["kind"], act["number"], act["state"]) == ("order", 1, "issued")
    assert act["served_list"] == second["id"]


def test_the_stations_of_alga_lie_in_two_constituencies(demo: Demo) -> None:
    sites = demo.everything("coordinator", "/sites?limit=200")
    assert len(sites) == 218
    wanted = {8145: 2, 8146: 2, 8172: 2, 8202: 2, 8147: 3}
    found = {
        station["number"]: (station["constituency"], site["territory_name"]["en"])
        for site in sites
        for station in site["stations"]
        if station["number"] in wanted
    }
    assert found == {n: (constituency, "Alga Aiyl Aimak") for n, constituency in wanted.items()}


def test_what_is_made_up_says_so(demo: Demo) -> None:
    sites = demo.everything("coordinator", "/sites?limit=200")
    real = [site for site in sites if "name" not in site["synthetic"]]
    assert len(real) == 46
    assert all(site["synthetic"] for site in sites)


@pytest.mark.parametrize(
    "role",
    ["inspector", "technical_supervisor", "prosecutor", "lsg_head", "coordinator", "administrator"],
)
def test_every_role_can_sign_in_and_has_a_command_to_try(demo: Demo, role: str) -> None:
    user = next(u for u in demo.said["users"] if u["role"] == role)
    assert demo.get(role, "/sessions/current")["grants"] == [
        {"role": role, "territory": user["territory"]}
    ]
    assert f"user {user['username']}" in demo.log


def test_an_unused_code_enrols_a_tablet_that_pulls_and_hands_in(
    demo: Demo, tmp_path: Path, project_root: Path
) -> None:
    assert len(demo.said["enrolment_codes"]) == 2
    code = demo.said["enrolment_codes"][0]
    with Tablet.enrol(tmp_path / "tablet", demo.said["base_url"], code, "Mine") as tablet:
        tablet.sync()
        sites = tablet.items("site")
        assert len(sites) == 46
        file = readme_ramp(tmp_path, project_root, next(iter(sites))[1])
        read = read_inspection(file, tablet.clock.read())
        made = tablet.capture(read.body, entity=str(uuid4()), originals=read.originals)
        assert tablet.sync().photos.count == 1
        assert tablet.find(made.op).state == "applied"


def readme_ramp(folder: Path, project_root: Path, site: str) -> Path:
    """The inspection of the README's tour, where the tour puts it."""
    (folder / "docs").symlink_to(project_root / "docs")
    (folder / "var").mkdir()
    file = folder / "var" / "ramp.json"
    sample = (project_root / "docs/samples/visit/ramp.json").read_text()
    file.write_text(sample.replace("SITE", site))
    return file


def test_links_broke_and_answers_were_lost_and_everything_came_once(demo: Demo) -> None:
    assert "6 requests cut halfway, 6 answers lost" in demo.log
    told = "60 applied, 1 conflict, 1 quarantined, 1 rejected, 1 still on its tablet"
    assert told in demo.log


def test_supervision_has_something_to_look_at(demo: Demo) -> None:
    held = demo.everything("technical_supervisor", "/quarantine?state=open")
    assert {(item["status"], item["reason"]) for item in held} == {
        ("rejected", None),
        ("quarantined", "out-of-scope"),
    }
    [review] = demo.everything("technical_supervisor", "/reviews?state=open")
    assert review["kind"] == "law-relevant"


def test_the_headquarters_see_what_a_tablet_owes_until_it_finds_a_network(demo: Demo) -> None:
    def owing() -> list[Any]:
        return demo.everything("coordinator", "/devices?owing=true")

    [device] = owing()
    assert (device["owner"], device["owes_operations"]) == ("inspector.leilek", 1)
    folder = demo.folder / "demo" / "tablets" / INSPECTORS[1].username
    with Tablet(folder, transport=HttpTransport(demo.said["base_url"])) as tablet:
        tablet.sync()
    assert owing() == []


def test_the_drill_proves_every_hash_of_the_demos_backup(
    demo: Demo, new_settings: Callable[[], Settings], tmp_path: Path
) -> None:
    said = shlex.split((demo.folder / "demo" / "environment").read_text(), comments=True)
    environment = dict(word.split("=", 1) for word in said if "=" in word)
    made = backed_up(environment, tmp_path / "backups")
    assert made.returncode == 0, made.stderr
    files = [p for p in (tmp_path / "backups" / "originals").rglob("*") if p.is_file()]
    with new_cluster(tmp_path / "scratch") as services:
        # With the installation's own keys.
        scratch = replace(
            moved_to(new_settings(), services),
            secret_key=environment["SECRET_KEY"],
            receipt_signing_key=bytes.fromhex(environment["RECEIPT_SIGNING_KEY"]),
        )
        done = restored(scratch, tmp_path / "backups")
    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1]
    assert last.endswith(f", {len(files)} originals in the bucket: all as they were signed.")
    assert len(files) > 100


def test_it_stops_cleanly_and_goes_on_with_the_same_data(demo: Demo) -> None:
    before = demo.everything("prosecutor", "/violations?limit=200")
    assert demo.stop() == 0
    assert not (demo.folder / "demo.json").exists()
    assert _processes_of(demo.folder) == []
    demo.start()
    assert demo.everything("prosecutor", "/violations?limit=200") == before


def _processes_of(folder: Path) -> list[str]:
    """Command lines that name the folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(folder) in line:
            found.append(line)
    return found
