"""Adopting an edition: the next version of a profile's document, with the named decision in it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from audit_api.domain.errors import Fault, InvalidInput
from field_schema.catalog import Catalog
from field_schema.profile import BINDING, Adoption, Profile
from field_schema.proof import near
from field_schema.standard import RECALLED, Standard
from field_schema.strict_file import LANGUAGES


@dataclass(frozen=True, slots=True)
class Decision:
    """Who adopted which edition for which profile, from which day, with which weight.

    `replaces`: the edition of the same standard that ends the day before. `by`: who decided, in
    three languages.
    """

    profile: str
    standard: str
    edition: str
    weight: str
    since: date
    replaces: str | None
    number: str
    decided_on: date
    by: Mapping[str, str]


def adopted_already(profile: Profile, decision: Decision) -> bool:
    """Whether exactly this decision stands in the profile."""
    return any(
        (a.standard, a.edition, a.weight, a.since) == _key(decision)
        and (a.decision_number, a.decision_date, dict(a.decided_by)) == _named(decision)
        for a in profile.adoptions
    )


def _key(decision: Decision) -> tuple[str, str, str, date]:
    return decision.standard, decision.edition, decision.weight, decision.since


def _named(decision: Decision) -> tuple[str, date, dict[str, str]]:
    return decision.number, decision.decided_on, dict(decision.by)


def next_version(catalog: Catalog, decision: Decision) -> bytes:
    """The profile's next document. Raises InvalidInput with everything that is wrong."""
    faults = _faults(catalog, decision)
    if faults:
        raise InvalidInput("The edition is not adopted; nothing was stored.", faults=faults)
    profile = catalog.profile(decision.profile)
    document = json.loads(_bytes_of(catalog, profile.digest))
    until: date | None = None
    replaced = _replaced(profile, decision)
    if replaced is not None:
        until = replaced.until
        entry = document["editions"][profile.adoptions.index(replaced)]
        entry["in_force"]["to"] = (decision.since - timedelta(days=1)).isoformat()
    document["editions"].append(
        {
            "standard": decision.standard,
            "edition": decision.edition,
            "weight": decision.weight,
            "in_force": {
                "from": decision.since.isoformat(),
                "to": until.isoformat() if until else None,
            },
            "decision": {
                "number": decision.number,
                "date": decision.decided_on.isoformat(),
                "by": {language: decision.by[language] for language in LANGUAGES},
            },
        }
    )
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def recalled_in(edition: Standard) -> list[str]:
    """The requirements that nobody has read in the text: they never bind."""
    return [r.id for r in edition.requirements.values() if r.cite.confidence == RECALLED]


def _bytes_of(catalog: Catalog, digest: str) -> bytes:
    return next(data for _, _, found, data in catalog.documents() if found == digest)


def _replaced(profile: Profile, decision: Decision) -> Adoption | None:
    """The adoption in force on the decision's first day that it says it replaces."""
    found = profile.in_force(decision.standard, decision.since)
    return found if found is not None and found.edition == decision.replaces else None


def _faults(catalog: Catalog, decision: Decision) -> list[Fault]:
    faults = []
    edition = catalog.standards.get((decision.standard, decision.edition))
    if edition is None:
        known = [f"{s}/{e}" for s, e in catalog.standards]
        told = f"{decision.standard}/{decision.edition} is not in the catalog; "
        hint = near(f"{decision.standard}/{decision.edition}", known)
        faults.append(Fault("edition", f"{told}{hint}import its file first", "unknown"))
    elif decision.weight == BINDING and len(recalled_in(edition)) == len(edition.requirements):
        told = "all its requirements are recalled from memory, and what nobody has read cannot "
        told += "bind; adopt it as reference, or check it against the text and import that edition"
        faults.append(Fault("--weight", told, "recalled"))
    profile = catalog.profiles.get(decision.profile)
    if profile is None:
        told = f"{decision.profile!r} is not in the catalog; "
        hint = near(decision.profile, catalog.profiles)
        known_profiles = ", ".join(catalog.profiles)
        told += f"{hint}it has {known_profiles}"
        faults.append(Fault("--profile", told, "unknown"))
    else:
        faults += _clashes(profile, decision)
    return faults + _unnamed(decision)


def _clashes(profile: Profile, decision: Decision) -> list[Fault]:
    """What keeps the edition from being in force on its first day."""
    found = profile.in_force(decision.standard, decision.since)
    if found is None:
        return _without_predecessor(profile, decision)
    if decision.replaces != found.edition:
        told = f"on {decision.since} the edition {found.edition} of {found.standard} is in force; "
        told += f"say --replaces {found.edition}, or another day"
        return [Fault("--replaces", told, "overlap")]
    if found.since >= decision.since:
        told = f"{found.standard}/{found.edition} is itself in force only from {found.since}; "
        told += "a decision is never erased: choose a later day"
        return [Fault("--from", told, "too-early")]
    if (found.edition, found.weight) == (decision.edition, decision.weight):
        told = f"{found.standard}/{found.edition} is in force as {found.weight} already; "
        told += "there is nothing to adopt"
        return [Fault("edition", told, "in-force")]
    return []


def _without_predecessor(profile: Profile, decision: Decision) -> list[Fault]:
    if decision.replaces is not None:
        told = f"{decision.standard}/{decision.replaces} is not in force on {decision.since} "
        told += f"in profile {profile.id}; leave --replaces out, or mend it"
        return [Fault("--replaces", told, "not-in-force")]
    later = [a for a in profile.adoptions if a.standard == decision.standard]
    after = [a for a in later if a.since > decision.since]
    if after:
        told = f"{after[0].standard}/{after[0].edition} is adopted from {after[0].since} on; "
        told += "adopt in the order of the days"
        return [Fault("--from", told, "overlap")]
    return []


def _unnamed(decision: Decision) -> list[Fault]:
    """A decision has a number and somebody who made it."""
    named: dict[str, Any] = {"--number": decision.number}
    named |= {f"--by-{language}": decision.by.get(language, "") for language in LANGUAGES}
    return [
        Fault(option, "is empty; an adoption is a named decision: write it out", "required")
        for option, value in named.items()
        if not value.strip()
    ]
