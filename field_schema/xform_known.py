"""What a site is known to have, in a form of Collect: so a second visit measures the same things.

The list `elements.csv` comes with the form. Of what a site has many of, each item of the repeat
begins with the question which one it is; empty means a new one. Of what it has once the known one
is taken without a question, unless that could be the wrong one: where the building serves as
several polling stations, or several are known.

    known_ramp                  how many ramps of the chosen site are known
    ramp_id                     the element's id, which answers are read by; empty: a new one
    ramp_known_label            its label, so that nobody types it again
    one_ramp                    the group around them, which bears the label
    choose_station              asked where the known one is not sure
    asked_ramp                  in a recheck: the questions that its open tasks need

A form that asks only what a task needs gets a list of those elements alone, and knows no new ones.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from field_schema.strict_file import Texts
from field_schema.xform import Line, labels, xform_texts

ELEMENTS: Final = "elements.csv"
"""The list of known elements, which every person gets for themselves."""
ELEMENT_COLUMNS: Final = ("name", "label", "site", "element", "title", "asked")
"""The element's id; what is shown of it; its site, its type, its own label; and, parted by spaces,
the questions that its open tasks need."""
STATIONS_HERE: Final = "stations_here"
_ITEMS: Final = "instance('elements')/root/item"


def stations_here() -> Line:
    """As how many polling stations the chosen site serves in the campaign."""
    same = "[site = ${site} and campaign = ${campaign}]"
    return _calculate(STATIONS_HERE, f"count(instance('sites')/root/item{same})", "int")


def counted(element: str) -> Line:
    """How many elements of a type are known at the chosen site; stands outside the repeat."""
    return _calculate(f"known_{element}", f"count({_ITEMS}[{_here(element)}])", "int")


def asked(element: str, *, once: bool, again: bool) -> Iterator[Line]:
    """Which element it is, and the label that it is known by.

    `again`: only what a task needs is asked, and nothing that is new.
    """
    texts, known, id_ = xform_texts(), f"${{known_{element}}}", f"{element}_id"
    unsure = f"{known} > 1 or ({known} = 1 and ${{{STATIONS_HERE}}} > 1)"
    choose = {
        "type": f"select_one_from_file {ELEMENTS}",
        "name": f"choose_{element}" if once else id_,
        "choice_filter": _here(element),
        "relevant": unsure if once else f"{known} > 0",
        "appearance": "minimal",
    }
    if again:
        yield choose | labels("label", texts["element_again"]) | {"required": "yes"}
    else:
        hint = labels("hint", texts["known_element_hint"])
        yield choose | labels("label", texts["known_element"]) | hint
    if once:
        only = f"{known} = 1 and ${{{STATIONS_HERE}}} < 2"
        found = f"if({only}, {_ITEMS}[{_here(element)}]/name, ${{choose_{element}}})"
        yield _calculate(id_, found)
    yield _calculate(f"{element}_known_label", _of_chosen(element, "title"))
    if again:
        yield _calculate(f"asked_{element}", _of_chosen(element, "asked"))


def one(element: str) -> str:
    """The group that holds all of one item: `one_ramp`."""
    return f"one_{element}"


def called(element: str, title: Texts, *, again: bool) -> Line:
    """The beginning of that group, whose label tells the items of a repeat apart.

    Collect lists them as "1. ramp Main entrance" where such a group is all that an item has; else
    as "ramp > 1".
    """
    own = "" if again else f"${{{element}_label}}"
    own += f"${{{element}_known_label}}"
    label = {language: f"{text} {own}" for language, text in title.items()}
    return {"type": "begin_group", "name": one(element)} | labels("label", label)


def needed(element: str, keys: Iterable[str]) -> str:
    """Whether a task of the chosen element needs one of these questions."""
    return " or ".join(f"selected(${{asked_{element}}}, '{key}')" for key in keys)


def nothing_again(elements: Iterable[str]) -> Line:
    """The note of a recheck where no task of the chosen site is open."""
    known = " + ".join(f"${{known_{element}}}" for element in elements)
    note = {"type": "note", "name": "nothing_again", "relevant": f"${{site}} != '' and {known} = 0"}
    return note | labels("label", xform_texts()["nothing_again"])


def not_twice(element: str) -> Line:
    """The constraint of a state: one element is observed once in each."""
    others = "position() != position(current()/../..)"
    same = f"{one(element)}/{element}_id = current()/../{element}_id"
    states = f"../../../{element}[{others} and {same}]/{one(element)}/{element}_state"
    rule = f"${{{element}_id}} = '' or not(selected(join(' ', {states}), .))"
    return {"constraint": rule} | labels("constraint_message", xform_texts()["known_twice"])


def _here(element: str) -> str:
    return f"site = ${{site}} and element = '{element}'"


def _of_chosen(element: str, column: str) -> str:
    id_ = f"${{{element}_id}}"
    return f"if({id_} = '', '', {_ITEMS}[name = {id_}]/{column})"


def _calculate(name: str, expression: str, kind: str = "string") -> Line:
    return {"type": "calculate", "name": name, "calculation": expression, "bind::type": kind}
