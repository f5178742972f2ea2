"""The process in which originals are opened: one child each, forked, with limits.

Reads a line of JSON per photo, `{"original": path, "folder": path}`, and answers with one:
`{"seen": …}` or `{"refused": reason}`. Started by `examiner.Examiner`; ends when its input does.
"""

import json
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

from audit_api.imaging.examine import NoPreview, examine

CPU_S: Final = 20
WALL_S: Final = 60
MEMORY_BYTES: Final = 1_000_000_000
FILE_BYTES: Final = 4_000_000
_TOLD: Final = "told.json"


def main() -> None:
    """Serve until standard input ends."""
    for line in sys.stdin:
        said = json.loads(line)
        answer = _in_a_child(Path(said["original"]), Path(said["folder"]))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _in_a_child(original: Path, folder: Path) -> dict[str, Any]:
    pid = os.fork()
    if pid == 0:
        # Never back into the loop, whatever happens here.
        try:
            _limit()
            _tell(original, folder)
        finally:
            os._exit(1)
    status = _wait(pid)
    if os.WIFSIGNALED(status):
        return {"refused": f"the decoder was ended by signal {os.WTERMSIG(status)}"}
    try:
        told: dict[str, Any] = json.loads((folder / _TOLD).read_text())
    except (OSError, ValueError):
        return {"refused": "the decoder ended without an answer"}
    return told


def _wait(pid: int) -> int:
    end = time.monotonic() + WALL_S
    pause = 0.001
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        if time.monotonic() > end:
            os.kill(pid, signal.SIGKILL)
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


def _limit() -> None:
    limits = (
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    )
    for limit, most in limits:
        resource.setrlimit(limit, (most, most))
    os.nice(10)


def _tell(original: Path, folder: Path) -> None:
    try:
        told: dict[str, Any] = {"seen": examine(original, folder)}
    except NoPreview as error:
        told = {"refused": str(error)}
    (folder / _TOLD).write_text(json.dumps(told))


if __name__ == "__main__":
    main()
