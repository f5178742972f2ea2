"""What the operator and the worker do: checkpoints and backups."""

from datetime import UTC, datetime

from audit_api.domain.evidence.signing import Signer
from audit_api.services.evidence.back_up import begin_backup, finish_backup
from audit_api.services.evidence.keep_log import Signed, take_checkpoint
from audit_api.storage.base import Database
from tests.conftest import SIGNING_KEY


class Backups:
    """Checkpoints and backup marks of one database, with the key of the tests."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._signer = Signer(SIGNING_KEY)

    def sign(self) -> Signed:
        """Take what is final into the log."""
        with self._database.writing() as session:
            return take_checkpoint(session, self._signer, at=datetime.now(UTC))

    def begin(self) -> str:
        """A checkpoint, and a backup that begins behind it."""
        signed = self.sign()
        with self._database.writing() as session:
            return begin_backup(session, signed, at=datetime.now(UTC))

    def done(self, token: str) -> None:
        """The backup is whole."""
        with self._database.writing() as session:
            finish_backup(session, token, at=datetime.now(UTC))

    def make(self) -> None:
        """A whole backup."""
        self.done(self.begin())
