"""Papers of lists: violations as the screen shows them, and a list as it was served."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from audit_api.domain.errors import Fault, InvalidInput, ScopeGone
from audit_api.domain.oversight.served_words import served_row
from audit_api.papers import violations_list
from audit_api.services.exports.making import MOST_PAPER_ROWS, Made, Making
from audit_api.services.exports.sealing import seal_frozen, seal_view, view_of
from audit_api.services.named_places import campaign_known, site_in_scope, territories_in_scope
from audit_api.storage.lists.served_lists import find_served
from audit_api.storage.lists.serving import find_place, violations_to_print
from audit_api.storage.lists.violations import CaseFilter
from audit_api.storage.places.campaigns import Campaign
from audit_api.storage.places.places import Site

CASE_FILTERS: Final = (
    "territory", "campaign", "constituency", "site", "requirement", "standard", "severity",
    "user_group", "state", "overdue", "usable_on_the_day",
)  # fmt: skip
"""What the list of violations may be narrowed by."""


def case_filter(session: Session, making: Making) -> CaseFilter:
    """The filter that was asked for, in the scope of now; NotFound for a place outside."""
    asked = dict(making.filters)
    site = asked.pop("site", None)
    site = None if site is None else UUID(site)
    campaign_known(session, making.scope, asked.get("campaign"))
    site_in_scope(session, making.scope, site)
    territories = territories_in_scope(
        session, making.scope, asked.pop("territory", None), making.today
    )
    return CaseFilter(territories=territories, site=site, **asked)


def print_violations(making: Making) -> Made:
    """The list of violations with any filters, as a paper."""
    with making.tools.database.snapshot() as session:
        wanted = case_filter(session, making)
        facts = violations_to_print(
            session, making.scope, wanted, limit=MOST_PAPER_ROWS, today=making.today
        )
        if len(facts) > MOST_PAPER_ROWS:
            detail = f"More than {MOST_PAPER_ROWS} violations are no paper; narrow the filters."
            raise InvalidInput(detail, faults=[Fault("/filters", detail)])
        catalog = making.tools.catalogs.current(session)
        content = view_of(session, making) | {
            "document": "violations/1",
            "filters": dict(making.filters),
            "names": _names(session, making),
        }
    making.progress(0, len(facts))
    content["rows"] = [served_row(fact, catalog) | {"n": n} for n, fact in enumerate(facts, 1)]
    return seal_view(
        making,
        content,
        lambda say: violations_list.screen_list(say, content),
        rows=len(facts),
        name=f"violations-{making.today}-{making.language}.pdf",
    )


def print_served_list(making: Making) -> Made:
    """A served list, from its frozen document."""
    assert making.subject is not None  # noqa: S101 - kinds take it by id
    with making.tools.database.reading() as session:
        found = find_served(session, making.scope, making.subject, making.today)
        if found is None:
            raise ScopeGone("The list lies outside your grants now.")
        frozen = bytes(found[1])
        document = msgspec.json.decode(frozen)
        office = office_id(session, making, document)
    return seal_frozen(
        making,
        frozen,
        lambda say: violations_list.served(say, document),
        shown={},
        number=document["number"],
        day=datetime.fromisoformat(document["served_on"]).date(),
        as_of=datetime.fromisoformat(document["served_at"]),
        office=office,
        rows=len(document["rows"]),
        name=f"served-list-{document['number']}-{making.language}.pdf",
    )


def office_id(session: Session, making: Making, document: dict[str, Any]) -> UUID:
    """The territory of the office that a frozen document names by its code."""
    place = find_place(session, making.today, code=document["office"]["territory"])
    assert place is not None  # noqa: S101 - territories are never deleted
    return place.id


def _names(session: Session, making: Making) -> dict[str, Any]:
    """What the filters name, by filter: names by language."""
    asked, names = making.filters, {}
    if "territory" in asked:
        place = find_place(session, making.today, code=asked["territory"])
        names["territory"] = place and place.name
    if "site" in asked:
        names["site"] = _three(session.get_one(Site, UUID(asked["site"])))
    if "campaign" in asked:
        names["campaign"] = _three(session.get_one(Campaign, asked["campaign"]))
    return names


def _three(named: Site | Campaign) -> dict[str, str]:
    return {"ky": named.name_ky, "ru": named.name_ru, "en": named.name_en}
