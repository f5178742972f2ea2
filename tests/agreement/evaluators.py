"""The evaluators side by side: each gives one line for each record."""

import json
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from audit_api.domain.law.bulk_assessment import Buildings, BulkRuleset, ElementVerdicts, Part
from field_schema.assessment import Finding, assess
from field_schema.catalog import load_catalog
from field_schema.deciding import REASONS
from field_schema.logic import VERDICTS
from field_schema.packing import pack, read_shape
from field_schema.ruleset import Ruleset
from tests.agreement.made_up import adopted
from tests.agreement.records import Record

JS = Path(__file__).parents[2] / "field_schema" / "js"
RUNNER = Path(__file__).parent / "judge.mjs"
NODE = shutil.which("node")


def python_lines(records: Iterable[Record], ruleset: Ruleset) -> list[str]:
    """ "verdict row index code" of every finding, parted by ";"."""
    return [
        ";".join(line_of(f) for f in assess(r.inspection, ruleset, r.building).findings)
        for r in records
    ]


def line_of(finding: Finding) -> str:
    index = "-" if finding.index is None else finding.index
    return f"{finding.verdict} {finding.row or '-'} {index} {finding.reason['code']}"


def whole_findings(record: Record, ruleset: Ruleset) -> list[dict[str, Any]]:
    """Every finding with the members that the JavaScript gives."""
    return [
        {
            "requirement": f.requirement,
            "standard": f.standard,
            "edition": f.edition,
            "weight": f.weight,
            "verdict": f.verdict,
            "row": f.row,
            "index": f.index,
            "reason": f.reason,
        }
        for f in assess(record.inspection, ruleset, record.building).findings
    ]


def javascript_lines(
    records: Sequence[Record], ruleset: Ruleset, *, whole: bool = False
) -> list[str]:
    """As `python_lines`, or whole findings as JSON, from field_schema/js under node.

    From the released files and the made-up edition, which `ruleset` must have too.
    """
    return run_javascript(javascript_input(records, ruleset, whole=whole))


def javascript_input(records: Sequence[Record], ruleset: Ruleset, *, whole: bool) -> str:
    """What the runner takes."""
    lines = [json.dumps(adopted(files_of(ruleset), ruleset))]
    lines += [json.dumps(record.as_json() | {"whole": whole}) for record in records]
    return "\n".join(lines)


def run_javascript(text: str, module: Path = JS) -> list[str]:
    """What the runner gives back with this module."""
    assert NODE is not None
    done = subprocess.run(
        [NODE, str(RUNNER), str(module)],
        input=text,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.removesuffix("\n").split("\n")


def numpy_lines(records: Sequence[Record], ruleset: Ruleset) -> list[str]:
    """As `python_lines`, all records judged at once."""
    by_shape: dict[tuple[str, str], list[tuple[int, bytes]]] = defaultdict(list)
    for number, record in enumerate(records):
        shape, measures = pack(record.inspection)
        by_shape[record.inspection.form.key, shape].append((number, measures))
    parts = []
    for (_, shape), rows in by_shape.items():
        form = records[rows[0][0]].inspection.form
        standing = Buildings.of([records[number].building for number, _ in rows])
        parts.append(Part.of(read_shape(shape, form), form, [m for _, m in rows], standing))
    numbers = [[number for number, _ in rows] for rows in by_shape.values()]
    lines = [""] * len(records)
    for block in BulkRuleset(ruleset).evaluate(parts):
        places = zip(block.places.part, block.places.row, strict=True)
        for (part, row), told in zip(places, _lines_of(block), strict=True):
            lines[numbers[part][row]] = told
    return lines


_NOT_RUN = ("other_state", "other_building", "other_build_date", "build_date_unknown")


def _lines_of(block: ElementVerdicts) -> list[str]:
    """One line for each observation of a block; what was not run stands first."""
    told = []
    for n, rule in enumerate(block.rules):
        columns = (block.verdict[n], block.row[n], block.index[n], block.reason[n])
        codes = np.stack([column.astype(np.int64) for column in columns], axis=1)
        kinds, which = np.unique(codes, axis=0, return_inverse=True)
        rows = rule.requirement.rows
        texts = [
            f"{VERDICTS[verdict]} {(rows[row].name if row >= 0 else None) or '-'} "
            f"{index if index >= 0 else '-'} {REASONS[reason]}"
            for verdict, row, index, reason in kinds.tolist()
        ]
        told.append([texts[kind] for kind in which.ravel().tolist()])
    return [
        ";".join(sorted(each, key=lambda text: not text.endswith(_NOT_RUN)))
        for each in zip(*told, strict=True)
    ]


def files_of(ruleset: Ruleset) -> dict[str, Any]:
    """The released files of a ruleset, as they are served."""
    catalog = load_catalog()
    documents = [(kind, name, json.loads(data)) for kind, name, _, data in catalog.documents()]

    def of_kind(kind: str) -> list[tuple[str, Any]]:
        return [(name, value) for found, name, value in documents if found == kind]

    profile = dict(of_kind("profile"))[ruleset.profile.id]
    return {
        "profile": profile,
        "on": ruleset.on.isoformat(),
        "forms": [value for _, value in of_kind("form")],
        "editions": [
            [value, *(file for at, file in of_kind("requirements") if at.startswith(f"{name}/"))]
            for name, value in of_kind("standard")
        ],
    }


def differences(records: Sequence[Record], left: Sequence[str], right: Sequence[str]) -> list[str]:
    """The records, each with both lines, on which two evaluators differ."""
    assert len(left) == len(right) == len(records)
    return [
        f"{record.as_json()}\n  {one}\n  {other}"
        for record, one, other in zip(records, left, right, strict=True)
        if one != other
    ]
