"""The OpenAPI document and Swagger UI, vendored: reading the manual sends nothing outside."""

import json
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, send_from_directory

from audit_api.http.auth import public
from audit_api.http.paging import answer_json

blueprint = Blueprint("docs", __name__)
_VENDOR = Path(__file__).parent / "vendor" / "swagger-ui"
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>audit_api</title>
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
"""
_START = """window.ui = SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true,
  validatorUrl: null, persistAuthorization: true
});
"""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'"
)


_OPEN = {
    ("/api/v1/sessions", "post"),
    ("/api/v1/devices/enrol", "post"),
    ("/api/v1/schemas", "get"),
    ("/api/v1/schemas/{name}", "get"),
    ("/api/v1/public/{campaign}/stations.geojson", "get"),
    ("/api/v1/public/{campaign}/stations.a11y.json", "get"),
}


def finished(spec: dict[str, Any]) -> str:
    """The OpenAPI document as JSON text: without flask-smorest's guesses that do not hold here."""
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            if not isinstance(operation, dict):
                continue
            operation["responses"].pop("default", None)
            if (path, method) in _OPEN:
                operation["security"] = []
    for name in ("DEFAULT_ERROR", "UNPROCESSABLE_CONTENT", "UNPROCESSABLE_ENTITY"):
        spec["components"].get("responses", {}).pop(name, None)
    return json.dumps(spec, ensure_ascii=False)


@blueprint.route("/openapi.json")
@public
def openapi() -> Response:
    """The OpenAPI 3.1 document."""
    return answer_json(current_app.extensions["openapi"])


@blueprint.route("/api/docs")
@public
def page() -> Response:
    """Swagger UI over /openapi.json."""
    return Response(
        _PAGE, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": _POLICY}
    )


@blueprint.route("/api/docs/start.js")
@public
def start() -> Response:
    """Starts Swagger UI."""
    return Response(_START, content_type="text/javascript; charset=utf-8")


@blueprint.route("/api/docs/<any('swagger-ui.css', 'swagger-ui-bundle.js'):name>")
@public
def asset(name: str) -> Response:
    """A file of Swagger UI."""
    return send_from_directory(_VENDOR, name, max_age=86_400)
