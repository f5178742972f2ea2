"""Counts of voters with disabilities: what everybody may see, and how a line is read."""

from audit_api.domain.oversight.needs import NEEDS, suppressed
from audit_api.domain.place_rows import read_rows
from audit_api.domain.vocabulary import UserGroup

LINE = {"number": "8001", **{group.value: "4" for group in UserGroup}}


def test_fewer_than_three_are_never_said() -> None:
    assert suppressed({"wheelchair": 0, "mobility": 1, "vision": 2, "hearing": 3}) == {
        "wheelchair": None, "mobility": None, "vision": None, "hearing": 3,
    }  # fmt: skip


def test_a_line_has_a_count_for_every_user_group() -> None:
    [row], faults = read_rows([("line 2", LINE)], NEEDS)
    assert faults == []
    assert row.voters == dict.fromkeys(UserGroup, 4)
    assert not row.synthetic


def test_every_bad_cell_is_told() -> None:
    bad = LINE | {"number": "x", "vision": "-1", "hearing": "", "synthetic": "perhaps"}
    _, faults = read_rows([("line 2", bad), ("line 3", LINE), ("line 4", LINE)], NEEDS)
    assert [fault.pointer for fault in faults] == [
        "line 2, synthetic", "line 2, number", "line 2, vision", "line 2, hearing",
        "line 4, number",
    ]  # fmt: skip
