"""One run that must find nothing, and three planted bugs that must be found (docs/torture.md)."""

from pathlib import Path

import pytest

from torture.run import Result, Run
from torture.schedule import STORM
from torture.targets import TARGETS

SECONDS = 60
# Three of the five zeros, and the quickest; `make torture BUG=all` plants all seven.
PLANTED = ("no-op-uniqueness", "photo-hash", "integrity-as-duplicate")
SEEDS = ("first", "second", "third")
# Speed is judged by `make torture` on a machine that does nothing else.
_NOT_JUDGED_HERE = {"slow"}


def said(result: Result) -> str:
    return "\n".join([*result.counts.lines(), *result.findings.lines()])


def test_a_minute_of_storm_loses_nothing(tmp_path: Path) -> None:
    result = Run(tmp_path, "suite", SECONDS, STORM).run()
    assert not set(result.findings.bad) - _NOT_JUDGED_HERE, said(result)
    # A storm that does not blow proves nothing; one on a busy machine blows less hard.
    counts = result.counts
    assert counts.operations > 50, said(result)
    assert counts.faulty_sessions >= 10, said(result)
    assert counts.cut_connections >= 10, said(result)
    assert counts.recoveries >= 2, said(result)
    assert counts.killed_workers >= 4, said(result)


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_caught(bug: str, tmp_path: Path) -> None:
    target = TARGETS[bug]
    found = []
    for seed in SEEDS:
        result = Run(tmp_path / seed, seed, target.seconds, target.weather, bug).run()
        if target.caught(result.findings):
            return
        found.append(said(result))
    pytest.fail(f"{bug} was not caught with any seed:\n" + "\n\n".join(found))
