"""One record of a push, read from its bytes: shape-checked, with every fault told.

A push reads its records so, and whoever looks at a kept record later reads it the same way.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from audit_api.domain import strict_json
from audit_api.domain.errors import Fault, MalformedBody
from audit_api.domain.sync.clocks import Clock, Reading, bounds, wall_time
from audit_api.domain.sync.operations import ReceivedOperation

_UNREADABLE = uuid5(NAMESPACE_URL, "urn:audit-api:operation-without-id")
_OPERATION = {
    "op", "seq", "kind", "id", "base", "form", "sha256", "prev_sha256", "body", "at",
    "group",
}  # fmt: skip
_DERIVED = _OPERATION | {"xml_sha256"}
"""Members of a record that was derived from XML of ODK Collect."""
# A backslash that is itself escaped, a pair, or half of one: in this order the first that fits.
_SURROGATE = re.compile(
    rb"\\\\"
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_HEX = re.compile(r"[0-9a-f]{64}")


class _Body(msgspec.Struct):
    body: msgspec.Raw = msgspec.Raw(b"null")


_body_decoder = msgspec.json.Decoder(_Body)


def read_kept(raw: bytes, *, channel: str = "sync") -> ReceivedOperation:
    """A record that was kept, read again from its bytes: what the push read, and its faults.

    `channel` is the one that its device hands in by.
    Raises MalformedBody for bytes that no push could have brought: they are no JSON object.
    """
    value, faults = strict_json.read(raw)
    if not isinstance(value, dict):
        raise MalformedBody("A record is a JSON object.")
    body = body_bytes(without_lone_surrogates(raw))
    return read_operation(value, raw, body, faults, channel=channel)


def body_bytes(record: bytes) -> bytes:
    """The exact bytes of a record's body; see `without_lone_surrogates`."""
    return bytes(_body_decoder.decode(record).body)


def without_lone_surrogates(data: bytes) -> bytes:
    """JSON in which as many other bytes stand where half a surrogate pair stood.

    The splitter refuses these, but they are the fault of one record only, which is rejected for
    it: all others stay as they are.
    """
    return _SURROGATE.sub(_blank_if_lone, data) if b"\\ud" in data.lower() else data


def _blank_if_lone(match: re.Match[bytes]) -> bytes:
    return rb"\u0020" if match["lone"] else match[0]


def read_operation(
    value: dict[str, Any],
    raw: bytes,
    body: bytes,
    faults: list[Fault],
    clock: Clock | None = None,
    *,
    channel: str = "sync",
) -> ReceivedOperation:
    """A record whose JSON was read: `value` and its `faults`, with pointers from the record on.

    `clock` is the push's; without it nothing is said of when the operation was done. Only records
    of the channel `openrosa` have no `seq`.
    """
    faults = list(faults)
    raw_sha256 = hashlib.sha256(raw).digest()
    body_sha256 = hashlib.sha256(body).digest()
    for name in value.keys() - (_DERIVED if channel == "openrosa" else _OPERATION):
        pointer = f"/{strict_json.escape(name)}"
        faults.append(Fault(pointer, "Unknown member; leave it out.", "unknown"))
    op = read_uuid(value.get("op"))
    if op is None:
        faults.append(Fault("/op", "The operation's own UUID is needed.", "required"))
        # Kept under a name made from its bytes, so that a repeat is recognised.
        op = uuid5(_UNREADABLE, raw_sha256.hex())
    seq, seq_fault = _seq(value, channel)
    faults += seq_fault
    kind = value.get("kind")
    if not isinstance(kind, str) or len(kind) > 40:
        faults.append(Fault("/kind", "What the operation is, e.g. `inspection`.", "required"))
        kind = None
    kind = _storable(kind)
    entity = read_uuid(value.get("id"))
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
    group = read_uuid(value.get("group"))
    if group is None and value.get("group") is not None:
        faults.append(Fault("/group", "The UUID that the operations of a group share.", "uuid"))
    said = value.get("at")
    at: dict[str, Any] = said if isinstance(said, dict) else {}
    reading = read_reading(at)
    when = bounds(reading, clock) if clock else None
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
        wall=_storable(at.get("wall")),
        mono_ms=reading.mono_ms,
        boot=reading.boot,
        faults=faults[:50],
        group=group,
        not_before=when.not_before if when else None,
        not_after=when.not_after if when else None,
        clock_off=when.off if when else False,
        channel=channel,
    )


def read_reading(said: Mapping[str, Any]) -> Reading:
    """What a tablet's clocks said, as far as it can be read: `wall`, `mono_ms`, `boot`."""
    mono_ms = said.get("mono_ms")
    return Reading(
        wall_time(_storable(said.get("wall"))),
        mono_ms if type(mono_ms) is int else None,
        _storable(said.get("boot")),
    )


def _seq(value: dict[str, Any], channel: str) -> tuple[int | None, list[Fault]]:
    seq = value.get("seq")
    if channel == "openrosa":
        return None, []
    if type(seq) is int and seq >= 1:
        return seq, []
    return None, [Fault("/seq", "The device's running number, from 1, is needed.", "required")]


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
    earlier = read_uuid(base.get("op"))
    return ({"op": earlier}, None) if earlier else (None, fault)


def read_uuid(value: Any) -> UUID | None:
    """A UUID in any spelling; None for what is none."""
    if not isinstance(value, str) or len(value) > 50:
        return None
    try:
        return UUID(value)
    except ValueError:
        return None
