"""The application: wires settings, database, bucket, catalog and blueprints."""

import os
from typing import Any

import flask_smorest
from flask import Flask, Request
from flask.sessions import SessionInterface

from audit_api.domain.evidence.signing import Signer
from audit_api.http import (
    days,
    devices,
    docs,
    exports,
    health,
    json_schemas,
    list_files,
    observing,
    places,
    problems,
    public_facts,
    sessions,
    verify,
)
from audit_api.http.events import webhooks
from audit_api.http.law import catalog, forms, profiles, requirements, standards
from audit_api.http.openrosa import door as openrosa_door
from audit_api.http.openrosa import forms as openrosa_forms  # noqa: F401 - adds its routes
from audit_api.http.openrosa import keys as openrosa_keys
from audit_api.http.openrosa import submission as openrosa_submission  # noqa: F401 - adds too
from audit_api.http.oversight import (
    acts,
    adjudications,
    assignments,
    burn_up,
    fabrication,
    inspections,
    quarantine,
    recommendations,
    refused_submissions,
    reviews,
    served_lists,
    statistics,
    submissions,
    tablets,
    task_moves,
    task_photos,
    tasks,
    violations,
)
from audit_api.http.oversight import photos as evidence_photos
from audit_api.http.sync import direct, photos, pull, push, receipts, resync, snapshots, uploads
from audit_api.http.sync.method_override import MethodOverride
from audit_api.http.sync.pull_notes import PullNotes
from audit_api.services.law.catalogs import CatalogKeeper
from audit_api.settings import Settings
from audit_api.storage.base import Database, make_engine
from audit_api.storage.evidence.photo_store import PhotoStore
from audit_api.storage.file_store import FileStore

API_BLUEPRINTS = (
    sessions.blueprint,
    devices.blueprint,
    tablets.blueprint,
    openrosa_keys.blueprint,
    push.blueprint,
    receipts.blueprint,
    pull.blueprint,
    resync.blueprint,
    snapshots.blueprint,
    photos.blueprint,
    uploads.blueprint,
    direct.blueprint,
    catalog.blueprint,
    forms.blueprint,
    standards.blueprint,
    requirements.blueprint,
    profiles.blueprint,
    json_schemas.blueprint,
    places.blueprint,
    public_facts.blueprint,
    days.blueprint,
    inspections.blueprint,
    fabrication.blueprint,
    evidence_photos.blueprint,
    violations.blueprint,
    adjudications.blueprint,
    recommendations.blueprint,
    tasks.blueprint,
    task_moves.blueprint,
    task_photos.blueprint,
    served_lists.blueprint,
    acts.blueprint,
    assignments.blueprint,
    statistics.blueprint,
    list_files.blueprint,
    exports.blueprint,
    burn_up.blueprint,
    quarantine.blueprint,
    reviews.blueprint,
    submissions.blueprint,
    refused_submissions.blueprint,
    webhooks.blueprint,
)


class Api(flask_smorest.Api):
    """flask-smorest without its own error answers: ours are problem+json."""

    def _register_error_handlers(self) -> None:
        problems.register(self._app)


class NoCookies(SessionInterface):
    """Flask's own sessions, never opened: nothing here lives in a cookie."""

    def open_session(self, app: Flask, request: Request) -> None:
        """There is none."""


def create_app(settings: Settings) -> Flask:
    """Make the application. Connects lazily; `/readyz` says whether what it needs is there."""
    observing.configure_logging(settings.log_level)
    app = Flask("audit_api", static_folder=None)
    app.session_interface = NoCookies()
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=settings.max_photo_bytes,
        API_TITLE="audit_api",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        PROMETHEUS_MULTIPROC=bool(os.environ.get("PROMETHEUS_MULTIPROC_DIR")),
        API_SPEC_OPTIONS=_spec_options(),
    )
    app.extensions["settings"] = settings
    app.extensions["database"] = Database(make_engine(settings))
    app.extensions["photo_store"] = PhotoStore(settings.s3)
    app.extensions["file_store"] = FileStore(settings.s3)
    app.extensions["receipt_signer"] = Signer(settings.receipt_signing_key)
    app.extensions["catalogs"] = CatalogKeeper()
    app.extensions["pull_notes"] = PullNotes()
    observing.observe(app)
    app.wsgi_app = MethodOverride(app.wsgi_app)  # type: ignore[method-assign]
    api = Api(app)
    for blueprint in API_BLUEPRINTS:
        api.register_blueprint(blueprint, url_prefix="/api/v1")
    app.register_blueprint(health.blueprint)
    app.register_blueprint(docs.blueprint)
    app.register_blueprint(verify.blueprint)
    app.register_blueprint(receipts.log)
    app.register_blueprint(openrosa_door.blueprint)
    app.extensions["openapi"] = docs.finished(api.spec.to_dict())
    return app


def _spec_options() -> dict[str, Any]:
    return {
        "info": {
            "description": "Accessibility audit of polling stations: what tablets hand in, what "
            "supervision, prosecutors and local self-government read. Errors are "
            "`application/problem+json`. What lies outside a caller's grants answers 404.",
            "license": {"name": "MIT"},
        },
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A person's session token or a tablet's device token.",
                }
            }
        },
        "security": [{"bearer": []}],
    }
