"""`make test`: the whole suite in two lanes at once, since what waits leaves the other core idle.

One lane has the tests that wait for servers, workers and broken lines, told when it has ended;
the other has all the rest, told as it goes. `pytest` alone runs the same tests one by one.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
WAITING = ("demo", "events", "field_app", "journeys", "tablet", "torture")


def main() -> int:
    """Run both lanes; 0 if all of both pass."""
    waiting = [f"tests/{name}" for name in WAITING]
    missing = [path for path in waiting if not (ROOT / path).is_dir()]
    if missing:
        raise SystemExit(f"{', '.join(missing)}: no such folder; mend WAITING in {__file__}")
    pytest = [sys.executable, "-m", "pytest"]
    with tempfile.TemporaryFile() as told:
        lane = subprocess.Popen([*pytest, *waiting], cwd=ROOT, stdout=told, stderr=told)
        try:
            rest = subprocess.run(
                [*pytest, "tests", *(f"--ignore={path}" for path in waiting)], cwd=ROOT, check=False
            )
            waited = lane.wait()
        finally:
            lane.terminate()
        told.seek(0)
        sys.stdout.write(f"\n{', '.join(waiting)}:\n{told.read().decode(errors='replace')}")
    return rest.returncode or waited


if __name__ == "__main__":
    sys.exit(main())
