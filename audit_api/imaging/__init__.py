"""Looking at originals: previews, what their EXIF claims, a perceptual hash. Never in our process.

A photo is a file from outside, and decoders have bugs: each is opened in a process of its own with
limits on time, memory and what it may write. A hostile file costs its preview, nothing else.
"""

from audit_api.imaging.examiner import Examination, Examiner, Preview

__all__ = ["Examination", "Examiner", "Preview"]
