"""Two databases that differ only outside a person's scope answer every read with the same bytes.

One database is made and copied: ids, instants, tokens and transactions are the same in every copy.
What happens in the other district happens in one copy alone; then both are asked for everything.
A new list or item of test_scope.py is asked for by itself; add what can happen to it to outside.py.
"""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from audit_api.settings import Settings
from audit_api.storage.base import Database
from tests.http.fingerprint import changed, fingerprint
from tests.http.outside import HAPPENINGS
from tests.http.scope_faults import FAULTS, Fault
from tests.http.twins import Answers, Twins, differences


@pytest.fixture(scope="module")
def twins(new_settings: Callable[[], Settings]) -> Iterator[Twins]:
    made = Twins(new_settings())
    yield made
    made.close()


@pytest.fixture(scope="module")
def untouched(twins: Twins) -> Answers:
    """The answers when nothing happened outside."""
    with twins.copy():
        return twins.answers()


@pytest.fixture(scope="module")
def happened(twins: Twins) -> Iterator[tuple[Database, Database]]:
    """Two copies; in the second everything has happened outside."""
    with twins.copy() as before, twins.copy() as after:
        far = twins.far(after)
        for happens in HAPPENINGS.values():
            happens(far, "far-2")
        yield before, after


def test_the_answers_are_about_something_and_repeat(twins: Twins, untouched: Answers) -> None:
    assert len(untouched) > 200
    assert sum(answer[0] == 200 for answer in untouched.values()) > 100
    with twins.copy():
        assert differences(untouched, twins.answers()) == []


@settings(
    max_examples=5,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@example(happened=[(name, "far-2") for name in HAPPENINGS])
@given(
    happened=st.lists(
        st.tuples(st.sampled_from(sorted(HAPPENINGS)), st.sampled_from(["far-1", "far-2"])),
        min_size=2,
        max_size=8,
    )
)
def test_nobody_sees_what_happens_outside(
    twins: Twins, untouched: Answers, happened: list[tuple[str, str]]
) -> None:
    with twins.copy() as database:
        far = twins.far(database)
        for name, where in happened:
            HAPPENINGS[name](far, where)
        assert differences(untouched, twins.answers()) == []


def test_everything_that_happens_changes_something(twins: Twins) -> None:
    with twins.copy() as database:
        far = twins.far(database)
        before = fingerprint(database)
        for name, happens in HAPPENINGS.items():
            happens(far, "far-2")
            after = fingerprint(database)
            assert changed(before, after), name
            before = after


@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if not fault.frozen], ids=lambda fault: fault.name
)
def test_it_shows_when_one_scope_filter_is_gone(
    twins: Twins,
    happened: tuple[Database, Database],
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
) -> None:
    fault.plant(monkeypatch)
    answers = []
    for database in happened:
        twins.turn_to(database)
        answers.append(twins.seen_by([fault.reader]))
    seen = differences(*answers)
    assert {where for _, where in seen if fault.shows_at(where)}
    assert [where for _, where in seen if not fault.shows_at(where)] == []
