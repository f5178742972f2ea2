"""`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): sent twice, done once."""

import hashlib
import re
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor
from audit_api.domain.errors import MalformedHeader
from audit_api.http.auth import now
from audit_api.http.blueprints import Blueprint, View
from audit_api.services.do_once import do_once
from audit_api.services.sweep import KEPT
from audit_api.storage.oversight.repeats import MOST_CHARACTERS, Asked

HEADER: Final = "Idempotency-Key"
LEAST_CHARACTERS: Final = 16
# A string of RFC 9651 that needs no escapes; no number and no short word by accident.
_STRING: Final = rf'^"[!#-\[\]-~]{{{LEAST_CHARACTERS},{MOST_CHARACTERS}}}"$'
_PARAMETER: Final[dict[str, Any]] = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "schema": {"type": "string", "pattern": _STRING},
    "example": '"8e03978e-40d5-43e8-bc93-6894a57f9324"',
    "description": "Recommended: your own random name of this request, in quotes. Sent again with "
    "it, byte for byte, the request is not carried out again but answered with the thing that "
    f"came of the first. Kept {KEPT.days} days, and yours alone. 409: the first is running; "
    "422: the key was used for something else.",
}


def once(session: Session, actor: Actor, work: Callable[[], UUID]) -> UUID:
    """The thing that `work` gives; of a repeat under the same key the thing that it gave before.

    Raises MalformedHeader, and as `do_once`.
    """
    said = request.headers.get(HEADER)
    if said is None:
        return work()
    if not re.fullmatch(_STRING, said):
        raise MalformedHeader(
            f"{HEADER}: give {LEAST_CHARACTERS} to {MOST_CHARACTERS} printable ASCII characters "
            'without spaces in quotes, as in `Idempotency-Key: "<a random UUID>"`.'
        )
    asked = Asked(
        actor.person,
        said[1:-1],
        f"{request.method} {request.path}",
        hashlib.sha256(request.get_data(cache=True)).digest(),
    )
    return do_once(session, asked, work, at=now())


def repeatable(blueprint: Blueprint) -> Callable[[View], View]:
    """Document that an operation takes the key."""
    return blueprint.doc(parameters=[_PARAMETER])  # type: ignore[no-any-return]
