"""Calculates that nobody asks are left out, and those that one other asks are written into it.

Each calculate is a node of every instance, and something that a phone counts again and again: the
fewer there are, the sooner a form opens and the less it hands in.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

MOST_NESTED: Final = 20
"""Levels of brackets in one expression: the engine on a phone reads them by recursion."""
_REFERENCE: Final = re.compile(r"\$\{(\w+)\}")
_NAME: Final = re.compile(r"\w+")

Line = dict[str, str]


def spare(rows: Mapping[str | None, list[Line]], helpers: set[str]) -> dict[str | None, list[Line]]:
    """The lines of calculates by group, in order, with no more of the helpers than needed.

    `helpers` are names of calculates; what is not one of them stays and keeps its value. A helper
    is written into no line of another group, into no predicate, where its references would mean
    something else, and never when it counts items: JavaRosa counts again only what asks for such
    a node.
    """
    asked = _asked([line for lines in rows.values() for line in lines], helpers)
    kept: dict[str | None, list[Line]] = {}
    for group, lines in rows.items():
        here = {line["name"]: line["calculation"] for line in lines}
        kept[group] = []
        moved: dict[str, str] = {}
        for line in lines:
            name, told = line["name"], _with(line["calculation"], moved)
            by = asked.get(name, [])
            if name not in helpers:
                kept[group].append(line | {"calculation": told})
            elif len(by) == 1 and _may_move(name, told, here.get(by[0])):
                moved[name] = told if _is_call(told) else f"({told})"
            elif by:
                kept[group].append(line | {"calculation": told})
    return kept


def _asked(lines: Iterable[Line], helpers: set[str]) -> dict[str, list[str]]:
    """By name who asks for it, once for each time; who is not needed does not count."""
    mentions = {line["name"]: _NAME.findall(line["calculation"]) for line in lines}
    asked: dict[str, list[str]] = {}
    todo = [name for name in mentions if name not in helpers]
    while todo:
        name = todo.pop()
        for other in mentions[name]:
            if other in helpers:
                if other not in asked:
                    todo.append(other)
                asked.setdefault(other, []).append(name)
    return asked


def _with(calculation: str, moved: Mapping[str, str]) -> str:
    return _REFERENCE.sub(lambda found: moved.get(found[1], found[0]), calculation)


def _may_move(name: str, told: str, asks: str | None) -> bool:
    """Whether a helper may be written into the line that asks for it; None: not in its group."""
    if asks is None or "count(" in told or _nested(told) + _nested(asks) >= MOST_NESTED:
        return False
    before, reference, _ = asks.partition(f"${{{name}}}")
    return bool(reference) and before.count("[") == before.count("]")


def _nested(calculation: str) -> int:
    deepest = depth = 0
    for sign in calculation:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        deepest = max(deepest, depth)
    return deepest


def _is_call(told: str) -> bool:
    """Whether it is one function's call as a whole, which needs no brackets."""
    depth = 0
    for n, sign in enumerate(told):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == ")" and depth == 0:
            return n == len(told) - 1 and _NAME.match(told) is not None
    return False
