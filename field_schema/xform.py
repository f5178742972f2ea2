"""A section of a form with the verdicts of a ruleset, as an XLSForm that pyxform converts.

Plain data, no Excel file: `pyxform.xls2xform.convert(workbook_of(...).workbook)` gives the XForm.
pyxform is needed only where forms are released and in tests. The form is about one element: its
questions in three languages, its repeats, the building, and for every requirement four calculates.

What it does not say: the sentence of a reason (only its code), photos, "cannot measure".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from field_schema.form import STATES, Form, Question
from field_schema.problems import problem_texts, words
from field_schema.ruleset import Rule
from field_schema.standard import BUILDINGS
from field_schema.strict_file import Texts, read_file
from field_schema.xform_expressions import (
    BORDERLINE,
    COMPLIANT,
    NO_ITEM,
    NOT_APPLICABLE,
    NOT_MEASURED,
    OUTSIDE,
    VIOLATION,
    Calculates,
    decision,
    items_of,
    name_of,
    worst,
)

LANGUAGES: Final = {"ky": "Кыргызча (ky)", "ru": "Русский (ru)", "en": "English (en)"}
_DAY: Final = "%Y%m%d"
VERDICTS: Final = {
    VIOLATION: ("violation", "breaks"),
    NOT_MEASURED: ("not_measured", "missing"),
    BORDERLINE: ("borderline", "within_tolerance"),
    COMPLIANT: ("compliant", "complies"),
    NOT_APPLICABLE: ("not_applicable", "condition_not_met"),
}
EXCLUDED: Final = {
    1: ("not_applicable", "other_state"),
    2: ("not_applicable", "other_building"),
    3: ("not_measured", "build_date_unknown"),
    4: ("not_applicable", "other_build_date"),
}

Line = dict[str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """The names of the calculates that tell of one rule: words, and the index from 0 or ''."""

    verdict: str
    row: str
    index: str
    reason: str


@dataclass(frozen=True, slots=True)
class ElementForm:
    """An XLSForm as pyxform takes it, and by rule the calculates that give its verdict."""

    workbook: Mapping[str, list[Line]]
    told: Mapping[str, Told]


def workbook_of(form: Form, element: str, rules: Iterable[Rule]) -> ElementForm:
    """The questions about one element with the verdicts of these rules on it.

    Raises KeyError for an element that the form does not ask about. Rules on other elements are
    passed over.
    """
    section = form.sections[element]
    to = Calculates(section)
    told = {}
    for n, rule in enumerate(rules):
        if rule.requirement.element == element:
            told[rule.name] = _tell(rule, f"{element}_r{n}", to)
    calculates = to.lines()
    survey = _building()
    choices = [
        *choice_lines("building_status", {word: xform_texts()[word] for word in BUILDINGS}),
        *choice_lines("state", {word: xform_texts()[word] for word in STATES}),
        *choice_lines("yes_no", {word: xform_texts()[word] for word in ("yes", "no")}),
    ]
    for question in section.measures.values():
        if question.type == "choice":
            choices += choice_lines(name_of(section, question.key), question.choice_names)
    survey += [question_line(q, name_of(section, q.key)) for q in section.questions.values()]
    for group in section.groups.values():
        name = name_of(section, group.id)
        survey.append({"type": "begin_repeat", "name": name} | labels("label", group.title))
        survey += [question_line(q, name_of(section, q.key)) for q in group.questions.values()]
        survey += calculates.get(group.id, [])
        survey.append({"type": "end_repeat", "name": name})
    survey += calculates[None]
    settings = {
        "form_id": f"{form.id}_{element}",
        "version": str(form.version),
        "form_title": f"{form.title['en']}: {section.title['en']}",
        "default_language": LANGUAGES["ru"],
    }
    return ElementForm({"survey": survey, "choices": choices, "settings": [settings]}, told)


@cache
def xform_texts() -> dict[str, Any]:
    """The words that only XForms need."""
    root = Path(__file__).parent
    return read_file(root / "xform_texts.json", root)[0]


def _tell(rule: Rule, prefix: str, to: Calculates) -> Told:
    verdict, row, index = judge(rule, to)
    outside = exclusion(rule, to)
    names = [r.name for r in rule.requirement.rows]
    rows = {n: (name,) for n, name in enumerate(names) if name is not None}
    run = f"{outside} = 0"
    unsure = f"{verdict} = {BORDERLINE} and {row} < 0"
    doubt = f"if({unsure}, 'condition_within_tolerance', {cases(verdict, VERDICTS, 1)})"
    told = Told(*(f"{prefix}_{part}" for part in ("verdict", "row", "index", "reason")))
    for name, expression in (
        (
            told.verdict,
            f"if({run}, {cases(verdict, VERDICTS, 0)}, {cases(outside, EXCLUDED, 0)})",
        ),
        (told.row, f"if({run}, {cases(row, rows, 0)}, '')"),
        (told.index, f"if({run}, {index}, '')"),
        (told.reason, f"if({run}, {doubt}, {cases(outside, EXCLUDED, 1)})"),
    ):
        to.add(expression, None, "string", name)
    return told


def cases(number: str, texts: Mapping[int, tuple[str, ...]], part: int) -> str:
    """The word that stands for a number; '' for any other. Asks for the number once if it can."""
    if texts and len(texts) == max(texts) - min(texts) + 1:
        listed = " ".join(texts[value][part] for value in sorted(texts))
        return f"selected-at('{listed}', {number} + {-min(texts)})"
    shown = "''"
    for value, each in texts.items():
        shown = f"if({number} = {value}, '{each[part]}', {shown})"
    return shown


def judge(rule: Rule, to: Calculates) -> tuple[str, str, str]:
    """Verdict, row and index of a rule that is run."""
    if rule.group is None:
        return (*decision(rule, OUTSIDE, to), "''")
    verdict, row = decision(rule, NO_ITEM, to)
    if rule.group not in to.section.groups:
        return verdict, row, "''"
    bad, bad_row, index = worst(rule, rule.group, to)
    empty = f"{items_of(rule.group, to)} = 0"
    return (
        to.add(f"if({empty}, {verdict}, {bad})", None),
        to.add(f"if({empty}, {row}, {bad_row})", None),
        f"if({empty}, '', {index})",
    )


def exclusion(rule: Rule, to: Calculates, state: str = "state") -> str:
    """0 when the rule is run, else a number of `EXCLUDED`; `state` asks for the state."""
    requirement = rule.requirement
    found = "0"
    days = [(">=", requirement.built_before), ("<", requirement.built_from)]
    limits = [f"${{deciding_day}} {op} {day.strftime(_DAY)}" for op, day in days if day is not None]
    if limits:
        found = f"if(${{deciding_day}} = '', 3, if({' or '.join(limits)}, 4, 0))"
    for name, number, allowed, all_words in (
        ("building_status", 2, requirement.buildings, BUILDINGS),
        (state, 1, requirement.states, STATES),
    ):
        if set(allowed) != set(all_words):
            known = " or ".join(f"${{{name}}} = '{word}'" for word in allowed)
            found = f"if({known}, {found}, {number})"
    return to.add(found, None)


def _building() -> list[Line]:
    """The questions about the building and the state, and the day that build-date rules look at."""
    texts = xform_texts()

    def day(name: str) -> str:
        return f"int(format-date(${{{name}}}, '{_DAY}'))"

    required = {"required": "yes"}
    return [
        {"type": "select_one building_status", "name": "building_status"}
        | labels("label", texts["building_status"])
        | required,
        {"type": "date", "name": "built_on"} | labels("label", texts["built_on"]),
        {"type": "date", "name": "altered_on"} | labels("label", texts["altered_on"]),
        {"type": "select_one state", "name": "state"} | labels("label", texts["state"]) | required,
        {
            "type": "calculate",
            "name": "deciding_day",
            "calculation": f"if(${{altered_on}} != '', {day('altered_on')}, "
            "if(${building_status} = 'reconstructed' or ${built_on} = '', '', "
            f"{day('built_on')}))",
            "bind::type": "int",
        },
    ]


def question_line(question: Question, name: str) -> Line:
    """A question with its unit, hint and hard limits."""
    kind = {
        "measure": "integer",
        "count": "integer",
        "text": "text",
        "yes_no": "select_one yes_no",
        "choice": f"select_one {name}",
    }[question.type]
    unit = words()["units"].get(question.unit)
    ask = {
        language: _with_unit(text, unit[language]) if unit else text
        for language, text in question.ask.items()
    }
    line = {"type": kind, "name": name} | labels("label", ask)
    hints = [xform_texts().get(f"hint_{question.key}", question.hint)]
    if question.unit == "permille":
        hints.append(xform_texts()["permille"])
    said = [hint for hint in hints if hint is not None]
    if said:
        line |= labels("hint", {to: ". ".join(hint[to] for hint in said) for to in LANGUAGES})
    if question.numeric:
        low, high = question.hard
        refused = problem_texts()["out_of_range"] if unit else xform_texts()["count_out_of_range"]
        refusal = {
            language: text.format(low=low, high=high, unit=unit[language] if unit else "")
            for language, text in refused.items()
        }
        line |= {"constraint": f". >= {low} and . <= {high}"}
        line |= labels("constraint_message", refusal)
    return line


def _with_unit(text: str, unit: str) -> str:
    """A question's text with its unit; a second bracket after a bracket is hard to read."""
    return f"{text} ({unit})" if text.endswith("?") else f"{text}, {unit}"


def choice_lines(name: str, texts: Mapping[str, Texts]) -> list[Line]:
    """A list of choices."""
    return [{"list_name": name, "name": word} | labels("label", t) for word, t in texts.items()]


def labels(column: str, texts: Texts) -> Line:
    """A column in three languages."""
    return {f"{column}::{LANGUAGES[language]}": text for language, text in texts.items()}
