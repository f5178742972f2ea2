"""What a paper says: the rows of the screen, the words of the document, and the photos it has."""

import io
from datetime import UTC, datetime

import pypdf

from audit_api.domain.vocabulary import Role
from audit_api.imaging import Examiner
from audit_api.services.evidence.examine_photos import examine_photos
from tests.factories import CAMPAIGN
from tests.http.exporting import Asking
from tests.http.serving import Office, body_of


def text_of(pdf: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_a_list_is_made_of_exactly_what_the_screen_shows(asking: Asking, office: Office) -> None:
    site = office.broken()
    made = asking.done("violations", filters={"site": str(site)})
    on_screen = office.get(f"/api/v1/violations?site={site}").json["items"]
    assert (made["done"], made["total"]) == (len(on_screen), len(on_screen))
    text = text_of(asking.file(made))
    assert "Prosecutor, Near" in text
    assert "Prosecutor.Near" in text
    flat = text.replace(" ", "")
    read = [value for one in on_screen for value in one["measured"].values()]
    assert [v for v in read if type(v) is int and f"{v}" not in flat] == []


def test_the_filters_narrow_it(asking: Asking, office: Office) -> None:
    site = office.broken()
    path = f"/api/v1/violations?site={site}&severity="
    for severity in ("critical", "major", "minor"):
        filters = {"site": str(site), "severity": severity}
        made = asking.done("violations", filters=filters)
        assert made["total"] == len(office.get(path + severity).json["items"])
    overdue = asking.done("violations", filters={"site": str(site), "overdue": False})
    assert overdue["total"] == len(
        office.get(f"/api/v1/violations?site={site}&overdue=false").json["items"]
    )


def test_a_served_list_is_the_same_bytes_for_ever_and_whoever_asks(
    asking: Asking, office: Office
) -> None:
    site = office.broken()
    served = office.served(site, addressee=body_of("N1"))
    first = asking.done("served_list", id=served["id"])
    office.confirm(site, "closed")
    again = asking.done("served_list", id=served["id"])
    head = asking.done("served_list", Role.LSG_HEAD, id=served["id"])
    assert first["file"]["sha256"] == again["file"]["sha256"] == head["file"]["sha256"]
    text = text_of(asking.file(first))
    assert f"List of violations №{served['number']}" in text
    assert served["sha256"][:32] in text
    other = asking.done("served_list", id=served["id"], language="ky")
    assert other["file"]["verify"] != first["file"]["verify"]


def test_a_served_list_whose_kept_file_is_lost_is_made_again(
    asking: Asking, office: Office
) -> None:
    served = office.served(office.broken())
    first = asking.done("served_list", id=served["id"])
    [(key,)] = asking.execute("select file_key from export where id = :id", id=first["id"])
    store = asking.app.extensions["file_store"]
    store._client.delete_object(Bucket=store._bucket, Key=key)
    assert asking.done("served_list", id=served["id"])["file"]["sha256"] == first["file"]["sha256"]


def test_an_act_is_made_with_its_demand_and_photos_it_has(asking: Asking, office: Office) -> None:
    act = office.act()
    text = text_of(asking.file(asking.done("act", id=act["id"])))
    assert "Widen the ramp before the election." in text
    assert f"№{act['number']}" in text
    assert "Annex: photos" in text
    assert "no preview is here now" in text


def test_an_act_over_a_served_list_has_the_rows_of_the_list(asking: Asking, office: Office) -> None:
    served = office.served(office.broken(), addressee=body_of("N1"))
    act = office.issue(served_list=served["id"]).json
    text = text_of(asking.file(asking.done("act", id=act["id"])))
    assert served["sha256"] in text.replace(" ", "")
    assert "500mm" in text.replace(" ", "")


def test_the_head_prints_a_task_sheet_for_the_foreman(asking: Asking, office: Office) -> None:
    site = office.broken()
    task = office.get(f"/api/v1/tasks?site={site}", Role.LSG_HEAD).json["items"][0]
    text = text_of(asking.file(asking.done("task", Role.LSG_HEAD, id=task["id"]), Role.LSG_HEAD))
    assert "To be done by" in text
    assert "main entrance" in text
    assert "Foreman (name, signature)" in text


def test_the_headquarters_print_their_page(asking: Asking) -> None:
    made = asking.done("briefing", Role.COORDINATOR, filters={"campaign": CAMPAIGN})
    text = text_of(asking.file(made, Role.COORDINATOR))
    assert "Briefing of the headquarters" in text
    assert "28 November 2021" in text


def test_a_photo_that_came_later_makes_another_paper_of_the_same_act(
    asking: Asking, office: Office
) -> None:
    act = office.act()
    without = asking.done("act", id=act["id"])
    store = asking.app.extensions["photo_store"]
    with Examiner() as examiner:
        list(examine_photos(asking.database, store, examiner, now=lambda: datetime.now(UTC)))
    shown = asking.done("act", id=act["id"])
    head = asking.done("act", Role.LSG_HEAD, id=act["id"])
    assert shown["file"]["verify"] != without["file"]["verify"]
    assert head["file"]["sha256"] == shown["file"]["sha256"]
    text = text_of(asking.file(shown))
    assert "no preview is here now" not in text
    assert "SHA-256 of the original:" in text
    for made in (without, shown):
        path = made["file"]["verify"].removeprefix("http://localhost")
        found = asking.client.get(path, headers={"Accept": "application/json"}).json
        assert found["content_sha256"] == act["sha256"]
