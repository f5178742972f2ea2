"""A child process that ends with us: started apart from the terminal, stopped in order."""

import contextlib
import ctypes
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1


class EmbeddedError(Exception):
    """An embedded service could not be started; the message says what to do."""


def free_port(host: str = "127.0.0.1") -> int:
    """A port that is free just now on an address of this machine; OSError for no such address."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """True when nobody listens on that port of an address of this machine."""
    with socket.socket() as probe:
        # What a server that just ended leaves for a minute (TIME_WAIT) is no listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


@dataclass(slots=True)
class Child:
    """One program: its command, where its words go, and how to ask whether it is ready.

    `stop_signal` asks for an orderly end; the same signal comes from the kernel if we die first
    (Linux): when the thread that started it ends, so start it from one that lives as long.
    `user`: the account to run as, when we are root and the program must not be.
    """

    name: str
    argv: Sequence[str]
    log: Path
    ready: Callable[[], bool]
    env: Mapping[str, str] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    timeout_s: float = 60.0
    user: str | None = None
    cwd: Path | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int:
        """The process id; EmbeddedError when it was not started."""
        if self.process is None:
            raise EmbeddedError(f"{self.name} is not running; start it first.")
        return self.process.pid

    def start(self) -> None:
        """Start the program without waiting for it."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        parent = os.getpid()
        libc = ctypes.CDLL(None) if sys.platform == "linux" else None

        def die_with_us() -> None:
            if libc is not None:
                libc.prctl(_PR_SET_PDEATHSIG, int(self.stop_signal))
                if os.getppid() != parent:
                    os._exit(1)

        try:
            with self.log.open("ab") as words:
                # Its own session: Ctrl-C reaches only us, and we stop the children in order.
                self.process = subprocess.Popen(
                    self.argv,
                    stdin=subprocess.DEVNULL,
                    stdout=words,
                    stderr=subprocess.STDOUT,
                    env=dict(self.env) if self.env is not None else None,
                    start_new_session=True,
                    preexec_fn=die_with_us,
                    cwd=self.cwd,
                    **account(self.user),
                )
        except (OSError, subprocess.SubprocessError) as error:
            raise EmbeddedError(f"{self.name} could not be started: {error}.") from None

    def wait_ready(self) -> None:
        """Wait until it answers. EmbeddedError with the end of its log if it does not."""
        deadline = time.monotonic() + self.timeout_s
        while not self.ready():
            if self.process is None or self.process.poll() is not None:
                raise EmbeddedError(self._told("ended while starting"))
            if time.monotonic() > deadline:
                self.stop()
                raise EmbeddedError(self._told(f"was not ready after {self.timeout_s:.0f} s"))
            time.sleep(0.05)

    def stop(self, grace_s: float = 20.0) -> None:
        """Ask it to end, insist after `grace_s`; harmless when it has ended."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(grace_s)
            except subprocess.TimeoutExpired:
                # Its whole group: workers must not outlive their parent.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.process = None

    def _told(self, what: str) -> str:
        try:
            lines = self.log.read_text(errors="replace").splitlines()[-15:]
        except OSError:
            lines = []
        said = "\n  ".join(lines) or "(nothing)"
        return f"{self.name} {what}. Its last words, from {self.log}:\n  {said}"


def account(user: str | None) -> dict[str, Any]:
    """What makes a subprocess run as that account, without the groups that we are in."""
    if user is None:
        return {}
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def end_leftover(
    pid: int, mark: str, *, signals: Sequence[signal.Signals], grace_s: float = 10.0
) -> None:
    """End a process of an earlier run, if `pid` is still one: its command line holds `mark`.

    The next signal follows after `grace_s`. EmbeddedError when none of them ends it.
    """
    for wanted in signals:
        if not _is_ours(pid, mark):
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, wanted)
        _wait_until(lambda: not _is_ours(pid, mark), grace_s)
    _wait_until(lambda: not _is_ours(pid, mark))
    if _is_ours(pid, mark):
        raise EmbeddedError(f"Process {pid} of an earlier start does not end; end it, try again.")


def end_orphans(program: str, folder: Path) -> None:
    """Kill the processes of a program that still work in `folder` (Linux)."""

    def found() -> list[int]:
        return [
            int(process.name)
            for process in Path("/proc").glob("[0-9]*")
            if _works_in(process, program, folder)
        ]

    for pid in found():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    _wait_until(lambda: not found())


def _works_in(process: Path, program: str, folder: Path) -> bool:
    try:
        return (process / "cwd").readlink() == folder and (
            process / "comm"
        ).read_text().strip() == program
    except OSError:
        return False


def _wait_until(done: Callable[[], bool], most_s: float = 10.0) -> None:
    deadline = time.monotonic() + most_s
    while not done() and time.monotonic() < deadline:
        time.sleep(0.05)


def _is_ours(pid: int, mark: str) -> bool:
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return mark.encode() in line and state != "Z"
