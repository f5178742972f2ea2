"""Every table class, imported so that the metadata is whole."""

from audit_api.storage import audit_log, exports, inspections, papers, people
from audit_api.storage.base import Base
from audit_api.storage.events import deliveries, notices, outbox, webhooks
from audit_api.storage.evidence import evidence_log, examinations, photos, receipt_keys
from audit_api.storage.law import amending, documents, packed, rulesets
from audit_api.storage.openrosa import instances, refused
from audit_api.storage.oversight import (
    acts,
    adjudicated_scores,
    adjudications,
    assignments,
    escalations,
    fabrication,
    office_numbers,
    relief,
    remediation,
    repeats,
    reviews,
    served_lists,
    task_photos,
    violations,
)
from audit_api.storage.places import (
    campaigns,
    day_corrections,
    election_day,
    needs,
    places,
    publications,
    territory_tree,
)
from audit_api.storage.sync import feed, operations, quarantine, snapshots, uploads

__all__ = [
    "Base",
    "acts",
    "adjudicated_scores",
    "adjudications",
    "amending",
    "assignments",
    "audit_log",
    "campaigns",
    "day_corrections",
    "deliveries",
    "documents",
    "election_day",
    "escalations",
    "evidence_log",
    "examinations",
    "exports",
    "fabrication",
    "feed",
    "inspections",
    "instances",
    "needs",
    "notices",
    "office_numbers",
    "operations",
    "outbox",
    "packed",
    "papers",
    "people",
    "photos",
    "places",
    "publications",
    "quarantine",
    "receipt_keys",
    "refused",
    "relief",
    "remediation",
    "repeats",
    "reviews",
    "rulesets",
    "served_lists",
    "snapshots",
    "task_photos",
    "territory_tree",
    "uploads",
    "violations",
    "webhooks",
]
