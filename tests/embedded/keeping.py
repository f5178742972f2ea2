"""A row and an object that a test keeps in the services, and looks for later."""

import io
from collections.abc import Mapping
from hashlib import sha256

import psycopg

from audit_api.settings import S3Settings
from audit_api.storage.evidence.photo_store import PhotoStore

Address = Mapping[str, str]


def connect(address: Address) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(address["DATABASE_URL"].replace("+psycopg", "", 1), autocommit=True)


def photo_store(address: Address) -> PhotoStore:
    return PhotoStore(
        S3Settings(
            bucket=address["S3_BUCKET"],
            region=address["S3_REGION"],
            access_key=address["S3_ACCESS_KEY_ID"],
            secret_key=address["S3_SECRET_ACCESS_KEY"],
            endpoint_url=address["S3_ENDPOINT_URL"],
        )
    )


def keep(address: Address, word: str) -> None:
    """Commit a row and store an object."""
    with connect(address) as connection:
        connection.execute("create table if not exists kept (word text)")
        connection.execute("insert into kept values (%s)", [word])
    body = word.encode()
    photo_store(address).put(
        sha256(body).digest(), io.BytesIO(body), size=len(body), content_type="text/plain"
    )


def kept_rows(address: Address) -> set[object]:
    with connect(address) as connection:
        return {word for (word,) in connection.execute("select word from kept")}


def kept_object(address: Address, word: str) -> str:
    """The object's text, as it is stored."""
    return b"".join(photo_store(address).read(sha256(word.encode()).digest())).decode()
