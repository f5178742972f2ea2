"""What a database holds, in a few bytes: to see that a refused request changed nothing."""

from sqlalchemy import text

from audit_api.storage.base import Database

Fingerprint = dict[str, tuple[int, str]]
_HASH = """select count(*), coalesce(md5(string_agg(h, '' order by h)), '')
    from (select md5(t::text) as h from "{table}" t) hashed"""


def fingerprint(database: Database) -> Fingerprint:
    """Rows and a hash of all of them, by table."""
    with database.reading() as session:
        tables = session.scalars(
            text("select tablename from pg_tables where schemaname = 'public' order by 1")
        ).all()
        hashed: Fingerprint = {}
        for table in tables:
            rows, digest = session.execute(text(_HASH.format(table=table))).one()
            hashed[table] = (rows, digest)
        return hashed


def changed(before: Fingerprint, after: Fingerprint) -> set[str]:
    """Names of the tables that differ."""
    return {
        table for table in before.keys() | after.keys() if before.get(table) != after.get(table)
    }
