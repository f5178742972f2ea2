"""Days and deadlines: counted back from election day, in the calendar of Asia/Bishkek."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from audit_api.domain.working_days import WorkingDays

ZONE = ZoneInfo("Asia/Bishkek")
"""Kyrgyzstan: UTC+06:00 all year."""

REPAIR_MILESTONE = "remediation_due"
"""The milestone by which a violation is to be repaired."""

FINAL_CHECK_MILESTONE = "final_check"
"""The milestone by which a temporary remedy is to be in place."""


def today(at: datetime) -> date:
    """The calendar day in Kyrgyzstan at the instant `at` (which has a zone)."""
    return at.astimezone(ZONE).date()


def milestone_day(election_day: date, days_before: int, working: WorkingDays | None = None) -> date:
    """The day `days_before` days before election day: working days if `working` is given."""
    if working is not None:
        return working.before(election_day, days_before)
    return election_day - timedelta(days=days_before)


def repair_due_on(
    election_day: date, days_before: int | None, working: WorkingDays | None = None
) -> date:
    """The day by which a breach must be repaired; election day itself if no milestone says so."""
    return milestone_day(election_day, days_before or 0, working)


def day_task_due_on(
    election_day: date,
    days_before: int | None,
    working: WorkingDays | None = None,
    *,
    today: date,
) -> date:
    """The day by which a temporary remedy is in place: the final check, else election day itself.

    Election day, too, when the final check is past: nobody is served a day that is gone.
    """
    due_on = milestone_day(election_day, days_before or 0, working)
    return election_day if due_on < today else due_on
