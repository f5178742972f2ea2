"""Whether the database may be trusted with inspections: what a start is refused for."""

from sqlalchemy import Engine, text

from audit_api.storage.migrations.runner import current_revision, head_revision

OLDEST_POSTGRESQL = 150000
_facts = text("""
    select current_setting('server_version_num')::int as version,
        current_setting('server_encoding') as encoding, current_setting('fsync') as fsync,
        current_setting('full_page_writes') as full_page_writes,
        current_setting('synchronous_commit') as synchronous_commit, current_user as role,
        has_function_privilege('pg_control_system()', 'execute') as knows_its_cluster
""")


def reasons_against(engine: Engine) -> list[str]:
    """Why this database must not be used, each with what to do; empty when it may.

    Raises OperationalError when it does not answer: that is no reason against it.
    """
    with engine.connect() as connection:
        facts = connection.execute(_facts).one()
    reasons = []
    if facts.version < OLDEST_POSTGRESQL:
        reasons.append(f"PostgreSQL {facts.version // 10000} is too old; use 15 or later")
    if facts.encoding != "UTF8":
        reasons.append(
            f"the database's encoding is {facts.encoding}, which cannot hold every text; "
            "make it anew with encoding UTF8"
        )
    reasons += [
        f"{name} is off, so that a power cut loses acknowledged work; switch it on"
        for name in ("fsync", "full_page_writes", "synchronous_commit")
        if getattr(facts, name) == "off"
    ]
    if not facts.knows_its_cluster:
        reasons.append(
            f"the role {facts.role} cannot tell whether this is a restored database, so that "
            "tablets would miss changes; grant it: "
            f'grant execute on function pg_control_system() to "{facts.role}"'
        )
    at, head = current_revision(engine), head_revision()
    if at != head:
        reasons.append(
            f"the database is at migration {at or 'none'}, the program at {head}; "
            "run `audit-api database migrate`"
        )
    return reasons
