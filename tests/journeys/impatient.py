"""The application, to which a client that says nothing for two seconds has gone."""

from audit_api.http.sync import uploads
from wsgi import app

__all__ = ["app"]
uploads.IDLE_S = 2.0  # type: ignore[misc]
