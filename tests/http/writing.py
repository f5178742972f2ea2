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
    """Which cell of the table opens it, and its body for the things of one place (kind -> id)."""

    noun: Noun
    verb: str
    body: Callable[[Ids], dict[str, Any]]


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
    "POST /api/v1/devices/codes": Write(
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
}
"""`METHOD rule` -> which cell of WHO_MAY_WHAT opens it, and a valid body."""

OTHER_WRITES = {
    "POST /api/v1/sessions": "a password is the key",
    "DELETE /api/v1/sessions/current": "only the caller's own",
    "POST /api/v1/devices/enrol": "a code is the key",
    "POST /api/v1/sync/push": "a tablet's: its cells are asked as operations",
    "POST /api/v1/sync/resync": "a tablet's: reads only",
    "PUT /api/v1/photos/<string:sha256>": "a tablet's: takes in, reads nothing",
    "POST /api/v1/photos/<string:sha256>/direct": "a tablet's: takes in, reads nothing",
    "POST /api/v1/photos/<string:sha256>/complete": "a tablet's: takes in, reads nothing",
    "POST /api/v1/uploads": "a tablet's: takes in, reads nothing",
    "PATCH /api/v1/uploads/<uuid:upload>": "a tablet's own",
    "DELETE /api/v1/uploads/<uuid:upload>": "a tablet's own",
}
"""Operations that write, but not within a person's grants: why."""
