"""What Python's own reader lets through, and we do not."""

import gzip
import json
import zlib

import pytest

from audit_api.domain import strict_json
from audit_api.domain.errors import BodyTooLarge, MalformedBody, UnsupportedEncoding


@pytest.mark.parametrize(
    ("text", "pointer", "code"),
    [
        (b'{"a":[1,NaN]}', "/a/1", "not-json"),
        (b'{"a":Infinity}', "/a", "not-json"),
        (b'{"a":-Infinity}', "/a", "not-json"),
        (b'{"a":1e400}', "/a", "number-range"),
        (b'{"a":9007199254740992}', "/a", "number-range"),
        (b'{"a":-9007199254740992}', "/a", "number-range"),
        (b'{"a":' + b"9" * 5000 + b"}", "/a", "number-range"),
        (b'{"a":{"b":1,"b":2}}', "/a", "duplicate-key"),
        (b'{"a":"x\\u0000y"}', "/a", "nul"),
        (b'{"a\\u0000":1}', "", "nul"),
        (b'{"a":"\\ud800"}', "/a", "lone-surrogate"),
        (b'{"a/b":{"c~d":"\\udfff"}}', "/a~1b/c~0d", "lone-surrogate"),
    ],
)
def test_a_value_that_readers_disagree_about_is_refused_with_its_pointer(
    text: bytes, pointer: str, code: str
) -> None:
    _, faults = strict_json.read(text)
    assert [(fault.pointer, fault.code) for fault in faults] == [(pointer, code)]
    with pytest.raises(MalformedBody):
        strict_json.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b'{"a":1}x',
        b"\xff\xfe",
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        b'{"a":01}',
        b"{'a':1}",
        b'{"a":"\x01"}',
    ],
)
def test_what_is_no_json_in_utf8_is_refused(text: bytes) -> None:
    with pytest.raises(MalformedBody):
        strict_json.read(text)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_nesting_a_hundred_thousand_deep_is_refused_without_a_crash(opening: bytes) -> None:
    with pytest.raises(MalformedBody) as caught:
        strict_json.read(opening * 100_000)
    assert caught.value.faults[0].code == "too-deep"


def test_thirty_two_levels_pass_and_thirty_three_do_not() -> None:
    strict_json.loads(b"[" * 32 + b"]" * 32)
    with pytest.raises(MalformedBody):
        strict_json.loads(b"[" * 33 + b"]" * 33)


def test_ordinary_documents_are_read_unchanged() -> None:
    document = {"имя": "Өзгөн 👍", "n": -(2**53 - 1), "x": 1.5, "l": [None, True, "\u2028"]}
    assert strict_json.loads(json.dumps(document).encode()) == document


def test_a_gzip_bomb_stops_at_the_limit() -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    with pytest.raises(BodyTooLarge):
        strict_json.decompress(bomb, "gzip", 2_000_000)


@pytest.mark.parametrize("cut", [1, 10, 20])
def test_a_gzip_body_cut_short_is_malformed(cut: int) -> None:
    whole = gzip.compress(b'{"a":1}' * 10)
    with pytest.raises(MalformedBody):
        strict_json.decompress(whole[:-cut], "gzip", 1000)


def test_bytes_behind_a_gzip_body_are_malformed() -> None:
    with pytest.raises(MalformedBody):
        strict_json.decompress(gzip.compress(b"{}") + b"x", "gzip", 1000)


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip"])
def test_an_encoding_we_do_not_read_is_named(encoding: str) -> None:
    with pytest.raises(UnsupportedEncoding):
        strict_json.decompress(zlib.compress(b"{}"), encoding, 1000)
