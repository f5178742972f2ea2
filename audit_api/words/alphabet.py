"""Names in the order of the Kyrgyz and Russian alphabets, not of code points."""

from typing import Final

_ALPHABET: Final = "абвгдеёжзийклмнңоөпрстуүфхцчшщъыьэюя"
"""The Kyrgyz alphabet, 36 letters; the Russian one is the same without Ң, Ө and Ү."""
_PLACES: Final = {letter: place for place, letter in enumerate(_ALPHABET)}
_BEFORE_LETTERS: Final = 0x400
"""Signs, digits and Latin letters keep their places, before the Cyrillic ones."""


def name_key(name: str) -> tuple[tuple[int, int], ...]:
    """The key to sort a name by: Ң after Н, Ө after О, Ү after У, Ё after Е, case no matter."""
    return tuple(_key(letter) for letter in name.casefold())


def _key(letter: str) -> tuple[int, int]:
    if letter in _PLACES:
        return 1, _PLACES[letter]
    return (0 if ord(letter) < _BEFORE_LETTERS else 2), ord(letter)
