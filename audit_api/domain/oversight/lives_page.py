"""docs/lives.md, printed from the tables of `audit_api.domain.oversight.lives`."""

from typing import Final

from audit_api.domain.oversight.life import Life, Step
from audit_api.domain.oversight.lives import TASK_LIFE, VIOLATION_LIFE

_HEAD: Final = """\
# The lives of a violation and of a task

Printed from the tables in `audit_api/domain/oversight/lives.py` by `lives_page` beside it; a test
holds this page to them. What is not listed is refused: `409`, problem `move-refused`, which
says from where the move goes and how this thing goes on.

Who moves: a role by its word, `measurement` (an inspection's sure verdict), `law` (a recorded
decision on standards), or `clock` (a day that is over). Every move of a task is an event with who,
when and why; every adjudication of a violation is a row beside the finding, and the finding stays
as it was.
"""
_NOTES: Final = {
    "violation": """\
- A reinspection within the limit closes; one outside re-opens; nothing else closes. A verdict that
  is not sure (borderline, not measured) moves nothing.
- `remedied` is the LSG's claim: it comes with the photo of `report_done` and goes back when
  supervision returns the task: to `confirmed` if supervision had confirmed it, else to `open`.
- `contested` comes from two sides: an LSG head declines the task (only of what supervision has not
  confirmed), or supervision itself doubts the reading and orders a re-measurement.
- A correction is judged again by the ruleset of the finding: `correct_to_breach`,
  `correct_to_within` and `correct_to_unsure` name what came of it. Supervision never closes.
- `confirm` and `remeasure` of a `closed` one are about the measurement that closed it.
- What supervision overturned only a new reading opens again; a changed law does not.
- `usable_on_the_day` is no state: a temporary remedy moves no violation
  ([remediation](remediation.md)).
""",
    "task": """\
- `overdue` is told by the clock: neither `verified` nor `lapsed`, and its day is past.
- A task is on one of two tracks. One of the permanent track is opened by a measurement or by law;
  one of the temporary track by an LSG head, a coordinator, or a measurement of the remedy in place.
  Its `verified` and `measured_outside` are of the element in its election-day state. It cannot be
  declined: whether it is a breach is a matter of the permanent task.
- Only a temporary task lapses: the day after election day, done or not, and its violations show
  again. The permanent one beside it goes on.
- Moves that stay in their state are events: an estimate, a request, a decline, a new deadline. A
  deadline moves by `set_deadline` alone, with its reason, and the event keeps the new day.
- `return` is supervision's word on a report; `measured_outside` the inspection's. Only a
  measurement verifies; a task whose violations all ended by law or adjudication ends too, and its
  event says by which.
""",
}


def lives_page() -> str:
    """The whole page, as Markdown with a Mermaid diagram and a table for each life."""
    parts = [_HEAD]
    for life in (VIOLATION_LIFE, TASK_LIFE):
        parts += [
            f"## {life.thing.capitalize()}\n",
            _diagram(life),
            _table(life),
            _NOTES[life.thing],
        ]
    return "\n".join(parts)


def _diagram(life: Life) -> str:
    """Mermaid; moves that stay in their state stand in the table alone."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for step in life.steps:
        if step.source != step.target:
            arrows.setdefault((step.source or "[*]", step.target), []).append(_label(step))
    lines = [f"    {s} --> {t}: {', '.join(labels)}" for (s, t), labels in arrows.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```\n"])


def _label(step: Step) -> str:
    return f"{step.move} ({step.by})"


def _table(life: Life) -> str:
    rows = ["| who | move | from | to |", "| --- | --- | --- | --- |"]
    rows += [
        f"| {step.by} | {step.move} | {step.source or '–'} | {step.target} |" for step in life.steps
    ]
    return "\n".join([*rows, ""])
