"""CPU seconds of process trees, from /proc."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> tuple[int, int] | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    # ppid, and user + system time of the process and of its children that have ended
    return int(fields[1]), sum(map(int, fields[11:15]))


def tree(*roots: int) -> list[int]:
    """The processes `roots` with all that descend from them."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            found = _stat(int(entry.name))
            if found:
                parents.setdefault(found[0], []).append(int(entry.name))
    todo, members = list(roots), []
    while todo:
        pid = todo.pop()
        members.append(pid)
        todo += parents.get(pid, [])
    return members


def cpu_seconds(*roots: int) -> float:
    """CPU seconds so far of these process trees, children that ended included."""
    return sum(found[1] for pid in tree(*roots) if (found := _stat(pid))) / _TICKS
