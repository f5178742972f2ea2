"""What is to be done, where, and what waits: tasks, sites and the queue of supervision."""

from audit_api.services.list_files.speaking import Row, Speaker, as_json, stations_of
from audit_api.services.list_files.table import Column, Table
from audit_api.services.list_files.tables.common import (
    ADDRESS,
    BODIES,
    CAMPAIGN,
    DAY,
    ELEMENT_LABEL,
    ELEMENT_NAME,
    ELEMENT_TYPE,
    ID,
    INSTANT,
    NUMBER,
    SITE,
    SITE_NAME,
    STATIONS,
    TERRITORY,
    TERRITORY_NAME,
    WHOLE,
    YES_NO,
)
from audit_api.words import to_say


def _wrong(row: Row, speak: Speaker) -> str:
    return "\n".join(
        f"{speak.norm(violation).title}: {speak.measured(violation)}; {speak.required(violation)}"
        for violation in row["violations"]
    )


def _remedies(kind: str, row: Row, speak: Speaker) -> str:
    if (kind, row["track"]) == ("permanent", "temporary"):
        return ""
    told = [speak.norm(violation).remedies[kind] for violation in row["violations"]]
    # The violations of one element often have one remedy.
    return "\n".join(dict.fromkeys(text for text in told if text))


TASKS = Table(
    "tasks",
    to_say("Remediation tasks"),
    (
        ID,
        TERRITORY_NAME,
        STATIONS,
        SITE_NAME,
        ADDRESS,
        ELEMENT_NAME,
        ELEMENT_LABEL,
        Column("wrong", to_say("What is wrong"), _wrong, width=60),
        Column(
            "remedy_temporary",
            to_say("Remedy for the election day"),
            lambda row, speak: _remedies("temporary", row, speak),
            width=40,
        ),
        Column(
            "remedy_permanent",
            to_say("Remedy for good"),
            lambda row, speak: _remedies("permanent", row, speak),
            width=40,
        ),
        Column(
            "track_text",
            to_say("Track"),
            lambda row, speak: speak.code("track", row["track"]),
            width=12,
        ),
        Column(
            "state_text",
            to_say("Status"),
            lambda row, speak: speak.code("task", row["state"]),
            width=18,
        ),
        Column("current_due_on", to_say("Deadline"), lambda row, _: row["current_due_on"], DAY, 12),
        Column("overdue", to_say("Overdue"), lambda row, _: row["overdue"], YES_NO, 10),
        Column(
            "escalated_text",
            to_say("Escalated"),
            lambda row, speak: speak.codes("escalation", [e["step"] for e in row["escalations"]]),
            width=22,
        ),
        Column("priority", to_say("Priority"), lambda row, _: row["priority"], NUMBER, 10),
        Column(
            "cost_som", to_say("Estimate, Kyrgyz som"), lambda row, _: row["cost_som"], WHOLE, 12
        ),
        Column(
            "extension_due_on",
            to_say("Later day asked for"),
            lambda row, _: row["extension_asked"] and row["extension_asked"]["due_on"],
            DAY,
            12,
        ),
        BODIES[0],
        Column("assigned_at", to_say("Assigned"), lambda row, _: row["assigned_at"], INSTANT, 16),
        Column("state", to_say("Status"), lambda row, _: row["state"], code=True),
        Column("track", to_say("Track"), lambda row, _: row["track"], code=True),
        Column(
            "due_on", to_say("Deadline as served"), lambda row, _: row["due_on"], DAY, code=True
        ),
        TERRITORY,
        SITE,
        CAMPAIGN,
        ELEMENT_TYPE,
        Column("element", to_say("Element"), lambda row, _: row["element"], code=True),
        Column(
            "violations",
            to_say("Violations"),
            lambda row, _: " ".join(violation["id"] for violation in row["violations"]),
            code=True,
        ),
        Column("rev", to_say("Revision"), lambda row, _: row["rev"], WHOLE, code=True),
    ),
    placed=True,
)
SITES = Table(
    "sites",
    to_say("Buildings and polling stations"),
    (
        ID,
        TERRITORY_NAME,
        Column("name", to_say("Building"), lambda row, speak: speak.say.of(row["name"]), width=34),
        ADDRESS,
        Column("stations", to_say("Polling stations"), lambda row, _: stations_of(row), width=16),
        Column(
            "building_status_text",
            to_say("Kind of building"),
            lambda row, speak: speak.code("building", row["building_status"]),
            width=20,
        ),
        Column("built_on", to_say("Built"), lambda row, _: row["built_on"], DAY, 12),
        Column("altered_on", to_say("Altered"), lambda row, _: row["altered_on"], DAY, 12),
        Column(
            "lat", to_say("Latitude"), lambda row, _: (row["location"] or {}).get("lat"), NUMBER, 12
        ),
        Column(
            "lon",
            to_say("Longitude"),
            lambda row, _: (row["location"] or {}).get("lon"),
            NUMBER,
            12,
        ),
        Column("synthetic", to_say("Made up"), lambda row, _: " ".join(row["synthetic"]), width=14),
        TERRITORY,
        Column(
            "building_status",
            to_say("Kind of building"),
            lambda row, _: row["building_status"],
            code=True,
        ),
        Column(
            "stations_served",
            to_say("Polling stations"),
            lambda row, _: as_json(row["stations"]),
            code=True,
        ),
        Column("rev", to_say("Revision"), lambda row, _: row["rev"], WHOLE, code=True),
    ),
    placed=True,
)
QUEUE = Table(
    "queue",
    to_say("What waits for technical supervision"),
    (
        Column(
            "kind_text",
            to_say("What waits"),
            lambda row, speak: speak.code("waiting", row["kind"]),
            width=28,
        ),
        Column("since", to_say("Since"), lambda row, _: row["since"], INSTANT, 16),
        TERRITORY_NAME,
        SITE_NAME,
        Column("element", to_say("Element"), lambda row, _: row["element"], width=24),
        Column("reason", to_say("Reason"), lambda row, _: row["reason"], width=40),
        Column("count", to_say("How many"), lambda row, _: row["count"], WHOLE, 10),
        Column("kind", to_say("What waits"), lambda row, _: row["kind"], code=True),
        TERRITORY,
        SITE,
        CAMPAIGN,
        Column("violation", to_say("Violation"), lambda row, _: row["violation"], code=True),
        Column("inspection", to_say("Inspection"), lambda row, _: row["inspection"], code=True),
        Column("review", to_say("Review"), lambda row, _: row["review"], code=True),
    ),
)
