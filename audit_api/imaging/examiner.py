"""Has originals examined by the process that may be harmed, and reads what it tells."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

# What the child needs of our environment: nothing that holds a secret.
_PASSED_ON: Final = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")


@dataclass(frozen=True, slots=True)
class Preview:
    """A JPEG at most `size` pixels wide and high, without metadata."""

    size: int
    width: int
    height: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Examination:
    """What was seen of an original; `refused` says why nothing was, the rest is then empty.

    `claims`: taken, lat, lon, camera, each only if the EXIF says it. `dhash`: 64 bits.
    """

    refused: str | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None
    claims: Mapping[str, Any] | None = None
    dhash: int | None = None
    previews: tuple[Preview, ...] = ()


class Examiner:
    """Starts the process when it is needed, and again when it died. Not for several threads."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process id of the child, started if it is not running."""
        return self._running().pid

    def close(self) -> None:
        """End the process."""
        child, self._child = self._child, None
        if child is None:
            return
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()
        child.kill()
        child.wait()

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A place for one original, called `original`, and for what comes of it."""
        with tempfile.TemporaryDirectory(prefix="audit-api-photo-") as name:
            yield Path(name)

    def examine(self, folder: Path) -> Examination:
        """Examine the file `original` of the folder."""
        told = self._ask({"original": str(folder / "original"), "folder": str(folder)})
        if "refused" in told:
            return Examination(refused=str(told["refused"])[:200])
        seen = told["seen"]
        try:
            previews = tuple(
                Preview(size, width, height, (folder / f"{size}.jpg").read_bytes())
                for size, width, height in seen["previews"]
            )
        except OSError:
            return Examination(refused="the previews could not be written")
        return Examination(
            format=seen["format"],
            width=seen["width"],
            height=seen["height"],
            claims=seen["claims"],
            dhash=int(seen["dhash"], 16),
            previews=previews,
        )

    def _ask(self, said: dict[str, str]) -> dict[str, Any]:
        child = self._running()
        try:
            if child.stdin is None or child.stdout is None:
                raise BrokenPipeError
            child.stdin.write(json.dumps(said) + "\n")
            child.stdin.flush()
            line = child.stdout.readline()
        except OSError:
            line = ""
        if not line:
            self.close()
            return {"refused": "the examining process died"}
        told: dict[str, Any] = json.loads(line)
        return told

    def _running(self) -> "subprocess.Popen[str]":
        if self._child is None or self._child.poll() is not None:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "audit_api.imaging.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            )
        return self._child
