"""Numbers that commit late are read once, whatever the order; those that never come end."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from audit_api.domain.events.gaps import STATEMENT_ENDS, Gap, grown, passed, without

AT = datetime(2021, 10, 20, tzinfo=UTC)
LATER = AT + STATEMENT_ENDS


@given(st.lists(st.lists(st.integers(1, 40), max_size=10), min_size=1, max_size=8))
def test_each_number_is_read_once_in_whatever_order_they_commit(batches: list[list[int]]) -> None:
    top = 0
    gaps: list[Gap] = []
    read: list[int] = []
    there: set[int] = set()
    for batch in batches:
        there |= set(batch)
        left = []
        for gap in gaps:
            late = [n for n in sorted(there) if gap.first <= n <= gap.last]
            read += late
            left += without(gap, late)
        new = [n for n in sorted(there) if n > top]
        read += new
        gaps = left + passed(top, new, at=AT)
        top = new[-1] if new else top
    assert sorted(read) == sorted(there)
    assert {n for gap in gaps for n in range(gap.first, gap.last + 1)} == (
        set(range(1, top + 1)) - there
    )


def test_a_gap_stays_as_long_as_somebody_may_fill_it() -> None:
    gap = Gap(3, 3, AT)
    young = grown(gap, at=LATER - timedelta(seconds=1), horizon=900, following=950)
    assert young == gap
    # Whoever took the number may have got a transaction id meanwhile, but none from 950 on.
    old = grown(gap, at=LATER, horizon=900, following=950)
    assert old == Gap(3, 3, AT, 950)
    assert grown(old, at=LATER, horizon=949, following=990) == old
    assert grown(old, at=LATER, horizon=950, following=990) is None
