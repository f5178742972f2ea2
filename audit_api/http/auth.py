"""Who asks, and what lies inside their grants: the guard that every route has.

A guard opens the one transaction of the request, reads the actor's grants anew, and hands the
view `session`, `actor` and `scope`. What lies outside the scope does not exist (404).
"""

import hashlib
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial, wraps
from typing import Any, ParamSpec

import psycopg
import structlog
from flask import current_app, g, request
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, scope_of
from audit_api.domain.deadlines import today
from audit_api.domain.errors import DeviceRevoked, Forbidden, NotAuthenticated, NotFound
from audit_api.storage import people
from audit_api.storage.base import Database

P = ParamSpec("P")
log = structlog.get_logger()
SESSION_PREFIX = "aas_"
DEVICE_PREFIX = "aad_"


class Door(StrEnum):
    """Who may come in at all."""

    PUBLIC = "public"
    PERSON = "person"
    DEVICE = "device"
    ANYBODY = "anybody known"
    OPENROSA = "a key of ODK Collect"


def database() -> Database:
    """The application's database."""
    found: Database = current_app.extensions["database"]
    return found


def now() -> datetime:
    """The server's time."""
    return datetime.now(UTC)


def token_sha256(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def bearer_token() -> str:
    """The token of the request; NotAuthenticated when there is none."""
    header = request.headers.get("Authorization", "")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticated(
            "Send `Authorization: Bearer <token>`; POST /api/v1/sessions gives a person one, "
            "POST /api/v1/devices/enrol a tablet."
        )
    return token.strip()


def authenticate(session: Session, door: Door) -> Actor:
    """The actor behind the request's token, if this door is for such."""
    token = bearer_token()
    at = now()
    if token.startswith(DEVICE_PREFIX):
        actor = people.actor_of_device(session, token_sha256(token), today(at))
        allowed = door in (Door.DEVICE, Door.ANYBODY)
    else:
        actor = people.actor_of_session(session, token_sha256(token), at, today(at))
        allowed = door in (Door.PERSON, Door.ANYBODY)
    if actor is None:
        raise NotAuthenticated(
            "The token is unknown, expired or revoked. Sign in again or enrol the tablet anew."
        )
    if not allowed:
        raise Forbidden(
            "A tablet's token opens only what tablets do, a person's only what people do. "
            "Use the other kind of token here."
        )
    return actor


def refuse_revoked(actor: Actor) -> None:
    """Raise DeviceRevoked for a tablet that may only hand in."""
    if actor.device_revoked:
        raise DeviceRevoked(
            "It may still hand in work with POST /api/v1/sync/push and its photos, "
            "but reads nothing. Ask the headquarters to enrol it anew."
        )


def guard(
    noun: Noun | None = None,
    verb: str = "read",
    *,
    door: Door = Door.PERSON,
    writing: bool = False,
    hand_in: bool = False,
    along: Callable[[Session], Any] | None = None,
    exporting: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let in who may do `verb` to `noun`; the view gets `session`, `actor` and `scope`.

    `writing`: a writing transaction, committed when the view returns. `hand_in`: revoked devices
    too may come here, and the view opens its transactions itself (it gets `actor` alone).
    `along`: asks something in the same exchange with the database; the view gets what it returned
    as `told`, and opens its transactions itself. `exporting`: one snapshot that is held until the
    answer is sent or its reader has gone; the view gets `until_sent` too, to let go of it before.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if hand_in:
                with database().at_once() as session:
                    told = {} if along is None else {"told": along(session)}
                    actor = authenticate(session, door)
                return view(*args, actor=actor, **told, **kwargs)
            if along is not None:
                with database().at_once() as session:
                    told = along(session)
                    actor = authenticate(session, door)
                refuse_revoked(actor)
                return view(*args, actor=actor, told=told, **kwargs)
            if exporting:
                until_sent = ExitStack()
                try:
                    session = until_sent.enter_context(database().exporting())
                    answer = opened_to(session, *args, until_sent=until_sent, **kwargs)
                except BaseException:
                    _let_go(until_sent)
                    raise
                answer.call_on_close(partial(_let_go, until_sent))
                return answer
            with database().writing() if writing else database().reading() as session:
                return opened_to(session, *args, **kwargs)

        def opened_to(session: Session, *args: Any, **kwargs: Any) -> Any:
            g.session = session
            actor = authenticate(session, door)
            refuse_revoked(actor)
            if noun is None:
                return view(*args, session=session, actor=actor, **kwargs)
            scope = scope_of(actor, noun, verb)
            if scope.empty:
                raise NotFound
            return view(*args, session=session, actor=actor, scope=scope, **kwargs)

        guarded.guard = (door, noun, verb)  # type: ignore[attr-defined]
        return guarded

    return decorate


def _let_go(held: ExitStack) -> None:
    """End what was held for an answer. A database that went away meanwhile has ended it already."""
    try:
        held.close()
    except (SQLAlchemyError, psycopg.Error) as error:
        log.warning("export_broken_off", error=type(error).__name__, detail=str(error)[:300])


def public(view: Callable[P, Any]) -> Callable[P, Any]:
    """Mark a route that needs nobody to be known; a test lists them all."""
    view.guard = (Door.PUBLIC, None, "read")  # type: ignore[attr-defined]
    return view
