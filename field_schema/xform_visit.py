"""A whole form as an XLSForm for ODK Collect: one visit, element by element, with its verdicts.

What it hands in, by the names of its nodes:

    site, campaign, start, end, position     the visit
    ramp                                     a repeat: one element of that type; with
    ramp_id                                  which known one it is (field_schema.xform_known)
    ramp_label, ramp_state                   what it is, and in which state
    ramp_width_mm                            the answer to a question, canonical unit
    ramp_width_mm_not_measured               why it could not be measured
    ramp_width_mm_photo, ramp_photo          a photo for that answer, and of the element
    ramp_runs, ramp_runs__rise_mm            a repeat within, and a question of it
    ramp_r3_verdict                          the verdict of a rule; told.json has which

The verdicts are those of `field_schema.xform_expressions`. The building's status and its deciding
day come with the list of sites, so nobody is asked for them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from field_schema import xform_known
from field_schema.form import STATES, Form, Question, Section
from field_schema.problems import words
from field_schema.profile import REFERENCE
from field_schema.reasons import recalled_mark
from field_schema.ruleset import Rule, Ruleset
from field_schema.standard import Measures, Standard
from field_schema.strict_file import Texts
from field_schema.wording import threshold_in_words
from field_schema.xform import (
    EXCLUDED,
    LANGUAGES,
    VERDICTS,
    Line,
    cases,
    choice_lines,
    exclusion,
    judge,
    labels,
    question_line,
    xform_texts,
)
from field_schema.xform_expressions import Calculates, name_of
from field_schema.xforms import id_in_collect, version_in_collect

SITES: Final = "sites.csv"
"""The list of polling places, which every person gets for themselves."""
SITE_COLUMNS: Final = (
    "name",
    "label",
    "title",
    "site",
    "campaign",
    "building_status",
    "deciding_day",
)
"""`label` is what is chosen from, with the day it is due; `title` what the place is called."""
MAX_PIXELS: Final = 2048
"""The longer side of a photo: enough to read a tape, about half a megabyte."""
VERDICTS_COUNTED: Final = ("borderline", "not_measured", "compliant")
ONCE: Final = ("station", "light", "communications", "heating", "sanitary")
"""What a polling place has one of; everything else is asked for again and again."""


@dataclass(frozen=True, slots=True)
class VisitForm:
    """An XLSForm as pyxform takes it, and by rule the node that has its verdict."""

    workbook: Mapping[str, list[Line]]
    told: Mapping[str, str]


def visit_of(
    form: Form,
    law: Ruleset,
    measures: Mapping[str, Measures],
    standards: Mapping[tuple[str, str], Standard],
) -> VisitForm:
    """The whole form with the verdicts of a profile's law on the elements that it asks about.

    `measures`: the catalog's, for what a rule says of a measure that only newer forms ask.
    Raises ValueError for a form that asks only what a task needs.
    """
    if form.only_required:
        raise ValueError(f"{form.key} asks what a task needs, which no released XForm knows")
    texts, profile = xform_texts(), law.profile
    survey = _visit(form)
    told: dict[str, str] = {}
    choices = [
        *choice_lines("state", {word: texts[word] for word in STATES}),
        *choice_lines("yes_no", {word: texts[word] for word in ("yes", "no")}),
        *choice_lines("not_measured", form.cannot_measure),
    ]
    for element, section in form.sections.items():
        about = [rule for rule in law.rules if rule.requirement.element == element]
        lines, names = _element(section, about, measures[element], profile.warning, standards)
        survey += lines
        told |= names
        for question in section.measures.values():
            if question.type == "choice":
                choices += choice_lines(name_of(section, question.key), question.choice_names)
    survey.append({"type": "note", "name": "goodbye"} | labels("label", texts["goodbye"]))
    settings = {
        "form_id": id_in_collect(form.id, profile.id),
        "version": version_in_collect(form.version, law.on),
        # What Collect shows in its list; of two profiles each form says which it is.
        "form_title": f"{form.title['ky']} / {form.title['ru']} · {profile.title['ru']}",
        "default_language": LANGUAGES["ru"],
        "instance_name": "concat(${place_name}, ' ', ${today})",
    }
    columns: Line = {}
    for line in survey:
        columns |= dict.fromkeys(line, "")
    # pyxform looks for columns in the first hundred lines only, unless they are named.
    sheets = {"survey": survey, "survey_header": [columns], "choices": choices}
    return VisitForm(sheets | {"settings": [settings]}, told)


def _visit(form: Form) -> list[Line]:
    texts = xform_texts()
    chosen = "instance('sites')/root/item[name = ${polling_place}]"
    lines = [
        {"type": "start", "name": "start"},
        {"type": "end", "name": "end"},
        {"type": "today", "name": "today"},
        {"type": "deviceid", "name": "deviceid"},
        {
            "type": f"select_one_from_file {SITES}",
            "name": "polling_place",
            "required": "yes",
            "appearance": "minimal autocomplete",
        }
        | labels("required_message", texts["required"])
        | labels("label", texts["polling_place"])
        | labels("hint", texts["polling_place_hint"]),
    ]
    for name, column in (
        ("site", "site"),
        ("campaign", "campaign"),
        ("place_name", "title"),
        ("building_status", "building_status"),
        ("deciding_day", "deciding_day"),
    ):
        lines.append({"type": "calculate", "name": name, "calculation": f"{chosen}/{column}"})
    lines.append(xform_known.stations_here())
    lines += [{"type": "geopoint", "name": "position"} | labels("label", texts["position"])]
    if not any(q.type == "measure" for s in form.sections.values() for q in s.measures.values()):
        return lines
    lines += [
        # The same tape and level all day: asked once, then brought along.
        {"type": "text", "name": "instruments", "default": "${last-saved#instruments}"}
        | labels("label", texts["instruments"])
        | labels("hint", texts["instruments_hint"]),
    ]
    return lines


def _element(
    section: Section,
    rules: list[Rule],
    measures: Measures,
    warning: Texts,
    standards: Mapping[tuple[str, str], Standard],
) -> tuple[list[Line], dict[str, str]]:
    """The lines about one type of element, and by rule the node of its verdict."""
    texts, element = xform_texts(), section.element
    to = Calculates(section)
    told = {rule.name: _verdict(rule, n, to) for n, rule in enumerate(rules)}
    calculates = to.lines()
    once = element in ONCE
    kind = "group" if once else "repeat"
    lines: list[Line] = [
        xform_known.counted(element),
        {"type": f"begin_{kind}", "name": element} | labels("label", section.title),
        *xform_known.asked(element, once=once),
        *([] if once else [_label_line(element)]),
        {
            "type": "select_one state",
            "name": f"{element}_state",
            "default": STATES[0],
            "required": "yes",
        }
        | labels("required_message", texts["required"])
        | labels("label", texts["state"])
        | ({} if once else xform_known.not_twice(element)),
        _photo(f"{element}_photo", texts["element_photo"], section.title),
    ]
    for question in section.questions.values():
        lines += _asked(question, section)
    for group in section.groups.values():
        name = name_of(section, group.id)
        lines.append({"type": "begin_repeat", "name": name} | labels("label", group.title))
        for question in group.questions.values():
            lines += _asked(question, section)
        lines += calculates.get(group.id, [])
        lines.append({"type": "end_repeat", "name": name})
    lines += calculates[None]
    if rules:
        lines += _shown(section, rules, told, measures, standards)
        note = {"type": "note", "name": f"warning_{element}"} | labels("label", warning)
        lines.insert(-1, note)
    lines.append({"type": f"end_{kind}", "name": element})
    return lines, told


def _label_line(element: str) -> Line:
    """Which of several it is, in the inspector's own words."""
    texts = xform_texts()
    return (
        {
            "type": "text",
            "name": f"{element}_label",
            "relevant": f"${{{element}_id}} = ''",
            "constraint": "string-length(.) <= 200",
        }
        | labels("label", texts["element_label"])
        | labels("hint", texts["element_label_hint"])
        | labels("constraint_message", texts["too_long"])
    )


def _verdict(rule: Rule, n: int, to: Calculates) -> str:
    """The calculate that has the verdict of a rule in a word."""
    element = to.section.element
    number, _, _ = judge(rule, to)
    outside = exclusion(rule, to, f"{element}_state")
    name = f"{element}_r{n}_verdict"
    words_of = f"if({outside} = 0, {cases(number, VERDICTS, 0)}, {cases(outside, EXCLUDED, 0)})"
    to.add(words_of, None, "string", name)
    return name


def _asked(question: Question, section: Section) -> Iterator[Line]:
    """A question; on one screen with it what depends on the answer at once."""
    texts, name = xform_texts(), name_of(section, question.key)
    asked = question_line(question, name)
    given = f"${{{name}}} != ''"
    beside: list[Line] = []
    if question.type == "text":
        asked |= {"constraint": f"string-length(.) <= {question.max_length}"}
        asked |= labels("constraint_message", texts["too_long"])
    if question.type == "measure":
        why = {
            "type": "select_one not_measured",
            "name": f"{name}_not_measured",
            "relevant": f"${{{name}}} = ''",
            "appearance": "minimal",
        }
        beside.append(why | labels("label", texts["why_not_measured"]))
        if question.photo == "required":
            beside[-1] |= {"required": "yes"} | labels("required_message", texts["answer_or_why"])
    if question.soft is not None:
        (low, high), (least, most) = question.soft, question.hard
        # What cannot be is refused: nobody is told to leave it.
        outside = f"(${{{name}}} < {low} or ${{{name}}} > {high})"
        unusual = f"{given} and {outside} and ${{{name}}} >= {least} and ${{{name}}} <= {most}"
        beside.append(
            {"type": "note", "name": f"unusual_{name}", "relevant": unusual}
            | labels("label", texts["unusual"])
        )
    if question.photo != "none" or question.photo_if:
        photo = _photo(f"{name}_photo", texts["photo_of"], question.name)
        wanted = " or ".join(f"${{{name}}} = '{word}'" for word in question.photo_if)
        beside.append(photo | {"relevant": wanted or given})
    if not beside:
        yield asked
        return
    group = f"ask_{name}"
    yield {"type": "begin_group", "name": group, "appearance": "field-list"}
    yield asked
    yield from beside
    yield {"type": "end_group", "name": group}


def _photo(name: str, text: Texts, of: Texts) -> Line:
    label = {language: text[language].format(of=of[language]) for language in text}
    # "new": taken now, not chosen from what the phone has.
    image = {"type": "image", "name": name, "appearance": "new"}
    return image | {"parameters": f"max-pixels={MAX_PIXELS}"} | labels("label", label)


def _shown(
    section: Section,
    rules: list[Rule],
    told: Mapping[str, str],
    measures: Measures,
    standards: Mapping[tuple[str, str], Standard],
) -> Iterator[Line]:
    """The verdicts in words, on one screen: how many of each, then what is broken or unsure."""
    texts, element = xform_texts(), section.element
    binding = [told[rule.name] for rule in rules if rule.weight != REFERENCE]
    advice = [told[rule.name] for rule in rules if rule.weight == REFERENCE]
    for kind, verdict, names in (
        ("violation", "violation", binding),
        ("recommendation", "violation", advice),
        *((verdict, verdict, binding + advice) for verdict in VERDICTS_COUNTED),
    ):
        counted = " + ".join(f"if(${{{name}}} = '{verdict}', 1, 0)" for name in names)
        yield {
            "type": "calculate",
            "name": f"count_{element}_{kind}",
            "calculation": counted or "0",
            "bind::type": "int",
        }
    yield {
        "type": "begin_group",
        "name": f"verdicts_{element}",
        "appearance": "field-list",
    } | labels("label", texts["verdicts"])
    summary = {
        language: text.replace("{element}", element) for language, text in texts["counted"].items()
    }
    yield {"type": "note", "name": f"counted_{element}"} | labels("label", summary)
    # First what can be done here and now, then what is broken, then what is only advised.
    shown = [("borderline", rule) for rule in rules]
    shown += sorted((("violation", r) for r in rules), key=lambda one: one[1].weight == REFERENCE)
    for verdict, rule in shown:
        yield {
            "type": "note",
            "name": f"told_{told[rule.name].removesuffix('_verdict')}_{verdict}",
            "relevant": f"${{{told[rule.name]}}} = '{verdict}'",
        } | labels("label", _sentence(rule, verdict, measures, section, standards))
    yield {"type": "end_group", "name": f"verdicts_{element}"}


def _sentence(
    rule: Rule,
    verdict: str,
    measures: Measures,
    section: Section,
    standards: Mapping[tuple[str, str], Standard],
) -> Texts:
    """A verdict with what was measured, the limit and the clause, in three languages."""
    requirement = rule.requirement
    kind = "recommendation" if verdict == "violation" and rule.weight == REFERENCE else verdict
    limits = threshold_in_words(requirement, measures)
    cite = requirement.cite
    title = standards[cite.standard, cite.edition].title
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
