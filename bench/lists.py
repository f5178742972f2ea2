"""What officials read all day, eight of them at once: the first pages of every list."""

import json
from collections.abc import Callable
from typing import Any, Final

from audit_api.domain.vocabulary import Role
from bench.client import Caller, measure
from bench.report import Verdict
from bench.stand import Stand

AT_ONCE: Final = 8
_CALLS: Final = 160
_PAGES: Final = 5
_LISTS: Final = (
    ("violations", "/api/v1/violations?limit=100", Role.PROSECUTOR),
    ("critical violations", "/api/v1/violations?limit=100&severity=critical", Role.PROSECUTOR),
    ("recommendations", "/api/v1/recommendations?limit=100", Role.PROSECUTOR),
    ("tasks", "/api/v1/tasks?limit=100", Role.PROSECUTOR),
    ("sites", "/api/v1/sites?limit=100", Role.PROSECUTOR),
    ("served lists", "/api/v1/served-lists?limit=100", Role.PROSECUTOR),
    ("the adjudication queue", "/api/v1/adjudications/queue?limit=50", Role.TECHNICAL_SUPERVISOR),
    ("flagged inspections", "/api/v1/inspections/flagged?limit=100", Role.TECHNICAL_SUPERVISOR),
)


def measure_lists(stand: Stand, violations: int) -> list[Verdict]:
    """p95 of a page of each list, with that many violations stored."""
    return [
        Verdict(
            f"{name} of {violations:,} violations, a page, {AT_ONCE} at once: p95",
            _p95_ms(stand, path, stand.place.tokens[role]),
            "ms",
            60,
        )
        for name, path, role in _LISTS
    ]


def _p95_ms(stand: Stand, path: str, token: str) -> float:
    headers = {"Authorization": f"Bearer {token}"}
    caller = Caller(stand.address, headers)
    pages: list[str] = [path]
    while len(pages) < _PAGES:
        following = json.loads(caller("GET", pages[-1]))["next"]
        if following is None:
            break
        pages.append(following)

    def make() -> Callable[[Any], None]:
        mine = Caller(stand.address, headers)

        def read(address: str) -> None:
            mine("GET", address)

        return read

    return measure(
        [pages[n % len(pages)] for n in range(_CALLS)],
        make,
        each=1,
        threads=AT_ONCE,
        server=stand.server_pid,
        postgres=stand.postgres_pid,
    ).p95_ms
