"""Files are asked for within one's grants, and fetched by whoever asked; nobody else."""

from typing import Any
from uuid import uuid4

import pytest

from audit_api.domain.vocabulary import Role
from tests.factories import CAMPAIGN
from tests.http.exporting import EXPORTS, Asking
from tests.http.serving import Office


def test_asking_answers_where_it_is_told_how_far_it_is(asking: Asking) -> None:
    answer = asking.ask("violations")
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"{EXPORTS}/{answer.json['id']}"
    assert asking.get(answer.json["id"]).json == answer.json
    waiting = asking.get(answer.json["id"], "/file")
    assert waiting.status_code == 409
    assert waiting.json["state"] == "queued"


@pytest.mark.parametrize("path", ["", "/file"])
def test_what_another_person_asked_for_is_unknown(asking: Asking, path: str) -> None:
    made = asking.done("violations")
    nothing = asking.get(str(uuid4()), path)
    for role, where in ((Role.COORDINATOR, "near"), (Role.PROSECUTOR, "far")):
        answer = asking.get(made["id"], path, role, where)
        assert (answer.status_code, answer.data) == (404, nothing.data)
    mine = asking.client.get(EXPORTS, headers=asking.world.headers(Role.PROSECUTOR, "far")).json
    assert made["id"] not in str(mine)


def test_the_list_of_ones_own_goes_by_pages(asking: Asking) -> None:
    ids = [asking.done("violations", Role.COORDINATOR)["id"] for _ in range(3)]
    headers = asking.world.headers(Role.COORDINATOR)
    found, path = [], f"{EXPORTS}?limit=2"
    while path:
        page = asking.client.get(path, headers=headers).json
        found += [one["id"] for one in page["items"]]
        path = page["next"]
    assert [one for one in found if one in ids] == ids


OUTSIDE = [
    ("violations", {"filters": {"territory": "F1"}}),
    ("violations", {"filters": {"campaign": "kg-none-2021"}}),
    ("violations", {"filters": {"site": str(uuid4())}}),
    ("served_list", {"id": str(uuid4())}),
    ("act", {"id": str(uuid4())}),
    ("task", {"id": str(uuid4())}),
    ("briefing", {"filters": {"campaign": "kg-none-2021"}}),
]


@pytest.mark.parametrize(("kind", "said"), OUTSIDE)
def test_what_lies_outside_is_unknown_already_when_it_is_asked_for(
    asking: Asking, kind: str, said: dict[str, Any]
) -> None:
    assert asking.ask(kind, **said).status_code == 404


def test_a_served_list_and_an_act_of_another_district_are_unknown(
    asking: Asking, office: Office
) -> None:
    served, act = office.served(office.broken()), office.act()
    assert asking.ask("served_list", where="far", id=served["id"]).status_code == 404
    assert asking.ask("act", where="far", id=act["id"]).status_code == 404
    assert asking.ask("act", Role.INSPECTOR, id=act["id"]).status_code == 404


UNFIT = [
    ("violations", {"format": "exe"}, "/format"),
    ("violations", {"id": str(uuid4())}, "/id"),
    ("violations", {"filters": {"severity": "grave"}}, "/filters/severity"),
    ("violations", {"filters": {"nobody": 1}}, "/filters/nobody"),
    ("act", {}, "/id"),
    ("act", {"id": str(uuid4()), "filters": {"campaign": CAMPAIGN}}, "/filters"),
    ("briefing", {}, "/filters/campaign"),
    ("briefing", {"filters": {"campaign": CAMPAIGN, "overdue": True}}, "/filters/overdue"),
    ("everything", {}, "/kind"),
    ("violations", {"language": "de"}, "/language"),
]


@pytest.mark.parametrize(("kind", "said", "pointer"), UNFIT)
def test_what_a_kind_does_not_take_is_refused(
    asking: Asking, kind: str, said: dict[str, Any], pointer: str
) -> None:
    answer = asking.ask(kind, **said)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer


def test_nobody_has_more_than_ten_made_at_once(asking: Asking) -> None:
    headers, _ = asking.somebody("greedy")
    for _ in range(10):
        asking.asked_as(headers)
    body = {"kind": "violations", "format": "pdf"}
    refused = asking.client.post(EXPORTS, json=body, headers=headers)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "10"


def test_a_file_is_gone_after_its_term(asking: Asking) -> None:
    made = asking.done("violations")
    asking.execute(
        "update export set expires_at = now() - interval '1 second' where id = :id", id=made["id"]
    )
    assert asking.get(made["id"], "/file").status_code == 410


def test_a_request_sent_twice_under_one_key_makes_one_file(asking: Asking) -> None:
    headers = asking.world.headers(Role.COORDINATOR, "far") | {"Idempotency-Key": f'"{uuid4()}"'}
    body = {"kind": "violations", "format": "pdf", "language": "ru"}
    first = asking.client.post(EXPORTS, json=body, headers=headers)
    again = asking.client.post(EXPORTS, json=body, headers=headers)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json["id"] == again.json["id"]
