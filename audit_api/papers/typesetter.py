"""Has a paper typeset by a process that ends, and reads what it left."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import segno

from audit_api.papers.child import PDF, TOLD

TEMPLATES: Final = Path(__file__).parent / "templates"
WALL_S: Final = 120
# What the child needs of our environment: nothing that holds a secret.
_PASSED_ON: Final = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")
_FILE_NAME: Final = re.compile(r"[a-z0-9]{1,80}\.(jpg|svg)")


# One paper at a time in a process: a list of thousands of rows takes half a gigabyte.
_ONE: Final = threading.Lock()


class NotTypeset(Exception):
    """A paper could not be typeset, or not without a warning; the message says why."""


def typeset(template: str, data: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    """A paper as PDF/UA-1: the same bytes for the same data and files, whenever it is made.

    `data` is told to the template as it is (`papers.frame` makes it); its `verify.url` becomes the
    QR code. `files` are pictures by name, as the data name them. Raises NotTypeset; warnings of
    typst count as errors.
    """
    with tempfile.TemporaryDirectory(prefix="audit-api-paper-") as name:
        folder = Path(name)
        for file in ("lib.typ", f"{template}.typ"):
            shutil.copyfile(TEMPLATES / file, folder / file)
        (folder / "data.json").write_text(json.dumps(data, ensure_ascii=False))
        qr = segno.make(data["verify"]["url"], error="m", micro=False)
        qr.save(str(folder / "qr.svg"), border=2, xmldecl=False, svgclass=None, lineclass=None)
        for file, content in files.items():
            if not _FILE_NAME.fullmatch(file):
                raise NotTypeset(f"{file!r} is no name of a picture here")
            (folder / file).write_bytes(content)
        return _made(folder, template)


def _made(folder: Path, template: str) -> bytes:
    try:
        with _ONE:
            ended = subprocess.run(  # noqa: S603 - our own program
                [sys.executable, "-m", "audit_api.papers.child", str(folder), template],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=WALL_S,
                check=False,
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            )
    except subprocess.TimeoutExpired:
        raise NotTypeset(f"{template}: not done after {WALL_S} seconds") from None
    told = folder / TOLD
    if told.exists():
        raise NotTypeset(f"{template}: " + "; ".join(json.loads(told.read_text())))
    pdf = folder / PDF
    if ended.returncode != 0 or not pdf.exists():
        last = ended.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise NotTypeset(f"{template}: the process ended with {ended.returncode}: {last[:300]}")
    return pdf.read_bytes()
