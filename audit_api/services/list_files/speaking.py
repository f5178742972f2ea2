"""What is said of a row in one language: norms, limits and readings in words, made once each."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from audit_api.services.list_files.codes import WORDS
from audit_api.words import Words
from field_schema.catalog import Catalog
from field_schema.form import Question
from field_schema.problems import words as fixed_words
from field_schema.reasons import limits_in_words, measured_in_words
from field_schema.standard import Requirement
from field_schema.wording import conditions_in_words, threshold_in_words

Row = Mapping[str, Any]
"""One item of a list's JSON."""
Texts = Mapping[str, str]
_PHOTO: Final = "/api/v1/photos/{sha256}/original"


class Norm:
    """A requirement as it is said of every row that it decided."""

    def __init__(self, requirement: Requirement, catalog: Catalog, say: Words) -> None:
        self.questions: Mapping[str, Question] = catalog.measures[requirement.element]
        self.title = say.of(requirement.title)
        parts = [self.title, say.of(threshold_in_words(requirement, self.questions))]
        if (conditions := conditions_in_words(requirement, self.questions)) is not None:
            parts.append(say.of(conditions))
        self.asks = "; ".join(parts)
        self.source = requirement.cite.url or ""
        self.remedies = {
            kind: "; ".join(say.of(r.text) for r in requirement.remedies if r.kind == kind)
            for kind in ("temporary", "permanent")
        }


class Speaker:
    """Tells rows in the language of `say`.

    `address`: where the server is reached, without a slash at its end; links begin with it.
    `inspecting`: the body that has the inspections made, by language; None: nobody named it.
    """

    def __init__(
        self, say: Words, catalog: Catalog, *, address: str = "", inspecting: Texts | None = None
    ) -> None:
        self.say = say
        self.catalog = catalog
        self.address = address
        self.inspecting = say.of(inspecting) if inspecting else say("not named")
        self._codes = {kind: {code: say(t) for code, t in w.items()} for kind, w in WORDS.items()}
        self._elements = {
            name: say.of(section.title)
            for form in catalog.forms.values()
            for name, section in form.sections.items()
        }
        self._norms: dict[tuple[str, str, str], Norm] = {}
        self._standards: dict[tuple[str, str], str] = {}

    def code(self, kind: str, code: str | None) -> str:
        """A code of a closed list in words; one that the list lacks as it is."""
        return "" if code is None else self._codes[kind].get(code, code)

    def codes(self, kind: str, codes: list[str]) -> str:
        """Several codes in words."""
        return ", ".join(self.code(kind, code) for code in codes)

    def norm(self, row: Row) -> Norm:
        """The requirement that decided a row. Raises CatalogError for one that is not known."""
        key = (row["standard"], row["edition"], row["requirement"])
        found = self._norms.get(key)
        if found is None:
            found = self._norms[key] = Norm(self.catalog.requirement(*key), self.catalog, self.say)
        return found

    def standard(self, row: Row) -> str:
        """The title of the norm."""
        key = (row["standard"], row["edition"])
        found = self._standards.get(key)
        if found is None:
            found = self._standards[key] = self.say.of(self.catalog.standards[key].title)
        return found

    def element_type(self, row: Row) -> str:
        """The type of an element, as forms title its questions."""
        code: str = row["element_type"]
        return self._elements.get(code, code)

    def measured(self, row: Row) -> str:
        """What was read, in words; where only some readings were kept, those."""
        if not row["required"] or row["measured"] is None:
            return ""
        questions = self.norm(row).questions
        return measured_in_words(row["required"], row["measured"], questions, self.say.language)

    def required(self, row: Row) -> str:
        """What had to hold, in words."""
        if not row["required"]:
            return ""
        return limits_in_words(row["required"], self.norm(row).questions, self.say.language)

    def responsible(self, territory_name: Texts | None) -> str:
        """The body of local self-government of a territory."""
        return f"{self.addressee('lsg_body')}: {self.say.of(territory_name)}"

    def addressee(self, kind: str) -> str:
        """A kind of addressee in words."""
        return self._fixed("addressees", kind)

    def act(self, kind: str) -> str:
        """A kind of supervisory act in words."""
        return self._fixed("acts", kind)

    def photo_links(self, row: Row) -> str:
        """Where the originals of a row's photos are read."""
        return " ".join(self.address + _PHOTO.format(sha256=sha256) for sha256 in row["photos"])

    def _fixed(self, section: str, key: str) -> str:
        return str(fixed_words()[section][key][self.say.language])


def as_json(value: Any) -> str:
    """A value for programs: JSON."""
    return "" if value is None else msgspec.json.encode(value).decode()


def stations_of(row: Row) -> str:
    """The numbers of the polling stations; of a list with campaigns those of the row's own."""
    campaign = row.get("campaign")
    found = []
    for station in row["stations"]:
        if isinstance(station, int):
            found.append(str(station))
        elif campaign is None or station.get("campaign") in (None, campaign):
            found.append(str(station["number"]))
    return ", ".join(found)
