"""Photos as the report shows them: uploads beside others, slow links, previews, with their marks.

`python -m bench.photos` measures on services of its own and prints it.
"""

from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image

from audit_api.imaging import Examiner
from bench import slow_links, uploading
from bench.cpu import cpu_seconds
from bench.report import Verdict, print_verdicts
from bench.stand import Stand, standing
from bench.uploading import Uploaded

_PHOTOS: Final = 20


def measure(stand: Stand) -> tuple[list[Verdict], list[str]]:
    """The lines of the report, and what has to be said of them."""
    token = stand.place.device_token
    rows = uploading.measure(stand, token)
    verdicts = [verdict for row in rows for verdict in _of_upload(row)]
    slow = f"a short request while {slow_links.SLOW} tablets send at 5 kB/s: p95"
    large = f"a worker grows while {slow_links.UPLOADS} uploads of 10 MB run"
    verdicts += [
        # In this order: what the slow ones leave behind must not count as room that was there.
        Verdict(large, slow_links.growth_mb(stand.address, stand.server_pid, token), "MB", 20),
        Verdict(slow, slow_links.short_requests_p95_ms(stand.address, token), "ms", 100),
        Verdict("previews of 12 megapixels, 1280 and 320 px", _preview_ms(), "CPU-ms", 90),
    ]
    return verdicts, _notes(rows)


def _of_upload(row: Uploaded) -> list[Verdict]:
    size = f"{row.size // 1000:,} kB" if row.size < 1_000_000 else f"{row.size // 1_000_000} MB"
    how = "in chunks of 256 kB" if row.chunked else "in one PATCH"
    what = f"photo of {size} {how}"
    found = [
        Verdict(f"{what}: CPU of server, database and store", row.ours, "CPU-ms"),
        Verdict(f"{what}, beside raw `put_object`", row.ours / row.raw, "×", row.mark_raw),
    ]
    if row.node is not None:
        beside = f"{what}, beside tus-node-server"
        found.append(Verdict(beside, row.ours / row.node, "×", row.mark_node))
    return found


def _notes(rows: list[Uploaded]) -> list[str]:
    raw = ", ".join(f"{row.raw:.1f}" for row in rows)
    node = ", ".join("–" if row.node is None else f"{row.node:.1f}" for row in rows)
    return [
        f"Photos of random bytes, {uploading.CONCURRENCY} at once, each with its creation. In the "
        f"order of the rows, raw `put_object` with SHA-256 from boto3 took {raw} CPU-ms, its own "
        f"process and the store; `@tus/server` with `@tus/s3-store` on the same store {node}.",
        "Ours takes in the creation, the whole's SHA-256, the photo's row, audit log and feed.",
        "A worker's growth is its most resident memory over what it had before. Previews: a JPEG "
        "of 2.6 MB, the child process with its fork, decoding and two encodings.",
    ]


def _preview_ms() -> float:
    y, x = np.mgrid[0:3000, 0:4000]
    waves = [(np.sin(x / 300) + np.cos(y / 200)) / 2, np.sin(x / 97), np.cos(y / 71)]
    noise = np.random.default_rng(1).normal(0, 6, (3000, 4000, 3))
    picture = (np.stack(waves, -1) * 60 + 128 + noise).clip(0, 255).astype("uint8")
    made = BytesIO()
    Image.fromarray(picture).save(made, "JPEG", quality=90)
    with Examiner() as examiner, examiner.folder() as folder:
        (folder / "original").write_bytes(made.getvalue())
        examiner.examine(folder)
        before = cpu_seconds(examiner.pid)
        for _ in range(_PHOTOS):
            examiner.examine(folder)
        return 1000 * (cpu_seconds(examiner.pid) - before) / _PHOTOS


def main() -> None:
    """Measure on services of its own and print what came out."""
    with standing() as stand:
        print_verdicts(*measure(stand))


if __name__ == "__main__":
    main()
