"""What prosecutors wrote and how far stations are: acts, served lists, progress."""

from audit_api.domain.vocabulary import UserGroup
from audit_api.services.list_files.speaking import Row, Speaker
from audit_api.services.list_files.table import Column, Table
from audit_api.services.list_files.tables.common import CAMPAIGN, DAY, ID, INSTANT, WHOLE, YES_NO
from audit_api.words import to_say


def _addressee(row: Row, speak: Speaker) -> str:
    whom = row["addressee"]
    name = whom["name"] or speak.say.of(whom["territory_name"])
    return f"{speak.addressee(whom['kind'])}: {name}"


_TO = (
    Column("addressee_text", to_say("Addressee"), _addressee, width=40),
    Column(
        "violations", to_say("Number of violations"), lambda row, _: row["violations"], WHOLE, 12
    ),
)
_TO_CODES = (
    Column("office", to_say("Office"), lambda row, _: row["office"], code=True),
    Column(
        "addressee_kind", to_say("Addressee"), lambda row, _: row["addressee"]["kind"], code=True
    ),
    Column(
        "territory",
        to_say("Code of the territory (SOATE)"),
        lambda row, _: row["addressee"]["territory"],
        width=18,
    ),
    CAMPAIGN,
    Column("sha256", to_say("SHA-256 of the document"), lambda row, _: row["sha256"], code=True),
)

ACTS = Table(
    "acts",
    to_say("Supervisory acts"),
    (
        ID,
        Column("kind_text", to_say("Kind"), lambda row, speak: speak.act(row["kind"]), width=30),
        Column("number", to_say("№"), lambda row, _: row["number"], WHOLE, 8),
        Column("issued_on", to_say("Date"), lambda row, _: row["issued_on"], DAY, 12),
        *_TO,
        Column(
            "state_text",
            to_say("Status"),
            lambda row, speak: speak.code("act", row["state"]),
            width=22,
        ),
        Column("answer_due_on", to_say("Answer due"), lambda row, _: row["answer_due_on"], DAY, 12),
        Column("overdue", to_say("Overdue"), lambda row, _: row["overdue"], YES_NO, 10),
        Column("issued_by", to_say("Issued by"), lambda row, _: row["issued_by"], width=26),
        Column("kind", to_say("Kind"), lambda row, _: row["kind"], code=True),
        Column("state", to_say("Status"), lambda row, _: row["state"], code=True),
        Column("served_list", to_say("Served list"), lambda row, _: row["served_list"], code=True),
        Column("issued_at", to_say("Issued"), lambda row, _: row["issued_at"], INSTANT, code=True),
        *_TO_CODES,
    ),
)
SERVED_LISTS = Table(
    "served-lists",
    to_say("Served lists"),
    (
        ID,
        Column("number", to_say("№"), lambda row, _: row["number"], WHOLE, 8),
        Column("served_on", to_say("Date"), lambda row, _: row["served_on"], DAY, 12),
        *_TO,
        Column("served_by", to_say("Served by"), lambda row, _: row["served_by"], width=26),
        Column("served_at", to_say("Served"), lambda row, _: row["served_at"], INSTANT, code=True),
        *_TO_CODES,
    ),
)


def _figure(name: str, heading: str) -> Column:
    return Column(name, heading, lambda row, _: row[name], WHOLE, 12)


def _needs(group: UserGroup, heading: str) -> Column:
    def told(row: Row, _: Speaker) -> int | None:
        return None if row["needs"] is None else int(row["needs"][group])

    return Column(f"needs_{group.value}", heading, told, WHOLE, 12)


PROGRESS = Table(
    "progress",
    to_say("Progress of the campaign"),
    (
        Column("name", to_say("Name"), lambda row, speak: speak.say.of(row["name"]), width=26),
        _figure("stations", to_say("Stations")),
        _figure("voters", to_say("Voters")),
        _figure("inspected", to_say("Inspected")),
        _figure("awaiting_photos", to_say("Awaiting photos")),
        _figure("compliant", to_say("Complies")),
        _figure("usable_with_temporary_measures", to_say("Usable with temporary measures")),
        _figure("not_remediable_in_time", to_say("Not remediable in time")),
        _figure("not_assessed", to_say("Not assessed")),
        _figure("has_ramp", to_say("Has a ramp")),
        _figure("ramp_conforms", to_say("Ramp conforms")),
        _figure("with_open_violations", to_say("With open violations")),
        _figure("open_violations", to_say("Open violations")),
        _figure("usable_on_the_day", to_say("Usable on the election day")),
        _figure("assigned", to_say("Assigned to an inspector")),
        _figure("assigned_inspected", to_say("Of these inspected")),
        _figure("with_needs_map", to_say("With a needs map")),
        _needs(UserGroup.WHEELCHAIR, to_say("Needs map: wheelchair")),
        _needs(UserGroup.MOBILITY, to_say("Needs map: limited mobility")),
        _needs(UserGroup.VISION, to_say("Needs map: vision")),
        _needs(UserGroup.HEARING, to_say("Needs map: hearing")),
        _needs(UserGroup.INTELLECTUAL, to_say("Needs map: understanding")),
        Column(
            "territory",
            to_say("Code of the territory (SOATE)"),
            lambda row, _: row.get("territory"),
            width=18,
        ),
        Column(
            "constituency",
            to_say("Constituency"),
            lambda row, _: row.get("constituency"),
            WHOLE,
            code=True,
        ),
    ),
)
