"""The evaluators side by side: each gives one line for each record."""

import json
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from field_schema.assessment import Finding, assess
from field_schema.catalog import Catalog, load_catalog
from field_schema.ruleset import Ruleset
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
    records: Sequence[Record], ruleset: Ruleset, *, module: Path = JS, whole: bool = False
) -> list[str]:
    """As `python_lines`, or whole findings as JSON, from `module` under node."""
    assert NODE is not None
    lines = [json.dumps(files_of(ruleset))]
    lines += [json.dumps(record.as_json() | {"whole": whole}) for record in records]
    done = subprocess.run(
        [NODE, str(RUNNER), str(module)],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.removesuffix("\n").split("\n")


def files_of(ruleset: Ruleset, catalog: Catalog | None = None) -> dict[str, Any]:
    """The released files of a ruleset, as they are served."""
    catalog = catalog or load_catalog()
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
