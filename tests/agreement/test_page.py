"""The example in docs/evaluators.md prints what the page says."""

import re
import shutil
import subprocess
from pathlib import Path

from tests.agreement.evaluators import NODE
from tests.agreement.judged import needs_node

ROOT = Path(__file__).parents[2]


@needs_node
def test_the_example_of_the_page_prints_what_the_page_says(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "evaluators.md").read_text(encoding="utf-8")
    script = re.findall(r"```js\n(.*?)```", page, re.DOTALL)
    printed = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    (tmp_path / "example.mjs").write_text(script[0], encoding="utf-8")
    shutil.copytree(ROOT / "field_schema", tmp_path / "field_schema")
    done = subprocess.run(
        [str(NODE), "example.mjs"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert (len(script), len(printed)) == (1, 1)
    assert done.stdout == printed[0]
