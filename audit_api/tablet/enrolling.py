"""Enrolling: a one-time code becomes a device, the first one of a folder or the next.

Work belongs to the person who did it. When a tablet is enrolled again, what waits goes out under
the new device if that is the same person's; what somebody else did stays, and waits for them.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit_api.tablet.errors import Garbled, LinkDown, NotEnrolled
from audit_api.tablet.link import Answer, Link, Patience, Transport
from audit_api.tablet.outbox import renumber
from audit_api.tablet.store import Store, note

ENROL = "/api/v1/devices/enrol"


@dataclass(frozen=True, slots=True)
class EnrolledAgain:
    """What became of a tablet's work: operations that go out under the new device, and those that
    wait for a former owner."""

    device: str
    owner: str
    formerly: str
    former_owner: str
    goes_along: int
    stays: int


@dataclass(frozen=True, slots=True)
class _Made:
    device: str
    token: str
    owner: str
    private_key: str | None


def enrol_first(folder: Path, transport: Transport, base_url: str, code: str, name: str) -> None:
    """Turn a code into the tablet of a folder that holds none. Raises NotEnrolled."""
    store = Store(folder, new=True)
    try:
        if store.value("select device from tablet") is not None:
            raise NotEnrolled(
                f"{folder} holds a tablet already. Take another folder, or give it the new code "
                "with `audit-api tablet enrol-again`, which keeps its work."
            )
        made = _redeem(transport, code, name)
        with store.writing() as db:
            db.execute(
                """insert into tablet (single, base_url, device, token, name, owner, private_key)
                values (1, ?, ?, ?, ?, ?, ?)""",
                (base_url, made.device, made.token, name, made.owner, made.private_key),
            )
    finally:
        store.close()


def enrol_again(store: Store, transport: Transport, code: str, name: str | None) -> EnrolledAgain:
    """Turn a code into the next device of a tablet that has one; `name` None: it keeps its name.

    Everything it keeps stays; the device changes in one transaction, or not at all. Another
    person begins without the picture of the one before. Raises NotEnrolled.
    """
    before = store.identity
    name = name or str(before["name"])
    made = _redeem(transport, code, name)
    with store.writing() as db:
        db.execute(
            """update tablet set device = ?, token = ?, name = ?, owner = ?, private_key = ?,
                seq = 0, last_sha256 = null, acked_seq = 0, revoked = 0""",
            (made.device, made.token, name, made.owner, made.private_key),
        )
        if made.owner != before["owner"]:
            db.execute("delete from item")
            db.execute("delete from scope")
            db.execute("update tablet set cursor = null, resync = 0")
        goes_along = renumber(db)
        (stays,) = db.execute(
            """select count(*) from operation o join tablet t on t.owner <> o.owner
            where o.state = 'waiting'"""
        ).fetchone()
        note(db, "enrolled again", made.device, formerly=before["device"], owner=made.owner)
    return EnrolledAgain(
        made.device, made.owner, before["device"], before["owner"], goes_along, stays
    )


def _redeem(transport: Transport, code: str, name: str) -> _Made:
    """The device that a code makes. Asked once only: a code whose answer was lost is used up."""
    private, public = _make_key()
    said = {"code": code, "name": name} | ({"public_key": public} if public else {})
    answer = _ask_to_enrol(Link(transport, None, Patience(tries=1)), said)
    return _Made(answer["device"], answer["token"], answer["owner"], private)


def _ask_to_enrol(link: Link, said: dict[str, Any]) -> dict[str, Any]:
    def understand(answer: Answer) -> dict[str, Any]:
        enrolled = answer.json()
        if not all(isinstance(enrolled.get(n), str) for n in ("device", "token", "owner")):
            raise Garbled("The answer to the enrolment lacks a part.")
        return enrolled

    headers = {"Content-Type": "application/json"}
    body = json.dumps(said).encode()
    try:
        return link.ask("POST", ENROL, understand, body=body, headers=headers)
    except LinkDown as error:
        raise NotEnrolled(
            f"No answer to the enrolment: {error.reason}. Try once more; if the code is used up "
            "then, ask the coordinator for another and to revoke the tablet that nobody has."
        ) from None


def _make_key() -> tuple[str | None, str | None]:
    """A P-256 key as PEM, private and public; (None, None) without `cryptography`."""
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        return None, None
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()
