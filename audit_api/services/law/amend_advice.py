"""What a changed law does to recommendations, which stand in their element's row."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.law.amendment import Edition
from audit_api.domain.law.recommendations import Advice, follow, supersede
from audit_api.domain.oversight.violations import CaseKey
from audit_api.domain.vocabulary import RecommendationState
from audit_api.services.sync.move_cases import photos_of
from audit_api.storage.law.amending import advice_at, write_advice
from field_schema.assessment import Finding

Newest = Mapping[UUID, Mapping[CaseKey, tuple[Finding, UUID, int, UUID]]]
"""By site, the newest sure finding of each requirement and element, inspection, rev, inspector."""


def amend_advice(
    session: Session,
    campaign: str,
    sites: Sequence[UUID],
    newest: Newest,
    *,
    no_longer: Collection[Edition],
    adopted: Collection[Edition],
    received: Mapping[UUID, datetime],
    at: datetime,
) -> None:
    """Make the recommendations of some sites what the new ruleset says. The sites are locked.

    `newest` of reference requirements. Those of the editions `no_longer` are superseded; those of
    the editions `adopted` are opened or closed as a visit would, by what was measured after they
    were last looked at. `received`: when each inspection came.
    """
    known = advice_at(session, sites)
    changed: dict[UUID, list[Advice]] = {}
    for element, advice in known.items():
        left = supersede(advice, no_longer)
        if left is not None:
            changed[element] = known[element] = left
    for site in sites:
        found = [row for key, row in newest.get(site, {}).items() if key[1:3] in adopted]
        found.sort(key=lambda row: (row[0].element_id, row[1]))
        for (element, entity), rows in groupby(found, lambda row: (row[0].element_id, row[1])):
            same = list(rows)
            visit = {
                "campaign": campaign,
                "inspection": str(entity),
                "inspector": str(same[0][3]),
                "at": at.isoformat(),
            }
            before = known.get(element, ())
            seen = {advice["rule"]: advice["last_seen_at"] for advice in before if _counts(advice)}
            findings = [
                finding
                for finding, *_ in same
                if finding.rule.name not in seen
                or datetime.fromisoformat(seen[finding.rule.name]) < received[entity]
            ]
            after = follow(before, findings, visit, photos_of)
            if after is not None:
                changed[element] = known[element] = after
    write_advice(session, changed)


def _counts(advice: Advice) -> bool:
    """Whether a measurement made it what it is: one that a decision ended opens by an old one."""
    return bool(advice["state"] != RecommendationState.SUPERSEDED.value)
