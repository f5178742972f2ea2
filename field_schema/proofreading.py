"""Proofreading an edition that a person wrote: all its mistakes at once, each with what to do.

The strict reader (`field_schema.imported.parse_edition`) stops at the first fault and decides. This
one explains, and never lets pass what the strict reader refuses.
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

from field_schema.catalog import Catalog
from field_schema.errors import CatalogError
from field_schema.form import STATES
from field_schema.imported import parse_edition
from field_schema.placed_json import BrokenJson, Path, read_placed
from field_schema.proof import Mistake, Proof, near
from field_schema.proof_rules import check_rules
from field_schema.standard import BUILDINGS, CONFIDENCES, GROUPS, SEVERITIES

MAX_BYTES: Final = 4_000_000
_MARKS: Final = (
    (b"\xef\xbb\xbf", "it begins with a byte order mark (BOM)", "save it as UTF-8 without BOM"),
    (b"\xff\xfe", 'it is saved as UTF-16 ("Unicode")', "save it as UTF-8 without BOM"),
    (b"\xfe\xff", 'it is saved as UTF-16 ("Unicode")', "save it as UTF-8 without BOM"),
    (b"PK", "it is a Word or Excel file or an archive", "save it as plain text, in UTF-8"),
    (b"\xd0\xcf\x11\xe0", "it is an old Word or Excel file", "save it as plain text, in UTF-8"),
    (b"%PDF", "it is a PDF", "write the requirements into a JSON file; see docs/standards.md"),
)
_HEAD: Final = {
    "standard": 'write the standard\'s id, as "KG-SNIP-12-34-2027"',
    "edition": 'write the edition\'s name, as "2027" or "2027-03-01"',
    "edition_note": "say which text this is and where its changes end",
    "title": "write its title in three languages",
    "jurisdiction": 'write the country, as "KG"',
    "status": 'say whether it is in force, as "in force since 2027-03-01"',
    "source": "say where the text was read",
    "checked_on": "write the day on which the text was last compared, as YYYY-MM-DD",
    "ky_status": 'say who wrote the Kyrgyz texts, as "own - native reader needed"',
    "requirements": "add the list of requirements",
}
_REQUIREMENT: Final = {
    "id": 'name it, as "ramp.width"',
    "element": "write the type of element that it is about",
    "title": "write its title in three languages",
    "cite": "say where it stands: without its source a requirement is not taken in",
    "groups": "write the user groups that it serves",
    "severity": f"write one of: {', '.join(SEVERITIES)}",
    "severity_basis": 'say who judged the severity, as "own judgement"',
    "applies": 'say to which buildings it applies, as {"building": ["new"]}',
    "remedies": "list what mends a breach, or write []",
}
_CITE: Final = {
    "standard": "repeat the standard's id",
    "clause": 'write its number, as "5.1.14", or null where it is not known',
    "clause_hint": "write the likely clause, or null",
    "url": "say where the clause can be read",
    "confidence": f"write one of: {'; '.join(CONFIDENCES)}",
    "checked_on": "write the day on which the clause was last compared, as YYYY-MM-DD",
    "facts": 'name what it was taken from, as ["clause 5.1.14 as printed"]',
}


def proofread(
    data: bytes,
    catalog: Catalog,
    *,
    today: date,
    progress: Callable[[int, int], None] | None = None,
) -> list[Mistake]:
    """Everything that is wrong with a file, in the order of its lines; doubts among it.

    `today` tells days in the future. `progress` is told how many requirements of how many are read.
    """
    text = _text_of(data)
    if isinstance(text, Mistake):
        return [text]
    try:
        placed = read_placed(text)
    except BrokenJson as broken:
        return [Mistake(broken.line, broken.column, "the file", broken.what, broken.then)]
    proof = Proof(placed.places)
    _file(placed.value, proof, catalog, today, progress)
    for twin in placed.twins:
        told = f"this member comes twice, in lines {twin.first_line} and {twin.line}"
        proof.note(twin.path, told, "keep one of them")
    for path, number in placed.floats:
        proof.note(
            path,
            f"{number} is not a whole number",
            "write lengths in mm (0.9 m is 900) and slopes in per mille (8 % is 80) or as a ratio",
        )
    if all(mistake.doubt for mistake in proof.mistakes):
        try:
            parse_edition(data, catalog.measures)
        except CatalogError as error:
            proof.note((), str(error), "mend it, then check again")
    return sorted(proof.mistakes)


def _text_of(data: bytes) -> str | Mistake:
    """The text of a file, or why it is none."""
    for mark, what, then in _MARKS:
        if data.startswith(mark):
            return Mistake(1, 1, "the file", what, then)
    if len(data) > MAX_BYTES:
        told = f"it has more than {MAX_BYTES:,} bytes"
        return Mistake(0, 0, "the file", told, "an edition is smaller; is it the right file?")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return _other_encoding(data, error.start)
    if not text.strip():
        return Mistake(0, 0, "the file", "it is empty", "start from the sample in docs/samples")
    return text


def _other_encoding(data: bytes, at: int) -> Mistake:
    """The mistake of a file that is no UTF-8, at its first bad byte."""
    line = data.count(b"\n", 0, at) + 1
    column = at - data.rfind(b"\n", 0, at)
    read = data.decode("cp1251", errors="replace")
    russian = sum("а" <= letter.lower() <= "я" for letter in read)
    if russian * 4 > sum(letter.isalpha() for letter in read):
        what = "the letters are saved in Windows-1251 (ANSI), which has no Kyrgyz ң, ө and ү"
    else:
        what = f"byte {data[at]:#04x} is no UTF-8"
    return Mistake(line, column, "the file", what, 'save it as "UTF-8" without BOM')


def _file(
    value: Any,
    proof: Proof,
    catalog: Catalog,
    today: date,
    progress: Callable[[int, int], None] | None,
) -> None:
    if proof.members(value, (), _HEAD, ()) is None:
        return
    standard, edition = proof.name(value, (), "standard"), proof.name(value, (), "edition")
    for key in ("edition_note", "jurisdiction", "status", "source", "ky_status"):
        proof.text(value, (), key)
    proof.texts(value, (), "title")
    _checked(value, (), proof, today)
    if standard and edition and (standard, edition) in catalog.standards:
        proof.note(
            ("edition",),
            f"the edition {standard}/{edition} is in the catalog already; editions never change",
            "give a changed text an edition of its own, with another name",
        )
    known = {s for s, _ in catalog.standards}
    if standard and standard not in known and (hint := near(standard, known)):
        proof.note(
            ("standard",),
            f"{standard!r} is a new standard, though it is almost the name of a known one",
            f"{hint}otherwise leave it",
            doubt=True,
        )
    rows = value.get("requirements")
    if "requirements" in value and (not isinstance(rows, list) or not rows):
        proof.note(("requirements",), "a list that is not empty is due here", "add requirements")
    if isinstance(rows, list):
        seen: dict[str, int] = {}
        for n, row in enumerate(rows):
            _requirement(row, ("requirements", n), proof, catalog, standard, seen, today)
            if progress is not None:
                progress(n + 1, len(rows))


def _checked(value: Any, path: Path, proof: Proof, today: date) -> None:
    checked = proof.day(value, path, "checked_on")
    if checked is not None and checked > today:
        told = f"{checked} is in the future"
        proof.note((*path, "checked_on"), told, "write the day on which somebody looked")


def _requirement(
    row: Any,
    path: Path,
    proof: Proof,
    catalog: Catalog,
    standard: str | None,
    seen: dict[str, int],
    today: date,
) -> None:
    if isinstance(row, dict):
        proof.names[path] = str(row.get("id", ""))[:60]
        if "weight" in row:
            _weight(row, path, proof)
    other = ("when", "must", "first", "printed", "weight")
    if proof.members(row, path, _REQUIREMENT, other) is None:
        return
    element = proof.word(row, path, "element", tuple(catalog.measures))
    _id(row, path, proof, catalog, standard, seen)
    proof.texts(row, path, "title")
    proof.words(row, path, "groups", GROUPS)
    proof.word(row, path, "severity", SEVERITIES)
    proof.text(row, path, "severity_basis")
    if "cite" in row:
        _cite(row["cite"], (*path, "cite"), proof, standard, today)
    if "applies" in row:
        _applies(row["applies"], (*path, "applies"), proof)
    if "remedies" in row:
        _remedies(row["remedies"], (*path, "remedies"), proof)
    check_rules(row, path, proof, catalog, element)


def _weight(row: dict[str, Any], path: Path, proof: Proof) -> None:
    told = "the legal weight is not said in an edition but when it is adopted"
    cite = row.get("cite")
    if isinstance(cite, dict) and cite.get("confidence") == CONFIDENCES[2] and row["weight"]:
        told += ", and a number recalled from memory can never bind"
    proof.note((*path, "weight"), told, "remove it; see standards adopt --weight")


def _id(
    row: dict[str, Any],
    path: Path,
    proof: Proof,
    catalog: Catalog,
    standard: str | None,
    seen: dict[str, int],
) -> None:
    name = proof.name(row, path, "id")
    if name is None:
        return
    at = (*path, "id")
    element = row.get("element")
    if isinstance(element, str) and (not name.startswith(f"{element}.") or name == f"{element}."):
        told = f"a requirement on {element!r} is named {element}.something"
        proof.note(at, told, f'write "{element}.{name.rpartition(".")[2]}"')
    if name in seen:
        told = f"{name!r} is the name of requirement [{seen[name] + 1}] already"
        proof.note(at, told, "give each requirement a name of its own")
    seen.setdefault(name, int(path[-1]))
    for (other, edition), found in catalog.standards.items():
        known = found.requirements.get(name)
        if other == standard and known is not None and known.element != element:
            proof.note(
                at,
                f"in the edition {other}/{edition} this name is a requirement on {known.element!r}",
                "one name means one thing in all editions of a standard: give it another name",
            )
            return


def _cite(cite: Any, path: Path, proof: Proof, standard: str | None, today: date) -> None:
    if proof.members(cite, path, _CITE, ("note",)) is None:
        return
    said = proof.text(cite, path, "standard")
    if said is not None and standard is not None and said != standard:
        told = f"{said!r} is not the standard of this file, {standard!r}"
        proof.note((*path, "standard"), told, "write the file's standard; name others in the note")
    clause = proof.text(cite, path, "clause", null=True)
    hint = proof.text(cite, path, "clause_hint", null=True)
    proof.text(cite, path, "url")
    proof.text(cite, path, "note")
    confidence = proof.word(cite, path, "confidence", CONFIDENCES)
    if confidence == CONFIDENCES[0] and clause is None and hint is None:
        proof.note(
            (*path, "clause"),
            f"it is said to be {confidence!r}, but no clause is named",
            "write the clause's number, or a hint; or lower the confidence",
        )
    _checked(cite, path, proof, today)
    if "facts" in cite:
        facts = cite["facts"]
        if (
            not isinstance(facts, list)
            or not facts
            or not all(isinstance(f, str) and f for f in facts)
        ):
            told = "a list of texts that is not empty is due here"
            proof.note((*path, "facts"), told, _CITE["facts"])


def _applies(applies: Any, path: Path, proof: Proof) -> None:
    needed = {"building": f"list the building statuses out of: {', '.join(BUILDINGS)}"}
    if proof.members(applies, path, needed, ("state", "built_before", "built_from")) is None:
        return
    proof.words(applies, path, "building", BUILDINGS)
    proof.words(applies, path, "state", STATES)
    before = proof.day(applies, path, "built_before")
    since = proof.day(applies, path, "built_from")
    if before is not None and since is not None and since >= before:
        told = f"no day is from {since} on and before {before}"
        proof.note((*path, "built_from"), told, "swap the two days, or leave one out")


def _remedies(remedies: Any, path: Path, proof: Proof) -> None:
    if not isinstance(remedies, list):
        proof.note(path, "a list is due here", "write it in [ ], or [] where none is known")
        return
    needed = {
        "kind": "write temporary (for election day) or permanent",
        "text": "say what to do, in three languages",
    }
    kinds: Sequence[str] = ("temporary", "permanent")
    for n, remedy in enumerate(remedies):
        at = (*path, n)
        if proof.members(remedy, at, needed, ("conditions",)) is not None:
            proof.word(remedy, at, "kind", kinds)
            proof.texts(remedy, at, "text")
            proof.text(remedy, at, "conditions")
