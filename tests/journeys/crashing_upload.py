"""Sends the rest of an upload and dies by SIGKILL at a given moment. Run as a process of its own.

Arguments: the moment, the device token, the upload's path and its offset; the rest of the photo
comes on standard input. Moments: `put-before` and `put-after` the object is stored, `ask-N` before
the Nth statement of finishing, `got-N` after the Nth exchange of it with the server, `committed`
before the answer, `never`.
"""

import os
import signal
import sys
from typing import Any

from audit_api.app import create_app
from audit_api.http.sync import upload_receiving
from audit_api.settings import Settings
from audit_api.storage.evidence.photo_store import PhotoStore
from audit_api.storage.sync import pipeline


def main() -> None:
    """Send, unless the moment comes first."""
    moment, token, path, offset = sys.argv[1:]
    counts = {"ask": 0, "got": 0}
    finishing = False

    def reach(what: str) -> None:
        if what == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def count(kind: str) -> None:
        if finishing:
            counts[kind] += 1
            reach(f"{kind}-{counts[kind]}")

    put, finish = PhotoStore.put, upload_receiving.finish_upload
    ask, exchange = pipeline.Pipeline.ask, pipeline.Pipeline._exchange

    def watched_put(self: PhotoStore, *args: Any, **named: Any) -> bool:
        reach("put-before")
        done = put(self, *args, **named)
        reach("put-after")
        return done

    def watched_finish(*args: Any, **named: Any) -> bool:
        nonlocal finishing
        finishing = True
        return finish(*args, **named)

    def watched_ask(self: Any, *args: Any) -> Any:
        count("ask")
        return ask(self, *args)

    def watched_exchange(self: Any, *args: Any) -> Any:
        answer = exchange(self, *args)
        count("got")
        return answer

    PhotoStore.put = watched_put  # type: ignore[method-assign]
    upload_receiving.finish_upload = watched_finish  # type: ignore[assignment]
    pipeline.Pipeline.ask = watched_ask  # type: ignore[method-assign]
    pipeline.Pipeline._exchange = watched_exchange  # type: ignore[method-assign]
    answer = (
        create_app(Settings.from_env())
        .test_client()
        .patch(
            path,
            data=sys.stdin.buffer.read(),
            headers={
                "Authorization": f"Bearer {token}",
                "Tus-Resumable": "1.0.0",
                "Upload-Offset": offset,
                "Content-Type": "application/offset+octet-stream",
            },
        )
    )
    reach("committed")
    print(answer.status_code, counts["ask"], counts["got"])  # noqa: T201 - read by the test


if __name__ == "__main__":
    main()
