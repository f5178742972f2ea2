"""Questions that no requirement looks at, given what was answered before: they are not asked.

A requirement whose condition is false is not applicable, whatever else was measured. So a question
is passed over once every requirement that uses it has a condition on an earlier question, of those
with choices or yes and no, that its answer makes false: where there are no handrails, nobody is
asked how thick they are. A requirement that such an answer breaks by itself does not hold it up:
"handrails on both sides, 900 mm high" is broken without them. What has no answer yet rules nothing
out, and a limit never does: a reading has a tolerance.

The verdicts stay what they are: what is passed over is missing where nothing depends on it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from field_schema.form import Question, Section
from field_schema.standard import Comparison, Requirement
from field_schema.xform_expressions import name_of, word_of

Case = Mapping[str, frozenset[str]]
"""By earlier question the answers that rule a use out. Empty: nothing does."""
_NOTHING: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class _Use:
    """One use of a measure: what makes it not applicable, and what decides it without it."""

    excluded: Case
    decided: Case


def asked_where(
    section: Section, law: Sequence[Requirement], others: Sequence[Requirement]
) -> Mapping[str, str]:
    """By measure when it is asked, as a `relevant`; what is always asked is left out.

    `law`: the requirements on this element that the form shows, binding and reference; `others`:
    all that are known, which say what a measure is about that the law does not use. What none of
    them uses is always asked.
    """
    found = {}
    earlier: list[str] = []
    for measure in section.measures:
        may_rule = {d for d in earlier if "." not in d or _group(d) == _group(measure)}
        uses = list(_uses(measure, law, section, may_rule))
        cases = _fewest(uses or list(_uses(measure, others, section, may_rule)))
        if cases and all(cases):
            found[measure] = _expression(section, cases)
        earlier.append(measure)
    return found


def _uses(
    measure: str, requirements: Iterable[Requirement], section: Section, earlier: set[str]
) -> Iterator[_Use]:
    for requirement in requirements:
        when = _case(requirement.when, section, earlier)
        if any(measure in c.measures for c in requirement.when):
            yield _Use(when, when)
        for row in requirement.rows:
            if any(measure in c.measures for c in (*row.when, *row.must)):
                here = _case((*requirement.when, *row.when), section, earlier)
                broken = _case((*requirement.when, *row.when, *row.must), section, earlier)
                chooses = any(measure in c.measures for c in row.when)
                yield _Use(here, here if chooses else broken)


def _case(conditions: Sequence[Comparison], section: Section, earlier: set[str]) -> Case:
    case: dict[str, frozenset[str]] = {}
    for c in conditions:
        if c.measure in earlier and c.op in ("is", "one_of"):
            words = (c.value,) if c.op == "is" else c.value
            ruled_out = _answers(section.measures[c.measure]) - {word_of(word) for word in words}
            case[c.measure] = case.get(c.measure, _NOTHING) | ruled_out
    return {d: words for d, words in case.items() if words}


def _answers(question: Question) -> frozenset[str]:
    return frozenset(question.choices or ("yes", "no"))


def _fewest(uses: Sequence[_Use]) -> list[Case]:
    """The cases in one of which it is asked: as few as do for all uses."""
    kept = list({_sorted(use.excluded): use.excluded for use in uses}.values())
    for case in sorted(kept, key=len):
        fewer = [other for other in kept if other is not case]
        if all(any(_takes_in(other, use.decided) for other in fewer) for use in uses):
            kept = fewer
    return _joined(kept)


def _takes_in(wide: Case, narrow: Case) -> bool:
    """Whether whatever rules out the wide one rules out the narrow one; by nothing, it is never."""
    return bool(wide) and all(words <= narrow.get(d, _NOTHING) for d, words in wide.items())


def _joined(cases: list[Case]) -> list[Case]:
    """Cases that differ in one question as one: ruled out by what both are ruled out by."""
    for n, one in enumerate(cases):
        for other in cases[n + 1 :]:
            differing = [d for d in one.keys() | other.keys() if one.get(d) != other.get(d)]
            if one.keys() == other.keys() and len(differing) == 1:
                both = one[differing[0]] & other[differing[0]]
                joined = {d: both if d in differing else words for d, words in one.items()}
                rest = [case for case in cases if case is not one and case is not other]
                return _joined([{d: words for d, words in joined.items() if words}, *rest])
    return cases


def _expression(section: Section, cases: Sequence[Case]) -> str:
    said = [
        " and ".join(
            f"${{{name_of(section, d)}}} != '{word}'"
            for d, words in case.items()
            for word in sorted(words)
        )
        for case in cases
    ]
    return said[0] if len(said) == 1 else " or ".join(f"({one})" for one in said)


def _sorted(case: Case) -> tuple[tuple[str, ...], ...]:
    return tuple(sorted((d, *sorted(words)) for d, words in case.items()))


def _group(measure: str) -> str:
    return measure.rpartition(".")[0]
