"""Proofreading a threshold: its type, its unit, and whether an answer can reach it at all.

A length in the wrong unit is the mistake that no reader sees. Two things give it away: the hard
limits of the question, and the thresholds that other editions have for the same measure.
"""

from collections.abc import Iterable
from typing import Any, Final

from field_schema.catalog import Catalog
from field_schema.form import Question
from field_schema.placed_json import Path
from field_schema.proof import Proof, near
from field_schema.standard import LIMITS, Comparison, Measures

_UNITS: Final = {
    "mm": ((1000, "metres"), (10, "centimetres")),
    "permille": ((10, "per cent"),),
    "Nmm": ((1000, "newton metres"),),
}
_TYPES: Final = {
    "measure": "a measure",
    "count": "a number of things",
    "choice": "a choice of words",
    "yes_no": "answered with yes or no",
    "text": "a free text",
}


def shown_type(question: Question) -> str:
    """What kind of answer a question gets, in words."""
    unit = f" in {question.unit}" if question.type == "measure" else ""
    return _TYPES[question.type] + unit


def check_threshold(
    value: list[Any],
    path: Path,
    proof: Proof,
    catalog: Catalog,
    element: str,
    question: Question,
    measures: Measures,
) -> None:
    """Note what is wrong with the threshold of `[measure, comparison, threshold…]`."""
    op, rest = value[1], value[2:]
    if any(type(v) is float for v in rest):
        return  # told with its place already
    if op == "ratio_le":
        _ratio(rest, path, proof, question, measures)
        return
    if op in ("is", "one_of"):
        _answers(op, rest, path, proof, question)
        return
    if not question.numeric:
        told = f"{question.key!r} is {shown_type(question)}, which has no {op!r}"
        proof.note((*path, 1), told, "write 'is' with its answer: " + _possible(question))
        return
    if len(rest) != (2 if op == "between" else 1):
        then = '["width_mm", "between", 850, 950]' if op == "between" else '["width_mm", "ge", 900]'
        proof.note(path, f"{op!r} has a wrong number of thresholds", f"write it as {then}")
        return
    for n, threshold in enumerate(rest, 2):
        if _whole(threshold, (*path, n), proof, question):
            _limits(threshold, (*path, n), proof, catalog, element, question)
    if op == "between" and all(type(v) is int for v in rest) and rest[0] >= rest[1]:
        proof.note(
            path, f"no value lies between {rest[0]} and {rest[1]}", "write the lower one first"
        )


def _possible(question: Question) -> str:
    return "true; false" if question.type == "yes_no" else "; ".join(question.choices) or "none"


def _whole(threshold: Any, path: Path, proof: Proof, question: Question) -> bool:
    if type(threshold) is int:
        return True
    if not isinstance(threshold, str):
        proof.note(path, "a whole number is due here", f"write it in {question.unit}")
        return False
    digits = threshold.strip()
    if digits.lstrip("-").isdigit():
        proof.note(path, f"the number {digits} stands in quotation marks", f"write {digits} alone")
    elif ":" in digits or "/" in digits:
        then = (
            "write 1:12 as 83 per mille"
            if question.unit == "permille"
            else 'write ["runs.rise_mm", "ratio_le", "runs.run_mm", 1, 12]'
        )
        proof.note(path, f"{threshold!r} is a ratio, a number is due", then)
    elif "%" in digits and question.unit == "permille":
        proof.note(path, f"{threshold!r} is a percentage", "write per mille: 5 % is 50")
    else:
        told = f"{threshold!r} is a text, a number is due"
        proof.note(path, told, f"write the number alone, in {question.unit}")
    return False


def _limits(
    threshold: int, path: Path, proof: Proof, catalog: Catalog, element: str, question: Question
) -> None:
    low, high = question.hard
    units = _UNITS.get(question.unit or "", ())
    if not low <= threshold <= high:
        guess = next((u for f, u in units if low <= threshold * f <= high and threshold > 0), None)
        hint = f"it looks like {guess}; " if guess else ""
        proof.note(
            path,
            f"{threshold} lies outside what a form accepts for {question.key!r}, {low} to {high} "
            f"{question.unit}, so no answer could ever reach it",
            f"{hint}write it in {question.unit}",
        )
        return
    known = sorted(_thresholds(catalog, element, question.key))
    if not known or threshold <= 0:
        return
    for factor, unit in units:
        if threshold * 4 < known[0] and known[0] <= threshold * factor * 2 <= known[-1] * 4:
            told = (
                f"{threshold} {question.unit} is far from every other edition's threshold, "
                f"{known[0]} to {known[-1]} {question.unit}, and looks like {unit}"
            )
            then = f"write {threshold * factor} if {unit} are meant; leave it if not"
            proof.note(path, told, then, doubt=True)
            return
    if threshold > known[-1] * 8:
        told = f"{threshold} is far above every other edition's threshold, at most {known[-1]}"
        proof.note(path, told, f"look whether it is in {question.unit}", doubt=True)


def _thresholds(catalog: Catalog, element: str, measure: str) -> Iterable[int]:
    """What the editions of the catalog demand of a measure; zeros say nothing of its unit."""
    for standard in catalog.standards.values():
        for requirement in standard.requirements.values():
            if requirement.element == element:
                for row in requirement.rows:
                    for c in row.must:
                        if c.measure == measure:
                            yield from (v for v in _numbers(c) if v > 0)


def _numbers(c: Comparison) -> tuple[int, ...]:
    if c.op == "between":
        return (c.value[0], c.value[1])
    return (c.value,) if c.op in LIMITS else ()


def _answers(op: str, rest: list[Any], path: Path, proof: Proof, question: Question) -> None:
    if question.type not in ("yes_no", "choice"):
        told = f"{question.key!r} is {shown_type(question)}, which has no {op!r}"
        then = (
            "a free text cannot be judged"
            if question.type == "text"
            else "write 'eq', 'ge' or 'le'"
        )
        proof.note((*path, 1), told, then)
        return
    if op == "is" and len(rest) != 1:
        proof.note(path, "'is' has one answer", "write 'one_of' for several")
        return
    for n, answer in enumerate(rest, 2):
        right = type(answer) is bool if question.type == "yes_no" else answer in question.choices
        if not right:
            quoted = str(answer).lower() in ("true", "false", "yes", "no", "да", "нет", "1", "0")
            hint = (
                "write true or false without quotation marks; "
                if question.type == "yes_no" and quoted
                else near(answer, question.choices)
            )
            told = f"{answer!r} is no answer to {question.key!r}"
            proof.note((*path, n), told, f"{hint}its answers: {_possible(question)}")


def _ratio(
    rest: list[Any], path: Path, proof: Proof, question: Question, measures: Measures
) -> None:
    example = '["runs.rise_mm", "ratio_le", "runs.run_mm", 1, 12]'
    if question.unit == "permille":
        told = f"{question.key!r} is a slope already, a ratio compares two lengths"
        proof.note(path, told, "write 'le' and per mille: 1:12 is 83")
        return
    if len(rest) != 3 or not isinstance(rest[0], str):
        proof.note(path, "a ratio names another measure and two numbers", f"write {example}")
        return
    other = measures.get(rest[0])
    if other is None:
        told = f"no form asks about the measure {rest[0]!r} of this element"
        proof.note((*path, 2), told, near(rest[0], measures) + "name a measure of a form")
    elif not question.numeric or other.unit != question.unit:
        told = f"{question.key!r} and {rest[0]!r} do not have one unit"
        proof.note(path, told, "compare two lengths, or two numbers of things")
    if any(type(v) is not int or v < 1 for v in rest[1:]):
        proof.note(path, "the ratio is not two positive whole numbers", "write 1:12 as 1, 12")
    elif question.unit == "mm" and rest[1] >= rest[2]:
        told = f"a slope of {rest[1]}:{rest[2]} is 45 degrees or steeper"
        proof.note(path, told, f"write the rise first: 1, {max(rest[1:])}")
