"""The files for operators: what reads them on a server reads them here, where it is installed."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from audit_api.domain.strict_json import loads
from audit_api.embedded import EmbeddedServices
from audit_api.storage.evidence.photo_store import PhotoStore

FOLDER = Path(__file__).parents[2] / "docs" / "deploy"
UNITS = sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".service", ".timer"))
SERVICES = [name for name in UNITS if name.endswith(".service")]
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="no systemd-analyze: units are not read"
)
needs_nginx = pytest.mark.skipif(shutil.which("nginx") is None, reason="no nginx: not read by it")


def run(*words: str | Path) -> str:
    """What a program says that must end well."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@needs_systemd
@pytest.mark.parametrize("unit", UNITS)
def test_systemd_understands_every_line_of_a_unit(unit: str, tmp_path: Path) -> None:
    for path in FOLDER.glob("audit-api-*"):
        text = path.read_text().replace("/opt/audit_api/.venv/bin/", "/bin/true ")
        text = text.replace("/opt/audit_api/docs/deploy/backup.sh", "/bin/true")
        (tmp_path / path.name).write_text(text)
    assert run("systemd-analyze", "verify", tmp_path / unit) == ""


@needs_systemd
@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_may_do_little(unit: str) -> None:
    run("systemd-analyze", "security", "--offline=true", "--threshold=20", FOLDER / unit)


@needs_nginx
def test_nginx_understands_its_configuration(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "fullchain.pem"
    words = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test")
    run(*words, "-keyout", key, "-out", certificate)
    text = (FOLDER / "nginx.conf").read_text().replace("/etc/ssl/audit_api", str(tmp_path))
    text = text.replace("/var/log/nginx", str(tmp_path))
    (tmp_path / "site.conf").write_text(text)
    main = tmp_path / "nginx.conf"
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    elsewhere = " ".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in kinds)
    main.write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; {elsewhere} include {tmp_path}/site.conf; }}\n"
    )
    assert "test is successful" in run("nginx", "-t", "-p", tmp_path, "-c", main)


def test_nginx_takes_no_photo_in_before_it_passes_it_on() -> None:
    location = (FOLDER / "nginx.conf").read_text().split("location ~ ^/api/v1/(photos|uploads)")[1]
    assert "proxy_request_buffering off;" in location.split("}")[0]


def test_nginx_lets_a_photo_of_a_task_through_that_is_as_large_as_any() -> None:
    said = (FOLDER / "nginx.conf").read_text()
    pattern, location = said.split("location ~ ^/api/v1/tasks/")[1].split("}")[0].split(" {")
    assert re.fullmatch(f"/api/v1/tasks/{pattern}", "/api/v1/tasks/0198f3a2-5f0c/photos")
    assert "client_max_body_size 26m;" in location
    assert "proxy_request_buffering" not in location


@pytest.mark.parametrize("unit", ["audit-api-web.service", "audit-api-worker.service"])
def test_the_units_run_what_the_procfile_says(unit: str, project_root: Path) -> None:
    lines = (project_root / "Procfile").read_text().splitlines()
    commands = dict(line.split(": ", 1) for line in lines)
    name = unit.removeprefix("audit-api-").removesuffix(".service")
    assert f"ExecStart=/opt/audit_api/.venv/bin/{commands[name]}\n" in (FOLDER / unit).read_text()


@pytest.mark.parametrize("name", ["bucket-policy.json", "bucket-lifecycle.json"])
def test_the_buckets_files_are_strict_json(name: str) -> None:
    assert loads((FOLDER / name).read_bytes())


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PhotoStore, Any, str]]:
    """A bucket of its own under the policy that denies deletions, with one original."""
    services = EmbeddedServices(tmp_path_factory.mktemp("guarded"))
    try:
        with services:
            s3 = services.s3
            client = boto3.client(
                "s3",
                endpoint_url=s3.endpoint_url,
                region_name=s3.region,
                aws_access_key_id=s3.access_key,
                aws_secret_access_key=s3.secret_key,
            )
            text = (FOLDER / "bucket-policy.json").read_text().replace("BUCKET", s3.bucket)
            policy = json.loads(text)
            # It stands on loopback, without TLS.
            policy["Statement"] = [s for s in policy["Statement"] if s["Sid"] != "NeverWithoutTls"]
            client.put_bucket_policy(Bucket=s3.bucket, Policy=json.dumps(policy))
            client.put_bucket_lifecycle_configuration(
                Bucket=s3.bucket,
                LifecycleConfiguration=json.loads((FOLDER / "bucket-lifecycle.json").read_text()),
            )
            yield PhotoStore(s3), client, s3.bucket
    finally:
        services.erase()


def test_under_the_policy_nobody_deletes_an_original(
    guarded: tuple[PhotoStore, Any, str],
) -> None:
    store, client, bucket = guarded
    client.put_object(Bucket=bucket, Key=store.key(bytes(32)), Body=b"original")
    preview = store.preview_key(bytes(32), 320)
    client.put_object(Bucket=bucket, Key=preview, Body=b"preview")
    client.delete_object(Bucket=bucket, Key=preview)
    with pytest.raises(ClientError, match="AccessDenied"):
        client.delete_object(Bucket=bucket, Key=store.key(bytes(32)))
    assert b"".join(store.read(bytes(32))) == b"original"
