"""Members that many pages of the catalog have, with what the manual says of them."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from marshmallow import fields

from audit_api.http.blueprints import Schema
from field_schema.catalog import Catalog
from field_schema.profile import REFERENCE, Adoption, Profile
from field_schema.standard import RECALLED, Requirement


def texts(description: str, **kwargs: Any) -> fields.Dict:
    """A text in Kyrgyz, Russian and English: {"ky": …, "ru": …, "en": …}."""
    return fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata={"description": f"{description} In Kyrgyz (ky), Russian (ru), English (en)."},
        **kwargs,
    )


def text(description: str, example: str | None = None, **kwargs: Any) -> fields.String:
    """A text with what it means."""
    metadata = {"description": description} | ({"example": example} if example else {})
    return fields.String(required=True, metadata=metadata, **kwargs)


def address() -> fields.String:
    """Where the whole of it is."""
    return text("Where the whole of it is read.")


def recalled() -> fields.Dict:
    """The mark of what was recalled from memory."""
    return texts(
        "null, or the words to show beside it: the number was recalled from memory and never "
        "verified, so it advises only and can never bind anybody.",
        allow_none=True,
    )


class SourceOut(Schema):
    """A released document. Its address answers its bytes, for ever the same."""

    kind = fields.String(required=True)
    id = fields.String(required=True)
    sha256 = fields.String(required=True)
    address = fields.String(required=True)


class DecisionOut(Schema):
    """The decision that adopted an edition."""

    number = text("The decision's number.")
    date = fields.Date(required=True)
    by = texts("Who decided.")


class AdoptionOut(Schema):
    """An edition under a profile: its weight, from which day to which, by whose decision."""

    profile = text("The profile's id.", "kg-demo-2021")
    profile_sha256 = text("The version of the profile that says so.")
    weight = text("binding: a breach is a violation. reference: a breach is advice.")
    since = fields.Date(
        required=True, data_key="from", metadata={"description": "The first day in force."}
    )
    to = fields.Date(
        required=True,
        allow_none=True,
        metadata={"description": "The last day in force; null while no end is known."},
    )
    decision = fields.Nested(DecisionOut, required=True)


def adoptions_of(now: Catalog, standard: str, edition: str) -> Iterator[tuple[Profile, Adoption]]:
    """Under which profiles an edition is adopted, profile by profile."""
    for profile in now.profiles.values():
        for adoption in profile.adoptions:
            if (adoption.standard, adoption.edition) == (standard, edition):
                yield profile, adoption


def adoption_json(
    profile: Profile, adoption: Adoption, requirement: Requirement | None = None
) -> dict[str, Any]:
    """An adoption as pages show it; of a requirement with the weight that it has in effect."""
    weight = adoption.weight
    if requirement is not None and requirement.cite.confidence == RECALLED:
        weight = REFERENCE
    return {
        "profile": profile.id,
        "profile_sha256": profile.digest,
        "weight": weight,
        "from": adoption.since.isoformat(),
        "to": adoption.until.isoformat() if adoption.until else None,
        "decision": {
            "number": adoption.decision_number,
            "date": adoption.decision_date.isoformat(),
            "by": dict(adoption.decided_by),
        },
    }


def adopted(
    now: Catalog, standard: str, edition: str, profile: str | None, on: date | None
) -> bool:
    """Whether an edition is adopted: under that profile, if named, and on that day, if named."""
    return any(
        (profile is None or found.id == profile) and (on is None or adoption.in_force(on))
        for found, adoption in adoptions_of(now, standard, edition)
    )
