"""The process in which a paper is typeset: typst keeps hundreds of megabytes, so it ends after one.

Takes the folder as its argument: `<paper>.typ`, its data and pictures lie there. Leaves
`paper.pdf`, or what was wrong in `told.json`. Started by `typesetter.typeset`.
"""

import json
import os
import resource
import sys
from pathlib import Path
from typing import Final

CPU_S: Final = 60
MEMORY_BYTES: Final = 4_000_000_000
"""Of addresses, not of memory: typst reserves far more than it uses."""
FILE_BYTES: Final = 200_000_000
TOLD: Final = "told.json"
PDF: Final = "paper.pdf"
_FONTS: Final = Path(__file__).parent / "fonts"


def main() -> None:
    """Typeset the paper that the arguments name: folder and template."""
    # Only here: whoever starts this process need not hold typst.
    import typst

    folder, template = Path(sys.argv[1]), sys.argv[2]
    for limit, most in (
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    os.nice(5)
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(_FONTS)]
    )
    try:
        made, warnings = typst.compile_with_warnings(
            str(folder / f"{template}.typ"),
            root=str(folder),
            font_paths=fonts,
            format="pdf",
            pdf_standards=["ua-1"],
        )
    except typst.TypstError as error:
        (folder / TOLD).write_text(json.dumps([error.message, *error.hints]))
        return
    if warnings:
        (folder / TOLD).write_text(json.dumps([warning.message for warning in warnings]))
        return
    if isinstance(made, bytes):
        (folder / PDF).write_bytes(made)


if __name__ == "__main__":
    main()
