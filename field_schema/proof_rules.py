"""Proofreading what a requirement demands: rows, comparisons, thresholds and their units."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from field_schema.catalog import Catalog
from field_schema.form import Question
from field_schema.placed_json import Path
from field_schema.proof import Proof, letters, near
from field_schema.proof_units import check_threshold
from field_schema.standard import Comparison, Measures

_OPS: Final = {
    "ge": "at least",
    "le": "at most",
    "gt": "more than",
    "lt": "less than",
    "eq": "exactly",
    "between": "from … to …",
    "is": "is the answer",
    "one_of": "is one of the answers",
    "ratio_le": "is at most num/den of another measure",
}
_SIGNS: Final = {
    ">=": "ge", "≥": "ge", "=>": "ge", "<=": "le", "≤": "le", "=<": "le", ">": "gt", "<": "lt",
    "=": "eq", "==": "eq", "min": "ge", "max": "le", "in": "one_of", "ratio": "ratio_le",
}  # fmt: skip


def check_rules(
    row: Mapping[str, Any], path: Path, proof: Proof, catalog: Catalog, element: str | None
) -> None:
    """Note what is wrong with `when`, `must`, `first` and `printed` of a requirement."""
    if "must" not in row and "first" not in row:
        proof.note(
            (*path, "must"),
            "nothing is demanded",
            'add "must": [["width_mm", "ge", 900]], or a table "first"',
        )
    if "must" in row and "first" in row:
        told = "a requirement has one list of demands or a table of rows, not both"
        proof.note((*path, "must"), told, 'keep "must" or "first"')
    measures = catalog.measures.get(element or "")
    reader = _Reader(proof, catalog, element, measures)
    reader.comparisons(row, path, "when")
    reader.comparisons(row, path, "must")
    ratios = [c for c in reader.read(row.get("must")) if c.op == "ratio_le"]
    if "first" in row:
        ratios += reader.table(row["first"], (*path, "first"))
    groups = {c.measure.split(".")[0]: c for c in reader.seen if "." in c.measure}
    if len(groups) > 1:
        told = f"it speaks of two repeats, {' and '.join(sorted(groups))}"
        proof.note(path, told, "split it into two requirements")
    if "printed" in row:
        _printed(row["printed"], (*path, "printed"), proof, ratios)


def _printed(printed: Any, path: Path, proof: Proof, ratios: list[Comparison]) -> None:
    needed = {
        "text": 'write the percentage as it is printed, as "8 %"',
        "num": "write 8 for 8 %",
        "den": "write 100 for 8 %",
    }
    if proof.members(printed, path, needed, ()) is None:
        return
    proof.text(printed, path, "text")
    num, den = printed.get("num"), printed.get("den")
    for key, number in (("num", num), ("den", den)):
        if key in printed and (type(number) is not int or number < 1):
            proof.note((*path, key), "a positive whole number is due here", needed[key])
            return
    if num is None or den is None:
        return
    rounded = [c for c in ratios if (2 * c.value[1] * den + c.value[2]) // (2 * c.value[2]) == num]
    if not rounded:
        told = f"{num}/{den} is the rounding of no ratio of this requirement"
        proof.note(path, told, "mend it, or remove it: it only explains a ratio", doubt=True)


class _Reader:
    def __init__(
        self, proof: Proof, catalog: Catalog, element: str | None, measures: Measures | None
    ) -> None:
        self.proof = proof
        self.catalog = catalog
        self.element = element
        self.measures = measures
        self.seen: list[Comparison] = []

    def read(self, value: Any) -> list[Comparison]:
        """The comparisons of a list that have the right form; nothing is noted."""
        return [c for v in value if (c := self._plain(v))] if isinstance(value, list) else []

    def _plain(self, value: Any) -> Comparison | None:
        if not isinstance(value, list) or len(value) < 3 or value[1] not in _OPS:
            return None
        known = self.measures or {}
        if not isinstance(value[0], str) or value[0] not in known:
            return None
        rest = value[2:]
        if value[1] in ("ge", "le", "gt", "lt", "eq") and type(rest[0]) is not int:
            return None
        if value[1] == "between" and (len(rest) != 2 or not all(type(v) is int for v in rest)):
            return None
        if value[1] == "ratio_le":
            fits = len(rest) == 3 and all(type(v) is int and v > 0 for v in rest[1:])
            if not fits or rest[0] not in known:
                return None
        one = value[1] not in ("between", "ratio_le", "one_of")
        return Comparison(value[0], value[1], rest[0] if one else tuple(rest))

    def comparisons(self, row: Mapping[str, Any], path: Path, key: str) -> None:
        """Note what is wrong with a list of comparisons."""
        if key not in row:
            return
        value, at = row[key], (*path, key)
        if isinstance(value, list) and value and isinstance(value[0], str):
            self.proof.note(
                at, "a comparison stands where a list of them is due", "put [ ] around it"
            )
            return
        if not isinstance(value, list) or not value:
            self.proof.note(
                at,
                "at least one comparison is due here",
                'write [["width_mm", "ge", 900]]'
                + (", or leave the condition out" if key == "when" else ""),
            )
            return
        for n, comparison in enumerate(value):
            self._comparison(comparison, (*at, n))
        good = self.read(value)
        self.seen += good
        self._contradictions(good, at)

    def _comparison(self, value: Any, path: Path) -> None:
        if not isinstance(value, list) or len(value) < 3:
            told = "this is no comparison"
            then = 'write measure, comparison, threshold, as ["width_mm", "ge", 900]'
            self.proof.note(path, told, then)
            return
        question = self._question(value[0], (*path, 0))
        op = value[1]
        if op not in _OPS if isinstance(op, str) else True:
            sign = _SIGNS.get(str(op).lower())
            hint = f"write {sign!r}" if sign else near(op, _OPS) + "write one of: " + _all_ops()
            self.proof.note((*path, 1), f"{op!r} is no comparison", hint)
        elif question is not None and self.measures is not None:
            check_threshold(
                value, path, self.proof, self.catalog, str(self.element), question, self.measures
            )

    def _question(self, name: Any, path: Path) -> Question | None:
        if self.measures is None:
            return None
        if not isinstance(name, str):
            then = 'write it first, as ["width_mm", "ge", 900]'
            self.proof.note(path, "the measure's name is due here", then)
            return None
        question = self.measures.get(name)
        if question is not None:
            return question
        repeated = [key for key in self.measures if key.endswith(f".{name}")]
        elsewhere = [e for e, known in self.catalog.measures.items() if name in known]
        if repeated:
            hint = f"did you mean {repeated[0]!r}, which is asked for each of its repeats? "
        else:
            hint = near(name, self.measures)
        if not hint and elsewhere:
            hint = f"it is a measure of {' and '.join(elsewhere)}. "
        self.proof.note(
            path,
            f"no form asks about the measure {name!r} of a {self.element}{letters(name)}",
            f"{hint}a requirement can only speak of what a form asks",
        )
        return None

    def _contradictions(self, must: list[Comparison], path: Path) -> None:
        """What no value can meet."""
        spans: dict[str, tuple[int, int]] = {}
        for c in must:
            low, high = _span(c)
            known = spans.get(c.measure, (low, high))
            spans[c.measure] = low, high = max(known[0], low), min(known[1], high)
            if low > high:
                told = f"no {c.measure} can meet all of these"
                self.proof.note(path, told, "mend a threshold, or ge into le")
                return

    def table(self, rows: Any, path: Path) -> list[Comparison]:
        """Note what is wrong with a table; its ratios."""
        if not isinstance(rows, list) or len(rows) < 2:
            told = "a table has two rows or more"
            self.proof.note(path, told, 'add a row, or write "must" instead of "first"')
            rows = rows if isinstance(rows, list) else []
        names: dict[Any, int] = {}
        earlier: list[tuple[str, list[Comparison]]] = []
        ratios: list[Comparison] = []
        for n, row in enumerate(rows):
            at = (*path, n)
            needed = {"row": 'name it, as "a"', "must": "say what it demands"}
            if self.proof.members(row, at, needed, ("when",)) is None:
                continue
            name = self.proof.name(row, at, "row")
            if name in names and name is not None:
                told = f"the row {name!r} is there already"
                self.proof.note((*at, "row"), told, "give each row a name of its own")
            names.setdefault(name, n)
            self.comparisons(row, at, "when")
            self.comparisons(row, at, "must")
            when = self.read(row.get("when"))
            ratios += [c for c in self.read(row.get("must")) if c.op == "ratio_le"]
            if "when" not in row and n < len(rows) - 1:
                told = "this row has no condition, so it hides the rows below it"
                self.proof.note(at, told, "give it a condition, or put it last")
            hider = next((e for e, known in earlier if known and _implies(when, known)), None)
            if hider is not None:
                told = (
                    f"this row is never reached: whatever meets its condition meets row {hider}'s"
                )
                self.proof.note(at, told, "put the narrower condition first")
            if "when" in row and len(when) == len(row["when"] or ()):
                earlier.append((repr(name), when))
        return ratios


def _all_ops() -> str:
    return "; ".join(f"{op} ({words})" for op, words in _OPS.items())


def _span(c: Comparison) -> tuple[int, int]:
    """The values that a limit allows, as far as it is one."""
    far = 10**12
    if c.op == "between":
        return c.value[0], c.value[1]
    if type(c.value) is not int:
        return -far, far
    low = {"ge": c.value, "gt": c.value + 1, "eq": c.value}.get(c.op, -far)
    return low, {"le": c.value, "lt": c.value - 1, "eq": c.value}.get(c.op, far)


def _implies(later: list[Comparison], earlier: list[Comparison]) -> bool:
    """Whether everything that meets `later` also meets `earlier`, as far as limits tell."""
    return all(any(_narrower(one, other) for one in later) for other in earlier)


def _narrower(one: Comparison, other: Comparison) -> bool:
    if one == other:
        return True
    if one.measure != other.measure or "ratio_le" in (one.op, other.op):
        return False
    if one.op in ("is", "one_of") and other.op in ("is", "one_of"):
        return set(_answers(one)) <= set(_answers(other))
    if "is" in (one.op, other.op) or "one_of" in (one.op, other.op):
        return False
    inner, outer = _span(one), _span(other)
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _answers(c: Comparison) -> Iterator[Any]:
    yield from (c.value,) if c.op == "is" else c.value
