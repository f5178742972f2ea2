"""What a tablet says of itself to the person who holds it."""

from collections.abc import Callable
from typing import Any

from audit_api.tablet.client import SyncReport, Tablet
from audit_api.tablet.enrolling import EnrolledAgain
from audit_api.tablet.outbox import Operation

Tell = Callable[[str], object]

_NEXT_STEP = {
    "rejected": "Mend it: `audit-api tablet show OP > mended.json`, then `mend OP mended.json`.",
    "conflict": "Supervision decides.",
    "quarantined": "Supervision decides.",
}
_KINDS = {"held": "held operation"}


def counted(n: int, noun: str) -> str:
    """A number with its noun."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _waits_for_others(opened: Tablet) -> dict[str, int]:
    """How many operations wait for owners that this tablet had before, by their names."""
    rows = opened.store.rows(
        """select o.owner, count(*) n from operation o join tablet t on t.owner <> o.owner
        where o.state = 'waiting' group by o.owner order by o.owner"""
    )
    return {row["owner"]: row["n"] for row in rows}


def describe(opened: Tablet) -> dict[str, Any]:
    """What a tablet owes and holds, as JSON members."""
    count = opened.store.rows
    return {
        "device": opened.store.identity["device"],
        "last_contact": opened.store.identity["last_contact"],
        "owner": opened.store.identity["owner"],
        "owes": opened.holds(),
        "waits_for_others": _waits_for_others(opened),
        "operations": {
            row["state"]: row["n"]
            for row in count("select state, count(*) n from operation group by state")
        },
        "durable": opened.store.value("select count(durable) from operation"),
        "photos": {
            row["state"]: row["n"]
            for row in count("select state, count(*) n from photo group by state")
        },
        "held": {
            row["kind"]: row["n"]
            for row in count("select kind, count(distinct id) n from item group by kind")
        },
    }


def tell_sync(report: SyncReport, tell: Tell) -> None:
    """What one sync did."""
    statuses = ", ".join(f"{n} {status}" for status, n in sorted(report.pushed.statuses.items()))
    tell(f"Handed in: {statuses or 'nothing was waiting'}.")
    for refusal in report.pushed.refused:
        tell(f"The server could not read {refusal}")
    tell(f"Photos handed over: {report.photos.count} ({report.photos.bytes} bytes).")
    if report.revoked:
        tell(
            "This tablet is revoked: the server keeps what it hands in, and shows it nothing. "
            "Ask the headquarters for a code and run `audit-api tablet enrol-again CODE`: what is "
            "still here goes out under the new device."
        )
        return
    restored = " The server was restored from a backup." if report.pulled.restored else ""
    tell(f"Pulled: {counted(report.pulled.items, 'change')}.{restored}")
    tell(f"Durable receipts: {report.durable}; originals deleted: {len(report.deleted)}.")


def tell_enrolled_again(again: EnrolledAgain, tell: Tell) -> None:
    """Which device it is now, and what became of the work."""
    tell(f"Enrolled again for {again.owner} as {again.device}; it was {again.formerly} before.")
    if again.goes_along:
        tell(f"Unsent work goes along: {counted(again.goes_along, 'operation')}. Next: sync.")
    if again.owner != again.former_owner:
        tell(
            f"It was {again.former_owner}'s. If the headquarters have not revoked "
            f"{again.formerly}, ask them to."
        )


def tell_status(opened: Tablet, tell: Tell) -> None:
    """Who it is, what it owes, what came back to it, what it holds."""
    identity = opened.store.identity
    tell(
        f"{identity['name']} ({identity['device']}) of {identity['owner']} "
        f"at {identity['base_url']}, last contact {identity['last_contact'] or 'never'}."
    )
    tell_owed(opened, tell)
    held = ", ".join(counted(n, _KINDS.get(k, k)) for k, n in describe(opened)["held"].items())
    tell(f"Held: {held or 'nothing pulled yet'}.")


def tell_owed(opened: Tablet, tell: Tell) -> None:
    """What still has to go, what a person has to do or to decide."""
    owes = opened.holds()
    if owes["operations"] or owes["photos"]:
        operations, photos = counted(owes["operations"], "operation"), owes["photos"]
        tell(f"Owed: {operations}, {counted(photos, 'photo')} ({owes['photo_bytes']} bytes).")
    else:
        tell("Owed: nothing.")
    for owner, n in _waits_for_others(opened).items():
        tell(
            f"  {counted(n, 'operation')} of {owner}, whose tablet this was: kept, and handed in "
            "by nobody else. With a code for that person, `audit-api tablet enrol-again` sends it."
        )
    decisions = {doc["op"]: doc for doc in opened.items("held").values() if doc.get("decision")}
    owner = opened.store.identity["owner"]
    for operation in opened.operations("waiting", "rejected", "conflict", "quarantined"):
        if operation.owner != owner:
            continue
        if operation.op in decisions:
            _tell_decision(operation, decisions[operation.op], tell)
        else:
            _tell_operation(operation, tell)
    for (_, entity), doc in opened.items("inspection").items():
        if doc.get("returned"):
            back = doc["returned"]
            tell(
                f"  inspection {entity} came back for correction (revision {back['rev']}), "
                f"by {back['by']}: {back['reason']}"
            )
    _tell_tasks(opened, tell)
    for row in opened.store.rows(
        "select sha256, problem from photo where problem is not null order by sha256"
    ):
        tell(f"  photo {row['sha256']}: {row['problem']}")


def _tell_tasks(opened: Tablet, tell: Tell) -> None:
    """Tasks that came back, and what is asked and answered about their days."""
    for (_, entity), doc in sorted(opened.items("task").items()):
        back, asked = doc.get("returned"), doc.get("extension")
        if back and doc["state"] == "returned":
            tell(f"  task {entity} came back, by {back['by']}: {back['reason']}")
        if asked and doc["state"] not in ("verified", "lapsed"):
            answer = asked.get("answer")
            said = f"{answer['due_on']}, {answer['reason']}" if answer else "not answered yet"
            tell(f"  task {entity}: {asked['due_on']} was asked for instead; {said}")


def _tell_operation(operation: Operation, tell: Tell) -> None:
    said = operation.said or {}
    reasons = [f"{p.get('pointer')}: {p.get('detail')}." for p in said.get("problems", ())]
    reasons += [said[name] for name in ("detail", "waits_for") if name in said]
    step = _NEXT_STEP.get(operation.state, "").replace("OP", operation.op)
    told = [f"{_name(operation)}: {operation.state}.", step, *reasons]
    tell("  " + " ".join(part for part in told if part))


def _tell_decision(operation: Operation, doc: dict[str, Any], tell: Tell) -> None:
    outcome = f", now {doc['outcome']}" if doc.get("outcome") else ""
    tell(f"  {_name(operation)}: {doc['decision']}{outcome}. {doc.get('decided_reason') or ''}")


def _name(operation: Operation) -> str:
    return f"{operation.seq} {operation.kind} {operation.op}"
