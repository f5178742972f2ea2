"""An edition that says what no released one says yet: every shape that a requirement may have."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from field_schema.catalog import load_catalog
from field_schema.ruleset import Rule, Ruleset, compile_rule
from tests.field_schema.judging import requirement_json, requirement_of

STANDARD, EDITION = "X", "1"
STEEP = ["runs.rise_mm", "ratio_le", "runs.run_mm", 1, 12]
MADE_UP: tuple[tuple[str, dict[str, Any]], ...] = (
    # A table whose last row has a condition too: no row may hold.
    ("door", {"first": [
        {"row": "narrow", "when": [["width_mm", "lt", 900]], "must": [["threshold_mm", "le", 14]]},
        {"row": "wide", "when": [["width_mm", "between", 905, 1200]],
         "must": [["threshold_mm", "gt", 5], ["threshold_mm", "lt", 20]]},
    ]}),
    # Rows and the condition itself within the tolerance.
    ("door", {"when": [["push_depth_mm", "ge", 1200], ["pull_depth_mm", "gt", 1500]], "first": [
        {"row": "a", "when": [["width_mm", "gt", 900], ["closer", "is", True]],
         "must": [["space_width_mm", "ge", 1500]]},
        {"row": "b", "when": [["width_mm", "between", 895, 903]],
         "must": [["space_width_mm", "le", 1500], ["handle_one_hand", "is", True]]},
        {"row": "c", "when": [["place", "one_of", "entrance", "vestibule"]],
         "must": [["space_width_mm", "between", 1400, 1500]]},
        {"row": "d", "must": [["threshold_mm", "eq", 14]]},
    ]}),
    # A memory that a profile calls binding; built from a day and before a day.
    ("door", {"cite": requirement_json()["cite"] | {"confidence": "recalled, not verified"},
              "applies": {"building": ["existing", "reconstructed"], "state": ["permanent"],
                          "built_from": "2019-02-18", "built_before": "2019-02-20"}}),
    # Runs: the steepest, then the highest; one measure with several limits; a printed percentage.
    ("ramp", {"must": [STEEP, ["runs.rise_mm", "le", 450], ["runs.rise_mm", "lt", 400]],
              "printed": {"text": "8 %", "num": 8, "den": 100}}),
    ("ramp", {"when": [["width_mm", "ge", 900]], "first": [
        {"row": "a", "when": [["runs.rise_mm", "le", 200]],
         "must": [["runs.rise_mm", "ratio_le", "runs.run_mm", 1, 10], ["place", "is", "outdoor"]]},
        {"row": "b", "when": [["runs.rise_mm", "le", 300]],
         "must": [STEEP, ["runs.rise_mm", "ratio_le", "runs.run_mm", 2, 25]]},
        {"row": "c", "must": [["runs.rise_mm", "ge", 300], ["runs.run_mm", "between", 3000, 9000]]},
    ]}),
    ("ramp", {"must": [["rise_mm", "ratio_le", "landing_top_mm", 1, 12]],
              "printed": {"text": "8 %", "num": 8, "den": 100}}),
    # A ratio of something outside to something inside the repeat.
    ("ramp", {"must": [["rise_mm", "ratio_le", "runs.run_mm", 1, 20]]}),
    ("stairs", {"when": [["handrail", "one_of", "none", "one_side"]],
                "must": [["flights.riser_mm", "between", 100, 160],
                         ["flights.tread_mm", "eq", 300], ["flights.steps", "le", 20]]}),
    ("parking", {"must": [["spaces", "ratio_le", "accessible_spaces", 10, 1],
                          ["accessible_spaces", "ge", 1]]}),
)  # fmt: skip


def requirements_file() -> list[dict[str, Any]]:
    """The requirements as a lawyer's file has them."""
    return [
        requirement_json(element, **members) | {"id": f"{element}.made-up-{n}"}
        for n, (element, members) in enumerate(MADE_UP)
    ]


def made_up_rules() -> list[Rule]:
    """This edition alone, binding where it may be."""
    rules = []
    for file in requirements_file():
        requirement = requirement_of(**file)
        recalled = "recalled" in requirement.cite.confidence
        weight = "reference" if recalled else "binding"
        questions = load_catalog().measures[requirement.element]
        rules.append(compile_rule(requirement, weight, questions))
    return rules


def with_made_up(ruleset: Ruleset) -> Ruleset:
    """The ruleset with this edition at its end."""
    return with_rules(ruleset, [*ruleset.rules, *made_up_rules()])


def with_rules(ruleset: Ruleset, rules: Sequence[Rule]) -> Ruleset:
    """The ruleset with other rules, and nothing kept of the old ones."""
    return Ruleset(ruleset.profile, ruleset.on, "made up", tuple(rules), ruleset.scoring)


def adopted(files: dict[str, Any], ruleset: Ruleset) -> dict[str, Any]:
    """The files with this edition as one imported file, in force on that one day alone.

    Without the other editions, when the ruleset has none of their rules.
    """
    day = ruleset.on.isoformat()
    profile = files["profile"]
    later = (ruleset.on + timedelta(days=1)).isoformat()
    editions = [
        {"standard": STANDARD, "edition": EDITION, "weight": "binding",
         "in_force": {"from": day, "to": day}},
        {"standard": STANDARD, "edition": "2", "weight": "reference",
         "in_force": {"from": later, "to": None}},
    ]  # fmt: skip
    imported = {
        "standard": STANDARD,
        "edition": EDITION,
        "requirements": requirements_file(),
    }
    alone = all(rule.requirement.cite.standard == STANDARD for rule in ruleset.rules)
    others = [] if alone else profile["editions"]
    return files | {
        "profile": profile | {"editions": [*others, *editions]},
        "editions": [*files["editions"], [imported]],
    }
