"""The paper of a supervisory act, with its annex of photos."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from audit_api.domain.access import Noun, scope_of
from audit_api.domain.errors import ScopeGone
from audit_api.papers import act as acts
from audit_api.services.exports.making import Made, Making
from audit_api.services.exports.printed_lists import office_id
from audit_api.services.exports.sealing import seal_frozen, shots_of_rows
from audit_api.storage.lists.acts import find_act
from audit_api.storage.lists.served_lists import find_served


def print_act(making: Making) -> Made:
    """An act, from its frozen document, and that of the list it is over."""
    assert making.subject is not None  # noqa: S101 - kinds take it by id
    with making.tools.database.reading() as session:
        found = find_act(session, making.scope, making.subject, making.today)
        if found is None:
            raise ScopeGone("The act lies outside your grants now.")
        frozen = found[1]
        document = msgspec.json.decode(frozen)
        rows = document["rows"] or _rows_of_list(session, making, document)
        office = office_id(session, making, document)
        seen = scope_of(making.actor, Noun.VIOLATIONS)
        shots = shots_of_rows(session, making, rows, seen)
    return seal_frozen(
        making,
        frozen,
        lambda say: acts.act(say, document, rows, shots),
        shown=shots,
        number=document["number"],
        day=datetime.fromisoformat(document["issued_on"]).date(),
        as_of=datetime.fromisoformat(document["issued_at"]),
        office=office,
        rows=len(rows),
        name=f"act-{document['kind']}-{document['number']}-{making.language}.pdf",
    )


def _rows_of_list(session: Session, making: Making, document: dict[str, Any]) -> Any:
    cited = UUID(document["served_list"]["id"])
    found = find_served(session, making.scope, cited, making.today)
    if found is None:
        raise ScopeGone("The list that the act is over lies outside your grants now.")
    return msgspec.json.decode(bytes(found[1]))["rows"]
