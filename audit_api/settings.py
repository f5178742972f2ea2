"""Settings from the environment, checked once at start and frozen."""

import re
from dataclasses import dataclass, field
from typing import Self

from environs import Env

_WEAK_SECRETS = {"", "secret", "changeme", "change-me", "dev", "development", "test", "password"}


class SettingsError(Exception):
    """The environment does not allow a safe start; the message says what to set."""


@dataclass(frozen=True, slots=True)
class S3Settings:
    """Where the photos live. `endpoint_url` is None for the cloud provider's own."""

    bucket: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    endpoint_url: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs between installations. Bytes and seconds as named."""

    database_url: str = field(repr=False)
    s3: S3Settings
    secret_key: str = field(repr=False)
    pool_size: int = 8
    max_push_bytes: int = 2_000_000
    max_push_operations: int = 200
    max_photo_bytes: int = 25_000_000
    session_hours: int = 12
    enrolment_minutes: int = 10
    log_level: str = "INFO"

    @classmethod
    def from_env(cls) -> Self:
        """Read `DATABASE_URL`, `S3_*`, `SECRET_KEY` and the optional rest; refuse unsafe ones."""
        env = Env()
        missing = [
            name
            for name in ("DATABASE_URL", "S3_BUCKET", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY")
            if not env.str(name, "")
        ]
        if missing:
            raise SettingsError(
                f"{', '.join(missing)} not set. Set them to your PostgreSQL and S3, "
                "or run `make demo`, which starts its own."
            )
        if env.bool("FLASK_DEBUG", False):
            raise SettingsError("FLASK_DEBUG is on; it shows source code to callers. Unset it.")
        return cls(
            database_url=psycopg_url(env.str("DATABASE_URL")),
            s3=S3Settings(
                bucket=env.str("S3_BUCKET"),
                region=env.str("S3_REGION", "us-east-1"),
                access_key=env.str("S3_ACCESS_KEY_ID"),
                secret_key=env.str("S3_SECRET_ACCESS_KEY"),
                endpoint_url=env.str("S3_ENDPOINT_URL", "") or None,
            ),
            secret_key=strong_secret(env.str("SECRET_KEY", "")),
            pool_size=env.int("DATABASE_POOL_SIZE", 8),
            max_photo_bytes=env.int("MAX_PHOTO_BYTES", 25_000_000),
            session_hours=env.int("SESSION_HOURS", 12),
            enrolment_minutes=env.int("ENROLMENT_MINUTES", 10),
            log_level=env.str("LOG_LEVEL", "INFO"),
        )


def psycopg_url(url: str) -> str:
    """The same database with the driver named, whichever PostgreSQL scheme was given."""
    named = re.sub(r"^postgres(ql)?(\+psycopg)?://", "postgresql+psycopg://", url)
    if not named.startswith("postgresql+psycopg://"):
        raise SettingsError(
            "DATABASE_URL is not a PostgreSQL address; write postgresql://user:password@host/name."
        )
    return named


def strong_secret(secret: str) -> str:
    """The secret itself, if it is one: cursors are signed with it."""
    if secret.lower() in _WEAK_SECRETS or len(secret) < 32:
        raise SettingsError(
            "SECRET_KEY is missing, a default or shorter than 32 characters. Make one with: "
            "python3 -c 'import secrets; print(secrets.token_hex(32))'"
        )
    return secret
