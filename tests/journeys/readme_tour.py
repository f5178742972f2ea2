"""The tour of the README as it is written: its commands, and what it says that comes of them."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from audit_api.embedded.child import free_port

BASH = "/bin/bash"
_BLOCKS = re.compile(r"^```(bash)?\n(.*?)^```", re.DOTALL | re.MULTILINE)
_MARK = "=== step"
_PATIENCE_S = 240
_RECEIVER_PORT = str(free_port())
"""Of the receiver of webhooks, which is 8008 in the README."""
_ANY_OF = {
    "cut": ".*",
    "id": r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "sha256": r"[0-9a-f]{64}",
    "day": r"20\d\d-\d\d-\d\d(?:T[\d:.+-]+)?",
    "code": r"[A-Z2-9]{5}-[A-Z2-9]{5}",
}
_VARYING = re.compile("|".join(f"(?P<{k}>{'…' if k == 'cut' else v})" for k, v in _ANY_OF.items()))


@dataclass(frozen=True, slots=True)
class Step:
    """A command, and what the README has it print."""

    command: str
    said: tuple[str, ...]


def steps_of(page: Path) -> list[Step]:
    """The tour in its order; a `bash` block is one step, which prints nothing."""
    tour = page.read_text().split("## The tour", 1)[1].split("\n## ", 1)[0]
    steps = []
    for bash, block in _BLOCKS.findall(tour):
        if bash:
            steps.append(Step(block, ()))
            continue
        for typed in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            steps.append(_step(typed.splitlines()))
    return steps


def _step(lines: list[str]) -> Step:
    """A command goes on in the next line while bash waits for the rest of it."""
    count = 1
    while count < len(lines) and not _is_whole("\n".join(lines[:count])):
        count += 1
    return Step("\n".join(lines[:count]), tuple(lines[count:]))


def _is_whole(command: str) -> bool:
    if command.endswith("\\"):
        return False
    return subprocess.run([BASH, "-n", "-c", command], capture_output=True).returncode == 0


def typed_in_one_terminal(
    steps: list[Step], *, base_url: str, folder: Path
) -> list[tuple[Step, str]]:
    """Each step with what it printed, in a folder that has the demonstration as `var`."""
    steps = [replace(s, said=tuple(_at(base_url, line) for line in s.said)) for s in steps]
    lines = []
    for step in steps:
        lines += [f"echo '{_MARK}'", step.command]
    script = _at(base_url, "\n".join(lines))
    done = subprocess.run(
        [BASH, "-c", script],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_PATIENCE_S,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        check=False,
    )
    printed = done.stdout.decode().split(f"{_MARK}\n")[1:]
    return list(zip(steps, printed, strict=True))


def _at(base_url: str, said: str) -> str:
    return said.replace("http://127.0.0.1:8000", base_url).replace("8008", _RECEIVER_PORT)


def comes_as_said(step: Step, printed: str) -> bool:
    """Whether this and nothing else came; `…` stands for anything, no line for no word."""
    wanted = "\n".join(_pattern(line) for line in step.said)
    return re.fullmatch(wanted, printed.rstrip("\n"), re.DOTALL) is not None


def _pattern(line: str) -> str:
    """The line as an expression; ids, hashes, codes and days are others in every demonstration."""
    found, end = [], 0
    for varying in _VARYING.finditer(line):
        found += [re.escape(line[end : varying.start()]), _ANY_OF[varying.lastgroup or ""]]
        end = varying.end()
    return "".join([*found, re.escape(line[end:])])
