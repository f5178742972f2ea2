"""The envelope of a push, split into its records. The exact bytes of every body are kept."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from audit_api.domain import strict_json
from audit_api.domain.errors import BodyTooLarge, Fault, InvalidInput, MalformedBody
from audit_api.domain.sync.clocks import MOST_ANCHORS, Anchor, Clock, wall_time
from audit_api.domain.sync.operations import ReceivedOperation
from audit_api.domain.sync.reading_operations import (
    body_bytes,
    read_operation,
    read_reading,
    read_uuid,
    without_lone_surrogates,
)

_ENVELOPE = {"device", "batch", "client", "clock", "ops"}
_LONGEST_CLIENT = 2000
_PLACE = re.compile(r"/ops/(\d+)(/.*)?", re.DOTALL)


class _Ops(msgspec.Struct):
    ops: list[msgspec.Raw]


_ops_decoder = msgspec.json.Decoder(_Ops)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A push as it was read: who, with which clock, and its operations in order."""

    device: UUID
    app: str | None
    client: str | None
    """What the tablet says of itself, as JSON text; None when it is too long to be kept."""
    clock: Clock
    operations: Sequence[ReceivedOperation]


def read_envelope(data: bytes, *, max_operations: int, received_at: datetime) -> Envelope:
    """Split a push into operations. Faults inside an operation stay with that operation.

    Raises MalformedBody or InvalidInput only for what concerns the whole push.
    """
    value, faults = strict_json.read(data)
    by_operation: dict[int, list[Fault]] = {}
    outside = []
    for fault in faults:
        place = _PLACE.fullmatch(fault.pointer)
        if place and fault.code != "not-json":
            inner = Fault(place.group(2) or "", fault.detail, fault.code)
            by_operation.setdefault(int(place.group(1)), []).append(inner)
        else:
            outside.append(fault)
    if outside:
        raise MalformedBody(
            f"{outside[0].pointer or '/'}: {outside[0].detail}", faults=outside[:50]
        )
    _check_envelope(value)
    if len(value["ops"]) > max_operations:
        raise BodyTooLarge(
            f"{len(value['ops'])} operations; at most {max_operations} go into one push. Split it."
        )
    clock = _clock(value.get("clock") or {}, received_at)
    operations = [
        read_operation(op, raw, body, by_operation.get(n, []), clock)
        for n, (op, (raw, body)) in enumerate(zip(value["ops"], _exact_bytes(data), strict=True))
    ]
    client = value.get("client") or {}
    app = client.get("app")
    said = msgspec.json.encode(client).decode()
    return Envelope(
        UUID(value["device"]),
        app if isinstance(app, str) else None,
        said if client and len(said) <= _LONGEST_CLIENT and "\\u0000" not in said else None,
        clock,
        operations,
    )


def _clock(said: dict[str, Any], received_at: datetime) -> Clock:
    """What can be read of the clocks: they never make a push invalid."""
    told = said.get("anchors")
    anchors = []
    for anchor in told[:MOST_ANCHORS] if isinstance(told, list) else ():
        if not isinstance(anchor, dict):
            continue
        seen, mono_ms, boot = (anchor.get(name) for name in ("server_time", "mono_ms", "boot"))
        server_time = wall_time(seen) if isinstance(seen, str) else None
        if server_time is not None and type(mono_ms) is int and isinstance(boot, str):
            anchors.append(Anchor(server_time, mono_ms, boot))
    return Clock(read_reading(said), anchors, received_at)


def _exact_bytes(data: bytes) -> list[tuple[bytes, bytes]]:
    """Each operation and its body, byte for byte as they stand in a push that is JSON."""
    plain = without_lone_surrogates(data)
    found = []
    end = 0
    for raw in _ops_decoder.decode(plain).ops:
        start = plain.index(raw, end)
        end = start + len(raw)
        found.append((data[start:end], body_bytes(raw)))
    return found


def _check_envelope(value: Any) -> None:
    if not isinstance(value, dict):
        raise MalformedBody("A push is a JSON object with `device` and `ops`.")
    faults = [
        Fault(f"/{strict_json.escape(name)}", "Unknown member; leave it out.", "unknown")
        for name in value.keys() - _ENVELOPE
    ]
    if read_uuid(value.get("device")) is None:
        faults.append(Fault("/device", "The device's UUID is needed.", "required"))
    if "batch" in value and read_uuid(value["batch"]) is None:
        faults.append(Fault("/batch", "Not a UUID.", "uuid"))
    for name in ("client", "clock"):
        if name in value and not isinstance(value[name], dict):
            faults.append(Fault(f"/{name}", "An object is needed here.", "type"))
    ops = value.get("ops")
    if not isinstance(ops, list):
        faults.append(Fault("/ops", "A list of operations is needed.", "required"))
    else:
        faults += [
            Fault(f"/ops/{n}", "An operation is a JSON object.", "type")
            for n, op in enumerate(ops)
            if not isinstance(op, dict)
        ]
    if faults:
        faults.sort(key=lambda fault: fault.pointer)
        detail = "; ".join(f"{f.pointer}: {f.detail}" for f in faults[:5])
        raise InvalidInput(detail, faults=faults[:50])
