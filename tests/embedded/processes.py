"""What runs on this machine (Linux)."""

import time
from collections.abc import Iterable
from pathlib import Path


def _facts(pid: int) -> tuple[str, int] | None:
    """State and parent of a process; None when there is none."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return said[0], int(said[1])


def is_alive(pid: int) -> bool:
    found = _facts(pid)
    return found is not None and found[0] != "Z"


def family(parents: Iterable[int]) -> set[int]:
    """These processes and all below them."""
    known = set(parents)
    below = {int(entry.name): _facts(int(entry.name)) for entry in Path("/proc").glob("[0-9]*")}
    while True:
        more = {pid for pid, facts in below.items() if facts and facts[1] in known} - known
        if not more:
            return known
        known |= more


def wait_for_end(pids: Iterable[int], most_s: float = 30) -> None:
    """Wait until these processes have ended."""
    left = list(pids)
    deadline = time.monotonic() + most_s
    while left:
        assert time.monotonic() < deadline, f"still there: {left}"
        left = [pid for pid in left if is_alive(pid)]
        time.sleep(0.02)
