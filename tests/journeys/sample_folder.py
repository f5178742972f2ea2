"""The demonstration's sample papers, read by programs that are not ours."""

import csv
import hashlib
import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pyogrio
import pypdf
from python_calamine import CalamineWorkbook

from audit_api.demo.sample_papers import FILES, NOTE, PAPERS

SVG = "{http://www.w3.org/2000/svg}"


def named() -> set[str]:
    """What the folder has."""
    return {NOTE} | {sample.name for sample in (*PAPERS, *FILES)}


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each file."""
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def rows_of(file: Path) -> int:
    """How many violations a list has."""
    return _READERS[file.suffix](file)


def _csv(file: Path) -> int:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        _, *rows, end = csv.reader(lines)
    assert end[:2] == ["#end", str(len(rows))]
    return len(rows)


def _xlsx(file: Path) -> int:
    book = CalamineWorkbook.from_path(file)
    return len(book.get_sheet_by_index(0).to_python()) - 1


def _geojson(file: Path) -> int:
    found = json.loads(file.read_text())
    assert found["rows"] == len(found["features"])
    return int(pyogrio.read_info(file)["features"])


def _geopackage(file: Path) -> int:
    return int(pyogrio.read_info(file)["features"])


_READERS: dict[str, Callable[[Path], int]] = {
    ".csv": _csv,
    ".xlsx": _xlsx,
    ".geojson": _geojson,
    ".gpkg": _geopackage,
}


def title_of(picture: Path) -> str:
    """What an SVG says that it shows."""
    root = ET.fromstring(picture.read_text())  # noqa: S314 - our own
    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text
    return title.text


class Paper:
    """A PDF, as a reader of PDFs sees it."""

    def __init__(self, file: Path) -> None:
        self.sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        self._pdf = pypdf.PdfReader(file)

    @property
    def language(self) -> str:
        """Of its document, which must be tagged and call itself PDF/UA-1."""
        root: Any = self._pdf.trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"]
        assert root["/StructTreeRoot"]["/K"]
        assert "<pdfuaid:part>1<" in root["/Metadata"].get_data().decode()
        return str(root["/Lang"])

    @property
    def text(self) -> str:
        """All of it, without the places where long words may be broken."""
        return "\n".join(page.extract_text() for page in self._pdf.pages).replace("\u200b", "")

    @property
    def photos(self) -> int:
        """How many JPEGs it shows."""
        shown = [image.name for page in self._pdf.pages for image in page.images]
        return sum(name.endswith((".jpg", ".jpeg", ".jp2")) for name in shown)

    def verified(self, base_url: str) -> dict[str, Any]:
        """What the address beside its QR code answers to a program; it is one of `base_url`."""
        annotations = [a.get_object() for a in self._pdf.pages[0]["/Annots"]]  # type: ignore[attr-defined]
        [address] = {a["/A"]["/URI"] for a in annotations}
        code = address.rsplit("/", 1)[1]
        assert code in self.text.replace("-", "")
        assert address.startswith(f"{base_url}/verify/")
        request = urllib.request.Request(  # noqa: S310 - of the demonstration
            address, headers={"Accept": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            told: dict[str, Any] = json.load(answer)
        return told
