"""Inspections that look made up, each made so in one way, and the worker's look at them."""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from PIL import Image

from audit_api.domain.oversight.fabrication import Thresholds
from audit_api.domain.vocabulary import Role
from audit_api.imaging import Examiner
from audit_api.services.evidence.examine_photos import examine_photos
from audit_api.services.law.catalogs import CatalogKeeper
from audit_api.services.oversight.check_fabrication import Checked, check_fabrication
from audit_api.storage.base import Database
from tests.factories import CAMPAIGN, World, make_site, operation, push
from tests.field_schema.bodies import measurement, ramp_body

KEEPER = CatalogKeeper()
START = datetime(2021, 10, 20, 3, 0, tzinfo=UTC)
METRE = 1 / 111_195
_numbers = count(300)
_days = count(1)
_widths = count(1)


def picture(seed: int, *, quality: int = 85, exif: Image.Exif | None = None) -> bytes:
    """A picture of coarse fields, the same for the same seed but for the quality."""
    chance = random.Random(seed)  # noqa: S311 - drawing, not secrets
    fields = bytes(chance.randrange(256) for _ in range(9 * 8))
    shown = Image.frombytes("L", (9, 8), fields).resize((360, 320), Image.Resampling.BOX)
    made = BytesIO()
    shown.convert("RGB").save(
        made, "JPEG", quality=quality, exif=Image.Exif() if exif is None else exif
    )
    return made.getvalue()


def claiming(
    seed: int, *, taken: datetime | None = None, zone: str = "", lat: float | None = None
) -> bytes:
    """A picture whose EXIF claims a time by the wall clock of Bishkek, or a place at 70 E."""
    exif = Image.Exif()
    if taken is not None:
        sub = exif.get_ifd(0x8769)
        sub[0x9003] = (taken + timedelta(hours=6)).strftime("%Y:%m:%d %H:%M:%S")
        if zone:
            sub[0x9011] = zone
    if lat is not None:
        gps = exif.get_ifd(0x8825)
        gps[1], gps[2], gps[3], gps[4] = "N", (lat, 0.0, 0.0), "E", (70.0, 0.0, 0.0)
    return picture(seed, exif=exif)


@dataclass
class Suspects:
    """Hands in visits for the world's inspectors, each on a day of its own, and looks at them."""

    app: Flask
    database: Database
    world: World
    limits: Thresholds = field(default_factory=Thresholds)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def site(self, territory: str = "near-1") -> UUID:
        """A new station, at 40 N 70 E."""
        with self.database.writing() as session:
            return make_site(session, self.world.territories[territory], 8000 + next(_numbers))

    def day(self) -> datetime:
        """The beginning of a working day that no other visit has."""
        return START + timedelta(days=next(_days))

    def visit(
        self,
        site: UUID,
        photos: Sequence[bytes] = (),
        *,
        where: str = "near",
        started: datetime | None = None,
        north_m: float = 0,
        accuracy_m: float = 0,
        inspection: UUID | None = None,
        answers: dict[str, Any] | None = None,
        **members: Any,
    ) -> str:
        """An inspection of 45 minutes, `north_m` from 40 N 70 E; photos are announced only."""
        begun = started or self.day()
        unlike = {"width_mm": measurement(920 + next(_widths))}
        body = ramp_body(seed=site.int, answers=unlike | (answers or {})) | {
            "site": str(site),
            "campaign": CAMPAIGN,
            "started": {"wall": begun.isoformat()},
            "finished": {"wall": (begun + timedelta(minutes=45)).isoformat()},
            "position": {"lat": 40 + north_m * METRE, "lon": 70.0, "accuracy_m": accuracy_m},
        }
        body["elements"][0]["photos"] = [
            {
                "id": str(uuid4()),
                "sha256": hashlib.sha256(data).hexdigest(),
                "bytes": len(data),
                "content_type": "image/jpeg",
                "question": None,
            }
            for data in photos
        ]
        data = operation(body, seq=next(_numbers), entity=inspection, **members)
        result = push(self.client, self.world, data, where=where)["results"][0]
        assert result["status"] == "applied", result
        return str(result["id"])

    def hand_in(self, *photos: bytes, where: str = "near") -> None:
        """Let originals arrive."""
        for data in photos:
            sha256 = hashlib.sha256(data).hexdigest()
            headers = self.world.device_headers(where) | {"Content-Type": "image/jpeg"}
            answer = self.client.put(f"/api/v1/photos/{sha256}", data=data, headers=headers)
            assert answer.status_code in (200, 201), answer.text

    def look(self) -> list[Checked]:
        """What the worker does every minute."""
        store = self.app.extensions["photo_store"]
        with Examiner() as examiner:
            list(examine_photos(self.database, store, examiner, now=lambda: datetime.now(UTC)))
        return list(
            check_fabrication(self.database, KEEPER, self.limits, now=lambda: datetime.now(UTC))
        )

    def read(
        self, inspection: str, role: Role = Role.TECHNICAL_SUPERVISOR, where: str = "near"
    ) -> Any:
        """`fabrication_flags` of an inspection as somebody reads it."""
        answer = self.client.get(
            f"/api/v1/inspections/{inspection}", headers=self.world.headers(role, where)
        )
        assert answer.status_code == 200, answer.text
        return answer.json["fabrication_flags"]

    def flags(self, inspection: str, kind: str, where: str = "near") -> list[Any]:
        """The flags of one kind as the district's supervisor reads them."""
        return [f for f in self.read(inspection, where=where)["items"] if f["kind"] == kind]

    def set_aside(self, inspection: str, flag: str, reason: str = "Asked.", **headers: str) -> Any:
        """The near supervisor sets a flag aside."""
        return self.client.post(
            f"/api/v1/inspections/{inspection}/fabrication-flags/{flag}/decisions",
            json={"decision": "set_aside", "reason": reason},
            headers=headers or self.world.headers(Role.TECHNICAL_SUPERVISOR),
        )
