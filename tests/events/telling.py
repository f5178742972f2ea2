"""A worker's telling in a process of its own, to be killed: `python -m tests.events.telling`."""

from datetime import UTC, datetime

from audit_api.domain.events.sealing import Sealer
from audit_api.services.events.deliver_webhooks import Deliverer
from audit_api.services.events.tell import tell
from audit_api.settings import Settings
from audit_api.storage.base import Database, make_engine


def main() -> None:
    """Derive and deliver once."""
    settings = Settings.from_env()
    database = Database(make_engine(settings))
    sealer = Sealer(settings.secret_key)
    tell(Deliverer(database, sealer, lambda: datetime.now(UTC), anywhere=True), settings.mail)


if __name__ == "__main__":
    main()
