"""What the web server imports."""

from audit_api.app import create_app
from audit_api.settings import Settings

app = create_app(Settings.from_env())
