"""What a checker found, by category; all of them must be empty."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

ZEROS = ("lost", "duplicated", "altered", "half", "phantom")
"""The five that the promise is about."""
OTHERS = ("picture", "unauthorised", "server errors", "slow")
"""A tablet shows something else than the server has; work or sight without a grant; 5xx; lag."""
MOST_SHOWN = 12


@dataclass
class Findings:
    """Sentences by category."""

    by_category: dict[str, list[str]] = field(
        default_factory=lambda: {name: [] for name in (*ZEROS, *OTHERS)}
    )

    def add(self, category: str, sentences: Iterable[str]) -> None:
        """Note what breaks a promise."""
        self.by_category[category] += sentences

    @property
    def bad(self) -> Sequence[str]:
        """The categories in which something was found."""
        return [name for name, found in self.by_category.items() if found]

    def lines(self) -> list[str]:
        """A count for each category, and the first of what was found."""
        told = []
        for name, found in self.by_category.items():
            told.append(f"{name:>15} {len(found)}")
            told += [f"                  {sentence}" for sentence in found[:MOST_SHOWN]]
            if len(found) > MOST_SHOWN:
                told.append(f"                  … and {len(found) - MOST_SHOWN} more")
        return told
