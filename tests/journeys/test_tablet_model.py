"""Any life of tablets and server: after a full pull a tablet shows what its person may see.

hypothesis makes up lives: tablets are enrolled, work, push, lose answers and are switched off;
the headquarters move stations, give and take grants, revoke tablets and enrol them again, make
backups and put them back. After each full pull the tablet's picture is compared with the tables,
to the byte (`truth`), and in the end everything that was ever captured must be there, once, as
the work of the person who did it.

Planted by hand and caught: a move that writes no tombstone, or one that is not sent; a revocation
or a taken grant that is ignored; things of a lost scope that stay; a tablet that drops work on a
5xx, sends nothing again after a restore, or hands in the work of its former owner as its own.

`TABLET_MODEL=400` makes up 400 other lives instead of the same few.
"""

import os
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from audit_api.domain.vocabulary import Role
from audit_api.settings import Settings
from audit_api.storage.base import Database
from audit_api.tablet import LinkDown, Refused
from tests.factories import World
from tests.journeys.lives import AIMAKS, INSPECTORS, PLACES, Backup, Carried, Region
from tests.journeys.server import Server
from tests.journeys.truth import Truth

MORE = int(os.environ.get("TABLET_MODEL", "0"))
PROFILE = settings(
    max_examples=MORE or 12,
    stateful_step_count=30 if MORE else 5,
    derandomize=not MORE,
    database=None,
    deadline=None,
    print_blob=False,
    phases=[Phase.generate, Phase.shrink] if MORE else [Phase.generate],
    suppress_health_check=list(HealthCheck),
)
MOST_TABLETS = 3
MOST_BACKUPS = 2

BUSY_DAYS = 30

NUMBERS = range(MOST_TABLETS)
WIDTHS_MM = (700, 800, 950, 1001)
EDITS = ("site", "element", "status", "task")
PUSHES = ("well", "twice", "answer lost", "turned away")
PULLS = ("in small pages", "damaged", "from the beginning")
ROLES = (Role.INSPECTOR, Role.LSG_HEAD)
DECISIONS = ("release", "refuse", "return")
YES_NO = (True, False)
DEEDS: dict[str, tuple[int, dict[str, Sequence[Any]]]] = {
    "enrol": (1, {"person": INSPECTORS}),
    "visit": (6, {"n": NUMBERS, "aimak": AIMAKS, "width_mm": WIDTHS_MM, "photo": YES_NO,
                  "corrects": YES_NO}),
    "edit": (4, {"n": NUMBERS, "aimak": AIMAKS, "what": EDITS}),
    "push": (4, {"n": NUMBERS, "how": PUSHES}),
    "restart": (1, {"n": NUMBERS}),
    "sync": (5, {"n": NUMBERS, "delete": YES_NO}),
    "pull": (2, {"n": NUMBERS, "how": PULLS}),
    "move": (3, {"site": AIMAKS, "to": AIMAKS}),
    "grant": (2, {"person": INSPECTORS, "role": ROLES, "place": PLACES}),
    "take_grants": (2, {"person": INSPECTORS, "place": PLACES}),
    "revoke": (1, {"n": NUMBERS}),
    "enrol_again": (2, {"n": NUMBERS, "person": INSPECTORS}),
    "supervise": (1, {"what": DECISIONS}),
    "back_up": (1, {}),
    "restore": (1, {}),
}  # fmt: skip
"""What may happen: how often beside the others, and with which choices."""

tablets, aimaks = st.sampled_from(NUMBERS), st.sampled_from(AIMAKS)
people, places = st.sampled_from(INSPECTORS), st.sampled_from(PLACES)


class Lives:
    """What all lives share: the server, its database, the truth about it."""

    def __init__(self, settings: Settings, database: Database, server: Server, folder: Path):
        self.settings, self.database, self.server, self.folder = settings, database, server, folder
        self.lived = 0
        self.truth = Truth(settings.database_url)

    def begin(self) -> Region:
        """A region of its own for the next life."""
        self.lived += 1
        return Region(self.database, self.server, self.folder)

    def backup(self) -> Backup:
        """A place for dumps."""
        return Backup(self.settings, self.database, self.folder / "dump")

    def put_back(self, backup: Backup) -> None:
        """Restore under everybody's feet."""
        self.truth.close()
        backup.put_back()
        self.truth = Truth(self.settings.database_url)


class TabletModel(RuleBasedStateMachine):
    """One life. Rules pick a tablet by a number; there are at most three."""

    lives: Lives

    def __init__(self) -> None:
        super().__init__()
        self.region = self.lives.begin()
        self.backup = self.lives.backup()
        self.backups = self.put_back = 0

    @initialize(chance=st.integers(0, 2**32 - 1))
    def begin(self, chance: int) -> None:
        """One tablet each with a first picture, and a few busy days; the rules go on from there.

        Left alone with so few lives, hypothesis likes to do one thing twenty times.
        """
        for person in INSPECTORS:
            self._sync(self.region.enrol(person))
        rng = random.Random(chance)  # noqa: S311 - the same days for the same number
        names = rng.choices([*DEEDS], [weight for weight, _ in DEEDS.values()], k=BUSY_DAYS)
        for name in names:
            drawn = {n: rng.choice(choices) for n, choices in DEEDS[name][1].items()}
            note(f"{name}({drawn})")
            if name == "enrol" and len(self.region.tablets) == MOST_TABLETS:
                continue
            if name == "back_up" and self.backups == MOST_BACKUPS:
                continue
            if name == "restore" and (self.put_back or not self.backup.made):
                continue
            getattr(self, name)(**drawn)

    def _tablet(self, n: int) -> Carried:
        return self.region.tablets[n % len(self.region.tablets)]

    # What people do in the field.

    @precondition(lambda self: len(self.region.tablets) < MOST_TABLETS)
    @rule(person=people)
    def enrol(self, person: str) -> None:
        self.region.enrol(person)

    @rule(
        n=tablets,
        aimak=aimaks,
        width_mm=st.sampled_from(WIDTHS_MM),
        photo=st.booleans(),
        corrects=st.booleans(),
    )
    def visit(self, n: int, aimak: str, width_mm: int, photo: bool, corrects: bool) -> None:
        self.region.visit(self._tablet(n), aimak, width_mm=width_mm, photo=photo, corrects=corrects)

    @rule(n=tablets, aimak=aimaks, what=st.sampled_from(EDITS))
    def edit(self, n: int, aimak: str, what: str) -> None:
        if what == "task":
            self.region.command(self._tablet(n))
        else:
            self.region.edit(self._tablet(n), aimak, what)

    @rule(n=tablets, how=st.sampled_from(PUSHES))
    def push(self, n: int, how: str) -> None:
        carried = self._tablet(n)
        if how in ("well", "twice"):
            self._try(carried, carried.tablet.pusher.push)
        else:
            self._push_in_vain(carried, how)
        if how == "twice":
            assert self.region.push_all_again(carried) in (200, 401)

    def _push_in_vain(self, carried: Carried, mishap: str) -> None:
        patience = carried.tablet.link.patience
        tries, patience.tries = patience.tries, 1
        carried.transport.mishap = mishap
        try:
            self._try(carried, carried.tablet.pusher.push)
        except LinkDown:
            pass
        finally:
            patience.tries, carried.transport.mishap = tries, None

    @rule(n=tablets)
    def restart(self, n: int) -> None:
        self.region.restart(self._tablet(n))

    @rule(n=tablets, delete=st.booleans())
    def sync(self, n: int, delete: bool) -> None:
        self._sync(self._tablet(n), delete=delete)

    @rule(n=tablets, how=st.sampled_from(PULLS))
    def pull(self, n: int, how: str) -> None:
        carried = self._tablet(n)
        carried.tablet.puller.page = 2 if how == "in small pages" else 500
        with carried.tablet.store.writing() as db:
            if how == "damaged":
                db.execute("delete from item where id = (select min(id) from item)")
                db.execute("update item set version = version - 1, doc = '{}' where kind = 'task'")
                db.execute("update tablet set resync = 1")
            elif how == "from the beginning":
                db.execute("delete from item")
                db.execute("update tablet set cursor = null, resync = 0")
        if self._try(carried, carried.tablet.puller.pull):
            self._look(carried)

    # What the headquarters do.

    @rule(site=aimaks, to=aimaks)
    def move(self, site: str, to: str) -> None:
        self.region.move(site, to)

    @rule(person=people, role=st.sampled_from(ROLES), place=places)
    def grant(self, person: str, role: Role, place: str) -> None:
        self.region.grant(person, role, place)

    @rule(person=people, place=places)
    def take_grants(self, person: str, place: str) -> None:
        self.region.take_grants(person, place)

    @rule(n=tablets)
    def revoke(self, n: int) -> None:
        path = f"/devices/{self._tablet(n).device}/revocations"
        status, _ = self.region.ask("administrator", path, {"reason": "left on a bus"})
        assert status in (200, 201, 404)

    @rule(n=tablets, person=people)
    def enrol_again(self, n: int, person: str) -> None:
        self.region.enrol_again(self._tablet(n), person)

    @rule(what=st.sampled_from(DECISIONS))
    def supervise(self, what: str) -> None:
        if what == "return":
            self._return_for_correction()
            return
        for op in self._undecided():
            said = {"decision": what, "reason": "as I see it"}
            status, _ = self.region.ask("supervisor", f"/quarantine/{op}/decisions", said)
            assert status in (200, 404, 409)

    def _return_for_correction(self) -> None:
        for person in INSPECTORS:
            for row in self.lives.truth.rows(
                "select id, rev from inspection where inspector_id = %s and is_current "
                "order by received_at desc limit 1",
                self.region.people[person],
            ):
                said = {"rev": row["rev"], "reason": "Measure the handrail."}
                path = f"/inspections/{row['id']}/returns"
                status, _ = self.region.ask("supervisor", path, said)
                assert status in (200, 201)

    @precondition(lambda self: self.backups < MOST_BACKUPS)
    @rule()
    def back_up(self) -> None:
        self.backups += 1
        self.backup.make()

    @precondition(lambda self: self.backup.made and self.put_back < 1)
    @rule()
    def restore(self) -> None:
        self.put_back += 1
        self.lives.put_back(self.backup)

    # What must hold.

    def _undecided(self) -> list[str]:
        rows = self.lives.truth.rows(
            "select h.op::text from held_operation h join operation o on o.op = h.op "
            "join device d on d.id = o.device_id where d.owner_id = any(%s) "
            "and o.status = 'quarantined' and not exists (select from quarantine_decision q "
            "where q.op = h.op) order by o.received_at limit 3",
            [self.region.people[person] for person in INSPECTORS],
        )
        return [row["op"] for row in rows]

    def _try(self, carried: Carried, deed: Any) -> bool:
        """Do it; False where the server rightly refuses a tablet that is revoked or unknown."""
        try:
            deed()
        except Refused as error:
            refused = error
        else:
            return True
        if refused.slug == "device-revoked":
            assert self.lives.truth.is_revoked(carried.device)
        else:
            known = self.lives.truth.owner_of(carried.device) is not None
            assert (refused.status, known) == (401, False), refused
        return False

    def _sync(self, carried: Carried, *, delete: bool = False) -> None:
        reports = []
        if self._try(carried, lambda: reports.append(carried.tablet.sync(delete_durable=delete))):
            assert reports[0].revoked == self.lives.truth.is_revoked(carried.device)
            if not reports[0].revoked:
                self._look(carried)
        self._nothing_forgotten(carried)

    def _look(self, carried: Carried) -> None:
        """The picture is the scope, to the byte, and no resync was needed to make it so."""
        person = self.region.people[carried.person]
        assert self.lives.truth.owner_of(carried.device) == person
        rows = carried.tablet.store.rows("select scope, kind, id, doc from item")
        picture = {(row["scope"], row["kind"], row["id"]): row["doc"] for row in rows}
        assert picture == self.lives.truth.picture_of(person)
        scopes = {row["name"] for row in carried.tablet.store.rows("select name from scope")}
        assert scopes == self.lives.truth.scopes_of(person)
        assert carried.differed() == 0

    def _nothing_forgotten(self, carried: Carried) -> None:
        """Every captured body is on the tablet, and every original that is nowhere else."""
        kept = {operation.op: operation.body for operation in carried.tablet.operations()}
        for captured in carried.captured:
            assert kept[captured.operation.op] == captured.operation.body
            here = {s for s in captured.photos if (carried.tablet.store.photos / s).exists()}
            gone = [bytes.fromhex(sha256) for sha256 in captured.photos if sha256 not in here]
            assert self.lives.truth.photos(gone) == set(gone)

    def teardown(self) -> None:
        """In the end everybody syncs, with a new code where it takes one: all work is there."""
        try:
            if sys.exc_info()[0] is not None:
                return  # the life broke off: that is what has to be told
            for carried in self.region.tablets:
                self._hand_in_everything(carried)
            for carried in self.region.tablets:
                self._nothing_forgotten(carried)
                for captured in carried.captured:
                    self._is_there_once(captured.operation, captured.person)
                    hashes = {bytes.fromhex(sha256) for sha256 in captured.photos}
                    assert self.lives.truth.photos(hashes) == hashes
        finally:
            self.region.close()

    def _hand_in_everything(self, carried: Carried) -> None:
        for person in sorted({captured.person for captured in carried.captured}):
            if self.lives.truth.owner_of(carried.device) != self.region.people[person]:
                self.region.enrol_again(carried, person)
            self._sync(carried)
        # What somebody else did on another tablet since, too.
        self._sync(carried)
        waiting = [o.said for o in carried.tablet.operations("waiting")]
        assert waiting == []

    def _is_there_once(self, operation: Any, person: str) -> None:
        """Its bytes are in an inspection of that person, or kept with an operation of theirs."""
        rows = self.lives.truth.rows(
            "select o.raw, i.body::text as body, d.owner_id, i.inspector_id from operation o "
            "join device d on d.id = o.device_id left join inspection i on i.op = o.op "
            "where o.entity_id = %s and o.sha256 = decode(%s, 'hex')",
            operation.entity,
            operation.sha256,
        )
        assert {row["owner_id"] for row in rows} == {self.region.people[person]}
        made = [row for row in rows if row["body"] is not None]
        assert len(made) <= 1
        for row in made:
            assert row["body"].encode() == operation.body
            assert row["inspector_id"] == self.region.people[person]
        assert made or any(operation.body in bytes(row["raw"] or b"") for row in rows)


@pytest.fixture
def lives(
    settings: Settings, database: Database, world: World, server: Server, tmp_path: Path
) -> Iterator[Lives]:
    """The server that all lives share."""
    shared = Lives(settings, database, server, tmp_path)
    yield shared
    shared.truth.close()


def test_whatever_happens_a_tablet_shows_its_scope_and_loses_nothing(lives: Lives) -> None:
    class OneLife(TabletModel):
        pass

    OneLife.lives = lives
    run_state_machine_as_test(OneLife, settings=PROFILE)
    assert lives.lived
