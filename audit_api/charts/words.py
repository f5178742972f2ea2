"""The words of the charts."""

from typing import Final

from audit_api.words import Words, to_say

_STATES: Final = {
    "compliant": to_say("Complies"),
    "usable_with_temporary_measures": to_say("Usable with temporary measures"),
    "not_remediable_in_time": to_say("Not remediable in time"),
    "not_assessed": to_say("Not assessed"),
    "not_inspected": to_say("Not inspected"),
}


def state_words(state: str, say: Words) -> str:
    """A station's state in words."""
    return say(_STATES[state])
