"""Every table class, imported so that the metadata is whole."""

from audit_api.storage import (
    assignments,
    audit_log,
    campaigns,
    feed,
    inspections,
    operations,
    people,
    photos,
    places,
    quarantine,
    remediation,
    violations,
)
from audit_api.storage.base import Base
from audit_api.storage.law import amending, documents, packed, rulesets

__all__ = [
    "Base",
    "amending",
    "assignments",
    "audit_log",
    "campaigns",
    "documents",
    "feed",
    "inspections",
    "operations",
    "packed",
    "people",
    "photos",
    "places",
    "quarantine",
    "remediation",
    "rulesets",
    "violations",
]
