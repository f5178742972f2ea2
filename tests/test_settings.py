"""An unsafe or unreadable environment is refused, and the refusal names the variable."""

import os
import secrets
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from audit_api.domain.oversight.escalation import EscalationDays
from audit_api.domain.oversight.fabrication import Thresholds
from audit_api.domain.vocabulary import ActKind, Language
from audit_api.settings import Settings, SettingsError

GOOD = {
    "DATABASE_URL": "postgresql://auditor:its-password@db.example.org/audit",
    "S3_BUCKET": "photos",
    "S3_ACCESS_KEY_ID": "access",
    "S3_SECRET_ACCESS_KEY": "the-key-of-the-bucket",
    "SECRET_KEY": secrets.token_hex(32),
    "RECEIPT_SIGNING_KEY": secrets.token_hex(32),
}
FLAGS = {f"FLAG_{name.upper()}": name for name in Thresholds.__dataclass_fields__}
ESCALATE = {f"ESCALATE_{name.upper()}": name for name in EscalationDays.__dataclass_fields__}
TERMS = {f"ACT_ANSWER_DAYS_{kind.upper()}": kind for kind in ActKind}
BODY = {f"INSPECTING_BODY_{language.name}": language.value for language in Language}
OPTIONAL = (
    "PUBLIC_URL", "MAX_PHOTO_BYTES", "SESSION_HOURS", "ENROLMENT_MINUTES", "LOG_LEVEL",
    *FLAGS, *ESCALATE, *TERMS, *BODY,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _good_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OPTIONAL:
        monkeypatch.delenv(name, raising=False)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)


def test_a_good_environment_is_read() -> None:
    settings = Settings.from_env()
    assert (settings.s3.bucket, settings.pool_size, settings.enrolment_minutes) == ("photos", 8, 10)


@pytest.mark.parametrize(
    "name",
    [
        "DATABASE_URL",
        "S3_BUCKET",
        "S3_ACCESS_KEY_ID",
        "S3_SECRET_ACCESS_KEY",
        "SECRET_KEY",
        "RECEIPT_SIGNING_KEY",
    ],
)
@pytest.mark.parametrize("empty", [False, True], ids=["not set", "empty"])
def test_a_missing_variable_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, empty: bool
) -> None:
    if empty:
        monkeypatch.setenv(name, "")
    else:
        monkeypatch.delenv(name)
    with pytest.raises(SettingsError, match=name):
        Settings.from_env()


def test_all_missing_variables_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("S3_BUCKET")
    with pytest.raises(SettingsError, match="DATABASE_URL, S3_BUCKET"):
        Settings.from_env()


@pytest.mark.parametrize(
    "secret",
    [
        "secret",
        "changeme",
        secrets.token_hex(15),
        "changeme" * 4,
        "password" * 5,
        "x" * 64,
        " " * 40,
    ],
    ids=["default", "another default", "30 characters", "repeated", "repeated too", "x", "spaces"],
)
def test_a_weak_secret_is_refused(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("SECRET_KEY", secret)
    with pytest.raises(SettingsError, match="SECRET_KEY"):
        Settings.from_env()


@pytest.mark.parametrize("length", [16, 32])
def test_a_random_secret_of_32_characters_or_more_is_taken(
    monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    monkeypatch.setenv("SECRET_KEY", secrets.token_hex(length))
    assert Settings.from_env()


def _pem(key: Ed25519PrivateKey | X25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    "key",
    ["changeme", "00" * 32, "ab" * 32, secrets.token_hex(31), GOOD["SECRET_KEY"], "-----BEGIN x"],
    ids=["default", "zeros", "repeated", "31 bytes", "the other secret", "broken PEM"],
)
def test_a_bad_signing_key_is_refused_and_the_refusal_says_how_to_make_one(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("RECEIPT_SIGNING_KEY", key)
    with pytest.raises(SettingsError, match=r"RECEIPT_SIGNING_KEY is .*token_hex"):
        Settings.from_env()


def test_a_key_of_another_algorithm_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECEIPT_SIGNING_KEY", _pem(X25519PrivateKey.generate()))
    with pytest.raises(SettingsError, match="no Ed25519 private key"):
        Settings.from_env()


@pytest.mark.parametrize("end", ["\n", "\\n"], ids=["lines", "one line"])
def test_a_signing_key_may_be_the_text_of_a_pem_file(
    monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    key = Ed25519PrivateKey.generate()
    monkeypatch.setenv("RECEIPT_SIGNING_KEY", _pem(key).replace("\n", end))
    assert Settings.from_env().receipt_signing_key == key.private_bytes_raw()


@pytest.mark.parametrize("value", ["1", "true", "True", "on", "please"])
def test_the_debugger_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("FLASK_DEBUG", value)
    with pytest.raises(SettingsError, match="FLASK_DEBUG"):
        Settings.from_env()


@pytest.mark.parametrize("value", ["", "0", "false", "No"])
def test_a_debugger_that_is_off_is_no_reason_to_refuse(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("FLASK_DEBUG", value)
    assert Settings.from_env()


@pytest.mark.parametrize(
    "address",
    [
        "mysql://u:its-password@host/name",
        "sqlite:///audit.db",
        "postgresql+psycopg2://u:its-password@host/name",
        "host=localhost password=its-password",
        "postgresql://u:its-password@host:many/name",
        "postgresql+psycopg",
    ],
)
def test_an_address_of_no_postgresql_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", address)
    with pytest.raises(SettingsError, match="DATABASE_URL is not") as refusal:
        Settings.from_env()
    assert "its-password" not in str(refusal.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_postgresql_scheme_gets_our_driver(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://u:p@host/name")
    assert Settings.from_env().database_url == "postgresql+psycopg://u:p@host/name"


@pytest.mark.parametrize("value", ["abc", "0", "-1", "1.5", "1e9", "٨", "8 MB", "9" * 5000])
@pytest.mark.parametrize(
    "name",
    ["DATABASE_POOL_SIZE", "MAX_PHOTO_BYTES", "SESSION_HOURS", "ENROLMENT_MINUTES"],
)
def test_a_nonsense_number_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"{name} is .* whole number"):
        Settings.from_env()


def test_an_empty_number_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_POOL_SIZE", "")
    assert Settings.from_env().pool_size == 8


def test_an_unknown_log_level_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "LOUD")
    with pytest.raises(SettingsError, match="LOG_LEVEL is 'LOUD'; write one of DEBUG"):
        Settings.from_env()


def test_a_log_level_may_be_written_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "warning")
    assert Settings.from_env().log_level == "WARNING"


@pytest.mark.parametrize("address", ["s3.example.org", "ftp://s3.example.org", "https://", "/tmp"])
def test_an_endpoint_that_is_no_web_address_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("S3_ENDPOINT_URL", address)
    with pytest.raises(SettingsError, match="S3_ENDPOINT_URL"):
        Settings.from_env()


def test_without_an_endpoint_it_is_the_cloud_provider_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3_ENDPOINT_URL", "")
    assert Settings.from_env().s3.endpoint_url is None


def test_what_is_printed_of_settings_holds_no_secret() -> None:
    printed = repr(Settings.from_env())
    seed = repr(Settings.from_env().receipt_signing_key)
    assert [s for s in ("its-password", GOOD["S3_SECRET_ACCESS_KEY"], GOOD["SECRET_KEY"], seed)
            if s in printed] == []  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [("SECRET_KEY", "dev"), ("RECEIPT_SIGNING_KEY", "dev"), ("SESSION_HOURS", "day")],
)
def test_the_web_server_does_not_start_and_its_last_words_name_the_variable(
    project_root: Path, name: str, value: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import wsgi"],
        cwd=project_root,
        env=os.environ | GOOD | {name: value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode != 0
    assert f": {name} is " in ended.stderr.splitlines()[-1]


@pytest.mark.parametrize("variable", FLAGS)
def test_every_threshold_of_a_flag_can_be_set(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    assert Settings.from_env().fabrication == Thresholds()
    monkeypatch.setenv(variable, "7")
    assert Settings.from_env().fabrication == replace(Thresholds(), **{FLAGS[variable]: 7})
    monkeypatch.setenv(variable, "0")
    with pytest.raises(SettingsError, match=variable):
        Settings.from_env()


@pytest.mark.parametrize("name", ESCALATE)
def test_days_of_escalation_are_read(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert Settings.from_env().escalation == EscalationDays()
    new = {"reminder_before": 5, "district_after": 2, "coordinator_after": 4, "prosecutor_after": 9}
    monkeypatch.setenv(name, str(new[ESCALATE[name]]))
    assert getattr(Settings.from_env().escalation, ESCALATE[name]) == new[ESCALATE[name]]


def test_steps_of_escalation_that_overtake_each_other_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ESCALATE_DISTRICT_AFTER", "8")
    with pytest.raises(SettingsError, match=r"ESCALATE_.*_AFTER.*each step needs more days"):
        Settings.from_env()


def test_no_kind_of_act_has_a_term_that_nobody_set() -> None:
    assert Settings.from_env().act_answer_days == {}


@pytest.mark.parametrize("variable", TERMS)
def test_the_term_for_an_answer_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "10")
    assert Settings.from_env().act_answer_days == {TERMS[variable]: 10}
    monkeypatch.setenv(variable, "0")
    with pytest.raises(SettingsError, match=variable):
        Settings.from_env()


def test_the_inspecting_body_is_named_in_every_language_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Settings.from_env().inspecting_body == {}
    for name in BODY:
        monkeypatch.setenv(name, f"Body {name[-2:]}")
    assert Settings.from_env().inspecting_body == {
        "ky": "Body KY",
        "ru": "Body RU",
        "en": "Body EN",
    }
    monkeypatch.setenv("INSPECTING_BODY_KY", "")
    with pytest.raises(SettingsError, match="Set all, or none"):
        Settings.from_env()


def test_no_mail_is_sent_unless_a_server_is_named() -> None:
    settings = Settings.from_env()
    assert (settings.mail, settings.webhooks_anywhere) == (None, False)


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("smtps://aida:p%40ss@mail.example.org", ("mail.example.org", 465, "smtps", "p@ss")),
        ("smtp://mail.example.org", ("mail.example.org", 587, "smtp", "")),
        ("smtp+plain://127.0.0.1:1025", ("127.0.0.1", 1025, "smtp+plain", "")),
    ],
)
def test_a_mail_server_is_read(
    monkeypatch: pytest.MonkeyPatch, url: str, read: tuple[str, int, str, str]
) -> None:
    monkeypatch.setenv("SMTP_URL", url)
    monkeypatch.setenv("MAIL_FROM", "audit@example.org")
    mail = Settings.from_env().mail
    assert mail is not None
    assert (mail.host, mail.port, mail.security, mail.password) == read
    assert "p@ss" not in repr(mail)


@pytest.mark.parametrize(
    "url", ["mail.example.org", "http://a", "smtp://", "smtp://a:x", "smtp://a/b"]
)
def test_what_is_no_mail_server_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("SMTP_URL", url)
    monkeypatch.setenv("MAIL_FROM", "audit@example.org")
    with pytest.raises(SettingsError, match="SMTP_URL is no mail server"):
        Settings.from_env()


@pytest.mark.parametrize("sender", ["", "audit", "Audit <audit@example.org>"])
def test_mail_needs_an_address_that_it_comes_from(
    monkeypatch: pytest.MonkeyPatch, sender: str
) -> None:
    monkeypatch.setenv("SMTP_URL", "smtp://mail.example.org")
    monkeypatch.setenv("MAIL_FROM", sender)
    with pytest.raises(SettingsError, match="MAIL_FROM"):
        Settings.from_env()


def test_a_switch_is_yes_or_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOKS_ANYWHERE", "true")
    assert Settings.from_env().webhooks_anywhere
    monkeypatch.setenv("WEBHOOKS_ANYWHERE", "maybe")
    with pytest.raises(SettingsError, match="WEBHOOKS_ANYWHERE"):
        Settings.from_env()


def test_the_public_address_stands_on_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.from_env().public_url is None
    monkeypatch.setenv("PUBLIC_URL", "https://audit.example.org/")
    assert Settings.from_env().public_url == "https://audit.example.org"


@pytest.mark.parametrize(
    "address", ["audit.example.org", "https://" + "x" * 300, "https://мисал.kg", "ftp://x.kg"]
)
def test_an_address_that_no_qr_code_takes_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("PUBLIC_URL", address)
    with pytest.raises(SettingsError, match="PUBLIC_URL"):
        Settings.from_env()
