"""Trials: each planted bug has to be caught with every seed, and its weather alone to be clean."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from torture.findings import Findings
from torture.run import Run
from torture.targets import TARGETS, Target

SEEDS = 2
"""How many seeds each bug is tried with."""
_WIDTHS = (22, 12, 7, 8)


@dataclass(frozen=True, slots=True)
class Trial:
    """One run in a bug's weather; `planted` is False for the control run, which has no bug."""

    bug: str
    planted: bool
    seed: str
    seconds: float
    findings: Findings

    @property
    def target(self) -> Target:
        """What the bug is to be caught by."""
        return TARGETS[self.bug]

    @property
    def as_expected(self) -> bool:
        """The bug was caught for its own reason, or nothing was found where nothing was planted.

        What was slow is not judged: a bug may be, and so may a machine that does other things.
        """
        if self.planted:
            return self.target.caught(self.findings)
        return not set(self.findings.bad) - {"slow"}

    def line(self) -> str:
        """A row of the table."""
        if not self.planted:
            bad = [name for name in self.findings.bad if name != "slow"]
            told = ("nothing planted", "clean" if self.as_expected else "NOT", ", ".join(bad))
        else:
            evidence = self.target.evidence(self.findings)
            told = (
                self.bug,
                "caught" if evidence else "NOT",
                f"{self.target.category} {len(evidence)}: {evidence[0]}" if evidence else "",
            )
        bug, verdict, found = told
        return row(bug, self.seed, f"{self.seconds:.0f} s", verdict, found)


def row(*cells: str) -> str:
    """Cells below each other; the last one is as wide as it is."""
    aligned = [f"{cell:<{width}}" for cell, width in zip(cells, _WIDTHS, strict=False)]
    return " ".join([*aligned, *cells[len(_WIDTHS) :]]).rstrip()


def seeds_of(seed: str) -> Sequence[str]:
    """The seeds of one call, made from the one that it was given."""
    return [f"{seed}-{n + 1}" for n in range(SEEDS)]


def try_bug(bug: str, seeds: Sequence[str], seconds: float | None = None) -> Iterator[Trial]:
    """The bug's weather once without it, then with it once for each seed."""
    yield _run(bug, False, seeds[0], seconds)
    for seed in seeds:
        yield _run(bug, True, seed, seconds)


def try_all(seed: str, seconds: float | None, say: Callable[[str], None]) -> bool:
    """Every bug in turn, a row for each run as it ends; True when all came out as they have to."""
    say(row("planted bug", "seed", "took", "verdict", "what found it"))
    good = []
    for bug in TARGETS:
        for trial in try_bug(bug, seeds_of(seed), seconds):
            say(trial.line())
            good.append(trial.as_expected)
    say(f"{sum(good)} of {len(good)} runs came out as they have to")
    return all(good)


def _run(bug: str, planted: bool, seed: str, seconds: float | None) -> Trial:
    target = TARGETS[bug]
    began = monotonic()
    with TemporaryDirectory(prefix="audit-api-torture-", ignore_cleanup_errors=True) as folder:
        run = Run(
            Path(folder),
            seed,
            seconds or target.seconds,
            target.weather,
            bug if planted else None,
        )
        findings = run.run().findings
    return Trial(bug, planted, seed, monotonic() - began, findings)
