"""The verdicts in words in a form of Collect: notes behind each element, in three languages.

First what can be done here and now, measuring again; then what is broken; then what is advised.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from field_schema.form import Section
from field_schema.problems import words
from field_schema.profile import REFERENCE
from field_schema.reasons import recalled_mark
from field_schema.ruleset import Rule
from field_schema.standard import Measures, Requirement, Standard
from field_schema.strict_file import Texts
from field_schema.wording import threshold_in_words
from field_schema.xform import LANGUAGES, Line, labels, xform_texts
from field_schema.xform_expressions import name_of
from field_schema.xform_known import needed

_COUNTED: Final = ("borderline", "not_measured", "compliant")


@dataclass(frozen=True, slots=True)
class Wording:
    """What verdicts are said with: the catalog's measures by element and its standards by id and
    edition; `warning` is the profile's, which stands wherever its verdicts are shown.
    """

    measures: Mapping[str, Measures]
    standards: Mapping[tuple[str, str], Standard]
    warning: Texts

    def about(self, element: str) -> list[Requirement]:
        """All requirements on a type of element, of whatever standard."""
        every = (r for each in self.standards.values() for r in each.requirements.values())
        return [requirement for requirement in every if requirement.element == element]


def shown(
    section: Section,
    rules: list[Rule],
    told: Mapping[str, str],
    how_many: Mapping[str, str],
    wording: Wording,
    *,
    again: bool,
) -> Iterator[Line]:
    """One screen: how many of each verdict, then what is unsure, broken or advised.

    `told`: the node of each rule's verdict; `how_many`: by repeat its items. `again`: only
    what a task needs was asked, so nobody is told of what else was not measured.
    """
    texts, element = xform_texts(), section.element
    binding = [told[rule.name] for rule in rules if rule.weight != REFERENCE]
    advice = [told[rule.name] for rule in rules if rule.weight == REFERENCE]
    counted = [("violation", "violation", binding), ("recommendation", "violation", advice)]
    counted += [
        (verdict, verdict, binding + advice)
        for verdict in _COUNTED
        if not (again and verdict == "not_measured")
    ]
    for kind, verdict, names in counted:
        each = " + ".join(f"if(${{{name}}} = '{verdict}', 1, 0)" for name in names)
        yield {
            "type": "calculate",
            "name": f"count_{element}_{kind}",
            "calculation": each or "0",
            "bind::type": "int",
        }
    yield {
        "type": "begin_group",
        "name": f"verdicts_{element}",
        "appearance": "field-list",
    } | labels("label", texts["verdicts"])
    counts = texts["counted_again" if again else "counted"]
    summary = {language: text.replace("{element}", element) for language, text in counts.items()}
    yield {"type": "note", "name": f"counted_{element}"} | labels("label", summary)
    yield from _without_items(section, rules, told, how_many, again=again)
    notes = [("borderline", rule) for rule in rules]
    notes += sorted((("violation", r) for r in rules), key=lambda one: one[1].weight == REFERENCE)
    for verdict, rule in notes:
        yield {
            "type": "note",
            "name": f"told_{told[rule.name].removesuffix('_verdict')}_{verdict}",
            "relevant": f"${{{told[rule.name]}}} = '{verdict}'",
        } | labels("label", _sentence(rule, verdict, section, wording))
    yield {"type": "note", "name": f"warning_{element}"} | labels("label", wording.warning)
    yield {"type": "end_group", "name": f"verdicts_{element}"}


def _without_items(
    section: Section,
    rules: list[Rule],
    told: Mapping[str, str],
    how_many: Mapping[str, str],
    *,
    again: bool,
) -> Iterator[Line]:
    """A note for each repeat that nobody began, where a binding requirement had to look at it.

    "Add a run?" is declined with one touch, and then no slope is judged.
    """
    for group in section.groups.values():
        binding = [r for r in rules if r.group == group.id and r.weight != REFERENCE]
        if not binding:
            continue
        missing = " or ".join(f"${{{told[rule.name]}}} = 'not_measured'" for rule in binding)
        none = f"{how_many[group.id]} = 0 and ({missing})"
        if again:
            none = (
                f"({needed(section.element, [q.key for q in group.questions.values()])}) and {none}"
            )
        label = {
            to: text.format(of=group.title[to]) for to, text in xform_texts()["no_item"].items()
        }
        name = f"none_{name_of(section, group.id)}"
        yield {"type": "note", "name": name, "relevant": none} | labels("label", label)


def _sentence(rule: Rule, verdict: str, section: Section, wording: Wording) -> Texts:
    """A verdict with what was measured, the limit and the clause, in three languages."""
    requirement = rule.requirement
    kind = "recommendation" if verdict == "violation" and rule.weight == REFERENCE else verdict
    limits = threshold_in_words(requirement, wording.measures[section.element])
    cite = requirement.cite
    title = wording.standards[cite.standard, cite.edition].title
    own = _own_value(rule, section)
    mark = recalled_mark(cite.confidence)
    return {
        language: _plain(
            xform_texts()[f"told_{kind}"][language].format(
                title=requirement.title[language],
                limit=limits[language],
                clause=" ".join(part for part in (title[language], cite.clause) if part),
                measured="{measured}",
            )
            + (f" ({mark[language]})" if mark else "")
        ).replace("{measured}", own[language])
        for language in LANGUAGES
    }


def _own_value(rule: Rule, section: Section) -> Texts:
    """What was measured of a requirement that limits one measure; else nothing."""
    limited = {m for row in rule.requirement.rows for one in row.must for m in one.measures}
    question = section.questions.get(min(limited)) if len(limited) == 1 else None
    if question is None or not question.numeric:
        return dict.fromkeys(LANGUAGES, "")
    node, unit = f"${{{name_of(section, question.key)}}}", words()["units"].get(question.unit)
    return {
        language: xform_texts()["told_measured"][language].format(
            value=f"{node} {unit[language]}" if unit else node
        )
        for language in LANGUAGES
    }


def _plain(text: str) -> str:
    """Text that no form language reads anything into."""
    return text.replace("${", "$ {")
