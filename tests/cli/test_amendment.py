"""An adoption judges what is stored again: cases are opened, followed, superseded."""

import pytest
from sqlalchemy import text

from audit_api.commands import standards as standards_cli
from audit_api.domain.vocabulary import Role
from audit_api.services.law import amend
from tests.cli.conftest import Cli
from tests.cli.lawful import FIRST, SECOND, Lawful, adoption, cases

TASKS = "select state, count(*) from remediation_task group by 1 order by 1"
SUPERSEDED = """
    select o.requirement, o.edition, n.edition, n.due_on = o.due_on, n.task_id = o.task_id
    from superseded_violation s join violation o on o.id = s.violation_id
    left join violation n on n.id = s.followed_by order by 1
"""


@pytest.fixture
def law(law: Cli) -> Cli:
    """The command line on a world in which both samples are imported."""
    law.done("standards", "import", str(FIRST))
    law.done("standards", "import", str(SECOND))
    return law


def replaced(number: str = "2") -> list[str]:
    return adoption("2", replaces="1", since="2021-11-15", number=number)


def test_a_first_adoption_opens_cases_for_what_is_stored(law: Cli, lawful: Lawful) -> None:
    lawful.ramp("near-1", 850)
    law.done(*adoption("1"))
    assert cases(law) == [("1", "ramp.running-slope", "open"), ("1", "ramp.width", "open")]


def test_a_case_of_a_replaced_edition_is_superseded_and_followed(law: Cli, lawful: Lawful) -> None:
    lawful.ramp("near-1", 850)
    law.done(*adoption("1"))
    law.done(*replaced())
    assert cases(law) == [
        ("1", "ramp.running-slope", "superseded"),
        ("1", "ramp.width", "superseded"),
        ("2", "ramp.running-slope", "open"),
        ("2", "ramp.width", "open"),
    ]
    assert law.query(SUPERSEDED) == [
        ("ramp.running-slope", "1", "2", True, True),
        ("ramp.width", "1", "2", True, True),
    ]


def test_what_meets_the_new_edition_is_superseded_without_a_follower(
    law: Cli, lawful: Lawful
) -> None:
    lawful.ramp("near-1", 910)  # 900 are enough for edition 1, 930 for edition 2
    law.done(*adoption("2", number="1"))
    law.done(*adoption("1", replaces="2", since="2021-11-15", number="2"))
    assert cases(law) == [
        ("1", "ramp.running-slope", "open"),
        ("2", "ramp.running-slope", "superseded"),
        ("2", "ramp.width", "superseded"),
    ]
    assert law.query(SUPERSEDED) == [
        ("ramp.running-slope", "2", "1", True, True),
        ("ramp.width", "2", None, None, None),
    ]


def test_an_edition_that_is_adopted_again_opens_its_cases_again(law: Cli, lawful: Lawful) -> None:
    lawful.ramp("near-1", 910)
    law.done(*adoption("2", number="1"))
    law.done(*adoption("1", replaces="2", since="2021-11-15", number="2"))
    law.done(*adoption("2", replaces="1", since="2021-11-16", number="3"))
    assert cases(law) == [
        ("1", "ramp.running-slope", "superseded"),
        ("2", "ramp.running-slope", "open"),
        ("2", "ramp.width", "open"),
    ]


def test_only_the_newest_measurement_of_an_element_counts(law: Cli, lawful: Lawful) -> None:
    lawful.ramp("near-1", 850)
    lawful.ramp("near-1", 1000)
    law.done(*adoption("1"))
    assert cases(law) == [("1", "ramp.running-slope", "open")]


def test_every_inspection_is_judged_by_the_new_law_and_keeps_its_old_assessment(
    law: Cli, lawful: Lawful
) -> None:
    lawful.ramp("near-1", 850)
    lawful.ramp("far-1", 1000)
    law.done(*adoption("1"))
    law.done(*replaced())
    counted = "select count(*), count(distinct ruleset_digest) from assessment"
    assert law.query(counted) == [(6, 3)]
    assert law.query("select count(*) from ruleset") == [(3,)]
    said = law.done("standards", "rerun", "--all")
    assert "6 assessments judged once more; none differ" in said


def test_a_task_whose_violations_are_all_superseded_ends_with_the_decision_as_its_reason(
    law: Cli, lawful: Lawful
) -> None:
    lawful.ramp("near-1", 850)
    law.done(*adoption("1"))
    with law.database.writing() as session:
        # Only the sample's width is left broken, so that the task hangs on it alone.
        session.execute(
            text(
                "update violation set state = 'closed', ended_at = now() "
                "where standard <> 'SAMPLE-DEMO' or requirement <> 'ramp.width'"
            )
        )
    words = replaced()
    words[words.index("binding")] = "reference"
    law.done(*words)
    assert law.query(TASKS) == [("verified", 1)]
    (reason,) = law.query("select reason from task_event order by n desc limit 1")[0]
    assert reason == "SAMPLE-DEMO/2 adopted by decision 2 of 2021-11-15"


def test_a_closed_campaign_keeps_its_law(law: Cli, lawful: Lawful) -> None:
    lawful.ramp("near-1", 850)
    with law.database.writing() as session:
        session.execute(text("update campaign set closed_at = now()"))
    assert "vote under it: none" in law.done(*adoption("1"))
    assert cases(law) == []
    assert law.query("select count(*) from assessment") == [(1,)]


def test_a_run_that_was_killed_is_finished_by_the_same_command(
    law: Cli, lawful: Lawful, monkeypatch: pytest.MonkeyPatch
) -> None:
    for site in ("near-1", "near-2", "far-1"):
        lawful.ramp(site, 850)
    real = amend.amend_sites
    calls = 0

    def dies(*args: object, **kwargs: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        return real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(standards_cli, "SITES_A_TRANSACTION", 1)
    monkeypatch.setattr(standards_cli, "amend_sites", dies)
    assert law(*adoption("1")).exit_code != 0
    assert len(cases(law)) == 2
    monkeypatch.setattr(standards_cli, "amend_sites", real)
    for _ in range(2):
        law.done(*adoption("1"))
        assert len(cases(law)) == 6
        assert law.query("select count(*) from assessment") == [(6,)]


def test_the_feed_tells_tablets_of_the_cases(law: Cli, lawful: Lawful) -> None:
    lawful.ramp("near-1", 850)
    law.done(*adoption("1"))
    law.done(*replaced())
    ((doc,),) = law.query("select doc from feed where kind = 'task'")
    told = [(v["edition"], v["state"]) for v in doc["violations"] if v["standard"] == "SAMPLE-DEMO"]
    assert sorted(told) == [("1", "superseded")] * 2 + [("2", "open")] * 2


def advice(cli: Cli) -> list[tuple[str, str]]:
    """Rule and state of every recommendation of the sample."""
    rows = cli.query("select advice from element where advice is not null")
    said = [(a["rule"], a["state"]) for (found,) in rows for a in found]
    return sorted(pair for pair in said if pair[0].startswith("SAMPLE-DEMO"))


def test_an_edition_adopted_as_reference_gives_recommendations(law: Cli, lawful: Lawful) -> None:
    lawful.ramp("near-1", 850)
    law.done(*[w if w != "binding" else "reference" for w in adoption("1")])
    assert cases(law) == []
    assert advice(law) == [
        ("SAMPLE-DEMO/1/ramp.running-slope", "open"),
        ("SAMPLE-DEMO/1/ramp.width", "open"),
    ]


def test_recommendations_of_a_replaced_edition_are_superseded(law: Cli, lawful: Lawful) -> None:
    lawful.ramp("near-1", 850)
    law.done(*[w if w != "binding" else "reference" for w in adoption("1")])
    law.done(*replaced())
    assert {state for _, state in advice(law)} == {"superseded"}
    assert cases(law) == [("2", "ramp.running-slope", "open"), ("2", "ramp.width", "open")]


def test_each_site_that_is_judged_again_stands_in_the_audit_log(law: Cli, lawful: Lawful) -> None:
    lawful.ramp("near-1", 850)
    law.done(*adoption("1"))
    law.done(*replaced())
    (first, second) = law.query(
        "select detail from audit_log where what = 'site_judged_again' order by n"
    )
    assert {kind: len(ids) for kind, ids in first[0]["cases"].items()} == {"opened": 2}
    assert {kind: len(ids) for kind, ids in second[0]["cases"].items()} == {
        "opened": 2,
        "superseded": 2,
    }


def test_a_prosecutor_reads_which_case_follows_which(law: Cli, lawful: Lawful) -> None:
    lawful.ramp("near-1", 850)
    law.done(*adoption("1"))
    law.done(*replaced())
    answer = lawful.app.test_client().get(
        "/api/v1/violations?standard=SAMPLE-DEMO", headers=lawful.world.headers(Role.PROSECUTOR)
    )
    assert answer.json is not None
    by_id = {item["id"]: item for item in answer.json["items"]}
    old = [item for item in by_id.values() if item["state"] == "superseded"]
    assert len(old) == 2
    for item in old:
        follower = by_id[item["followed_by"]]
        assert (follower["follows"], follower["state"]) == (item["id"], "open")
        assert (item["follows"], follower["followed_by"]) == (None, None)
