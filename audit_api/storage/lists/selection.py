"""A list query put together from fixed fragments: scope first, filters after, a key to go on from.

Fragments are constants of this package; what a caller sends travels only as bind parameters.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope

TERRITORY_NAME = """(select json_build_object('ky', v.name_ky, 'ru', v.name_ru, 'en', v.name_en)
    from territory_version v where v.territory_id = territory.id and v.valid_from <= :today
    order by v.valid_from desc limit 1)"""
ADDRESS_AND_PLACE = """'address', site.address, 'location', case when site.lat is not null
    then json_build_object('lat', site.lat, 'lon', site.lon) end"""
SITE_NAME = "json_build_object('ky', site.name_ky, 'ru', site.name_ru, 'en', site.name_en)"
STATIONS = """(select coalesce(json_agg(json_build_object('campaign', st.campaign_id,
    'number', st.number, 'voters', st.voters, 'constituency', st.constituency_number)
    order by st.campaign_id, st.number), '[]'::json) from station st where st.site_id = site.id)"""


# Out of a subselect the planner does not know the territories, so that a plan made for all is
# thought as good as one made anew for each page, which takes longer than the page itself.
_WITHIN = "{place} = any((select cast(:whole as uuid[]))::uuid[])"

AnyRow = Row[*tuple[Any, ...]]
"""A row whose columns the select list names."""


class Selection:
    """Conditions and their parameters, gathered before one statement is made of them."""

    def __init__(
        self,
        scope: Scope,
        *,
        own: str | None,
        today: date,
        whole: str | None = None,
        place: str = "site.territory_id",
        **parameters: Any,
    ) -> None:
        """`own`: the condition that makes a row the actor's own; `:person` is the actor.

        `place`: the column by which a row lies in the scope's territories. `whole`: a condition
        with `:whole` instead, where it is no column; then nothing is narrowed to the actor's own.
        `parameters`: what the select list itself needs.
        """
        self._conditions = [whole or _WITHIN.format(place=place)]
        # What is own depends on whose it is, and an expression on more than its territories: there
        # the planner looks at the values, and guesses what a page takes.
        self._planned_once = whole is None
        self._parameters: dict[str, Any] = {
            "whole": list(scope.territories),
            "today": today,
            **parameters,
        }
        if own is not None and scope.own_territories:
            self._conditions = [f"({place} = any(:whole) or ({place} = any(:own) and ({own})))"]
            self._parameters |= {"own": list(scope.own_territories), "person": scope.person}
            self._planned_once = False

    def where(self, condition: str, **parameters: Any) -> None:
        """Narrow by a constant condition, if none of its parameters is None."""
        if None not in parameters.values():
            self._conditions.append(condition)
            self._parameters |= parameters

    def after(
        self,
        columns: str,
        key: Sequence[Any] | None,
        types: Sequence[str],
        *,
        downwards: bool = False,
    ) -> None:
        """Go on behind a key of an earlier page; `downwards`: the list begins at the greatest."""
        if key is not None:
            names = [f"key_{n}" for n in range(len(types))]
            casts = [f"cast(:{n} as {t})" for n, t in zip(names, types, strict=True)]
            if self._planned_once:
                casts = [f"(select {cast})" for cast in casts]
            self._conditions.append(f"({columns}) {'<' if downwards else '>'} ({', '.join(casts)})")
            self._parameters |= dict(zip(names, key, strict=True))

    def rows(
        self, session: Session, select: str, *, order: str, limit: int, **parameters: Any
    ) -> Sequence[AnyRow]:
        """Run `select … from … where` these conditions; one row more than `limit`."""
        # A plan made for all pages has to know how little of the list each of them takes.
        most = str(limit + 1) if self._planned_once else ":limit"
        statement = f"{select} where {' and '.join(self._conditions)} order by {order} limit {most}"
        bound = self._parameters | parameters | {"limit": limit + 1}
        return session.execute(text(statement), bound).all()


class Listed(Protocol):
    """A stored list with its filter given: the rows behind a key, one more than `limit`."""

    def __call__(self, *, after: Any, limit: int) -> Sequence[AnyRow]:
        """`after`: the key to go on from; None: from the start."""
        ...


def keyed(row: AnyRow) -> list[str]:
    """The key of a row: every column but the first, as text."""
    return [value.isoformat() if hasattr(value, "isoformat") else str(value) for value in row[1:]]
