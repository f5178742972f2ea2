"""Recommendations: reference requirements not met, listed apart from violations."""

from functools import partial
from typing import Any

import msgspec
from flask import Response
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope
from audit_api.domain.deadlines import today
from audit_api.domain.law.advised import spelled_out
from audit_api.domain.vocabulary import RecommendationState
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, problems
from audit_api.http.law.catalog import catalog
from audit_api.http.oversight.violations import CaseOut, CaseQuery, case_filter
from audit_api.http.paging import PageQuery, answer_rows
from audit_api.storage.lists import violations as lists
from audit_api.storage.lists.selection import AnyRow, Listed
from audit_api.storage.lists.violations import CaseFilter
from field_schema.standard import Requirement

blueprint = Blueprint(
    "recommendations", __name__, description="Reference requirements that are not met."
)


class RecommendationQuery(CaseQuery, PageQuery):
    """Filters and page."""

    state = fields.String(validate=validate.OneOf(list(RecommendationState)))


class RecommendationPage(Schema):
    """One page of recommendations."""

    items = fields.List(fields.Nested(CaseOut), required=True)
    next = fields.String(required=True, allow_none=True)


@blueprint.route("/recommendations")
@guard(Noun.VIOLATIONS)
@blueprint.arguments(RecommendationQuery, location="query")
@blueprint.response(200, RecommendationPage)
@problems(blueprint, 400, 401, 403, 404, 422, 503)
def list_recommendations(
    query: dict[str, Any], *, session: Session, actor: Actor, scope: Scope
) -> Response:
    """Reference requirements not met: advice, never a violation of law. Site by site."""
    listed = recommendations_asked(session, actor, scope, query)
    return answer_rows("recommendations", query, listed, doc=_spelled_out)


def recommendations_asked(
    session: Session, _: Actor, scope: Scope, query: dict[str, Any]
) -> Listed:
    """The list that a query narrows. NotFound for a place outside the scope."""
    wanted = case_filter(session, scope, query)
    rules = _rules(wanted)
    return partial(
        lists.list_recommendations, session, scope, wanted, rules=rules, today=today(now())
    )


def _rules(wanted: CaseFilter) -> list[str] | None:
    """The rules that the filter's words allow; None when it has none."""
    if not any((wanted.requirement, wanted.standard, wanted.severity, wanted.user_group)):
        return None
    return [
        f"{standard}/{edition}/{requirement.id}"
        for (standard, edition), found in catalog().standards.items()
        for requirement in found.requirements.values()
        if wanted.standard in (None, standard) and _allows(wanted, requirement)
    ]


def _allows(wanted: CaseFilter, requirement: Requirement) -> bool:
    return (
        wanted.requirement in (None, requirement.id)
        and wanted.severity in (None, requirement.severity)
        and (wanted.user_group is None or wanted.user_group in requirement.groups)
    )


def _spelled_out(row: AnyRow) -> str:
    return msgspec.json.encode(spelled_out(msgspec.json.decode(row[0]), catalog())).decode()
