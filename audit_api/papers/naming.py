"""The closed word lists of the domain as papers say them."""

from collections.abc import Mapping
from typing import Any, Final

from audit_api.domain.vocabulary import (
    ActState,
    Role,
    Severity,
    TaskState,
    TaskTrack,
    UserGroup,
    ViolationState,
)
from audit_api.words import Words, to_say
from field_schema.problems import words

VIOLATION_STATES: Final = {
    ViolationState.OPEN: to_say("open"),
    ViolationState.CONTESTED: to_say("contested"),
    ViolationState.CONFIRMED: to_say("confirmed"),
    ViolationState.REMEDIED: to_say("said to be repaired, not measured yet"),
    ViolationState.CLOSED: to_say("closed by a measurement"),
    ViolationState.OVERTURNED: to_say("overturned"),
    ViolationState.SUPERSEDED: to_say("superseded: the clause binds no more"),
}
SEVERITIES: Final = {
    Severity.CRITICAL: to_say("critical"),
    Severity.MAJOR: to_say("major"),
    Severity.MINOR: to_say("minor"),
}
USER_GROUPS: Final = {
    UserGroup.WHEELCHAIR: to_say("wheelchair users"),
    UserGroup.MOBILITY: to_say("people with limited mobility"),
    UserGroup.VISION: to_say("people with impaired vision"),
    UserGroup.HEARING: to_say("people with impaired hearing"),
    UserGroup.INTELLECTUAL: to_say("people with intellectual impairments"),
}
ROLES: Final = {
    Role.INSPECTOR: to_say("inspector"),
    Role.TECHNICAL_SUPERVISOR: to_say("technical supervision"),
    Role.PROSECUTOR: to_say("prosecutor"),
    Role.LSG_HEAD: to_say("head of local self-government"),
    Role.COORDINATOR: to_say("headquarters"),
    Role.ADMINISTRATOR: to_say("administrator"),
}
ACT_STATES: Final = {
    ActState.ISSUED: to_say("issued, an answer is awaited"),
    ActState.ANSWERED: to_say("answered"),
    ActState.FULFILLED: to_say("fulfilled"),
    ActState.NOT_FULFILLED: to_say("not fulfilled"),
    ActState.WITHDRAWN: to_say("withdrawn"),
}
TASK_STATES: Final = {
    TaskState.ASSIGNED: to_say("assigned"),
    TaskState.ACKNOWLEDGED: to_say("acknowledged"),
    TaskState.IN_PROGRESS: to_say("in progress"),
    TaskState.REPORTED_DONE: to_say("reported done, not measured yet"),
    TaskState.VERIFIED: to_say("verified by a measurement"),
    TaskState.RETURNED: to_say("returned"),
}
TRACKS: Final = {
    TaskTrack.TEMPORARY: to_say("for election day only"),
    TaskTrack.PERMANENT: to_say("for good"),
}
EDITIONS: Final = {"historic": to_say("historic"), "undated": to_say("undated")}
"""Editions named by a word; others have a year or a day."""
_FILTERS: Final = {
    "territory": to_say("Territory"),
    "campaign": to_say("Campaign"),
    "constituency": to_say("Constituency"),
    "site": to_say("Building"),
    "requirement": to_say("Requirement"),
    "standard": to_say("Standard"),
    "severity": to_say("Severity"),
    "user_group": to_say("User group"),
    "state": to_say("State"),
    "overdue": to_say("Overdue"),
    "usable_on_the_day": to_say("Usable on election day"),
}


def norm_and_edition(say: Words, row: Mapping[str, Any]) -> str:
    """The standard's title, and which edition of it."""
    edition = row["edition"]
    named = say(EDITIONS[edition]) if edition in EDITIONS else edition
    return f"{say.of(row['standard_title'])}, {named}"


def filters_in_words(say: Words, filters: dict[str, Any], names: dict[str, Any]) -> str:
    """Filters as a sentence; `names`: of the things that they name by an id, by filter."""
    told = [
        f"{say(_FILTERS[name])}: {_value(say, name, value, names)}"
        for name, value in filters.items()
        if value is not None
    ]
    return "; ".join(told) or say("none: everything in the office's territory")


def _value(say: Words, name: str, value: Any, names: dict[str, Any]) -> str:
    if name in names:
        return f"{say.of(names[name])} ({value})"
    if name == "severity":
        return say(SEVERITIES[Severity(value)])
    if name == "user_group":
        return say(USER_GROUPS[UserGroup(value)])
    if name == "state":
        return say(VIOLATION_STATES[ViolationState(value)])
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    return str(value)


def addressee_in_words(say: Words, addressee: dict[str, Any]) -> str:
    """To whom a letter goes: the body of a territory, or the name that the letter has."""
    kind = say.of(words()["addressees"][addressee["kind"]])
    place = f"{say.of(addressee['territory_name'])} ({addressee['territory']})"
    name = addressee["name"]
    return f"{kind}: {place}" if name is None else f"{name}, {kind}; {place}"


def stations_in_words(say: Words, numbers: list[int]) -> str:
    """The stations that a building serves as."""
    if not numbers:
        return ""
    return say("polling station {numbers}", numbers=", ".join(str(n) for n in numbers))
