"""Tablets as the headquarters see them: what each owes, and revoking them."""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope
from audit_api.domain.errors import NotFound
from audit_api.http.auth import guard, now
from audit_api.http.blueprints import Blueprint, Schema, Text, WholeNumber, YesNo, problems
from audit_api.http.filters import territories_in_scope
from audit_api.http.paging import PageQuery, answer_json, answer_rows
from audit_api.services.oversight.revoke_device import revoke_device
from audit_api.storage.lists import devices as lists
from audit_api.storage.lists.devices import DeviceFilter

blueprint = Blueprint("oversight", __name__, description="Tablets: what each owes.")


class DeviceQuery(PageQuery):
    """Filters and page."""

    territory = Text(40, metadata={"description": "SOATE code; with all below it."})
    owing = YesNo(metadata={"description": "Whether operations or photos are missing."})
    silent_hours = WholeNumber(
        validate=validate.Range(1, 24 * 3660),
        metadata={"description": "Not heard of for so many hours."},
    )
    revoked = YesNo()
    channel = fields.String(
        validate=validate.OneOf(["sync", "openrosa"]),
        metadata={"description": "`openrosa`: keys of ODK Collect."},
    )


class DeviceOut(Schema):
    """A tablet, and how much of its work is missing."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    owner = fields.String(required=True, metadata={"description": "The person's user name."})
    owner_name = fields.String(required=True)
    territories = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Codes of the owner's grants; if none is live, the last ones."},
    )
    channel = fields.String(
        required=True, metadata={"description": "`sync`: a tablet; `openrosa`: ODK Collect."}
    )
    enrolled_at = fields.AwareDateTime(required=True)
    last_contact_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "The last push or pull."}
    )
    app_version = fields.String(required=True, allow_none=True)
    clock_offset_ms = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "How far its clock ran ahead of ours at the last push."},
    )
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)
    owes_operations = fields.Integer(required=True)
    owes_photos = fields.Integer(required=True)
    oldest_photo_announced_at = fields.AwareDateTime(required=True, allow_none=True)


class DevicePage(Schema):
    """One page of tablets."""

    items = fields.List(fields.Nested(DeviceOut), required=True)
    next = fields.String(required=True, allow_none=True)


class MissingOut(Schema):
    """Numbers that the tablet gave out and that did not come: first and last of each run."""

    operations = fields.Integer(required=True)
    ranges = fields.List(fields.List(fields.Integer()), required=True)


class AbsentPhotoOut(Schema):
    """A photo that a current inspection announces and that is not here.

    ODK Collect announces by the file's `name` alone; everybody else by hash, size and type.
    """

    sha256 = fields.String(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)
    inspection = fields.UUID(required=True)
    rev = fields.Integer(required=True)
    site = fields.UUID(required=True)
    element = fields.UUID(required=True)
    question = fields.String(required=True, allow_none=True)
    bytes = fields.Integer(required=True, allow_none=True)
    content_type = fields.String(required=True, allow_none=True)
    announced_at = fields.AwareDateTime(required=True)
    age_hours = fields.Integer(required=True)


class OwesOut(Schema):
    """What is missing. Lists are cut at 200; the counts are whole."""

    missing = fields.Nested(MissingOut, required=True)
    photos = fields.List(fields.Nested(AbsentPhotoOut), required=True)
    photo_bytes = fields.Integer(required=True)


class CountedOut(Schema):
    """How many, and the first 200 of them."""

    count = fields.Integer(required=True)
    items = fields.List(fields.Dict(), required=True)


class ChainOut(Schema):
    """Whether each operation names the hash of the one before it."""

    breaks = fields.Nested(
        CountedOut,
        required=True,
        metadata={"description": "`op`, `seq`, the hash it `names`, and those that are `held`."},
    )
    doubled = fields.Nested(
        CountedOut, required=True, metadata={"description": "`seq` and the `ops` that share it."}
    )
    without_link = fields.Integer(required=True)


class HeldBackOut(Schema):
    """What came and was not applied. What was `blocked` is not kept: it counts as missing."""

    quarantined = fields.Integer(required=True)
    rejected = fields.Integer(required=True)
    conflict = fields.Integer(required=True)
    without_number = fields.Integer(required=True)
    op_reused = fields.Integer(required=True)


class DeviceClockOut(Schema):
    """How often its clock was off by more than five minutes."""

    operations_off = fields.Integer(required=True)
    last_off_at = fields.AwareDateTime(required=True, allow_none=True)


class DeviceDetailOut(DeviceOut):
    """A tablet, what it owes in detail, and what is wrong with what it handed in."""

    revoked_by = fields.String(required=True, allow_none=True)
    revoked_reason = fields.String(required=True, allow_none=True)
    client = fields.Dict(
        required=True,
        allow_none=True,
        metadata={"description": "What it said of itself at its last push: app, forms, holds."},
    )
    pulled_at = fields.AwareDateTime(required=True, allow_none=True)
    pulled = fields.Dict(
        required=True,
        allow_none=True,
        metadata={
            "description": "Its last pull to the end (noted once a minute): epoch, until, and how "
            "many things lay in each scope."
        },
    )
    owes = fields.Nested(OwesOut, required=True)
    chain = fields.Nested(ChainOut, required=True)
    held_back = fields.Nested(HeldBackOut, required=True)
    forms_used = fields.List(fields.String(), required=True)
    clock = fields.Nested(DeviceClockOut, required=True)
    inspection_flags = fields.Dict(
        required=True, metadata={"description": "Flag -> inspections that carry it."}
    )


class RevocationPost(Schema):
    """Why the tablet may only hand in from now on."""

    reason = Text(500, required=True)


@blueprint.route("/devices")
@guard(Noun.DEVICES)
@blueprint.arguments(DeviceQuery, location="query")
@blueprint.response(200, DevicePage)
@problems(blueprint, 400, 401, 403, 404, 422, 503)
def list_devices(query: dict[str, Any], *, session: Session, scope: Scope, **_: Any) -> Response:
    """Tablets of those all of whose grants lie within yours, by name, and what each owes."""
    hours = query.get("silent_hours")
    wanted = DeviceFilter(
        territories=territories_in_scope(session, scope, query.get("territory")),
        owing=query.get("owing"),
        revoked=query.get("revoked"),
        channel=query.get("channel"),
        silent_since=None if hours is None else now() - timedelta(hours=hours),
    )
    return answer_rows("devices", query, partial(lists.list_devices, session, scope, wanted))


@blueprint.route("/devices/<uuid:device>")
@guard(Noun.DEVICES)
@blueprint.response(200, DeviceDetailOut)
@problems(blueprint, 401, 403, 404, 503)
def get_device(device: UUID, *, session: Session, scope: Scope, **_: Any) -> Response:
    """One tablet: what it owes by number and by photo, and what is wrong with what came."""
    return _told(session, scope, device)


@blueprint.route("/devices/<uuid:device>/revocations", methods=["POST"])
@guard(Noun.DEVICES, "revoke", writing=True)
@blueprint.arguments(RevocationPost)
@blueprint.response(201, DeviceDetailOut, description="It is revoked now.")
@blueprint.alt_response(200, schema=DeviceDetailOut, description="It was revoked before.")
@problems(blueprint, 400, 401, 403, 404, 415, 422, 503)
def revoke(
    said: dict[str, str], device: UUID, *, session: Session, actor: Actor, scope: Scope
) -> Response:
    """Let a tablet only hand in, into quarantine and within a quota, from its next request on."""
    made = revoke_device(session, actor, scope, device, reason=said["reason"], at=now())
    answer = _told(session, scope, device)
    answer.status_code = 201 if made else 200
    return answer


def _told(session: Session, scope: Scope, device: UUID) -> Response:
    found = lists.find_device(session, scope, device)
    if found is None:
        raise NotFound
    report = lists.report(session, device, top=found[1], at=now())
    return answer_json(f"{found[0][:-1]},{report[1:]}")
