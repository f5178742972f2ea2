"""Pushes from standard input and dies by SIGKILL at a given moment. Run as a process of its own.

Arguments: the moment (a number of statements sent to the database, or `commit`, `committed`),
and the device token. The environment says which database.
"""

import os
import signal
import sys
from typing import Any

from sqlalchemy import event

from audit_api.app import create_app
from audit_api.settings import Settings


def die(*_: Any) -> None:
    """As a power cut does it."""
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Push, unless the moment comes first."""
    moment, token = sys.argv[1:]
    app = create_app(Settings.from_env())
    engine = app.extensions["database"].engine
    sent = 0
    writing = False

    def count(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal sent, writing
        writing = writing or "insert into operation" in statement
        if writing:
            sent += 1
            if moment == str(sent):
                die()

    def commit(connection: Any) -> None:
        if not writing:
            return
        if moment == "commit":
            die()
        if moment == "committed":
            connection.connection.dbapi_connection.commit()
            die()

    event.listen(engine, "before_cursor_execute", count)
    event.listen(engine, "commit", commit)
    answer = app.test_client().post(
        "/api/v1/sync/push",
        data=sys.stdin.buffer.read(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    print(answer.status_code, sent)  # noqa: T201 - read by the test


if __name__ == "__main__":
    main()
