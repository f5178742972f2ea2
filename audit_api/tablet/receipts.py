"""What the server answers for: receipts, rebuilt as the signed text and checked.

`received`: the operation is committed there. `durable`: it is also in a signed checkpoint and a
backup. An original is deleted on the tablet against `durable` alone.
"""

import base64
import binascii
import hashlib
import json
import sqlite3
from typing import Any
from urllib.parse import urlencode

from audit_api.tablet.errors import Garbled, Refused
from audit_api.tablet.link import Answer, Link
from audit_api.tablet.outbox import Operation, find
from audit_api.tablet.store import Store, note

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    CAN_VERIFY = True
except ImportError:  # the tablet works without; it only cannot check signatures, nor delete
    CAN_VERIFY = False

RECEIVED = "received"
DURABLE = "durable"
KEYS = "/api/v1/receipts/keys"
RECEIPTS = "/api/v1/sync/receipts"
PAGE = 200


def text_of(receipt: dict[str, Any]) -> str:
    """The text that is signed: one `name value` a line, `-` for what the receipt does not have."""
    photos = " ".join(sorted(receipt["photos_held"])) or "-"
    return (
        "audit_api receipt v1\n"
        f"level {receipt['level']}\n"
        f"op {receipt['op']}\n"
        f"id {receipt.get('id', '-')}\n"
        f"rev {receipt.get('rev', '-')}\n"
        f"sha256 {receipt['sha256']}\n"
        f"bytes {receipt['bytes']}\n"
        f"photos_held {photos}\n"
        f"received_at {receipt['received_at']}\n"
        f"checkpoint {receipt.get('checkpoint', '-')}\n"
        f"key {receipt['key']}\n"
    )


def is_signed(receipt: dict[str, Any], public_key: bytes) -> bool:
    """Whether that Ed25519 key signed exactly this receipt. Needs `cryptography`."""
    try:
        signature = base64.b64decode(receipt["signature"], validate=True)
        text = text_of(receipt).encode()
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, text)
    except (KeyError, TypeError, ValueError, binascii.Error, InvalidSignature):
        return False
    return True


class Keys:
    """The server's public keys that this tablet knows, from its own file."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def known(self, name: str) -> bytes | None:
        """A key by its name (16 hex digits)."""
        found = self._store.value("select public from server_key where key = ?", name)
        return base64.b64decode(found) if found else None

    def fetch(self, link: Link) -> None:
        """Get the keys that are not known yet. A server that has none is an older one."""
        try:
            said = link.ask("GET", KEYS, _read_keys)
        except Refused as error:
            if error.status == 404:
                return
            raise
        with self._store.writing() as db:
            for name, public in said.items():
                db.execute(
                    "insert into server_key values (?, ?) on conflict do nothing",
                    (name, base64.b64encode(public).decode()),
                )

    def check(self, receipt: Any, operation: Operation, level: str) -> bool:
        """Whether the signature was verified; raises Garbled if the receipt is not of this work.

        False only when it could not be: without `cryptography`, without the key, or unsigned by an
        older server.
        """
        _check_members(receipt, operation, level)
        if "signature" not in receipt or not CAN_VERIFY:
            return False
        public = self.known(str(receipt.get("key")))
        if public is None:
            return False
        if not is_signed(receipt, public):
            raise Garbled(f"The receipt of {operation.op} has a wrong signature.")
        return True


def _read_keys(answer: Answer) -> dict[str, bytes]:
    found = {}
    try:
        for item in answer.json()["items"]:
            public = bytes.fromhex(item["public_key"])
            if hashlib.sha256(public).hexdigest()[:16] != item["key"]:
                raise Garbled("A key does not have the name that its bytes give it.")
            found[item["key"]] = public
    except (KeyError, TypeError, ValueError) as error:
        raise Garbled(f"The list of keys cannot be read: {error}.") from None
    return found


def _check_members(receipt: Any, operation: Operation, level: str) -> None:
    if not isinstance(receipt, dict) or not isinstance(receipt.get("photos_held"), list):
        raise Garbled(f"The receipt of {operation.op} cannot be read.")
    wanted = {"level": level, "sha256": operation.sha256, "bytes": len(operation.body)}
    for name, value in wanted.items():
        if receipt.get(name) != value:
            raise Garbled(f"The receipt of {operation.op} is about another {name}.")
    if receipt.get("op", operation.op) != operation.op:
        raise Garbled(f"The receipt of {operation.op} names another operation.")


def take_durable(store: Store, link: Link, keys: Keys) -> int:
    """Ask for durable receipts of all that has none, or not of all its photos; returns how many.

    Asked from the oldest such operation on, since photos become durable later than their operation.
    Those of this owner's earlier devices too: their work is here, and the receipts are there.
    Without `cryptography` none is taken: what cannot be checked does not count.
    """
    if not CAN_VERIFY:
        return 0
    return sum(_take_of(store, link, keys, device) for device in _devices(store))


def _devices(store: Store) -> list[str]:
    """The present device, then its owner's earlier ones of this folder."""
    rows = store.rows(
        """select distinct o.device from operation o join tablet t on t.owner = o.owner
        where o.device <> t.device and o.state <> 'waiting'"""
    )
    return [store.identity["device"], *(row["device"] for row in rows)]


def _take_of(store: Store, link: Link, keys: Keys, device: str) -> int:
    taken = 0
    first = _oldest_without(store, device)
    of = {} if device == store.identity["device"] else {"device": device}

    def understand(answer: Answer) -> tuple[dict[str, Any], list[tuple[Operation, Any]]]:
        page = answer.json()
        return page, _checked(store, link, keys, page)

    while first is not None:
        path = f"{RECEIPTS}?{urlencode({'after_seq': first - 1, 'limit': PAGE} | of)}"
        try:
            page, receipts = link.ask("GET", path, understand)
        except Refused as error:
            # An older server has none, or does not speak of other devices (422).
            if error.status == 404 or (of and error.status == 422):
                return taken
            raise
        with store.writing() as db:
            taken += sum(_take(db, operation, receipt) for operation, receipt in receipts)
        # What was numbered anew since has another place here than there.
        last = max((o.seq for o, _ in receipts if o.device == device), default=0)
        first = last + 1 if page.get("next") and last >= first else None
    return taken


def _checked(
    store: Store, link: Link, keys: Keys, page: dict[str, Any]
) -> list[tuple[Operation, Any]]:
    """The receipts of a page with the operations of this tablet; Garbled if one is not genuine."""
    items = page.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Garbled("The list of receipts cannot be read.")
    if any(keys.known(str(item.get("key"))) is None for item in items):
        keys.fetch(link)
    found = []
    for receipt in items:
        operation = find(store, str(receipt.get("op")))
        if operation is not None and keys.check(receipt, operation, DURABLE):
            found.append((operation, receipt))
    return found


def _oldest_without(store: Store, device: str) -> int | None:
    found: int | None = store.value(
        """select min(seq) from operation o where device = ? and state <> 'waiting'
            and (durable is null or exists
                (select 1 from photo_use u join photo p on p.sha256 = u.sha256
                 where u.op = o.op and p.state = 'handed_over'))""",
        device,
    )
    return found


def _take(db: sqlite3.Connection, operation: Operation, receipt: dict[str, Any]) -> int:
    """Note one verified durable receipt; 1 if it says something new."""
    said = json.dumps(receipt)
    changed = db.execute(
        "update operation set durable = ? where op = ? and durable is not ?",
        (said, operation.op, said),
    ).rowcount
    if changed:
        for sha256 in receipt["photos_held"]:
            db.execute(
                "update photo set state = 'durable' where sha256 = ? and state <> 'deleted'",
                (sha256,),
            )
        note(db, "durable", operation.op, photos=receipt["photos_held"])
    return changed
