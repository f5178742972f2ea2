"""Is it alive, is it ready, and its figures for Prometheus. Open to anybody; no data in them."""

from typing import Any

from flask import Blueprint, Response, current_app, jsonify
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    generate_latest,
    multiprocess,
)

from audit_api.http.auth import database, public
from audit_api.http.problems import problem
from audit_api.http.sync.photos import store
from audit_api.storage.migrations.runner import head_revision
from audit_api.storage.server_check import reasons_against

blueprint = Blueprint("health", __name__)


@blueprint.route("/healthz")
@public
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="alive")


def _check_database() -> None:
    reasons = reasons_against(database().engine)
    if reasons:
        raise RuntimeError("; ".join(reasons))


def _check_bucket() -> None:
    store().check()


@blueprint.route("/readyz")
@public
def readyz() -> Response:
    """Database (with its migration) and bucket, each by name; 503 with the reasons otherwise."""
    failed: dict[str, str] = {}
    for name, check in (
        ("database", _check_database),
        ("bucket", _check_bucket),
    ):
        try:
            check()
        except Exception as error:
            # The kind only: messages of drivers name hosts and users.
            told = str(error) if isinstance(error, RuntimeError) else type(error).__name__
            failed[name] = told
    if failed:
        return problem(
            503, "not-ready", "Not ready", "; ".join(f"{k}: {v}" for k, v in failed.items())
        )
    return jsonify(status="ready", database="ok", migration=head_revision(), bucket="ok")


@blueprint.route("/metrics")
@public
def metrics() -> Response:
    """Prometheus text format, over all worker processes where those share a folder."""
    registry: Any = REGISTRY
    if current_app.config.get("PROMETHEUS_MULTIPROC"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
