"""`make demo` as a visitor sees it: from an empty folder to the published figures, and again."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import pytest

from audit_api.demo.headquarters import RETURNED
from audit_api.demo.http_client import get, sign_in
from audit_api.demo.people import INSPECTORS
from audit_api.demo.sample_papers import PAPERS
from audit_api.domain.oversight.escalation import EscalationStep
from audit_api.domain.vocabulary import TaskState, ViolationState
from audit_api.embedded.child import free_port
from audit_api.settings import Settings
from audit_api.tablet import Tablet
from tests.journeys.by_the_book import backed_up, restored
from tests.journeys.readme_tour import BASH, comes_as_said, steps_of, typed_in_one_terminal
from tests.journeys.restoring import moved_to, new_cluster
from tests.journeys.sample_folder import Paper, digests, named, rows_of, title_of

CAMPAIGN = "kg-jk-2021"
PATIENCE_S = 240


class Demo:
    """The demonstration as a process, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self.said: dict[str, Any] = {}
        self.starts = 0

    def start(self) -> None:
        """Run it until it serves."""
        self.starts += 1
        with (self.folder.parent / "demo.log").open("ab") as log:
            self.process = self._run(log)
        end = time.monotonic() + PATIENCE_S
        while (
            not (self.folder / "demo.json").exists()
            or self.log.count("Unused enrolment codes") < self.starts
        ):
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
    def papers(self) -> Path:
        """The folder of what each role takes away."""
        return self.folder / "demo" / "papers"

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

    def wait_for(self, role: str, path: str) -> None:
        """Until a list that the worker fills has something."""
        end = time.monotonic() + PATIENCE_S
        while not self.get(role, path)["items"]:
            assert time.monotonic() < end, path
            time.sleep(1)

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
    [site] = demo.get("technical_supervisor", f"/sites?number={RETURNED}")["items"]
    [violation] = demo.get("technical_supervisor", f"/violations?limit=1&site={site['id']}")[
        "items"
    ]
    inspection = demo.get("technical_supervisor", f"/inspections/{violation['inspection']}")
    assert inspection["state"] == "returned"
    assert inspection["returns"][0]["by"] == "Demo technical supervisor"


def test_there_are_violations_in_every_state(demo: Demo) -> None:
    violations = demo.everything("prosecutor", "/violations?limit=200")
    assert {violation["state"] for violation in violations} == set(ViolationState)
    without_photo = [violation for violation in violations if not violation["photos"]]
    assert 0 < len(without_photo) < len(violations) / 20


def test_there_are_tasks_in_every_state_and_on_every_step(demo: Demo) -> None:
    tasks = demo.everything("coordinator", "/tasks?limit=200")
    # A remedy for the day lapses; the demonstration's election day was over before it began.
    assert {task["state"] for task in tasks} == set(TaskState) - {TaskState.LAPSED}
    assert {task["overdue"] for task in tasks if task["state"] == "assigned"} == {True, False}
    last_steps = {task["escalations"][-1]["step"] for task in tasks if task["escalations"]}
    assert last_steps == set(EscalationStep)
    assert sum(task["extension_asked"] is not None for task in tasks) == 2
    assert sum(task["cost_som"] is not None for task in tasks) == 3


def test_the_moves_of_tasks_were_said_by_who_may_say_them(demo: Demo) -> None:
    moved = [task for task in demo.everything("coordinator", "/tasks?limit=200") if task["rev"] > 1]
    said = {
        (event["move"], event["by"].removeprefix("Demo ").split(" of ")[0].split(",")[0])
        for task in moved
        for event in demo.get("coordinator", f"/tasks/{task['id']}")["events"]
    }
    assert said >= {
        ("acknowledge", "head"),
        ("start", "head"),
        ("estimate", "head"),
        ("report_done", "head"),
        ("ask_extension", "head"),
        ("decline", "head"),
        ("set_deadline", "headquarters"),
        ("return", "technical supervisor"),
        ("measured_outside", "inspector"),
        ("verified", "inspector"),
        ("ended_by_adjudication", "technical supervisor"),
        ("ended_by_law", "administrator"),
    }


def test_each_way_to_adjudicate_was_gone(demo: Demo) -> None:
    violations = demo.everything("technical_supervisor", "/violations?limit=200")
    decided = {
        (adjudication["decision"], violation["state"])
        for violation in violations
        if violation["state"] in {"confirmed", "overturned", "contested"}
        for adjudication in demo.get("technical_supervisor", f"/violations/{violation['id']}")[
            "adjudications"
        ]
    }
    assert decided == {
        ("confirm", "confirmed"),
        ("correct", "confirmed"),
        ("correct", "overturned"),
        ("overturn", "overturned"),
        ("remeasure", "contested"),
    }


def test_two_lists_were_served_and_an_order_issued_over_the_second(demo: Demo) -> None:
    first, second = demo.get("prosecutor", "/served-lists")["items"]
    assert [first["number"], second["number"]] == [1, 2]
    since = demo.get("prosecutor", f"/served-lists/{second['id']}")["document"]["since"]
    assert since["number"] == 1
    told = {word: len(since[word]) for word in ("fixed", "new", "unchanged", "dropped")}
    assert told == {"fixed": 2, "new": 3, "unchanged": 2, "dropped": 0}
    assert first["violations"] == 4
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


def test_the_folder_of_samples_is_whole_and_says_what_is_what(demo: Demo) -> None:
    assert {file.name for file in demo.papers.iterdir()} == named()
    note = (demo.papers / "README.txt").read_text()
    assert all(name in note for name in named() - {"README.txt"})
    assert f"{demo.said['base_url']}/verify/" in note
    listed = len(demo.everything("prosecutor", "/violations?limit=200"))
    for suffix in ("csv", "xlsx", "geojson", "gpkg"):
        assert rows_of(demo.papers / f"violations.{suffix}") == listed
    assert all(title_of(demo.papers / f"{name}.svg") for name in ("progress", "burn-up", "map"))


@pytest.mark.parametrize("sample", PAPERS, ids=[sample.name for sample in PAPERS])
def test_each_sample_paper_is_tagged_and_genuine(demo: Demo, sample: Any) -> None:
    paper = Paper(demo.papers / sample.name)
    assert paper.language == sample.language
    told = paper.verified(demo.said["base_url"])
    assert told["genuine"]
    assert told["language"] == sample.language
    assert paper.sha256 in told["file_sha256"]
    assert told["content_sha256"][:32] in paper.text


def test_the_order_and_the_task_sheet_show_their_photos(demo: Demo) -> None:
    assert Paper(demo.papers / "order-1-ru.pdf").photos > 1
    assert Paper(demo.papers / "task-sheet-ky.pdf").photos > 0


def test_the_readmes_tour_comes_as_written(demo: Demo, tmp_path: Path, project_root: Path) -> None:
    demo.wait_for("technical_supervisor", "/inspections/flagged?kind=photo_far")
    folder = beside(demo, tmp_path, project_root)
    steps = steps_of(project_root / "README.md")
    told = typed_in_one_terminal(steps, base_url=demo.said["base_url"], folder=folder)
    assert len(told) > 50
    wrong = [f"$ {step.command}\n{said}" for step, said in told if not comes_as_said(step, said)]
    assert wrong == [], "\n".join(wrong)


def beside(demo: Demo, folder: Path, project_root: Path) -> Path:
    """A folder that looks like the project's: with `docs`, and the demonstration in `var`."""
    (folder / "docs").symlink_to(project_root / "docs")
    (folder / "var").mkdir()
    for name in ("demo", "demo.json"):
        (folder / "var" / name).symlink_to(demo.folder / name)
    return folder


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
    samples = digests(demo.papers)
    (demo.papers / "map.svg").unlink()
    assert demo.stop() == 0
    assert not (demo.folder / "demo.json").exists()
    assert _processes_of(demo.folder) == []
    demo.start()
    assert demo.everything("prosecutor", "/violations?limit=200") == before
    again = digests(demo.papers)
    assert again.keys() == samples.keys()
    # The note tells the address of now; what was not there is made once more.
    assert {name for name in again if again[name] != samples[name]} <= {"README.txt", "map.svg"}


def test_a_tablet_finds_the_server_where_it_serves_now(demo: Demo) -> None:
    with Tablet(demo.folder / "demo" / "tablets" / INSPECTORS[0].username) as tablet:
        assert tablet.store.identity["base_url"] == demo.said["base_url"]
        assert tablet.sync().pushed.statuses == {}


COMES = {
    "how far everybody is": ["inspected"],
    "give Demo head of Kara-Bak aiyl aimak the later day that is asked for": ["set_deadline"],
    "what supervision has confirmed": ["confirmed"],
    "have the page of this morning made": ["queued"],
    "serve list №4": ["unchanged"],
    "take the confirmed ones away": ["bytes are in demo/confirmed.xlsx"],
    "is the paper of the order genuine?": ['"genuine": true'],
    "what waits for a decision": ["contested"],
    "confirm the first of them": ["confirmed"],
    "what is to be repaired": ["remedies"],
    "acknowledge a task": ["acknowledged"],
    "have a sheet made for the foreman": ["queued"],
    "devices": ["Tablet of"],
    "have a program told": ["whsec_"],
    "let a phone with ODK Collect take part": ["collect.png", "/openrosa/key/"],
    "correct a day off": ["2027-03-10: off already."],
    "a station to inspect": ["8065"],
    "enrol a tablet": ["Enrolled for inspector.batken", "Owed: nothing."],
}
"""What the commands that `make demo` prints answer, among the rest, after the README's tour."""


def test_what_it_prints_can_be_pasted(demo: Demo) -> None:
    printed = demo.log.rsplit("Ready in", 1)[1]
    found = dict(re.findall(r"^  # (.*)\n  (.*)$", printed, re.MULTILINE))
    assert len(found) == len(COMES)
    for what, comes in COMES.items():
        [command] = [command for told, command in found.items() if told.startswith(what)]
        done = subprocess.run([BASH, "-c", command], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        for word in comes:
            assert word in done.stdout, f"{command}\n{done.stdout}"


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
