"""The closed lists of the domain in words, by kind of list and code."""

from typing import Final

from audit_api.domain.oversight.escalation import EscalationStep
from audit_api.domain.vocabulary import (
    ActState,
    BuildingStatus,
    RecommendationState,
    Severity,
    TaskState,
    TaskTrack,
    UserGroup,
    ViolationState,
    Waiting,
    Weight,
)
from audit_api.papers.naming import EDITIONS
from audit_api.words import to_say

WORDS: Final[dict[str, dict[str, str]]] = {
    "violation": {
        ViolationState.OPEN: to_say("open"),
        ViolationState.CONTESTED: to_say("contested"),
        ViolationState.CONFIRMED: to_say("confirmed"),
        ViolationState.REMEDIED: to_say("reported as remedied, not measured yet"),
        ViolationState.CLOSED: to_say("closed by a measurement"),
        ViolationState.OVERTURNED: to_say("overturned"),
        ViolationState.SUPERSEDED: to_say("the clause no longer binds"),
    },
    "recommendation": {
        RecommendationState.OPEN: to_say("open"),
        RecommendationState.CLOSED: to_say("closed by a measurement"),
        RecommendationState.SUPERSEDED: to_say("the clause no longer binds"),
    },
    "task": {
        TaskState.ASSIGNED: to_say("assigned"),
        TaskState.ACKNOWLEDGED: to_say("acknowledged"),
        TaskState.IN_PROGRESS: to_say("in progress"),
        TaskState.REPORTED_DONE: to_say("reported done, not measured yet"),
        TaskState.VERIFIED: to_say("verified by a measurement"),
        TaskState.RETURNED: to_say("returned"),
        TaskState.LAPSED: to_say("lapsed after the election day"),
    },
    "track": {
        TaskTrack.TEMPORARY: to_say("temporary"),
        TaskTrack.PERMANENT: to_say("permanent"),
    },
    "escalation": {
        EscalationStep.LSG_REMINDED: to_say("the body was reminded"),
        EscalationStep.DISTRICT: to_say("told to the district"),
        EscalationStep.COORDINATOR: to_say("told to the headquarters"),
        EscalationStep.PROSECUTOR: to_say("told to the prosecutor"),
    },
    "act": {
        ActState.ISSUED: to_say("issued, awaits an answer"),
        ActState.ANSWERED: to_say("answered"),
        ActState.FULFILLED: to_say("fulfilled"),
        ActState.NOT_FULFILLED: to_say("not fulfilled"),
        ActState.WITHDRAWN: to_say("withdrawn"),
    },
    "waiting": {
        Waiting.CONTESTED: to_say("a contested violation"),
        Waiting.BORDERLINE: to_say("findings inside the tolerance"),
        Waiting.DIVERGING: to_say("a repeat measured otherwise"),
        Waiting.FLAGGED: to_say("signs to be looked at"),
        Waiting.BRANCH: to_say("two versions of one inspection"),
    },
    "severity": {
        Severity.CRITICAL: to_say("critical"),
        Severity.MAJOR: to_say("major"),
        Severity.MINOR: to_say("minor"),
    },
    "group": {
        UserGroup.WHEELCHAIR: to_say("wheelchair"),
        UserGroup.MOBILITY: to_say("limited mobility"),
        UserGroup.VISION: to_say("vision"),
        UserGroup.HEARING: to_say("hearing"),
        UserGroup.INTELLECTUAL: to_say("understanding"),
    },
    "weight": {
        Weight.BINDING: to_say("binding"),
        Weight.REFERENCE: to_say("for comparison only"),
    },
    "building": {
        BuildingStatus.EXISTING: to_say("existing building"),
        BuildingStatus.NEW: to_say("new building"),
        BuildingStatus.RECONSTRUCTED: to_say("reconstructed building"),
        BuildingStatus.TEMPORARY: to_say("temporary building"),
    },
    "edition": EDITIONS,
    "confidence": {
        "read in source text": to_say("read in the text of the norm"),
        "secondary source": to_say("from a secondary source"),
        "recalled, not verified": to_say("recalled from memory, not verified"),
    },
}
