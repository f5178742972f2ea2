"""One operation for every reason of quarantine, and the world put right again behind it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from audit_api.storage.base import Database
from tests.factories import CAMPAIGN
from tests.http.held import Desk, ramp_at


@contextmanager
def changed(database: Database, table: str, column: str, key: Any, value: Any) -> Iterator[None]:
    """A row of the world with another value, put back afterwards."""
    where = {"key": key}
    with database.writing() as session:
        was = session.scalar(text(f"select {column} from {table} where id = :key"), where)  # noqa: S608
        session.execute(
            text(f"update {table} set {column} = :value where id = :key"),  # noqa: S608
            where | {"value": value},
        )
    try:
        yield
    finally:
        with database.writing() as session:
            session.execute(
                text(f"update {table} set {column} = :value where id = :key"),  # noqa: S608
                where | {"value": was},
            )


def out_of_scope(desk: Desk, _: Database) -> dict[str, Any]:
    return desk.hand_in(ramp_at(desk.world, "far-1"))


def unknown_form(desk: Desk, _: Database) -> dict[str, Any]:
    return desk.hand_in(ramp_at(desk.world, "near-1") | {"form": "ramp/99"})


def unknown_kind(desk: Desk, _: Database) -> dict[str, Any]:
    return desk.hand_in(ramp_at(desk.world, "near-1"), kind="inspektion")


def device_revoked(desk: Desk, database: Database) -> dict[str, Any]:
    device = desk.world.devices["near"][0]
    with changed(database, "device", "revoked_at", device, "2021-10-21T00:00:00Z"):
        return desk.hand_in(ramp_at(desk.world, "near-1"))


def campaign_closed(desk: Desk, database: Database) -> dict[str, Any]:
    with changed(database, "campaign", "closed_at", CAMPAIGN, "2021-12-01T00:00:00Z"):
        return desk.hand_in(ramp_at(desk.world, "near-1"))


def id_taken(desk: Desk, _: Database) -> dict[str, Any]:
    taken = uuid4()
    assert desk.hand_in(ramp_at(desk.world, "near-1"), entity=taken)["status"] == "applied"
    return desk.hand_in(ramp_at(desk.world, "near-2"), entity=taken, base={"rev": 1})


def no_standard_in_force(desk: Desk, database: Database) -> dict[str, Any]:
    with changed(database, "campaign", "election_day", CAMPAIGN, "1901-01-01"):
        return desk.hand_in(ramp_at(desk.world, "near-1"))


def base_not_applied(desk: Desk, _: Database) -> dict[str, Any]:
    entity = uuid4()
    base = desk.hand_in(ramp_at(desk.world, "near-1") | {"x": 1}, entity=entity)
    return desk.hand_in(ramp_at(desk.world, "near-1"), entity=entity, base={"op": base["op"]})


def rejected(desk: Desk, _: Database) -> dict[str, Any]:
    return desk.hand_in(ramp_at(desk.world, "near-1") | {"surprise": 1})


Hold = Callable[[Desk, Database], dict[str, Any]]
REASONS: Mapping[str, Hold] = {
    "out-of-scope": out_of_scope,
    "unknown-form": unknown_form,
    "unknown-kind": unknown_kind,
    "device-revoked": device_revoked,
    "campaign-closed": campaign_closed,
    "id-taken": id_taken,
    "no-standard-in-force": no_standard_in_force,
    "base-not-applied": base_not_applied,
    "rejected": rejected,
}
