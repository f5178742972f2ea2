"""Carry out the operations of a push: each in its turn, in transactions that stay short.

One operation has a transaction of its own. New inspections that need nothing of each other share
one, and go alone as soon as anything is odd. A group shares one, wholly or not at all.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

import structlog
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor
from audit_api.domain.evidence.signing import Signer
from audit_api.domain.sync.operations import OperationResult, ReceivedOperation
from audit_api.http.auth import now
from audit_api.http.sync.envelope import Envelope
from audit_api.services.law.catalogs import CatalogKeeper, CatalogMoved
from audit_api.services.sync.push_group import GroupRefused, push_at_fault, push_beside, push_group
from audit_api.services.sync.push_operation import PushAnswer, answer_again, push_operation
from audit_api.services.sync.push_run import Run, RunItem, push_run, run_item
from audit_api.storage import people
from audit_api.storage.base import Answered, Database
from field_schema.catalog import Catalog

log = structlog.get_logger()

RETRY_AFTER_S = 5
# Deadlock, serialization failure, time limits, connection gone: nobody's fault. Two operations
# that use one id at once come here too, as integrity errors: the next try sees the winner.
_TRANSIENT = ("40P01", "40001", "55P03", "57014", "25P03", "57P01", "08006", "08003")

Answers = Sequence[PushAnswer | None] | None
Work = Callable[[Session, Catalog, datetime], Answers]
WorkOnOne = Callable[[Session, Catalog, datetime], PushAnswer | None]


@dataclass(slots=True)
class HandedIn:
    """What a push came to: results as JSON texts in the order of its operations."""

    results: list[str] = field(default_factory=list)
    need_photos: set[str] = field(default_factory=set)
    acked_seq: int = 0
    epoch: str = ""
    retry: bool = False


def hand_in(
    database: Database,
    catalogs: CatalogKeeper,
    signer: Signer,
    actor: Actor,
    envelope: Envelope,
) -> HandedIn:
    """Carry out all operations; one that fails keeps no other from arriving."""
    handing = _HandingIn(database, catalogs, signer, actor, envelope)
    for share in _shares(actor, envelope.operations, catalogs):
        handing.take(share)
    return handing.done()


def _shares(
    actor: Actor, operations: Sequence[ReceivedOperation], catalogs: CatalogKeeper
) -> Iterator["Run | list[ReceivedOperation]"]:
    """The operations in their order, cut into what shares a transaction."""
    run = Run()
    # A revoked device's work waits one by one: nobody is to untangle groups of it.
    groups = groupby(operations, lambda o: None if actor.device_revoked else o.group)
    for group, members in groups:
        if group is not None:
            if run.items:
                yield run
                run = Run()
            yield list(members)
            continue
        for operation in members:
            item = run_item(actor, operation, catalogs.newest)
            if item is not None and run.take(item):
                continue
            if run.items:
                yield run
                run = Run()
            if item is None or not run.take(item):
                yield [operation]
    if run.items:
        yield run


class _HandingIn:
    """A push on its way: what came of its operations so far."""

    def __init__(
        self,
        database: Database,
        catalogs: CatalogKeeper,
        signer: Signer,
        actor: Actor,
        envelope: Envelope,
    ) -> None:
        self._database = database
        self._catalogs = catalogs
        self._signer = signer
        self._actor = actor
        self._envelope = envelope
        self._found = HandedIn()
        self._contact: Answered | None = None

    def done(self) -> HandedIn:
        """All of it, with the device's contact noted."""
        if self._contact is None:
            with self._database.at_once() as session:
                self._contact = self._note_contact(session)
        self._found.acked_seq, self._found.epoch = people.contact_noted(self._contact)
        return self._found

    def take(self, share: "Run | list[ReceivedOperation]") -> None:
        """Carry out what shares a transaction."""
        if isinstance(share, Run):
            if len(share.items) > 1 and self._run(share):
                return
            for item in share.items:
                self._ready(item)
        elif share[0].group is None or len(share) == 1 or self._actor.device_revoked:
            for operation in share:
                self._alone(operation)
        else:
            self._group(share)

    def _run(self, run: Run) -> bool:
        """True when the whole run was applied; else nothing was done."""
        try:
            answers = self._transaction(
                lambda session, catalog, at: push_run(
                    session, self._actor, run.items, catalog=catalog, signer=self._signer, at=at
                ),
                len(run.items),
            )
        except Exception as error:
            self._warn(run.items[0].operation, error)
            return False
        if answers is None:
            return False
        for answer in answers:
            if answer is not None:
                self._note(answer)
        return True

    def _alone(self, operation: ReceivedOperation, work: WorkOnOne | None = None) -> None:
        """One operation in a transaction of its own; `work` does other than read and apply it."""

        def push(session: Session, catalog: Catalog, at: datetime) -> Answers:
            if work is not None:
                return [work(session, catalog, at)]
            return [
                push_operation(
                    session, self._actor, operation, catalog=catalog, signer=self._signer, at=at
                )
            ]

        try:
            answers = self._transaction(push, 1)
            answer = (answers[0] if answers else None) or self._again(operation)
        except Exception as error:
            # One operation must not keep the others from arriving, whatever is wrong with it.
            self._warn(operation, error)
            self._retry(operation)
        else:
            self._note(answer)

    def _ready(self, item: RunItem) -> None:
        """One operation that is read already."""
        self._alone(
            item.operation,
            lambda session, catalog, at: push_operation(
                session,
                self._actor,
                item.operation,
                catalog=catalog,
                signer=self._signer,
                at=at,
                meaning=item.inspection,
            ),
        )

    def _group(self, group: list[ReceivedOperation]) -> None:
        """All of a group, or what is to be said when it cannot be applied."""
        refused: list[GroupRefused] = []

        def push(session: Session, catalog: Catalog, at: datetime) -> Answers:
            refused.clear()
            found = push_group(
                session, self._actor, group, catalog=catalog, signer=self._signer, at=at
            )
            if isinstance(found, GroupRefused):
                refused.append(found)
                return None
            return found

        try:
            answers = self._transaction(push, len(group))
            if answers is not None:
                answers = [a or self._again(o) for a, o in zip(answers, group, strict=True)]
        except Exception as error:
            self._warn(group[0], error)
            for operation in group:
                self._retry(operation)
            return
        for answer in answers or ():
            if answer is not None:
                self._note(answer)
        if answers is None:
            self._refuse(group, refused[0])

    def _refuse(self, group: list[ReceivedOperation], refused: GroupRefused) -> None:
        at_fault = group[refused.at_fault]
        result = refused.result
        for operation in group:
            if operation is not at_fault:
                self._beside(operation, refused, at_fault)
            elif result is not None:
                self._at_fault(operation, result)
            else:
                self._note(self._again(operation))

    def _at_fault(self, operation: ReceivedOperation, result: OperationResult) -> None:
        self._alone(
            operation,
            lambda session, catalog, at: push_at_fault(
                session, self._actor, operation, result, catalog=catalog, signer=self._signer, at=at
            ),
        )

    def _beside(
        self, operation: ReceivedOperation, refused: GroupRefused, at_fault: ReceivedOperation
    ) -> None:
        self._alone(
            operation,
            lambda session, _, at: push_beside(
                session, self._actor, operation, refused, at_fault, signer=self._signer, at=at
            ),
        )

    def _transaction(self, work: Work, count: int) -> Answers:
        """The work in one transaction, by the catalog that this process has or a newer one."""
        try:
            return self._once(work, count)
        except CatalogMoved:
            with self._database.reading() as session:
                self._catalogs.current(session)
            return self._once(work, count)

    def _once(self, work: Work, count: int) -> Answers:
        contact = None
        with self._database.pipelining() as session:
            answers = work(session, self._catalogs.newest, now())
            # The contact travels with the last operation: one commit less.
            last = len(self._found.results) + count == len(self._envelope.operations)
            if last and answers is not None and all(a is not None and a.kept for a in answers):
                contact = self._note_contact(session)
        self._contact = contact
        return answers

    def _note_contact(self, session: Session) -> Answered:
        if self._actor.device is None:
            raise TypeError("only a device pushes")
        clock = self._envelope.clock
        return people.note_contact(
            session,
            self._actor.device,
            at=now(),
            app=self._envelope.app,
            client=self._envelope.client,
            clock_offset_ms=clock.offset_ms,
        )

    def _again(self, operation: ReceivedOperation) -> PushAnswer:
        with self._database.writing() as session:
            return answer_again(session, self._actor, operation, at=now())

    def _note(self, answer: PushAnswer) -> None:
        self._found.results.append(answer.result)
        self._found.need_photos |= set(answer.need_photos)

    def _retry(self, operation: ReceivedOperation) -> None:
        self._found.retry = True
        self._found.results.append(
            f'{{"op":"{operation.op}","status":"retry","retry_after":{RETRY_AFTER_S}}}'
        )

    def _warn(self, operation: ReceivedOperation, error: Exception) -> None:
        state = getattr(getattr(error, "orig", error), "sqlstate", None)
        tell = log.warning if state in _TRANSIENT else log.exception
        tell("push_retry", op=str(operation.op), error=type(error).__name__, sqlstate=state)
