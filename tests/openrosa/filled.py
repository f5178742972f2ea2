"""Whole forms filled in by JavaRosa, as an inspector fills them in ODK Collect."""

import base64
import csv
import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from os import pathsep
from pathlib import Path
from typing import Any

from lxml import etree

from field_schema.catalog import load_catalog
from field_schema.form import Form, Section
from field_schema.ruleset import Building
from field_schema.xform_expressions import name_of, word_of
from field_schema.xform_known import ELEMENT_COLUMNS, ELEMENTS
from field_schema.xform_visit import ONCE, SITE_COLUMNS, SITES
from field_schema.xforms import XForm
from tests.agreement import odk
from tests.agreement.records import Record
from tests.npm_packages import NODE, installed

DRIVER = Path(__file__).parent / "FillVisit.java"
PHOTO = "1637740800000.jpg"

NODE_HERE = Path(__file__).parent / "node"
Row = Mapping[str, str]
Fill = Callable[[XForm, Sequence[Row], Sequence[Row], Mapping[str, str]], "etree._Element"]
"""A form with its sites, its elements and what is typed in: the instance that is saved."""


def compile_driver(folder: Path) -> None:
    """The driver's classes, into a folder."""
    assert odk.JAVAC is not None
    command = [odk.JAVAC, "-cp", str(odk.JAR), "-d", str(folder), str(DRIVER)]
    subprocess.run(command, capture_output=True, text=True, check=True)


def site_row(name: str, site: str, campaign: str, building: Building) -> dict[str, str]:
    """A line of sites.csv as the server writes it."""
    day = building.deciding_on
    values = (name, f"№ {name}", f"№ {name}", site, campaign, building.status)
    return dict(zip(SITE_COLUMNS, (*values, day.strftime("%Y%m%d") if day else ""), strict=True))


def write_list(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """A list as the server writes it; without rows it has its header alone."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def fill(
    xform: XForm,
    classes: Path,
    sites: Sequence[Row],
    records: Sequence[Mapping[str, str]],
    elements: Sequence[Row] = (),
    *,
    last_saved: bytes | None = None,
) -> list[bytes]:
    """The instances that JavaRosa saves, one for each record (see FillVisit.java).

    `last_saved`: the instance of this form that was saved before them.
    """
    assert odk.JAVA is not None
    write_list(classes / SITES, SITE_COLUMNS, sites)
    write_list(classes / ELEMENTS, ELEMENT_COLUMNS, elements)
    before = classes / "last-saved.xml"
    before.unlink(missing_ok=True)
    if last_saved is not None:
        before.write_bytes(last_saved)
    path = f"{odk.JAR}{pathsep}{classes}"
    command = [odk.JAVA, "-Djava.awt.headless=true", "-cp", path, "FillVisit"]
    done = subprocess.run(
        [*command, str(xform.path), str(classes)],
        input="".join("\t".join(f"{k}={v}" for k, v in r.items()) + "\n" for r in records),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [base64.b64decode(line) for line in done.stdout.split()]


def fill_in_node(
    folder: Path,
    xform: XForm,
    sites: Sequence[Row],
    record: dict[str, str],
    elements: Sequence[Row] = (),
) -> dict[str, Any]:
    """What the engine saves of a record (see fill.mjs)."""
    packages, out = installed(NODE_HERE), folder / "saved.json"
    write_list(folder / SITES, SITE_COLUMNS, sites)
    write_list(folder / ELEMENTS, ELEMENT_COLUMNS, elements)
    done = subprocess.run(
        [str(NODE), str(NODE_HERE / "fill.mjs"), *map(str, (packages, xform.path, folder, out))],
        input=json.dumps(record),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found


def answers_of(form: Form, place: str, elements: Mapping[str, Sequence[Record]]) -> dict[str, str]:
    """What is typed in for one visit: at a place, of each type of element so many records."""
    given = {"polling_place": place, "position": "40.06 70.82 900 5"}
    for element, records in elements.items():
        section = form.sections[element]
        if element not in ONCE:
            given[element] = str(len(records))
        for n, record in enumerate(records):
            at = "" if element in ONCE else f"/{n}"
            if element not in ONCE:
                given[f"{element}_label{at}"] = f"{element} {n}"
            given |= {
                f"{element}_state{at}": record.element.state,
                f"{element}_photo{at}": f"{element}-{n}-{PHOTO}",
            }
            given |= _answers(section, record, at)
            for key, why in record.element.not_measured.items():
                question = section.measures.get(key)
                measured = question is not None and question.type == "measure"
                if measured and "." not in key and why in form.cannot_measure:
                    given[f"{name_of(section, key)}_not_measured{at}"] = why
    return given


def left_out(section: Section, record: Record, node: Any) -> int:
    """How many answers of a record an element that was saved lacks: nobody was asked."""
    had = {str(n.tag) for n in node.iter() if (n.text or "").strip()}
    names = {name_of(section, key) for key in record.element.answers if key in section.measures}
    return len(names - had)


def _answers(section: Section, record: Record, at: str) -> dict[str, str]:
    given = {}
    for key, value in record.element.answers.items():
        if isinstance(value, tuple):
            given[name_of(section, key) + at] = str(len(value))
            for i, item in enumerate(value):
                for measure, answer in item.items():
                    if measure in section.measures:
                        given[name_of(section, measure) + f"{at}/{i}"] = _said(answer)
        elif key in section.measures:
            given[name_of(section, key) + at] = _said(value)
    return given


def _said(value: object) -> str:
    return word_of(value) if isinstance(value, bool | str) else str(value)


def typed(form: str, element: str, answers: Mapping[str, Any]) -> dict[str, str]:
    """The answers of a body about the first element of its type, as they are typed in."""
    section = load_catalog().form(form).sections[element]
    record = {}
    for key, value in answers.items():
        name = name_of(section, key)
        if isinstance(value, list):
            record[f"{name}/0"] = str(len(value))
            for n, item in enumerate(value):
                for measure, answer in item.items():
                    record[f"{name_of(section, f'{key}.{measure}')}/0/{n}"] = _told(answer)
        else:
            record[f"{name}/0"] = _told(value)
    return record


def _told(answer: Any) -> str:
    value = answer["value"] if isinstance(answer, dict) else answer
    return _said(value)
