"""Every table class, imported so that the metadata is whole."""

from audit_api.storage import (
    assignments,
    audit_log,
    campaigns,
    evidence_log,
    examinations,
    fabrication,
    inspections,
    office_numbers,
    people,
    photos,
    places,
    receipt_keys,
    remediation,
    reviews,
    served_lists,
    territory_tree,
    violations,
)
from audit_api.storage.base import Base
from audit_api.storage.law import amending, documents, packed, rulesets
from audit_api.storage.sync import feed, operations, quarantine, snapshots, uploads

__all__ = [
    "Base",
    "amending",
    "assignments",
    "audit_log",
    "campaigns",
    "documents",
    "evidence_log",
    "examinations",
    "fabrication",
    "feed",
    "inspections",
    "office_numbers",
    "operations",
    "packed",
    "people",
    "photos",
    "places",
    "quarantine",
    "receipt_keys",
    "remediation",
    "reviews",
    "rulesets",
    "served_lists",
    "snapshots",
    "territory_tree",
    "uploads",
    "violations",
]
