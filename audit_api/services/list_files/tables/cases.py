"""The violations register, the recommendations, and the rows of a served list."""

from audit_api.services.list_files.speaking import as_json
from audit_api.services.list_files.table import Column, Table
from audit_api.services.list_files.tables.common import (
    ADDRESS,
    BODIES,
    CAMPAIGN,
    DAY,
    EDITION,
    ELEMENT_LABEL,
    ELEMENT_NAME,
    ELEMENT_TYPE,
    GROUPS_TEXT,
    ID,
    MEASURED,
    NORM,
    NORM_CODES,
    NUMBER,
    PHOTOS,
    SEEN,
    SEVERITY_TEXT,
    SITE,
    SITE_NAME,
    STATIONS,
    TERRITORY,
    TERRITORY_NAME,
    TEXT,
    WHOLE,
    YES_NO,
)
from audit_api.words import to_say

_PLACE = (TERRITORY_NAME, STATIONS, SITE_NAME, ADDRESS, ELEMENT_NAME, ELEMENT_LABEL)
_FOUND = (*NORM, *MEASURED, SEVERITY_TEXT, GROUPS_TEXT)
_CODES = (TERRITORY, SITE, CAMPAIGN, ELEMENT_TYPE, *NORM_CODES)
_ELEMENT = Column("element", to_say("Element"), lambda row, _: row["element"], code=True)
_INSPECTION = Column(
    "inspection", to_say("Inspection"), lambda row, _: row["inspection"], code=True
)
_STATE = Column("state", to_say("Status"), lambda row, _: row["state"], code=True)

VIOLATIONS = Table(
    "violations",
    to_say("Register of violations"),
    (
        ID,
        *_PLACE,
        *_FOUND,
        Column(
            "state_text",
            to_say("Status"),
            lambda row, speak: speak.code("violation", row["state"]),
            width=18,
        ),
        Column(
            "current_due_on",
            to_say("Deadline"),
            lambda row, _: row["notice_due_on"] or row["due_on"],
            DAY,
            12,
        ),
        Column("overdue", to_say("Overdue"), lambda row, _: row["overdue"], YES_NO, 10),
        Column(
            "usable_on_the_day",
            to_say("Usable on the election day"),
            lambda row, _: row["usable_on_the_day"],
            YES_NO,
            12,
        ),
        Column(
            "priority",
            to_say("Priority"),
            lambda row, _: row["priority"] and row["priority"]["value"],
            NUMBER,
            10,
        ),
        *BODIES,
        *SEEN,
        *PHOTOS,
        _STATE,
        Column(
            "due_on", to_say("Deadline as served"), lambda row, _: row["due_on"], DAY, code=True
        ),
        *_CODES,
        _ELEMENT,
        _INSPECTION,
        Column("task", to_say("Task"), lambda row, _: row["task"], code=True),
        Column("rev", to_say("Revision"), lambda row, _: row["rev"], WHOLE, code=True),
    ),
    placed=True,
)
RECOMMENDATIONS = Table(
    "recommendations",
    to_say("Recommendations (no violations of law)"),
    (
        ID,
        *_PLACE,
        *_FOUND,
        Column(
            "state_text",
            to_say("Status"),
            lambda row, speak: speak.code("recommendation", row["state"]),
            width=18,
        ),
        Column(
            "weight_text",
            to_say("Weight"),
            lambda row, speak: speak.code("weight", row["weight"]),
            width=18,
        ),
        *BODIES,
        *SEEN,
        *PHOTOS,
        _STATE,
        *_CODES,
        _ELEMENT,
        _INSPECTION,
    ),
    placed=True,
)
SERVED_ROWS = Table(
    "served-list",
    to_say("Served list of violations"),
    (
        Column("n", to_say("№"), lambda row, _: row["n"], WHOLE, 6),
        Column("violation", to_say("Identifier"), lambda row, _: row["violation"], width=38),
        TERRITORY_NAME,
        STATIONS,
        SITE_NAME,
        ADDRESS,
        ELEMENT_NAME,
        ELEMENT_LABEL,
        Column("fact", to_say("Finding"), lambda row, speak: speak.say.of(row["fact"]), width=44),
        Column(
            "standard_title",
            to_say("Norm"),
            lambda row, speak: speak.say.of(row["standard_title"]),
            width=34,
        ),
        *EDITION,
        Column("clause", to_say("Clause"), lambda row, _: row["clause"], width=10),
        Column(
            "title", to_say("Requirement"), lambda row, speak: speak.say.of(row["title"]), width=30
        ),
        Column(
            "threshold",
            to_say("What the clause asks (its wording is not kept here)"),
            lambda row, speak: speak.say.of(row["threshold"]),
            width=50,
        ),
        Column(
            "measured_text",
            to_say("Measured"),
            lambda row, speak: speak.say.of(row["measured_text"]),
            width=40,
        ),
        Column(
            "required_text",
            to_say("Required"),
            lambda row, speak: speak.say.of(row["required_text"]),
            width=26,
        ),
        SEVERITY_TEXT,
        GROUPS_TEXT,
        Column("due_on", to_say("Deadline"), lambda row, _: row["due_on"], DAY, 12),
        *BODIES,
        *SEEN,
        *PHOTOS,
        *_CODES,
        _INSPECTION,
        Column(
            "inspection_rev",
            to_say("Revision of the inspection"),
            lambda row, _: row["inspection_rev"],
            WHOLE,
            code=True,
        ),
        Column(
            "confirmation",
            to_say("Confirmed by"),
            lambda row, _: as_json(row["confirmation"]),
            TEXT,
            code=True,
        ),
    ),
)
