"""Every route is named, with what it answers; who it is open to at all.

Generated over the application's routes: a new route has to be named here, or a test fails.
"""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from audit_api.http.auth import Door
from tests.factories import CAMPAIGN, World
from tests.http.populated import Things

ITEMS = {
    "/api/v1/assignments/<uuid:assignment>": "assignment",
    "/api/v1/devices/<uuid:device>": "device",
    "/api/v1/inspections/<uuid:inspection>": "inspection",
    "/api/v1/inspections/<uuid:inspection>/submissions": "inspection",
    "/api/v1/openrosa/submissions/<uuid:submission>.xml": "submission",
    "/api/v1/openrosa/refused/<string:xml_sha256>.xml": "xml_sha256",
    "/api/v1/photos/<string:sha256>": "sha256",
    "/api/v1/photos/<string:sha256>/original": "sha256",
    "/api/v1/photos/<string:sha256>/preview/<int:size>": "sha256",
    "/api/v1/sites/<uuid:site>": "site",
    "/api/v1/tasks/<uuid:task>": "task",
    "/api/v1/quarantine/<uuid:operation>": "operation",
    "/api/v1/quarantine/<uuid:operation>/raw": "operation",
    "/api/v1/reviews/<uuid:review>": "review",
    "/api/v1/violations/<uuid:violation>": "violation",
    "/api/v1/acts/<uuid:act>": "act",
    "/api/v1/served-lists/<uuid:served_list>": "served_list",
    "/api/v1/served-lists/<uuid:served_list>.csv": "served_list",
    "/api/v1/served-lists/<uuid:served_list>.xlsx": "served_list",
}
"""Routes that answer one thing: rule -> what its parameter names."""

LISTS: dict[str, tuple[str, ...]] = {
    "/api/v1/assignments": ("territory", "campaign", "site"),
    "/api/v1/devices": ("territory",),
    "/api/v1/sites": ("territory", "campaign"),
    "/api/v1/territories": (),
    "/api/v1/tasks": ("territory", "campaign", "site"),
    "/api/v1/inspections/flagged": ("territory", "campaign", "site"),
    "/api/v1/openrosa/refused": ("territory",),
    "/api/v1/quarantine": ("territory", "device"),
    "/api/v1/reviews": ("territory", "site"),
    "/api/v1/adjudications/queue": ("territory", "campaign", "site"),
    "/api/v1/violations": ("territory", "campaign", "site"),
    "/api/v1/recommendations": ("territory", "campaign", "site"),
    "/api/v1/acts": ("territory", "campaign"),
    "/api/v1/served-lists": ("territory", "campaign"),
    f"/api/v1/statistics/progress?campaign={CAMPAIGN}": (),
    f"/api/v1/statistics/progress?campaign={CAMPAIGN}&by=constituency": (),
    "/api/v1/statistics/progress": ("campaign",),
    f"/api/v1/statistics/progress.csv?campaign={CAMPAIGN}": (),
    "/api/v1/statistics/progress.csv": ("campaign",),
    f"/api/v1/statistics/progress.xlsx?campaign={CAMPAIGN}": (),
    "/api/v1/statistics/progress.xlsx": ("campaign",),
    f"/api/v1/statistics/tasks?campaign={CAMPAIGN}": (),
    "/api/v1/statistics/tasks": ("campaign",),
    f"/api/v1/statistics/burn-up?campaign={CAMPAIGN}": ("territory",),
    "/api/v1/statistics/burn-up": ("campaign",),
    f"/api/v1/statistics/burn-up.svg?campaign={CAMPAIGN}": ("territory",),
    "/api/v1/statistics/burn-up.svg": ("campaign",),
    f"/api/v1/statistics/progress.svg?campaign={CAMPAIGN}": (),
    "/api/v1/statistics/progress.svg": ("campaign",),
    f"/api/v1/statistics/map.svg?campaign={CAMPAIGN}": (),
    "/api/v1/statistics/map.svg": ("campaign",),
}
"""Routes that answer several things: address -> filters that name something."""
for _listed, _formats in {
    "sites": ("csv", "xlsx", "geojson", "gpkg"),
    "tasks": ("csv", "xlsx", "geojson", "gpkg"),
    "violations": ("csv", "xlsx", "geojson", "gpkg"),
    "recommendations": ("csv", "xlsx", "geojson", "gpkg"),
    "acts": ("csv", "xlsx"),
    "served-lists": ("csv", "xlsx"),
    "adjudications/queue": ("csv", "xlsx"),
}.items():
    # That every format narrows as its list does: test_list_files.py.
    for _format in _formats:
        _named = LISTS[f"/api/v1/{_listed}"] if _format == "csv" else ()
        LISTS[f"/api/v1/{_listed}.{_format}"] = _named

WITHOUT_TERRITORY = {
    "/api/v1/days": "the same for everybody; corrected for the country (test_days.py)",
    "/api/v1/campaigns/<string:campaign>/election-day": "test_days.py: one outside is unknown",
    "/api/v1/campaigns/<string:campaign>/election-day/previews": "test_days.py: one outside is "
    "unknown",
    "/api/v1/catalog": "the same for everybody",
    "/api/v1/catalog/<string:sha256>": "the same for everybody",
    "/api/v1/forms": "the same for everybody",
    "/api/v1/forms/<string:form>/<int:version>": "the same for everybody",
    "/api/v1/standards": "the same for everybody",
    "/api/v1/standards/<string:standard>/<string:edition>": "the same for everybody",
    "/api/v1/requirements": "the same for everybody",
    "/api/v1/requirements/<string:requirement>": "the same for everybody",
    "/api/v1/requirements/<string:standard>/<string:edition>/<string:requirement>": "the same "
    "for everybody",
    "/api/v1/profiles": "the same for everybody",
    "/api/v1/profiles/<string:profile>": "the same for everybody",
    "/api/v1/schemas": "no data",
    "/api/v1/public/<string:campaign>/stations.geojson": "test_public_facts.py: for everybody",
    "/api/v1/public/<string:campaign>/stations.a11y.json": "test_public_facts.py: for everybody",
    "/api/v1/campaigns/<string:campaign>/publications": "test_public_facts.py: one outside is "
    "unknown",
    "/api/v1/schemas/<string:name>": "no data",
    "/api/v1/devices/enrol": "a code is the key",
    "/api/v1/devices/<uuid:device>/revocations": "test_revoked.py: one outside is not there",
    "/api/v1/assignments/<uuid:assignment>/withdrawals": "test_assignments_standing.py",
    "/api/v1/inspections/<uuid:inspection>/returns": "test_returns.py: one outside is not there",
    "/api/v1/inspections/<uuid:inspection>/fabrication-flags/<uuid:flag>/decisions": "test_"
    "fabrication_readers.py: one outside is not there",
    "/api/v1/acts/<uuid:act>/answers": "test_acts.py: one outside is unknown",
    "/api/v1/acts/<uuid:act>/decisions": "test_acts.py: one outside is unknown",
    "/api/v1/served-lists/previews": "test_served_lists.py: an addressee outside is unknown",
    "/api/v1/devices/codes": "test_devices.py: a person outside the grants is unknown",
    "/api/v1/webhooks": "only the caller's own: tests/events/test_webhooks.py",
    "/api/v1/webhooks/<uuid:webhook>": "only the caller's own: tests/events/test_webhooks.py",
    "/api/v1/webhooks/<uuid:webhook>/secrets": "only the caller's own: tests/events/",
    "/api/v1/webhooks/<uuid:webhook>/enablements": "only the caller's own: tests/events/",
    "/api/v1/webhooks/<uuid:webhook>/deliveries": "only the caller's own: tests/events/",
    "/api/v1/webhooks/<uuid:webhook>/deliveries/<uuid:delivery>/retries": "only the caller's own: "
    "tests/events/",
    "/api/v1/exports": "test_exports.py: only the caller's own; what is named outside is unknown",
    "/api/v1/exports/<uuid:export>": "test_exports.py: another person's is unknown",
    "/api/v1/exports/<uuid:export>/file": "test_exports.py: another person's is unknown",
    "/verify/<string:code>": "test_verify.py: no rows, nobody's name, for everybody",
    "/verify.css": "no data",
    "/verify.js": "no data",
    "/api/v1/openrosa/keys": "test_openrosa_keys.py: a person outside the grants is unknown",
    "/openrosa/key/<string:token>/submission": "takes in; test_openrosa_submission.py: a station "
    "out of scope is quarantined",
    "/api/v1/sessions": "a password is the key",
    "/api/v1/sessions/current": "only the caller's own",
    "/api/v1/photos/<string:sha256>": "takes in, reads nothing",
    "/api/v1/photos/<string:sha256>/direct": "takes in, reads nothing",
    "/api/v1/photos/<string:sha256>/complete": "takes in, reads nothing",
    "/api/v1/uploads": "takes in, reads nothing",
    "/api/v1/uploads/<uuid:upload>": "test_tus_core.py: another tablet's is unknown",
    "/api/v1/quarantine/<uuid:operation>/decisions": "test_quarantine.py: outside it is unknown",
    "/api/v1/reviews/<uuid:review>/decisions": "test_review_deciders.py: one outside is unknown",
    "/api/v1/violations/<uuid:violation>/adjudications": "test_adjudications.py: one outside is "
    "unknown",
    "/api/v1/tasks/<uuid:task>/acknowledgements": "test_task_moves.py: one outside is unknown",
    "/api/v1/tasks/<uuid:task>/starts": "test_task_moves.py: one outside is unknown",
    "/api/v1/tasks/<uuid:task>/reports": "test_task_moves.py: one outside is unknown",
    "/api/v1/tasks/<uuid:task>/photos": "test_task_photos.py: one outside is unknown",
    "/api/v1/tasks/<uuid:task>/estimates": "test_task_moves.py: one outside is unknown",
    "/api/v1/tasks/<uuid:task>/extension-requests": "test_task_moves.py: one outside is unknown",
    "/api/v1/tasks/<uuid:task>/declines": "test_task_moves.py: one outside is unknown",
    "/api/v1/tasks/<uuid:task>/returns": "test_task_moves.py: one outside is unknown",
    "/api/v1/tasks/<uuid:task>/deadlines": "test_task_moves.py: one outside is unknown",
    "/api/v1/tasks/<uuid:task>/temporary": "test_temporary_tasks.py: one outside is unknown",
    "/api/v1/sync/push": "test_push.py: a site out of scope is quarantined",
    "/api/v1/sync/receipts": "test_durable_receipts.py: only the device's own",
    "/api/v1/receipts/keys": "public keys are for everybody",
    "/openrosa/key/<string:token>/formList": "tests/openrosa: a key is the door",
    "/openrosa/key/<string:token>/forms/<string:form>/<string:version>.xml": "tests/openrosa",
    "/openrosa/key/<string:token>/forms/<string:form>/<string:version>/manifest": "tests/openrosa",
    "/openrosa/key/<string:token>/forms/<string:form>/<string:version>/media/<string:name>": (
        "tests/openrosa: only sites of the owner's grants"
    ),
    "/log/checkpoint": "hashes, for everybody",
    "/api/v1/sync/pull": "below, and test_pull.py",
    "/api/v1/sync/resync": "test_resync.py: what lies outside is told like what does not exist",
    "/api/v1/sync/snapshots": "test_snapshots.py: only the tablet's own scopes",
    "/api/v1/sync/snapshot/<string:scope>/<string:sha256>": "test_snapshots.py: 404 outside",
    "/api/docs": "no data",
    "/api/docs/<any('swagger-ui.css', 'swagger-ui-bundle.js'):name>": "no data",
    "/api/docs/start.js": "no data",
    "/openapi.json": "no data",
    "/healthz": "no data",
    "/readyz": "no data",
    "/metrics": "no data",
}


def test_every_route_is_named_here(app: Flask) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    named = {*ITEMS, *(address.partition("?")[0] for address in LISTS), *WITHOUT_TERRITORY}
    assert rules == named


def test_every_view_has_a_guard(app: Flask) -> None:
    assert [n for n, view in app.view_functions.items() if not hasattr(view, "guard")] == []


def test_only_these_routes_are_open_to_everybody(app: Flask) -> None:
    open_views = {n for n, view in app.view_functions.items() if view.guard[0] is Door.PUBLIC}
    assert open_views == {
        "sessions.open_session",
        "devices.enrol",
        "schemas.list_schemas",
        "schemas.get_schema",
        "receipts.list_keys",
        "uploads.ask_uploads",
        "uploads.ask_upload",
        "log.checkpoint",
        "health.healthz",
        "health.readyz",
        "health.metrics",
        "docs.page",
        "docs.asset",
        "docs.start",
        "docs.openapi",
        "public_facts.get_geojson",
        "public_facts.get_a11yjson",
        "verify.verify",
        "verify.style",
        "verify.script",
    }


@pytest.mark.parametrize("address", [*LISTS, *ITEMS])
def test_without_a_token_nothing_is_answered(
    client: FlaskClient, things: Things, address: str
) -> None:
    path = re.sub("<[^>]*>", things.of("site", "near-1"), address.replace("<int:size>", "320"))
    answer = client.get(path)
    assert answer.status_code == 401
    assert answer.json["type"] == "urn:audit-api:problem:not-authenticated"


@pytest.mark.parametrize("address", [a for a in LISTS if "?" in a or LISTS[a] != ("campaign",)])
def test_a_tablet_reads_no_list(client: FlaskClient, world: World, address: str) -> None:
    assert client.get(address, headers=world.device_headers()).status_code == 403
