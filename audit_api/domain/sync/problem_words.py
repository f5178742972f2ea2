"""The problems of an operation in the language of who reads them.

They are kept as they were answered to the tablet, in its inspector's language, since a repeat of
the operation has to be answered the same. Their code names the text in every language, and the
words that were filled in stand in the text itself.
"""

import re
from functools import cache
from string import Formatter

from field_schema.problems import problem_texts


def problem_in(language: str, code: str, detail: str) -> str:
    """The text of a problem in `language`; as it is where the code has no texts of its own."""
    texts = problem_texts().get(code)
    if texts is None:
        return detail
    for template in texts.values():
        found = _pattern(template).fullmatch(detail)
        if found:
            return texts[language].format_map(found.groupdict())
    return detail


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """What finds the words that were filled into a text."""
    made, named = "", set[str]()
    for literal, name, _, _ in Formatter().parse(template):
        made += re.escape(literal)
        if name:
            made += f"(?P={name})" if name in named else f"(?P<{name}>.*?)"
            named.add(name)
    return re.compile(made, re.DOTALL)
