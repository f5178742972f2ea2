"""A changed law judges what technical supervision corrected as corrected; what was handed in stays.

In the samples edition 1 asks a width of 900 mm, edition 2 of 930 mm; the demo profile's own of 900.
"""

from typing import Any
from uuid import UUID, uuid4

import pytest

from audit_api.domain.vocabulary import Role
from tests.cli.conftest import Cli
from tests.cli.lawful import FIRST, SECOND, Lawful, adoption, cases

MEASURED = """
    select edition, (measured ->> 'width_mm')::int from violation
    where standard = 'SAMPLE-DEMO' and requirement = 'ramp.width' order by 1
"""


@pytest.fixture
def law(law: Cli) -> Cli:
    """The command line on a world in which both samples are imported."""
    law.done("standards", "import", str(FIRST))
    law.done("standards", "import", str(SECOND))
    return law


def decide(lawful: Lawful, decision: str, width: int | None = None, **wanted: str) -> Any:
    """Supervision decides on a width's violation; `width`: what the tape showed."""
    client = lawful.app.test_client()
    headers = lawful.world.headers(Role.TECHNICAL_SUPERVISOR)
    listed = client.get("/api/v1/violations", headers=headers).json["items"]
    items = [v for v in listed if "width_mm" in v["measured"]]
    found = next(v for v in items if all(v[name] == value for name, value in wanted.items()))
    address = f"/api/v1/violations/{found['id']}"
    rev = client.get(address, headers=headers).json["rev"]
    said: dict[str, Any] = {"decision": decision, "rev": rev, "reason": "Photo 2 shows the tape."}
    if width is not None:
        answer = {"value": width, "unit": "mm"}
        said["corrections"] = [{"measure": "width_mm", "answer": answer}]
    made = client.post(f"{address}/adjudications", json=said, headers=headers)
    assert made.status_code == 201, made.text
    return made.json


def widths(law: Cli) -> list[tuple[str, str]]:
    """Edition and state of the violations of the samples' width."""
    return [(edition, state) for edition, what, state in cases(law) if what == "ramp.width"]


def second(replaces: str = "1") -> list[str]:
    """The adoption that replaces the first."""
    edition = {"1": "2", "2": "1"}[replaces]
    return adoption(edition, replaces=replaces, since="2021-11-15", number="2")


def test_what_a_corrected_value_overturned_is_not_opened_on_the_wrong_one(
    law: Cli, lawful: Lawful
) -> None:
    lawful.ramp("near-1", 850)
    law.done(*adoption("1"))
    assert decide(lawful, "correct", 1000, standard="SAMPLE-DEMO")["state"] == "overturned"
    law.done(*second())
    assert widths(law) == [("1", "overturned")]


def test_a_value_corrected_for_one_standard_is_right_for_another(law: Cli, lawful: Lawful) -> None:
    lawful.ramp("near-1", 850)
    # Before any sample is adopted: this is of the profile's own standard.
    assert decide(lawful, "correct", 1000)["standard"] != "SAMPLE-DEMO"
    law.done(*adoption("1"))
    assert widths(law) == []


def test_a_corrected_value_that_breaks_the_new_edition_opens_a_case_that_shows_it(
    law: Cli, lawful: Lawful
) -> None:
    lawful.ramp("near-1", 850)
    law.done(*adoption("1"))
    assert decide(lawful, "correct", 915, standard="SAMPLE-DEMO")["state"] == "overturned"
    law.done(*second())
    assert widths(law) == [("1", "overturned"), ("2", "open")]
    assert ("2", 915) in law.query(MEASURED)


def test_a_breach_confirmed_by_a_corrected_value_goes_on_with_it(law: Cli, lawful: Lawful) -> None:
    lawful.ramp("near-1", 850)
    law.done(*adoption("1"))
    assert decide(lawful, "correct", 800, standard="SAMPLE-DEMO")["state"] == "confirmed"
    law.done(*second())
    assert widths(law) == [("1", "superseded"), ("2", "open")]
    assert law.query(MEASURED) == [("1", 800), ("2", 800)]


def test_a_breach_confirmed_by_a_corrected_value_ends_where_the_new_edition_allows_it(
    law: Cli, lawful: Lawful
) -> None:
    lawful.ramp("near-1", 850)
    law.done(*adoption("2"))
    assert decide(lawful, "correct", 910, standard="SAMPLE-DEMO")["state"] == "confirmed"
    law.done(*second("2"))
    assert widths(law) == [("2", "superseded")]


def test_what_supervision_overturned_without_a_value_stays_so(law: Cli, lawful: Lawful) -> None:
    lawful.ramp("near-1", 850)
    law.done(*adoption("1"))
    decide(lawful, "overturn", standard="SAMPLE-DEMO")
    law.done(*second())
    assert widths(law) == [("1", "overturned")]


def test_a_correction_is_of_its_revision_and_not_of_the_next(law: Cli, lawful: Lawful) -> None:
    inspection = lawful.ramp("near-1", 850)
    law.done(*adoption("1"))
    decide(lawful, "correct", 1000, standard="SAMPLE-DEMO")
    lawful.ramp("near-1", 860, inspection, base={"rev": 1})
    assert widths(law) == [("1", "open")]
    law.done(*second())
    assert widths(law) == [("1", "superseded"), ("2", "open")]
    assert ("2", 860) in law.query(MEASURED)


def test_a_later_visit_counts_before_an_older_ones_correction(law: Cli, lawful: Lawful) -> None:
    lawful.ramp("near-1", 850)
    law.done(*adoption("1"))
    decide(lawful, "correct", 1000, standard="SAMPLE-DEMO")
    lawful.ramp("near-1", 840)
    law.done(*second())
    assert ("2", 840) in law.query(MEASURED)


def test_a_confirmation_after_an_unsure_correction_lets_the_reading_stand(
    law: Cli, lawful: Lawful
) -> None:
    lawful.ramp("near-1", 850)
    law.done(*adoption("1"))
    assert decide(lawful, "correct", 899, standard="SAMPLE-DEMO")["state"] == "contested"
    decide(lawful, "confirm", standard="SAMPLE-DEMO")
    law.done(*second())
    assert law.query(MEASURED) == [("1", 850), ("2", 850)]


def test_the_assessments_are_of_what_was_handed_in_and_come_out_the_same(
    law: Cli, lawful: Lawful
) -> None:
    corrected = lawful.ramp("near-1", 850)
    law.done(*adoption("1"))
    diff = ["standards", "diff", "SAMPLE-DEMO/1", "SAMPLE-DEMO/2"]
    before = law.done(*diff)
    decide(lawful, "correct", 1000, standard="SAMPLE-DEMO")
    assert law.done(*diff) == before
    law.done(*second())
    assert "3 assessments judged once more; none differ" in law.done("standards", "rerun", "--all")
    assert seen(lawful, corrected) == {("2", "violation", 850)}


def seen(lawful: Lawful, inspection: UUID) -> set[tuple[str, str, int]]:
    """Edition, verdict and width in the findings of an inspection about the samples' width."""
    headers = lawful.world.headers(Role.TECHNICAL_SUPERVISOR)
    answer = lawful.app.test_client().get(f"/api/v1/inspections/{inspection}", headers=headers)
    assert answer.json is not None
    return {
        (f["edition"], f["verdict"], f["measured"]["width_mm"])
        for f in answer.json["findings"]
        if (f["standard"], f["requirement"]) == ("SAMPLE-DEMO", "ramp.width")
    }


def test_what_was_corrected_is_kept_as_it_was_said(law: Cli, lawful: Lawful) -> None:
    lawful.ramp("near-1", 850, uuid4())
    law.done(*adoption("1"))
    decide(lawful, "correct", 1000, standard="SAMPLE-DEMO")
    assert law.query("select corrections from adjudication") == [
        ([{"measure": "width_mm", "index": None, "answer": {"value": 1000, "unit": "mm"}}],)
    ]
