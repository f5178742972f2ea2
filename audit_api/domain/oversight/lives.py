"""The life of a violation and the life of a remediation task: the only places that list moves.

Only a measurement closes a violation, and only a measurement, or the end of all its violations by
law or adjudication, ends a task; but a temporary one lapses the day after election day, whatever
it was. `overdue` is told by the clock and no state.
"""

from typing import Final

from audit_api.domain.oversight.life import Life, read_life
from audit_api.domain.vocabulary import TaskState, ViolationState

VIOLATION_LIFE: Final[Life] = read_life(
    "violation",
    ViolationState,
    """
by                   | move               | from                              | to
measurement          | opened             | -                                 | open
measurement          | seen_again         | open contested confirmed          | same
measurement          | reopened           | remedied closed overturned superseded | open
measurement          | closed             | open contested confirmed remedied | closed
lsg_head             | report_done        | open confirmed                    | remedied
lsg_head             | decline            | open                              | contested
technical_supervisor | return             | remedied                          | open
technical_supervisor | return_confirmed   | remedied                          | confirmed
technical_supervisor | confirm            | open contested                    | confirmed
technical_supervisor | confirm            | closed                            | same
technical_supervisor | correct_to_breach  | open contested confirmed          | confirmed
technical_supervisor | correct_to_within  | open contested confirmed          | overturned
technical_supervisor | correct_to_unsure  | open contested confirmed          | contested
technical_supervisor | overturn           | open contested confirmed          | overturned
technical_supervisor | remeasure          | open contested confirmed          | contested
technical_supervisor | remeasure          | closed                            | same
law                  | adopted            | - closed superseded               | open
law                  | superseded         | open contested confirmed remedied | superseded
""",
)

TASK_LIFE: Final[Life] = read_life(
    "task",
    TaskState,
    """
by                   | move          | from                                                   | to
measurement          | opened        | -                                                      | assigned
law                  | adopted       | -                                                      | assigned
lsg_head             | open_temporary | -                                                     | assigned
coordinator          | order_temporary | -                                                    | assigned
lsg_head             | acknowledge   | assigned                                               | acknowledged
lsg_head             | start         | acknowledged returned                                  | in_progress
lsg_head             | report_done   | acknowledged in_progress returned                      | reported_done
lsg_head             | estimate      | assigned acknowledged in_progress returned             | same
lsg_head             | ask_extension | assigned acknowledged in_progress returned             | same
lsg_head             | decline       | assigned acknowledged in_progress returned             | same
technical_supervisor | return        | reported_done                                          | returned
coordinator          | set_deadline  | assigned acknowledged in_progress reported_done returned | same
measurement          | measured_outside | reported_done                                       | returned
measurement          | verified      | assigned acknowledged in_progress reported_done returned | verified
law                  | ended_by_law  | assigned acknowledged in_progress reported_done returned | verified
technical_supervisor | ended_by_adjudication | assigned acknowledged in_progress reported_done returned | verified
clock                | lapsed        | assigned acknowledged in_progress reported_done verified returned | lapsed
""",  # noqa: E501 - a table is read across
)
