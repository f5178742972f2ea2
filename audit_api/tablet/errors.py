"""What can go wrong on a tablet. Every message says what to do next; nothing of it loses work."""

from typing import Any


class TabletError(Exception):
    """Anything of these."""


class NotEnrolled(TabletError):
    """The folder holds no enrolled tablet, or already another one."""


class CannotCapture(TabletError):
    """What should become an operation cannot be sent as it is; nothing was kept."""


class LinkDown(TabletError):
    """No answer that can be believed came, however often it was tried. Everything is kept."""

    def __init__(self, request: str, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"{request}: {reason}. Everything is kept on the tablet; sync again when the link is "
            "better."
        )


class Garbled(TabletError):
    """An answer that cannot be believed: cut, damaged, or about something else. Asked again."""


class Refused(TabletError):
    """The server understood and refuses: `status` and its problem document."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.problem = problem
        title = problem.get("title", "no reason given")
        super().__init__(f"{status} {title}: {problem.get('detail', 'ask the headquarters')}")

    @property
    def slug(self) -> str:
        """The stable name of the problem, e.g. `device-revoked`."""
        return str(self.problem.get("type", "")).rpartition(":")[2]
