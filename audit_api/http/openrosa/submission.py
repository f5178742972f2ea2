"""HEAD and POST of a submission: what ODK Collect does when an inspector presses Send."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

import structlog
from flask import Response, current_app, request

from audit_api.domain.access import Actor
from audit_api.domain.evidence.signing import Signer
from audit_api.domain.openrosa.submission import BadXml
from audit_api.domain.vocabulary import OperationStatus
from audit_api.http.auth import database, now
from audit_api.http.law.catalog import catalogs
from audit_api.http.openrosa.door import OPENROSA, blueprint, openrosa, openrosa_answer
from audit_api.http.openrosa.form_stream import BrokenForm, read_parts
from audit_api.http.openrosa.messages import STATUS_OF_FAULT, status_of, tell, tell_fault
from audit_api.http.openrosa.receiving import FileTooLarge, Receiving
from audit_api.http.sync.photos import store
from audit_api.http.sync.upload_body import IncomingBody
from audit_api.services.law.catalogs import CatalogMoved
from audit_api.services.openrosa.hand_in import Came, HandedIn, hand_in
from audit_api.settings import Settings
from audit_api.words import Words, words_in
from field_schema.catalog import UnknownForm

log = structlog.get_logger()

ACCEPTED_BYTES: Final = 1_000_000
"""Collect sends as many photos in one POST as fit into this; one more than that alone."""
MOST_BYTES: Final = 256_000_000
"""Of one POST, whatever it was told."""
_IDLE_S: Final = 60.0


@blueprint.route("/submission", methods=["HEAD"])
@openrosa(hand_in=True)
def offer(*, actor: Actor) -> Response:
    """How much to send at once. Never a Location: Collect would go there."""
    offered = {"X-OpenRosa-Accept-Content-Length": str(ACCEPTED_BYTES)}
    return Response(status=HTTPStatus.NO_CONTENT, headers=OPENROSA | offered)


@blueprint.route("/submission", methods=["POST"])
@openrosa(hand_in=True)
def take_submission(*, actor: Actor) -> Response:
    """Take in a form with some or all of its files; sending it again is harmless.

    201: new, or a new file; 202: nothing new; 404: no such form or version; 409: other answers
    under the same instanceID, or a correction of what is not the newest; 422: the answers cannot
    be accepted. What is answered 409 or 422 is kept too.
    """
    say = words_in(actor.language)
    boundary = request.mimetype_params.get("boundary", "")
    if request.mimetype != "multipart/form-data" or not boundary.isascii() or not boundary:
        return openrosa_answer(
            400, say("This is no form as ODK Collect sends it (multipart/form-data).")
        )
    if (request.content_length or 0) > MOST_BYTES:
        return openrosa_answer(413, say("This is too much to send at once."))
    body = IncomingBody(request.environ, idle_s=_IDLE_S)
    receiving = Receiving(
        database(), store(), catalogs(), most_of_a_file=_settings().max_photo_bytes
    )
    parts = read_parts(body, boundary.encode(), most=MOST_BYTES)
    try:
        receiving.take_in(parts)
        answer = _answer(receiving, body, actor, say)
    except (BadXml, UnknownForm, FileTooLarge, BrokenForm) as refused:
        answer = _refusal(refused, say)
    # Whoever still sends reads no answer.
    _drain(parts)
    return answer


def _answer(receiving: Receiving, body: IncomingBody, actor: Actor, say: Words) -> Response:
    if receiving.submission is None:
        if body.cut:
            return openrosa_answer(400, say("The connection broke. Send the form again."))
        return openrosa_answer(400, say("There is no form in what was sent."))
    handed = _taken(receiving, actor)
    if body.cut:
        # What came whole is kept; most likely nobody reads this.
        return openrosa_answer(400, say("The connection broke. Send the form again."))
    status = status_of(handed)
    return openrosa_answer(status, tell(handed, say), success=status < HTTPStatus.BAD_REQUEST)


def _taken(receiving: Receiving, actor: Actor) -> HandedIn:
    known = receiving.known
    if known is not None and receiving.nothing_new:
        return HandedIn(Came.NOTHING_NEW, tuple(known.missing), OperationStatus(known.status))
    try:
        return _once(receiving, actor)
    except CatalogMoved:
        with database().reading() as session:
            catalogs().current(session)
        return _once(receiving, actor)


def _once(receiving: Receiving, actor: Actor) -> HandedIn:
    submission, form = receiving.submission, receiving.form
    if submission is None or form is None:
        raise TypeError("nothing was received")
    signer: Signer = current_app.extensions["receipt_signer"]
    with database().pipelining() as session:
        return hand_in(
            session,
            actor,
            submission,
            form,
            receiving.files,
            catalog=catalogs().newest,
            signer=signer,
            at=now(),
        )


def _refusal(refused: Exception, say: Words) -> Response:
    match refused:
        case BadXml(fault=fault):
            return openrosa_answer(STATUS_OF_FAULT.get(fault, 400), tell_fault(fault, say))
        case UnknownForm():
            return openrosa_answer(
                404,
                say(
                    "The server does not know this form, or this version of it. Download the "
                    "forms anew; what is filled in stays on the device."
                ),
            )
        case FileTooLarge():
            most = _settings().max_photo_bytes
            return openrosa_answer(
                413, say("A photo has at most {most} bytes; this one has more.", most=most)
            )
        case _:
            log.warning("openrosa_broken_form", detail=str(refused)[:200])
            return openrosa_answer(400, say("What was sent cannot be read. Send the form again."))


def _drain(parts: Iterator[Any]) -> None:
    try:
        for _ in parts:
            pass
    except BrokenForm:
        return


def _settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found
