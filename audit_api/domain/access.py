"""Who may what: the table of the domain, in code that a lawyer can read.

A row is a noun, a column a role, a cell the verbs. `own` narrows to what the person made.
Everything is bounded by the subtrees of the grants that hold the role; outside them nothing exists.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from audit_api.domain.vocabulary import Role


class Noun(StrEnum):
    """What the table speaks of."""

    CATALOG = "sites, forms, standards"
    NEEDS_MAP = "needs map"
    ASSIGNMENTS = "assignments"
    INSPECTIONS = "inspections"
    VIOLATIONS = "findings, violations"
    TASKS = "remediation tasks"
    ACTS = "supervisory acts, evidence packs"
    CALENDAR = "working days, election day"
    DEVICES = "devices"
    PEOPLE = "people, enrolment codes, grants"
    QUARANTINE = "what is held back"
    REVIEWS = "reviews"
    AUDIT_LOG = "audit log"
    WEBHOOKS = "webhooks"


_WHO_MAY_WHAT = """
noun             | inspector | technical_supervisor | prosecutor | lsg_head                         | coordinator      | administrator
CATALOG          | read correct | read                 | read       | read                             | read publish     | read write publish
NEEDS_MAP        | -         | read                 | read       | read                             | read             | read
ASSIGNMENTS      | own       | -                    | -          | -                                | read write       | read write
INSPECTIONS      | push own  | read return          | read       | -                                | read             | read
VIOLATIONS       | own       | read adjudicate      | read       | read                             | read             | read
TASKS            | read      | read verify reject   | read       | read acknowledge progress report estimate ask decline temporary | read deadline temporary | read
ACTS             | -         | read                 | write read | own answer                       | read             | read
CALENDAR         | -         | -                    | -          | -                                | move             | correct move
DEVICES          | -         | -                    | -          | -                                | read revoke      | read revoke
PEOPLE           | -         | -                    | -          | -                                | -                | read write
QUARANTINE       | -         | read decide          | -          | -                                | read             | read
REVIEWS          | -         | read decide          | -          | -                                | read             | read
AUDIT_LOG        | -         | read                 | read       | -                                | read             | read verify
WEBHOOKS         | -         | -                    | -          | -                                | own write        | own write
"""  # noqa: E501 - a table is read across


def _rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.split("\n") if line]


def _parse(table: str) -> dict[Noun, dict[Role, frozenset[str]]]:
    header, *rows = _rows(table)
    roles = [Role(name) for name in header[1:]]
    return {
        Noun[row[0]]: {
            role: frozenset() if cell == "-" else frozenset(cell.split())
            for role, cell in zip(roles, row[1:], strict=True)
        }
        for row in rows
    }


WHO_MAY_WHAT = _parse(_WHO_MAY_WHAT)


def as_markdown() -> str:
    """The table as docs/access.md shows it: nouns in their words, verbs in the order above."""
    header, *rows = _rows(_WHO_MAY_WHAT)
    roles = [role.replace("_", " ").replace("lsg", "LSG") for role in header[1:]]
    lines = [["", *roles], ["---"] * len(header)]
    lines += [
        [Noun[noun], *("–" if cell == "-" else ", ".join(cell.split()) for cell in cells)]
        for noun, *cells in rows
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in a territory; `territories` is its whole subtree, the territory itself included."""

    role: Role
    territory: UUID
    territories: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a person, perhaps through a device. Grants are read anew at each request."""

    person: UUID
    username: str
    language: str
    grants: tuple[Grant, ...]
    device: UUID | None = None
    device_revoked: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an actor may do a verb: in whole territories, and in others to the actor's own only.

    Every query takes one. An empty scope finds nothing.
    """

    territories: frozenset[UUID] = field(default_factory=frozenset)
    own_territories: frozenset[UUID] = field(default_factory=frozenset)
    person: UUID | None = None

    @property
    def empty(self) -> bool:
        """True when nothing at all lies inside."""
        return not self.territories and not self.own_territories

    @property
    def all_territories(self) -> frozenset[UUID]:
        """Everywhere something may lie inside, be it only what is the actor's own."""
        return self.territories | self.own_territories


_IN_THE_FIELD = {Role.INSPECTOR: frozenset(Noun), Role.LSG_HEAD: {Noun.CATALOG, Noun.TASKS}}
"""What a tablet opens of its owner's roles."""


def scope_of(actor: Actor, noun: Noun, verb: str = "read") -> Scope:
    """The scope in which `actor` may do `verb` to `noun`: the union over the grants that allow it.

    A device acts only as the inspector that its owner is, and for the tasks of an LSG head:
    whatever other roles the person has, a lost tablet must not open them.
    """
    row = WHO_MAY_WHAT[noun]
    whole: set[UUID] = set()
    own: set[UUID] = set()
    for grant in _usable(actor, noun):
        cell = row[grant.role]
        if verb in cell:
            whole |= grant.territories
        elif verb == "read" and "own" in cell:
            own |= grant.territories
    return Scope(frozenset(whole), frozenset(own - whole), actor.person)


def _usable(actor: Actor, noun: Noun) -> Iterable[Grant]:
    if actor.device is None:
        return actor.grants
    return (grant for grant in actor.grants if noun in _IN_THE_FIELD.get(grant.role, ()))
