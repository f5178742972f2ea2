"""flask-smorest with our manners: strict JSON, unknown fields refused, problems documented."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import flask_smorest
import marshmallow
from flask import Request
from marshmallow import fields, validate
from webargs.flaskparser import FlaskParser

from audit_api.domain import strict_json


class _Whole(marshmallow.Schema):
    """A schema that is not copied: documentation of each operation is, several times."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "_Whole":
        return self


class Schema(_Whole):
    """Base of every schema: fields that are not declared are refused, members keep their order."""

    class Meta:
        unknown = marshmallow.RAISE


class ProblemSchema(_Whole):
    """`application/problem+json` (RFC 9457)."""

    type = fields.String(required=True, metadata={"description": "A stable urn."})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "What to do next, too."})
    errors = fields.List(
        fields.Dict(keys=fields.String(), values=fields.String()),
        metadata={"description": "Each with `pointer` (RFC 6901), `code` and `detail`."},
    )
    retry_after = fields.Integer(metadata={"description": "Seconds to wait."})
    request_id = fields.String(metadata={"description": "Name it when you report the problem."})
    rev = fields.Integer(metadata={"description": "The revision that is current."})
    state = fields.String(
        allow_none=True, metadata={"description": "Where the thing is that cannot go there."}
    )
    op = fields.UUID(metadata={"description": "The operation that cannot be applied even now."})
    outcome = fields.String(metadata={"description": "What trying it again came to."})
    decision = fields.String(metadata={"description": "What was decided before."})
    decided_by = fields.String(
        allow_none=True, metadata={"description": "By whom; null: by the system."}
    )
    decided_at = fields.AwareDateTime()
    reason = fields.String(allow_none=True)


class WholeNumber(fields.Integer):
    """An integer in a query string: ASCII digits, nothing else."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not (isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class YesNo(fields.Boolean):
    """`true` or `false` in a query string, nothing else."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(truthy={"true"}, falsy={"false"}, **kwargs)


class Text(fields.String):
    """Text without control characters, at most `most` characters."""

    def __init__(self, most: int = 200, **kwargs: Any) -> None:
        length = validate.Length(min=1, max=most)
        plain = validate.Regexp(
            r"^[^\x00-\x1f\x7f]*\Z", error="Control characters are not allowed."
        )
        super().__init__(validate=[length, plain], **kwargs)


class StrictParser(FlaskParser):
    """Reads request bodies with `strict_json`."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012 - as the base has it
        "json": None,
        "query": marshmallow.RAISE,
        "path": marshmallow.RAISE,
    }

    def _raw_load_json(self, req: Request) -> Any:
        return strict_json.loads(req.get_data(cache=True))


class Blueprint(flask_smorest.Blueprint):
    """A blueprint whose operations read strictly."""

    ARGUMENTS_PARSER = StrictParser()


View = Callable[..., Any]
_PROBLEM = ProblemSchema()
# Statuses that Python's `http` does not know.
_PHRASES = {460: "Checksum Mismatch"}


def problems(blueprint: Blueprint, *statuses: int) -> Callable[[View], View]:
    """Document the problems an operation answers with."""

    def decorate(view: View) -> View:
        told = view
        for status in sorted(statuses):
            told = blueprint.alt_response(
                status,
                schema=_PROBLEM,
                description=_PHRASES.get(status),
                content_type="application/problem+json",
            )(told)
        # What was said of the view, without a wrapper around it for each status.
        view._apidoc = told._apidoc  # type: ignore[attr-defined]
        return view

    return decorate


def instant(value: datetime) -> str:
    """An instant as RFC 3339 in UTC."""
    return value.isoformat()


def day(value: date | None) -> str | None:
    """A day as RFC 3339."""
    return value.isoformat() if value else None
