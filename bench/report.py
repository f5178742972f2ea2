"""The results as a page: docs/benchmarks.md."""

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.client import Figures

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


@dataclass(frozen=True, slots=True)
class Line:
    """One measured thing, what raw psycopg took for the same, and the mark it is held to."""

    what: str
    figures: Figures
    unit: str
    mark: float | None = None
    raw: Figures | None = None

    @property
    def cost(self) -> str:
        """CPU seconds for 1,000, beside the mark."""
        cost = self.figures.cpu_s_per_1000
        if self.mark is None:
            return f"{cost:.2f}"
        return f"**{cost:.2f}** (mark {self.mark:g}: {'kept' if cost <= self.mark else 'MISSED'})"

    @property
    def of_postgres(self) -> float:
        """PostgreSQL's part of the cost."""
        return 1000 * self.figures.postgres_s / self.figures.operations

    @property
    def ratio(self) -> str:
        """How many times the CPU of raw psycopg."""
        if self.raw is None:
            return "–"
        return f"{self.figures.cpu_s_per_1000 / self.raw.cpu_s_per_1000:.1f} ×"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One figure beside its mark: the most that it may be."""

    what: str
    figure: float
    unit: str
    mark: float | None = None

    @property
    def told(self) -> str:
        """The figure: three digits, thousands whole."""
        return f"{self.figure:,.0f}" if self.figure >= 1000 else f"{self.figure:.3g}"

    @property
    def kept(self) -> str:
        """The mark, and whether it is kept."""
        if self.mark is None:
            return "–"
        return f"{self.mark:,g} {self.unit}: {'kept' if self.figure <= self.mark else 'MISSED'}"


def _judged(verdicts: Sequence[Verdict]) -> list[str]:
    rows = [f"| {v.what} | {v.told} {v.unit} | {v.kept} |" for v in verdicts]
    return ["| what | figure | mark |", "| --- | --- | --- |", *rows]


def print_verdicts(verdicts: Sequence[Verdict], notes: Sequence[str]) -> None:
    """Figures, marks and notes on standard output."""
    for verdict in verdicts:
        print(f"{verdict.what}: {verdict.told} {verdict.unit} ({verdict.kept})")
    print("\n".join(notes))


def write(
    lines: Sequence[Line],
    notes: Sequence[str],
    marks: Sequence[Verdict],
    lists: Sequence[Verdict],
    lists_notes: Sequence[str],
    syncing: Sequence[Verdict],
    syncing_notes: Sequence[str],
    photos: Sequence[Verdict],
    photos_notes: Sequence[str],
    collect: Sequence[Verdict],
    collect_notes: Sequence[str],
    verdicts: Sequence[Verdict],
) -> str:
    """The page's text, written to docs/benchmarks.md."""
    rows = [
        f"| {line.what} | {line.figures.per_second:,.0f} {line.unit}/s | {line.figures.p50_ms:.1f} "
        f"| {line.figures.p95_ms:.1f} | {line.cost} | {line.of_postgres:.2f} | {line.ratio} |"
        for line in lines
    ]
    text = "\n".join(
        [
            "# Benchmarks",
            "",
            "Made by `make bench`; every figure of one page comes from one run, side by side. "
            "Compare within the page only: machines differ, and this one is noisy.",
            "",
            f"{datetime.now(UTC):%Y-%m-%d}, revision {_revision()}, Python "
            f"{platform.python_version()}, {os.cpu_count()} cores, client on the same machine. "
            "Server: gunicorn as shipped (2 workers of 256 threads), durable commits.",
            "",
            "| what | rate | p50 ms | p95 ms | CPU-seconds per 1,000, server and PostgreSQL "
            "| of it PostgreSQL | CPU beside raw psycopg |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *rows,
            "",
            *_judged(marks),
            "",
            *(f"- {note}" for note in notes),
            "",
            "## Lists",
            "",
            *_judged(lists),
            "",
            *(f"- {note}" for note in lists_notes),
            "",
            "## Sync",
            "",
            *_judged(syncing),
            "",
            *(f"- {note}" for note in syncing_notes),
            "",
            "## Photos",
            "",
            *_judged(photos),
            "",
            *(f"- {note}" for note in photos_notes),
            "",
            "## ODK Collect",
            "",
            *_judged(collect),
            "",
            *(f"- {note}" for note in collect_notes),
            "",
            "## Verdicts",
            "",
            *_judged(verdicts),
            "",
            "- One inspection: CPU of one core, best of 15 rounds over 200 inspections with every "
            "loaded requirement (profile `kg-demo-2026`).",
            "- A million stored inspections: `audit-api standards diff` of the largest edition "
            "against one whose thresholds are stricter by a tenth; CPU of the command and "
            "PostgreSQL together; rows of some thousand different visits with one to four doors "
            "and up to three corridors and ramps.",
            "",
        ]
    )
    PAGE.write_text(text)
    return text


def _revision() -> str:
    try:
        told = subprocess.run(
            ["git", "describe", "--always", "--dirty"],  # noqa: S607 - the developer's git
            capture_output=True,
            text=True,
            check=True,
            cwd=PAGE.parent,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return told.stdout.strip()
