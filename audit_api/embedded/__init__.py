"""A real PostgreSQL and a real S3 server from pip packages (extra `embedded`).

For trying out, developing and testing; production sets `DATABASE_URL` and `S3_*` instead.
"""

from audit_api.embedded.child import Child, EmbeddedError
from audit_api.embedded.services import EmbeddedServices

__all__ = ["Child", "EmbeddedError", "EmbeddedServices"]
