"""A made-up standard whose second edition takes back what the first one asked.

No norm of any country, and no decision of anybody: its files, titles and decisions say so. It is
here so that the demonstration has cases that a changed law superseded.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from audit_api.domain.law.adoption import Decision
from audit_api.services.law.adopt_edition import adopt_edition, import_edition
from audit_api.services.law.amend import amend_sites, amendment_of, sites_left
from audit_api.services.law.catalogs import CatalogKeeper
from audit_api.storage.base import Database
from audit_api.storage.people import person_by_username

STANDARD = "MADE-UP-TABLE"
PROFILE = "kg-demo-2021"
_NOBODY = {
    "ky": "Эч ким: көрсөтүү үчүн ойлоп чыгарылган",
    "ru": "Никто: придумано для демонстрации",
    "en": "Nobody: made up for the demonstration",
}


@dataclass(frozen=True, slots=True)
class _Edition:
    name: str
    since: date
    replaces: str | None


FIRST = _Edition("1", date(2021, 9, 1), None)
SECOND = _Edition("2", date(2021, 9, 15), "1")


def adopt(database: Database, folder: Path, edition: _Edition, recorded_by: str) -> None:
    """Import an edition's file, adopt it, and judge what was handed in by it; again is harmless."""
    keeper = CatalogKeeper()
    at = datetime.now(UTC)
    with database.writing() as session:
        person = person_by_username(session, recorded_by)
        if person is None:
            raise LookupError(recorded_by)
        data = (folder / f"{STANDARD}-{edition.name}.json").read_bytes()
        import_edition(session, keeper, data, person=person.id, at=at)
    with database.writing() as session:
        adopted = adopt_edition(session, keeper, _decision(edition), person=person.id, at=at)
    for campaign in adopted.campaigns:
        with database.reading() as session:
            amendment = amendment_of(session, campaign, adopted.catalog)
            left = sites_left(session, amendment) if amendment else []
        if amendment and left:
            with database.writing() as session:
                amend_sites(session, amendment, adopted.catalog, left, at=at)


def _decision(edition: _Edition) -> Decision:
    return Decision(
        PROFILE,
        STANDARD,
        edition.name,
        "binding",
        edition.since,
        edition.replaces,
        f"made up {edition.name}",
        edition.since,
        _NOBODY,
    )
