"""A record that was kept is read again as the push read it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from audit_api.domain.errors import MalformedBody
from audit_api.domain.sync.reading_operations import read_kept
from audit_api.http.sync.envelope import read_envelope
from tests.factories import operation, push_body

RECORDS = {
    "sound": operation({"form": "ramp/1", "note": "Мектеп"}),
    "spaced oddly": operation(b'{ "form" :\n"ramp/1"  }'),
    "twin keys": operation(b'{"form":"ramp/1","a":1,"a":2}'),
    "half a surrogate": operation(b'{"form":"ramp/1","a":"\\ud800","b":"\\\\ud800"}'),
    "a whole surrogate pair": operation(b'{"form":"ramp/1","a":"\\ud83d\\ude00"}'),
    "no id": json.dumps({"op": str(uuid4()), "body": {}}).encode(),
    "no body": json.dumps({"op": str(uuid4())}).encode(),
    "a number for a body": operation(b"1e400"),
}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_record_is_read_again_as_the_push_read_it(record: bytes) -> None:
    pushed = push_body(uuid4(), [operation({}), record, operation({})])
    envelope = read_envelope(pushed, max_operations=10, received_at=datetime.now(UTC))
    again, first = read_kept(record), envelope.operations[1]
    # What was refused in a body is nobody's to read; its bytes are compared.
    bodies = (None, None) if first.faults else (again.body, first.body)
    assert bodies[0] == bodies[1]
    # When it was done is the push's to say: it has the clocks.
    first = replace(first, body=None, not_after=None, clock_off=False)
    assert replace(again, body=None) == first


def test_what_no_push_could_bring_is_no_record() -> None:
    with pytest.raises(MalformedBody):
        read_kept(b"[]")
