"""What a served list says of a violation: everything in words, as it stands at that moment."""

from collections.abc import Mapping
from typing import Any

from field_schema.catalog import Catalog
from field_schema.reasons import limits_in_words, measured_in_words, render
from field_schema.strict_file import LANGUAGES
from field_schema.wording import conditions_in_words, threshold_in_words


def served_row(facts: Mapping[str, Any], catalog: Catalog) -> dict[str, Any]:
    """The row of a violation, from what the database says of it (`storage.lists.serving`).

    `fact` is the finding as a sentence, `threshold` what the requirement asks, table and all;
    the catalog holds no wording of clauses, so none is given. `source` is where it was read.
    """
    standard, edition, requirement = facts["standard"], facts["edition"], facts["requirement"]
    asked = catalog.requirement(standard, edition, requirement)
    questions = catalog.measures[asked.element]
    measured, required = facts["measured"], facts["required"]
    broken = {
        "reason": {"code": "breaks"},
        "element_type": asked.element,
        "measured": measured,
        "required": required,
        "row": None,
        "index": None,
        "confidence": facts["confidence"],
    }
    return {
        **{name: value for name, value in facts.items() if name != "missing"},
        "standard_title": dict(catalog.standards[standard, edition].title),
        "title": dict(asked.title),
        "fact": {language: render(broken, language, catalog) for language in LANGUAGES},
        "measured_text": {
            language: measured_in_words(required, measured, questions, language)
            for language in LANGUAGES
        },
        "required_text": {
            language: limits_in_words(required, questions, language) for language in LANGUAGES
        },
        "threshold": threshold_in_words(asked, questions),
        "conditions": conditions_in_words(asked, questions),
        "source": asked.cite.url,
        "remedies": [{"kind": remedy.kind, "text": dict(remedy.text)} for remedy in asked.remedies],
    }
