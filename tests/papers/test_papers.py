"""Each paper in each language: what it says, how it is tagged, and that nothing in it is code."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pypdf
import pypdfium2
import pytest
import segno

from audit_api.papers.codes import grouped, paper_code, read_code
from audit_api.papers.typesetter import NotTypeset, typeset
from audit_api.words import words_in
from audit_api.words.words import LANGUAGES
from tests.papers import samples

EACH = pytest.mark.parametrize("kind", samples.KINDS)
IN_EACH = pytest.mark.parametrize("language", LANGUAGES)
HOSTILE = (
    '#panic() #import "x": *; $ sum $ *bold* _it_ @ref <label> \\ `raw` // c /* d */ = h',
    "x" * 900,
    "Ж" * 80 + "-" + "ң" * 80,
    "\u202eעברית العربية\u202c",
    "🏫🚧 pictures",
    "<svg onload=alert(1)>&amp;\"'",
    "a\u0301 \u200d \ufeff\u2028 zero",
)


def made(kind: str, language: str, rows: list[dict[str, Any]] | None = None) -> bytes:
    say = words_in(language)
    paper = samples.paper(kind, say, rows)
    return typeset(paper.template, samples.sealed(say, paper), paper.files)


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


@EACH
@IN_EACH
def test_it_is_tagged_named_and_in_its_language(kind: str, language: str) -> None:
    found = pypdf.PdfReader(io.BytesIO(made(kind, language)))
    root = found.trailer["/Root"]
    assert root["/Lang"] == language
    assert root["/MarkInfo"]["/Marked"]
    assert root["/StructTreeRoot"]["/K"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert found.metadata is not None
    assert found.metadata.title
    assert "pdfuaid" in root["/Metadata"].get_data().decode()


@EACH
@IN_EACH
def test_every_page_says_which_it_is_and_is_not_empty(kind: str, language: str) -> None:
    pdf = made(kind, language)
    found = pypdfium2.PdfDocument(pdf)
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    say = words_in(language)
    for n, page in enumerate(reader.pages, 1):
        assert say("Page {page} of {pages}", page=n, pages=len(found)) in page.extract_text()
        drawn = found[n - 1].render(scale=0.5).to_pil().convert("L")
        ink = sum(drawn.histogram()[:200]) / (drawn.width * drawn.height)
        assert 0.002 < ink < 0.6, (n, ink)


@EACH
def test_nothing_is_drawn_over_the_edge(kind: str) -> None:
    found = pypdfium2.PdfDocument(made(kind, "ru"))
    for page in found:
        drawn = page.render(scale=1).to_pil().convert("L")
        width, height = drawn.size
        for box in ((0, 0, 12, height), (width - 12, 0, width, height)):
            assert drawn.crop(box).getextrema() == (255, 255)


@EACH
def test_the_same_content_gives_the_same_bytes(kind: str) -> None:
    assert made(kind, "ky") == made(kind, "ky")


def test_letters_and_signs_can_be_read_out_of_it() -> None:
    text = text_of(made("served", "ky"))
    assert [sign for sign in "ңӨөҮү≥№" if sign not in text] == []
    rows = [samples.row(0, title=dict.fromkeys(LANGUAGES, "Ң Ө Ү ≤ ≥ ± × ‰ — «»"))]
    assert "Ң Ө Ү ≤ ≥ ± × ‰ — «»" in text_of(made("violations", "ru", rows))


def test_the_list_has_the_columns_of_the_register_on_each_of_its_pages() -> None:
    reader = pypdf.PdfReader(
        io.BytesIO(made("violations", "en", [samples.row(n) for n in range(30)]))
    )
    assert len(reader.pages) > 3
    for page in reader.pages:
        text = " ".join(page.extract_text().split())
        for name in (
            "Norm", "Clause", "Clause in words", "Status", "Measured", "Photo", "Building",
            "Address", "Responsible body", "Inspecting body", "Date",
        ):  # fmt: skip
            assert name in text, name


def test_the_paper_names_its_parameters_code_and_hash() -> None:
    say = words_in("en")
    paper = samples.paper("violations", say)
    data = samples.sealed(say, paper)
    text = text_of(typeset(paper.template, data, {}))
    assert "Kara-Ozok aimak (N1); Severity: critical; Overdue: yes" in text
    assert "12/11/2021 09:05 (Asia/Bishkek)" in text
    assert samples.ASKED_BY["name"] in text
    assert data["verify"]["code"] in text
    assert data["verify"]["sha256"][:32] in text
    assert data["verify"]["sha256"][32:] in text


def test_the_qr_code_is_the_address_of_its_page() -> None:
    say = words_in("ru")
    paper = samples.paper("briefing", say)
    data = samples.sealed(say, paper)
    drawn = pypdfium2.PdfDocument(typeset(paper.template, data, paper.files))[0]
    picture = drawn.render(scale=6).to_pil().convert("1")
    matrix = [list(row) for row in segno.make(data["verify"]["url"], error="m", micro=False).matrix]
    # 27 mm with two modules of border, in the middle of a box of 54 mm, 5 points below its edge.
    mm = picture.width / 210
    module = 27 * mm / (len(matrix) + 4)
    left, top = (210 - 13 - 27 - 13.5) * mm + 2 * module, (13 + 5 * 0.3528) * mm + 2 * module
    places = [n + 0.5 for n in range(len(matrix))]
    read = [
        [int(not picture.getpixel((left + x * module, top + y * module))) for x in places]
        for y in places
    ]
    assert read == matrix


@pytest.mark.parametrize("kind", ["violations", "act", "task"])
def test_hostile_texts_are_texts(kind: str) -> None:
    rows = [
        samples.row(
            n,
            address=text,
            element_label=text,
            site_name=dict.fromkeys(LANGUAGES, text),
            territory_name=dict.fromkeys(LANGUAGES, text),
            photos=[],
        )
        for n, text in enumerate(HOSTILE)
    ]
    text = text_of(made(kind, "en", rows))
    flat = "".join(text.split()).replace("\u200b", "")
    assert "#panic()" in flat
    assert "$sum$" in flat
    assert "<svgonload=alert(1)>" in flat or kind == "task"
    assert ("□ stands for a character" in text) == (kind != "task")


@pytest.mark.parametrize("kind", ["violations", "task"])
@pytest.mark.parametrize(
    ("language", "words"), [("ky", "мурунку редакция"), ("ru", "прежняя редакция")]
)
def test_an_edition_that_is_a_word_is_said_in_the_language(
    kind: str, language: str, words: str
) -> None:
    rows = [samples.row(n, edition=edition) for n, edition in enumerate(("historic", "2019-11-27"))]
    text = "".join(text_of(made(kind, language, rows)).replace("-\n", "").split())
    assert words.replace(" ", "") in text
    assert "historic" not in text
    assert "2019-11-27" in text


def test_hostile_names_on_the_map_are_texts() -> None:
    say = words_in("en")
    content = samples.briefing_content()
    content["areas"] = {
        code: dict.fromkeys(LANGUAGES, name)
        for code, name in zip(content["areas"], HOSTILE[3:], strict=False)
    }
    content["groups"] = [
        one | {"name": dict.fromkeys(LANGUAGES, HOSTILE[n % len(HOSTILE)][:300])}
        for n, one in enumerate(content["groups"][:5])
    ]
    paper = samples.briefing.briefing(say, content)
    assert typeset(paper.template, samples.sealed(say, paper), paper.files)


def test_a_photo_that_is_not_here_is_told() -> None:
    say = words_in("en")
    rows = [samples.row(n) for n in range(4)]
    document = samples.act_document(rows)
    paper = samples.act.act(say, document, rows, samples.shots(rows, here=False))
    assert paper.files == {}
    assert "no preview is here now" in text_of(typeset("act", samples.sealed(say, paper), {}))


def test_the_briefing_is_one_page_however_much_there_is() -> None:
    assert len(pypdf.PdfReader(io.BytesIO(made("briefing", "ky"))).pages) == 1


def test_every_picture_has_an_alternative_text() -> None:
    reader = pypdf.PdfReader(io.BytesIO(made("act", "en")))
    figures = [
        one
        for one in _elements(reader.trailer["/Root"]["/StructTreeRoot"])
        if one.get("/S") == "/Figure"
    ]
    assert len(figures) > 5
    assert all(one.get("/Alt") for one in figures)


def _elements(element: Any) -> Any:
    element = element.get_object()
    if not isinstance(element, dict):
        return
    yield element
    below = element.get("/K", [])
    for one in below if isinstance(below, list) else [below]:
        yield from _elements(one)


def test_a_warning_is_an_error() -> None:
    say = words_in("en")
    paper = samples.paper("briefing", say)
    data = samples.sealed(say, paper)
    # As if a text had come past the letters that the font has.
    data["title"] = "日本"
    with pytest.raises(NotTypeset):
        typeset(paper.template, data, paper.files)


def test_an_image_without_alternative_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.typ").write_text('#set document(title: "t")\n#image("a.svg")\n')
    (tmp_path / "a.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    )
    subprocess.run(
        [sys.executable, "-m", "audit_api.papers.child", str(tmp_path), "bad"], check=True
    )
    assert "alt" in (tmp_path / "told.json").read_text()


def test_a_name_of_a_file_cannot_leave_the_folder() -> None:
    say = words_in("en")
    paper = samples.paper("briefing", say)
    with pytest.raises(NotTypeset, match="no name of a picture"):
        typeset(paper.template, samples.sealed(say, paper), {"../x.svg": b""})


def test_the_code_is_long_and_says_nothing() -> None:
    codes = {paper_code("secret", f"{n}") for n in range(1000)}
    assert len(codes) == 1000
    assert all(len(code) == 26 for code in codes)
    assert paper_code("secret", "ab", "c") != paper_code("secret", "a", "bc")
    assert paper_code("other secret", "1") not in codes


def test_a_code_can_be_typed() -> None:
    code = paper_code("secret", "1")
    printed = grouped(code)
    assert read_code(printed.upper()) == code
    assert read_code(printed.replace("-", " ")) == code
    assert read_code("\u200b".join(code)) == code
    assert read_code(code[:-1]) is None
    assert read_code("../" + code) is None
