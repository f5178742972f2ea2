"""Settings from the environment, checked once at start and frozen."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from environs import Env
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from audit_api.domain.events.mails import is_address
from audit_api.domain.oversight.escalation import EscalationDays
from audit_api.domain.oversight.fabrication import Thresholds
from audit_api.domain.vocabulary import ActKind, Language

_LEAST_SECRET_LENGTH = 32
# "changeme", however often repeated, has 7; a random one of 32 hexadecimal digits about 14.
_LEAST_SECRET_LETTERS = 8
# Any other value turns the debugger of Flask on.
_FLASK_DEBUG_OFF = {"", "0", "false", "no"}
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class SettingsError(Exception):
    """The environment does not allow a safe start; the message says what to set."""


@dataclass(frozen=True, slots=True)
class S3Settings:
    """Where the photos live. `endpoint_url` is None for the cloud provider's own.

    `public_endpoint_url`: where tablets reach the bucket, None when they shall not.
    """

    bucket: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    endpoint_url: str | None = None
    public_endpoint_url: str | None = None


@dataclass(frozen=True, slots=True)
class MailSettings:
    """The mail server. `security`: smtps (TLS at once), smtp (STARTTLS, or nothing is sent), or
    smtp+plain (none: for a relay on the same machine). `sender`: the address mail comes from."""

    host: str
    port: int
    security: str
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs between installations. Bytes and seconds as named."""

    database_url: str = field(repr=False)
    s3: S3Settings
    secret_key: str = field(repr=False)
    receipt_signing_key: bytes = field(repr=False)
    pool_size: int = 8
    max_push_bytes: int = 2_000_000
    max_push_operations: int = 200
    max_photo_bytes: int = 25_000_000
    max_unfinished_bytes: int = 20_000_000_000
    session_hours: int = 12
    enrolment_minutes: int = 10
    public_url: str | None = None
    log_level: str = "INFO"
    fabrication: Thresholds = field(default_factory=Thresholds)
    escalation: EscalationDays = field(default_factory=EscalationDays)
    # No default: the terms of the law could not be verified.
    act_answer_days: Mapping[ActKind, int] = field(default_factory=dict)
    # The body that has the inspections made, by language; empty: nobody named it.
    inspecting_body: Mapping[str, str] = field(default_factory=dict)
    # For demonstration and tests: webhooks may lead into private networks, over plain HTTP.
    webhooks_anywhere: bool = False
    # None: no mail is sent.
    mail: MailSettings | None = None

    @classmethod
    def from_env(cls) -> Self:
        """Read `DATABASE_URL`, `S3_*`, the two keys and the optional rest; refuse unsafe ones."""
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
        if env.str("FLASK_DEBUG", "").lower() not in _FLASK_DEBUG_OFF:
            raise SettingsError("FLASK_DEBUG is on; it shows source code to callers. Unset it.")
        default: dict[str, Any] = {f.name: f.default for f in fields(cls)}
        return cls(
            database_url=psycopg_url(env.str("DATABASE_URL")),
            s3=S3Settings(
                bucket=env.str("S3_BUCKET"),
                region=env.str("S3_REGION", "us-east-1"),
                access_key=env.str("S3_ACCESS_KEY_ID"),
                secret_key=env.str("S3_SECRET_ACCESS_KEY"),
                endpoint_url=web_address("S3_ENDPOINT_URL", env.str("S3_ENDPOINT_URL", "")),
                public_endpoint_url=web_address(
                    "S3_PUBLIC_ENDPOINT_URL", env.str("S3_PUBLIC_ENDPOINT_URL", "")
                ),
            ),
            secret_key=strong_secret(env.str("SECRET_KEY", "")),
            receipt_signing_key=signing_key(
                env.str("RECEIPT_SIGNING_KEY", ""), other=env.str("SECRET_KEY", "")
            ),
            pool_size=_whole(env, "DATABASE_POOL_SIZE", default["pool_size"], most=1000),
            max_photo_bytes=_whole(
                env, "MAX_PHOTO_BYTES", default["max_photo_bytes"], most=5_000_000_000
            ),
            max_unfinished_bytes=_whole(
                env, "MAX_UNFINISHED_BYTES", default["max_unfinished_bytes"], most=99_999_999_999
            ),
            session_hours=_whole(env, "SESSION_HOURS", default["session_hours"], most=24 * 365),
            enrolment_minutes=_whole(
                env, "ENROLMENT_MINUTES", default["enrolment_minutes"], most=60 * 24 * 60
            ),
            public_url=_public_url(env.str("PUBLIC_URL", "")),
            log_level=_log_level(env.str("LOG_LEVEL", "") or default["log_level"]),
            fabrication=_thresholds(env),
            escalation=_escalation(env),
            act_answer_days=_answer_days(env),
            inspecting_body=_inspecting_body(env),
            webhooks_anywhere=_switch(env, "WEBHOOKS_ANYWHERE"),
            mail=mail_settings(env.str("SMTP_URL", ""), env.str("MAIL_FROM", "")),
        )


_MOST_OF_THRESHOLDS = {
    "alike_bits": 16,
    "photo_minutes": 60 * 24 * 30,
    "far_m": 100_000,
    "travel_kmh": 1_000,
    "travel_least_m": 1_000_000,
    "equal_values": 500,
}


def _thresholds(env: Env) -> Thresholds:
    default = Thresholds()
    return Thresholds(
        **{
            name: _whole(env, f"FLAG_{name.upper()}", getattr(default, name), most=most)
            for name, most in _MOST_OF_THRESHOLDS.items()
        }
    )


def _escalation(env: Env) -> EscalationDays:
    default = EscalationDays()
    days = {
        f.name: _whole(env, f"ESCALATE_{f.name.upper()}", getattr(default, f.name), most=365)
        for f in fields(EscalationDays)
    }
    try:
        return EscalationDays(**days)
    except ValueError as error:
        raise SettingsError(f"ESCALATE_*_AFTER: {error}. Set rising numbers of days.") from None


def _answer_days(env: Env) -> dict[ActKind, int]:
    """Calendar days from the day of an act to that of its answer, of the kinds that have a term."""
    names = {kind: f"ACT_ANSWER_DAYS_{kind.value.upper()}" for kind in ActKind}
    return {
        kind: _whole(env, name, 0, most=366) for kind, name in names.items() if env.str(name, "")
    }


def _inspecting_body(env: Env) -> dict[str, str]:
    said = {
        language.value: env.str(f"INSPECTING_BODY_{language.name}", "") for language in Language
    }
    if any(said.values()) and not all(said.values()):
        raise SettingsError(
            "INSPECTING_BODY_KY, _RU and _EN name one body in three languages. Set all, or none."
        )
    return said if all(said.values()) else {}


def _whole(env: Env, name: str, default: int, *, most: int) -> int:
    found = env.str(name, "") or str(default)
    # Zero is no limit at all to a pool, and no session at all to a person.
    if not (found.isascii() and found.isdigit() and len(found) < 12) or not 1 <= int(found) <= most:
        raise SettingsError(
            f"{name} is {found[:40]!r}; write a whole number from 1 to {most}, "
            f"or unset it for {default}."
        )
    return int(found)


def _switch(env: Env, name: str) -> bool:
    """Off unless it says so; anything else than yes or no is refused."""
    found = env.str(name, "").lower()
    if found not in ("", "0", "false", "no", "1", "true", "yes"):
        raise SettingsError(f"{name} is {found[:40]!r}; write true or false, or unset it.")
    return found in ("1", "true", "yes")


def _public_url(address: str) -> str | None:
    """Where people reach this server: it stands on papers, as text and as a QR code."""
    found = web_address("PUBLIC_URL", address.rstrip("/"))
    if found is not None and (len(found) > 200 or not re.fullmatch(r"[!-~]+", found)):
        raise SettingsError(
            "PUBLIC_URL is too long for a QR code or has other than ASCII characters; "
            "write it like https://audit.example.org."
        )
    return found


def _log_level(level: str) -> str:
    if level.upper() not in _LOG_LEVELS:
        raise SettingsError(f"LOG_LEVEL is {level!r}; write one of {', '.join(_LOG_LEVELS)}.")
    return level.upper()


def web_address(name: str, address: str) -> str | None:
    """The address itself; None when it is empty. `name` is the variable it stands in."""
    if address and not re.fullmatch(r"https?://[^\s/]\S*", address):
        raise SettingsError(f"{name} is no web address; write it like https://s3.example.org.")
    return address or None


_MAIL_PORTS = {"smtps": 465, "smtp": 587, "smtp+plain": 25}


def mail_settings(url: str, sender: str) -> MailSettings | None:
    """The mail server that `SMTP_URL` names; None when it is empty."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port or _MAIL_PORTS.get(parts.scheme, 0)
    except ValueError:
        parts, port = urlsplit(""), 0
    if not port or not parts.hostname or parts.path not in ("", "/"):
        # Without the address: it may hold a password.
        raise SettingsError(
            "SMTP_URL is no mail server; write smtps://user:password@mail.example.org, smtp:// "
            "for STARTTLS, or smtp+plain://127.0.0.1 for a relay on this machine."
        )
    if not is_address(sender):
        raise SettingsError(
            f"MAIL_FROM is {sender[:40]!r}; write the address that mail comes from, like "
            "audit@example.org."
        )
    return MailSettings(
        parts.hostname,
        port,
        parts.scheme,
        sender,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


def psycopg_url(url: str) -> str:
    """The same database with the driver named, whichever PostgreSQL scheme was given."""
    named = re.sub(r"^postgres(ql)?(\+psycopg)?://", "postgresql+psycopg://", url)
    try:
        readable = make_url(named).drivername == "postgresql+psycopg"
    except (ArgumentError, ValueError):
        readable = False
    if not readable:
        # Without the address: it holds a password.
        raise SettingsError(
            "DATABASE_URL is not a PostgreSQL address; write postgresql://user:password@host/name."
        )
    return named


def strong_secret(secret: str) -> str:
    """The secret itself, if it is one: cursors are signed with it."""
    if len(secret) < _LEAST_SECRET_LENGTH or len(set(secret)) < _LEAST_SECRET_LETTERS:
        raise SettingsError(
            f"SECRET_KEY is missing, a default or shorter than {_LEAST_SECRET_LENGTH} characters. "
            "Make one with: python3 -c 'import secrets; print(secrets.token_hex(32))'"
        )
    return secret


def signing_key(said: str, *, other: str = "") -> bytes:
    """The 32 bytes of an Ed25519 private key from their hex digits, or from its PEM file's text.

    Receipts and the log are signed with it for years, so it must be nothing that `other` is.
    """
    said = said.strip().replace("\\n", "\n")
    try:
        if said.startswith("-----BEGIN"):
            private = load_pem_private_key(said.encode(), password=None)
            seed = private.private_bytes_raw() if isinstance(private, Ed25519PrivateKey) else b""
        else:
            seed = bytes.fromhex(said) if re.fullmatch("[0-9a-fA-F]{64}", said) else b""
    except (ValueError, TypeError):
        seed = b""
    if len(set(seed)) < _LEAST_SECRET_LETTERS or said == other:
        raise SettingsError(
            "RECEIPT_SIGNING_KEY is missing, no Ed25519 private key (64 hex digits, or PEM), a "
            "default, or the same as SECRET_KEY. Make one of its own and keep it as long as its "
            "receipts: python3 -c 'import secrets; print(secrets.token_hex(32))'"
        )
    return seed
