"""Files for the first sync: stable bytes, resumable, only one's own, and nothing is missed."""

import gzip
import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from audit_api.storage.base import Database
from audit_api.storage.sync import feed
from tests.factories import World, make_site
from tests.http.test_pull import pull, pull_all

LIST = "/api/v1/sync/snapshots"


@pytest.fixture(scope="module", autouse=True)
def _published(database: Database, world: World) -> None:
    with database.writing() as session:
        feed.publish(session, site=list(world.sites.values()))


def listing(client: FlaskClient, world: World, where: str = "near") -> Any:
    answer = client.get(LIST, headers=world.device_headers(where))
    assert answer.status_code == 200, answer.text
    return answer.json


def load(client: FlaskClient, world: World, address: str, **headers: str) -> Any:
    return client.get(address, headers=world.device_headers() | headers)


def held_in(data: bytes) -> tuple[dict[str, Any], dict[tuple[str, str, str], Any]]:
    head, *lines = map(json.loads, gzip.decompress(data).splitlines())
    return head, {(scope, kind, entity): doc for scope, kind, entity, doc, _ in lines}


def test_the_files_and_the_pull_behind_them_hold_what_a_first_pull_holds(
    client: FlaskClient, world: World, database: Database
) -> None:
    told = listing(client, world)
    with database.writing() as session:
        site = make_site(session, world.territories["near-1"], 8700)
        feed.publish(session, site=[site])
    held: dict[tuple[str, str, str], Any] = {}
    for file in told["files"]:
        head, items = held_in(load(client, world, file["address"]).data)
        assert (head["scope"], head["count"], head["sum"]) == (
            file["scope"],
            file["count"],
            file["sum"],
        )
        held |= items
    changes, _ = pull_all(client, world, told["cursor"])
    assert {key[2] for key in changes} == {str(site)}
    assert held | changes == pull_all(client, world)[0]


def test_a_change_far_behind_an_old_file_comes_with_the_pull(
    client: FlaskClient, world: World, database: Database
) -> None:
    listing(client, world)
    with database.writing() as session:
        site = make_site(session, world.territories["near-2"], 8701)
        feed.publish(session, site=[site])
    # Young and little moved: the file stays, and the cursor stands behind it.
    told = listing(client, world)
    here = f"territory:{world.territories['near-2']}"
    file = next(file for file in told["files"] if file["scope"] == here)
    assert str(site) not in {k[2] for k in held_in(load(client, world, file["address"]).data)[1]}
    assert str(site) in {k[2] for k in pull_all(client, world, told["cursor"])[0]}
    with database.writing() as session:
        session.execute(text("update feed_snapshot set made_at = made_at - interval '1 hour'"))
    renewed = next(f for f in listing(client, world)["files"] if f["scope"] == here)
    assert renewed["sha256"] != file["sha256"]
    assert str(site) in {k[2] for k in held_in(load(client, world, renewed["address"]).data)[1]}
    # Who had begun with the old file goes on with it.
    assert load(client, world, file["address"]).status_code == 200


def test_a_cut_download_goes_on_where_it_stopped(client: FlaskClient, world: World) -> None:
    file = listing(client, world)["files"][0]
    whole = load(client, world, file["address"])
    assert len(whole.data) == file["bytes"]
    etag = whole.headers["ETag"]
    assert etag == f'"{file["sha256"]}"'
    rest = load(client, world, file["address"], Range="bytes=100-", **{"If-Range": etag})
    assert (rest.status_code, whole.data[:100] + rest.data) == (206, whole.data)
    other = load(client, world, file["address"], Range="bytes=100-", **{"If-Range": '"x"'})
    assert (other.status_code, other.data) == (200, whole.data)
    beyond = load(client, world, file["address"], Range="bytes=9999999-")
    assert beyond.status_code == 416


def test_a_file_of_a_scope_outside_answers_like_one_that_is_not(
    client: FlaskClient, world: World
) -> None:
    far = listing(client, world, "far")["files"][0]
    assert far["scope"] not in listing(client, world)["scopes"]
    outside = load(client, world, far["address"])
    unknown = load(client, world, far["address"].replace(far["sha256"], "0" * 64))
    assert (outside.status_code, outside.data) == (404, unknown.data)
    assert load(client, world, far["address"][:-1]).status_code == 404


def test_the_same_items_give_the_same_bytes(
    client: FlaskClient, world: World, database: Database
) -> None:
    before = listing(client, world)["files"]
    with database.writing() as session:
        session.execute(text("truncate feed_snapshot"))
    after = {file["scope"]: file for file in listing(client, world)["files"]}
    assert [after[file["scope"]]["sha256"] for file in before if file["scope"] in after] == [
        file["sha256"] for file in before
    ]


def test_the_pull_behind_the_files_ends_with_a_digest_that_matches(
    client: FlaskClient, world: World
) -> None:
    told = listing(client, world)
    page = pull(client, world, cursor=told["cursor"]).json
    assert page["more"] is False
    for file in told["files"]:
        counted = page["digest"][file["scope"]]
        changed = [i for i in page["items"] if i[0] == file["scope"]]
        assert changed or counted == {"count": file["count"], "sum": file["sum"]}
