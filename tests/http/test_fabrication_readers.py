"""Who sees fabrication flags, what of them, and who sets one aside."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from audit_api.domain.vocabulary import Role
from audit_api.storage.base import Database
from tests.factories import World, make_person, make_session_token
from tests.http.suspect import Suspects, picture


@pytest.fixture(scope="module")
def suspects(app: Flask, database: Database, world: World) -> Suspects:
    return Suspects(app, database, world)


def across(suspects: Suspects) -> tuple[str, str, UUID]:
    """One photo at a site of each district: near inspection, far inspection, far site."""
    data = picture(uuid4().int)
    far_site = suspects.site("far-2")
    near = suspects.visit(suspects.site(), [data])
    far = suspects.visit(far_site, [data], where="far")
    suspects.look()
    return near, far, far_site


def test_what_lies_outside_is_another_site_and_no_more(suspects: Suspects, world: World) -> None:
    near, far, far_site = across(suspects)
    answer = suspects.client.get(
        f"/api/v1/inspections/{near}", headers=world.headers(Role.TECHNICAL_SUPERVISOR)
    )
    (flag,) = answer.json["fabrication_flags"]["items"]
    assert (flag["kind"], flag["other"], flag["figures"]) == ("same_photo", None, None)
    assert "outside your territories" in flag["text"]
    assert far not in answer.text
    assert str(far_site) not in answer.text
    (back,) = suspects.flags(far, "same_photo", where="far")
    assert near not in str(back)


def test_who_answers_for_both_sides_sees_both(
    suspects: Suspects, database: Database, world: World
) -> None:
    near, far, _ = across(suspects)
    with database.writing() as session:
        region = world.territories["region"]
        person = make_person(session, f"all-{uuid4().hex}", [(Role.COORDINATOR, region)])
        token = make_session_token(session, person)
    answer = suspects.client.get(
        f"/api/v1/inspections/{near}", headers={"Authorization": f"Bearer {token}"}
    )
    (flag,) = answer.json["fabrication_flags"]["items"]
    assert flag["other"]["inspection"] == far
    assert flag["other"]["site_name"]["en"].startswith("School ")


@pytest.mark.parametrize("role", [Role.INSPECTOR, Role.PROSECUTOR])
def test_who_reads_no_reviews_reads_no_flags(suspects: Suspects, role: Role) -> None:
    inspection = suspects.visit(suspects.site(), north_m=5_000)
    suspects.look()
    assert suspects.read(inspection, role) is None
    assert suspects.flags(inspection, "visit_far")


@pytest.fixture
def both(database: Database, world: World) -> dict[str, str]:
    """The near inspector, who is a technical supervisor there as well now."""
    with database.writing() as session:
        person = world.people[Role.INSPECTOR, "near"]
        session.execute(
            text("""insert into person_grant (id, person_id, role, territory_id, granted_at)
                values (:id, :person, 'technical_supervisor', :territory, now())
                on conflict do nothing"""),
            {"id": uuid4(), "person": person, "territory": world.territories["near"]},
        )
        return {"Authorization": f"Bearer {make_session_token(session, person)}"}


def test_nobody_sees_or_sets_aside_flags_of_their_own(
    suspects: Suspects, database: Database, world: World, both: dict[str, str]
) -> None:
    inspection = suspects.visit(suspects.site(), north_m=5_000)
    suspects.look()
    (flag,) = suspects.flags(inspection, "visit_far")
    try:
        own = suspects.client.get(f"/api/v1/inspections/{inspection}", headers=both).json
        assert own["fabrication_flags"] is None
        listed = suspects.client.get("/api/v1/inspections/flagged?limit=200", headers=both).json
        assert listed["items"] == []
        for named in (flag["id"], str(uuid4())):
            refused = suspects.set_aside(inspection, named, **both)
            assert (refused.status_code, refused.json["type"]) == (
                403,
                "urn:audit-api:problem:four-eyes",
            )
    finally:
        with database.writing() as session:
            session.execute(
                text("""delete from person_grant where person_id = :person
                    and role = 'technical_supervisor'"""),
                {"person": world.people[Role.INSPECTOR, "near"]},
            )


def test_a_flag_set_aside_stays_visible_with_who_and_why(
    suspects: Suspects, database: Database, world: World
) -> None:
    data = picture(11)
    mine, other = (suspects.visit(suspects.site(), [data]) for _ in range(2))
    suspects.look()
    (flag,) = suspects.flags(mine, "same_photo")
    answer = suspects.set_aside(mine, flag["id"], "One building, two stations.")
    assert answer.status_code == 200, answer.text
    (now,) = [f for f in answer.json["items"] if f["id"] == flag["id"]]
    assert now["state"] == "set_aside"
    assert now["decision"]["reason"] == "One building, two stations."
    assert now["decision"]["decided_by"] == "Technical_Supervisor.Near"
    assert suspects.flags(other, "same_photo")[0]["state"] == "open"
    suspects.look()
    assert suspects.flags(mine, "same_photo")[0]["state"] == "set_aside"
    again = suspects.set_aside(mine, flag["id"], "Once more.")
    assert (again.status_code, again.json["decision"]) == (409, "set_aside")
    assert again.json["reason"] == "One building, two stations."
    with database.reading() as session:
        entries = session.execute(
            text("""select person_id, detail from audit_log
                where what = 'fabrication_flag_set_aside' and subject = :subject"""),
            {"subject": mine},
        ).all()
    assert [(row.person_id, row.detail) for row in entries] == [
        (
            world.people[Role.TECHNICAL_SUPERVISOR, "near"],
            {"flag": flag["id"], "kind": "same_photo", "rev": 1},
        )
    ]


def test_a_flag_is_set_aside_once_and_a_later_look_leaves_it(suspects: Suspects) -> None:
    late = picture(12)
    inspection = suspects.visit(suspects.site(), [late], north_m=5_000)
    suspects.look()
    (flag,) = suspects.flags(inspection, "visit_far")
    assert suspects.set_aside(inspection, flag["id"]).status_code == 200
    suspects.hand_in(late)
    assert [checked.found for checked in suspects.look()] == [0]
    (still,) = suspects.flags(inspection, "visit_far")
    assert (still["id"], still["state"]) == (flag["id"], "set_aside")


@pytest.mark.parametrize("reason", ["", "  ", "\u0007"])
def test_a_reason_is_needed(suspects: Suspects, reason: str) -> None:
    assert suspects.set_aside(str(uuid4()), str(uuid4()), reason).status_code == 422


def test_one_outside_or_unknown_is_not_there(suspects: Suspects) -> None:
    near, far, _ = across(suspects)
    (theirs,) = suspects.flags(far, "same_photo", where="far")
    for inspection, flag in (
        (far, theirs["id"]),
        (near, theirs["id"]),
        (near, str(uuid4())),
        (str(uuid4()), theirs["id"]),
    ):
        assert suspects.set_aside(inspection, flag).status_code == 404
    assert suspects.flags(far, "same_photo", where="far")[0]["state"] == "open"


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.COORDINATOR, 404), (Role.ADMINISTRATOR, 404), (Role.PROSECUTOR, 404)],
)
def test_only_supervision_sets_aside(
    suspects: Suspects, world: World, role: Role, status: int
) -> None:
    inspection = suspects.visit(suspects.site(), north_m=5_000)
    suspects.look()
    (flag,) = suspects.flags(inspection, "visit_far")
    answer = suspects.set_aside(inspection, flag["id"], **world.headers(role))
    assert answer.status_code == status


def listed(suspects: Suspects, query: str = "", where: str = "near") -> list[Any]:
    """The whole list, page by page."""
    address: str | None = f"/api/v1/inspections/flagged?limit=3{query}"
    found = []
    while address:
        headers = suspects.world.headers(Role.TECHNICAL_SUPERVISOR, where)
        page = suspects.client.get(address, headers=headers)
        assert page.status_code == 200, page.text
        found += page.json["items"]
        address = page.json["next"]
    return found


def test_the_list_has_every_flagged_inspection_of_the_district_once(suspects: Suspects) -> None:
    near, far, _ = across(suspects)
    clean = suspects.visit(suspects.site())
    suspects.look()
    found = listed(suspects)
    ids = [item["inspection"] for item in found]
    assert len(ids) == len(set(ids)) > 3
    assert near in ids
    assert {far, clean} & set(ids) == set()
    assert far in [item["inspection"] for item in listed(suspects, where="far")]
    times = [item["first_found_at"] for item in found]
    assert times == sorted(times)


def test_the_list_can_be_narrowed(suspects: Suspects) -> None:
    site = suspects.site()
    inspection = suspects.visit(site, north_m=5_000)
    suspects.look()
    (item,) = listed(suspects, f"&site={site}")
    assert (item["inspection"], item["open"], item["set_aside"]) == (inspection, 1, 0)
    assert item["kinds"] == ["visit_far"]
    assert listed(suspects, f"&site={site}&kind=same_photo") == []
    assert listed(suspects, f"&site={site}&state=set_aside") == []
    (flag,) = suspects.flags(inspection, "visit_far")
    suspects.set_aside(inspection, flag["id"])
    assert listed(suspects, f"&site={site}&state=open") == []
    (item,) = listed(suspects, f"&site={site}&state=set_aside&kind=visit_far")
    assert (item["open"], item["set_aside"]) == (0, 1)


def test_what_was_mended_by_a_correction_leaves_the_list(suspects: Suspects) -> None:
    site = suspects.site()
    inspection = suspects.visit(site, north_m=5_000)
    suspects.look()
    assert len(listed(suspects, f"&site={site}")) == 1
    suspects.visit(site, inspection=UUID(inspection), base={"rev": 1})
    suspects.look()
    assert listed(suspects, f"&site={site}") == []
