"""Judge what is stored by a changed law, some sites a transaction: assessments, cases, tasks.

Every current inspection of a campaign gets an assessment by the new ruleset beside its old ones,
which stay for ever. What that does to cases stands in `audit_api.domain.law.amendment`. A site is
done whole or not at all, and what is to be done is read from the database: a run that was killed
is finished by the next one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
from sqlalchemy.orm import Session

from audit_api.domain import deadlines
from audit_api.domain.law.amendment import AmendmentPlan, Edition, plan_amendment
from audit_api.domain.oversight.corrections import TO_WITHIN, standing_corrections
from audit_api.domain.oversight.violations import MOVING, CaseKey, KnownCase, case_id, key_of
from audit_api.domain.vocabulary import ViolationState, Weight
from audit_api.domain.working_days import working_days
from audit_api.services.law.amend_advice import amend_advice
from audit_api.services.law.catalogs import keep_ruleset
from audit_api.services.law.corrected_body import Correction, read_corrected
from audit_api.services.law.score_anew import score_anew
from audit_api.services.sync.move_cases import columns_of
from audit_api.storage import audit_log
from audit_api.storage.law import amending
from audit_api.storage.law.amending import AffectedCampaign, DecisionOn
from audit_api.storage.law.documents import AdoptionRecord, adoptions_of
from audit_api.storage.sync import feed
from field_schema.assessment import Finding, assess
from field_schema.catalog import Catalog
from field_schema.findings import as_stored
from field_schema.form import STATES
from field_schema.inspection import read_inspection
from field_schema.profile import BINDING, REFERENCE
from field_schema.ruleset import Building, Ruleset
from field_schema.scoring import score


@dataclass(frozen=True, slots=True)
class Amendment:
    """A campaign to be judged again. `replaced`: editions that bind no longer, by which adoption.

    `no_longer_advice`: replaced editions that are no reference any more. `adopted`: editions that a
    decision brought. `person`: who recorded the newest decision.
    """

    campaign: AffectedCampaign
    ruleset: Ruleset
    replaced: Mapping[Edition, int]
    no_longer_advice: frozenset[Edition]
    adopted: frozenset[Edition]
    person: UUID
    reason: str

    @property
    def replaced_names(self) -> list[str]:
        """The replaced editions as "STANDARD/EDITION"."""
        return ["/".join(edition) for edition in self.replaced]


@dataclass(frozen=True, slots=True)
class Amended:
    """What was done to some sites."""

    sites: int = 0
    inspections: int = 0
    opened: int = 0
    followed: int = 0
    reopened: int = 0
    superseded: int = 0

    def __add__(self, other: "Amended") -> "Amended":
        return Amended(
            self.sites + other.sites,
            self.inspections + other.inspections,
            self.opened + other.opened,
            self.followed + other.followed,
            self.reopened + other.reopened,
            self.superseded + other.superseded,
        )


def amendment_of(
    session: Session, campaign: AffectedCampaign, catalog: Catalog
) -> Amendment | None:
    """What the adoptions recorded so far mean for a campaign; None when there are none.

    Raises CatalogError when a standard has no edition in force on its election day.
    """
    ruleset = catalog.ruleset(campaign.profile, campaign.election_day)
    records = adoptions_of(session, campaign.profile)
    if not records:
        return None
    profile = ruleset.profile
    in_force = [profile.in_force(s, campaign.election_day) for s in profile.standards]
    editions = {(a.standard, a.edition): a.weight for a in in_force if a is not None}
    replaced = {
        (r.standard, r.replaces): r.n
        for r in records
        if r.replaces is not None and editions.get((r.standard, r.replaces)) != BINDING
    }
    ended = {(r.standard, r.replaces) for r in records if r.replaces is not None}
    return Amendment(
        campaign,
        ruleset,
        replaced,
        frozenset(e for e in ended if editions.get(e) != REFERENCE),
        frozenset((r.standard, r.edition) for r in records if (r.standard, r.edition) in editions),
        records[-1].recorded_by,
        _reason(records),
    )


def _reason(records: Sequence[AdoptionRecord]) -> str:
    """The newest decision in words, for the events of tasks."""
    last = records[-1]
    return (
        f"{last.standard}/{last.edition} adopted by decision {last.decision_number} "
        f"of {last.decision_date}"
    )


def sites_left(session: Session, amendment: Amendment) -> list[UUID]:
    """The sites that are still to be judged, by their ids."""
    return amending.sites_to_judge(
        session, amendment.campaign.id, amendment.ruleset.digest, amendment.replaced_names
    )


def amend_sites(
    session: Session,
    amendment: Amendment,
    catalog: Catalog,
    sites: Sequence[UUID],
    *,
    at: datetime,
) -> Amended:
    """Judge some sites, whole. Holds them until commit, as accepting an inspection does."""
    digest = amendment.ruleset.digest
    campaign = amendment.campaign
    buildings = {
        site: Building(status, built_on, altered_on)
        for site, status, built_on, altered_on in amending.lock_sites(session, sites)
    }
    # Read behind the lock: what came in while it was awaited is seen.
    keep_ruleset(session, amendment.ruleset, catalog, at)
    decisions = amending.decisions_on(session, sites, campaign.id)
    work = _Work(amendment, catalog, buildings, decisions, at)
    for row in amending.current_inspections(session, sites, campaign.id, digest):
        work.judge(*row)
    amending.add_assessments(
        session, work.assessments, digest=digest, profile=campaign.profile, at=at
    )
    for inspection, rev in work.decided:
        score_anew(session, catalog, inspection, rev, at=at)
    work.plan(amending.cases_at(session, sites), amending.open_tasks_at(session, sites))
    about = {
        "campaign": campaign.id,
        "person": amendment.person,
        "reason": amendment.reason,
        "at": at,
    }
    amending.write_cases(
        session,
        opened=work.opened,
        reopened=work.reopened,
        superseded=work.superseded,
        tasks=work.new_tasks,
        about=about,
    )
    ended = amending.end_idle_tasks(session, work.idle_tasks, about)
    amend_advice(
        session,
        campaign.id,
        sites,
        work.advice,
        no_longer=amendment.no_longer_advice,
        adopted=amendment.adopted,
        received=work.received,
        at=at,
    )
    for site in sites:
        audit_log.record(
            session,
            "site_judged_again",
            site,
            at=at,
            person=amendment.person,
            campaign=campaign.id,
            ruleset=digest,
            reason=amendment.reason,
            cases=work.told.get(site, {}),
        )
    changed = {row["task_id"] for row in (*work.opened, *work.reopened)}
    feed.publish(session, task={*changed, *work.idle_tasks, *ended})
    return Amended(
        len(sites),
        len(work.assessments),
        sum(not row["follows"] for row in work.opened),
        sum(bool(row["follows"]) for row in work.opened),
        len(work.reopened),
        len(work.superseded),
    )


Newest = dict[CaseKey, tuple[Finding, UUID, int, UUID]]
"""The newest sure finding of each requirement and element, with inspection, rev and inspector."""
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


class _Work:
    """What is to be written about some sites."""

    def __init__(
        self,
        amendment: Amendment,
        catalog: Catalog,
        buildings: Mapping[UUID, Building],
        decisions: Sequence[DecisionOn],
        at: datetime,
    ) -> None:
        self.assessments: list[dict[str, Any]] = []
        self.decided: list[tuple[UUID, int]] = []
        self.opened: list[dict[str, Any]] = []
        self.reopened: list[dict[str, Any]] = []
        self.superseded: list[dict[str, Any]] = []
        self.new_tasks: list[dict[str, Any]] = []
        self.idle_tasks: list[UUID] = []
        self.advice: dict[UUID, Newest] = {}
        self.received: dict[UUID, datetime] = {}
        self.told: dict[UUID, dict[str, list[str]]] = {}
        self._amendment = amendment
        self._catalog = catalog
        self._buildings = buildings
        self._decisions: dict[UUID, list[DecisionOn]] = {}
        for decision in decisions:
            self._decisions.setdefault(decision.inspection, []).append(decision)
        # The last decision on each: it may have been overturned otherwise later.
        last = {decision.violation: decision.move for decision in decisions}
        self._corrected = {violation for violation, move in last.items() if move == TO_WITHIN}
        self._at = at
        self._newest: dict[UUID, Newest] = {}

    def judge(
        self,
        site: UUID,
        entity: UUID,
        rev: int,
        inspector: UUID,
        received: datetime,
        body: str,
        judged: bool,
    ) -> None:
        """Judge one inspection; the inspections of a site come in the order of their receipt."""
        answers = msgspec.json.decode(body)
        inspection = read_inspection(answers, self._catalog)
        building = self._buildings[site]
        self.received[entity] = received
        if entity in self._decisions and not judged:
            self.decided.append((entity, rev))
        assessment = assess(inspection, self._amendment.ruleset, building)
        if not judged:
            scored = score(assessment)
            self.assessments.append(
                {
                    "id": entity,
                    "rev": rev,
                    "building_status": building.status,
                    "built_on": building.built_on,
                    "altered_on": building.altered_on,
                    "station_state": scored.station_state,
                    "index": scored.index,
                    "coverage": scored.coverage_permille,
                    "score": _text(scored.as_json()),
                    "findings": _text(as_stored(assessment)),
                }
            )
        corrections = self._corrections(entity)
        if corrections:
            # The assessment is of what was handed in; cases follow what supervision found right.
            right = read_corrected(answers, corrections, self._catalog)
            assessment = assess(right, self._amendment.ruleset, building)
        # Only a sure verdict about the permanent state moves a case; the newest one counts.
        for finding in assessment.findings_with(MOVING, STATES[0]):
            into = self._newest if finding.weight == Weight.BINDING else self.advice
            newest = into.setdefault(site, {})
            newest[key_of(finding)] = (finding, entity, rev, inspector)

    def _corrections(self, entity: UUID) -> list[tuple[UUID, Correction]]:
        """The answers of an inspection that supervision corrected, by element, newest first."""
        return [
            (decision.element, Correction(**said))
            for decision in standing_corrections(self._decisions.get(entity, ()))
            for said in decision.corrections or ()
        ]

    def plan(self, cases: Sequence[Any], tasks: dict[UUID, UUID]) -> None:
        """Decide about the cases of all sites. `tasks`: element -> its open task."""
        known: dict[UUID, dict[CaseKey, KnownCase]] = {site: {} for site in self._buildings}
        facts: dict[UUID, tuple[date, UUID]] = {}
        closed: dict[UUID, datetime] = {}
        replaced = self._amendment.replaced
        for row in cases:
            site, campaign, case, element, standard, edition, requirement, *facts_of = row
            state, due, task, seen = facts_of
            # A case of another campaign is judged by the law that this one votes under.
            if campaign == self._amendment.campaign.id or (standard, edition) not in replaced:
                known[site][element, standard, edition, requirement] = KnownCase(case, state)
                facts[case] = (due, task)
                if state == ViolationState.CLOSED:
                    closed[case] = seen
        for site, at_site in known.items():
            newest = self._newest.get(site, {})
            broken = []
            for key, (finding, entity, *_) in newest.items():
                case = at_site.get(key)
                # A visit of another campaign may have seen it mended after this reading.
                mended = case is not None and closed.get(case.id, _NEVER) >= self.received[entity]
                if finding.verdict == "violation" and not mended:
                    broken.append(finding)
            plan = plan_amendment(
                broken,
                at_site,
                replaced=replaced,
                adopted=self._amendment.adopted,
                corrected=self._corrected,
            )
            self._write(site, plan, newest, at_site, facts, tasks)

    def _write(
        self,
        site: UUID,
        plan: AmendmentPlan[Finding],
        newest: Newest,
        known: Mapping[CaseKey, KnownCase],
        facts: Mapping[UUID, tuple[date, UUID]],
        tasks: dict[UUID, UUID],
    ) -> None:
        campaign = self._amendment.campaign
        ids = {key: case.id for key, case in known.items()}
        for opening in plan.openings:
            key = key_of(opening.finding)
            follows = opening.follows
            due = deadlines.repair_due_on(
                campaign.election_day,
                campaign.repair_days_before,
                working_days(campaign.day_corrections),
            )
            task = tasks.get(opening.finding.element_id)
            if follows is not None:
                # A deadline once given never moves silently.
                due, task = facts[follows.id]
            if task is None:
                task = tasks[opening.finding.element_id] = uuid4()
                self.new_tasks.append(
                    {"id": task, "site_id": site, "element_id": key[0], "due_on": due}
                )
            case = opening.case.id if opening.case else case_id(key)
            ids[key] = case
            row = _row(*newest[key]) | {"id": case, "site_id": site, "due_on": due, "task_id": task}
            row["follows"] = follows.id if follows else None
            (self.reopened if opening.case else self.opened).append(row)
            self._tell(site, "reopened" if opening.case else "opened", case)
        for ending in plan.supersedings:
            follower = ending.followed_by
            self.superseded.append(
                {
                    "id": ending.case.id,
                    "adoption": self._amendment.replaced[ending.edition],
                    "followed_by": ids[follower] if follower else None,
                }
            )
            self.idle_tasks.append(facts[ending.case.id][1])
            self._tell(site, "superseded", ending.case.id)

    def _tell(self, site: UUID, what: str, case: UUID) -> None:
        self.told.setdefault(site, {}).setdefault(what, []).append(str(case))


def _row(finding: Finding, entity: UUID, rev: int, inspector: UUID) -> dict[str, Any]:
    """The columns of a violation that an inspection gives."""
    return {
        **columns_of(finding),
        "inspection_id": entity,
        "inspection_rev": rev,
        "inspector_id": inspector,
    }


def _text(document: Any) -> str:
    return msgspec.json.encode(document).decode()
