"""Whether the XML that is kept is still what the signed log speaks of."""

from sqlalchemy import text
from sqlalchemy.orm import Session

# The record of an operation, spelled as `services.openrosa.derive_operation` spells it. Its bytes
# are not kept once its body is an inspection's; the operation that it follows made the revision
# before, or is the instance that it corrects or completes.
_RECORD = """sha256(convert_to('{"at":{"wall":' || to_json(v.body -> 'finished' ->> 'wall')
    || '},"base":' || coalesce('{"op":"' || base.op || '"}', 'null')
    || ',"form":' || to_json(v.body ->> 'form') || ',"id":"' || v.id
    || '","kind":"inspection","op":"' || o.op || '","sha256":"' || encode(o.sha256, 'hex')
    || '","xml_sha256":"' || encode(i.xml_sha256, 'hex') || '","body":' || v.body || '}',
    'UTF8'))"""
_DIFFERING = text(f"""
    with i as (
        select op as made, op, corrects, xml, xml_sha256 from openrosa_instance
        union all select completed_by, op, corrects, xml, xml_sha256 from openrosa_instance
        where completed_by is not null)
    select op::text, wrong from (
        select o.op, case
            when i.op is null then 'gone'
            when sha256(i.xml) <> i.xml_sha256 then 'xml'
            when o.raw is not null then case when sha256(o.raw) = o.envelope_sha256 then
                case when convert_from(o.raw, 'UTF8')::json ->> 'xml_sha256'
                    is distinct from encode(i.xml_sha256, 'hex') then 'named' end end
            when v.op is not null and not exists (
                select from (select null::uuid as op union all select i.op
                    union all select b.op from inspection b
                        where b.id = v.id and b.rev = v.corrects_rev
                    union all select unnest(array[c.op, c.completed_by]) from openrosa_instance c
                        where c.op = i.corrects) base
                where {_RECORD} = o.envelope_sha256) then 'named'
        end as wrong
        from operation o join device d on d.id = o.device_id and d.channel = 'openrosa'
        left join i on i.made = o.op left join inspection v on v.op = o.op) found
    where wrong is not null order by op limit :most
""")


def differing_xml(session: Session, *, most: int) -> list[tuple[str, str]]:
    """Operations of ODK Collect whose XML is not what the log speaks of: id, and what is wrong.

    'gone': no XML is here; 'xml': it has another hash than beside it; 'named': the record, whose
    hash is in the log, names other XML.
    """
    return [tuple(row) for row in session.execute(_DIFFERING, {"most": most})]
