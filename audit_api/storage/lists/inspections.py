"""One inspection, as those who may see it read it."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from audit_api.domain.access import Scope
from audit_api.storage.lists.selection import AnyRow
from audit_api.storage.oversight.adjudicated_scores import NEWEST

SEEN = """(site.territory_id = any(:whole)
    or (site.territory_id = any(:own) and inspection.inspector_id = :person))"""
_RETURNS = """(select coalesce(json_agg(json_build_object('rev', r.rev, 'reason', r.reason,
    'by', supervisor.full_name, 'at', r.returned_at) order by r.rev), '[]'::json)
    from inspection_return r join person supervisor on supervisor.id = r.returned_by
    where r.inspection_id = {inspection})"""
_INSPECTION = text(f"""
    select json_build_object('id', inspection.id, 'rev', inspection.rev,
        'corrects_rev', inspection.corrects_rev, 'site', inspection.site_id,
        'campaign', inspection.campaign_id, 'form', inspection.form,
        'device', inspection.device_id, 'inspector', person.full_name,
        'channel', inspection.channel, 'received_at', inspection.received_at,
        'started_at', inspection.started_at, 'finished_at', inspection.finished_at,
        'position', case when inspection.lat is not null then json_build_object(
            'lat', inspection.lat, 'lon', inspection.lon,
            'accuracy_m', inspection.accuracy_m) end,
        'flags', inspection.flags, 'body_sha256', encode(inspection.body_sha256, 'hex'),
        'state', case when exists (select from inspection_return r
            where r.inspection_id = inspection.id and r.rev = inspection.rev) then 'returned'
            when exists (select from announced_photo a
            where a.inspection_id = inspection.id and a.rev = inspection.rev
            and not exists (select from photo p where p.sha256 = a.sha256))
            or exists (select from awaited_photo a
            where a.inspection_id = inspection.id and a.rev = inspection.rev)
            then 'awaiting_photos' else 'complete' end,
        'returns', {_RETURNS.format(inspection="inspection.id")},
        'quarantine', (select json_build_object('op', d.op, 'decision', d.decision,
            'reason', d.reason, 'decided_by', decider.full_name, 'decided_at', d.decided_at,
            'handed_in_at', o.received_at, 'original_sha256', encode(o.sha256, 'hex'))
            from quarantine_decision d join operation o on o.op = d.op
            left join person decider on decider.id = d.decided_by
            where d.op = inspection.op and d.status = 'applied'),
        'photos', (select coalesce(json_agg(json_build_object('id', a.id, 'element', a.element_id,
            'question', a.question, 'sha256', encode(a.sha256, 'hex'), 'bytes', a.bytes,
            'content_type', a.content_type, 'held', p.sha256 is not null) order by a.id),
            '[]'::json) from announced_photo a left join photo p on p.sha256 = a.sha256
            where a.inspection_id = inspection.id and a.rev = inspection.rev),
        'awaited', (select coalesce(json_agg(json_build_object('id', w.id, 'element', w.element_id,
            'question', w.question, 'name', w.name) order by w.name, w.id), '[]'::json)
            from awaited_photo w
            where w.inspection_id = inspection.id and w.rev = inspection.rev),
        'assessment', json_build_object('profile', a.profile, 'ruleset', a.ruleset_digest,
            'assessed_at', a.assessed_at, 'station_state', a.station_state, 'index', a.index,
            'coverage_permille', a.coverage_permille, 'score', a.score),
        'adjudicated', (select json_build_object('at', s.at, 'station_state', s.station_state,
            'index', s.index, 'coverage_permille', s.coverage_permille, 'score', s.score)
            from {NEWEST} s),
        'body', inspection.body)::text as doc, a.findings::text as findings,
        inspection.body::text as body, a.ruleset_digest, coalesce(a.building_status,
        site.building_status), coalesce(a.built_on, case when a.building_status is null
        then site.built_on end), coalesce(a.altered_on, case when a.building_status is null
        then site.altered_on end), campaign.election_day
    from inspection join site on site.id = inspection.site_id
    join person on person.id = inspection.inspector_id
    join campaign on campaign.id = inspection.campaign_id
    join lateral (select * from assessment a where a.inspection_id = inspection.id
        and a.rev = inspection.rev order by a.assessed_at desc limit 1) a on true
    where inspection.id = :id and inspection.is_current and {SEEN}
""")


def seen_by(scope: Scope) -> dict[str, Any]:
    """The parameters of `SEEN`."""
    return {
        "whole": list(scope.territories),
        "own": list(scope.own_territories),
        "person": scope.person,
    }


def find_inspection(session: Session, scope: Scope, inspection: UUID) -> AnyRow | None:
    """The current revision; None outside the scope.

    As (JSON text, findings as JSON text, body as it was sent, ruleset's digest, the building as
    it was judged: status, built on, altered on, and the campaign's election day).
    """
    return session.execute(_INSPECTION, seen_by(scope) | {"id": inspection}).one_or_none()


_list_returns = text(f"select {_RETURNS.format(inspection=':id')}::text")


def list_returns(session: Session, inspection: UUID) -> str:
    """Every return of an inspection that the caller may see, as a JSON list, oldest first."""
    return str(session.execute(_list_returns, {"id": inspection}).scalar_one())


_inspector = text("""
    select inspection.inspector_id from inspection join site on site.id = inspection.site_id
    where inspection.id = :id and inspection.is_current and site.territory_id = any(:whole)
""")


def inspector_of(session: Session, scope: Scope, inspection: UUID) -> UUID | None:
    """Who made an inspection of a site in the scope's territories; None outside."""
    values = {"id": inspection, "whole": list(scope.territories)}
    found: UUID | None = session.scalar(_inspector, values)
    return found
