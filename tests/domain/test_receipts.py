"""A receipt is signed over a text that anybody rebuilds, and one differing bit shows."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from audit_api.domain.evidence.receipts import NoReceipt, Receipt, is_genuine, signed_receipt
from audit_api.domain.evidence.signing import Signer, is_signed, key_id

SIGNER = Signer(bytes(range(32)))
KEYS = {SIGNER.key: SIGNER.public_key}
FACTS: dict[str, Any] = {
    "op": UUID("01890000-0000-7000-8000-00000000000a"),
    "id": UUID("01890000-0000-7000-8000-00000000000b"),
    "rev": 3,
    "sha256": bytes.fromhex("ab" * 32),
    "size": 2048,
    "photos_held": ["ff" * 32, "0e" * 32],
    "received_at": datetime(2026, 11, 25, 9, 12, 11, 120, tzinfo=UTC),
}
TEXT = f"""audit_api receipt v1
level received
op 01890000-0000-7000-8000-00000000000a
id 01890000-0000-7000-8000-00000000000b
rev 3
sha256 {"ab" * 32}
bytes 2048
photos_held {"0e" * 32} {"ff" * 32}
received_at 2026-11-25T09:12:11.000120Z
checkpoint -
key 56475aa75463474c
"""


def made(**changed: Any) -> dict[str, Any]:
    return signed_receipt(SIGNER, **FACTS | changed)


def test_the_text_is_the_documented_one() -> None:
    receipt, signature = Receipt.from_json(made())
    assert receipt.text() == TEXT
    assert is_signed(SIGNER.public_key, TEXT, signature)


def test_members_stand_in_the_protocols_order() -> None:
    assert list(made()) == [
        *("level", "op", "id", "rev", "sha256", "bytes"),
        *("photos_held", "received_at", "key", "signature"),
    ]


def test_a_key_is_named_by_the_hash_of_its_raw_bytes() -> None:
    assert SIGNER.key == hashlib.sha256(SIGNER.public_key).hexdigest()[:16]


def test_what_an_operation_does_not_have_is_left_out_and_stands_as_a_dash() -> None:
    said = made(id=None, rev=None, photos_held=[])
    receipt, _ = Receipt.from_json(said)
    assert "id" not in said
    assert "rev" not in said
    assert "\nid -\nrev -\n" in receipt.text()
    assert "\nphotos_held -\n" in receipt.text()


def test_a_receipt_that_names_a_checkpoint_is_durable() -> None:
    said = made(checkpoint=412)
    receipt, signature = Receipt.from_json(said)
    assert (said["level"], said["checkpoint"]) == ("durable", 412)
    assert is_genuine(receipt, signature, KEYS)


def test_a_time_is_told_in_utc_wherever_it_was_taken() -> None:
    there = FACTS["received_at"].astimezone(timezone(timedelta(hours=6)))
    assert made(received_at=there) == made()


def test_the_order_in_which_photos_are_named_changes_nothing() -> None:
    assert made(photos_held=FACTS["photos_held"][::-1]) == made()


CHANGES: dict[str, Any] = {
    "level": "durable",
    "op": "01890000-0000-7000-8000-00000000000c",
    "id": "01890000-0000-7000-8000-00000000000c",
    "rev": 4,
    "sha256": "cd" * 32,
    "bytes": 2047,
    "photos_held": ["ff" * 32],
    "received_at": "2026-11-25T09:12:11.000121Z",
    "key": key_id(b"another"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_receipt_with_any_member_changed_is_not_genuine(name: str) -> None:
    said = made() | {name: CHANGES[name]}
    if name == "level":
        said["checkpoint"] = 1
    assert not is_genuine(*Receipt.from_json(said), KEYS)


def test_a_receipt_signed_by_another_key_is_not_genuine() -> None:
    forged = signed_receipt(Signer(bytes(range(1, 33))), **FACTS)
    assert not is_genuine(*Receipt.from_json(forged | {"key": SIGNER.key}), KEYS)
    assert not is_genuine(*Receipt.from_json(forged), KEYS)


def test_a_signature_has_one_spelling() -> None:
    signature = made()["signature"]
    other = signature[:85] + chr(ord(signature[85]) + 1) + "=="
    assert base64.b64decode(other) == base64.b64decode(signature)
    assert not is_signed(SIGNER.public_key, TEXT, other)


@pytest.mark.parametrize(
    "broken",
    [
        [],
        made() | {"extra": 1},
        {name: value for name, value in made().items() if name != "key"},
        made() | {"op": str(FACTS["op"]).upper()},
        made() | {"op": f"{{{FACTS['op']}}}"},
        made() | {"sha256": "AB" * 32},
        made() | {"bytes": "2048"},
        made() | {"bytes": True},
        made() | {"bytes": -1},
        made() | {"bytes": 2048.0},
        made() | {"rev": None},
        made() | {"photos_held": None},
        made() | {"photos_held": ["ff"]},
        made() | {"received_at": "2026-11-25T09:12:11Z"},
        made() | {"received_at": "2026-13-25T09:12:11.000120Z"},
        made() | {"key": "56475aa75463474c\n"},
        made() | {"level": "eternal"},
        made() | {"level": "durable"},
        made() | {"checkpoint": 5},
        made() | {"signature": ""},
    ],
)
def test_any_other_spelling_is_no_receipt(broken: Any) -> None:
    with pytest.raises(NoReceipt):
        Receipt.from_json(broken)
