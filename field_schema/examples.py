"""Worked examples: for every requirement answers at all its edges, and the verdict due.

    python -m field_schema.examples          write the files that are not there yet
    python -m field_schema.examples --check  only say which would be written

One file stands beside each file of requirements, `examples/<name>.json` beside
`requirements/<name>.json`. Verdicts come from the plain evaluation (`Rule.decide`), never from
generated code. A lawyer can read and correct them before their release; once released they never
change, and every evaluator must agree with them.

A file names its standard, edition and element. It has, by requirement, its title, the building that
is meant where a case names none, and its cases: `case` in words, `answers` as measured, in the
form's units, `verdict`; and where there is one `row`, `index` (from 0), `building`, `built_on`,
`state`; `reason` where it is not the usual one of its verdict.
"""

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from math import prod
from pathlib import Path
from typing import Any, Final

from field_schema.catalog import Catalog, load_catalog
from field_schema.deciding import CONDITION_FALSE, reason_code
from field_schema.example_cases import Case, CaseMaker
from field_schema.form import STATES
from field_schema.mutants import mutants_of
from field_schema.profile import BINDING
from field_schema.rule import Rule, compile_rule, decide_plainly, group_of
from field_schema.ruleset import Building, exclusion
from field_schema.standard import Measures, Requirement
from field_schema.strict_file import read_object

Expected = tuple[str, str | None, int | None, str]
"""Verdict, row's name, index, reason code."""

_MOST_COMBINATIONS: Final = 200_000
_PLAIN_REASONS: Final = {
    "compliant": "complies",
    "violation": "breaks",
    "borderline": "within_tolerance",
    "not_measured": "missing",
    "not_applicable": "condition_not_met",
}
_ABOUT: Final = (
    "Worked examples, generated at every limit, tolerance, condition and row of the requirements "
    "of the same name; the verdicts come from the plain evaluation. Answers are in the form's "
    "units. Every evaluator must agree with them."
)


@dataclass(frozen=True, slots=True)
class Example:
    """A case of one requirement with what is expected."""

    requirement: str
    case: Case
    expected: Expected


def expected_of(requirement: Requirement, rule: Rule, case: Case) -> Expected:
    """What the plain evaluation says of a case."""
    left_out = exclusion(requirement, case.state, Building(case.building, case.built_on))
    if left_out is not None:
        verdict, why = left_out
        return verdict, None, None, reason_code(verdict, CONDITION_FALSE, why)
    verdict, row, index = decide_plainly(rule, case.answers)
    name = None if row < 0 else requirement.rows[row].name
    return verdict, name, index, reason_code(verdict, row, None)


def plain_rule(requirement: Requirement, questions: Measures) -> Rule:
    """The requirement made ready for `expected_of`; its weight does not matter there."""
    return compile_rule(requirement, BINDING, questions)


def examples_of(requirement: Requirement, questions: Measures) -> list[Example]:
    """The examples of one requirement: all that a reader expects, and what mutants ask for."""
    rule = plain_rule(requirement, questions)
    maker = CaseMaker(requirement, questions, group_of(requirement))
    seen: dict[str, Example] = {}
    for case in maker.cases():
        key = _key(case)
        if key not in seen:
            expected = expected_of(requirement, rule, case)
            seen[key] = Example(requirement.id, case, expected)
    examples = list(seen.values())
    left = unnoticed(requirement, questions, examples)
    spare = maker.spare_cases() if left else iter(())
    mutants = dict(mutants_of(requirement, questions))
    rules = {name: plain_rule(mutants[name], questions) for name in left}
    for case in spare:
        expected = expected_of(requirement, rule, case)
        shown = [n for n in left if expected_of(mutants[n], rules[n], case) != expected]
        if shown:
            examples.append(Example(requirement.id, case, expected))
            left = [name for name in left if name not in shown]
        if not left:
            break
    return examples


def unnoticed(
    requirement: Requirement, questions: Measures, examples: Sequence[Example]
) -> list[str]:
    """The mutants of a requirement that give every example what it expects, in words.

    Without those that differ in no case at all (`same_everywhere`): nothing could notice them.
    """
    found = []
    for name, mutant in mutants_of(requirement, questions):
        rule = plain_rule(mutant, questions)
        if all(expected_of(mutant, rule, e.case) == e.expected for e in examples) and not (
            same_everywhere(requirement, mutant, questions)
        ):
            found.append(name)
    return found


def same_everywhere(one: Requirement, two: Requirement, questions: Measures) -> bool:
    """Whether two requirements are proven to decide alike, whatever is measured and where.

    A verdict changes only at the edges of the comparisons, so it is enough to try every
    combination of readings on and beside the edges of both, of words and of what is missing.
    Ratios, repeats and very many combinations are not tried: then nothing is proven.
    """
    applies = [(r.buildings, r.states, r.built_before, r.built_from) for r in (one, two)]
    both = replace(one, when=(*one.when, *two.when), rows=(*one.rows, *two.rows))
    maker = CaseMaker(both, questions, None)
    measures = list(dict.fromkeys(m for c in maker.comparisons for m in c.measures))
    values = [(None, *maker.values(measure)) for measure in measures]
    simple = all(c.op != "ratio_le" for c in maker.comparisons) and group_of(both) is None
    if applies[0] != applies[1] or not simple or prod(map(len, values)) > _MOST_COMBINATIONS:
        return False
    first, second = (plain_rule(requirement, questions).decide for requirement in (one, two))
    every = (
        {m: v for m, v in zip(measures, each, strict=True) if v is not None}
        for each in product(*values)
    )
    return all(first(answers) == second(answers) for answers in every)


def _key(case: Case) -> str:
    return (
        f"{json.dumps(case.answers, sort_keys=True)} {case.building} {case.built_on} {case.state}"
    )


def example_files(catalog: Catalog) -> Iterator[tuple[str, str, list[Requirement]]]:
    """For each shipped file of requirements: its edition's folder, its name, what it has."""
    for kind, name, _, data in catalog.documents():
        if kind == "requirements":
            standard, edition, stem = name.split("/", 2)
            rows = read_object(data, name)["requirements"]
            known = catalog.standards[standard, edition].requirements
            folder = f"standards/{standard}/{edition}/examples"
            yield folder, stem, [known[row["id"]] for row in rows]


def written(requirements: Sequence[Requirement], measures: Mapping[str, Measures]) -> str:
    """The text of an examples file: one line for each case."""
    blocks = []
    for requirement in requirements:
        maker = CaseMaker(requirement, measures[requirement.element], None)
        building, built_on = maker.usual()
        usual = maker.case("", {})
        lines = [
            f"    {json.dumps(_line(e, usual), ensure_ascii=False)}"
            for e in examples_of(requirement, measures[requirement.element])
        ]
        head: dict[str, Any] = {"title": requirement.title["en"], "building": building}
        head |= {"built_on": built_on.isoformat()} if built_on else {}
        head |= {"state": usual.state} if usual.state != STATES[0] else {}
        members = "".join(f"   {json.dumps(k)}: {json.dumps(v)},\n" for k, v in head.items())
        cases = ",\n".join(lines)
        blocks.append(
            f'  {json.dumps(requirement.id)}: {{\n{members}   "cases": [\n{cases}\n   ]\n  }}'
        )
    body = ",\n".join(blocks)
    first = requirements[0]
    return (
        f'{{\n "standard": {json.dumps(first.cite.standard)},\n'
        f' "edition": {json.dumps(first.cite.edition)},\n'
        f' "element": {json.dumps(first.element)},\n'
        f' "about": {json.dumps(_ABOUT)},\n "examples": {{\n{body}\n }}\n}}\n'
    )


def _line(example: Example, usual: Case) -> dict[str, Any]:
    case = example.case
    verdict, row, index, reason = example.expected
    line: dict[str, Any] = {"case": case.title, "answers": dict(case.answers)}
    if case.building != usual.building:
        line["building"] = case.building
    if case.built_on != usual.built_on:
        line["built_on"] = case.built_on.isoformat() if case.built_on else None
    if case.state != usual.state:
        line["state"] = case.state
    line["verdict"] = verdict
    line |= {"row": row} if row is not None else {}
    line |= {"index": index} if index is not None else {}
    return line | ({"reason": reason} if reason != _PLAIN_REASONS[verdict] else {})


def read_examples(data: bytes, where: str) -> list[Example]:
    """The examples of a released file, in its order. Raises CatalogError for what is no JSON."""
    found = []
    for requirement, block in read_object(data, where)["examples"].items():
        for line in block["cases"]:
            verdict = line["verdict"]
            built_on = line.get("built_on", block.get("built_on"))
            case = Case(
                line["case"],
                {k: tuple(v) if isinstance(v, list) else v for k, v in line["answers"].items()},
                line.get("building", block["building"]),
                date.fromisoformat(built_on) if built_on else None,
                line.get("state", block.get("state", STATES[0])),
            )
            reason = line.get("reason", _PLAIN_REASONS[verdict])
            found.append(
                Example(requirement, case, (verdict, line.get("row"), line.get("index"), reason))
            )
    return found


def main(arguments: Sequence[str]) -> int:
    """Write the files that are missing and their digests; what is released stays as it is."""
    root = Path(__file__).parent
    catalog = load_catalog()
    published = json.loads((root / "published.json").read_text())
    for folder, stem, requirements in example_files(catalog):
        path = root / folder / f"{stem}.json"
        if path.exists():
            continue
        sys.stdout.write(f"{path.relative_to(root).as_posix()}\n")
        if "--check" not in arguments:
            text = written(requirements, catalog.measures)
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            digest = hashlib.sha256(text.encode()).hexdigest()
            published["files"][path.relative_to(root).as_posix()] = digest
    published["files"] = dict(sorted(published["files"].items()))
    if "--check" not in arguments:
        text = json.dumps(published, indent=1, ensure_ascii=False)
        (root / "published.json").write_text(f"{text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
