"""Captures on a tablet and dies by SIGKILL at one line of its code after the other.

`python -m tests.tablet.dying_capture FOLDER`: each life is a fork that captures one inspection with
a photo of its own and dies at the nth line; the last one is not killed. Prints how many died.
"""

import json
import os
import signal
import sys
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

from audit_api.tablet import Tablet
from audit_api.tablet.outbox import capture as of_outbox

CODE = str(Path(of_outbox.__code__.co_filename).parent)


def photo_of(life: int) -> bytes:
    """An original of 200 kB, another one in each life."""
    return b"\xff\xd8\xff" + life.to_bytes(4, "big") * 50_000


def body_of(life: int) -> bytes:
    """A body, another one in each life."""
    return json.dumps({"life": life}).encode()


def live(folder: Path, life: int) -> None:
    """Capture once; die at the line number `life` of the program's code."""
    left = life

    def at_line(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(CODE):
            return None
        if event == "line":
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return at_line

    with Tablet(folder) as tablet:
        sys.settrace(at_line)
        tablet.capture(body_of(life), entity="e", originals=[photo_of(life)])
        sys.settrace(None)


def main() -> None:
    """Live until one is not killed."""
    folder = Path(sys.argv[1])
    for life in count():
        child = os.fork()
        if not child:
            live(folder, life)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.stdout.write(str(life))
            return


if __name__ == "__main__":
    main()
