"""Which files may be asked for: of what, in which formats, by whom, and who makes them.

A new format of a kind is one more line in its `makers`; a new kind one more entry. The filters
that a kind takes are members of `http.exports.ExportFilters`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from audit_api.domain.access import Noun
from audit_api.services.exports.making import Finder, Maker
from audit_api.services.exports.printed_acts import print_act
from audit_api.services.exports.printed_briefing import print_briefing
from audit_api.services.exports.printed_lists import (
    CASE_FILTERS,
    print_served_list,
    print_violations,
)
from audit_api.services.exports.printed_tasks import print_task
from audit_api.services.exports.tabled_lists import tabled_served_lists, tabled_violations
from audit_api.storage.lists.acts import find_act
from audit_api.storage.lists.served_lists import find_served
from audit_api.storage.lists.tasks import find_task


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file. `noun`: the row of WHO_MAY_WHAT whose readers may ask for it.

    `makers`: by format. Of one thing, `find` tells whether it lies in scope; of a list, `find` is
    None, `filters` are those it takes and `needed` those it cannot do without.
    """

    noun: Noun
    makers: Mapping[str, Maker]
    find: Finder | None = None
    filters: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()


KINDS: Final[dict[str, Kind]] = {
    "violations": Kind(
        Noun.VIOLATIONS,
        {"pdf": print_violations, **tabled_violations("csv", "xlsx", "geojson", "gpkg")},
        filters=CASE_FILTERS,
    ),
    "served_list": Kind(
        Noun.ACTS,
        {"pdf": print_served_list, **tabled_served_lists("csv", "xlsx")},
        find=find_served,
    ),
    "act": Kind(Noun.ACTS, {"pdf": print_act}, find=find_act),
    "task": Kind(
        Noun.TASKS,
        {"pdf": print_task},
        find=lambda session, scope, task, today: find_task(session, scope, scope, task, today),
    ),
    "briefing": Kind(
        Noun.CATALOG, {"pdf": print_briefing}, filters=("campaign",), needed=("campaign",)
    ),
}
