"""Packed measures: the same answers come back, and shapes say what stands where."""

import struct
from dataclasses import replace

import pytest

from field_schema.catalog import CatalogError, load_catalog
from field_schema.form import Form
from field_schema.packing import MISSING, layout_of, pack, packed_order, read_shape, unpack
from tests.field_schema.drawing import drawn_inspection
from tests.field_schema.judging import inspection_of, observed

STATION = load_catalog().form("station/1")
FORMS = sorted(load_catalog().forms)


@pytest.mark.parametrize("form_key", FORMS)
@pytest.mark.parametrize("seed", range(20))
def test_what_is_packed_comes_back_in_packed_order(seed: int, form_key: str) -> None:
    inspection = drawn_inspection(seed, form_key)
    shape, measures = pack(inspection)
    order = packed_order(inspection)
    assert sorted(order) == list(range(len(inspection.elements)))
    sent = [inspection.elements[place] for place in order]
    assert unpack(shape, measures, inspection.form) == [
        (element.type, element.state, element.answers) for element in sent
    ]
    assert len(measures) == 4 * read_shape(shape, inspection.form).width


def test_a_shape_names_form_layout_elements_states_and_repeats() -> None:
    inspection = inspection_of(
        observed("door", {"width_mm": 900}, number=1),
        observed("ramp", {"runs": ({}, {})}, number=2),
        observed("door", {"width_mm": 901}, state="election_day", number=3),
        observed("door", {}, number=4),
    )
    shape, _ = pack(inspection)
    layout = layout_of(STATION).digest
    assert shape == f"station/1;{layout};ramp:runs=2,door*2,door@election_day"


def test_inspections_that_differ_in_order_and_values_alone_have_one_shape() -> None:
    one = inspection_of(observed("door", {"width_mm": 900}), observed("ramp", {}, number=2))
    two = inspection_of(observed("ramp", {"rise_mm": 1}), observed("door", {}, number=2))
    assert pack(one)[0] == pack(two)[0]


def test_numbers_words_and_booleans_stand_in_the_forms_order() -> None:
    answers = {"place": "room", "width_mm": 900, "evacuation": False, "note": "text"}
    _, measures = pack(inspection_of(observed("door", answers)))
    keys = [column.key for column in layout_of(STATION).sections["door"].columns]
    numbers = dict(zip(keys, struct.unpack(f"<{len(keys)}i", measures), strict=True))
    place = STATION.sections["door"].questions["place"].choices.index("room")
    told = {key: number for key, number in numbers.items() if number != MISSING}
    assert told == {"place": place, "width_mm": 900, "evacuation": 0}
    assert "note" not in keys


# As they were when the forms were released. A packed column is read with these for ever.
LAYOUTS = {
    "ramp/1": "1714bccc",
    "ramp/2": "283dc66e",
    "readiness/1": "6a0f8d52",
    "recheck/1": "6b7eaf60",
    "station/1": "4351c281",
    "station/2": "f6ee695c",
}


def test_every_released_form_has_its_layout_written_down() -> None:
    assert sorted(LAYOUTS) == FORMS


@pytest.mark.parametrize("form_key", LAYOUTS)
def test_the_layout_of_a_released_form_never_changes(form_key: str) -> None:
    assert layout_of(load_catalog().form(form_key)).digest == LAYOUTS[form_key]


def test_a_shape_of_another_layout_is_refused_with_what_to_do() -> None:
    shape, measures = pack(inspection_of(observed("door", {})))
    key, _, elements = shape.split(";")
    with pytest.raises(CatalogError, match="pack these inspections again from their bodies"):
        unpack(f"{key};00000000;{elements}", measures, STATION)


def test_limits_beyond_32_bits_are_refused() -> None:
    with pytest.raises(CatalogError, match=r"door width_mm.*do not fit into 32 bits"):
        layout_of(_with_limits(STATION, (0, 2**31)))


def _with_limits(form: Form, hard: tuple[int, int]) -> Form:
    door = form.sections["door"]
    wide = replace(door.questions["width_mm"], hard=hard)
    section = replace(door, questions={**door.questions, "width_mm": wide})
    return replace(form, key="made-up/1", sections={"door": section})
