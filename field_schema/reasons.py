"""Reasons in words: a stored finding and a language give one sentence.

Findings are stored with codes and numbers only; the words are made when somebody reads.
"""

from collections.abc import Mapping
from typing import Any, Final

from field_schema.catalog import Catalog, load_catalog
from field_schema.form import Question
from field_schema.problems import words

_SIGNS: Final = {"ge": "≥", "le": "≤", "gt": ">", "lt": "<", "eq": "="}


def render(
    finding_json: Mapping[str, Any], language: str, catalog: Catalog | None = None
) -> str:
    """The reason of a stored finding in "ky", "ru" or "en".

    >>> render(finding, "en")
    'rise 450 mm over 4200 mm is 1:9.3; allowed 1:12 (row b)'
    """
    catalog = catalog or load_catalog()
    texts = words()["reasons"]
    reason = finding_json["reason"]
    speak = _Speaker(_questions(catalog, finding_json["element_type"]), language)
    params = {"measured": "", "required": "", "row": "", "missing": "", "beyond": ""}
    if "required" in finding_json:
        measured = finding_json["measured"]
        params["measured"] = "; ".join(speak.measured(c, measured) for c in finding_json["required"])
        params["required"] = ", ".join(speak.required(c) for c in finding_json["required"])
    if finding_json.get("row"):
        params["row"] = " " + texts["row"][language].format(row=finding_json["row"])
    params["missing"] = ", ".join(
        speak.missing(m, reason.get("said", {})) for m in reason.get("measures", ())
    )
    params["beyond"] = ", ".join(
        f"{speak.name(m)} {by:+d}{speak.unit(m)} (±{finding_json.get('tolerance', {}).get(m, 0)})"
        for m, by in reason.get("beyond", {}).items()
    )
    sentence = str(texts[reason["code"]][language].format_map(params))
    if finding_json.get("index") is not None:
        sentence = texts["index"][language].format(number=finding_json["index"] + 1) + sentence
    if "rounding" in reason:
        sentence += texts["rounding"][language].format(printed=reason["rounding"])
    return sentence


def _questions(catalog: Catalog, element: str) -> dict[str, Question]:
    found: dict[str, Question] = {}
    for form in catalog.forms.values():
        if element in form.sections:
            found |= form.sections[element].measures
    return found


class _Speaker:
    """Names, values and limits in one language."""

    def __init__(self, questions: Mapping[str, Question], language: str) -> None:
        self.questions = questions
        self.language = language
        self.texts = words()

    def name(self, measure: str) -> str:
        question = self.questions.get(measure)
        return question.name[self.language] if question else measure

    def unit(self, measure: str) -> str:
        question = self.questions.get(measure)
        if question is None or question.unit in (None, "count"):
            return ""
        return " " + str(self.texts["units"][question.unit][self.language])

    def value(self, measure: str, value: Any) -> str:
        if value is None:
            return str(self.texts["reasons"]["not_measured"][self.language])
        if isinstance(value, bool):
            return str(self.texts["reasons"]["yes" if value else "no"][self.language])
        if isinstance(value, str):
            question = self.questions.get(measure)
            names = question.choice_names if question else {}
            return names[value][self.language] if value in names else value
        return f"{value}{self.unit(measure)}"

    def measured(self, comparison: Mapping[str, Any], measured: Mapping[str, Any]) -> str:
        measure = comparison["measure"]
        shown = f"{self.name(measure)} {self.value(measure, measured.get(measure))}"
        if comparison["op"] == "ratio_le":
            rise, run = measured.get(measure), measured.get(comparison["of"])
            if rise and run:
                return self.texts["reasons"]["slope"][self.language].format(  # type: ignore[no-any-return]
                    rise=shown, run=self.value(comparison["of"], run), ratio=self.ratio(rise, run)
                )
        return shown

    def ratio(self, rise: int, run: int) -> str:
        """1:9.3, rounded half up to a tenth, with the language's decimal sign."""
        tenths = (20 * run + rise) // (2 * rise)
        whole, tenth = divmod(tenths, 10)
        point = "." if self.language == "en" else ","
        return f"1:{whole}" if tenth == 0 else f"1:{whole}{point}{tenth}"

    def required(self, comparison: Mapping[str, Any]) -> str:
        measure, op, value = comparison["measure"], comparison["op"], comparison["value"]
        if op == "ratio_le":
            return self.ratio(*value)
        if op == "between":
            return f"{self.name(measure)} {value[0]}–{value[1]}{self.unit(measure)}"
        if op == "one_of":
            return f"{self.name(measure)}: " + " / ".join(self.value(measure, v) for v in value)
        if op == "is":
            return f"{self.name(measure)}: {self.value(measure, value)}"
        return f"{self.name(measure)} {_SIGNS[op]} {value}{self.unit(measure)}"

    def missing(self, measure: str, said: Mapping[str, str]) -> str:
        why = said.get(measure) or said.get(measure.split(".")[0])
        return f"{self.name(measure)} ({why})" if why else self.name(measure)
