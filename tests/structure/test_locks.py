"""What is installed for tests is pinned, and from no address of anybody's own registry."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = sorted(
    path.relative_to(ROOT)
    for folder in ("tests", "bench", "field_schema")
    for path in (ROOT / folder).rglob("package-lock.json")
    if "node_modules" not in path.parts
)


@pytest.mark.parametrize("lock", LOCKS, ids=str)
def test_a_lock_of_npm_pins_hashes_and_names_no_registry(lock: Path) -> None:
    packages = json.loads((ROOT / lock).read_text())["packages"]
    installed = {name: package for name, package in packages.items() if name}
    assert installed
    assert [name for name, package in installed.items() if "integrity" not in package] == []
    assert [name for name, package in installed.items() if "resolved" in package] == []


def test_every_folder_with_npm_packages_has_its_lock() -> None:
    wanted = [
        path.parent
        for path in ROOT.glob("[a-z]*/**/package.json")
        if "node_modules" not in path.parts and json.loads(path.read_text()).get("dependencies")
    ]
    assert Path("tests/journeys/node/package-lock.json") in LOCKS
    assert all((folder / "package-lock.json").is_file() for folder in wanted)


def test_the_lock_of_python_pins_hashes_and_names_no_registry() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert text.count("==") <= text.count("--hash=sha256:")
    assert "://" not in text
    assert "--index-url" not in text
