"""What the servers hold at the end, read past the product: rows of the database, objects of S3."""

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import boto3
import msgspec
import psycopg
from botocore.config import Config
from botocore.exceptions import ClientError

from audit_api.settings import S3Settings

_READERS = 8
Connection = psycopg.Connection[tuple[Any, ...]]


class _Record(msgspec.Struct):
    body: msgspec.Raw = msgspec.Raw(b"")


@dataclass(frozen=True, slots=True)
class HeldOperation:
    """An operation as the server keeps it; `read_sha256` is of the bytes that can be read now."""

    op: str
    device: str
    entity: str | None
    status: str
    sha256: str
    read_sha256: str | None
    received_at: str | None
    """As its receipt says."""


_OPERATIONS = """
    select o.op, o.device_id, o.entity_id, o.status, o.sha256, o.raw, i.body::text,
        o.result->'receipt'->>'received_at'
    from operation o left join inspection i on i.op = o.op order by o.received_at
"""


def held_operations(connection: Connection) -> list[HeldOperation]:
    """Everything that was handed in, with the hash of what stands there now."""
    found = []
    for row in connection.execute(_OPERATIONS):
        op, device, entity, status, sha256, raw, body, received_at = row
        data = body.encode() if body is not None else _body_of(raw)
        read = hashlib.sha256(data).hexdigest() if data is not None else None
        found.append(
            HeldOperation(
                str(op),
                str(device),
                entity and str(entity),
                status,
                sha256.hex(),
                read,
                received_at,
            )
        )
    return found


def _body_of(raw: bytes | None) -> bytes | None:
    if raw is None:
        return None
    try:
        return bytes(msgspec.json.decode(raw, type=_Record).body)
    except msgspec.DecodeError:
        return bytes(raw)


def held_photos(connection: Connection) -> dict[str, int]:
    """The photos that the server says it has, with their sizes."""
    rows = connection.execute("select sha256, bytes from photo")
    return {sha256.hex(): size for sha256, size in rows}


def held_numbers(connection: Connection) -> tuple[int, int, int]:
    """How many operations, revisions of inspections, and photos there are."""
    tables = ("operation", "inspection", "photo")
    rows = [connection.execute(f"select count(*) from {table}").fetchone() for table in tables]
    operations, revisions, photos = (row[0] if row else 0 for row in rows)
    return operations, revisions, photos


class Bucket:
    """The originals, read straight from S3, not through the proxy."""

    def __init__(self, settings: S3Settings) -> None:
        self._bucket = settings.bucket
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=settings.endpoint_url,
            region_name=settings.region,
            aws_access_key_id=settings.access_key,
            aws_secret_access_key=settings.secret_key,
            config=Config(s3={"addressing_style": "path"}, max_pool_connections=_READERS),
        )

    def read_all(self, hashes: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Each hash with the bytes that lie under it."""
        wanted = list(hashes)
        with ThreadPoolExecutor(_READERS) as pool:
            yield from zip(wanted, pool.map(self.read, wanted), strict=True)

    def read(self, sha256: str) -> bytes | None:
        """The bytes that lie under a photo's hash; None when nothing does."""
        key = f"originals/sha256/{sha256[:2]}/{sha256[2:4]}/{sha256}"
        try:
            data: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise
        return data


_SCOPES = """
    with recursive parent as (
        select distinct on (territory_id) territory_id, parent_id from territory_version
        order by territory_id, valid_from desc
    ), subtree (node) as (
        select territory_id from person_grant where person_id = %(person)s and revoked_at is null
        union
        select p.territory_id from subtree s join parent p on p.parent_id = s.node
    )
    select 'territory:' || node from subtree union all select 'person:' || %(person)s::uuid
"""
_FEED = """
    select scope, kind, entity_id::text, doc from feed
    where scope = any(%(scopes)s) and doc is not null
"""


def scopes_of(connection: Connection, person: UUID) -> set[str]:
    """The scopes that a person's grants open now."""
    return {row[0] for row in connection.execute(_SCOPES, {"person": person})}


def feed_of(connection: Connection, scopes: set[str]) -> dict[tuple[str, str, str], Any]:
    """What a tablet with these scopes has to show."""
    rows = connection.execute(_FEED, {"scopes": sorted(scopes)})
    return {(scope, kind, key): doc for scope, kind, key, doc in rows}


_UNAUTHORISED = {
    "applied after its device was revoked": """
        select o.op from operation o join device d on d.id = o.device_id
        where o.status in ('applied', 'merged') and o.received_at > d.revoked_at + %(margin)s
    """,
    "applied where its author had no grant": """
        with recursive parent as (
            select distinct on (territory_id) territory_id, parent_id from territory_version
            order by territory_id, valid_from desc
        ), subtree (person, since, until, node) as (
            select person_id, granted_at - %(margin)s,
                coalesce(revoked_at, 'infinity') + %(margin)s, territory_id from person_grant
            union
            select s.person, s.since, s.until, p.territory_id
            from subtree s join parent p on p.parent_id = s.node
        )
        select i.op from inspection i join site v on v.id = i.site_id where not exists (
            select from subtree s where s.person = i.inspector_id and s.node = v.territory_id
            and i.received_at between s.since and s.until)
    """,
}


def unauthorised(connection: Connection, margin_s: float) -> Iterator[tuple[str, str]]:
    """Operations that were applied without a right to it: what is wrong, which.

    Rights are looked up when a request begins; it may last for `margin_s`.
    """
    for name, sql in _UNAUTHORISED.items():
        for row in connection.execute(sql, {"margin": timedelta(seconds=margin_s)}):
            yield name, str(row[0])
