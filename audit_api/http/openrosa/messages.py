"""What Collect shows to the inspector when something was handed in, in the person's language."""

from collections.abc import Sequence
from typing import Any, Final

from audit_api.domain.openrosa.submission import MOST_BYTES, XmlFault
from audit_api.domain.vocabulary import OperationStatus
from audit_api.services.openrosa.hand_in import Came, HandedIn
from audit_api.words import Words

_SHOWN: Final = 5

STATUS_OF_FAULT: Final = {
    XmlFault.TOO_LARGE: 413,
    XmlFault.NO_FORM: 404,
    XmlFault.NO_INSTANCE_ID: 422,
}
"""All other faults of the XML are 400."""


def status_of(handed: HandedIn) -> int:
    """The status of what was handed in; only 201 and 202 are success for Collect."""
    if handed.came in (Came.OTHER_XML, Came.NOT_CURRENT):
        return 409
    if handed.status is OperationStatus.REJECTED:
        return 422
    return 202 if handed.came is Came.NOTHING_NEW else 201


def tell(handed: HandedIn, say: Words) -> str:
    """What came of it, and what is still to do."""
    if handed.came is Came.OTHER_XML:
        return say(
            "Other answers are here already under the number of this form. Both are kept and "
            "nothing was replaced. Show this message to the headquarters."
        )
    if handed.came is Came.NOT_CURRENT:
        return say(
            "This corrects a form that was corrected before, or that is not here. It is kept, but "
            "not applied. Send the earlier form first, or show this message to the headquarters."
        )
    if handed.status is OperationStatus.REJECTED:
        return _rejected(handed.details, say)
    told = [_standing(handed, say), _photos(handed.missing, say)]
    return " ".join(part for part in told if part)


def _standing(handed: HandedIn, say: Words) -> str:
    if handed.status is OperationStatus.QUARANTINED:
        reason = (handed.details or {}).get("reason")
        if reason == "out-of-scope":
            return say(
                "The inspection is kept and waits: its station is not in your territory. "
                "Technical supervision decides; do not send it again."
            )
        return say(
            "The inspection is kept and waits for technical supervision; do not send it again."
        )
    if handed.status is OperationStatus.CONFLICT:
        return say(
            "The inspection is kept beside another one; technical supervision decides between "
            "them. Do not send it again."
        )
    if handed.came is Came.NOTHING_NEW:
        return say("All of this was here already; nothing was stored twice.")
    return say("The inspection has arrived.")


def _photos(missing: Sequence[str], say: Words) -> str:
    if not missing:
        return say("All its photos are here.")
    names = ", ".join(missing[:_SHOWN]) + (" …" if len(missing) > _SHOWN else "")
    return say("Photos still to come: {number} ({names}).", number=len(missing), names=names)


def _rejected(details: dict[str, Any] | None, say: Words) -> str:
    problems = (details or {}).get("problems", ())
    told = "; ".join(f"{p['pointer']}: {p['detail']}" for p in problems[:_SHOWN])
    kept = say(
        "The form is kept, but its answers cannot be accepted. Sending it again changes nothing: "
        "mend the form and send that, if Collect lets you edit it, or show this message to the "
        "headquarters."
    )
    return f"{kept} {told}".strip()


def tell_fault(fault: XmlFault, say: Words) -> str:
    """Why the XML was refused as a whole."""
    match fault:
        case XmlFault.TOO_LARGE:
            return say("The form's answers are too large: at most {most} bytes.", most=MOST_BYTES)
        case XmlFault.DTD:
            return say("The form's XML has a document type declaration: it was refused.")
        case XmlFault.TOO_DEEP:
            return say("The form's XML is nested too deep: it was refused.")
        case XmlFault.TOO_MANY_ATTRIBUTES:
            return say("The form's XML has too many attributes: it was refused.")
        case XmlFault.NO_FORM:
            return say("The XML does not say which form was filled in.")
        case XmlFault.NO_INSTANCE_ID:
            return say("The form has no instanceID, so it cannot be told from others.")
        case XmlFault.BROKEN:
            return say("The form's XML cannot be read. Send the form again.")
