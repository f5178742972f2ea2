"""A paper gets its code and is typeset, or is the one that was typeset before."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from audit_api.domain.access import Noun, Scope, scope_of
from audit_api.domain.evidence.canonical import canonical_json, sha256_of
from audit_api.papers.codes import paper_code
from audit_api.papers.frame import Paper, Seal, framed
from audit_api.papers.shots import MOST, MOST_EACH, SIZE, Shot, is_whole_jpeg
from audit_api.papers.typesetter import typeset
from audit_api.services.exports.making import Made, Making
from audit_api.storage.file_store import PAPERS
from audit_api.storage.lists.photos import find_shown_photo
from audit_api.storage.lists.serving import find_place
from audit_api.storage.papers import PaperFacts, kept_files
from audit_api.storage.people import full_name
from audit_api.words import Words, words_in

PDF: Final = "application/pdf"


def view_of(session: Session, making: Making) -> dict[str, Any]:
    """What a view at an instant says of itself: as_of, day, office, asked_by."""
    grant = making.grant
    place = find_place(session, making.today, territory=grant.territory)
    assert place is not None  # noqa: S101 - a grant names a territory that is there
    return {
        "as_of": making.at.isoformat(),
        "day": making.today.isoformat(),
        "office": {"role": grant.role.value, "code": place.code, "name": place.name},
        "asked_by": {"name": full_name(session, making.actor.person)},
    }


def seal_view(
    making: Making,
    content: Mapping[str, Any],
    paper: Callable[[Words], Paper],
    *,
    rows: int,
    name: str,
) -> Made:
    """Typeset a view at an instant. `content` has what `view_of` says, and all that is shown."""
    grant = making.grant
    sha256 = sha256_of(canonical_json(content))
    facts = _facts(
        making,
        sha256,
        (),
        number=None,
        day=making.today,
        as_of=making.at,
        office=grant.territory,
        role=grant.role,
        rows=rows,
    )
    return _typeset(making, facts, paper, name)


def seal_frozen(
    making: Making,
    document: bytes,
    paper: Callable[[Words], Paper],
    *,
    shown: Mapping[str, Shot],
    number: int,
    day: date,
    as_of: datetime,
    office: UUID,
    rows: int,
    name: str,
) -> Made:
    """Typeset a frozen document, or hand out what was typeset of it before: the same bytes.

    `shown`: the photos in it; one with a photo more is another paper, with another code.
    """
    here = tuple(sorted(sha256 for sha256, shot in shown.items() if shot.content is not None))
    facts = _facts(
        making,
        sha256_of(document),
        here,
        number=number,
        day=day,
        as_of=as_of,
        office=office,
        role="prosecutor",
        rows=rows,
    )
    return _kept(making, facts, name) or _typeset(making, facts, paper, name, keep=True)


def shots_of_rows(session: Session, making: Making, rows: Any, seen: Scope) -> dict[str, Shot]:
    """Previews of the photos of some violations, as far as `seen` allows: two of each, 200 in all.

    A photo without a preview, or outside what may be seen, is there without content.
    """
    named = [sha256 for row in rows for sha256 in row["photos"][:MOST_EACH]][:MOST]
    tasks = scope_of(making.actor, Noun.TASKS)
    found: dict[str, Shot] = {}
    for n, sha256 in enumerate(dict.fromkeys(named)):
        digest = bytes.fromhex(sha256)
        shown = find_shown_photo(session, seen, tasks, digest)
        content = None
        if shown is not None and shown.previews and SIZE in shown.previews:
            content = making.tools.photos.read_preview(digest, SIZE)
        found[sha256] = Shot(sha256, content if is_whole_jpeg(content) else None)
        making.progress(n, len(named))
    return found


def _facts(
    making: Making,
    content_sha256: bytes,
    parts: tuple[str, ...],
    *,
    number: int | None,
    day: date,
    as_of: datetime,
    office: UUID,
    role: str,
    rows: int,
) -> PaperFacts:
    code = paper_code(
        making.tools.secret,
        making.kind,
        making.language,
        content_sha256.hex(),
        making.base_url,
        *parts,
    )
    return PaperFacts(
        code=code,
        kind=making.kind,
        language=making.language,
        subject_id=making.subject,
        number=number,
        day=day,
        as_of=as_of,
        office_id=office,
        office_role=role,
        rows=rows,
        content_sha256=content_sha256,
    )


def _kept(making: Making, facts: PaperFacts, name: str) -> Made | None:
    """The paper as it was made before, if its file is still whole."""
    with making.tools.database.reading() as session:
        files = kept_files(session, facts.code)
    for key, sha256 in files:
        chunks = making.tools.files.read(key)
        if chunks is None:
            continue
        path = making.folder / "kept.pdf"
        digest = hashlib.sha256()
        with path.open("wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
        if digest.digest() == sha256:
            return Made(path, name, PDF, facts.rows, facts, kept_as=key)
    return None


def _typeset(
    making: Making,
    facts: PaperFacts,
    paper: Callable[[Words], Paper],
    name: str,
    *,
    keep: bool = False,
) -> Made:
    say = words_in(making.language)
    made = paper(say)
    seal = Seal(facts.code, f"{making.base_url}/verify/{facts.code}", facts.content_sha256.hex())
    pdf = typeset(made.template, framed(say, made, seal), made.files)
    path = making.folder / "paper.pdf"
    path.write_bytes(pdf)
    key = f"{PAPERS}{hashlib.sha256(pdf).hexdigest()}" if keep else None
    return Made(path, name, PDF, facts.rows, facts, kept_as=key)
