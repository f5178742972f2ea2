"""`python -m torture`: one run, or one planted bug that has to be caught."""

import argparse
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path

from torture.run import Run
from torture.schedule import STORM
from torture.targets import TARGETS


def main() -> None:
    """Run, print, and end with 1 if anything was found."""
    said = _arguments()
    seed = said.seed or secrets.token_hex(4)
    seconds, weather = (said.seconds or 60.0, STORM)
    if said.bug:
        target = TARGETS[said.bug]
        seconds, weather = said.seconds or target.seconds, target.weather
    told = f"seed {seed}, {seconds:.0f} s" + (f", planted bug {said.bug}" if said.bug else "")
    print(f"torture: {told}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="audit-api-torture-"))
    began = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {what}", flush=True)

    result = Run(folder, seed, seconds, weather, said.bug or None, say).run()
    print("\n".join([*result.counts.lines(), *result.findings.lines()]))
    bad = result.findings.bad
    if bad:
        print(f"found: {', '.join(bad)}; everything that was noted lies in {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
        print("found nothing")
    if said.bug:
        caught = TARGETS[said.bug].caught(result.findings)
        print(f"the planted bug was {'caught' if caught else 'NOT caught'}")
    print(f"torture: {told}, in all {time.monotonic() - began:.0f} s")
    sys.exit(bool(bad))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("--seconds", type=float, help="how long the storm lasts (60)")
    parser.add_argument("--seed", help="decides the schedule of faults; made up without it")
    parser.add_argument("--bug", choices=["", *TARGETS], default="", help="plant this one")
    return parser.parse_args()


if __name__ == "__main__":
    main()
