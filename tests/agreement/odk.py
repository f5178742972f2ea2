"""ODK's own engine, from the jar in the pyxform wheel: validates forms and fills them in."""

import shutil
import subprocess
from collections.abc import Iterable, Sequence
from os import pathsep
from pathlib import Path

from pyxform.validators import odk_validate
from pyxform.xls2xform import convert

from field_schema.form import Section
from field_schema.ruleset import Ruleset
from field_schema.xform import ElementForm, Told, workbook_of
from field_schema.xform_expressions import name_of, word_of
from tests.agreement.records import Record, form_of

JAVA, JAVAC = shutil.which("java"), shutil.which("javac")
JAR = Path(odk_validate.ODK_VALIDATE_PATH)
DRIVER = Path(__file__).parent / "Fill.java"


def why_not() -> str | None:
    """Why JavaRosa cannot be run here; None when it can."""
    if not JAR.exists():
        return "there is no ODK_Validate.jar in this pyxform, so no XForm is filled in"
    if JAVA is None or JAVAC is None:
        return "no JDK is on this machine, so no XForm is filled in with JavaRosa"
    return None


def form_about(element: str, ruleset: Ruleset) -> ElementForm:
    """The form about an element with the verdicts of the ruleset."""
    return workbook_of(form_of(element), element, ruleset.rules)


def xform(form: ElementForm) -> str:
    """The XForm as pyxform makes it."""
    warnings: list[str] = []
    made = convert(dict(form.workbook), warnings=warnings)
    assert not warnings
    return str(made.xform)


def validate(paths: Sequence[Path]) -> str:
    """What ODK Validate says of some XForms; fails when it refuses one."""
    assert JAVA is not None
    command = [JAVA, "-Djava.awt.headless=true", "-jar", str(JAR), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def compile_driver(folder: Path) -> None:
    """The driver's classes, into a folder."""
    assert JAVAC is not None
    command = [JAVAC, "-cp", str(JAR), "-d", str(folder), str(DRIVER)]
    subprocess.run(command, capture_output=True, text=True, check=True)


def fill(
    paths: Sequence[Path], classes: Path, records: Sequence[tuple[int, Record]]
) -> list[dict[str, str]]:
    """The calculates of an XForm, by its place in `paths`, after each record was filled in."""
    assert JAVA is not None
    command = [JAVA, "-Djava.awt.headless=true", "-cp", f"{JAR}{pathsep}{classes}", "Fill"]
    done = subprocess.run(
        [*command, *map(str, paths)],
        input="".join(f"form={n}\t{line_of_answers(record)}\n" for n, record in records),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [
        dict(pair.split("=", 1) for pair in line.split("\t"))
        for line in done.stdout.removesuffix("\n").split("\n")
    ]


def line_of_answers(record: Record) -> str:
    """A record as the driver takes it."""
    observation, building = record.element, record.building
    section = form_of(observation.type).sections[observation.type]
    given = {"building_status": building.status, "state": observation.state}
    if building.built_on is not None:
        given["built_on"] = building.built_on.isoformat()
    if building.altered_on is not None:
        given["altered_on"] = building.altered_on.isoformat()
    for key, value in observation.answers.items():
        if isinstance(value, tuple):
            given[name_of(section, key)] = str(len(value))
            for n, item in enumerate(value):
                given |= _answers(section, item.items(), f"/{n}")
        else:
            given |= _answers(section, [(key, value)], "")
    return "\t".join(f"{name}={value}" for name, value in given.items())


def _answers(section: Section, given: Iterable[tuple[str, object]], at: str) -> dict[str, str]:
    return {
        name_of(section, key) + at: word_of(value) if isinstance(value, bool | str) else str(value)
        for key, value in given
    }


def told_line(told: Sequence[Told], values: dict[str, str]) -> str:
    """ "verdict row index code" of each rule, parted by ";"."""
    return ";".join(
        f"{values[t.verdict]} {values[t.row] or '-'} {values[t.index] or '-'} {values[t.reason]}"
        for t in told
    )
