"""Who may what, as the domain's table has it."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest

from audit_api.domain.access import WHO_MAY_WHAT, Actor, Grant, Noun, as_markdown, scope_of
from audit_api.domain.vocabulary import Role

HERE, THERE = uuid4(), uuid4()


def actor(*grants: tuple[Role, UUID], device: UUID | None = None) -> Actor:
    return Actor(
        uuid4(),
        "somebody",
        "en",
        tuple(Grant(role, place, frozenset({place})) for role, place in grants),
        device=device,
    )


def test_every_noun_says_something_about_every_role() -> None:
    assert set(WHO_MAY_WHAT) == set(Noun)
    assert all(set(row) == set(Role) for row in WHO_MAY_WHAT.values())


@pytest.mark.parametrize(
    ("role", "noun", "verb", "may"),
    [
        (Role.INSPECTOR, Noun.INSPECTIONS, "push", True),
        (Role.PROSECUTOR, Noun.INSPECTIONS, "push", False),
        (Role.PROSECUTOR, Noun.VIOLATIONS, "read", True),
        (Role.PROSECUTOR, Noun.ACTS, "write", True),
        (Role.LSG_HEAD, Noun.INSPECTIONS, "read", False),
        (Role.LSG_HEAD, Noun.TASKS, "report", True),
        (Role.TECHNICAL_SUPERVISOR, Noun.VIOLATIONS, "adjudicate", True),
        (Role.COORDINATOR, Noun.VIOLATIONS, "adjudicate", False),
        (Role.COORDINATOR, Noun.PEOPLE, "write", False),
        (Role.COORDINATOR, Noun.DEVICES, "revoke", True),
        (Role.TECHNICAL_SUPERVISOR, Noun.DEVICES, "read", False),
        (Role.COORDINATOR, Noun.ASSIGNMENTS, "write", True),
        (Role.INSPECTOR, Noun.ASSIGNMENTS, "write", False),
        (Role.TECHNICAL_SUPERVISOR, Noun.INSPECTIONS, "return", True),
        (Role.ADMINISTRATOR, Noun.PEOPLE, "write", True),
        (Role.INSPECTOR, Noun.AUDIT_LOG, "read", False),
    ],
)
def test_a_role_may_what_the_table_says(role: Role, noun: Noun, verb: str, may: bool) -> None:
    assert (not scope_of(actor((role, HERE)), noun, verb).empty) is may


def test_a_role_here_gives_nothing_there() -> None:
    both = actor((Role.PROSECUTOR, HERE), (Role.INSPECTOR, THERE))
    scope = scope_of(both, Noun.VIOLATIONS)
    assert scope.territories == {HERE}
    assert scope.own_territories == {THERE}


def test_what_is_wholly_open_is_not_narrowed_to_ones_own() -> None:
    both = actor((Role.PROSECUTOR, HERE), (Role.INSPECTOR, HERE))
    assert scope_of(both, Noun.VIOLATIONS).own_territories == frozenset()


def test_a_tablet_opens_only_what_its_owner_is_as_an_inspector() -> None:
    tablet = actor((Role.PROSECUTOR, HERE), (Role.INSPECTOR, THERE), device=uuid4())
    assert scope_of(tablet, Noun.CATALOG).territories == {THERE}
    assert scope_of(tablet, Noun.VIOLATIONS).territories == frozenset()


def test_the_docs_have_the_table_as_it_stands(project_root: Path) -> None:
    page = (project_root / "docs/access.md").read_text(encoding="utf-8")
    assert as_markdown() in page, (
        "Put what `python -c 'from audit_api.domain.access import as_markdown; "
        "print(as_markdown())'` says into docs/access.md"
    )
