"""Inspections that come in while the law changes are judged by the new one, every one of them."""

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.cli.conftest import Cli
from tests.cli.lawful import FIRST, SECOND, Lawful, adoption, cases

WAITING = """
    select count(*) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'
"""
JUDGED = "select count(*) from assessment group by inspection_id order by 1"
RULESETS = """
    select count(distinct a.ruleset_digest) from assessment a where assessed_at = (
        select max(assessed_at) from assessment l where l.inspection_id = a.inspection_id)
"""


@pytest.fixture
def law(law: Cli) -> Cli:
    """The command line on a world in which both samples are imported."""
    law.done("standards", "import", str(FIRST))
    law.done("standards", "import", str(SECOND))
    return law


def wait_until(law: Cli, counted: str, expected: int) -> None:
    deadline = time.monotonic() + 20
    while law.query(counted) != [(expected,)]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_inspection_after_the_adoption_is_judged_by_it(law: Cli, lawful: Lawful) -> None:
    lawful.ramp("near-1", 1000)
    law.done(*adoption("1"))
    lawful.ramp("near-2", 850)
    assert ("1", "ramp.width", "open") in cases(law)


def test_an_inspection_that_waited_for_its_site_while_the_law_changed_is_judged_by_the_new_one(
    law: Cli, lawful: Lawful
) -> None:
    lawful.ramp("far-1", 850)  # the process has the catalog as it is before the adoption
    site = lawful.world.sites["near-1"]
    tablet = threading.Thread(target=lawful.ramp, args=("near-1", 850))
    adopting = threading.Thread(target=law.done, args=adoption("1"))
    with law.database.writing() as session:
        session.execute(text("select 1 from site where id = :id for update"), {"id": site})
        tablet.start()
        wait_until(law, WAITING, 1)
        adopting.start()
        wait_until(law, "select count(*) from adoption", 1)
    tablet.join()
    adopting.join()
    assert ("1", "ramp.width", "open") in cases(law)
    # Once, by the new law: what it knew before it waited does not count.
    assert law.query(JUDGED) == [(1,), (2,)]


def test_tablets_that_hand_in_all_the_while_leave_nothing_judged_by_the_old_law(
    law: Cli, lawful: Lawful
) -> None:
    stop = threading.Event()

    def hand_in(site: str) -> None:
        while not stop.is_set():
            lawful.ramp(site, 850)

    tablets = [threading.Thread(target=hand_in, args=(site,)) for site in ("near-1", "far-1")]
    for tablet in tablets:
        tablet.start()
    try:
        time.sleep(0.3)
        law.done(*adoption("1"))
        time.sleep(0.3)
        law.done(*adoption("2", replaces="1", since="2021-11-15", number="2"))
        time.sleep(0.3)
    finally:
        stop.set()
        for tablet in tablets:
            tablet.join()
    assert law.query(RULESETS) == [(1,)]
    assert cases(law) == [
        ("1", "ramp.running-slope", "superseded"),
        ("1", "ramp.running-slope", "superseded"),
        ("1", "ramp.width", "superseded"),
        ("1", "ramp.width", "superseded"),
        ("2", "ramp.running-slope", "open"),
        ("2", "ramp.running-slope", "open"),
        ("2", "ramp.width", "open"),
        ("2", "ramp.width", "open"),
    ]
    assert "none differ" in law.done("standards", "rerun", "--all")


def test_what_a_later_visit_saw_mended_is_not_opened_again_by_another_decision(
    law: Cli, lawful: Lawful, tmp_path: Path
) -> None:
    law.done(*adoption("1"))
    lawful.ramp("near-1", 850)
    with law.database.writing() as session:
        # As a visit of another campaign does that measures the ramp after it was mended.
        session.execute(
            text("update violation set state = 'closed', ended_at = now(), last_seen_at = now()")
        )
    before = cases(law)
    assert ("1", "ramp.width", "closed") in before
    other = tmp_path / "other.json"
    other.write_bytes(FIRST.read_bytes().replace(b"SAMPLE-DEMO", b"SAMPLE-OTHER"))
    law.done("standards", "import", str(other))
    words = adoption("1", number="2")
    law.done(*[word.replace("SAMPLE-DEMO", "SAMPLE-OTHER") for word in words])
    assert law.query("select count(distinct ruleset_digest) from assessment") == [(2,)]
    assert cases(law) == before


def test_another_decision_leaves_recommendations_as_they_were_last_seen(
    law: Cli, lawful: Lawful, tmp_path: Path
) -> None:
    words = adoption("1")
    words[words.index("binding")] = "reference"
    law.done(*words)
    lawful.ramp("near-1", 850)
    said = "select advice::text from element where advice is not null order by id"
    before = law.query(said)
    assert "SAMPLE-DEMO/1/ramp.width" in str(before)
    other = tmp_path / "other.json"
    other.write_bytes(FIRST.read_bytes().replace(b"SAMPLE-DEMO", b"SAMPLE-OTHER"))
    law.done("standards", "import", str(other))
    law.done(*[word.replace("SAMPLE-DEMO", "SAMPLE-OTHER") for word in adoption("1", number="2")])
    assert law.query(said) == before
