"""The released XForms: what ODK Collect downloads, for each form's version, profile and law.

They are made by `field_schema.xform_visit` and pyxform when a form is released, and stored as
`xforms/<profile>/<form>/v<version>.<law day>.xml`; `published.json` there has the digest of each.
Like every released file they never change. In Collect a form is `<form>.<profile>` and its version
`<version>.<law day>`: another profile is another form, another law or question another version.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Final

from field_schema.errors import CatalogError

FOLDER: Final = Path(__file__).parent / "xforms"
PUBLISHED: Final = "published.json"
_DAY: Final = "%Y%m%d"
_ID: Final = re.compile(r"([^.]+)\.[^.]+")
_SAYS_VERSION: Final = re.compile(rb'(<data [^>]*?) version="[^"]*"')
_VERSION: Final = re.compile(r"([1-9][0-9]{0,3})\.[0-9]{8}", re.ASCII)


def id_in_collect(form: str, profile: str) -> str:
    """What Collect knows a form by: "station.kg-demo-2021"."""
    return f"{form}.{profile}"


def version_in_collect(version: int, on: date) -> str:
    """What Collect knows its version by: "1.20211128", the form's version and the law's day."""
    return f"{version}.{on.strftime(_DAY)}"


def form_key(id_: str, version: str) -> str | None:
    """The form's key in the catalog, read back out of both: "station/1"; None when it is none.

    Profile and day are looked at for their shape alone: the server judges by its own law.
    """
    name, number = _ID.fullmatch(id_), _VERSION.fullmatch(version)
    return f"{name[1]}/{number[1]}" if name and number else None


@dataclass(frozen=True)
class XForm:
    """One file. `md5` of the exact bytes in hex, as OpenRosa wants it; `on`: the day of its law."""

    form: str
    number: int
    """The form's version in the catalog."""
    profile: str
    on: date
    md5: str
    sha256: str
    path: Path

    @property
    def key(self) -> str:
        """The form's key in the catalog: "station/1"."""
        return f"{self.form}/{self.number}"

    @property
    def id(self) -> str:
        """Its id in Collect."""
        return id_in_collect(self.form, self.profile)

    @property
    def version(self) -> str:
        """Its version in Collect."""
        return version_in_collect(self.number, self.on)

    @property
    def data(self) -> bytes:
        """The exact bytes."""
        return gzip.decompress(self.packed)

    @cached_property
    def packed(self) -> bytes:
        """The bytes as gzip, a tenth of their size; read at first use and then kept."""
        return gzip.compress(_checked(self.path, self.sha256), mtime=0)


Releases = Mapping[tuple[str, str], tuple[XForm, ...]]
"""By profile and form key, the earliest law first."""


@cache
def released_xforms() -> Releases:
    """All of them: ("kg-demo-2021", "station/1") -> its releases, the earliest law first.

    Raises CatalogError for a file that is not the released one.
    """
    return read_releases(FOLDER)


def read_releases(folder: Path) -> Releases:
    """What is released in a folder. Raises CatalogError for a file that is not the released one."""
    found: dict[tuple[str, str], tuple[XForm, ...]] = {}
    # A day of eight digits sorts as it passes.
    for name, sha256 in sorted(json.loads((folder / PUBLISHED).read_bytes())["files"].items()):
        profile, form, version = name.removesuffix(".xml").split("/")
        number, _, day = version.removeprefix("v").partition(".")
        path = folder / name
        # The only digest that OpenRosa knows; it guards nothing.
        md5 = hashlib.md5(_checked(path, sha256), usedforsecurity=False).hexdigest()
        on = date.fromisoformat(day)
        xform = XForm(form, int(number), profile, on, md5, sha256, path)
        found[profile, xform.key] = (*found.get((profile, xform.key), ()), xform)
    return found


def file_of(form: str, version: int, profile: str, on: date) -> str:
    """Where a release lies, from the folder on."""
    return f"{profile}/{form}/v{version_in_collect(version, on)}.xml"


def newest_on(releases: Sequence[XForm], day: date) -> XForm | None:
    """The release with the newest law that is not after the day, else the earliest; of none None.

    `releases`: the earliest law first.
    """
    passed = [xform for xform in releases if xform.on <= day]
    return next(iter(passed[-1:] or releases), None)


def asks_before_first(xform: str) -> str:
    """An XForm whose repeats begin empty: Collect asks "Add a ramp?" before the first one too.

    pyxform always writes a first item, which nobody can decline where there is no such thing.
    """
    start = xform.index("<instance>")
    end = xform.index("</instance>", start)
    items = xform[start:end]
    for element in re.findall(r'<repeat nodeset="/data/(\w+)"', xform):
        items = re.sub(rf"<{element}>.*?</{element}>", "", items, count=1, flags=re.DOTALL)
    return xform[:start] + items + xform[end:]


def same_but_version(one: bytes, other: bytes) -> bool:
    """Whether two XForms differ in nothing but the version that they call themselves by."""
    return _SAYS_VERSION.sub(rb"\1", one, count=1) == _SAYS_VERSION.sub(rb"\1", other, count=1)


def _checked(path: Path, sha256: str) -> bytes:
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise CatalogError(
            f"xforms/{'/'.join(path.parts[-3:])}: differs from its released digest; released files "
            "never change, so restore it and release the form anew"
        )
    return data
