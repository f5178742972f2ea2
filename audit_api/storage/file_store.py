"""Files that were made for people: in the bucket of the photos, under prefixes of their own."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from botocore.exceptions import ClientError

from audit_api.settings import S3Settings
from audit_api.storage.evidence.photo_store import connect, telling

EXPORTS = "exports/"
"""What is swept after a term."""
PAPERS = "papers/"
"""Papers of frozen documents, under the SHA-256 of the file: kept."""


class FileStore:
    """Such files by key. One per process: making a client takes milliseconds; it is thread-safe."""

    def __init__(self, settings: S3Settings) -> None:
        self._bucket = settings.bucket
        self._client = connect(settings, settings.endpoint_url)

    def put(self, key: str, file: Path, content_type: str) -> None:
        """Store a file; one that lies there already is replaced. Raises BucketUnavailable."""
        with telling(), file.open("rb") as body:
            self._client.put_object(
                Bucket=self._bucket, Key=key, Body=body, ContentType=content_type
            )

    def read(self, key: str, chunk_bytes: int = 65_536) -> Iterator[bytes] | None:
        """The bytes of a file, streamed; None when none lies there. Raises BucketUnavailable."""
        try:
            with telling():
                answer = self._client.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise
        chunks: Iterator[bytes] = answer["Body"].iter_chunks(chunk_bytes)
        return chunks

    def sweep(self, *, older_than: datetime) -> int:
        """Delete exports stored before an instant; returns how many. Raises BucketUnavailable."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=EXPORTS
        )
        gone = 0
        with telling():
            for page in pages:
                for one in page.get("Contents", ()):
                    if one["LastModified"] < older_than:
                        self._client.delete_object(Bucket=self._bucket, Key=one["Key"])
                        gone += 1
        return gone
