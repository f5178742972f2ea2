"""What `make demo` prints: for each role what it sees, and its next step, both to be pasted."""

import json
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from audit_api.demo.http_client import get, sign_in
from audit_api.demo.people import INSPECTORS, PEOPLE, DemoPerson
from audit_api.demo.story import NEXT_ADDRESSEE, letter

PRETTY = "| python3 -m json.tool --no-ensure-ascii"
SHOWN = (
    "headquarters",
    "prosecutor",
    "supervisor",
    "lsg.kara-bak",
    "admin",
    "inspector.batken",
)
"""One person of each role; the others have the same commands."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command, and in a few words what it does."""

    what: str
    command: str


class Tour:
    """The commands of a demonstration that serves at `base_url` and keeps its files in `home`."""

    def __init__(self, base_url: str, campaign: str, home: Path, codes: list[str]) -> None:
        self._base_url = base_url
        self._campaign = campaign
        self._home = home
        self._codes = codes
        self._tokens = {
            name: sign_in(base_url, name, person.password)
            for name, person in ((p.username, p) for p in PEOPLE)
            if name in SHOWN
        }

    def show(self, console: Console) -> None:
        """Print it."""
        for person in PEOPLE:
            if person.username not in SHOWN:
                continue
            console.print(
                f"[bold]{person.role.value.replace('_', ' ')}[/bold]  "
                f"user {person.username}  password {person.password}"
            )
            for step in self.steps(person):
                # A command is to be pasted: nothing of it is markup, and no line is broken.
                console.print(f"  # {step.what}", soft_wrap=True, markup=False)
                console.print(f"  {step.command}", soft_wrap=True, markup=False)
            console.print()
        others = ", ".join(p.username for p in PEOPLE if p.username not in SHOWN)
        console.print(f"With passwords alike: {others}.\n", soft_wrap=True)

    def steps(self, person: DemoPerson) -> Iterator[Step]:
        """What this person sees first, and what waits for them, if anything does."""
        name = person.username
        if name == "headquarters":
            path = f"/statistics/progress?campaign={self._campaign}&by=constituency"
            yield Step("how far everybody is", self._get(name, path))
            yield from self._answer_extension(name)
            asked = {"kind": "briefing", "format": "pdf", "filters": {"campaign": self._campaign}}
            yield Step(
                "have the page of this morning made; /exports/<id>/file has it",
                self._post(name, "/exports", asked),
            )
        elif name == "prosecutor":
            path = "/violations?state=confirmed&severity=critical&limit=3"
            yield Step("what supervision has confirmed", self._get(name, path))
            served = self._read(name, "/served-lists")["items"]
            said = letter(self._campaign, NEXT_ADDRESSEE)
            yield Step(
                f"serve list №{len(served) + 1}, to Isfana; then issue acts over it (README)",
                self._post(name, "/served-lists", said),
            )
            yield from self._take_away(name)
        elif name == "supervisor":
            yield Step(
                "what waits for a decision",
                self._get(name, "/adjudications/queue?kind=contested&limit=3"),
            )
            yield from self._confirm(name)
        elif name.startswith("lsg."):
            yield Step("what is to be repaired, and how", self._get(name, "/tasks?limit=3"))
            yield from self._acknowledge(name)
            yield from self._print_sheet(name)
        elif name == "admin":
            yield Step("devices, people's tablets", self._get(name, "/devices?limit=3"))
            program = Path(sys.executable).with_name("audit-api")
            environment = shlex.quote(str(self._home / "environment"))
            yield Step(
                "correct a day off",
                f"(. {environment}; {program} days correct 2027-03-10 off --by {name} "
                '--reason "Demonstration: announced")',
            )
            picture = shlex.quote(str(self._home / "collect.png"))
            yield Step(
                "let a phone with ODK Collect take part: the QR code for its settings",
                f"(. {environment}; {program} openrosa key --for {INSPECTORS[0].username} "
                f"--by {name} --server {self._base_url} --qr {picture})",
            )
            hook = {"url": "http://127.0.0.1:8008/", "types": ["task.returned"]}
            yield Step(
                "have a program told of tasks that are returned (README)",
                self._post(name, "/webhooks", hook),
            )
        else:
            yield Step("a station to inspect", self._get(name, "/sites?number=8065"))
            program = Path(sys.executable).with_name("audit-api")
            folder = shlex.quote(str(self._home / "tablets" / "tour"))
            yield Step(
                "enrol a tablet and pull the district",
                f'{program} tablet enrol {self._base_url} {self._codes[0]} --name "Tour" '
                f"--folder {folder} && {program} tablet sync --folder {folder}",
            )

    def _answer_extension(self, name: str) -> Iterator[Step]:
        for task in self._read(name, "/tasks?extension_asked=true&limit=1")["items"]:
            asked = task["extension_asked"]
            said = {"rev": task["rev"], "due_on": asked["due_on"], "reason": "Granted."}
            what = f"give {asked['by']} the later day that is asked for"
            yield Step(what, self._post(name, f"/tasks/{task['id']}/deadlines", said))

    def _confirm(self, name: str) -> Iterator[Step]:
        for waiting in self._read(name, "/adjudications/queue?kind=contested&limit=1")["items"]:
            path = f"/violations/{waiting['violation']}/adjudications"
            rev = waiting["violation_rev"]
            said = {"decision": "confirm", "rev": rev, "reason": "The photo shows it."}
            yield Step("confirm the first of them", self._post(name, path, said))

    def _acknowledge(self, name: str) -> Iterator[Step]:
        for task in self._read(name, "/tasks?state=assigned&limit=1")["items"]:
            path = f"/tasks/{task['id']}/acknowledgements"
            yield Step("acknowledge a task", self._post(name, path, {"rev": task["rev"]}))

    def _take_away(self, name: str) -> Iterator[Step]:
        path = "/api/v1/violations.xlsx?state=confirmed&language=ru"
        file = shlex.quote(str(self._home / "confirmed.xlsx"))
        yield Step(
            "take the confirmed ones away as a spreadsheet",
            f"{self._curl(name)} '{self._base_url}{path}' -o {file} "
            f"-w '%{{size_download}} bytes are in {self._home.name}/confirmed.xlsx\\n'",
        )
        made = [
            export["file"]["verify"]
            for export in self._read(name, "/exports?limit=200")["items"]
            if export["kind"] == "act" and export["file"]
        ]
        for printed in made[:1]:
            # Printed at an earlier start it may name another port.
            address = f"{self._base_url}/verify/{printed.rsplit('/', 1)[1]}"
            yield Step(
                f"is the paper of the order genuine? (in a browser: {address})",
                f"curl -s -H 'Accept: application/json' '{address}' {PRETTY}",
            )

    def _print_sheet(self, name: str) -> Iterator[Step]:
        for task in self._read(name, "/tasks?state=in_progress&limit=1")["items"]:
            asked = {"kind": "task", "format": "pdf", "id": task["id"]}
            yield Step(
                "have a sheet made for the foreman; /exports/<id>/file has it",
                self._post(name, "/exports", asked),
            )

    def _read(self, name: str, path: str) -> Any:
        return get(self._base_url, f"/api/v1{path}", self._tokens[name])

    def _get(self, name: str, path: str) -> str:
        return f"{self._curl(name)} '{self._base_url}/api/v1{path}' {PRETTY}"

    def _post(self, name: str, path: str, said: Any) -> str:
        body = json.dumps(said, ensure_ascii=False)
        return (
            f"{self._curl(name)} -H 'Content-Type: application/json' "
            f"'{self._base_url}/api/v1{path}' -d '{body}' {PRETTY}"
        )

    def _curl(self, name: str) -> str:
        return f"curl -s -H 'Authorization: Bearer {self._tokens[name]}'"


def closing(codes: list[str]) -> str:
    """What comes last, and that more codes are to be had."""
    return (
        f"Unused enrolment codes for a tablet of {INSPECTORS[0].username}: {' and '.join(codes)}\n"
        "The same is in var/demo.json while this runs. Stop with Ctrl-C; "
        "`make demo` goes on with these data, `make demo-reset` forgets them."
    )
