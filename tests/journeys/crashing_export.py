"""A worker that dies by SIGKILL in the middle of a paper. Run as a process of its own."""

import os
import signal
from typing import Any

from audit_api.services.exports import sealing
from audit_api.settings import Settings
from audit_api.worker import make_worker


def _die(*_: Any) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


if __name__ == "__main__":
    sealing.typeset = _die
    with make_worker(Settings.from_env()).open() as worker:
        worker.run_worker(wait=False)
