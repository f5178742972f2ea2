"""What officials read all day, eight of them at once: every list of an audited region.

By itself: `python -m bench.lists`. Two regions stand side by side, one a tenth of the other: a
page must not cost more where there is more.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from audit_api.domain.vocabulary import Role
from bench.audited import Audited, audit
from bench.client import Caller, measure
from bench.cpu import tree
from bench.report import Verdict, print_verdicts
from bench.stand import Stand, standing
from tests.factories import CAMPAIGN

STATIONS: Final = 2_500
TENTH: Final = STATIONS // 10
AT_ONCE: Final = 8
PAGE: Final = 50
"""What a list answers unless more are asked for."""
P95_MS: Final = 60
NO_DEARER: Final = 1.1
"""A page of a long list beside one of a short list: a tenth is what two equal runs differ by."""
GROWTH_MB: Final = 20
_CALLS: Final = 160
_PAGES: Final = 5
_ROUNDS: Final = 3
_WARM: Final = 3
# CPU is counted in hundredths of a second: fewer calls would be a dozen of them.
_ROUND: Final = 200
_LISTS: Final = (
    ("violations", "violations", Role.PROSECUTOR),
    ("critical violations", "violations?severity=critical", Role.PROSECUTOR),
    ("recommendations", "recommendations", Role.PROSECUTOR),
    ("tasks", "tasks", Role.PROSECUTOR),
    ("tasks by priority", "tasks?order=priority", Role.COORDINATOR),
    ("sites", "sites", Role.PROSECUTOR),
    ("served lists", "served-lists", Role.PROSECUTOR),
    ("acts", "acts", Role.PROSECUTOR),
    ("the adjudication queue", "adjudications/queue", Role.TECHNICAL_SUPERVISOR),
    ("flagged inspections", "inspections/flagged", Role.TECHNICAL_SUPERVISOR),
    ("reviews", "reviews", Role.TECHNICAL_SUPERVISOR),
    ("quarantine", "quarantine", Role.COORDINATOR),
    ("assignments", "assignments", Role.COORDINATOR),
    ("devices", "devices", Role.COORDINATOR),
)
_STATISTICS: Final = (
    ("progress by territory", "progress"),
    ("progress by constituency", "progress?by=constituency"),
    ("tasks by state", "tasks"),
    ("the burn-up", "burn-up"),
    ("progress as a picture", "progress.svg"),
    ("the burn-up as a picture", "burn-up.svg"),
    ("the map", "map.svg"),
)
STATISTICS_MS: Final = 100
_MORNINGS: Final = 15


@dataclass(frozen=True, slots=True)
class _List:
    """A list as somebody of a role reads it."""

    name: str
    path: str
    role: Role

    def page(self, limit: int) -> str:
        """The address of its first page."""
        return f"/api/v1/{self.path}{'&' if '?' in self.path else '?'}limit={limit}"

    def headers(self, stand: Stand) -> dict[str, str]:
        """Who reads it there."""
        return {"Authorization": f"Bearer {stand.place.tokens[self.role]}"}


def measure_lists() -> tuple[list[Verdict], list[str]]:
    """p95 and cost of a page of each list, and the server's memory; with notes."""
    lists = [_List(*told) for told in _LISTS]
    with standing(STATIONS) as whole, standing(TENTH) as tenth:
        much, little = audit(whole), audit(tenth)
        for one in lists:
            for stand in (tenth, whole):
                # A connection plans a statement anew ten times, then keeps the plan.
                for _ in range(_WARM):
                    _read(stand, one, _pages(stand, one))
        before = _resident_mb(whole)
        verdicts = [
            Verdict(f"{one.name}, a page of {PAGE}, {AT_ONCE} at once: p95", p95, "ms", P95_MS)
            for one in lists
            for p95 in [_read(whole, one, _pages(whole, one))]
        ]
        grown = _resident_mb(whole) - before
        verdicts.append(Verdict("the server grows while they are read", grown, "MB", GROWTH_MB))
        verdicts += [
            Verdict(f"statistics, {name}: p95", _statistics(whole, path), "ms", STATISTICS_MS)
            for name, path in _STATISTICS
        ]
        verdicts += [
            Verdict(f"{one.name}, a page of {PAGE} beside a tenth", times, "×", NO_DEARER)
            for one in lists
            for times in [_beside(whole, tenth, one)]
        ]
    return verdicts, _notes(much, little, before)


def _notes(much: Audited, little: Audited, before: float) -> list[str]:
    return [
        f"The region: {much}; of every ten violations one is contested, half of the inspections "
        "are flagged, every task has come to all steps. The tenth beside it, on services of its "
        f"own: {little}.",
        f"p95 of {_CALLS} calls over the first {_PAGES} pages of each list, after {_WARM} times as "
        "many to warm up: the client shares the cores. Beside a tenth: CPU of the server and "
        f"PostgreSQL for a first page, the cheapest of {_ROUNDS} rounds of {_ROUND} on each.",
        f"The server's master and workers had {before:.0f} MB resident before.",
    ]


def _pages(stand: Stand, one: _List) -> list[str]:
    """The addresses of the first pages."""
    caller = Caller(stand.address, one.headers(stand))
    pages: list[str] = [one.page(PAGE)]
    while len(pages) < _PAGES:
        following = json.loads(caller("GET", pages[-1]))["next"]
        if following is None:
            break
        pages.append(following)
    return pages


def _read(stand: Stand, one: _List, pages: list[str]) -> float:
    """p95 in milliseconds of a page, eight at once."""
    work = [pages[n % len(pages)] for n in range(_CALLS)]
    return measure(
        work,
        lambda: _reader(stand, one),
        each=1,
        threads=AT_ONCE,
        server=stand.server_pid,
        postgres=stand.postgres_pid,
    ).p95_ms


def _statistics(stand: Stand, path: str) -> float:
    """p95 in milliseconds of a figure or picture, by one reader."""
    address = f"/api/v1/statistics/{path}{'&' if '?' in path else '?'}campaign={CAMPAIGN}"
    one = _List(path, address, Role.COORDINATOR)
    rounds = [
        measure(
            [address] * _MORNINGS,
            lambda: _reader(stand, one),
            each=1,
            threads=1,
            server=stand.server_pid,
            postgres=stand.postgres_pid,
        ).p95_ms
        for _ in range(2)
    ]
    # In the first both workers read the words of the language.
    return rounds[1]


def _reader(stand: Stand, one: _List) -> Callable[[Any], None]:
    caller = Caller(stand.address, one.headers(stand))

    def read(address: str) -> None:
        caller("GET", address)

    return read


def _beside(whole: Stand, tenth: Stand, one: _List) -> float:
    """How many times the CPU of a full first page where there is a tenth."""
    for stand in (whole, tenth):
        items = json.loads(Caller(stand.address, one.headers(stand))("GET", one.page(PAGE)))[
            "items"
        ]
        if len(items) != PAGE:
            raise RuntimeError(f"{one.name}: a page of {len(items)} does not compare")
    costs: dict[str, list[float]] = {whole.address: [], tenth.address: []}
    for _ in range(_ROUNDS):
        for stand in (whole, tenth):
            figures = measure(
                [one.page(PAGE)] * _ROUND,
                lambda stand=stand: _reader(stand, one),
                each=1,
                threads=2,
                server=stand.server_pid,
                postgres=stand.postgres_pid,
            )
            costs[stand.address].append(figures.cpu_s)
    return min(costs[whole.address]) / min(costs[tenth.address])


def _resident_mb(stand: Stand) -> float:
    """What the server's processes have resident together."""
    found = 0
    for pid in tree(stand.server_pid):
        status = Path(f"/proc/{pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        found += int(line.split()[1])
    return found / 1024


if __name__ == "__main__":
    print_verdicts(*measure_lists())
