"""Fabrication flags in words; what the reader may not know of the other inspection stays out."""

from collections.abc import Mapping
from typing import Any, Final

from audit_api.domain.vocabulary import FlagKind
from field_schema.problems import words

PAIRS: Final = frozenset(
    {
        FlagKind.SAME_PHOTO,
        FlagKind.ALIKE_PHOTO,
        FlagKind.IMPOSSIBLE_TRAVEL,
        FlagKind.SAME_MEASUREMENTS,
    }
)
"""Kinds that compare two inspections."""


def flag_in_words(
    kind: FlagKind, figures: Mapping[str, Any], language: str, *, outside: bool = False
) -> str:
    """A flag as a sentence in "ky", "ru" or "en".

    `outside`: the other inspection lies outside the reader's grants; then no figure is told.
    """
    texts = words()["fabrication_flags"]
    if outside:
        sentences = [texts[kind]["outside"], texts["outside"]]
    else:
        overlap = kind is FlagKind.IMPOSSIBLE_TRAVEL and figures["speed_kmh"] is None
        sentences = [texts[kind]["overlap" if overlap else "text"]]
        sentences += [texts[note] for note in ("zone_assumed", "clock_off") if figures.get(note)]
    return " ".join(str(sentence[language]).format_map(figures) for sentence in sentences)
