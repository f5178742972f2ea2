"""Entry of the web server: `gunicorn wsgi:app`."""

import sys
from datetime import UTC, datetime

from sqlalchemy.exc import OperationalError

from audit_api.app import create_app
from audit_api.settings import Settings, SettingsError
from audit_api.storage.evidence.receipt_keys import note_key
from audit_api.storage.server_check import reasons_against

try:
    app = create_app(Settings.from_env())
except SettingsError as error:
    sys.exit(f"audit_api does not start: {error}")
database = app.extensions["database"]
try:
    reasons = reasons_against(database.engine)
    if not reasons:
        with database.writing() as session:
            note_key(session, app.extensions["receipt_signer"], at=datetime.now(UTC))
except OperationalError:
    # A database that is away just now comes back; until then /readyz answers 503.
    reasons = []
if reasons:
    sys.exit(f"audit_api does not start: {'; '.join(reasons)}.")
