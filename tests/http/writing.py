"""Every operation that writes as a person, with a body that is valid: one line each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from audit_api.domain.access import Noun
from tests.factories import CAMPAIGN

Ids = Mapping[str, str]
REASON = {"reason": "It was agreed by telephone."}


@dataclass(frozen=True, slots=True)
class Write:
    """Which cell of the table opens it, and its body for the things of one place (kind -> id).

    `placeless`: it lies nowhere, so that the verb alone opens it.
    """

    noun: Noun
    verb: str
    body: Callable[[Ids], dict[str, Any]]
    placeless: bool = False


def _letter(ids: Ids) -> dict[str, Any]:
    """What is written to the body of local self-government about a violation."""
    return {
        "campaign": CAMPAIGN,
        "addressee": {"kind": "lsg_body", "territory": ids["territory"]},
        "violations": [ids["violation"]],
    }


WRITES = {
    "POST /api/v1/assignments": Write(
        Noun.ASSIGNMENTS,
        "write",
        lambda ids: {
            "items": [
                {
                    "campaign": ids.get("campaign", CAMPAIGN),
                    "site": ids["site"],
                    "inspector": ids["inspector"],
                    "due_on": "2021-11-01",
                }
            ]
        },
    ),
    "POST /api/v1/assignments/<uuid:assignment>/withdrawals": Write(
        Noun.ASSIGNMENTS, "write", lambda _: REASON
    ),
    "POST /api/v1/exports": Write(
        Noun.CATALOG,
        "read",
        lambda ids: {
            "kind": "briefing",
            "format": "pdf",
            "language": "ky",
            "filters": {"campaign": ids["campaign"]},
        },
    ),
    "POST /api/v1/devices/codes": Write(
        Noun.PEOPLE, "write", lambda ids: {"username": ids["inspector"]}
    ),
    "POST /api/v1/openrosa/keys": Write(
        Noun.PEOPLE, "write", lambda ids: {"username": ids["inspector"]}
    ),
    "POST /api/v1/devices/<uuid:device>/revocations": Write(
        Noun.DEVICES, "revoke", lambda _: REASON
    ),
    "POST /api/v1/inspections/<uuid:inspection>/returns": Write(
        Noun.INSPECTIONS, "return", lambda _: {"rev": 1} | REASON
    ),
    "POST /api/v1/inspections/<uuid:inspection>/fabrication-flags/<uuid:flag>/decisions": Write(
        Noun.REVIEWS, "decide", lambda _: {"decision": "set_aside"} | REASON
    ),
    "POST /api/v1/quarantine/<uuid:operation>/decisions": Write(
        Noun.QUARANTINE, "decide", lambda _: {"decision": "refuse"} | REASON
    ),
    "POST /api/v1/reviews/<uuid:review>/decisions": Write(
        Noun.REVIEWS, "decide", lambda _: {"decision": "keep_server"} | REASON
    ),
    "POST /api/v1/violations/<uuid:violation>/adjudications": Write(
        Noun.VIOLATIONS, "adjudicate", lambda _: {"decision": "confirm", "rev": 1} | REASON
    ),
    "POST /api/v1/tasks/<uuid:task>/acknowledgements": Write(
        Noun.TASKS, "acknowledge", lambda _: {"rev": 1}
    ),
    "POST /api/v1/tasks/<uuid:task>/starts": Write(Noun.TASKS, "progress", lambda _: {"rev": 2}),
    "POST /api/v1/tasks/<uuid:task>/reports": Write(
        Noun.TASKS, "report", lambda ids: {"rev": 1, "photos": [ids["sha256"]]}
    ),
    "POST /api/v1/tasks/<uuid:task>/estimates": Write(
        Noun.TASKS, "estimate", lambda _: {"rev": 1, "cost_som": 5000}
    ),
    "POST /api/v1/tasks/<uuid:task>/extension-requests": Write(
        Noun.TASKS, "ask", lambda _: {"rev": 1, "due_on": "2021-11-20"} | REASON
    ),
    "POST /api/v1/tasks/<uuid:task>/declines": Write(
        Noun.TASKS, "decline", lambda _: {"rev": 1} | REASON
    ),
    "POST /api/v1/tasks/<uuid:task>/returns": Write(
        Noun.TASKS, "reject", lambda _: {"rev": 1} | REASON
    ),
    "POST /api/v1/tasks/<uuid:task>/deadlines": Write(
        Noun.TASKS, "deadline", lambda _: {"rev": 1, "due_on": "2021-11-20"} | REASON
    ),
    "POST /api/v1/tasks/<uuid:task>/temporary": Write(
        Noun.TASKS, "temporary", lambda _: {"rev": 1}
    ),
    "POST /api/v1/served-lists": Write(Noun.ACTS, "write", _letter),
    "POST /api/v1/served-lists/previews": Write(Noun.ACTS, "write", _letter),
    "POST /api/v1/acts": Write(
        Noun.ACTS,
        "write",
        lambda ids: (
            _letter(ids)
            | {"kind": "order", "demand": "Put it right.", "answer_due_on": "2999-01-01"}
        ),
    ),
    "POST /api/v1/days": Write(
        Noun.CALENDAR,
        "correct",
        lambda _: {"day": "2027-03-10", "kind": "off"} | REASON,
        placeless=True,
    ),
    "POST /api/v1/campaigns/<string:campaign>/election-day/previews": Write(
        Noun.CALENDAR, "move", lambda _: {"day": "2021-12-05"} | REASON
    ),
    "POST /api/v1/campaigns/<string:campaign>/election-day": Write(
        Noun.CALENDAR, "move", lambda _: {"day": "2021-12-05"} | REASON
    ),
    "POST /api/v1/campaigns/<string:campaign>/publications": Write(
        Noun.CATALOG, "publish", lambda _: {"public": False} | REASON
    ),
    "POST /api/v1/acts/<uuid:act>/answers": Write(
        Noun.ACTS, "answer", lambda _: {"answer": "The ramp is ordered."}
    ),
    "POST /api/v1/acts/<uuid:act>/decisions": Write(
        Noun.ACTS, "write", lambda _: {"decision": "withdraw"} | REASON
    ),
}
"""`METHOD rule` -> which cell of WHO_MAY_WHAT opens it, and a valid body."""

OTHER_WRITES = {
    "POST /api/v1/sessions": "a password is the key",
    "DELETE /api/v1/sessions/current": "only the caller's own",
    "POST /api/v1/devices/enrol": "a code is the key",
    "POST /api/v1/sync/push": "a tablet's: its cells are asked as operations",
    "POST /api/v1/sync/resync": "a tablet's: reads only",
    "POST /api/v1/tasks/<uuid:task>/photos": "a file: test_task_photos.py",
    "PUT /api/v1/photos/<string:sha256>": "a tablet's: takes in, reads nothing",
    "POST /api/v1/photos/<string:sha256>/direct": "a tablet's: takes in, reads nothing",
    "POST /api/v1/photos/<string:sha256>/complete": "a tablet's: takes in, reads nothing",
    "POST /api/v1/uploads": "a tablet's: takes in, reads nothing",
    "POST /openrosa/key/<string:token>/submission": "ODK Collect's: takes in, reads nothing",
    "PATCH /api/v1/uploads/<uuid:upload>": "a tablet's own",
    "DELETE /api/v1/uploads/<uuid:upload>": "a tablet's own",
    "POST /api/v1/webhooks": "a coordinator's own",
    "DELETE /api/v1/webhooks/<uuid:webhook>": "a coordinator's own",
    "POST /api/v1/webhooks/<uuid:webhook>/secrets": "a coordinator's own",
    "POST /api/v1/webhooks/<uuid:webhook>/enablements": "a coordinator's own",
    "POST /api/v1/webhooks/<uuid:webhook>/deliveries/<uuid:delivery>/retries": "a coordinator's "
    "own",
}
"""Operations that write, but not within a person's grants: why."""
