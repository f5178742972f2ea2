"""`python -m torture`: one storm, one planted bug that has to be caught, or all of them in turn."""

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
from torture.trials import try_all

ALL = "all"


def main() -> None:
    """Run, print, and end with 1 if anything was found, or a planted bug was not caught."""
    said = _arguments()
    seed = said.seed or secrets.token_hex(4)
    if said.bug == ALL:
        print(f"torture: seed {seed}, every planted bug in turn", flush=True)
        good = try_all(seed, said.seconds, lambda line: print(line, flush=True))
    else:
        good = _once(seed, said.seconds, said.bug or None)
    sys.exit(not good)


def _once(seed: str, wanted_s: float | None, bug: str | None) -> bool:
    seconds, weather = wanted_s or 60.0, STORM
    if bug:
        target = TARGETS[bug]
        seconds, weather = wanted_s or target.seconds, target.weather
    told = f"seed {seed}, {seconds:.0f} s" + (f", planted bug {bug}" if bug else "")
    print(f"torture: {told}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="audit-api-torture-"))
    began = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {what}", flush=True)

    result = Run(folder, seed, seconds, weather, bug, say).run()
    print("\n".join([*result.counts.lines(), *result.findings.lines()]))
    bad = result.findings.bad
    short = [] if bug else result.counts.short(seconds)
    good = not bad and not short
    if bad:
        print(f"found: {', '.join(bad)}; everything that was noted lies in {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
        print("found nothing")
    for promise in short:
        print(f"the storm was too weak: {promise}")
    if bug:
        good = TARGETS[bug].caught(result.findings)
        print(f"the planted bug was {'caught' if good else 'NOT caught'}")
    print(f"torture: {told}, in all {time.monotonic() - began:.0f} s")
    return good


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("--seconds", type=float, help="how long the storm lasts (60)")
    parser.add_argument("--seed", help="decides the schedule of faults; made up without it")
    parser.add_argument(
        "--bug", choices=["", ALL, *TARGETS], default="", help="plant this one; each has its storm"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
