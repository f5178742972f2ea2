"""Every table class, imported so that the metadata is whole."""

from audit_api.storage import (
    audit_log,
    campaigns,
    feed,
    inspections,
    operations,
    people,
    photos,
    places,
    remediation,
    violations,
)
from audit_api.storage.base import Base

__all__ = [
    "Base",
    "audit_log",
    "campaigns",
    "feed",
    "inspections",
    "operations",
    "people",
    "photos",
    "places",
    "remediation",
    "violations",
]
