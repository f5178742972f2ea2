"""A form written out in full: sections taken over from other forms stand in it as their own."""

from collections.abc import Iterable, Mapping
from typing import Any

from field_schema.form import Form, Group, Method, Question, Section


def resolved(form: Form, document: Mapping[str, Any], forms: Mapping[str, Form]) -> dict[str, Any]:
    """The form's document without a single `from`; read again, it gives the same questions.

    `document` is the released file, `forms` are all forms by key: a section that was taken over
    keeps the methods, and so the tolerances, of the form that it came from.
    """
    methods = dict(form.methods)
    known = [method for other in forms.values() for method in other.methods.values()]
    elements = {
        element: _section(section, methods, known) for element, section in form.sections.items()
    }
    spelled = {name: _method(method) for name, method in methods.items()}
    return {**document, "methods": spelled, "elements": elements}


def _method(method: Method) -> dict[str, Any]:
    return {
        "unit": method.unit,
        "tolerance": method.tolerance,
        "name": dict(method.name),
        "reason": method.reason,
    }


def _section(
    section: Section, methods: dict[str, Method], known: Iterable[Method]
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "title": dict(section.title),
        "questions": [_question(q, methods, known) for q in section.questions.values()],
    }
    if section.groups:
        found["groups"] = [_group(group, methods, known) for group in section.groups.values()]
    return found


def _group(group: Group, methods: dict[str, Method], known: Iterable[Method]) -> dict[str, Any]:
    return {
        "id": group.id,
        "title": dict(group.title),
        "max_items": group.max_items,
        "questions": [_question(q, methods, known) for q in group.questions.values()],
    }


def _question(
    question: Question, methods: dict[str, Method], known: Iterable[Method]
) -> dict[str, Any]:
    found: dict[str, Any] = {"id": question.key.rpartition(".")[2], "type": question.type}
    if question.type == "measure":
        found["unit"] = question.unit
        found["method"] = _method_name(question, methods, known)
    if question.numeric:
        found["hard"] = list(question.hard)
        if question.soft is not None:
            found["soft"] = list(question.soft)
    if question.type == "choice":
        names = question.choice_names
        found["choices"] = [{"id": c, "name": dict(names[c])} for c in question.choices]
    if question.type == "text":
        found["max_length"] = question.max_length
    if question.photo != "none":
        found["photo"] = question.photo
    if question.photo_if:
        found["photo_if"] = list(question.photo_if)
    found |= {"name": dict(question.name), "ask": dict(question.ask)}
    if question.hint is not None:
        found["hint"] = dict(question.hint)
    return found


def _method_name(question: Question, methods: dict[str, Method], known: Iterable[Method]) -> str:
    """The name of the question's method in this form; the method is added when it is not there."""

    def fits(method: Method) -> bool:
        return method.unit == question.unit and method.tolerance == question.tolerance

    name = str(question.method)
    if name in methods and not fits(methods[name]):
        name = f"{name}-{question.tolerance}"
    if name not in methods:
        methods[name] = next(m for m in known if m.id == question.method and fits(m))
    return name
