"""A region that was audited: every station visited once, and what the offices made of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

import psycopg
from sqlalchemy import text

from audit_api.domain.oversight.escalation import EscalationDays
from audit_api.domain.vocabulary import Role
from audit_api.services.oversight.sweep_tasks import sweep_tasks
from audit_api.storage.base import Database, make_engine
from bench.client import Caller
from bench.stand import Stand
from bench.sweeping import AT
from tests.factories import CAMPAIGN, make_device, make_person, operation, push_body
from tests.field_schema.bodies import station_body

BREACHES = 0.57
"""The share of answers in breach that makes about ten violations a station."""
_BATCH = 50
_HELD_EVERY = 4
_INSPECTORS = 20
_FINDINGS = """select sum(array_length(string_to_array(e ->> 'outcomes', ' '), 1))
    from assessment, json_array_elements(findings -> 'elements') e"""
_TERRITORY = "(select territory_id from site where site.id = v.site_id)"
_NTH = "(select v.*, row_number() over (order by v.id) as n from violation v)"
# Straight into the tables: what the offices did, in the proportions of a busy week.
_OFFICES = (
    """update violation set state = 'contested' where id in
        (select id from {nth} v where n % 10 = 0)""",
    """update violation set state = 'closed', ended_at = last_seen_at + interval '1 day',
        last_inspection_id = gen_random_uuid() where id in (select id from {nth} v where n % 20 = 1)
    """,
    """update violation set state = 'confirmed' where id in (select id from {nth} v where n % 4 = 3)
    """,
    """insert into task_event (task_id, at, person_id, from_state, to_state, reason, move)
        select t.id, now(), {someone}, 'assigned', 'acknowledged', 'made up', 'acknowledge'
        from remediation_task t""",
    """insert into fabrication_flag (id, inspection_id, rev, kind, figures, found_at)
        select gen_random_uuid(), i.id, i.rev, kind, '{{}}', i.received_at + interval '1 minute'
        from inspection i, unnest(array['visit_far', 'same_measurements']) kind
        where i.is_current and i.id in (select id from
            (select id, row_number() over (order by id) n from inspection) i where n % 2 = 0)""",
    """insert into assignment (id, campaign_id, site_id, inspector_id, due_on, assigned_by,
            assigned_at)
        select gen_random_uuid(), '{campaign}', s.id, {inspector}, date '2021-11-01', {someone},
            now() from site s""",
    """insert into served_list (id, campaign_id, office_id, number, territory_id, addressee_kind,
            served_on, served_at, served_by, fixed, document, sha256)
        select v.id, '{campaign}', {region}, n, {territory}, 'lsg_body', '2021-10-25', now(),
            {someone}, '{{}}', '{{}}', sha256('{{}}') from {nth} v where n % 10 = 3""",
    """insert into served_violation (list_id, violation_id)
        select l.id, v.id from served_list l join violation of on of.id = l.id
            join violation v on v.site_id = of.site_id""",
    """insert into supervisory_act (id, kind, campaign_id, office_id, number, territory_id,
            addressee_kind, issued_on, issued_at, issued_by, answer_due_on, document, sha256)
        select id, 'order', campaign_id, office_id, number, territory_id, addressee_kind,
            served_on, served_at, served_by, '2021-11-18', document, sha256 from served_list""",
    "insert into act_violation (act_id, violation_id) select * from served_violation",
    """insert into act_event (act_id, at, person_id, move, to_state, reason)
        select id, issued_at, issued_by, 'issue', 'issued', 'made up' from supervisory_act""",
    """insert into review (id, kind, entity_kind, entity_id, op, site_id, mine, server, opened_at,
            state)
        select i.op, kind, kind_of, entity, i.op, i.site_id, '{{}}', '{{"rev": 1}}', now(), 'open'
        from (select i.*, row_number() over (order by id) n from inspection i) i
        cross join lateral (select case when n % 2 = 0 then 'branch' else 'field' end as kind,
            case when n % 2 = 0 then 'inspection' else 'site' end as kind_of,
            case when n % 2 = 0 then i.id else i.site_id end as entity) k where n % 5 < 2""",
    """insert into device (id, name, owner_id, token_sha256, enrolled_at, acked_seq)
        select gen_random_uuid(), 'made up ' || s.id, {inspector}, sha256(s.id::text::bytea),
            now(), 0 from site s""",
    "vacuum analyze",
)


@dataclass(frozen=True, slots=True)
class Audited:
    """How much of it there is."""

    stations: int
    violations: int
    findings: int

    def __str__(self) -> str:
        return (
            f"{self.stations:,} stations, {self.violations:,} violations, "
            f"{self.findings:,} findings"
        )


def audit(stand: Stand) -> Audited:
    """Visit every station of the stand, and let the offices work on what was found."""
    _visit(stand)
    address = stand.settings.database_url.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in _OFFICES:
            connection.execute(_filled(statement))
        _sweep(stand)
        found = [
            connection.execute(count).fetchone()
            for count in ("select count(*) from violation", _FINDINGS)
        ]
    return Audited(len(stand.place.sites), *(int(row[0]) for row in found if row))


def _filled(statement: str) -> str:
    people = "(select id from person where username = '{}')"
    return statement.format(
        nth=_NTH,
        campaign=CAMPAIGN,
        territory=_TERRITORY,
        region="(select id from territory where code = 'R')",
        inspector=people.format("inspector"),
        someone=people.format("technical_supervisor"),
    )


def _sweep(stand: Stand) -> None:
    database = Database(make_engine(stand.settings))
    with database.writing() as session:
        sweep_tasks(session, EscalationDays(), at=AT)
    database.engine.dispose()


def _visit(stand: Stand) -> None:
    tablets = _tablets(stand)
    for n, (device, token) in enumerate(tablets):
        _hand_in(stand, device, token, stand.place.sites[n :: len(tablets)])


def _tablets(stand: Stand) -> list[tuple[UUID, str]]:
    """One of each inspector: device and token."""
    database = Database(make_engine(stand.settings))
    with database.writing() as session:
        region = session.scalar(text("select id from territory where code = 'R'"))
        made = []
        for n in range(_INSPECTORS):
            inspector = make_person(session, f"inspector {n}", [(Role.INSPECTOR, region)])
            made.append(make_device(session, inspector, f"tablet {n}"))
    database.engine.dispose()
    return made


def _hand_in(stand: Stand, device: UUID, token: str, sites: Sequence[UUID]) -> None:
    caller = Caller(
        stand.address, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    )
    bodies = []
    for n, site in enumerate(sites, 1):
        body = station_body(
            site.int % 2**64, photos=False, site=str(site), campaign=CAMPAIGN, breaches=BREACHES
        )
        bodies += [body] if n % _HELD_EVERY else [body, body | {"surprise": 1}]
    previous: str | None = None
    for start in range(0, len(bodies), _BATCH):
        operations = []
        for seq, body in enumerate(bodies[start : start + _BATCH], start + 1):
            data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
            operations.append(operation(data, seq=seq, prev_sha256=previous))
            previous = sha256(data).hexdigest()
        caller("POST", "/api/v1/sync/push", push_body(device, operations))
