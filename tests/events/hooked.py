"""A person's webhook, its receiver, and a worker whose clock a test sets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.events.sealing import Sealer
from audit_api.domain.events.types import TYPES
from audit_api.domain.vocabulary import Role
from audit_api.services.events.deliver_webhooks import Deliverer
from audit_api.services.events.derive_events import derive_events
from audit_api.storage.base import Database
from tests.conftest import SECRET
from tests.events.receiver import Receiver
from tests.factories import World

HOOKS = "/api/v1/webhooks"


def now() -> datetime:
    return datetime.now(UTC)


_EARLIER = (
    """update webhook_delivery set due_at = due_at - :by, claimed_until = claimed_until - :by
        where webhook_id = :id""",
    """update webhook set failing_since = failing_since - :by, resume_at = resume_at - :by,
        old_until = old_until - :by where id = :id""",
)


@dataclass
class Hooked:
    """Everything about one webhook."""

    client: FlaskClient
    database: Database
    world: World
    receiver: Receiver
    role: Role = Role.COORDINATOR
    where: str = "near"
    id: str = ""
    secret: str = ""

    @property
    def headers(self) -> dict[str, str]:
        return self.world.headers(self.role, self.where)

    def subscribe(self, types: Sequence[str] = tuple(TYPES)) -> "Hooked":
        """Make the webhook; from now on it is told."""
        self.derive()
        said = {"url": self.receiver.url, "types": list(types)}
        made = self.client.post(HOOKS, json=said, headers=self.headers)
        assert made.status_code == 201, made.text
        return replace(self, id=made.json["id"], secret=made.json["secret"])

    def derive(self) -> None:
        with self.database.writing() as session:
            derive_events(session, at=datetime.now(UTC))

    def worker(self, **changes: Any) -> Deliverer:
        """A worker that may send to this machine."""
        made = Deliverer(self.database, Sealer(SECRET), now, anywhere=True, seconds=1)
        return replace(made, **changes)

    def pass_time(self, by: timedelta) -> None:
        """Everything of the webhook was so much earlier.

        The clock stays: who verifies a signature looks at the machine's.
        """
        with self.database.writing() as session:
            for statement in _EARLIER:
                session.execute(text(statement), {"id": self.id, "by": by})

    def work(self, *, later: timedelta | None = None, **changes: Any) -> int:
        """Let so much time pass, then derive and deliver what is due."""
        if later:
            self.pass_time(later)
        self.derive()
        return self.worker(**changes).deliver(until=now() + timedelta(seconds=30))

    def work_for_days(self, days: int = 5) -> None:
        """Work on until nothing is left or the days are over."""
        for _ in range(days * 24):
            if not self.pending() or self.get()["disabled_at"]:
                break
            self.work(later=timedelta(hours=1))

    def pending(self) -> int:
        with self.database.reading() as session:
            count = text("""select count(*) from webhook_delivery
                where webhook_id = :id and state = 'pending'""")
            return int(session.scalar(count, {"id": self.id}))

    def get(self, path: str = "") -> Any:
        answer = self.client.get(f"{HOOKS}/{self.id}{path}", headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json

    def post(self, path: str, json: Any = None) -> Any:
        answer = self.client.post(f"{HOOKS}/{self.id}{path}", json=json, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json

    def happened(self, *, near: bool = True) -> list[tuple[str, str]]:
        """What the outbox has of its district since it was made: (object, event), in order."""
        with self.database.reading() as session:
            found = text("""
                select e.object_id, e.id from outbox_event e
                left join site s on s.id = e.site_id
                join territory t on t.id = coalesce(s.territory_id, e.territory_id)
                where starts_with(t.code, :code) and e.n > (select min(d.event_n) - 1
                    from webhook_delivery d where d.webhook_id = :id) order by e.n""")
            code = "N" if near == (self.where == "near") else "F"
            rows = session.execute(found, {"id": self.id, "code": code})
            return [(str(row[0]), str(row[1])) for row in rows]
