"""The released files: their digests, their sources, their languages."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from string import Formatter

import pytest

import field_schema
from field_schema.catalog import Catalog, CatalogError, UnknownForm, UnknownProfile, load_catalog
from field_schema.problems import problem_texts, words
from field_schema.standard import CONFIDENCES, Requirement
from field_schema.strict_file import LANGUAGES

ROOT = Path(field_schema.__file__).parent
REQUIREMENTS = [
    requirement
    for standard in load_catalog().standards.values()
    for requirement in standard.requirements.values()
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The released files, to be spoilt."""
    for folder in ("forms", "standards", "profiles", "weights"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for name in ("scoring.json", "published.json"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_shipped_catalog_may_be_released_as_it_is() -> None:
    assert load_catalog().check() == []


def test_a_copy_of_the_files_is_the_same_catalog(copy: Path) -> None:
    catalog = load_catalog(copy)
    assert catalog.check() == []
    day = date(2021, 11, 28)
    ours = load_catalog().ruleset("kg-demo-2021", day)
    assert catalog.ruleset("kg-demo-2021", day).digest == ours.digest


@pytest.mark.parametrize("name", sorted(json.loads((ROOT / "published.json").read_text())["files"]))
def test_a_released_file_has_the_digest_that_was_published(name: str) -> None:
    published = json.loads((ROOT / "published.json").read_text())["files"]
    assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == published[name]


@pytest.mark.parametrize(
    "name",
    [
        "forms/ramp/v1.json",
        "profiles/kg-demo-2021.json",
        "scoring.json",
        "standards/RU-SP59-2012/2012/requirements/ramp.json",
        "standards/RU-SP59-2012/2012/standard.json",
    ],
)
def test_an_edited_copy_of_a_released_file_is_reported(copy: Path, name: str) -> None:
    path = copy / name
    path.write_bytes(path.read_bytes() + b"\n")
    problems = load_catalog(copy).check()
    assert len(problems) == 1
    assert problems[0].startswith(f"{name}: differs from its released digest")


def test_a_file_that_was_never_released_is_reported(copy: Path) -> None:
    profile = json.loads((copy / "profiles/kg-demo-2021.json").read_text())
    (copy / "profiles/other.json").write_text(json.dumps(profile | {"profile": "other"}))
    assert load_catalog(copy).check() == [
        "profiles/other.json: not in published.json; release it or remove it"
    ]


def test_a_released_file_that_is_gone_is_reported(copy: Path) -> None:
    (copy / "standards/RU-SP59-2012/2012/requirements/door.json").unlink()
    assert load_catalog(copy).check() == [
        "standards/RU-SP59-2012/2012/requirements/door.json: "
        "released, but gone; released files stay for ever"
    ]


def test_another_file_gives_the_ruleset_another_digest(copy: Path) -> None:
    path = copy / "standards/RU-SP59-2012/2012/requirements/ramp.json"
    path.write_bytes(path.read_bytes() + b"\n")
    day = date(2021, 11, 28)
    ours = load_catalog().ruleset("kg-demo-2021", day)
    assert load_catalog(copy).ruleset("kg-demo-2021", day).digest != ours.digest


def test_a_catalog_without_its_list_of_digests_is_refused(copy: Path) -> None:
    (copy / "published.json").unlink()
    with pytest.raises(CatalogError, match=r"published\.json: the file cannot be read"):
        load_catalog(copy)


@pytest.mark.parametrize(
    "name",
    ["forms/ramp.json", "profiles/old/kg.json", "standards/NEW/2026/requirements/ramp.json"],
    ids=["form-without-version", "profile-in-a-folder", "edition-without-its-standard"],
)
def test_a_file_that_nothing_reads_is_refused_and_not_passed_over(copy: Path, name: str) -> None:
    (copy / name).parent.mkdir(parents=True, exist_ok=True)
    (copy / name).write_text("{}")
    with pytest.raises(CatalogError, match=f"{name}: nothing reads"):
        load_catalog(copy)


def test_the_catalog_holds_forty_requirements_or_more_from_several_standards() -> None:
    assert len(REQUIREMENTS) >= 40
    assert len({r.cite.standard for r in REQUIREMENTS}) >= 2


@pytest.mark.parametrize(
    "requirement", REQUIREMENTS, ids=[f"{r.cite.standard}-{r.id}" for r in REQUIREMENTS]
)
def test_a_requirement_has_its_source_and_its_title_in_three_languages(
    requirement: Requirement,
) -> None:
    assert all(requirement.title[language].strip() for language in LANGUAGES)
    cite = requirement.cite
    assert cite.url.strip()
    assert cite.confidence in CONFIDENCES
    assert date(2026, 1, 1) <= cite.checked_on
    assert cite.facts
    assert all(remedy.text[language] for remedy in requirement.remedies for language in LANGUAGES)


def test_every_standard_of_a_profile_has_a_named_decision() -> None:
    for profile in load_catalog().profiles.values():
        assert all(profile.warning[language].strip() for language in LANGUAGES)
        for adoption in profile.adoptions:
            assert adoption.decision_number
            assert all(adoption.decided_by[language] for language in LANGUAGES)


def test_every_question_is_asked_in_three_languages() -> None:
    for form in load_catalog().forms.values():
        for section in form.sections.values():
            for question in section.measures.values():
                texts = [question.name, question.ask, *question.choice_names.values()]
                assert all(text[language] for text in texts for language in LANGUAGES)


def ready_texts() -> Iterator[tuple[str, dict[str, str]]]:
    for part in ("problems", "reasons", "units"):
        yield from ((f"{part}/{code}", texts) for code, texts in words()[part].items())
    for code, texts in words()["fabrication_flags"].items():
        several = {"": texts} if "en" in texts else texts
        yield from ((f"fabrication_flags/{code}/{name}", of) for name, of in several.items())


@pytest.mark.parametrize(
    "texts", [texts for _, texts in ready_texts()], ids=[name for name, _ in ready_texts()]
)
def test_a_ready_text_stands_in_three_languages_with_the_same_gaps(texts: dict[str, str]) -> None:
    gaps = [{gap for _, gap, _, _ in Formatter().parse(texts[code]) if gap} for code in LANGUAGES]
    assert gaps[0] == gaps[1] == gaps[2]
    assert set(problem_texts()) == set(words()["problems"])


def test_documents_are_served_by_the_digest_of_their_bytes() -> None:
    documents = load_catalog().documents()
    assert len(documents) == len({digest for _, _, digest, _ in documents})
    assert all(hashlib.sha256(data).hexdigest() == digest for _, _, digest, data in documents)
    assert {kind for kind, _, _, _ in documents} == {
        "form",
        "standard",
        "requirements",
        "profile",
        "examples",
        "scoring",
    }


def ask_form(catalog: Catalog) -> None:
    catalog.form("lift/1")


def ask_profile(catalog: Catalog) -> None:
    catalog.ruleset("kg-2099", date(2099, 1, 1))


def ask_requirement(catalog: Catalog) -> None:
    catalog.requirement("RU-SP59-2012", "2012", "ramp.colour")


def ask_edition(catalog: Catalog) -> None:
    catalog.requirement("RU-SP59-2012", "1999", "ramp.handrails")


@pytest.mark.parametrize(
    ("ask", "error", "said"),
    [
        (ask_form, UnknownForm, "'lift/1'; it knows ramp/1, ramp/2, "),
        (ask_profile, UnknownProfile, "'kg-2099' is not in the catalog, which has kg-demo-2021"),
        (ask_requirement, CatalogError, "no requirement 'ramp.colour'"),
        (ask_edition, CatalogError, "RU-SP59-2012/1999: there is no requirement"),
    ],
    ids=["form", "profile", "requirement", "edition"],
)
def test_what_the_catalog_does_not_have_is_an_error_that_says_so(
    ask: Callable[[Catalog], None], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        ask(load_catalog())
