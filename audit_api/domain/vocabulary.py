"""The closed word lists of the domain: one word, one thing, in tables, keys and routes alike."""

from enum import StrEnum


class Role(StrEnum):
    """What a person may be somewhere: a grant is a role in a territory."""

    INSPECTOR = "inspector"
    TECHNICAL_SUPERVISOR = "technical_supervisor"
    PROSECUTOR = "prosecutor"
    LSG_HEAD = "lsg_head"
    COORDINATOR = "coordinator"
    ADMINISTRATOR = "administrator"


class TerritoryKind(StrEnum):
    """A node of the administrative tree. Cities and aiyl aimaks are headed by an LSG body."""

    REGION = "region"
    DISTRICT = "district"
    CITY = "city"
    AIYL_AIMAK = "aiyl_aimak"


LSG_KINDS = frozenset({TerritoryKind.CITY, TerritoryKind.AIYL_AIMAK})


class BuildingStatus(StrEnum):
    """Decides which clauses bind."""

    EXISTING = "existing"
    NEW = "new"
    RECONSTRUCTED = "reconstructed"
    TEMPORARY = "temporary"


class ViolationState(StrEnum):
    """The life of a violation, from the first finding to the measurement that closed it."""

    OPEN = "open"
    CONTESTED = "contested"
    CONFIRMED = "confirmed"
    REMEDIED = "remedied"
    CLOSED = "closed"
    OVERTURNED = "overturned"
    SUPERSEDED = "superseded"


ENDED_VIOLATION_STATES = frozenset(
    {ViolationState.CLOSED, ViolationState.OVERTURNED, ViolationState.SUPERSEDED}
)


class RecommendationState(StrEnum):
    """A broken reference requirement: advice, never a violation of law."""

    OPEN = "open"
    CLOSED = "closed"
    SUPERSEDED = "superseded"


class TaskState(StrEnum):
    """What an LSG has done about a remediation task. `overdue` is told by the clock, not stored."""

    ASSIGNED = "assigned"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    REPORTED_DONE = "reported_done"
    VERIFIED = "verified"
    RETURNED = "returned"
    LAPSED = "lapsed"


ENDED_TASK_STATES = frozenset({TaskState.VERIFIED, TaskState.LAPSED})
"""A temporary task has lapsed the day after election day, done or not."""


class TaskTrack(StrEnum):
    """For election day only, or for good."""

    TEMPORARY = "temporary"
    PERMANENT = "permanent"


class InspectionState(StrEnum):
    """Where the current revision of an inspection stands. Told when it is read, never stored.

    What was sent back for correction is `returned`, be its photos here or not.
    """

    COMPLETE = "complete"
    AWAITING_PHOTOS = "awaiting_photos"
    RETURNED = "returned"


class AssignmentState(StrEnum):
    """Where an assignment stands. Told when it is read: by visits and by the day, never stored."""

    OPEN = "open"
    INSPECTED = "inspected"
    OVERDUE = "overdue"
    WITHDRAWN = "withdrawn"


class EntityKind(StrEnum):
    """What a tablet's operation can be about."""

    INSPECTION = "inspection"
    SITE = "site"
    ELEMENT = "element"
    TASK = "task"


class ReviewKind(StrEnum):
    """Why an operation waits for technical supervision beside what the server has.

    A branch is a second revision from one base; `task` a command whose precondition has gone.
    """

    BRANCH = "branch"
    FIELD = "field"
    LAW_RELEVANT = "law-relevant"
    TASK = "task"


class ReviewState(StrEnum):
    """The life of a review."""

    OPEN = "open"
    RESOLVED = "resolved"


class ReviewDecision(StrEnum):
    """Whose side a person took: the tablet's, or what the server had."""

    MINE = "mine"
    SERVER = "server"


class FlagKind(StrEnum):
    """What a fabrication flag points at. Never a verdict; docs/fabrication-flags.md says more."""

    SAME_PHOTO = "same_photo"
    ALIKE_PHOTO = "alike_photo"
    PHOTO_BEFORE_VISIT = "photo_before_visit"
    PHOTO_AFTER_VISIT = "photo_after_visit"
    PHOTO_FAR = "photo_far"
    VISIT_FAR = "visit_far"
    IMPOSSIBLE_TRAVEL = "impossible_travel"
    SAME_MEASUREMENTS = "same_measurements"


class FlagState(StrEnum):
    """Whether somebody has set a fabrication flag aside. Told when it is read, never stored."""

    OPEN = "open"
    SET_ASIDE = "set_aside"


class AdjudicationDecision(StrEnum):
    """What technical supervision decides about a violation's finding."""

    CONFIRM = "confirm"
    CORRECT = "correct"
    OVERTURN = "overturn"
    REMEASURE = "remeasure"


class Waiting(StrEnum):
    """Why something waits for technical supervision.

    `contested`: a violation that somebody doubts. `borderline`: an inspection with findings inside
    the tolerance. `diverging`: a violation that a repeat measured within the limit, though nobody
    said that it was repaired. `flagged`: an inspection with fabrication flags. `branch`: a review.
    """

    CONTESTED = "contested"
    BORDERLINE = "borderline"
    DIVERGING = "diverging"
    FLAGGED = "flagged"
    BRANCH = "branch"


class Weight(StrEnum):
    """Legal weight: adopted by a named decision, or a stand-in to compare with."""

    BINDING = "binding"
    REFERENCE = "reference"


class Severity(StrEnum):
    """How grave a breach is."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"


class UserGroup(StrEnum):
    """Whom a requirement serves."""

    WHEELCHAIR = "wheelchair"
    MOBILITY = "mobility"
    VISION = "vision"
    HEARING = "hearing"
    INTELLECTUAL = "intellectual"


class AddresseeKind(StrEnum):
    """To whom a prosecutor may write: bodies of local self-government, owners, institutions."""

    LSG_BODY = "lsg_body"
    BUILDING_OWNER = "building_owner"
    BUDGET_INSTITUTION = "budget_institution"


class ActKind(StrEnum):
    """What a prosecutor issues: предписание, представление, предостережение."""

    ORDER = "order"
    REPRESENTATION = "representation"
    WARNING = "warning"


class ActState(StrEnum):
    """The life of a supervisory act. `overdue` is told by the clock, not stored."""

    ISSUED = "issued"
    ANSWERED = "answered"
    FULFILLED = "fulfilled"
    NOT_FULFILLED = "not_fulfilled"
    WITHDRAWN = "withdrawn"


class NotReady(StrEnum):
    """Why a violation cannot be served."""

    NOT_CONFIRMED = "not_confirmed"
    NO_PHOTO = "no_photo"
    ORIGINALS_MISSING = "originals_missing"


class OperationStatus(StrEnum):
    """The answer to one operation of a push (sync protocol)."""

    APPLIED = "applied"
    MERGED = "merged"
    CONFLICT = "conflict"
    REJECTED = "rejected"
    QUARANTINED = "quarantined"
    BLOCKED = "blocked"
    RETRY = "retry"
    OP_REUSED = "op_reused"


class ExportState(StrEnum):
    """Where a file that somebody asked for stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class QuarantineDecision(StrEnum):
    """What became of an operation that was held back: `replayed` is the system's own word."""

    RELEASED = "released"
    REPAIRED = "repaired"
    REFUSED = "refused"
    REPLAYED = "replayed"


class Language(StrEnum):
    """The languages of every text for people."""

    KY = "ky"
    RU = "ru"
    EN = "en"
