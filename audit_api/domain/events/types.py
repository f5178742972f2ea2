"""The events that officials care for, and what each is made from.

An event is derived from what the transaction that made it wrote anyway: the audit log, a task's
events, its steps of escalation. `docs/events.md` shows the table of types.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from audit_api.domain.access import Noun

AUDIT, TASK, ESCALATION = "audit_log", "task_event", "task_escalation"
SOURCES: Final = (AUDIT, TASK, ESCALATION)
_EVENTS = UUID("0d2f7a53-6f0e-4b62-9b3c-4b0f4f4d3c10")

TYPES: Final[Mapping[str, str]] = {
    "violation.opened": "A visit or an adopted edition showed it first.",
    "violation.reopened": "It had ended, or was said to be repaired, and is found broken again.",
    "violation.closed": "A measurement within the limits closed it.",
    "violation.superseded": "Its clause binds no more.",
    "violation.confirmed": "Technical supervision confirmed it, or corrected it to a breach.",
    "violation.contested": "Technical supervision doubts it and has it measured again.",
    "violation.overturned": "Technical supervision found that it is none.",
    "violation.adjudicated": "Technical supervision decided and its state stayed.",
    "task.assigned": "The body of local self-government has something to repair.",
    "task.acknowledged": "It was taken note of.",
    "task.started": "Work has begun.",
    "task.estimated": "It has a new estimate of cost.",
    "task.extension_asked": "Another day is asked for.",
    "task.declined": "The body says that this is not theirs, or no breach.",
    "task.reported_done": "It is said to be repaired; its violations are claimed.",
    "task.returned": "What was said to be repaired is not.",
    "task.verified": "Nothing of it is left to repair.",
    "task.lapsed": "The day that a temporary remedy was for is over.",
    "task.deadline_set": "A coordinator set another day.",
    "task.noticed": "A moved election day gave it another day.",
    "task.escalated": "It came to a step of escalation.",
    "task.moved": "It moved in another way.",
    "inspection.accepted": "A revision of an inspection was taken in.",
    "inspection.returned": "Technical supervision sent it back for correction.",
    "served_list.served": "A prosecutor served a list of violations.",
    "act.issued": "A prosecutor issued an act.",
    "act.answered": "It was answered.",
    "act.answer_returned": "The prosecutor takes the answer for none.",
    "act.fulfilled": "The prosecutor says that it is fulfilled.",
    "act.not_fulfilled": "The prosecutor says that it is not.",
    "act.withdrawn": "The prosecutor withdrew it.",
}
"""Every type and what it says."""

READ_BY: Final[Mapping[str, Noun]] = {
    "violation": Noun.VIOLATIONS,
    "task": Noun.TASKS,
    "inspection": Noun.INSPECTIONS,
    "served_list": Noun.ACTS,
    "act": Noun.ACTS,
}
"""First part of a type -> the row of the table of who may what that opens reading the thing."""

_OF_TASK: Final = {
    "opened": "assigned",
    "adopted": "assigned",
    "open_temporary": "assigned",
    "order_temporary": "assigned",
    "acknowledge": "acknowledged",
    "start": "started",
    "estimate": "estimated",
    "ask_extension": "extension_asked",
    "decline": "declined",
    "report_done": "reported_done",
    "return": "returned",
    "measured_outside": "returned",
    "set_deadline": "deadline_set",
    "verified": "verified",
    "ended_by_law": "verified",
    "ended_by_adjudication": "verified",
    "lapsed": "lapsed",
}
_OF_ACT: Final = {
    "answer": "answered",
    "record_answer": "answered",
    "return": "answer_returned",
    "fulfil": "fulfilled",
    "fail": "not_fulfilled",
    "withdraw": "withdrawn",
}
OF_CASES: Final = {
    "opened": "open",
    "reopened": "open",
    "closed": "closed",
    "superseded": "superseded",
}
"""What measurement and law did to violations, as the audit log says it -> their state then."""
_PATHS: Final = {
    "violation": "violations",
    "task": "tasks",
    "inspection": "inspections",
    "served_list": "served-lists",
    "act": "acts",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one object. `part`: which of those of its source's row."""

    type: str
    object: UUID
    at: datetime
    source: str
    n: int
    part: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        """The same whenever it is derived."""
        return uuid5(_EVENTS, f"{self.source} {self.n} {self.part} {self.object} {self.at}")

    @property
    def kind(self) -> str:
        """What kind of thing it is about."""
        return self.type.partition(".")[0]

    def payload(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """Type, instant and data: ids, codes and states; no names, no words of people.

        `known`: what the database has of the object.
        """
        link = f"/api/v1/{_PATHS[self.kind]}/{self.object}"
        return {
            "type": self.type,
            "timestamp": self.at.isoformat(),
            "data": {"id": str(self.object), "href": link, **known, **self.data},
        }


def of_audit(n: int, at: datetime, what: str, subject: str, detail: Any) -> Iterator[Event]:
    """What an entry of the audit log tells officials; notices of deadlines stand elsewhere."""
    if what == "inspection_accepted":
        data = {"rev": detail["rev"]}
        yield Event("inspection.accepted", UUID(subject), at, AUDIT, n, 0, data)
        about = {"inspection": subject}
        yield from _of_cases(n, at, detail.get("cases", {}), about)
    elif what == "site_judged_again":
        yield from _of_cases(n, at, detail.get("cases", {}), {"ruleset": detail["ruleset"]})
    elif what == "inspection_returned":
        data = {"rev": detail["rev"]}
        yield Event("inspection.returned", UUID(subject), at, AUDIT, n, 0, data)
    elif what == "violation_adjudicated":
        data = {"decision": detail["decision"], "was": detail["source"], "state": detail["target"]}
        moved = detail["source"] != detail["target"] and f"violation.{detail['target']}" in TYPES
        name = detail["target"] if moved else "adjudicated"
        yield Event(f"violation.{name}", UUID(subject), at, AUDIT, n, 0, data)
    elif what == "list_served":
        data = {name: detail[name] for name in ("number", "violations", "sha256")}
        yield Event("served_list.served", UUID(subject), at, AUDIT, n, 0, data)
    elif what == "act_issued":
        data = {name: detail[name] for name in ("kind", "number", "violations", "sha256")}
        yield Event("act.issued", UUID(subject), at, AUDIT, n, 0, data | {"state": "issued"})
    elif what == "act_moved" and detail["move"] in _OF_ACT:
        data = {name: detail[name] for name in ("move", "was", "state")}
        yield Event(f"act.{_OF_ACT[detail['move']]}", UUID(subject), at, AUDIT, n, 0, data)


TOLD: Final = (
    "inspection_accepted",
    "site_judged_again",
    "inspection_returned",
    "violation_adjudicated",
    "list_served",
    "act_issued",
    "act_moved",
    "election_day_moved",
)
"""The entries of the audit log that are looked at."""


def _of_cases(n: int, at: datetime, cases: Any, about: Mapping[str, str]) -> Iterator[Event]:
    part = 1
    for what, state in OF_CASES.items():
        for case in cases.get(what, ()):
            data = {**about, "state": state}
            yield Event(f"violation.{what}", UUID(case), at, AUDIT, n, part, data)
            part += 1


def of_task(
    n: int, at: datetime, task: UUID, move: str | None, was: str | None, state: str, due_on: Any
) -> Event:
    """What a task's event tells officials. Rows older than the column have no `move`."""
    data = {"move": move, "was": was, "state": state}
    if due_on is not None:
        data["asked_due_on" if move == "ask_extension" else "due_on"] = due_on.isoformat()
    name = _OF_TASK.get(move or "", "moved")
    return Event(f"task.{name}", task, at, TASK, n, 0, data)


def of_escalation(n: int, at: datetime, task: UUID, step: str, due_on: Any) -> Event:
    """What a step of escalation tells officials."""
    data = {"step": step, "due_on": due_on.isoformat()}
    return Event("task.escalated", task, at, ESCALATION, n, 0, data)


def of_notice(n: int, part: int, at: datetime, task: UUID, was: Any, due_on: Any) -> Event:
    """What a notice of another deadline tells officials; `n` is the decision in the audit log."""
    data = {"was_due_on": was.isoformat(), "due_on": due_on.isoformat()}
    return Event("task.noticed", task, at, AUDIT, n, part, data)
