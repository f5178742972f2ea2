"""Reasons in words: a stored finding and a language give one sentence.

Findings are stored with codes and numbers only; the words are made when somebody reads.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from field_schema.catalog import Catalog, load_catalog
from field_schema.form import Question
from field_schema.problems import words
from field_schema.standard import RECALLED
from field_schema.strict_file import LANGUAGES, Texts

_SIGNS: Final = {"ge": "≥", "le": "≤", "gt": ">", "lt": "<", "eq": "="}


def render(finding: Mapping[str, Any], language: str, catalog: Catalog | None = None) -> str:
    """The reason of a stored finding in "ky", "ru" or "en"; another language is a KeyError.

    >>> render(finding, "en")
    'rise 450 mm over 4200 mm is 1:9.3; allowed 1:12 (row b)'
    """
    catalog = catalog or load_catalog()
    texts = words()["reasons"]
    reason = finding["reason"]
    codes = {
        code: text for form in catalog.forms.values() for code, text in form.cannot_measure.items()
    }
    speak = _Speaker(catalog.measures[finding["element_type"]], codes, language)
    measured = finding["measured"]
    params = {
        "measured": "; ".join(speak.measured(c, measured) for c in finding["required"]),
        "required": speak.limits(finding["required"]),
        "row": "",
        "missing": ", ".join(
            speak.missing(m, reason.get("said", {})) for m in reason.get("measures", ())
        ),
        "beyond": ", ".join(
            f"{speak.name(m)} {miss['by']:+d} ± {miss['within']}{speak.unit(m)}"
            for m, miss in reason.get("beyond", {}).items()
        ),
    }
    if finding["row"]:
        params["row"] = " " + texts["row"][language].format(row=finding["row"])
    sentence = str(texts[reason["code"]][language].format_map(params))
    if finding["index"] is not None:
        sentence = texts["index"][language].format(number=finding["index"] + 1) + sentence
    if "rounding" in reason:
        sentence += texts["rounding"][language].format(printed=reason["rounding"])
    mark = recalled_mark(finding["confidence"])
    return f"{sentence} ({mark[language]})" if mark else sentence


def recalled_mark(confidence: str) -> dict[str, str] | None:
    """The words that stand wherever a number recalled from memory shows; None for any other."""
    if confidence != RECALLED:
        return None
    said = words()["requirements"]["recalled"]
    return {language: said[language] for language in LANGUAGES}


def comparisons_in_words(
    comparisons: Sequence[Mapping[str, Any]], questions: Mapping[str, Question], language: str
) -> str:
    """Comparisons of a requirement, each with its measure's name: "clear width ≥ 900 mm".

    `comparisons` are written as in a finding's `required`; `questions` are those of its element.
    """
    speak = _Speaker(questions, {}, language)
    return ", ".join(speak.comparison(comparison) for comparison in comparisons)


def measured_in_words(
    required: Sequence[Mapping[str, Any]],
    measured: Mapping[str, Any],
    questions: Mapping[str, Question],
    language: str,
) -> str:
    """What was read of what a finding's `required` limits: "clear width 880 mm"."""
    speak = _Speaker(questions, {}, language)
    return "; ".join(speak.measured(comparison, measured) for comparison in required)


def limits_in_words(
    required: Sequence[Mapping[str, Any]], questions: Mapping[str, Question], language: str
) -> str:
    """What had to hold, as a finding says it: "required ≥ 900 mm"."""
    return _Speaker(questions, {}, language).limits(required)


class _Speaker:
    """Names, values and limits in one language."""

    def __init__(
        self, questions: Mapping[str, Question], cannot_measure: Mapping[str, Texts], language: str
    ) -> None:
        self.questions = questions
        self.cannot_measure = cannot_measure
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
            return self.say("not_measured")
        if isinstance(value, bool):
            return self.say("yes" if value else "no")
        if isinstance(value, str):
            question = self.questions.get(measure)
            names = question.choice_names if question else {}
            return names[value][self.language] if value in names else value
        return f"{value}{self.unit(measure)}"

    def measured(self, comparison: Mapping[str, Any], measured: Mapping[str, Any]) -> str:
        """What was read: "clear width 880 mm", "rise 450 mm over 4200 mm is 1:9.3"."""
        measure = comparison["measure"]
        shown = f"{self.name(measure)} {self.value(measure, measured.get(measure))}"
        if comparison["op"] != "ratio_le":
            return shown
        under = comparison["of"]
        below = measured.get(under)
        if self.is_count(measure):
            return f"{shown}, {self.name(under)} {self.value(under, below)}"
        if not measured.get(measure) or not below:
            return shown
        return str(
            self.say("slope").format(
                rise=shown, run=self.value(under, below), ratio=self.ratio(measured[measure], below)
            )
        )

    def limits(self, required: Sequence[Mapping[str, Any]]) -> str:
        """What had to hold: "required ≥ 900 mm"; of several limits each one's measure is named."""
        one = len(required) == 1
        shown = []
        for comparison in required:
            slope = comparison["op"] == "ratio_le" and not self.is_count(comparison["measure"])
            word = "allowed" if slope else "required"
            limit = self.limit(comparison)
            if not one and not slope:
                limit = f"{self.name(comparison['measure'])} {limit}"
            shown.append(f"{self.say(word)} {limit}")
        return ", ".join(shown)

    def comparison(self, comparison: Mapping[str, Any]) -> str:
        """A limit with the names of what it limits: "rise / run: allowed 1:12"."""
        name, limit = self.name(comparison["measure"]), self.limit(comparison)
        op = comparison["op"]
        if op == "ratio_le":
            if self.is_count(comparison["measure"]):
                return f"{self.name(comparison['of'])}: {limit}"
            return f"{name} / {self.name(comparison['of'])}: {self.say('allowed')} {limit}"
        return f"{name}: {limit}" if op in ("is", "one_of") else f"{name} {limit}"

    def limit(self, comparison: Mapping[str, Any]) -> str:
        """The limit alone: "≥ 900 mm", "1:12", "850–920 mm"."""
        measure, op, value = comparison["measure"], comparison["op"], comparison["value"]
        if op == "ratio_le":
            if self.is_count(measure):
                name = self.name(comparison["of"])
                return str(self.say("share").format(name=name, one=value[1], of=value[0]))
            return self.ratio(*value)
        if op == "between":
            return f"{value[0]}–{value[1]}{self.unit(measure)}"
        if op == "one_of":
            return " / ".join(self.value(measure, v) for v in value)
        if op == "is":
            return self.value(measure, value)
        return f"{_SIGNS[op]} {value}{self.unit(measure)}"

    def ratio(self, rise: int, run: int) -> str:
        """1:9.3, rounded half up to a tenth, with the language's decimal sign."""
        whole, tenth = divmod((20 * run + rise) // (2 * rise), 10)
        point = "." if self.language == "en" else ","
        return f"1:{whole}" if tenth == 0 else f"1:{whole}{point}{tenth}"

    def is_count(self, measure: str) -> bool:
        """Whether it is counted, not measured."""
        question = self.questions.get(measure)
        return question is not None and question.type == "count"

    def missing(self, measure: str, said: Mapping[str, str]) -> str:
        """The name of what is missing, with the form's or the inspector's own words why."""
        why = said.get(measure) or said.get(measure.split(".")[0])
        if why is not None and why in self.cannot_measure:
            why = self.cannot_measure[why][self.language]
        return f"{self.name(measure)} ({why})" if why else self.name(measure)

    def say(self, key: str) -> str:
        """A fixed word."""
        return str(self.texts["reasons"][key][self.language])
