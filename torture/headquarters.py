"""The people at the headquarters, who go on working: grants, revocations, names, backups."""

import time
from datetime import UTC, datetime
from uuid import UUID, uuid4

from audit_api.domain.evidence.signing import Signer
from audit_api.services.evidence.back_up import begin_backup, finish_backup
from audit_api.services.evidence.keep_log import take_checkpoint
from audit_api.storage.base import Database
from audit_api.storage.sync import feed
from torture.place import Inspector, Place
from torture.servers import Cluster

SLOWEST_S = 0.8
"""The longest that one of their transactions stays open; well under what the feed may lag."""


class Headquarters:
    """Does what it does with its own connection, and again if PostgreSQL was away."""

    def __init__(self, cluster: Cluster, database: Database, signer: Signer, place: Place) -> None:
        self._cluster = cluster
        self._database = database
        self._signer = signer
        self._place = place
        self.changed_grants = 0
        self.renamed = 0
        self.backups = 0
        self.revoked: list[str] = []

    def change_grant(self, inspector: Inspector, dice: float) -> None:
        """Give back what was taken; take something if nothing was."""
        with self._cluster.connect() as connection:
            live = {
                row[0]
                for row in connection.execute(
                    "select territory_id from person_grant "
                    "where person_id = %s and revoked_at is null",
                    [inspector.person],
                )
            }
            away = [t for _, t in inspector.grants if t not in live]
            if away:
                connection.execute(
                    "insert into person_grant (id, person_id, role, territory_id, granted_at) "
                    "values (%s, %s, 'inspector', %s, now())",
                    [uuid4(), inspector.person, away[0]],
                )
            else:
                chosen = inspector.grants[int(dice * len(inspector.grants))][1]
                connection.execute(
                    "update person_grant set revoked_at = now() where person_id = %s "
                    "and territory_id = %s and revoked_at is null",
                    [inspector.person, chosen],
                )
        self.changed_grants += 1

    def revoke_device(self, device: str) -> None:
        """It stays revoked."""
        with self._cluster.connect() as connection:
            connection.execute(
                "update device set revoked_at = now() where id = %s and revoked_at is null",
                [UUID(device)],
            )
        self.revoked.append(device)

    def rename(self, dice: float) -> None:
        """Correct a station's name in a transaction that stays open for a while."""
        site = self._place.sites[int(dice * len(self._place.sites))]
        with self._database.writing() as session:
            connection = session.connection()
            connection.exec_driver_sql(
                "update site set name_en = name_en || '.', rev = rev + 1 where id = %s", (site,)
            )
            feed.publish(session, site=[site])
            session.flush()
            time.sleep(SLOWEST_S * dice)
        self.renamed += 1

    def mark_backup(self) -> None:
        """Sign what is in and say that a backup has it, so that tablets get durable receipts.

        None is made: nothing is restored here, and what the servers lose shows at the end.
        """
        with self._database.writing() as session:
            signed = take_checkpoint(session, self._signer, at=datetime.now(UTC))
        with self._database.writing() as session:
            token = begin_backup(session, signed, at=datetime.now(UTC))
        with self._database.writing() as session:
            finish_backup(session, token, at=datetime.now(UTC))
        self.backups += 1
