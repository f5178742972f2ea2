"""The page that says whether a paper is genuine: to everybody, and nothing that is not theirs."""

from flask.testing import FlaskClient

from audit_api.domain.vocabulary import Role
from tests.http.exporting import Asking
from tests.http.serving import Office, body_of

JSON = {"Accept": "application/json"}
UNKNOWN = "a" * 26


def path_of(made: dict[str, dict[str, str]]) -> str:
    address = made["file"]["verify"]
    assert address.startswith("http://localhost/verify/")
    return address.removeprefix("http://localhost")


def test_it_says_genuine_with_number_office_rows_and_hashes(
    asking: Asking, office: Office, client: FlaskClient
) -> None:
    served = office.served(office.broken())
    made = asking.done("served_list", id=served["id"])
    found = client.get(path_of(made), headers=JSON).json
    assert found["genuine"] is True
    assert found["number"] == served["number"]
    assert found["day"] == served["served_on"]
    assert found["content_sha256"] == served["sha256"]
    assert found["file_sha256"] == [made["file"]["sha256"]]
    assert found["rows"] == served["violations"]
    assert found["office"] == {
        "role": "prosecutor",
        "name": dict.fromkeys(("ky", "ru", "en"), "Near"),
    }
    page = client.get(path_of(made) + "?lang=en")
    assert page.status_code == 200
    for told in (
        "Genuine",
        served["sha256"],
        made["file"]["sha256"],
        f"№{served['number']}",
        "Near",
    ):
        assert told in page.text


def test_what_nobody_made_here_is_not_genuine(client: FlaskClient) -> None:
    for code in (UNKNOWN, "x", "..", "%F0%9F%92%A9", "a" * 500, "' or 1=1"):
        page = client.get(f"/verify/{code}?lang=en")
        assert page.status_code == 404
        assert "Not genuine, or unknown" in page.text
    answer = client.get(f"/verify/{UNKNOWN}", headers=JSON)
    assert answer.status_code == 404
    assert answer.json["type"] == "urn:audit-api:problem:unknown-paper"


def test_a_code_is_read_as_people_type_it(asking: Asking, client: FlaskClient) -> None:
    path = path_of(asking.done("violations"))
    code = path.rpartition("/")[2].upper()
    typed = "-".join(code[n : n + 5] for n in range(0, 26, 5))
    assert client.get(f"/verify/{typed}", headers=JSON).json["genuine"] is True


def test_nobody_is_named_and_no_row_is_shown(
    asking: Asking, office: Office, client: FlaskClient
) -> None:
    act = office.act()
    for made in (
        asking.done("act", id=act["id"]),
        asking.done("violations"),
        asking.done("task", Role.LSG_HEAD, id=_task(office)),
    ):
        for headers in (JSON, {"Accept": "text/html"}):
            told = client.get(path_of(made), headers=headers).text
            for hidden in ("Prosecutor.Near", "500 mm", "School", "Школа", "ramp", "main entrance"):
                assert hidden not in told


def _task(office: Office) -> str:
    site = office.broken()
    return str(office.get(f"/api/v1/tasks?site={site}", Role.LSG_HEAD).json["items"][0]["id"])


def test_a_withdrawn_act_is_told_and_the_paper_stays_genuine(
    asking: Asking, office: Office, client: FlaskClient
) -> None:
    served = office.served(office.broken(), addressee=body_of("N1"))
    of_list = path_of(asking.done("served_list", id=served["id"]))
    assert "No act was issued over this list so far." in client.get(f"{of_list}?lang=en").text
    act = office.issue(served_list=served["id"]).json
    of_act = path_of(asking.done("act", id=act["id"]))
    for path in (of_list, of_act):
        assert client.get(path, headers=JSON).json["acts"][0]["state"] == "issued"
    assert office.decide(act["id"], "withdraw").status_code in (200, 201)
    for path in (of_list, of_act):
        page = client.get(f"{path}?lang=en").text
        assert "Genuine" in page
        assert ": withdrawn." in page
        assert "What was withdrawn demands nothing any more." in page
