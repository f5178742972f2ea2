"""npm packages for tests: what a lock names, installed once into a folder beside other caches."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

NODE = shutil.which("node")
_NPM = shutil.which("npm")


def installed(source: Path) -> Path:
    """The folder with `node_modules` for the package.json and package-lock.json in `source`.

    Outside the source tree, named by the lock. Skips the test, aloud, where that cannot be had.
    """
    if NODE is None or _NPM is None:
        told = f"nothing of tests/{source.parent.name} that uses npm packages was tried"
        pytest.skip(f"node and npm are not here: {told}")
    files = [source / name for name in ("package.json", "package-lock.json")]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "audit_api"
    folder = cache / f"npm-{digest[:20]}"
    if folder.exists():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as made:
        for file in files:
            shutil.copy(file, made)
        done = subprocess.run(
            [_NPM, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=made,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"npm could not install {source.name}: {done.stderr.strip()[-300:]}")
        try:
            Path(made).rename(folder)
        except OSError:
            # Another run was quicker.
            assert folder.exists()
            return folder
        Path(made).mkdir()
    return folder
