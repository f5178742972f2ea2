"""A submission's XML, read by a parser that follows nothing: no DTD, no entity, no network.

What is read is a copy: the bytes themselves are kept as they came.
"""

import hashlib
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid5

from lxml import etree

MOST_BYTES: Final = 1_000_000
MOST_DEPTH: Final = 64
MOST_ATTRIBUTES: Final = 100
"""Of one node; a form has three."""
LONGEST_NAME: Final = 250
_OF_OPENROSA: Final = UUID("6f1d3a0e-5b7c-5d0e-9a55-0f0f6a3c8a21")
_LONGEST_ID: Final = 200
_TOO_DEEP: Final = etree.XPath(f"boolean({'/*' * (MOST_DEPTH + 1)})")
_TOO_MANY_ATTRIBUTES: Final = etree.XPath(f"boolean(//*[@*[{MOST_ATTRIBUTES + 1}]])")


class XmlFault(StrEnum):
    """Why a submission's XML is refused as a whole."""

    TOO_LARGE = "too-large"
    DTD = "dtd"
    BROKEN = "broken"
    TOO_DEEP = "too-deep"
    TOO_MANY_ATTRIBUTES = "too-many-attributes"
    NO_FORM = "no-form"
    NO_INSTANCE_ID = "no-instance-id"


class BadXml(Exception):
    """A submission that cannot be read; `fault` says why."""

    def __init__(self, fault: XmlFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Submission:
    """What the XML says of itself. `root` is its tree, `xml` its bytes."""

    form: str
    """The form's id in Collect."""
    version: str
    instance_id: str
    deprecated_id: str | None
    """The instance that this one corrects."""
    xml: bytes
    xml_sha256: bytes
    root: Any

    @property
    def op(self) -> UUID:
        """The operation's id: the same whenever, and from wherever, it is sent again."""
        return op_of(self.form, self.instance_id)


def op_of(form: str, instance_id: str) -> UUID:
    """The operation of an instance of a form."""
    return uuid5(_OF_OPENROSA, f"{form}\n{instance_id}")


def read_submission(xml: bytes) -> Submission:
    """Read a submission. Raises BadXml."""
    if len(xml) > MOST_BYTES:
        raise BadXml(XmlFault.TOO_LARGE)
    root = _parsed(xml)
    _check(root, xml)
    instance = deprecated = ""
    for node in root.iter("{*}instanceID", "{*}deprecatedID"):
        said = (node.text or "").strip()
        if local_name(node) == "instanceID":
            instance = instance or said
        else:
            deprecated = deprecated or said
    instance = instance or root.get("instanceID", "")
    form, version = root.get("id", ""), root.get("version", "")
    if not 0 < len(form) <= _LONGEST_ID or len(version) > _LONGEST_ID:
        raise BadXml(XmlFault.NO_FORM)
    if not 0 < len(instance) <= _LONGEST_ID or len(deprecated) > _LONGEST_ID:
        raise BadXml(XmlFault.NO_INSTANCE_ID)
    digest = hashlib.sha256(xml).digest()
    return Submission(form, version, instance, deprecated or None, xml, digest, root)


def file_name(text: str) -> str:
    """A file's name in its one spelling: й and ё are one letter each, however they were sent."""
    return unicodedata.normalize("NFC", text).replace("\0", "")[:LONGEST_NAME]


def local_name(node: Any) -> str:
    """A node's name without its namespace."""
    tag: str = node.tag
    return tag.rpartition("}")[2]


def _parsed(xml: bytes) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    if b"<!DOCTYPE" in xml or "<!DOCTYPE".encode("utf-16-le") in xml:
        # Before anything is read: an entity of a DTD may not even be declared.
        raise BadXml(XmlFault.DTD)
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        deep = "depth" in str(error).lower()
        raise BadXml(XmlFault.TOO_DEEP if deep else XmlFault.BROKEN) from None
    if root.getroottree().docinfo.doctype:
        raise BadXml(XmlFault.DTD)
    return root


def _check(root: Any, xml: bytes) -> None:
    """Depth and attributes. Asked of the library: a form has thousands of nodes."""
    if _TOO_DEEP(root):
        raise BadXml(XmlFault.TOO_DEEP)
    if xml.count(b"=") > MOST_ATTRIBUTES and _TOO_MANY_ATTRIBUTES(root):
        raise BadXml(XmlFault.TOO_MANY_ATTRIBUTES)
    if next(root.iter(etree.Entity), None) is not None:
        # One that nothing declares.
        raise BadXml(XmlFault.BROKEN)
