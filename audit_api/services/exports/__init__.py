"""Files that people take away: asked for, made by the worker with the grants of that moment, kept.

To add a file: write a maker (`kinds.Maker`) and give it a line in `kinds_of_files.KINDS`.
"""
