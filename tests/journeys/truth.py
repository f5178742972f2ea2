"""What a tablet must hold, worked out from the tables alone: nothing of the feed is asked.

Who may see what is read from grants and the tree; every document is built here, in Python, member
by member. Whoever changes what tablets get changes it here too, by hand: that is the point.
"""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

Key = tuple[str, str, str]
Row = dict[str, Any]

_SENT_BACK = ("reported_done", "returned")
_IN_THE_FIELD = ["inspector", "lsg_head"]
_CASE = (
    "id", "rev", "requirement", "standard", "edition", "clause", "clause_hint", "confidence",
    "weight", "severity", "user_groups", "measured", "tolerance", "recalled", "required", "state",
    "due_on", "notice_due_on", "first_seen_at",
)  # fmt: skip


class Truth:
    """The tables, through a connection of its own."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(
            url.replace("+psycopg", ""), autocommit=True, row_factory=dict_row
        )

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """The rows of a query."""
        return self._connection.execute(sql, values).fetchall()

    def owner_of(self, device: str) -> UUID | None:
        """Whose a device is; None when nobody knows it."""
        found = self.rows("select owner_id from device where id = %s", UUID(device))
        return found[0]["owner_id"] if found else None

    def is_revoked(self, device: str) -> bool:
        """Whether it may only hand in."""
        row = self.rows("select revoked_at from device where id = %s", UUID(device))[0]
        return row["revoked_at"] is not None

    def territories_of(self, person: UUID) -> set[UUID]:
        """Every territory below one in which the person works with a tablet."""
        parents: dict[UUID, UUID | None] = {}
        for row in self.rows("select * from territory_version order by valid_from"):
            if row["valid_from"] <= datetime.now(UTC).date():
                parents[row["territory_id"]] = row["parent_id"]
        granted = {
            row["territory_id"]
            for row in self.rows(
                "select territory_id from person_grant where person_id = %s and role = any(%s) "
                "and revoked_at is null",
                person,
                _IN_THE_FIELD,
            )
        }
        return {place for place in parents if granted & _up_from(place, parents)}

    def scopes_of(self, person: UUID) -> set[str]:
        """The names of what such a tablet may know."""
        return {f"territory:{t}" for t in self.territories_of(person)} | {f"person:{person}"}

    def picture_of(self, person: UUID) -> dict[Key, str]:
        """Scope, kind and id of all that the person's tablet must hold, each document as text."""
        near = list(self.territories_of(person))
        found: dict[Key, Any] = {}
        for site in self.rows("select * from site where territory_id = any(%s)", near):
            scope = f"territory:{site['territory_id']}"
            found[scope, "site", str(site["id"])] = self._site(site)
            for task in self.rows("select * from remediation_task where site_id = %s", site["id"]):
                found[scope, "task", str(task["id"])] = self._task(task)
        scope = f"person:{person}"
        for visit in self.rows(
            "select * from inspection where inspector_id = %s and is_current", person
        ):
            found[scope, "inspection", str(visit["id"])] = self._inspection(visit)
        for held in self.rows(
            "select o.* from held_operation h join operation o on o.op = h.op "
            "join device d on d.id = o.device_id where d.owner_id = %s",
            person,
        ):
            found[scope, "held", str(held["op"])] = self._held(held)
        for one in self.rows("select * from assignment where inspector_id = %s", person):
            found[scope, "assignment", str(one["id"])] = _assignment(one)
        return {key: json.dumps(doc, ensure_ascii=False) for key, doc in found.items()}

    def _site(self, site: Row) -> Row:
        territory = self.rows("select code from territory where id = %s", site["territory_id"])[0]
        stations = self.rows("select * from station where site_id = %s", site["id"])
        elements = self.rows("select * from element where site_id = %s", site["id"])
        place = None
        if site["lat"] is not None:
            place = {"lat": _number(site["lat"]), "lon": _number(site["lon"])}
        return {
            "id": str(site["id"]),
            "rev": site["rev"],
            "territory": territory["code"],
            "name": {language: site[f"name_{language}"] for language in ("ky", "ru", "en")},
            "address": site["address"],
            "location": place,
            "building_status": site["building_status"],
            "built_on": _day(site["built_on"]),
            "altered_on": _day(site["altered_on"]),
            "synthetic": site["synthetic"],
            "stations": [
                {
                    "campaign": station["campaign_id"],
                    "number": station["number"],
                    "voters": station["voters"],
                    "constituency": station["constituency_number"],
                }
                for station in sorted(stations, key=lambda s: (s["campaign_id"], s["number"]))
            ],
            "elements": [
                {"id": str(element["id"]), "type": element["type"], "label": element["label"]}
                for element in sorted(elements, key=lambda e: (e["created_at"], e["id"]))
            ],
        }

    def _task(self, task: Row) -> Row:
        cases = self.rows("select * from violation where task_id = %s", task["id"])
        cases.sort(key=lambda v: (v["first_seen_at"], v["id"]))
        events = self.rows(
            "select e.*, p.full_name from task_event e join person p on p.id = e.person_id"
            " where e.task_id = %s order by e.n",
            task["id"],
        )
        returns = [e for e in events if (e["from_state"], e["to_state"]) == _SENT_BACK]
        declines = [e for e in events if e["move"] == "decline"]
        return {
            "id": str(task["id"]),
            "rev": task["rev"],
            "site": str(task["site_id"]),
            "element": str(task["element_id"]),
            "track": task["track"],
            "state": task["state"],
            "due_on": _day(task["due_on"]),
            "notice_due_on": _day(task["noticed_due_on"]),
            "cost_som": task["cost_som"],
            "returned": {"move": returns[-1]["move"]} | _said(returns[-1]) if returns else None,
            "extension": _extension(events),
            "declined": _said(declines[-1]) if declines else None,
            "relieves": [str(case) for case in task["relieves"]] if task["relieves"] else None,
            "violations": [_case(case) for case in cases] or None,
        }

    def _inspection(self, visit: Row) -> Row:
        returns = self.rows(
            "select r.*, p.full_name from inspection_return r join person p on p.id = r.returned_by"
            " where r.inspection_id = %s and r.rev = %s",
            visit["id"],
            visit["rev"],
        )
        announced = self.rows(
            "select sha256 from announced_photo where inspection_id = %s and rev = %s",
            visit["id"],
            visit["rev"],
        )
        here = self.photos(row["sha256"] for row in announced)
        return {
            "id": str(visit["id"]),
            "rev": visit["rev"],
            "site": str(visit["site_id"]),
            "campaign": visit["campaign_id"],
            "form": visit["form"],
            "received_at": _instant(visit["received_at"]),
            "flags": visit["flags"],
            "state": "returned" if returns else "current",
            "returned": {
                "rev": returns[0]["rev"],
                "reason": returns[0]["reason"],
                "by": returns[0]["full_name"],
                "at": _instant(returns[0]["returned_at"]),
            }
            if returns
            else None,
            "photos_missing": sum(bytes(row["sha256"]) not in here for row in announced),
        }

    def photos(self, hashes: Iterable[bytes]) -> set[bytes]:
        """Which of these originals the server has noted."""
        rows = self.rows("select sha256 from photo where sha256 = any(%s)", list(hashes))
        return {bytes(row["sha256"]) for row in rows}

    def _held(self, held: Row) -> Row:
        reviews = self.rows("select * from review where op = %s", held["op"])
        tries = self.rows("select * from quarantine_decision where op = %s order by n", held["op"])
        vain = [t["result"] for t in tries if t["status"] in ("rejected", "quarantined")]
        last = next((t for t in tries if t["status"] not in ("rejected", "quarantined")), {})
        review = reviews[0] if reviews else {}
        result = last.get("result") or {}
        return {
            "op": str(held["op"]),
            "kind": held["kind"],
            "entity": str(held["entity_id"]),
            "seq": held["seq"],
            "status": held["status"],
            "reason": (vain[-1] if vain else held["result"]).get("reason"),
            "decision": review.get("decision") or last.get("decision"),
            "decided_reason": review.get("reason") or last.get("reason"),
            "decided_at": _instant(review.get("decided_at") or last.get("decided_at")),
            "review": str(review["id"]) if review else None,
            "outcome": last.get("status"),
            "rev": result.get("rev"),
            "need_photos": result.get("need_photos"),
        }


def _up_from(place: UUID, parents: dict[UUID, UUID | None]) -> set[UUID]:
    """A territory and all above it."""
    found: set[UUID] = set()
    above: UUID | None = place
    while above is not None and above not in found:
        found.add(above)
        above = parents.get(above)
    return found


def _said(event: Row) -> Row:
    return {"reason": event["reason"], "by": event["full_name"], "at": _instant(event["at"])}


def _extension(events: list[Row]) -> Row | None:
    """The newest request for a later day, with the day that was set next."""
    found: Row | None = None
    for event in events:
        day = {"due_on": _day(event["due_on"])}
        if event["move"] == "ask_extension":
            found = day | {"answer": None} | _said(event)
        elif event["move"] == "set_deadline" and found is not None and found["answer"] is None:
            found["answer"] = day | _said(event)
    return found


def _case(case: Row) -> Row:
    told = case | {
        "id": str(case["id"]),
        "weight": "binding",
        "recalled": None,
        "due_on": _day(case["due_on"]),
        "notice_due_on": _day(case["noticed_due_on"]),
        "first_seen_at": _instant(case["first_seen_at"]),
    }
    return {name: told[name] for name in _CASE}


def _assignment(one: Row) -> Row:
    return {
        "id": str(one["id"]),
        "campaign": one["campaign_id"],
        "site": str(one["site_id"]),
        "due_on": _day(one["due_on"]),
        "note": one["note"],
        "assigned_at": _instant(one["assigned_at"]),
        "withdrawn_at": _instant(one["withdrawn_at"]),
        "withdrawn_reason": one["withdrawn_reason"],
    }


def _number(value: float) -> float | int:
    return int(value) if value == int(value) else value


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _instant(value: datetime | None) -> str | None:
    """As PostgreSQL spells it in JSON: no zeros at the end of a second's fraction."""
    if value is None:
        return None
    seconds, _, fraction = value.astimezone(UTC).replace(tzinfo=None).isoformat().partition(".")
    fraction = fraction.rstrip("0")
    return f"{seconds}{'.' if fraction else ''}{fraction}+00:00"
