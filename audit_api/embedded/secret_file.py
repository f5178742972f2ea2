"""Files that only their owner reads."""

import os
from pathlib import Path


def write_secret(path: Path, text: str) -> None:
    """Write a new file whole or not at all, readable to its owner only."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    unfinished.rename(path)
