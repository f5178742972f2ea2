"""The script of the verify page, run by node: it compares a file, and shows nothing that fails."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="no node: no script is run")

PAGE = """
const fs = require("fs");
const [script, file, known, secure] = process.argv.slice(1);
const part = { hidden: true };
const result = { textContent: "", dataset: { same: "SAME", other: "OTHER" } };
let chosen;
const input = { addEventListener: (_, f) => { chosen = f; },
  files: [{ arrayBuffer: async () => fs.readFileSync(file) }] };
const byId = { file: input, result: result, "by-script": part };
globalThis.document = { getElementById: id => byId[id],
  querySelectorAll: () => [{ dataset: { sha256: known } }] };
globalThis.window = secure === "yes" ? { crypto: globalThis.crypto } : {};
(0, eval)(fs.readFileSync(script, "utf8"));
(async () => {
  if (secure === "yes") await chosen();
  console.log(JSON.stringify({ hidden: part.hidden, told: result.textContent }));
})();
"""


def told(client: FlaskClient, folder: Path, known: str, *, secure: bool = True) -> Any:
    (folder / "verify.js").write_bytes(client.get("/verify.js").data)
    (folder / "paper.pdf").write_bytes(b"%PDF a paper")
    arguments = [
        str(folder / "verify.js"),
        str(folder / "paper.pdf"),
        known,
        "yes" if secure else "no",
    ]
    done = subprocess.run(
        [shutil.which("node") or "node", "-e", PAGE, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_same_file_is_told_from_another(client: FlaskClient, tmp_path: Path) -> None:
    sha256 = hashlib.sha256(b"%PDF a paper").hexdigest()
    assert told(client, tmp_path, sha256) == {"hidden": False, "told": f"SAME {sha256}"}
    assert told(client, tmp_path, "0" * 64) == {"hidden": False, "told": f"OTHER {sha256}"}


def test_where_a_browser_reckons_no_hash_nothing_is_offered(
    client: FlaskClient, tmp_path: Path
) -> None:
    assert told(client, tmp_path, "0" * 64, secure=False)["hidden"] is True
