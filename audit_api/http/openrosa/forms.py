"""What ODK Collect downloads: the list of forms, the forms, and the lists beside each.

Collect is strict, and silent about it: one bad entry kills the whole list, and a manifest in
another namespace is passed over. What each answer must have stands in its docstring.
"""

import gzip
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

from flask import Response, request
from sqlalchemy.orm import Session

from audit_api.domain.access import Actor, Noun, Scope, scope_of
from audit_api.domain.errors import NotFound
from audit_api.http.law.catalog import catalogs
from audit_api.http.openrosa.door import OPENROSA, XML, blueprint, openrosa
from audit_api.storage.places.collect_lists import ListsOf, list_hashes, open_campaigns, read_list
from audit_api.words import words_in
from field_schema.catalog import Catalog, load_catalog
from field_schema.form import Form
from field_schema.ruleset import measures_of
from field_schema.xforms import XForm, newest_on, released_xforms

_LIST = '<?xml version="1.0" encoding="UTF-8"?>\n<xforms xmlns="{}">{}</xforms>\n'
_FORM = (
    "<xform><formID>{id}</formID><name>{name}</name><version>{version}</version>"
    "<hash>md5:{md5}</hash><downloadUrl>{at}.xml</downloadUrl>"
    "<manifestUrl>{at}/manifest</manifestUrl></xform>"
)
_MANIFEST = '<?xml version="1.0" encoding="UTF-8"?>\n<manifest xmlns="{}">{}</manifest>\n'
_FILE = (
    "<mediaFile><filename>{name}</filename><hash>md5:{md5}</hash>"
    "<downloadUrl>{at}</downloadUrl></mediaFile>"
)
CSV = "text/csv; charset=utf-8"
LIST_SPACE = "http://openrosa.org/xforms/xformsList"
MANIFEST_SPACE = "http://openrosa.org/xforms/xformsManifest"


@blueprint.get("/formList")
@openrosa()
def form_list(*, session: Session, actor: Actor) -> Response:
    """The forms that a person's open campaigns inspect by, each for each of their profiles.

    200, `text/xml`, `X-OpenRosa-Version`; each with formID, name, version, hash and addresses.
    `?formID=` asks for one.
    """
    wanted = request.args.get("formID")
    base = _base()
    offered = _offered(session, scope_of(actor, Noun.CATALOG))
    of_forms = Counter(xform.key for xform in offered)
    entries = [
        _FORM.format(
            id=escape(xform.id),
            name=escape(_name(xform, actor.language, one_of_several=of_forms[xform.key] > 1)),
            version=xform.version,
            md5=xform.md5,
            at=escape(_address(base, xform)),
        )
        for xform in offered
        if wanted in (None, xform.id)
    ]
    return _xml(_LIST.format(LIST_SPACE, "".join(entries)))


@blueprint.get("/forms/<string:form>/<string:version>.xml")
@openrosa()
def form(form: str, version: str, *, session: Session, actor: Actor) -> Response:
    """A form, byte for byte as it was released; compressed for whoever takes it so."""
    xform = _one(session, scope_of(actor, Noun.CATALOG), form, version)
    return _file(XML, xform.md5, lambda: xform.data, lambda: xform.packed)


@blueprint.get("/forms/<string:form>/<string:version>/manifest")
@openrosa()
def manifest(form: str, version: str, *, session: Session, actor: Actor) -> Response:
    """The lists beside a form, each with the hash that it has for this person."""
    scope = scope_of(actor, Noun.CATALOG)
    xform = _one(session, scope, form, version)
    at = f"{_address(_base(), xform)}/media"
    hashes = list_hashes(session, _lists_of(session, actor, scope, xform))
    files = [
        _FILE.format(name=name, md5=md5, at=escape(f"{at}/{name}")) for name, md5 in hashes.items()
    ]
    return _xml(_MANIFEST.format(MANIFEST_SPACE, "".join(files)))


@blueprint.get("/forms/<string:form>/<string:version>/media/<string:name>")
@openrosa()
def media(form: str, version: str, name: str, *, session: Session, actor: Actor) -> Response:
    """A list as CSV: the polling places within the grants of the key's owner, or the elements
    that are known of them.
    """
    scope = scope_of(actor, Noun.CATALOG)
    xform = _one(session, scope, form, version)
    found = read_list(session, _lists_of(session, actor, scope, xform), name)
    if found is None:
        raise NotFound
    data = found.csv.encode()
    return _file(CSV, found.md5, lambda: data, lambda: gzip.compress(data, mtime=0))


def _file(kind: str, md5: str, plain: Callable[[], bytes], packed: Callable[[], bytes]) -> Response:
    """A file, compressed for whoever takes it so; 304 for whoever has it."""
    answer = Response(content_type=kind, headers=OPENROSA | {"Vary": "Accept-Encoding"})
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.set_etag(md5)
    if request.if_none_match.contains(md5):
        answer.status_code = 304
    elif request.accept_encodings["gzip"] > 0:
        answer.set_data(packed())
        answer.headers["Content-Encoding"] = "gzip"
    else:
        answer.set_data(plain())
    return answer


def _offered(session: Session, scope: Scope) -> list[XForm]:
    """The released XForms of a person's open campaigns, one for each form and profile.

    It shows the law by which the server judges: the newest that is not after election day. Of two
    elections by one profile that is the next one's.
    """
    found: dict[tuple[str, str], XForm] = {}
    for election_day, releases in _releases(session, scope):
        xform = newest_on(releases, election_day)
        if xform is not None:
            found.setdefault((xform.profile, xform.key), xform)
    return list(found.values())


def _one(session: Session, scope: Scope, form: str, version: str) -> XForm:
    """A release of what is offered, older ones too: a form half filled in asks for its files."""
    for _, releases in _releases(session, scope):
        for xform in releases:
            if (xform.id, xform.version) == (form, version):
                return xform
    raise NotFound


def _releases(session: Session, scope: Scope) -> Iterator[tuple[date, Sequence[XForm]]]:
    """For each form of each open campaign the election day, and what is released of it."""
    for campaign in open_campaigns(session, scope):
        for key in campaign.forms:
            yield campaign.election_day, released_xforms().get((campaign.profile, key), ())


def _name(xform: XForm, language: str, *, one_of_several: bool) -> str:
    """What a form is called; of one form for several profiles, for which it is."""
    catalog = load_catalog()
    title = catalog.forms[xform.key].title[language]
    if not one_of_several:
        return title
    profile = catalog.profiles.get(xform.profile)
    return f"{title} · {xform.profile if profile is None else profile.title[language]}"


def _address(base: str, xform: XForm) -> str:
    return f"{base}/forms/{xform.id}/{xform.version}"


def _lists_of(session: Session, actor: Actor, scope: Scope, xform: XForm) -> ListsOf:
    language, form = actor.language, load_catalog().forms[xform.key]
    return ListsOf(
        scope=scope,
        person=actor.person,
        profile=xform.profile,
        form=xform.key,
        language=language,
        titles={element: section.title[language] for element, section in form.sections.items()},
        violations=words_in(language)("open violations"),
        # With what was adopted since: a case may be about an edition that no file has.
        measures=_measures(form, catalogs().current(session)) if form.only_required else None,
    )


def _measures(form: Form, catalog: Catalog) -> dict[str, list[str]]:
    """What the form asks to measure a requirement, by standard, edition and requirement."""
    asked = {element: section.measures for element, section in form.sections.items()}
    return {
        f"{standard} {edition} {name}": [
            key for key in measures_of(requirement) if key in asked.get(requirement.element, ())
        ]
        for (standard, edition), found in catalog.standards.items()
        for name, requirement in found.requirements.items()
    }


def _base() -> str:
    """Where this key's routes lie, as the caller reached them: addresses here must be whole."""
    values: dict[str, Any] = request.view_args or {}
    return f"{request.host_url}openrosa/key/{values['token']}"


def _xml(body: str) -> Response:
    return Response(body, content_type=XML, headers=OPENROSA)
