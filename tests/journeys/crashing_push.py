"""Pushes from standard input and dies by SIGKILL at a given moment. Run as a process of its own.

Arguments: the moment and the device token; the environment says which database. Moments:
`ask-N` before the Nth statement is asked for, `sent-N` when the Nth group of them has gone out
and nothing of the answer has been read, `got-N` after that exchange with the server,
`committed` after the commit and before the answer, `never`.
"""

import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

from audit_api.app import create_app
from audit_api.http.sync import push
from audit_api.settings import Settings
from audit_api.storage.sync import pipeline


class Counter:
    """Counts calls of one kind, once pushing has begun, and dies at the chosen one."""

    def __init__(self, kind: str, moment: str) -> None:
        self.kind = kind
        self.moment = moment
        self.seen = 0

    def __call__(self) -> None:
        self.seen += 1
        if self.moment == f"{self.kind}-{self.seen}":
            die()


def die() -> None:
    """As a power cut does it."""
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Push, unless the moment comes first."""
    moment, token = sys.argv[1:]
    sends = Counter("sent", moment)
    asks, waits = Counter("ask", moment), Counter("got", moment)
    pushing = False
    send = pipeline.generators.send
    ask, run_one, wait = pipeline.Pipeline.ask, push.hand_in, pipeline.Pipeline._exchange

    def counted_ask(self: Any, *args: Any) -> Any:
        if pushing:
            asks()
        return ask(self, *args)

    def counted_wait(self: Any, *args: Any) -> Any:
        answer = wait(self, *args)
        if pushing:
            waits()
        return answer

    def counted_send(pgconn: Any) -> Iterator[Any]:
        yield from send(pgconn)
        if pushing:
            sends()

    def watched(*args: Any) -> Any:
        nonlocal pushing
        pushing = True
        answer = run_one(*args)
        if moment == "committed":
            die()
        return answer

    pipeline.Pipeline.ask = counted_ask  # type: ignore[method-assign]
    pipeline.Pipeline._exchange = counted_wait  # type: ignore[method-assign]
    pipeline.generators.send = counted_send
    push.hand_in = watched
    app = create_app(Settings.from_env())
    answer = app.test_client().post(
        "/api/v1/sync/push",
        data=sys.stdin.buffer.read(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    print(answer.status_code, asks.seen, waits.seen)  # noqa: T201 - read by the test


if __name__ == "__main__":
    main()
