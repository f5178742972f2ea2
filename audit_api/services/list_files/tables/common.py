"""Columns that several lists have."""

from audit_api.services.list_files.speaking import as_json, stations_of
from audit_api.services.list_files.table import Column, Kind
from audit_api.words import to_say

TEXT, WHOLE, NUMBER = Kind.TEXT, Kind.WHOLE, Kind.NUMBER
DAY, INSTANT, YES_NO = Kind.DAY, Kind.INSTANT, Kind.YES_NO

TERRITORY_NAME = Column(
    "territory_name",
    to_say("Territory"),
    lambda row, speak: speak.say.of(row["territory_name"]),
    width=18,
)
TERRITORY = Column(
    "territory", to_say("Code of the territory (SOATE)"), lambda row, _: row["territory"], width=18
)
STATIONS = Column("stations", to_say("Polling stations"), lambda row, _: stations_of(row), width=12)
SITE_NAME = Column(
    "site_name", to_say("Building"), lambda row, speak: speak.say.of(row["site_name"]), width=30
)
SITE = Column("site", to_say("Building"), lambda row, _: row["site"], code=True)
ADDRESS = Column("address", to_say("Address"), lambda row, _: row["address"], width=26)
ELEMENT_NAME = Column(
    "element_type_text",
    to_say("Kind of element"),
    lambda row, speak: speak.element_type(row),
    width=18,
)
ELEMENT_TYPE = Column(
    "element_type", to_say("Kind of element"), lambda row, _: row["element_type"], code=True
)
ELEMENT_LABEL = Column(
    "element_label", to_say("Element"), lambda row, _: row["element_label"], width=24
)
CAMPAIGN = Column("campaign", to_say("Campaign"), lambda row, _: row["campaign"], code=True)
ID = Column("id", to_say("Identifier"), lambda row, _: row["id"], width=38)

EDITION = (
    Column(
        "edition_text",
        to_say("Edition"),
        lambda row, speak: speak.code("edition", row["edition"]),
        width=10,
    ),
    Column("edition", to_say("Edition"), lambda row, _: row["edition"], code=True),
)
NORM = (
    Column("standard_title", to_say("Norm"), lambda row, speak: speak.standard(row), width=34),
    *EDITION,
    Column("clause", to_say("Clause"), lambda row, _: row["clause"], width=10),
    Column(
        "clause_text",
        to_say("What the clause asks (its wording is not kept here)"),
        lambda row, speak: speak.norm(row).asks,
        width=50,
    ),
    Column(
        "confidence_text",
        to_say("How sure the limit is"),
        lambda row, speak: speak.code("confidence", row["confidence"]),
        width=18,
    ),
)
MEASURED = (
    Column("measured_text", to_say("Measured"), lambda row, speak: speak.measured(row), width=40),
    Column("required_text", to_say("Required"), lambda row, speak: speak.required(row), width=26),
)
SEVERITY_TEXT = Column(
    "severity_text",
    to_say("Severity"),
    lambda row, speak: speak.code("severity", row["severity"]),
    width=12,
)
GROUPS_TEXT = Column(
    "user_groups_text",
    to_say("Whom it serves"),
    lambda row, speak: speak.codes("group", row["user_groups"]),
    width=22,
)
BODIES = (
    Column(
        "responsible_body",
        to_say("Responsible body"),
        lambda row, speak: speak.responsible(row["territory_name"]),
        width=34,
    ),
    Column(
        "inspecting_body",
        to_say("Inspecting body"),
        lambda row, speak: speak.inspecting,
        width=20,
    ),
)
SEEN = (
    Column("first_seen_at", to_say("First seen"), lambda row, _: row["first_seen_at"], INSTANT, 16),
    Column("last_seen_at", to_say("Last seen"), lambda row, _: row["last_seen_at"], INSTANT, 16),
)
PHOTOS = (
    Column("photos", to_say("Photos (SHA-256)"), lambda row, _: " ".join(row["photos"]), width=30),
    Column(
        "photo_links",
        to_say("Photos (links)"),
        lambda row, speak: speak.photo_links(row),
        width=30,
    ),
)
NORM_CODES = (
    Column("standard", to_say("Norm"), lambda row, _: row["standard"], code=True),
    Column(
        "clause_hint", to_say("Where the clause is"), lambda row, _: row["clause_hint"], code=True
    ),
    Column("requirement", to_say("Requirement"), lambda row, _: row["requirement"], code=True),
    Column("weight", to_say("Weight"), lambda row, _: row["weight"], code=True),
    Column(
        "confidence", to_say("How sure the limit is"), lambda row, _: row["confidence"], code=True
    ),
    Column("severity", to_say("Severity"), lambda row, _: row["severity"], code=True),
    Column(
        "user_groups",
        to_say("Whom it serves"),
        lambda row, _: " ".join(row["user_groups"]),
        code=True,
    ),
    Column("measured", to_say("Measured"), lambda row, _: as_json(row["measured"]), code=True),
    Column("required", to_say("Required"), lambda row, _: as_json(row["required"]), code=True),
    Column("tolerance", to_say("Tolerance"), lambda row, _: as_json(row["tolerance"]), code=True),
)
