"""Problems of operations in the reader's language."""

from string import Formatter

import pytest

from audit_api.domain.sync.problem_words import problem_in
from field_schema.problems import problem_texts

WORDS = ["width_mm", "500", "{…}", "both_sides, one_side", "a \n line", "[…]", "1.5", "null"]


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


@pytest.mark.parametrize("code", sorted(problem_texts()))
def test_every_problem_is_told_in_every_language_from_every_other(code: str) -> None:
    texts = problem_texts()[code]
    said = dict(zip(sorted(fields(texts["en"])), WORDS, strict=False))
    for told in texts.values():
        for language, template in texts.items():
            found = problem_in(language, code, told.format_map(said))
            assert found == template.format_map(said)


def test_what_has_no_texts_stays_as_it_is() -> None:
    assert problem_in("ru", "id-taken", "This id is taken.") == "This id is taken."
    code = next(iter(problem_texts()))
    assert problem_in("ru", code, "Said otherwise before.") == "Said otherwise before."
