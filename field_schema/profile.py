"""A profile: by which editions a campaign inspects, and the legal weight of each."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from field_schema.strict_file import Fields, Texts

BINDING: Final = "binding"
REFERENCE: Final = "reference"


@dataclass(frozen=True, slots=True)
class Adoption:
    """One edition, adopted from a day to a day (both included) by a named decision."""

    standard: str
    edition: str
    weight: str
    since: date
    until: date | None
    decision_number: str
    decision_date: date
    decided_by: Texts

    def in_force(self, on: date) -> bool:
        """Whether the adoption covers the day."""
        return self.since <= on and (self.until is None or on <= self.until)


@dataclass(frozen=True, slots=True)
class Profile:
    """The adoptions of one campaign; `warning` is printed wherever its verdicts are shown."""

    id: str
    title: Texts
    warning: Texts
    ky_status: str
    adoptions: tuple[Adoption, ...]
    digest: str

    @property
    def standards(self) -> tuple[str, ...]:
        """The ids of its standards, each once, in the file's order."""
        return tuple(dict.fromkeys(adoption.standard for adoption in self.adoptions))

    def in_force(self, standard: str, on: date) -> Adoption | None:
        """The adoption of the standard that covers the day; None when there is none."""
        for adoption in self.adoptions:
            if adoption.standard == standard and adoption.in_force(on):
                return adoption
        return None


def parse_profile(value: object, where: str, digest: str) -> Profile:
    """Read a profile's file. Raises CatalogError, also for two editions in force on one day."""
    fields = Fields(value, where)
    name = fields.name("profile")
    if where != f"profiles/{name}.json":
        fields.fail("profile", f"{name!r} does not match the file's name")
    adoptions: list[Adoption] = []
    title, warning, ky_status = (
        fields.texts("title"),
        fields.texts("warning"),
        fields.text("ky_status"),
    )
    for inner in fields.each("editions"):
        adoption = _adoption(inner)
        for other in adoptions:
            if other.standard == adoption.standard and _overlap(other, adoption):
                inner.fail("in_force", f"two editions of {other.standard} are in force on one day")
        adoptions.append(adoption)
    if not adoptions:
        fields.fail("editions", "at least one adopted edition is due here")
    fields.done()
    return Profile(name, title, warning, ky_status, tuple(adoptions), digest)


def _adoption(fields: Fields) -> Adoption:
    force, decision = fields.fields("in_force"), fields.fields("decision")
    adoption = Adoption(
        fields.name("standard"),
        fields.name("edition"),
        fields.word("weight", (BINDING, REFERENCE)),
        force.day("from"),
        force.day_or_null("to"),
        decision.text("number"),
        decision.day("date"),
        decision.texts("by"),
    )
    if adoption.until is not None and adoption.until < adoption.since:
        force.fail("to", f"{adoption.until} is before {adoption.since}; swap them")
    for part in (force, decision, fields):
        part.done()
    return adoption


def _overlap(one: Adoption, two: Adoption) -> bool:
    return (one.until is None or two.since <= one.until) and (
        two.until is None or one.since <= two.until
    )
