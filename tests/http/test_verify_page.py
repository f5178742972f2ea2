"""The page of a paper's code can be read by everybody: in three languages, seen or heard."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.http.exporting import Asking
from tests.http.serving import Office, body_of
from tests.http.test_verify import UNKNOWN, path_of
from tests.npm_packages import NODE, installed

HERE = Path(__file__).parent / "node"
LANGUAGES = ("ky", "ru", "en")


@pytest.fixture(scope="module")
def pages(asking: Asking, office: Office, client: FlaskClient) -> dict[str, str]:
    """Every kind of page in each language, as its script shows it."""
    served = office.served(office.broken(), addressee=body_of("N1"))
    act = office.issue(served_list=served["id"]).json
    paths = {
        "a list that was served": path_of(asking.done("served_list", id=served["id"])),
        "an act, withdrawn": path_of(asking.done("act", id=act["id"])),
        "a list from the screen": path_of(asking.done("violations")),
        "unknown": f"/verify/{UNKNOWN}",
    }
    assert office.decide(act["id"], "withdraw").status_code in (200, 201)
    found = {
        f"{name} in {language}": client.get(f"{path}?lang={language}").text
        for name, path in paths.items()
        for language in LANGUAGES
    }
    return {name: page.replace('id="by-script" hidden', "") for name, page in found.items()}


def judged(pages: dict[str, str]) -> dict[str, dict[str, list[str]]]:
    """What axe finds on each page (see axe.mjs)."""
    packages = installed(HERE)
    done = subprocess.run(
        [str(NODE), str(HERE / "axe.mjs"), str(packages)],
        input=json.dumps(pages),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_axe_finds_nothing(pages: dict[str, str]) -> None:
    assert judged(pages) == {name: {} for name in pages}


FAULTS = {
    "html-has-lang": (r'<html lang="..">', "<html>"),
    "document-title": (r"<title>.*</title>", ""),
    "label": (r'<label for="file">', "<label>"),
    "valid-lang": (r'<dd lang="en">', '<dd lang="english">'),
    "heading-order": (r"<h2>(.*?)</h2>", r"<h4>\1</h4>"),
    "region": (r"</?main>", ""),
    "definition-list": (r"<dt>", "<p>"),
}


def test_axe_finds_what_is_planted(pages: dict[str, str]) -> None:
    page = pages["an act, withdrawn in ru"]
    spoilt = {rule: re.sub(*fault, page) for rule, fault in FAULTS.items()}
    found = judged(spoilt)
    assert [rule for rule in FAULTS if rule not in found[rule]] == []


def test_the_title_says_what_the_verdict_is_about(pages: dict[str, str]) -> None:
    titles = {name: re.findall("<title>(.*)</title>", page) for name, page in pages.items()}
    assert titles["an act, withdrawn in en"] == ["Genuine: Act of a prosecutor №1"]
    assert titles["a list from the screen in ru"] == ["Подлинный: Перечень нарушений закона"]
    assert titles["unknown in en"] == ["Not genuine, or unknown"]


def test_what_was_withdrawn_is_told_beside_the_verdict(pages: dict[str, str]) -> None:
    for name, page in pages.items():
        before, _, _ = page.partition("<h2>")
        assert ('<p class="withdrawn">' in before) == ("served" in name or "act" in name), name


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
@pytest.mark.parametrize("known", [True, False])
def test_it_speaks_three_languages_and_is_well_made(
    asking: Asking, client: FlaskClient, language: str, known: bool
) -> None:
    path = path_of(asking.done("violations")) if known else f"/verify/{UNKNOWN}"
    page = client.get(f"{path}?lang={language}")
    assert f'<html lang="{language}">' in page.text
    assert page.headers["Content-Language"] == language
    assert page.text.count("<h1") == 1
    assert {"ky", "ru", "en"} - {language} == set(re.findall(r'href="\?lang=(..)"', page.text))
    assert re.search("<title>[^<]+</title>", page.text)
    assert 'name="viewport"' in page.text
    if known:
        assert '<label for="file">' in page.text
        assert 'role="status"' in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "style=" not in page.text
    assert not re.search(r"(src|href)=\"(https?:)?//", page.text)
    by_header = client.get(path, headers={"Accept-Language": f"{language}, de;q=0.5"})
    assert by_header.headers["Content-Language"] == language


def test_its_colours_can_be_read(client: FlaskClient) -> None:
    style = client.get("/verify.css").text
    for block in re.findall(r"\{([^}]*)\}", style):
        colours = dict(re.findall(r"(?<![-\w])(color|background): (#[0-9a-f]{3,6})", block))
        if "color" in colours:
            assert _contrast(colours["color"], colours.get("background", "#ffffff")) >= 4.5


def _contrast(one: str, other: str) -> float:
    lights = sorted((_light(one), _light(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _light(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
