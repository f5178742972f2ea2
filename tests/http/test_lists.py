"""Lists: shapes, filters, pages, ETags, and what hostile callers send them."""

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from audit_api.domain.vocabulary import Role
from tests.factories import CAMPAIGN, World
from tests.http.populated import Things

API = "/api/v1"
LISTS = ["/sites", "/territories", "/tasks", "/violations", "/recommendations"]
VIOLATION = {
    "id", "site", "element", "requirement", "standard", "edition", "clause", "weight", "severity",
    "user_groups", "measured", "required", "state", "first_seen_at", "due_on", "photos",
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _populated(things: Things) -> None:
    """Every test here reads the populated world."""


def get(
    client: FlaskClient, world: World, path: str, role: Role = Role.PROSECUTOR, **headers: str
) -> Any:
    """GET as a person of the near district."""
    return client.get(API + path, headers=world.headers(role) | headers)


def items(client: FlaskClient, world: World, path: str, role: Role = Role.PROSECUTOR) -> list[Any]:
    """All items of a list, page by page."""
    found: list[Any] = []
    following = API + path
    while following:
        answer = client.get(following, headers=world.headers(role))
        assert answer.status_code == 200, answer.text
        found += answer.json["items"]
        following = answer.json["next"]
    return found


def test_a_violation_has_what_a_prosecutor_needs(client: FlaskClient, world: World) -> None:
    violation = items(client, world, "/violations")[0]
    assert violation.keys() >= VIOLATION
    assert violation["weight"] == "binding"
    assert violation["due_on"] == "2021-11-18"
    assert violation["overdue"] is True
    assert violation["standard"]
    assert datetime.fromisoformat(violation["first_seen_at"]).tzinfo is not None


def test_a_recommendation_never_looks_like_a_violation(client: FlaskClient, world: World) -> None:
    advice = items(client, world, "/recommendations")
    assert {item["weight"] for item in advice} == {"reference"}
    assert not any("due_on" in item or "task" in item for item in advice)


def test_a_site_has_its_station_with_voters_and_constituency(
    client: FlaskClient, world: World
) -> None:
    site = next(s for s in items(client, world, "/sites") if s["id"] == str(world.sites["near-1"]))
    assert site["territory"] == "N1"
    assert site["location"] == {"lat": 40.0, "lon": 70.0}
    assert site["building_status"] == "existing"
    assert site["stations"] == [
        {"campaign": CAMPAIGN, "number": 8001, "voters": 1000, "constituency": 1}
    ]


def test_every_violation_has_a_task_that_names_its_remedies(
    client: FlaskClient, world: World
) -> None:
    tasks = {t["id"]: t for t in items(client, world, "/tasks", Role.LSG_HEAD)}
    for violation in items(client, world, "/violations"):
        inside = {v["id"]: v for v in tasks[violation["task"]]["violations"]}
        assert inside[violation["id"]]["remedies"]
        assert inside[violation["id"]]["title"].keys() == {"ky", "ru", "en"}


FILTERS = [
    ("severity", "critical", lambda v: v["severity"] == "critical"),
    ("user_group", "vision", lambda v: "vision" in v["user_groups"]),
    ("state", "open", lambda v: v["state"] == "open"),
    ("overdue", "true", lambda v: v["overdue"]),
    ("overdue", "false", lambda v: not v["overdue"]),
    ("territory", "N1", lambda v: v["territory"] == "N1"),
    ("territory", "N", lambda v: v["territory"] in ("N1", "N2")),
    ("constituency", "1", lambda v: v["stations"][0]["constituency"] == 1),
    ("constituency", "2", lambda v: v["stations"][0]["constituency"] == 2),
    ("campaign", CAMPAIGN, lambda v: v["campaign"] == CAMPAIGN),
]


@pytest.mark.parametrize(
    ("name", "value", "keeps"), FILTERS, ids=[f"{f[0]}={f[1]}" for f in FILTERS]
)
def test_a_filter_keeps_exactly_what_it_says(
    client: FlaskClient, world: World, name: str, value: str, keeps: Any
) -> None:
    everything = items(client, world, "/violations")
    assert items(client, world, f"/violations?{name}={value}") == [
        v for v in everything if keeps(v)
    ]


@pytest.mark.parametrize("name", ["requirement", "standard", "site"])
def test_a_filter_by_a_name_keeps_only_what_has_it(
    client: FlaskClient, world: World, name: str
) -> None:
    everything = items(client, world, "/violations")
    value = everything[-1][name]
    expected = [v for v in everything if v[name] == value]
    assert 0 < len(expected) < len(everything)
    assert items(client, world, f"/violations?{name}={value}") == expected


@pytest.mark.parametrize("path", LISTS)
def test_pages_of_one_item_make_the_same_list_without_gaps_or_twins(
    client: FlaskClient, world: World, path: str
) -> None:
    role = Role.COORDINATOR
    whole = items(client, world, path, role)
    assert len(whole) > 1
    assert items(client, world, f"{path}?limit=1", role) == whole


def test_next_is_a_relative_address_and_stands_in_the_link_header(
    client: FlaskClient, world: World
) -> None:
    answer = get(client, world, "/violations?limit=1&severity=critical")
    following = answer.json["next"]
    assert following.startswith("/api/v1/violations?")
    assert "severity=critical" in following
    assert answer.headers["Link"] == f'<{following}>; rel="next"'


@pytest.mark.parametrize("path", [*LISTS, f"/statistics/progress?campaign={CAMPAIGN}"])
def test_what_did_not_change_is_not_sent_again(
    client: FlaskClient, world: World, path: str
) -> None:
    first = get(client, world, path, Role.COORDINATOR)
    again = get(client, world, path, Role.COORDINATOR, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=201", "limit=-1", "limit=1e2", "limit=٣", "limit=1_0", "limit=",
        "limit=1.5",
        "limit=99999999999999999999", "severity=terrible", "overdue=maybe", "overdue=1",
        "site=not-a-uuid", "unknown=1", "constituency=one", "constituency=%00",
        "severity=critical'--", "state=open%27%20or%201%3D1",
    ],
)  # fmt: skip
def test_a_filter_that_means_nothing_is_refused_by_name(
    client: FlaskClient, world: World, query: str
) -> None:
    answer = get(client, world, f"/violations?{query}")
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert answer.json["errors"][0]["pointer"] == "/" + query.partition("=")[0]


@pytest.mark.parametrize(
    "value", ["'; drop table violation; --", "%25' or '1'='1", "\\", "N1' --", "a" * 40]
)
@pytest.mark.parametrize("name", ["requirement", "standard", "territory", "campaign"])
def test_text_that_looks_like_sql_is_only_text(
    client: FlaskClient, world: World, name: str, value: str
) -> None:
    answer = client.get(
        f"{API}/violations", query_string={name: value}, headers=world.headers(Role.PROSECUTOR)
    )
    if name in ("territory", "campaign"):
        assert answer.status_code == 404
    else:
        assert (answer.status_code, answer.json["items"]) == (200, [])


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("cursor", ["x", "", "bm90aGluZw.AAAA", "é", "a" * 5000])
def test_a_forged_cursor_is_refused(
    client: FlaskClient, world: World, path: str, cursor: str
) -> None:
    answer = client.get(
        API + path, query_string={"cursor": cursor}, headers=world.headers(Role.COORDINATOR)
    )
    assert answer.status_code == 400
    assert answer.json["type"] == "urn:audit-api:problem:bad-cursor"


def test_a_cursor_of_one_list_opens_no_other(client: FlaskClient, world: World) -> None:
    cursor = get(client, world, "/violations?limit=1").json["next"].partition("cursor=")[2]
    assert get(client, world, f"/recommendations?cursor={cursor}").status_code == 400


def test_progress_by_constituency_and_by_territory_add_up_to_the_total(
    client: FlaskClient, world: World
) -> None:
    for by in ("territory", "constituency"):
        answer = get(client, world, f"/statistics/progress?campaign={CAMPAIGN}&by={by}").json
        for figure in ("stations", "voters", "inspected", "open_violations"):
            assert sum(g[figure] for g in answer["items"]) == answer["total"][figure]
        assert answer["total"]["stations"] == 2
        assert answer["total"]["inspected"] == 2


# How many queries a list takes


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/violations?limit=200", 2),
        ("/violations?limit=1", 2),
        ("/recommendations?limit=200", 3),
        ("/tasks?limit=200", 3),
        ("/sites?limit=200", 2),
        ("/served-lists?limit=200", 2),
        ("/acts?limit=200", 2),
        (f"/statistics/progress?campaign={CAMPAIGN}", 3),
    ],
)
def test_a_list_takes_a_fixed_number_of_queries(
    client: FlaskClient,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    expected: int,
) -> None:
    seen: list[Any] = []
    execute = psycopg.Cursor.execute

    def note(cursor: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(query)
        return execute(cursor, query, *args, **kwargs)

    monkeypatch.setattr(psycopg.Cursor, "execute", note)
    assert get(client, world, path).status_code == 200
    assert len(seen) == expected, seen


def test_lists_are_not_cached_by_others(client: FlaskClient, world: World) -> None:
    answer = get(client, world, "/violations")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Vary"] == "Authorization"


def test_an_unknown_address_and_a_wrong_method_are_problems(
    client: FlaskClient, world: World
) -> None:
    lost = get(client, world, "/nothing")
    assert (lost.status_code, lost.content_type) == (404, "application/problem+json")
    wrong = client.post(f"{API}/violations", headers=world.headers(Role.PROSECUTOR))
    assert (wrong.status_code, wrong.content_type) == (405, "application/problem+json")
    assert "GET" in wrong.headers["Allow"]


def test_what_is_overdue_follows_the_clock_of_bishkek() -> None:
    from audit_api.domain.deadlines import today

    assert today(datetime(2021, 11, 18, 18, 30, tzinfo=UTC)).isoformat() == "2021-11-19"
