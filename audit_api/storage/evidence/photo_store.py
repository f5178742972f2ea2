"""The bucket: originals under their own hash, written once."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from audit_api.settings import S3Settings

_NAME = re.compile("[0-9a-f]{64}")


class BucketUnavailable(Exception):
    """The store does not answer just now, or says that it is unwell."""


@dataclass(frozen=True, slots=True)
class Lying:
    """What lies in the bucket: its size, and the type with which it was put."""

    bytes: int
    content_type: str


@dataclass(frozen=True, slots=True)
class StoredOriginal:
    """An original as the bucket lists it."""

    sha256: bytes
    bytes: int
    stored_at: datetime


@contextmanager
def telling() -> Iterator[None]:
    """What helps to be tried again, as BucketUnavailable; a refusal stays a ClientError."""
    try:
        yield
    except BotoCoreError as error:
        raise BucketUnavailable(type(error).__name__) from error
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status >= 500 or status == 429:
            raise BucketUnavailable(str(status)) from error
        raise


def connect(settings: S3Settings, endpoint_url: str | None) -> Any:
    """A client of the store at an address. One per process: it is thread-safe."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name=settings.region,
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key,
        config=Config(
            connect_timeout=5,
            read_timeout=60,
            max_pool_connections=64,
            retries={"max_attempts": 3, "mode": "standard"},
            signature_version="s3v4",
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path"},
        ),
    )


class PhotoStore:
    """Originals in S3. One per process: making a client takes milliseconds; it is thread-safe."""

    def __init__(self, settings: S3Settings) -> None:
        self._bucket = settings.bucket
        self._client = connect(settings, settings.endpoint_url)
        public = settings.public_endpoint_url
        self._public = self._client if public is None else connect(settings, public)

    def sign_put(
        self, sha256: bytes, *, size: int, content_type: str, seconds: int
    ) -> tuple[str, dict[str, str]]:
        """An address to PUT exactly that original to, once, and the headers that belong to it.

        The store itself refuses other bytes, another size or type, and to overwrite.
        """
        digest = b64encode(sha256).decode()
        url: str = self._public.generate_presigned_url(
            "put_object",
            Params={
                "Bucket": self._bucket,
                "Key": self.key(sha256),
                "ContentLength": size,
                "ContentType": content_type,
                "ChecksumSHA256": digest,
                "IfNoneMatch": "*",
            },
            ExpiresIn=seconds,
        )
        headers = {
            "Content-Length": str(size),
            "Content-Type": content_type,
            "x-amz-checksum-sha256": digest,
            "If-None-Match": "*",
        }
        return url, headers

    @staticmethod
    def key(sha256: bytes) -> str:
        """Where the original with that hash lies."""
        name = sha256.hex()
        return f"originals/sha256/{name[:2]}/{name[2:4]}/{name}"

    @staticmethod
    def preview_key(sha256: bytes, size: int) -> str:
        """Where the preview of that size lies. It is derived: losing it loses nothing."""
        name = sha256.hex()
        return f"previews/{size}/{name[:2]}/{name[2:4]}/{name}.jpg"

    def put(self, sha256: bytes, body: IO[bytes], *, size: int, content_type: str) -> bool:
        """Store an original whose hash the store itself verifies; False if it was there.

        Never overwrites (`If-None-Match: *`). Raises BucketUnavailable when it helps to come again.
        """
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=self.key(sha256),
                Body=body,
                ContentLength=size,
                ContentType=content_type,
                ChecksumSHA256=b64encode(sha256).decode(),
                IfNoneMatch="*",
            )
        except BotoCoreError as error:
            raise BucketUnavailable(type(error).__name__) from error
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == 412:
                return False
            # 409: somebody else is storing the same original just now.
            if status >= 500 or status in (409, 429):
                raise BucketUnavailable(str(status)) from error
            raise
        return True

    def read(
        self, sha256: bytes, chunk_bytes: int = 65_536, *, part: tuple[int, int] | None = None
    ) -> Iterator[bytes]:
        """The original's bytes, streamed; `part`: from its first to before its last.

        Raises BucketUnavailable before the first of them.
        """
        some = {} if part is None else {"Range": f"bytes={part[0]}-{part[1] - 1}"}
        with telling():
            answer = self._client.get_object(Bucket=self._bucket, Key=self.key(sha256), **some)
        chunks: Iterator[bytes] = answer["Body"].iter_chunks(chunk_bytes)
        return chunks

    def put_preview(self, sha256: bytes, size: int, content: bytes) -> None:
        """Store a preview (JPEG). Raises BucketUnavailable when it helps to come again."""
        with telling():
            self._client.put_object(
                Bucket=self._bucket,
                Key=self.preview_key(sha256, size),
                Body=content,
                ContentType="image/jpeg",
            )

    def read_preview(self, sha256: bytes, size: int) -> bytes | None:
        """A preview; None when none lies here. Raises BucketUnavailable."""
        try:
            with telling():
                answer = self._client.get_object(
                    Bucket=self._bucket, Key=self.preview_key(sha256, size)
                )
                content: bytes = answer["Body"].read()
                return content
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise

    def stored_sha256(self, sha256: bytes, into: IO[bytes] | None = None) -> bytes | None:
        """The SHA-256 of what lies where that original should; None when nothing does.

        The bytes are written `into` a file on their way. Raises BucketUnavailable when it cannot
        be told.
        """
        digest = hashlib.sha256()
        try:
            for chunk in self.read(sha256, 1 << 20):
                digest.update(chunk)
                if into is not None:
                    into.write(chunk)
        except BotoCoreError as error:
            raise BucketUnavailable(type(error).__name__) from error
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == 404:
                return None
            raise BucketUnavailable(str(status)) from error
        return digest.digest()

    def look(self, sha256: bytes) -> Lying | None:
        """What lies where that original should; None when nothing does.

        Raises BucketUnavailable when it cannot be told.
        """
        try:
            answer = self._client.head_object(Bucket=self._bucket, Key=self.key(sha256))
        except BotoCoreError as error:
            raise BucketUnavailable(type(error).__name__) from error
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == 404:
                return None
            raise BucketUnavailable(str(status)) from error
        return Lying(int(answer["ContentLength"]), str(answer["ContentType"]))

    def size(self, sha256: bytes) -> int | None:
        """The stored size in bytes, or None when no such original lies here; see `look`."""
        found = self.look(sha256)
        return None if found is None else found.bytes

    def originals(self) -> Iterator[list[StoredOriginal]]:
        """Every original in the bucket, by pages. Raises BucketUnavailable."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix="originals/sha256/"
        )
        with telling():
            for page in pages:
                yield [
                    StoredOriginal(bytes.fromhex(name), int(one["Size"]), one["LastModified"])
                    for one in page.get("Contents", ())
                    if _NAME.fullmatch(name := one["Key"].rpartition("/")[2])
                ]

    def delete_orphan(self, sha256: bytes) -> None:
        """Delete an original that no row knows. Raises BucketUnavailable, also if it may not."""
        try:
            self._client.delete_object(Bucket=self._bucket, Key=self.key(sha256))
        except (BotoCoreError, ClientError) as error:
            raise BucketUnavailable(str(error)) from error

    def check(self) -> None:
        """Raise unless the bucket can be reached."""
        self._client.head_bucket(Bucket=self._bucket)
