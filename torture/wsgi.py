"""Entry of the web server in a run with a planted bug: `gunicorn torture.wsgi:app`."""

import os

from torture.bugs import BUGS

BUGS[os.environ["TORTURE_BUG"]]()

# The shipped entry, which now finds its modules broken.
from wsgi import app  # noqa: E402

__all__ = ["app"]
