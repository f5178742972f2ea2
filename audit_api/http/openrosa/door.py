"""The door of ODK Collect: the key in the path, and answers that Collect shows to the inspector.

Collect has no bearer tokens, and a 401 makes it ask for a password: a bad key is 403. Every
refusal is an `OpenRosaResponse` with a message in the language of the key's owner.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any
from xml.sax.saxutils import escape

import psycopg
import structlog
from flask import Blueprint, Response, g
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from audit_api.domain.access import Actor
from audit_api.domain.deadlines import today
from audit_api.domain.errors import DomainError
from audit_api.http.auth import Door, database, now, token_sha256
from audit_api.http.problems import STATUS
from audit_api.storage import people
from audit_api.storage.evidence.photo_store import BucketUnavailable
from audit_api.words import Words, words_in

blueprint = Blueprint("openrosa", __name__, url_prefix="/openrosa/key/<string:token>")
"""The modules of this package add their routes here before the application takes it."""
log = structlog.get_logger()
OPENROSA = {"X-OpenRosa-Version": "1.0", "Cache-Control": "no-store"}
XML = "text/xml; charset=utf-8"
_RESPONSE = (
    '<OpenRosaResponse xmlns="http://openrosa.org/http/response">'
    "<message{nature}>{message}</message></OpenRosaResponse>"
)
_LANGUAGES = ("ky", "ru", "en")


def openrosa(
    *, writing: bool = False, hand_in: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let in whoever holds the key in the path; the view gets `session` and `actor`.

    The session takes single `ask`s, each on its own; with `writing` it is a writing transaction.
    `hand_in`: revoked keys too may come here (the actor says `device_revoked`), and the view
    opens its transactions itself (it gets `actor` alone).
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, token: str, **kwargs: Any) -> Any:
            if hand_in:
                with database().at_once() as session:
                    actor = _holder(session, token)
                if actor is None:
                    return _no_key()
                return view(*args, actor=actor, **kwargs)
            with database().writing() if writing else database().at_once() as session:
                actor = _holder(session, token)
                if actor is None or actor.device_revoked:
                    return _no_key()
                return view(*args, session=session, actor=actor, **kwargs)

        guarded.guard = (Door.OPENROSA, None, "read")  # type: ignore[attr-defined]
        return guarded

    return decorate


def openrosa_answer(status: int, message: str, *, success: bool = False) -> Response:
    """An `OpenRosaResponse`: what Collect shows to the inspector."""
    nature = ' nature="submit_success"' if success else ""
    body = _RESPONSE.format(nature=nature, message=escape(message))
    return Response(body, status=status, content_type=XML, headers=OPENROSA)


def words_here() -> Words:
    """The language of the key's owner; Russian while nobody is known."""
    return words_in(g.get("openrosa_language", "ru"))


def _holder(session: Session, token: str) -> Actor | None:
    actor = people.actor_of_openrosa_key(session, token_sha256(token), today(now()))
    if actor is not None:
        g.openrosa_language = actor.language
    return actor


def _no_key() -> Response:
    """403 in three languages: of whom the key was is not known, or not said any more."""
    told = []
    for language in _LANGUAGES:
        say = words_in(language)
        told.append(
            say(
                "This key of ODK Collect is unknown or revoked. Ask the headquarters for a new "
                "QR code; what is filled in stays on the device."
            )
        )
    return openrosa_answer(HTTPStatus.FORBIDDEN, " / ".join(told))


@blueprint.errorhandler(DomainError)
def _refused(error: DomainError) -> Response:
    say = words_here()
    status = STATUS[type(error)]
    if status == HTTPStatus.NOT_FOUND:
        return openrosa_answer(
            status,
            say("There is nothing here for this key. Download the list of forms anew."),
        )
    return openrosa_answer(
        status,
        say(
            "The server refused this: {title}. Show this message to the headquarters.",
            title=error.title,
        ),
    )


@blueprint.errorhandler(HTTPException)
def _of_the_framework(error: HTTPException) -> Response:
    say = words_here()
    return openrosa_answer(
        error.code or HTTPStatus.INTERNAL_SERVER_ERROR,
        say(
            "The server refused this: {title}. Show this message to the headquarters.",
            title=error.name,
        ),
    )


@blueprint.errorhandler(OperationalError)
@blueprint.errorhandler(PoolTimeout)
@blueprint.errorhandler(psycopg.OperationalError)
@blueprint.errorhandler(BucketUnavailable)
def _busy(error: Exception) -> Response:
    log.warning("openrosa_unavailable", error=type(error).__name__, detail=str(error)[:300])
    say = words_here()
    answer = openrosa_answer(
        HTTPStatus.SERVICE_UNAVAILABLE,
        say("The server is busy just now; nothing was lost. Try again in a minute."),
    )
    answer.headers["Retry-After"] = "60"
    return answer


@blueprint.errorhandler(Exception)
def _unforeseen(error: Exception) -> Response:
    log.exception("unforeseen", error=type(error).__name__)
    say = words_here()
    return openrosa_answer(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        say(
            "Something went wrong on the server; nothing was lost. Try again later. If it comes "
            "back, tell the headquarters this number: {number}.",
            number=g.get("request_id", ""),
        ),
    )
