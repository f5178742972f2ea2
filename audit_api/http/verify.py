"""The page that says whether a paper is genuine. For everybody; no rows, no personal data.

Nothing that a visitor compares is sent anywhere: the browser reckons the hash of the file itself.
"""

from typing import Any, Final

from flask import Blueprint, Response, jsonify, render_template, request

from audit_api.domain.deadlines import today
from audit_api.domain.vocabulary import ActState, Language, Role
from audit_api.http.auth import database, now, public
from audit_api.http.problems import problem
from audit_api.papers.codes import read_code
from audit_api.papers.naming import ACT_STATES, ROLES
from audit_api.storage.papers import find_paper
from audit_api.words import Words, to_say, words_in
from field_schema.problems import words

blueprint = Blueprint("verify", __name__, template_folder="templates")

_NAMES: Final = (("ky", "Кыргызча"), ("ru", "Русский"), ("en", "English"))
_KINDS: Final = {
    "violations": to_say("List of violations"),
    "served_list": to_say("List of violations, as served"),
    "act": to_say("Act of a prosecutor"),
    "task": to_say("Task sheet of a repair"),
    "briefing": to_say("Briefing of the headquarters"),
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_STYLE: Final = """
body { font: 1.05rem/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; margin: 0 auto;
  max-width: 46rem; padding: 1rem; }
nav { display: flex; gap: 1.2rem; }
a { color: #0b4f6c; }
h1 { padding: .6rem .8rem; border-left: .5rem solid; }
.genuine { color: #14532d; background: #ecf6ee; }
.unknown { color: #8a1c14; background: #fbeeed; }
.withdrawn { padding: .6rem .8rem; border-left: .5rem solid; font-weight: 600; color: #6b4400;
  background: #fdf4e0; }
h2 { font-size: 1.2rem; margin-top: 1.8rem; }
dt { color: #4a4a4a; margin-top: .6rem; }
dd { margin: 0; }
.hash { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
label { display: block; margin-bottom: .3rem; }
input { font: inherit; max-width: 100%; min-height: 1.8rem; }
#result { font-weight: 600; padding: .3rem .5rem; overflow-wrap: anywhere; }
#result:empty { padding: 0; margin: 0; }
:focus-visible { outline: .2rem solid #0b4f6c; outline-offset: .1rem; }
"""
_SCRIPT: Final = """
"use strict";
const known = [...document.querySelectorAll("[data-sha256]")].map(e => e.dataset.sha256);
const input = document.getElementById("file"), result = document.getElementById("result");
if (window.crypto && crypto.subtle) document.getElementById("by-script").hidden = false;
input.addEventListener("change", async () => {
  result.className = "";
  result.textContent = "…";
  if (!input.files.length) { result.textContent = ""; return; }
  const digest = await crypto.subtle.digest("SHA-256", await input.files[0].arrayBuffer());
  const hex = [...new Uint8Array(digest)].map(b => b.toString(16).padStart(2, "0")).join("");
  const same = known.includes(hex);
  result.className = same ? "genuine" : "unknown";
  result.textContent = (same ? result.dataset.same : result.dataset.other) + " " + hex;
});
"""


@blueprint.route("/verify/<string:code>")
@public
def verify(code: str) -> Response:
    """Whether there is a paper of that code, as HTML or, by `Accept`, as JSON."""
    plain = read_code(code)
    at = now()
    found = None
    if plain is not None:
        with database().reading() as session:
            found = find_paper(session, plain, today(at))
    kinds = request.accept_mimetypes
    if kinds.best_match(["text/html", "application/json"], "text/html") == "application/json":
        return _mannered(_as_json(found))
    say = words_in(_language(found))
    page = render_template("verify.html", **_page(say, found, at))
    answer = Response(page, status=200 if found else 404, content_type="text/html; charset=utf-8")
    answer.headers["Content-Language"] = say.language
    return _mannered(answer)


@blueprint.route("/verify.css")
@public
def style() -> Response:
    """How the page looks."""
    return _asset(_STYLE, "text/css")


@blueprint.route("/verify.js")
@public
def script() -> Response:
    """Compares a file in the browser."""
    return _asset(_SCRIPT, "text/javascript")


def _asset(text: str, content_type: str) -> Response:
    answer = Response(text, content_type=f"{content_type}; charset=utf-8")
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


def _mannered(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = _POLICY
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["Vary"] = "Accept, Accept-Language"
    return answer


def _language(found: dict[str, Any] | None) -> str:
    asked = request.args.get("lang")
    if asked in list(Language):
        return str(asked)
    fallback = found["language"] if found else Language.RU.value
    return request.accept_languages.best_match(list(Language), fallback) or fallback


def _as_json(found: dict[str, Any] | None) -> Response:
    if found is None:
        return problem(
            404,
            "unknown-paper",
            "Not genuine, or unknown",
            "No paper with this code was made here. Check the code letter by letter.",
        )
    return jsonify(
        genuine=True,
        kind=found["kind"],
        number=found["number"],
        day=found["day"].isoformat(),
        as_of=found["as_of"].isoformat(),
        language=found["language"],
        office={"role": found["office_role"], "name": found["office"]},
        rows=found["rows"],
        content_sha256=found["content_sha256"],
        file_sha256=found["files"],
        acts=found["acts"] or [],
    )


def _page(say: Words, found: dict[str, Any] | None, at: Any) -> dict[str, Any]:
    common = {
        "language": say.language,
        "languages": _NAMES,
        "languages_label": say("Language"),
    }
    if found is None:
        verdict = say("Not genuine, or unknown")
        return common | {
            "verdict": verdict,
            "title": verdict,
            "meaning": say(
                "No paper with this code was made here. Check the code letter by letter. If it is "
                "right, do not rely on the paper: ask the office that it names."
            ),
        }
    verdict, title = say("Genuine"), say(_KINDS[found["kind"]])
    number = f" №{found['number']}" if found["number"] else ""
    return common | {
        "verdict": verdict,
        "title": f"{verdict}: {title}{number}",
        "meaning": say(
            "Genuine means: a paper with exactly this content was made here. It does not mean that "
            "all of it still holds: how it stands today is told below."
        ),
        "paper": {
            "title": title,
            "withdrawn": _withdrawn(say, found),
            "facts": _facts(say, found),
            "content_label": say("SHA-256 of the content:"),
            "content_sha256": found["content_sha256"],
            "file_label": say("SHA-256 of the file:"),
            "files": found["files"],
            "today_title": say("How it stands today, {day}", day=say.day(today(at))),
            "today": _today(say, found),
            "compare_title": say("Compare what you hold"),
            "copied": say(
                "A code can be copied onto another paper. Compare number, day, office and rows "
                "with what is printed, and the SHA-256 of the content with the one beside the QR "
                "code."
            ),
            "choose": say("Choose the PDF file; it stays on your device:"),
            "same": say("This file is the paper, byte for byte."),
            "other": say("This file is NOT the paper. Its SHA-256:"),
            "by_hand": say(
                "Or reckon the SHA-256 of the file yourself (sha256sum FILE; on Windows: certutil "
                "-hashfile FILE SHA256) and compare it with the one above."
            ),
        },
    }


def _facts(say: Words, found: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Name, value, and the value's language."""
    role = say(ROLES[Role(found["office_role"])])
    told = [
        *([(say("Number"), f"№{found['number']}")] if found["number"] else []),
        (say("Day"), say.day(found["day"])),
        (say("As of"), say("{instant} (Asia/Bishkek)", instant=say.instant(found["as_of"]))),
        (say("Office"), f"{role}, {say.of(found['office'])}"),
        (say("Rows"), say.number(found["rows"])),
    ]
    written_in = (say("Language"), dict(_NAMES)[found["language"]], found["language"])
    return [*((name, value, say.language) for name, value in told), written_in]


def _today(say: Words, found: dict[str, Any]) -> list[str]:
    if found["kind"] not in ("served_list", "act"):
        return [say("It shows how things stood at that instant; what came later is not in it.")]
    told = [
        say(
            "{kind} №{number} of {day}: {state}.",
            kind=_capital(say.of(words()["acts"][act["kind"]])),
            number=act["number"],
            day=say.day(act["issued_on"]),
            state=say(ACT_STATES[ActState(act["state"])]),
        )
        for act in found["acts"] or []
    ]
    return told or [say("No act was issued over this list so far.")]


def _withdrawn(say: Words, found: dict[str, Any]) -> str | None:
    """What whoever sees nothing but the verdict would miss."""
    if all(act["state"] != ActState.WITHDRAWN for act in found["acts"] or []):
        return None
    return say(
        "What was withdrawn demands nothing any more. The paper stays genuine: it shows what was "
        "written then."
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
