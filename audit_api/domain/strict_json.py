"""JSON as RFC 8259 and I-JSON mean it: what would be read differently elsewhere is refused.

Python's own reader takes NaN, 1e400, twin keys, lone surrogates and NUL; PostgreSQL refuses some
of these and a tablet reads others differently. Every fault is told with its JSON pointer.
"""

import json
import re
import zlib
from contextlib import suppress
from typing import Any, Final, NoReturn

from audit_api.domain.errors import BodyTooLarge, Fault, MalformedBody, UnsupportedEncoding

MAX_DEPTH: Final = 32
MAX_INTEGER: Final = 2**53 - 1


class _Bad:
    """Stands in the parsed tree for a value that was refused."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail


class _Twins(dict[str, Any]):
    """An object in which a key came twice."""

    key: str


def _integer(text: str) -> int | _Bad:
    if len(text) < 16:
        return int(text)
    if len(text) > 17 or abs(int(text)) > MAX_INTEGER:
        return _Bad(
            "number-range", "This integer lies beyond ±(2^53-1), where readers differ about it."
        )
    return int(text)


def _number(text: str) -> float | _Bad:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        return _Bad("number-range", "This number is too large to be read exactly.")
    return value


def _constant(text: str) -> _Bad:
    return _Bad("not-json", f"{text} is no JSON; leave the member out or write null.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    seen: set[str] = set()
    twins = _Twins(members)
    twins.key = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return twins


_decoder = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_number,
    parse_constant=_constant,
)


class _NeedsCare(Exception):
    """Something may be wrong in this JSON: it is read again, slowly, to say what and where."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _NeedsCare
    return members


def _care(_text: str) -> NoReturn:
    raise _NeedsCare


_quick = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_care)
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_SUSPECT_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_SUSPECT_NUMBER = re.compile(rb"[0-9]{16}|[0-9.][eE]")
_INNERMOST = re.compile(rb"\[\]|\{\}")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def _is_plain(data: bytes) -> bool:
    """Whether no text or number needs a closer look and nothing lies deeper than allowed.

    Nearly every body is plain; looking at each value of those in Python would cost more than
    all the rest of a push.
    """
    if _SUSPECT_ESCAPE.search(data):
        return False
    bare = _STRING.sub(b"", data)
    if _SUSPECT_NUMBER.search(bare):
        return False
    brackets = bare.translate(None, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        brackets = _INNERMOST.sub(b"", brackets)
        if not brackets:
            return True
    return not brackets


def read(data: bytes) -> tuple[Any, list[Fault]]:
    """The value, and what is wrong in it. Raises MalformedBody when it is not JSON at all."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedBody(f"Byte {error.start} is not UTF-8. Send UTF-8.") from None
    if _is_plain(data):
        with suppress(_NeedsCare, json.JSONDecodeError):
            return _quick.decode(text), []
    try:
        value = _decoder.decode(text)
    except RecursionError:
        raise _too_deep("") from None
    except json.JSONDecodeError as error:
        raise MalformedBody(
            f"{error.msg} at line {error.lineno}, column {error.colno}. Check the JSON there."
        ) from None
    return value, _faults(value)


def loads(data: bytes) -> Any:
    """The value; MalformedBody with pointers if anything in it is refused."""
    value, faults = read(data)
    if faults:
        raise MalformedBody(f"{faults[0].pointer or '/'}: {faults[0].detail}", faults=faults[:50])
    return value


def _faults(root: Any) -> list[Fault]:
    faults: list[Fault] = []
    stack: list[tuple[Any, str, int]] = [(root, "", 0)]
    while stack:
        value, pointer, depth = stack.pop()
        kind = type(value)
        if kind is str:
            faults += _text_faults(value, pointer)
        elif kind is _Bad:
            faults.append(Fault(pointer, value.detail, value.code))
        elif kind is list or kind is dict or kind is _Twins:
            if depth >= MAX_DEPTH:
                raise _too_deep(pointer)
            if kind is not list:
                faults += _key_faults(value, pointer)
            members = enumerate(value) if kind is list else value.items()
            stack += [
                (member, f"{pointer}/{escape(str(key))}", depth + 1)
                for key, member in members
                if type(member) is not int and member is not None
            ]
    faults.sort(key=lambda fault: fault.pointer)
    return faults


def _key_faults(members: dict[str, Any], pointer: str) -> list[Fault]:
    faults = [fault for key in members for fault in _text_faults(key, pointer)]
    if isinstance(members, _Twins):
        faults.append(Fault(pointer, f"The key {members.key!r} comes twice.", "duplicate-key"))
    return faults


def _text_faults(text: str, pointer: str) -> list[Fault]:
    if text.isascii() and "\0" not in text:
        return []
    if "\0" in text:
        return [Fault(pointer, "The character U+0000 is not allowed in text.", "nul")]
    try:
        text.encode()
    except UnicodeEncodeError:
        return [Fault(pointer, "Half of a surrogate pair stands alone.", "lone-surrogate")]
    return []


def _too_deep(pointer: str) -> MalformedBody:
    fault = Fault(pointer[:200], f"Nested deeper than {MAX_DEPTH} levels.", "too-deep")
    return MalformedBody(fault.detail, faults=[fault])


def escape(key: str) -> str:
    """A key as it stands in a JSON pointer (RFC 6901); what is no text is spelled out."""
    written = key.encode(errors="backslashreplace").decode().replace("\0", "\\u0000")
    return written.replace("~", "~0").replace("/", "~1")


def decompress(data: bytes, encoding: str, limit: int) -> bytes:
    """The decoded body; at most `limit` bytes come out, whatever went in."""
    if encoding in ("", "identity"):
        return data
    if encoding not in ("gzip", "x-gzip"):
        raise UnsupportedEncoding(
            f"Content-Encoding {encoding[:40]!r} is not read here; use gzip or none."
        )
    inflate = zlib.decompressobj(wbits=31)
    try:
        plain = inflate.decompress(data, limit + 1)
    except zlib.error:
        raise MalformedBody("The body is not gzip, though Content-Encoding says so.") from None
    if len(plain) > limit:
        raise BodyTooLarge(f"Unpacked, the body exceeds {limit} bytes. Send smaller batches.")
    if not inflate.eof or inflate.unused_data:
        raise MalformedBody("The gzip body is cut short or has bytes behind its end. Send again.")
    return plain
