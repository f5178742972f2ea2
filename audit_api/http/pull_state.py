"""What a pull cursor remembers: how far it is, and in which scopes it is still catching up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from audit_api.storage.feed import START, FeedPage, Position


@dataclass(frozen=True, slots=True)
class PullState:
    """`scopes` are read up to `after`; `fresh` ones are still behind, at `fresh_after`.

    `until` is the horizon of the first page of a run, so that the run ends while others write;
    None between runs.
    """

    after: Position = START
    scopes: tuple[str, ...] = ()
    fresh_after: Position = START
    fresh: tuple[str, ...] = ()
    until: int | None = None

    @classmethod
    def from_list(cls, said: Sequence[Any]) -> Self:
        """The state that a cursor carries."""
        after, scopes, fresh_after, fresh, until = said
        return cls(Position(*after), tuple(scopes), Position(*fresh_after), tuple(fresh), until)

    def as_list(self) -> list[Any]:
        """The state as a cursor carries it."""
        return [self.after, self.scopes, self.fresh_after, self.fresh, self.until]

    def advanced(
        self,
        known: Sequence[str],
        fresh: Sequence[str],
        catching_up: Position,
        page: FeedPage,
        until: int,
    ) -> "PullState":
        """The state after a page: everything up to its end was delivered in both sets."""
        end = page.end or START
        after = max(self.after, end)
        behind = max(catching_up, end)
        if not page.more:
            return PullState(after, tuple(sorted([*known, *fresh])))
        if behind >= self.after:
            # The catching-up has overtaken: from here on they are one.
            return PullState(behind, tuple(sorted([*known, *fresh])), until=until)
        return PullState(after, tuple(known), behind, tuple(fresh), until)
