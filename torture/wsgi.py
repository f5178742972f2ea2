"""Entry of the web server in a run with a planted bug: `gunicorn torture.wsgi:app`."""

import os

from audit_api.app import create_app
from audit_api.settings import Settings
from torture.bugs import BUGS

BUGS[os.environ["TORTURE_BUG"]]()
app = create_app(Settings.from_env())
