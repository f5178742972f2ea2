"""What a changed law does to recommendations."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.storage.law.amending import AffectedCampaign


def amend_advice(
    session: Session,
    campaign: AffectedCampaign,
    sites: Sequence[UUID],
    newest: Mapping[UUID, Mapping[Any, Any]],
    *,
    at: datetime,
) -> None:
    """Make the recommendations of some sites what the new ruleset says. The sites are locked.

    `newest`: by site, the newest sure finding of each reference requirement and element, as
    (finding, inspection, rev, inspector).
    """
