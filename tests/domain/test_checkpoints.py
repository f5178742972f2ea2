"""A checkpoint is a signed note as C2SP writes it; only a known key makes one."""

import base64
from uuid import UUID

import pytest

from audit_api.domain.evidence.checkpoints import (
    CheckpointBody,
    NoCheckpoint,
    key_of_note,
    origin_of,
    read_note,
    signed_note,
)
from audit_api.domain.evidence.signing import Signer, is_signed

SIGNER = Signer(bytes(range(32)))
OTHER = Signer(bytes(range(1, 33)))
ORIGIN = origin_of(UUID(int=5))
BODY = CheckpointBody(ORIGIN, 6, bytes(range(32)))
NOTE = signed_note(SIGNER, BODY)


def test_a_note_has_three_lines_a_blank_one_and_a_signature() -> None:
    origin, size, root, blank, signature, end = NOTE.split("\n")
    assert (origin, size, blank, end) == ("audit_api/log/" + str(UUID(int=5)), "6", "", "")
    assert base64.b64decode(root) == BODY.root
    assert signature.startswith(f"— {ORIGIN} ")
    signed = base64.b64decode(signature.rsplit(" ", 1)[1])
    text = NOTE.split("\n\n")[0] + "\n"
    assert is_signed(SIGNER.public_key, text, base64.b64encode(signed[4:]).decode())


def test_a_note_says_what_was_signed_and_by_which_key() -> None:
    assert read_note(NOTE) == BODY
    assert key_of_note(NOTE, [OTHER.public_key, SIGNER.public_key]) == SIGNER.key


def test_a_note_of_an_unknown_key_is_told_apart() -> None:
    with pytest.raises(NoCheckpoint, match="a key that this server does not know"):
        key_of_note(NOTE, [OTHER.public_key])


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("\n6\n", "\n7\n", "not the one of key"),
        ("\n6\n", "\n06\n", "not written as"),
        ("\n6\n", "\nsix\n", "three lines"),
        ("\n6\n", "\n6\nmore\n", "three lines"),
        ("\n\n", "\n", "three lines"),
        ("— ", "- ", "no signature line"),
        ("=\n", "=", "no signature line"),
    ],
)
def test_a_note_with_anything_changed_is_refused(old: str, new: str, told: str) -> None:
    note = NOTE[: -len(old)] + new if NOTE.endswith(old) else NOTE.replace(old, new, 1)
    assert note != NOTE
    with pytest.raises(NoCheckpoint, match=told):
        key_of_note(note, [SIGNER.public_key])
