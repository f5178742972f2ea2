"""The catalogue and the formats of one language.

A text is named by its English wording, which is English's own; the folders `ky` and `ru` beside
this file have the others, one `.po` for each kind of thing that speaks. Days, instants and
numbers follow CLDR; an instant is told in the campaign's time zone, Asia/Bishkek.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from babel import Locale, dates, numbers
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

HERE: Final = Path(__file__).parent
LANGUAGES: Final = ("ky", "ru", "en")
TIME_ZONE: Final = "Asia/Bishkek"
# British English: days before months, as everybody who reads these papers writes them.
_LOCALES: Final = {"ky": "ky", "ru": "ru", "en": "en_GB"}


class UnknownWords(Exception):
    """A text that the catalogue of a language lacks; the message says which and where."""


class Words:
    """How one language says things."""

    def __init__(self, language: str, catalog: Catalog | None) -> None:
        self.language = language
        self.locale = Locale.parse(_LOCALES[language])
        self._catalog = catalog

    def __call__(self, text: str, /, **values: Any) -> str:
        """What the language says for an English text, its `{places}` filled with `values`.

        Raises UnknownWords for a text that is not in its catalogue.
        """
        return self._said(text).format_map(values) if values else self._said(text)

    def many(self, one: str, other: str, number: int, **values: Any) -> str:
        """A text that depends on a number, in the plural that the language has for it.

        `{number}` stands for the number as the language writes it.
        """
        values = values | {"number": self.number(number)}
        if self._catalog is None:
            return (one if number == 1 else other).format_map(values)
        message = self._catalog.get(one)
        forms = None if message is None or isinstance(message.string, str) else message.string
        if not forms or not all(forms):
            raise self._lacking(one)
        return forms[self._plural(number)].format_map(values)

    def of(self, texts: Mapping[str, str] | None) -> str:
        """The text of this language where all are given; Russian, then any, where it is not."""
        if not texts:
            return ""
        return texts.get(self.language) or texts.get("ru") or next(iter(texts.values()))

    def day(self, day: date | str | None, *, short: bool = False) -> str:
        """A day in words, or in digits if `short`; a day as text is ISO 8601. None: nothing."""
        if day is None:
            return ""
        told = date.fromisoformat(day[:10]) if isinstance(day, str) else day
        return str(dates.format_date(told, "short" if short else "long", locale=self.locale))

    def instant(self, at: datetime | str | None) -> str:
        """An instant to the minute, in Asia/Bishkek; as text it is ISO 8601. None: nothing."""
        if at is None:
            return ""
        told = datetime.fromisoformat(at) if isinstance(at, str) else at
        zone = dates.get_timezone(TIME_ZONE)
        clock = dates.format_time(told, "HH:mm", tzinfo=zone, locale=self.locale)
        return f"{self.day(told.astimezone(zone).date(), short=True)} {clock}"

    def number(self, number: int | float | Decimal) -> str:
        """A number with the language's decimal sign and groups."""
        return str(numbers.format_decimal(number, locale=self.locale))

    def percent(self, share: float | Decimal) -> str:
        """A share of 1 in whole per cent."""
        return str(numbers.format_percent(share, locale=self.locale))

    def _said(self, text: str) -> str:
        if self._catalog is None:
            return text
        message = self._catalog.get(text)
        said = message.string if message is not None else ""
        if isinstance(said, tuple | list):
            said = said[0]
        if not said:
            raise self._lacking(text)
        return str(said)

    def _plural(self, number: int) -> int:
        order = {"ru": ("one", "few", "many"), "ky": ("one", "other")}[self.language]
        form = self.locale.plural_form(number)
        return order.index(form) if form in order else len(order) - 1

    def _lacking(self, text: str) -> UnknownWords:
        return UnknownWords(
            f"No .po of audit_api/words/{self.language} has a translation of {text!r}: add one."
        )


@cache
def words_in(language: str) -> Words:
    """The words of a language (`ky`, `ru` or `en`), read once.

    Raises UnknownWords for another language.
    """
    if language not in LANGUAGES:
        raise UnknownWords(f"{language!r} is none of {', '.join(LANGUAGES)}.")
    if language == "en":
        return Words(language, None)
    whole = Catalog(locale=language)
    for path in sorted((HERE / language).glob("*.po")):
        for message in read_catalog(path):
            if message.id:
                whole[message.id] = message
    return Words(language, whole)


def read_catalog(path: Path) -> Catalog:
    """One file of a language. Raises babel's PoFileError for what is no catalogue."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.name, abort_invalid=True)


def to_say(text: str) -> str:
    """The same text: marks one in a table of constants, which something says later."""
    return text
