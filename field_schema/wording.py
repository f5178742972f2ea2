"""A requirement in words: its threshold and its conditions, as a lawyer would say them.

Made with the words of `field_schema.reasons`, so that a page and a verdict say the same.
"""

from collections.abc import Mapping
from typing import Any

from field_schema.form import Question
from field_schema.problems import words
from field_schema.reasons import comparisons_in_words
from field_schema.ruleset import constants_of
from field_schema.standard import Comparison, Requirement
from field_schema.strict_file import LANGUAGES

Questions = Mapping[str, Question]


def spelled(
    requirement: Requirement, comparisons: tuple[Comparison, ...], questions: Questions
) -> list[dict[str, Any]]:
    """Comparisons as a finding's `required` has them: measure, op, value, unit and, of a ratio, of.

    `questions`: those of the requirement's element, by measure.
    """
    found: list[dict[str, Any]] = constants_of(requirement, "", comparisons, questions)["required"]
    return found


def threshold_in_words(requirement: Requirement, questions: Questions) -> dict[str, str]:
    """What must hold, by language: "clear width ≥ 900 mm"; of a table every row in its order."""
    return {language: _threshold(requirement, questions, language) for language in LANGUAGES}


def conditions_in_words(requirement: Requirement, questions: Questions) -> dict[str, str] | None:
    """When the requirement is judged at all, by language; None for always."""
    if not requirement.when:
        return None
    when = spelled(requirement, requirement.when, questions)
    return {language: comparisons_in_words(when, questions, language) for language in LANGUAGES}


def _threshold(requirement: Requirement, questions: Questions, language: str) -> str:
    said = []
    many = len(requirement.rows) > 1
    for row in requirement.rows:
        must = spelled(requirement, row.must, questions)
        threshold = comparisons_in_words(must, questions, language)
        if row.when:
            when = spelled(requirement, row.when, questions)
            condition = comparisons_in_words(when, questions, language)
            text = words()["requirements"]["if"][language]
            threshold = text.format(condition=condition, threshold=threshold)
        elif many:
            threshold = words()["requirements"]["otherwise"][language].format(threshold=threshold)
        if row.name is not None:
            threshold += " " + words()["reasons"]["row"][language].format(row=row.name)
        said.append(threshold)
    return "; ".join(said)
