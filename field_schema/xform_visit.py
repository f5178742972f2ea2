"""A whole form as an XLSForm for ODK Collect: one visit, element by element, with its verdicts.

What it hands in, by the names of its nodes:

    site, campaign, start, end, position     the visit
    ramp                                     a repeat: one element of that type; in one_ramp
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
from field_schema.ruleset import Rule, Ruleset
from field_schema.standard import Measures, Standard
from field_schema.strict_file import Texts
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
from field_schema.xform_expressions import Calculates, items_of, name_of
from field_schema.xform_needless import asked_where
from field_schema.xform_shown import Wording, shown
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
_REMEDY: Final = "remedy"
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

    `measures`, `standards`: the catalog's, for what a rule says and cites.
    A form that asks only what a task needs asks it of the elements with open tasks.
    """
    texts, profile = xform_texts(), law.profile
    wording = Wording(measures, standards, profile.warning)
    survey = _visit(form)
    if form.only_required:
        survey += [xform_known.counted(element) for element in form.sections]
        survey.append(xform_known.nothing_again(form.sections))
    told: dict[str, str] = {}
    choices = [
        *choice_lines("state", {word: texts[word] for word in STATES}),
        *choice_lines("yes_no", {word: texts[word] for word in ("yes", "no")}),
        *choice_lines("not_measured", form.cannot_measure),
    ]
    for element, section in form.sections.items():
        about = [rule for rule in law.rules if rule.requirement.element == element]
        lines, names = _element(form, section, about, wording)
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
        # What was answered 422 can be mended in Collect, and comes again as a correction.
        "client_editable": "yes",
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
    form: Form, section: Section, rules: list[Rule], wording: Wording
) -> tuple[list[Line], dict[str, str]]:
    """The lines about one type of element, and by rule the node of its verdict."""
    texts, element = xform_texts(), section.element
    to = Calculates(section)
    told = {rule.name: _verdict(rule, n, to) for n, rule in enumerate(rules)}
    how_many = {group: items_of(group, to) for group in section.groups}
    calculates = to.lines()
    law = [rule.requirement for rule in rules]
    whens = {} if form.only_required else asked_where(section, law, wording.about(element))
    once, again = element in ONCE, form.only_required
    kind = "group" if once else "repeat"
    begin = {"type": f"begin_{kind}", "name": element} | labels("label", section.title)
    lines: list[Line] = [
        *([] if again else [xform_known.counted(element)]),
        begin | ({"relevant": f"${{known_{element}}} > 0"} if again else {}),
        *([] if once else [xform_known.called(element, section.title, again=again)]),
        *xform_known.asked(element, once=once, again=again),
        *([] if once or again else [_label_line(element)]),
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
        lines += _asked(question, section, _when(form, element, question, whens))
    for group in section.groups.values():
        name = name_of(section, group.id)
        items = {"type": "begin_repeat", "name": name} | labels("label", group.title)
        if again:
            keys = [question.key for question in group.questions.values()]
            items["relevant"] = xform_known.needed(element, keys)
        lines.append(items)
        for question in group.questions.values():
            lines += _asked(question, section, _when(form, element, question, whens))
        lines += calculates.get(group.id, [])
        lines.append({"type": "end_repeat", "name": name})
    lines += calculates[None]
    if rules:
        lines += shown(section, rules, told, how_many, wording, again=again)
    if not once:
        lines.append({"type": "end_group", "name": xform_known.one(element)})
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


def _when(form: Form, element: str, question: Question, whens: Mapping[str, str]) -> Line:
    """When a question is asked: as the law needs it, or if a task of the chosen element does.

    Those on the remedy belong to the election-day state (about, in the form's file).
    """
    if not form.only_required:
        return {"relevant": whens[question.key]} if question.key in whens else {}
    if question.key.startswith(_REMEDY):
        return {"relevant": f"${{{element}_state}} = '{STATES[1]}'"}
    return {"relevant": xform_known.needed(element, [question.key])}


def _asked(question: Question, section: Section, when: Line) -> Iterator[Line]:
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
        yield asked | when
        return
    group = f"ask_{name}"
    yield {"type": "begin_group", "name": group, "appearance": "field-list"} | when
    yield asked
    yield from beside
    yield {"type": "end_group", "name": group}


def _photo(name: str, text: Texts, of: Texts) -> Line:
    label = {language: text[language].format(of=of[language]) for language in text}
    # "new": taken now, not chosen from what the phone has.
    image = {"type": "image", "name": name, "appearance": "new"}
    return image | {"parameters": f"max-pixels={MAX_PIXELS}"} | labels("label", label)
