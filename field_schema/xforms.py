"""The released XForms: what ODK Collect downloads, one for each form's version and profile.

They are made by `field_schema.xform_visit` and pyxform when a form is released, and stored under
`field_schema/xforms`; `published.json` there has the digest of each and the day of its law. Like
every released file they never change: another law or another question is another form version.
"""

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Final

from field_schema.errors import CatalogError

FOLDER: Final = Path(__file__).parent / "xforms"
PUBLISHED: Final = "published.json"


@dataclass(frozen=True)
class XForm:
    """One file. `md5` of the exact bytes in hex, as OpenRosa wants it; `on`: the day of its law."""

    form: str
    version: int
    profile: str
    on: str
    md5: str
    sha256: str
    path: Path

    @property
    def key(self) -> str:
        """The form's key in the catalog: "station/1"."""
        return f"{self.form}/{self.version}"

    @property
    def data(self) -> bytes:
        """The exact bytes."""
        return gzip.decompress(self.packed)

    @cached_property
    def packed(self) -> bytes:
        """The bytes as gzip, a tenth of their size; read at first use and then kept."""
        return gzip.compress(_checked(self.path, self.sha256), mtime=0)


@cache
def released_xforms() -> Mapping[tuple[str, str], XForm]:
    """All of them by profile and form key: ("kg-demo-2021", "station/1").

    Raises CatalogError for a file that is not the released one.
    """
    found = {}
    index = json.loads((FOLDER / PUBLISHED).read_bytes())
    for name, said in index["files"].items():
        profile, form, version = name.removesuffix(".xml").split("/")
        data = _checked(FOLDER / name, said["sha256"])
        xform = XForm(
            form,
            int(version.removeprefix("v")),
            profile,
            said["on"],
            # The only digest that OpenRosa knows; it guards nothing.
            hashlib.md5(data, usedforsecurity=False).hexdigest(),
            said["sha256"],
            FOLDER / name,
        )
        found[profile, xform.key] = xform
    return found


def _checked(path: Path, sha256: str) -> bytes:
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise CatalogError(
            f"xforms/{path.relative_to(FOLDER)}: differs from its released digest; released files "
            "never change, so restore it and make a new version of the form"
        )
    return data
