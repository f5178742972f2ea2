"""The envelope of a push, and each record's shape. The exact bytes of every body are kept."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from audit_api.domain.errors import BodyTooLarge, Fault, InvalidInput, MalformedBody
from audit_api.domain.operations import ReceivedOperation
from audit_api.http import strict_json

_UNREADABLE = uuid5(NAMESPACE_URL, "urn:audit-api:operation-without-id")
_ENVELOPE = {"device", "batch", "client", "clock", "ops"}
_OPERATION = {
    "op", "seq", "kind", "id", "base", "form", "sha256", "prev_sha256", "body", "at",
}  # fmt: skip
# A backslash that is itself escaped, a pair, or half of one: in this order the first that fits.
_SURROGATE = re.compile(
    rb"\\\\"
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_PLACE = re.compile(r"/ops/(\d+)(/.*)?", re.DOTALL)
_HEX = re.compile(r"[0-9a-f]{64}")


class _Ops(msgspec.Struct):
    ops: list[msgspec.Raw]


class _Body(msgspec.Struct):
    body: msgspec.Raw = msgspec.Raw(b"null")


_ops_decoder = msgspec.json.Decoder(_Ops)
_body_decoder = msgspec.json.Decoder(_Body)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A push as it was read: who, with which clock, and its operations in order."""

    device: UUID
    app: str | None
    wall: datetime | None
    operations: Sequence[ReceivedOperation]


def read_envelope(data: bytes, *, max_operations: int) -> Envelope:
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
    operations = [
        _operation(op, raw, body, by_operation.get(n, []))
        for n, (op, (raw, body)) in enumerate(zip(value["ops"], _exact_bytes(data), strict=True))
    ]
    client = value.get("client") or {}
    clock = value.get("clock") or {}
    return Envelope(
        UUID(value["device"]),
        client.get("app") if isinstance(client.get("app"), str) else None,
        _instant(clock.get("wall")),
        operations,
    )


def _exact_bytes(data: bytes) -> list[tuple[bytes, bytes]]:
    """Each operation and its body, byte for byte as they stand in a push that is JSON."""
    # The splitter refuses lone surrogates, which are the fault of one operation only, rejected
    # already: it gets as many other bytes in their place. All other operations stay as they are.
    plain = _SURROGATE.sub(_blank_if_lone, data) if b"\\ud" in data.lower() else data
    found = []
    end = 0
    for raw in _ops_decoder.decode(plain).ops:
        start = plain.index(raw, end)
        end = start + len(raw)
        found.append((data[start:end], bytes(_body_decoder.decode(raw).body)))
    return found


def _blank_if_lone(match: re.Match[bytes]) -> bytes:
    return rb"\u0020" if match["lone"] else match[0]


def _check_envelope(value: Any) -> None:
    if not isinstance(value, dict):
        raise MalformedBody("A push is a JSON object with `device` and `ops`.")
    faults = [
        Fault(f"/{strict_json.escape(name)}", "Unknown member; leave it out.", "unknown")
        for name in value.keys() - _ENVELOPE
    ]
    if _uuid(value.get("device")) is None:
        faults.append(Fault("/device", "The device's UUID is needed.", "required"))
    if "batch" in value and _uuid(value["batch"]) is None:
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


def _operation(
    value: dict[str, Any], raw: bytes, body: bytes, faults: list[Fault]
) -> ReceivedOperation:
    faults = list(faults)
    raw_sha256 = hashlib.sha256(raw).digest()
    body_sha256 = hashlib.sha256(body).digest()
    for name in value.keys() - _OPERATION:
        pointer = f"/{strict_json.escape(name)}"
        faults.append(Fault(pointer, "Unknown member; leave it out.", "unknown"))
    op = _uuid(value.get("op"))
    if op is None:
        faults.append(Fault("/op", "The operation's own UUID is needed.", "required"))
        # Kept under a name made from its bytes, so that a repeat is recognised.
        op = uuid5(_UNREADABLE, raw_sha256.hex())
    seq = value.get("seq")
    if type(seq) is not int or seq < 1:
        faults.append(Fault("/seq", "The device's running number, from 1, is needed.", "required"))
        seq = None
    kind = value.get("kind")
    if not isinstance(kind, str) or len(kind) > 40:
        faults.append(Fault("/kind", "What the operation is, e.g. `inspection`.", "required"))
        kind = None
    kind = _storable(kind)
    entity = _uuid(value.get("id"))
    if entity is None:
        faults.append(Fault("/id", "The UUID of the thing it makes or changes.", "required"))
    if "sha256" in value and value["sha256"] != body_sha256.hex():
        faults.append(
            Fault(
                "/sha256",
                f"The body as it arrived has SHA-256 {body_sha256.hex()}. "
                "Hash the bytes exactly as they are sent.",
                "hash-mismatch",
            )
        )
    base, base_fault = _base(value.get("base"))
    if base_fault:
        faults.append(base_fault)
    previous = value.get("prev_sha256")
    if previous is not None and not (isinstance(previous, str) and _HEX.fullmatch(previous)):
        faults.append(Fault("/prev_sha256", "64 lower-case hexadecimal digits.", "hash"))
        previous = None
    faults += _form_faults(value)
    said = value.get("at")
    at: dict[str, Any] = said if isinstance(said, dict) else {}
    mono, wall, boot = at.get("mono_ms"), at.get("wall"), at.get("boot")
    return ReceivedOperation(
        op=op,
        seq=seq,
        kind=kind,
        entity=entity,
        base=base,
        body=value.get("body"),
        body_bytes=body,
        body_sha256=body_sha256,
        raw=raw,
        raw_sha256=raw_sha256,
        prev_sha256=bytes.fromhex(previous) if previous else None,
        # The device's clock never makes work invalid: what can be read is noted.
        wall=_storable(wall),
        mono_ms=mono if type(mono) is int else None,
        boot=_storable(boot),
        faults=faults[:50],
    )


def _storable(text: Any) -> str | None:
    """Text as the database can hold it: at most 100 characters, no NUL, no lone surrogate."""
    if not isinstance(text, str):
        return None
    return text[:100].replace("\0", "").encode(errors="replace").decode()


def _form_faults(value: dict[str, Any]) -> list[Fault]:
    body = value.get("body")
    if not isinstance(body, dict):
        return [Fault("/body", "The body is a JSON object.", "required")]
    form = value.get("form")
    if form is not None and form != body.get("form"):
        return [Fault("/form", "It names another form than the body does.", "form")]
    return []


def _base(base: Any) -> tuple[dict[str, Any] | None, Fault | None]:
    if base is None:
        return None, None
    fault = Fault("/base", 'null, {"rev": number} or {"op": "<uuid>"}.', "base")
    if not isinstance(base, dict) or len(base) != 1:
        return None, fault
    if type(base.get("rev")) is int and base["rev"] > 0:
        return {"rev": base["rev"]}, None
    earlier = _uuid(base.get("op"))
    return ({"op": earlier}, None) if earlier else (None, fault)


def _uuid(value: Any) -> UUID | None:
    if not isinstance(value, str) or len(value) > 50:
        return None
    try:
        return UUID(value)
    except ValueError:
        return None


def _instant(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else None
