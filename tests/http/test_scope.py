"""Nobody reads outside the subtrees of their grants, by any route.

Generated over the application's routes: a new route has to be named here, or a test fails.
"""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.domain.access import WHO_MAY_WHAT
from audit_api.domain.vocabulary import Role
from audit_api.http.auth import Door
from audit_api.storage.base import Database
from audit_api.storage.campaigns import Campaign, Constituency, Milestone, Station
from tests.factories import CAMPAIGN, World
from tests.http.populated import Things, inspect

FAR_CAMPAIGN = "kg-far-2021"

ITEMS = {
    "/api/v1/assignments/<uuid:assignment>": "assignment",
    "/api/v1/devices/<uuid:device>": "device",
    "/api/v1/inspections/<uuid:inspection>": "inspection",
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
}
"""Routes that answer one thing: rule -> what its parameter names."""

LISTS = {
    "/api/v1/assignments": ("territory", "campaign", "site"),
    "/api/v1/devices": ("territory",),
    "/api/v1/sites": ("territory", "campaign"),
    "/api/v1/territories": (),
    "/api/v1/tasks": ("territory", "campaign", "site"),
    "/api/v1/inspections/flagged": ("territory", "campaign", "site"),
    "/api/v1/quarantine": ("territory", "device"),
    "/api/v1/reviews": ("territory", "site"),
    "/api/v1/violations": ("territory", "campaign", "site"),
    "/api/v1/violations.csv": ("territory", "campaign", "site"),
    "/api/v1/recommendations": ("territory", "campaign", "site"),
    "/api/v1/acts": ("territory", "campaign"),
    "/api/v1/served-lists": ("territory", "campaign"),
    f"/api/v1/statistics/progress?campaign={CAMPAIGN}": (),
    f"/api/v1/statistics/progress?campaign={CAMPAIGN}&by=constituency": (),
    "/api/v1/statistics/progress": ("campaign",),
}
"""Routes that answer several things: address -> filters that name something."""

WITHOUT_TERRITORY = {
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
    "/api/v1/sessions": "a password is the key",
    "/api/v1/sessions/current": "only the caller's own",
    "/api/v1/photos/<string:sha256>": "takes in, reads nothing",
    "/api/v1/photos/<string:sha256>/direct": "takes in, reads nothing",
    "/api/v1/photos/<string:sha256>/complete": "takes in, reads nothing",
    "/api/v1/uploads": "takes in, reads nothing",
    "/api/v1/uploads/<uuid:upload>": "test_tus_core.py: another tablet's is unknown",
    "/api/v1/quarantine/<uuid:operation>/decisions": "test_quarantine.py: outside it is unknown",
    "/api/v1/reviews/<uuid:review>/decisions": "test_review_deciders.py: one outside is unknown",
    "/api/v1/sync/push": "test_push.py: a site out of scope is quarantined",
    "/api/v1/sync/receipts": "test_durable_receipts.py: only the device's own",
    "/api/v1/receipts/keys": "public keys are for everybody",
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
UNKNOWN = {
    "sha256": "0" * 64,
    "territory": "ZZ",
    "campaign": "kg-none-2021",
}
PEOPLE = list(Role)


@pytest.fixture(scope="module", autouse=True)
def _far_campaign(database: Database, world: World, things: Things) -> None:
    """A campaign that only the far district has."""
    names = {"name_ky": "Алыс", "name_ru": "Дальний", "name_en": "Far"}
    with database.writing() as session:
        session.add(
            Campaign(
                id=FAR_CAMPAIGN,
                election_day=date(2021, 11, 28),
                territory_id=world.territories["far"],
                profile="kg-demo-2021",
                forms=["ramp/1"],
                **names,
            )
        )
        session.flush()
        session.add(
            Milestone(campaign_id=FAR_CAMPAIGN, id="remediation_due", days_before=10, **names)
        )
        session.add(Constituency(campaign_id=FAR_CAMPAIGN, number=1, **names))
        session.flush()
        session.add(
            Station(
                campaign_id=FAR_CAMPAIGN,
                number=9001,
                site_id=world.sites["far-1"],
                voters=10,
                constituency_number=1,
            )
        )


def _address(rule: str, thing: object) -> str:
    """The address of a thing."""
    stem, _, rest = rule.replace("<int:size>", "320").partition("<")
    return f"{stem}{thing}{rest.partition('>')[2]}"


def _seen(client: FlaskClient, path: str, headers: dict[str, str]) -> tuple[Any, ...]:
    """Everything a caller can tell apart: status, headers and bytes."""
    answer = client.get(path, headers=headers)
    told = sorted(
        (name, value)
        for name, value in answer.headers
        if name not in ("X-Request-Id", "X-Request-ID", "Date")
    )
    return answer.status_code, told, answer.data


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
    }


@pytest.mark.parametrize("rule", ITEMS)
@pytest.mark.parametrize("role", PEOPLE)
def test_an_item_outside_answers_like_one_that_is_not(
    app: Flask, client: FlaskClient, world: World, things: Things, rule: str, role: Role
) -> None:
    kind = ITEMS[rule]
    headers = world.headers(role)
    unknown = _seen(client, _address(rule, UNKNOWN.get(kind, uuid4())), headers)
    outside = _seen(client, _address(rule, things.of(kind, "far-1")), headers)
    assert unknown[0] == 404
    assert outside == unknown
    # The test can tell: the same route shows what lies inside, to a role that may read it.
    endpoint = next(
        r.endpoint
        for r in app.url_map.iter_rules()
        if r.rule == rule and "GET" in (r.methods or ())
    )
    _, noun, verb = app.view_functions[endpoint].guard
    cell = WHO_MAY_WHAT[noun][role]
    status = client.get(_address(rule, things.of(kind, "near-1")), headers=headers).status_code
    assert status == (200 if cell & {verb, "own"} else 404)


@pytest.mark.parametrize(
    ("address", "name"), [(address, name) for address, names in LISTS.items() for name in names]
)
@pytest.mark.parametrize("role", PEOPLE)
def test_a_filter_that_names_something_outside_answers_like_one_that_names_nothing(
    client: FlaskClient, world: World, things: Things, address: str, name: str, role: Role
) -> None:
    headers = world.headers(role)
    outside = {
        "territory": "F1",
        "campaign": FAR_CAMPAIGN,
        "site": things.of("site", "far-1"),
        "device": str(world.devices["far"][0]),
    }
    unknown = _seen(client, f"{address}?{name}={UNKNOWN.get(name, uuid4())}", headers)
    assert unknown[0] == 404
    assert _seen(client, f"{address}?{name}={outside[name]}", headers) == unknown


def test_what_happens_outside_changes_no_byte_of_any_answer(
    app: Flask, client: FlaskClient, database: Database, world: World, things: Things
) -> None:
    addresses = [a for a, names in LISTS.items() if "?" in a or names != ("campaign",)]
    addresses += [
        _address(rule, things.of(kind, "near-1"))
        for rule, kind in ITEMS.items()
        # Reading an original is an event of its own, which the photo's custody tells.
        if not rule.endswith("/original")
    ]

    def look() -> dict[tuple[Role, str], Any]:
        return {
            (role, address): _seen(client, address, world.headers(role))
            for role in PEOPLE
            for address in addresses
        }

    # Before anything is looked at: a pull is noted as the tablet's last contact.
    pulled = client.get("/api/v1/sync/pull", headers=world.device_headers()).json
    before = look()
    inspect(app, world, "far-2", seed=77)
    with database.writing() as session:
        session.execute(
            text("update station set voters = voters + 5 where site_id = :site"),
            {"site": world.sites["far-2"]},
        )
        session.execute(
            text("update site set name_en = 'Renamed' where id = :site"),
            {"site": world.sites["far-2"]},
        )
    assert look() == before
    again = client.get("/api/v1/sync/pull", headers=world.device_headers()).json
    for told in ("items", "cursor", "scopes", "more"):
        assert again[told] == pulled[told]
    path = f"/api/v1/sync/pull?cursor={pulled['cursor']}"
    assert client.get(path, headers=world.device_headers()).status_code == 304


@pytest.mark.parametrize("address", [*LISTS, *ITEMS])
def test_without_a_token_nothing_is_answered(
    client: FlaskClient, things: Things, address: str
) -> None:
    kind = ITEMS.get(address)
    path = _address(address, things.of(kind, "near-1")) if kind else address
    answer = client.get(path)
    assert answer.status_code == 401
    assert answer.json["type"] == "urn:audit-api:problem:not-authenticated"


@pytest.mark.parametrize("address", [a for a in LISTS if "?" in a or LISTS[a] != ("campaign",)])
def test_a_tablet_reads_no_list(client: FlaskClient, world: World, address: str) -> None:
    assert client.get(address, headers=world.device_headers()).status_code == 403
